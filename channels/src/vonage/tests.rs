//! Signatures that the provider's own packages accept, and what is read from under them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    signature::{Fields, Method, sign, verify},
    told::time,
};
use crate::inbound_reading::{WebhookReading, inspect_webhook};

const SECRET: &str = "abcdefghijklmnop0123456789ABCDEF";
const URL: &str = "https://gateway.example.sch.uk/webhooks/vonage/text";
const SHA1: &str = "e56826e8ee7e33792fd27a8341191031b1fe2d8b";
const SHA256: &str = "5f8154f9d37ecfc8a45c4653315929530a775c9e3eaf8e49f1ac09faf4e37b2a";
const SHA512: &str = "0bb024ecb684a20af7bb72667164bddc2cd42ad95a4d464263e98fd4937a78aa45e066c0f6e2fc948edbd76c41f280f18826bbdd118dd36d32273d57a9e97fd1";
const MD5: [&str; 2] = ["09331de0342b059d0216b0a83c62dc28", "58072741ea3ce2e46f6e53c1d2b3f970"];

const TEXT: [(&str, &str); 10] = [
    ("type", "text"),
    ("api-key", "abcd1234"),
    ("keyword", "THANK"),
    ("message-timestamp", "2026-11-23 15:00:00"),
    ("messageId", "0A0000000123ABCD1"),
    ("msisdn", "447700900001"),
    ("nonce", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"),
    ("text", "Thank you & see you = 9"),
    ("timestamp", "1795446000"),
    ("to", "447700900000"),
];

fn form(fields: &[(&str, &str)], signature: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).append_pair("sig", signature).finish()
}

fn inspect(url: &str, body: &str) -> WebhookReading {
    inspect_webhook("vonage", url, &[], SECRET, body.as_bytes())
}

fn events(reading: &WebhookReading) -> Value {
    serde_json::to_value(&reading.events).expect("JSON")
}

/// Signs as the provider would, and inspects.
fn signed_events(fields: &[(&str, &str)]) -> WebhookReading {
    let all: Fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signature = sign(&SecretString::from(SECRET), Method::Sha256, &all).to_uppercase();
    inspect(URL, &form(fields, &signature))
}

#[test]
fn every_signature_of_the_provider_is_believed_in_every_way_it_is_carried() {
    let expected = json!([{
        "event": "text", "id": "0A0000000123ABCD1", "from": "447700900001", "to": "447700900000",
        "body": "Thank you & see you = 9", "media": 0, "part": null,
    }]);
    for signature in [SHA1, SHA256, SHA512, &SHA256.to_uppercase()] {
        let form = form(&TEXT, signature);
        let object: BTreeMap<_, _> = TEXT.into_iter().chain([("sig", signature)]).collect();
        let json = serde_json::to_string(&object).expect("JSON");

        for reading in [inspect(URL, &form), inspect(&format!("{URL}?{form}"), ""), inspect(URL, &json)] {
            assert!(reading.accepted, "{signature}: {}", reading.reason);
            assert_eq!(events(&reading), expected);
        }
    }
}

#[test]
fn whatever_was_changed_or_not_signed_is_refused() {
    let good = form(&TEXT, SHA256);
    for (what, body) in [
        ("a changed letter", good.replace("Thank+you", "Thank+yov")),
        ("a removed field", form(&TEXT[1..], SHA256)),
        ("an added field", format!("{good}&concat=true")),
        ("a field twice", format!("{good}&to=447700900000")),
        ("another algorithm", form(&TEXT, SHA512).replace(SHA512, &SHA512[..64])),
        ("no signature", form(&TEXT, "")),
        ("an odd signature", form(&TEXT, &SHA256[1..])),
        ("no hexadecimal", form(&TEXT, &SHA256.replace('5', "x"))),
        ("nothing", String::new()),
        ("broken JSON", "{".to_owned()),
    ] {
        let reading = inspect(URL, &body);

        assert_eq!((reading.accepted, reading.events.len()), (false, 0), "{what}");
    }
}

#[test]
fn every_vector_is_believed_by_its_own_method_and_no_change_to_it_by_any() {
    let secret = SecretString::from(SECRET);
    let vectors = [
        (Method::Md5Hash, MD5[0]),
        (Method::Md5, MD5[1]),
        (Method::Sha1, SHA1),
        (Method::Sha256, SHA256),
        (Method::Sha512, SHA512),
    ];
    for (method, signature) in vectors {
        let good = form(&TEXT, signature);
        let all: Fields =
            TEXT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(sign(&secret, method, &all), signature);
        for by in Method::WEAK.into_iter().chain(Method::ALL) {
            let read = verify(&secret, Some(by), URL, good.as_bytes());

            assert_eq!(read.as_ref() == Ok(&all), by == method, "{signature} by {by}: {read:?}");
        }
        for (what, body) in [
            ("the words", good.replace("Thank+you", "Thank+yov")),
            ("the nonce", good.replace("bbbb", "bbbc")),
            ("the time", good.replace("1795446000", "1795446001")),
            ("the number", good.replace("447700900001", "447700900002")),
            ("a letter's case", good.replace("THANK", "Thank")),
            ("one field less", form(&TEXT[1..], signature)),
            ("one field more", format!("{good}&concat=true")),
            ("a digit of the signature", form(&TEXT, &flipped(signature))),
            ("a shorter signature", form(&TEXT, &signature[2..])),
        ] {
            assert_ne!(body, good, "{what}");
            assert!(verify(&secret, Some(method), URL, body.as_bytes()).is_err(), "{what} by {method}");
        }
        let other = SecretString::from("abcdefghijklmnop0123456789ABCDEG");
        assert!(verify(&other, Some(method), URL, good.as_bytes()).is_err());
    }
    for (signature, by) in MD5.iter().flat_map(|signature| Method::ALL.map(|by| (signature, by))) {
        let why = verify(&secret, Some(by), URL, form(&TEXT, signature).as_bytes()).expect_err("MD5");

        assert!(why.1.contains("MD5"), "{why:?}");
    }
}

/// The same with another last digit.
fn flipped(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

#[test]
fn md5_by_leave_is_right_for_a_secret_longer_than_a_block_too() {
    let secret = SecretString::from("\u{a}".repeat(80));
    let text = Fields::from([("text".to_owned(), "x".to_owned())]);

    // HMAC-MD5 of "&text=x" under a key longer than a block, as Python's hmac module gives it.
    assert_eq!(sign(&secret, Method::Md5, &text), "ea09ea4fc44777c82f699589d96ab012");
}

#[test]
fn md5_is_not_accepted_and_the_reason_says_what_to_do() {
    for signature in MD5 {
        let reading = inspect(URL, &form(&TEXT, signature));

        assert!(!reading.accepted && reading.reason.contains("SHA-256"), "{}", reading.reason);
    }
}

#[test]
fn a_part_of_a_long_text_says_which_it_is() {
    let parts = [("concat", "true"), ("concat-ref", "203"), ("concat-total", "3"), ("concat-part", "2")];

    let reading = signed_events(&[&TEXT[..], &parts].concat());

    let Some(part) = events(&reading).pointer("/0/part").cloned() else { panic!("{reading:?}") };
    assert_eq!(part, json!({"of": "203", "number": 2, "total": 3}));
}

#[test]
fn a_part_that_cannot_be_one_is_signed_but_tells_of_nothing() {
    for (number, total) in [("0", "3"), ("4", "3"), ("x", "3"), ("", ""), ("1", "99999")] {
        let parts =
            [("concat", "true"), ("concat-ref", "203"), ("concat-total", total), ("concat-part", number)];

        let reading = signed_events(&[&TEXT[..], &parts].concat());

        assert_eq!((reading.accepted, reading.events.len()), (true, 0), "{number} of {total}");
    }
}

#[test]
fn a_delivery_receipt_says_how_far_a_message_has_come() {
    for (status, code, progress) in [
        ("accepted", "0", "sent"),
        ("buffered", "0", "sent"),
        ("delivered", "0", "delivered"),
        ("expired", "2", "failed"),
        ("failed", "9", "failed"),
        ("rejected", "0", "failed"),
        ("unknown", "1", "accepted"),
    ] {
        let fields =
            [("messageId", "0A01"), ("msisdn", "447700900001"), ("status", status), ("err-code", code)];

        let reading = signed_events(&fields);

        let code = Some(code).filter(|code| *code != "0");
        let expected = json!([{"event": "receipt", "id": "0A01", "status": status, "progress": progress, "code": code, "ours": null}]);
        assert_eq!(events(&reading), expected);
    }
}

#[test]
fn the_time_is_read_as_utc() {
    assert_eq!(time("2026-11-23 15:00:00").map(Timestamp::as_second), Some(1_795_446_000));
    assert_eq!(time("23 Nov"), None);
}
