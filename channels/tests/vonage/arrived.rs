//! Texts from carers, as they are posted to us.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    fakes::vonage::{Carriage, SignedPost},
    inbound::{ArrivedText, Event, KeptText, TextPart, join, read_text},
    receipt::{Forgery, NotBelieved},
    vonage::{
        self,
        signature::{Method, WeakSignature},
    },
};

use crate::{CARER, Scene, WORDS, callback::events};

const URL: &str = "https://liaison.school.example/webhooks/texts/text";

fn kept(scene: &Scene, post: &SignedPost) -> KeptText {
    match events(scene, post).unwrap().remove(0) {
        Event::Text(kept) => *kept,
        Event::Receipt(receipt) => panic!("{receipt:?}"),
    }
}

fn fields(scene: &Scene) -> Vec<(&'static str, String)> {
    scene.fake.text_fields(CARER, WORDS)
}

fn without(scene: &Scene, name: &str) -> Vec<(&'static str, String)> {
    fields(scene).into_iter().filter(|(n, _)| *n != name).collect()
}

fn with(scene: &Scene, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    [without(scene, name), vec![(name, value.to_owned())]].concat()
}

#[test]
fn a_posted_text_is_kept_whole_however_it_is_carried() {
    let scene = Scene::new();
    let words = "Dzień dobry & thank you = 100% + café €5\n😀";
    for by in Carriage::ALL {
        let fields = scene.fake.text_fields(CARER, words);
        let post = scene.fake.signed(URL, &fields, by);

        let kept = kept(&scene, &post);

        assert_eq!(kept.text.sender().unwrap().expose(), CARER, "{by:?}");
        assert_eq!(
            (kept.text.to.expose().as_str(), kept.text.body.expose().as_str()),
            ("447700900456", words)
        );
        assert_eq!((kept.text.media, kept.text.part.clone(), kept.form), (0, None, vonage::POSTED));
        assert!(kept.text.sent_at.is_some());
        assert!(!kept.raw.expose().is_empty(), "{by:?}: a text in the address has bytes, too");
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text), "{by:?}");
    }
}

#[test]
fn a_long_text_comes_in_parts_that_are_joined_in_any_order() {
    let scene = Scene::new();
    let words = "Amina is ill today. ".repeat(20);
    let posts = scene.fake.receive(URL, CARER, &words);

    let mut parts: Vec<ArrivedText> = posts.iter().map(|post| kept(&scene, post).text).collect();

    assert_eq!(parts.len(), 3);
    let of = parts[0].part.clone().unwrap().of;
    assert_eq!(parts[1].part, Some(TextPart { of, number: 2, total: 3 }));
    parts.reverse();
    assert_eq!(join(&parts[1..]), None, "the last part is missing");
    assert_eq!(join(&parts).unwrap().body.expose(), &words);
}

#[test]
fn a_part_keeps_what_it_is_a_part_of_in_its_bytes() {
    let scene = Scene::new();
    for post in scene.fake.receive(URL, CARER, &"a".repeat(301)) {
        let kept = kept(&scene, &post);

        assert!(kept.text.part.is_some());
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
}

#[test]
fn fields_that_are_not_known_or_not_there_do_not_lose_a_text() {
    let scene = Scene::new();
    for (what, fields) in [
        ("no number of ours", without(&scene, "to")),
        ("no account", without(&scene, "api-key")),
        ("no time of the message", without(&scene, "message-timestamp")),
        ("a time that is none", with(&scene, "message-timestamp", "yesterday")),
        ("no type", without(&scene, "type")),
        ("a field of tomorrow", with(&scene, "mood", "cheerful")),
    ] {
        let kept = kept(&scene, &scene.fake.signed(URL, &fields, Carriage::Form));

        assert_eq!(kept.text.body.expose(), WORDS, "{what}");
    }
}

#[test]
fn bytes_that_are_no_words_are_kept_for_a_person_to_look_at() {
    let scene = Scene::new();
    let mut fields = with(&scene, "type", "binary");
    fields.retain(|(name, _)| *name != "text");

    let kept = kept(&scene, &scene.fake.signed(URL, &fields, Carriage::Form));

    assert_eq!((kept.text.body.expose().as_str(), kept.text.media), ("", 1));
}

#[test]
fn a_signed_text_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    for (what, fields) in [
        ("another account", with(&scene, "api-key", "another1")),
        ("no name", without(&scene, "messageId")),
        ("nobody", without(&scene, "msisdn")),
        ("no words", without(&scene, "text")),
        ("a part of nothing", with(&scene, "concat", "true")),
    ] {
        let read = events(&scene, &scene.fake.signed(URL, &fields, Carriage::Form));

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn a_text_signed_at_another_time_is_kept_for_a_person_and_not_taken() {
    let scene = Scene::new();
    for (seconds, taken) in [(0, true), (-290, true), (290, true), (-310, false), (310, false)] {
        let at = Timestamp::now() + SignedDuration::from_secs(seconds);
        let nonce = seconds.to_string();

        let read = events(&scene, &scene.fake.signed_at(URL, &fields(&scene), Carriage::Form, &nonce, at));

        match read {
            Ok(events) => assert!(taken && events.len() == 1, "{seconds} s"),
            Err(NotBelieved::Unreadable(why)) => {
                assert!(!taken && why.contains("another time"), "{seconds} s");
            }
            Err(why) => panic!("{seconds} s: {why}"),
        }
    }
}

#[test]
fn a_nonce_comes_once_or_with_the_very_same_post() {
    let scene = Scene::new();
    let now = Timestamp::now();
    let first = scene.fake.signed_at(URL, &fields(&scene), Carriage::Form, "nonce", now);
    let other = scene.fake.signed_at(URL, &fields(&scene), Carriage::Form, "nonce", now);

    let taken = events(&scene, &first);
    let repeat = events(&scene, &first);

    assert!(taken.is_ok());
    assert_eq!(repeat, taken, "the provider repeats what we could not keep");
    assert_eq!(events(&scene, &other), Err(NotBelieved::Forged(Forgery::Replayed)));
}

#[test]
fn a_text_changed_on_the_way_is_not_believed() {
    let scene = Scene::new();
    let good = scene.fake.signed(URL, &fields(&scene), Carriage::Form);
    let body = String::from_utf8(good.body.clone()).unwrap();
    let changed = |body: String| SignedPost { body: body.into_bytes(), ..good.clone() };

    assert!(events(&scene, &good).is_ok());
    for (what, post) in [
        ("a letter", changed(body.replace("Swimming", "Swimminh"))),
        ("a nonce", changed(body.replace("nonce=", "nonce=1"))),
        ("a time", changed(body.replace("&timestamp=", "&timestamp=1"))),
        ("a field more", changed(format!("{body}&concat=true"))),
        ("a field twice", changed(format!("{body}&to=447700900456"))),
        ("no signature", changed(body.replace("sig=", "gis="))),
        ("nothing", changed(String::new())),
    ] {
        let why = if what.starts_with("no") { Forgery::Missing } else { Forgery::Wrong };
        assert_eq!(events(&scene, &post), Err(NotBelieved::Forged(why)), "{what}");
    }
}

#[test]
fn only_the_accounts_own_method_is_believed() {
    for ours in Method::ALL {
        let scene = Scene::with(|config| config.signature_method = ours);
        for theirs in Method::ALL {
            scene.fake.sign_by(theirs);

            let read = events(&scene, &scene.fake.signed(URL, &fields(&scene), Carriage::Form));

            assert_eq!(read.is_ok(), ours == theirs, "{theirs} for {ours}");
        }
    }
}

#[test]
fn a_method_that_can_be_forged_is_believed_by_leave_alone_and_then_no_other() {
    for (leave, ours) in [(WeakSignature::Md5Hash, Method::Md5Hash), (WeakSignature::Md5, Method::Md5)] {
        let (scene, strict) = (Scene::with(|config| config.weak_signature = Some(leave)), Scene::new());
        for theirs in Method::WEAK.into_iter().chain(Method::ALL) {
            scene.fake.sign_by(theirs);

            let post = scene.fake.signed(URL, &fields(&scene), Carriage::Form);

            assert_eq!(events(&scene, &post).is_ok(), ours == theirs, "{theirs} for {ours}");
            if theirs.is_weak() {
                assert_eq!(events(&strict, &post), Err(NotBelieved::Forged(Forgery::Wrong)), "{theirs}");
            }
        }
    }
}

#[test]
fn a_post_signed_with_another_secret_is_not_believed() {
    let scene = Scene::with(|config| {
        std::fs::write(config.signature_secret_file.as_ref().unwrap(), "another").unwrap();
    });

    let read = events(&scene, &scene.fake.signed(URL, &fields(&scene), Carriage::Form));

    assert_eq!(read, Err(NotBelieved::Forged(Forgery::Wrong)));
}

#[test]
fn bytes_that_are_no_text_are_not_read_as_one() {
    for raw in [&b""[..], b"{}", b"{\"a\":[]}", b"\xff", b"messageId=1&status=delivered", b"a=1&a=2"] {
        assert_eq!(read_text(vonage::POSTED, raw), None);
    }
}
