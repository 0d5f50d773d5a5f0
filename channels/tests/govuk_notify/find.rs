//! Looking up a text in doubt.

use jiff::SignedDuration;
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    message::ProviderRef,
    sender::{Found, Lookup},
};

use crate::{Scene, assert_silent, text};

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found_by_our_reference() {
    let scene = Scene::new();
    let (lost, other) = (text(), text());
    scene.notify.send(&other).await.unwrap();
    scene.fake.next(1, Deed::Cut { took: true });
    scene.fails(&lost).await;

    let found = scene.find(&lost).await;

    assert_eq!(found, Found::Yes(ProviderRef(scene.fake.texts()[1].id.clone())));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_that_was_never_taken_is_not_found_whatever_else_is_there() {
    let scene = Scene::new();
    scene.notify.send(&text()).await.unwrap();

    assert_eq!(scene.find(&text()).await, Found::No);
}

#[tokio::test]
async fn a_list_that_overlooks_our_reference_does_not_mislead() {
    let scene = Scene::new();
    let body = r#"{"notifications": [{"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": "another's"},
        {"id": "740e5834-3a29-46b4-9a6f-16142fde533b", "reference": null}]}"#;
    scene.fake.next_question(1, answer(body));

    assert_eq!(scene.find(&text()).await, Found::No);
}

#[tokio::test]
async fn the_oldest_of_two_with_our_reference_is_the_one_in_doubt() {
    let scene = Scene::new();
    let text = text();
    let first = scene.notify.send(&text).await.unwrap().reference;
    let second = scene.notify.send(&text).await.unwrap().reference;

    assert_eq!(scene.find(&text).await, Found::Yes(first.clone()));
    let known = [first];
    let lookup = scene.lookup(&text, &known);
    assert_eq!(scene.notify.find(&lookup).await.unwrap().found, Found::Yes(second));
}

#[tokio::test]
async fn of_a_text_that_notify_may_have_forgotten_nothing_is_told() {
    let scene = Scene::new();
    let text = text();
    let since = scene.began - SignedDuration::from_hours(72);

    let found = scene.notify.find(&Lookup { since, ..scene.lookup(&text, &[]) }).await.unwrap().found;

    assert_eq!(found, Found::CannotTell);
}

#[tokio::test]
async fn a_failed_question_leaves_the_text_in_doubt() {
    let scene = Scene::new();
    let text = text();
    scene.notify.send(&text).await.unwrap();
    for (deed, fault) in [
        (GovukNotifyFake::refusal(429, "RateLimitError"), None),
        (GovukNotifyFake::refusal(403, "AuthError"), Some(Fault::Misconfigured)),
        (Deed::Fail { status: 503, took: false }, Some(Fault::Temporary)),
        (Deed::Cut { took: false }, Some(Fault::Temporary)),
        (Deed::CutShort, Some(Fault::Temporary)),
        (Deed::Garbled, Some(Fault::Temporary)),
        (Deed::Endless, Some(Fault::Temporary)),
        (answer("{}"), Some(Fault::Temporary)),
        (answer(r#"{"notifications": [{"reference": "x"}]}"#), Some(Fault::Temporary)),
        (answer(r#"{"notifications": [{"id": "x"}]}"#), Some(Fault::Temporary)),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.notify.find(&scene.lookup(&text, &[])).await.unwrap_err();

        assert_eq!(error.went, Went::Perhaps, "{deed:?}");
        assert!(fault.is_none_or(|fault| error.fault == fault), "{deed:?}: {error:?}");
        assert_silent(&error);
    }
}

fn answer(body: &str) -> Deed {
    Deed::Answer { status: 200, content_type: "application/json", body: body.to_owned() }
}
