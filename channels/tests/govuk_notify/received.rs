//! Catching up: what is found in the provider's list, and what is not.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::{
        govuk_notify::{GovukNotifyFake, Received},
        stage::Deed,
    },
    govuk_notify,
    inbound::{Event, KeptText, read_text},
};
use uuid::Uuid;

use crate::{CARER, Scene, WORDS, assert_silent};

async fn received(scene: &Scene, since: Timestamp) -> Vec<KeptText> {
    scene.notify.received(since).await.unwrap().unwrap()
}

fn bodies(texts: &[KeptText]) -> Vec<&str> {
    texts.iter().map(|kept| kept.text.body.expose().as_str()).collect()
}

/// A text that arrived this long after the scene began.
fn after(scene: &Scene, seconds: i64) -> Received {
    Received {
        id: Uuid::now_v7().to_string(),
        from: "447700900123".to_owned(),
        words: format!("Text {seconds}"),
        created: scene.began + SignedDuration::from_secs(seconds),
    }
}

#[tokio::test]
async fn a_text_whose_post_never_came_is_found_in_the_list() {
    let scene = Scene::new();
    let arrived = scene.fake.arrive(CARER, WORDS);

    let texts = received(&scene, scene.began).await;

    let [kept] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!((kept.text.reference.0.as_str(), kept.form), (arrived.id.as_str(), govuk_notify::LISTED));
    assert_eq!((kept.text.from.expose().as_str(), kept.text.body.expose().as_str()), (CARER, WORDS));
    assert_eq!(kept.text.to.expose(), GovukNotifyFake::NUMBER);
    assert_eq!(read_text(kept.form, kept.raw.expose()).as_ref(), Some(&kept.text));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_that_comes_both_ways_is_the_same_text_however_dates_are_written() {
    for with_space in [false, true] {
        let scene = Scene::new();
        scene.fake.dates_with_space(with_space);
        let post = scene.fake.receive(CARER, WORDS);
        let events = scene.notify.callback().unwrap().events(&post.posted()).unwrap();

        let listed = received(&scene, scene.began).await;

        let [Event::Text(posted)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(listed[0].text, posted.text, "with a space: {with_space}");
    }
}

#[tokio::test]
async fn texts_are_told_from_old_to_new_over_all_pages() {
    for count in [249, 250, 251, 500, 620] {
        let scene = Scene::new();
        let expected: Vec<_> = (0..count).map(|index| format!("Text {index}")).collect();
        for index in 0..count {
            scene.fake.plant_received(after(&scene, index));
        }

        let texts = received(&scene, scene.began).await;

        assert_eq!(bodies(&texts), expected);
    }
}

#[tokio::test]
async fn only_texts_since_then_are_told_and_older_pages_are_not_asked_for() {
    let scene = Scene::new();
    for index in 0..250 {
        scene.fake.plant_received(after(&scene, -7_200 - index));
    }
    scene.fake.plant_received(after(&scene, 1));

    let texts = received(&scene, scene.began).await;

    assert_eq!((bodies(&texts), scene.fake.asked()), (vec!["Text 1"], 1));
}

#[tokio::test]
async fn a_text_from_just_before_is_told_once_more_rather_than_lost() {
    let scene = Scene::new();
    scene.fake.plant_received(after(&scene, -120));

    assert_eq!(received(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn a_text_whose_date_cannot_be_read_may_be_new() {
    let scene = Scene::new();
    let text = r#"{"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "user_number": "447700900123",
        "content": "Yes", "created_at": "just now"}"#;
    let body = format!(r#"{{"received_text_messages": [{text}], "links": {{}}}}"#);
    scene.fake.next_question(1, Deed::Answer { status: 200, content_type: "application/json", body });

    assert_eq!(bodies(&received(&scene, scene.began).await), ["Yes"]);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_text() {
    for ahead in [-28, 28] {
        let scene = Scene::new();
        scene.fake.clock_ahead(SignedDuration::from_secs(ahead));
        scene.fake.arrive(CARER, WORDS);

        let since = scene.began + SignedDuration::from_mins(5);
        assert_eq!(received(&scene, since).await.len(), 1, "{ahead}");
    }
}

#[tokio::test]
async fn nobody_answers_before_notify_has_switched_that_on() {
    let scene = Scene::with(|config| config.can_be_answered = false);
    scene.fake.arrive(CARER, WORDS);

    assert_eq!(scene.notify.received(scene.began).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_too_long_to_read_is_an_error_and_never_a_part_of_it() {
    let scene = Scene::new();
    for index in 0..12_501 {
        scene.fake.plant_received(after(&scene, index));
    }

    let error = scene.notify.received(scene.began).await.unwrap_err();

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::No));
    assert!(error.summary.contains("too long"), "{error}");
}

#[tokio::test]
async fn a_failed_question_is_told_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    scene.fake.arrive(CARER, WORDS);
    let answer =
        |body: &str| Deed::Answer { status: 200, content_type: "application/json", body: body.to_owned() };
    for (deed, fault) in [
        (GovukNotifyFake::refusal(403, "AuthError"), Fault::Misconfigured),
        (Deed::Fail { status: 503, took: false }, Fault::Temporary),
        (Deed::Cut { took: false }, Fault::Temporary),
        (Deed::CutShort, Fault::Temporary),
        (Deed::Garbled, Fault::Temporary),
        (Deed::Endless, Fault::Temporary),
        (answer("{}"), Fault::Temporary),
        (answer(r#"{"received_text_messages": [{"id": "one"}]}"#), Fault::Temporary),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.notify.received(scene.began).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}");
        assert_silent(&error);
    }
    assert_eq!(received(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn times_at_the_edge_of_the_calendar_do_no_harm() {
    let scene = Scene::new();

    assert_eq!(received(&scene, Timestamp::MIN).await, []);
    assert_eq!(received(&scene, Timestamp::MAX).await, []);
}
