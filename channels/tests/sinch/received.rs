//! Catching up: what is found in the provider's list, and what is not.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::sinch::{Arrived, Deed, SinchFake},
    inbound::{Event, KeptText, read_text},
    sinch,
};
use serde_json::json;

use crate::{CARER, Scene, WORDS, assert_silent, text};

async fn received(scene: &Scene, since: Timestamp) -> Vec<KeptText> {
    scene.sinch.received(since).await.unwrap().unwrap()
}

fn bodies(texts: &[KeptText]) -> Vec<&str> {
    texts.iter().map(|kept| kept.text.body.expose().as_str()).collect()
}

/// A text that arrived a second later for each index.
fn like(scene: &Scene, index: u32) -> Arrived {
    let received = scene.began + SignedDuration::from_secs(index.into());
    Arrived {
        received,
        told: json!({"type": "mo_text", "id": format!("01{index:024}"), "from": "447700900123",
            "to": "447700900456", "body": format!("Text {index}"), "received_at": received.to_string()}),
    }
}

fn with(scene: &Scene, index: u32, name: &str, value: &str) -> Arrived {
    let mut arrived = like(scene, index);
    arrived.told[name] = value.into();
    arrived
}

#[tokio::test]
async fn a_text_whose_post_never_came_is_found_in_the_list() {
    let scene = Scene::new();
    let arrived = scene.fake.arrive(CARER, WORDS);

    let texts = received(&scene, scene.began).await;

    let [kept] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!(Some(kept.text.reference.0.as_str()), arrived.told["id"].as_str());
    assert_eq!(kept.text.sender().unwrap().expose(), CARER);
    assert_eq!((kept.text.body.expose().as_str(), kept.text.media), (WORDS, 0));
    assert_eq!((kept.form, kept.text.part.as_ref()), (sinch::TEXT, None));
    let off = kept.text.sent_at.unwrap().duration_since(arrived.received);
    assert!(off.abs() < SignedDuration::from_secs(1), "{off:?}");
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_is_the_same_in_its_post_and_in_the_list() {
    let scene = Scene::new();
    let post =
        SinchFake::text_request(&scene.sinch.inbound_address().unwrap(), &scene.fake.arrive(CARER, WORDS));
    let events = scene.sinch.callback().unwrap().events(&post.posted()).unwrap();

    let listed = received(&scene, scene.began).await;

    let [Event::Text(posted)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(listed[0].text, posted.text);
}

#[tokio::test]
async fn listed_bytes_are_read_again_as_they_were_at_arrival() {
    let scene = Scene::new();
    scene.fake.arrive(CARER, "Dzień dobry \"\\ 😀\n");
    scene.fake.arrive_as(with(&scene, 1, "type", "mo_binary"));

    let texts = received(&scene, scene.began).await;

    assert_eq!(texts.len(), 2);
    for kept in texts {
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
}

#[tokio::test]
async fn texts_are_told_from_old_to_new_over_all_pages_however_short() {
    for (largest, counted) in [(100, true), (7, true), (100, false), (30, false)] {
        let scene = Scene::new();
        let expected: Vec<_> = (0..300).map(|index| format!("Text {index}")).collect();
        for index in 0..300 {
            scene.fake.arrive_as(like(&scene, index));
        }
        scene.fake.pages_of(largest);
        if !counted {
            scene.fake.leave_out_counts();
        }

        let texts = received(&scene, scene.began).await;

        assert_eq!(bodies(&texts), expected, "pages of {largest}");
    }
}

#[tokio::test]
async fn only_texts_to_our_number_since_then_are_told() {
    let scene = Scene::new();
    scene.sinch.send(&text()).await.unwrap();
    scene.fake.arrive_as(with(&scene, 1, "to", "447700900457"));
    let earlier = scene.began - SignedDuration::from_hours(3);
    scene.fake.arrive_as(Arrived { received: earlier, ..like(&scene, 2) });
    scene.fake.arrive_as(with(&scene, 3, "to", "+447700900456"));
    scene.fake.arrive_as(like(&scene, 4));

    let texts = received(&scene, scene.began).await;

    assert_eq!(bodies(&texts), ["Text 3", "Text 4"]);
}

#[tokio::test]
async fn what_is_asked_for_is_not_only_the_last_day() {
    let scene = Scene::new();
    let days_ago = scene.began - SignedDuration::from_hours(100);
    scene.fake.arrive_as(Arrived { received: days_ago, ..like(&scene, 1) });

    assert_eq!(received(&scene, days_ago).await.len(), 1);
    assert_eq!(received(&scene, scene.began).await.len(), 0);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_text() {
    for ahead in [SignedDuration::from_mins(-20), SignedDuration::from_mins(20)] {
        let scene = Scene::new();
        scene.fake.clock_ahead(ahead);
        scene.fake.arrive(CARER, WORDS);

        assert_eq!(received(&scene, scene.began).await.len(), 1, "{ahead:?}");
    }
}

#[tokio::test]
async fn nobody_answers_to_a_name() {
    let scene = Scene::with(|config| config.from = "Hill School".to_owned());

    assert_eq!(scene.sinch.received(scene.began).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_too_long_to_read_is_an_error_and_never_a_part_of_it() {
    let scene = Scene::new();
    for index in 0..102 {
        scene.fake.arrive_as(like(&scene, index));
    }
    scene.fake.pages_of(1);

    let error = scene.sinch.received(scene.began).await.unwrap_err();

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::No));
    assert!(error.summary.contains("too long"), "{error}");
}

#[tokio::test]
async fn a_listed_text_that_cannot_be_read_is_an_error_and_not_left_out() {
    let scene = Scene::new();
    scene.fake.arrive_as(with(&scene, 1, "id", ""));

    let error = scene.sinch.received(scene.began).await.unwrap_err();

    assert!(error.summary.contains("documented form"), "{error}");
}

#[tokio::test]
async fn a_failed_question_is_told_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    scene.fake.arrive(CARER, WORDS);
    for (deed, fault) in [
        (Deed::Throttle { retry_after: None }, Fault::Throttled { wait: None }),
        (Deed::Fail { status: 503, took: false }, Fault::Temporary),
        (Deed::Fail { status: 403, took: false }, Fault::Misconfigured),
        (Deed::Cut { took: false }, Fault::Temporary),
        (Deed::CutShort, Fault::Temporary),
        (Deed::Garbled, Fault::Temporary),
        (Deed::Nameless, Fault::Temporary),
        (Deed::Endless, Fault::Temporary),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.sinch.received(scene.began).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}");
        assert_silent(&error);
    }
    assert_eq!(received(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn times_at_the_edge_of_the_calendar_do_no_harm() {
    let scene = Scene::new();

    assert!(scene.sinch.received(Timestamp::MIN).await.is_err());
    assert_eq!(received(&scene, Timestamp::MAX).await, []);
}
