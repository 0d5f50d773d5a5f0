//! Texts from carers, as they are posted to us.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    fakes::sinch::{SignedPost, SinchFake},
    inbound::{Event, KeptText, read_text},
    receipt::{Forgery, NotBelieved},
    sinch,
};
use serde_json::{Value, json};

use crate::{CARER, Scene, WORDS};

const URL: &str = "https://liaison.school.example/webhooks/texts/text";

pub(crate) fn events(scene: &Scene, post: &SignedPost) -> Result<Vec<Event>, NotBelieved> {
    scene.sinch.callback().unwrap().events(&post.posted())
}

fn kept(scene: &Scene, post: &SignedPost) -> KeptText {
    match events(scene, post).unwrap().remove(0) {
        Event::Text(kept) => *kept,
        Event::Receipt(receipt) => panic!("{receipt:?}"),
    }
}

fn told() -> Value {
    json!({"type": "mo_text", "id": "01FC66621XXXXX119Z8PMV1QPA", "from": "447700900123",
        "to": "447700900456", "body": WORDS, "received_at": "2026-11-23T15:00:00.000Z"})
}

fn with(name: &str, value: Value) -> Value {
    let mut told = told();
    told[name] = value;
    told
}

fn without(name: &str) -> Value {
    let mut told = told();
    told.as_object_mut().unwrap().remove(name);
    told
}

#[test]
fn a_posted_text_is_kept_whole_with_the_bytes_it_came_in() {
    let scene = Scene::new();
    let post = SinchFake::signed(URL, &told());

    let kept = kept(&scene, &post);

    assert_eq!(kept.text.reference.0, "01FC66621XXXXX119Z8PMV1QPA");
    assert_eq!(kept.text.from.expose(), "447700900123", "as the provider writes it");
    assert_eq!(kept.text.sender().unwrap().expose(), CARER);
    assert_eq!((kept.text.to.expose().as_str(), kept.text.body.expose().as_str()), ("447700900456", WORDS));
    assert_eq!((kept.text.media, kept.text.part.clone()), (0, None));
    assert_eq!(kept.text.sent_at.map(Timestamp::as_second), Some(1_795_446_000));
    assert_eq!((kept.form, kept.raw.expose()), (sinch::TEXT, &post.body));
    assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
}

#[test]
fn what_is_not_known_or_not_there_does_not_lose_a_text() {
    let scene = Scene::new();
    for (what, told) in [
        ("no number of ours", without("to")),
        ("no time", without("received_at")),
        ("a time that is none", with("received_at", json!("yesterday"))),
        ("a member of tomorrow", with("mood", json!("cheerful"))),
        ("an answer to a message of ours", with("client_reference", json!("x"))),
    ] {
        let kept = kept(&scene, &SinchFake::signed(URL, &told));

        assert_eq!(kept.text.body.expose(), WORDS, "{what}");
    }
}

#[test]
fn what_is_no_text_is_kept_for_a_person_to_look_at() {
    let scene = Scene::new();
    let pictures = json!({"subject": "Look", "message": "the cat", "media": [{"url": "a"}, {"url": "b"}]});
    for (kind, body, words, media) in [
        ("mo_media", pictures, "Look\nthe cat", 2),
        ("mo_media", json!({}), "", 1),
        ("mo_media", json!({"media": []}), "", 1),
        ("mo_binary", json!("AAEC"), "", 1),
        ("mo_of_tomorrow", Value::Null, "", 1),
    ] {
        let mut told = told();
        (told["type"], told["body"]) = (kind.into(), body);

        let kept = kept(&scene, &SinchFake::signed(URL, &told));

        assert_eq!((kept.text.body.expose().as_str(), kept.text.media), (words, media), "{told}");
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
}

#[test]
fn a_signed_post_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    for (what, told) in [
        ("no name", without("id")),
        ("a name that is none", with("id", json!("../x"))),
        ("nobody", without("from")),
        ("no words", without("body")),
        ("words that are none", with("body", json!(7))),
        ("no type", without("type")),
        ("another type", with("type", json!("conversation_event"))),
        ("no object", json!([])),
        ("nothing", Value::Null),
    ] {
        let read = events(&scene, &SinchFake::signed(URL, &told));

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn a_post_changed_on_the_way_is_not_believed() {
    let scene = Scene::new();
    let good = SinchFake::signed(URL, &told());

    assert!(events(&scene, &good).is_ok());
    for changed in [
        good.tampered(),
        SignedPost { body: Vec::new(), ..good.clone() },
        SignedPost { headers: Vec::new(), ..good.clone() },
    ] {
        let why = if changed.headers.is_empty() { Forgery::Missing } else { Forgery::Wrong };
        assert_eq!(events(&scene, &changed), Err(NotBelieved::Forged(why)));
    }
}

#[test]
fn a_post_signed_with_another_secret_is_not_believed() {
    let scene = Scene::with(|config| {
        std::fs::write(config.webhook_secret_file.as_ref().unwrap(), "another").unwrap();
    });

    assert_eq!(events(&scene, &SinchFake::signed(URL, &told())), Err(NotBelieved::Forged(Forgery::Wrong)));
}

#[test]
fn a_signature_of_another_time_is_believed_within_the_window_only() {
    let scene = Scene::with(|config| config.signature_window_secs = 600);
    for (seconds, believed) in [(0, true), (-590, true), (590, true), (-610, false), (610, false)] {
        let at = Timestamp::now() + SignedDuration::from_secs(seconds);

        let read = events(&scene, &SinchFake::signed_at(URL, &told(), at));

        let stale = read == Err(NotBelieved::Forged(Forgery::Stale));
        assert_eq!((read.is_ok(), stale), (believed, !believed), "{seconds} s: {read:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_not_read_as_one() {
    for raw in [&b""[..], b"{}", b"[]", b"\xff", b"Body=x&From=y"] {
        assert_eq!(read_text(sinch::TEXT, raw), None);
    }
}
