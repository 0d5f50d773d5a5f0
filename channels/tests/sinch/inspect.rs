//! One request looked at by hand.

use liaison_channels::{
    fakes::sinch::{SignedPost, SinchFake},
    inbound_reading::{WebhookReading, inspect_webhook},
};
use serde_json::{Value, json};

const URL: &str = "https://liaison.school.example/webhooks/texts/text";

fn text() -> Value {
    json!({"type": "mo_text", "id": "01FC66621XXXXX119Z8PMV1QPA", "from": "447700900123",
        "to": "447700900456", "body": "Thank you"})
}

fn inspect(post: &SignedPost) -> WebhookReading {
    inspect_webhook("sinch", &post.url, &post.headers, &format!("{}\n", SinchFake::SECRET), &post.body)
}

fn events(reading: &WebhookReading) -> Value {
    serde_json::to_value(&reading.events).unwrap()
}

#[test]
fn a_signed_text_is_told_whenever_it_was_signed() {
    let long_ago = "2026-01-05T09:00:00Z".parse().unwrap();

    let reading = inspect(&SinchFake::signed_at(URL, &text(), long_ago));

    assert!(reading.accepted && reading.reason.contains("a text has arrived"), "{}", reading.reason);
    let expected = json!([{"event": "text", "id": "01FC66621XXXXX119Z8PMV1QPA", "from": "447700900123",
        "to": "447700900456", "body": "Thank you", "media": 0, "part": null}]);
    assert_eq!(events(&reading), expected);
}

#[test]
fn a_report_is_told() {
    let report = json!({"type": "recipient_delivery_report_sms", "batch_id": "01FC", "status": "Aborted",
        "code": 404, "client_reference": "0192f0c1a2b37c4d8e9f0a1b2c3d4e5f"});

    let reading = inspect(&SinchFake::signed(URL, &report));

    let expected = json!([{"event": "receipt", "id": "01FC", "status": "Aborted", "progress": "failed",
        "code": "404", "ours": "0192f0c1a2b37c4d8e9f0a1b2c3d4e5f"}]);
    assert_eq!(events(&reading), expected);
}

#[test]
fn what_is_refused_says_where_to_look() {
    let good = SinchFake::signed(URL, &text());
    let header = |index: usize, value: &str| {
        let mut post = good.clone();
        post.headers[index].1 = value.to_owned();
        post
    };
    for (post, says) in [
        (good.tampered(), "another secret"),
        (header(1, "AAAA"), "another secret"),
        (header(2, "HmacSHA1"), "HmacSHA256"),
        (header(3, "other"), "another nonce"),
        (header(4, "1"), "nonce or time"),
        (SignedPost { headers: Vec::new(), ..good.clone() }, "no x-sinch-webhook-signature header"),
    ] {
        let reading = inspect(&post);

        assert_eq!((reading.accepted, reading.events.len()), (false, 0));
        assert!(reading.reason.contains(says), "{says}: {}", reading.reason);
    }
}

#[test]
fn what_is_signed_and_tells_nothing_is_told_as_that() {
    for body in [json!({"type": "delivery_report_sms"}), json!({"type": "mo_text"}), json!(7)] {
        let reading = inspect(&SinchFake::signed(URL, &body));

        assert_eq!((reading.accepted, reading.events.len()), (true, 0), "{body}");
        assert!(reading.reason.contains("tells of no text"), "{}", reading.reason);
    }
}
