//! What `inspect_webhook` says of requests signed by the provider's own package, and of others.

use std::time::{Duration, Instant};

use liaison_channels::inbound_reading::{WebhookReading, inspect_webhook};
use proptest::prelude::*;
use serde_json::{Value, json};

const TOKEN: &str = "12345678901234567890123456789012";
const URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/sms";
const STATUS_URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/status";
const JSON_URL: &str = "https://gateway.example.sch.uk/webhooks/twilio/sms?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const MESSAGE: &str = "SM0123456789abcdef0123456789abcdef";
const WORDS: &str = "Thank you & see you at 9 = café €5";
const T1: &str = "2m9oRicK/N5hcvgQIg9RAf8BEAg=";
const T1_SHA256: &str = "sxnFZPDg8pzg8cu/8QfwH+qCklBa3NnR5VToCxjKRKk=";

fn inbound() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ToCountry", "GB"),
        ("SmsMessageSid", MESSAGE),
        ("NumMedia", "0"),
        ("SmsSid", MESSAGE),
        ("SmsStatus", "received"),
        ("FromCountry", "GB"),
        ("Body", WORDS),
        ("To", "+447700900456"),
        ("NumSegments", "1"),
        ("MessageSid", MESSAGE),
        ("AccountSid", ACCOUNT),
        ("From", "+447700900123"),
        ("ApiVersion", "2010-04-01"),
    ]
}

fn status() -> Vec<(&'static str, &'static str)> {
    vec![
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("ErrorCode", "30003"),
        ("From", "+447700900456"),
        ("MessageSid", MESSAGE),
        ("SmsSid", MESSAGE),
        ("MessageStatus", "undelivered"),
        ("SmsStatus", "undelivered"),
        ("To", "+447700900123"),
    ]
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn signed(signature: &str, settings: Option<&str>) -> Vec<(String, String)> {
    let mut headers = vec![("X-Twilio-Signature".to_owned(), signature.to_owned())];
    headers.extend(settings.map(|s| ("X-Twilio-Webhooks-Signature-Settings".to_owned(), s.to_owned())));
    headers
}

fn inspect(url: &str, body: &[u8], signature: &str) -> WebhookReading {
    inspect_webhook("twilio", url, &signed(signature, None), TOKEN, body)
}

fn with_settings(settings: &str, signature: &str) -> WebhookReading {
    inspect_webhook("twilio", URL, &signed(signature, Some(settings)), TOKEN, &form(&inbound()))
}

fn the_text() -> Value {
    json!({
        "event": "text", "id": MESSAGE, "from": "+447700900123", "to": "+447700900456", "body": WORDS, "media": 0,
        "part": null,
    })
}

fn events(reading: &WebhookReading) -> Value {
    serde_json::to_value(&reading.events).unwrap()
}

#[test]
fn every_request_signed_by_the_provider_is_accepted_and_told() {
    let with_query = format!("{URL}?school=north&x=1");
    let receipt = json!({
        "event": "receipt", "id": MESSAGE, "status": "undelivered", "progress": "failed", "code": "30003",
        "ours": null,
    });
    let nothing = json!([]);
    let cases: [(&str, &str, Vec<u8>, &str, Value); 7] = [
        ("T1", URL, form(&inbound()), T1, json!([the_text()])),
        ("T2", &with_query, form(&inbound()), "dXtLGoK7DI4YVFXIbPct6sd7/Dk=", json!([the_text()])),
        ("T3", URL, form(&inbound()), "5Rky0+2ywVkiM1QfvtzSFP/3RHo=", json!([the_text()])),
        ("T4", STATUS_URL, form(&status()), "Ge+Ovl+mEfkWwlVc97nN/0Z/Low=", json!([receipt])),
        ("T5", JSON_URL, br#"{"a":1}"#.to_vec(), "H0h+bakXgM4Crtzuk55K8TDqnvE=", nothing.clone()),
        ("T6", URL, b"A=2&A=1&A=1&B=x".to_vec(), "rfbNJ/SLtUMdZGac8kgL03kOvlQ=", nothing.clone()),
        (
            "T7",
            URL,
            form(&[("Body", ""), ("From", "+447700900123")]),
            "y5+PmbqeNq7/0TNWKQw47QERiZ4=",
            nothing,
        ),
    ];

    for (name, url, body, signature, expected) in cases {
        let reading = inspect(url, &body, signature);

        assert!(reading.accepted, "{name}: {reading:?}");
        assert_eq!(events(&reading), expected, "{name}");
    }
}

#[test]
fn a_shared_key_of_any_name_signs_with_sha256() {
    for settings in ["key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "algorithm=HMAC_SHA256"] {
        let reading = with_settings(settings, T1_SHA256);

        assert!(reading.accepted, "{settings}");
        assert_eq!(events(&reading), json!([the_text()]), "{settings}");
    }
    assert!(with_settings("key=webhooks_sharedkey_1", T1).accepted);
}

#[test]
fn whatever_the_provider_did_not_sign_is_refused_without_events() {
    let changed = String::from_utf8(form(&inbound())).unwrap().replace("Thank+you", "Thank+yov");
    let mut fewer = inbound();
    fewer.pop();
    let twice = [signed(T1, None), signed(T1, None)].concat();
    let body = form(&inbound());
    for (what, reading) in [
        ("a changed letter", inspect(URL, changed.as_bytes(), T1)),
        ("a missing field", inspect(URL, &form(&fewer), T1)),
        ("another address", inspect(&format!("{URL}?school=north&x=1"), &body, T1)),
        ("no algorithm we know", with_settings("algorithm=HMAC_MD5", T1)),
        ("no algorithm we know, of a key", with_settings("key=k,algorithm=HMAC_MD5", T1_SHA256)),
        ("the other algorithm", with_settings("algorithm=HMAC_SHA256", T1)),
        ("no signature", inspect_webhook("twilio", URL, &[], TOKEN, &body)),
        ("two signatures", inspect_webhook("twilio", URL, &twice, TOKEN, &body)),
        ("another secret", inspect_webhook("twilio", URL, &signed(T1, None), "another", &body)),
        ("no secret", inspect_webhook("twilio", URL, &signed(T1, None), " ", &body)),
        ("another digest", inspect(JSON_URL, br#"{"a":2}"#, "H0h+bakXgM4Crtzuk55K8TDqnvE=")),
    ] {
        assert_eq!((reading.accepted, reading.events.len()), (false, 0), "{what}");
        assert!(!reading.reason.is_empty(), "{what}");
    }
}

#[test]
fn an_unknown_kind_is_told_the_known_ones() {
    let reading = inspect_webhook("pigeon", URL, &signed(T1, None), TOKEN, &form(&inbound()));

    assert!(!reading.accepted);
    assert!(reading.reason.contains("twilio"), "{}", reading.reason);
}

#[test]
fn neither_the_reason_nor_debug_repeats_the_secret_or_the_body() {
    let wrong = inspect(URL, &form(&inbound()), T1_SHA256);
    let right = inspect(URL, &form(&inbound()), T1);

    for reading in [wrong, right] {
        let printed = format!("{reading:?}");
        for secret in [TOKEN, "7700900", "Thank"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[test]
fn a_body_too_large_to_be_a_post_is_named_as_the_reason() {
    let reading = inspect(URL, &vec![b'a'; 1024 * 1024 + 1], T1);

    assert!(!reading.accepted);
    assert!(reading.reason.contains("1 MiB"), "{}", reading.reason);
}

#[test]
fn a_body_beyond_all_measure_is_refused_at_once() {
    let bodies = [
        vec![b'&'; 1024 * 1024 * 8],
        (0..200_000).flat_map(|n: u32| format!("{n:x}&").into_bytes()).collect(),
        vec![b'%'; 1024 * 1024],
        b"a=%ff".repeat(9_999),
    ];

    for body in bodies {
        let began = Instant::now();

        let reading = inspect(URL, &body, T1);

        assert!(!reading.accepted);
        assert!(began.elapsed() < Duration::from_secs(1), "{} bytes: {:?}", body.len(), began.elapsed());
    }
}

proptest! {
    #[test]
    fn no_bytes_do_harm(
        kind in "twilio|.*",
        url in ".*",
        headers in prop::collection::vec(("X-Twilio-Signature|x-twilio-webhooks-signature-settings|.*", ".*"), 0..4),
        secret in ".*",
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let reading = inspect_webhook(&kind, &url, &headers, &secret, &body);

        prop_assert!(!reading.accepted);
    }
}
