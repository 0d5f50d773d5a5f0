//! One post, looked at by hand.

use liaison_channels::{
    conformance::Post,
    fakes::govuk_notify::GovukNotifyFake,
    inbound_reading::{EventReading, WebhookReading, inspect_webhook},
};
use serde_json::json;

use crate::{CARER, Scene, WORDS};

fn inspect(post: &Post, token: &str) -> WebhookReading {
    let url = format!("https://liaison.school.example{}", post.path_and_query);
    inspect_webhook("govuk_notify", &url, &post.headers, token, &post.body)
}

#[test]
fn a_received_text_is_shown_to_whoever_holds_the_token() {
    let post = Scene::new().fake.receive(CARER, WORDS);

    let reading = inspect(&post, GovukNotifyFake::CALLBACK_TOKEN);

    assert!(reading.accepted, "{}", reading.reason);
    assert!(matches!(reading.events.as_slice(), [EventReading::Text { .. }]));
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_shown() {
    let post = Scene::new().fake.receive(CARER, WORDS);
    let proxied = Post { headers: Vec::new(), ..post.clone() };

    for reading in [inspect(&post, "another-token"), inspect(&proxied, GovukNotifyFake::CALLBACK_TOKEN)] {
        assert!(!reading.accepted && reading.reason.contains("callback_token_file"), "{}", reading.reason);
        assert_eq!(reading.events, []);
    }
}

#[test]
fn what_is_nothing_of_ours_is_told_as_that() {
    let letter =
        GovukNotifyFake::post(&json!({"id": "x", "notification_type": "letter", "status": "delivered"}));
    let garbled = GovukNotifyFake::post(&json!({"id": "x"}));
    let nameless = GovukNotifyFake::post(&json!({"notification_id": "x"}));

    let (letter, garbled, nameless) = (
        inspect(&letter, GovukNotifyFake::CALLBACK_TOKEN),
        inspect(&garbled, GovukNotifyFake::CALLBACK_TOKEN),
        inspect(&nameless, GovukNotifyFake::CALLBACK_TOKEN),
    );

    assert!(letter.accepted && letter.reason.contains("how far a letter has come"), "{}", letter.reason);
    assert_eq!(letter.events, []);
    assert!(nameless.accepted && nameless.reason.contains("a returned letter's id"), "{}", nameless.reason);
    assert!(garbled.accepted && garbled.reason.contains("neither a received text"), "{}", garbled.reason);
}

#[test]
fn a_letter_that_came_back_is_shown_as_one_that_failed() {
    let returned = GovukNotifyFake::post(&json!({
        "notification_id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": null,
        "date_sent": "2026-11-23T17:15:30.000000Z", "sent_by": "API",
    }));

    let reading = inspect(&returned, GovukNotifyFake::CALLBACK_TOKEN);

    assert!(reading.accepted && reading.reason.contains("has come further"), "{}", reading.reason);
    let [EventReading::Receipt { status, progress, .. }] = reading.events.as_slice() else {
        panic!("{reading:?}")
    };
    assert_eq!((status.as_str(), *progress), ("returned-letter", "failed"));
}
