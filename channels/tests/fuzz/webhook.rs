//! Webhooks: each post is proved as its provider proves it, so that the reading behind the proof is reached, and then once
//! with the proof broken.
//!
//! A seed's first line is the provider and the address, the rest is the body.

use std::{collections::BTreeMap, path::Path, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use liaison_channels::{
    Sender,
    http::{Http, HttpConfig},
    inbound::{ArrivedText, Event, RawForm, read_text},
    inbound_reading::{EventReading, WebhookReading, inspect_webhook},
    message::ChannelId,
    private::Private,
    receipt::{NotBelieved, Posted},
    sinch,
    twilio::{self, signature::Algorithm},
    vonage::{self, signature::Method},
};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

const SECRET: &str = "a-secret_of-the-school-0123456789";

pub(crate) const WORDS: &[&str] = &[
    "twilio",
    "vonage",
    "sinch",
    "govuk_notify",
    "esendex",
    "firetext",
    "\n",
    "&",
    "=",
    "%",
    "%00",
    "%ff",
    "%ed%a0%80",
    "+",
    "\\ud800",
    "\\udc00\\ud800",
    "\\u0000",
    "\\u202e",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e999",
    "18446744073709551616",
    "\"from\":",
    "\"body\":",
    "\"id\":",
    "\"type\":\"mo_text\"",
    "From=",
    "Body=",
    "MessageSid=",
    "NumMedia=",
    "Body=&Body=",
    "msisdn=",
    "concat=true&concat-ref=1&concat-total=9&concat-part=0",
    "concat-total=65536",
    "<InboundMessage>",
    "</InboundMessage>",
    "<MessageText>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "&#x110000;",
    "<![CDATA[",
    "]]>",
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
    "source=",
    "message=",
    "+447700900123",
    "447700900123",
];

/// Names and values.
type Headers = Vec<(String, String)>;

/// The described providers as they are shipped, with secrets of ours.
static DESCRIBED: LazyLock<Vec<(Http, String, Headers)>> = LazyLock::new(|| {
    let login = format!("Basic {}", STANDARD.encode(format!("firetext:{SECRET}")));
    vec![
        (described("esendex"), format!("?{SECRET}"), vec![]),
        (described("firetext"), String::new(), vec![("authorization".to_owned(), login)]),
    ]
});

fn described(name: &str) -> Http {
    let secrets = TempDir::new().unwrap();
    let file = secrets.path().join("secret");
    std::fs::write(&file, SECRET).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../deploy/providers/{name}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    let text: String = text
        .split_inclusive('"')
        .map(|piece| {
            if piece.starts_with("/etc/liaison/") {
                format!("{}\"", file.display())
            } else {
                piece.to_owned()
            }
        })
        .collect();
    let mut all: toml::Table = toml::from_str(&text).unwrap();
    let mut section = all.remove("channels").unwrap()[name].as_table().unwrap().clone();
    section.remove("kind");
    let config: HttpConfig = section.try_into().unwrap();
    Http::open(ChannelId::parse(name).unwrap(), &config).unwrap()
}

pub(crate) fn fuzz(data: &[u8]) {
    let line = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (first, body) = data.split_at(line);
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    let first = String::from_utf8_lossy(first);
    let (kind, url) = first.split_once(' ').unwrap_or((&first, "/webhooks/x"));
    let (body, headers, url) = proved(kind, url, body);

    let reading = inspect_webhook(kind, &url, &headers, SECRET, &body);
    told(&reading);
    assert_eq!(
        reading,
        inspect_webhook(kind, &url, &headers, SECRET, &body),
        "read twice, it is not the same"
    );

    let forged = inspect_webhook(kind, &url, &headers, "another-secret-of-somebody-else", &body);
    assert!(!forged.accepted && forged.events.is_empty(), "a forged post is believed");
    told(&forged);

    for (http, query, headers) in DESCRIBED.iter() {
        for what in ["status", "text"] {
            by_description(http, &format!("/webhooks/{}/{what}{query}", http.id()), headers, &body);
        }
    }
    kept(&body);
}

/// Body, headers and address as the provider would send them.
fn proved(kind: &str, url: &str, body: &[u8]) -> (Vec<u8>, Headers, String) {
    let secret = SecretString::from(SECRET);
    let header = |name: &str, value: String| (name.to_owned(), value);
    let plain = |headers| (body.to_vec(), headers, url.to_owned());
    match kind {
        "twilio" => {
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            let signature = twilio::signature::sign(&secret, Algorithm::Sha1, url, &fields);
            plain(vec![header(twilio::signature::SIGNATURE, signature)])
        }
        "sinch" => {
            let (nonce, time) = ("01JA8B4A7BM43YGWSG9GBV067F", "1790000000");
            plain(vec![
                header(sinch::signature::SIGNATURE, sinch::signature::sign(&secret, body, nonce, time)),
                header(sinch::signature::ALGORITHM, sinch::signature::HMAC_SHA256.to_owned()),
                header(sinch::signature::NONCE, nonce.to_owned()),
                header(sinch::signature::TIMESTAMP, time.to_owned()),
            ])
        }
        "govuk_notify" => plain(vec![header("authorization", format!("Bearer {SECRET}"))]),
        "vonage" => (by_vonage(&secret, body), Vec::new(), url.to_owned()),
        _ => plain(Vec::new()),
    }
}

fn by_vonage(secret: &SecretString, body: &[u8]) -> Vec<u8> {
    let json: Option<BTreeMap<String, String>> = serde_json::from_slice(body).ok();
    if let Some(mut fields) = json {
        let signature = vonage::signature::sign(secret, Method::Sha256, &fields);
        fields.insert("sig".to_owned(), signature);
        return serde_json::to_vec(&Value::from_iter(fields)).unwrap();
    }
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let signature = vonage::signature::sign(secret, Method::Sha256, &fields);
    [body, b"&sig=", signature.as_bytes()].concat()
}

/// What is told, in words and in print, repeats neither secret nor number nor words.
fn told(reading: &WebhookReading) {
    assert!(reading.accepted || reading.events.is_empty(), "a refused post tells of something");
    let mut printed = reading.clone();
    assert!(!printed.reason.contains(SECRET), "the secret is told");
    for event in &mut printed.events {
        match event {
            EventReading::Text { id, part, .. } => (*id, *part) = (String::new(), None),
            EventReading::Receipt { .. } => {}
        }
    }
    let printed = format!("{printed:?}");
    for event in &reading.events {
        if let EventReading::Text { from, to, body, .. } = event {
            silent(&printed, &[from, to, body]);
        }
    }
    serde_json::to_string(reading).expect("a reading can be written");
}

fn silent(printed: &str, hidden: &[&Private<String>]) {
    for words in hidden.iter().map(|words| words.expose()).filter(|words| words.chars().count() > 9) {
        assert!(!printed.contains(words.as_str()), "personal data is printed");
    }
}

fn by_description(http: &Http, path_and_query: &str, headers: &[(String, String)], body: &[u8]) {
    let callback = http.callback().expect("it takes posts");
    let events = callback.events(&Posted { path_and_query, headers, body });
    assert!(!matches!(events, Err(NotBelieved::Forged(_))), "a proved post is called forged");
    for event in events.unwrap_or_default() {
        if let Event::Text(kept) = event {
            text(&kept.text);
            let again = read_text(kept.form, kept.raw.expose());
            assert_eq!(again.map(|again| again.body), Some(kept.text.body), "kept, it reads otherwise");
        }
    }
}

/// Bytes that are read again after they were kept, in each form.
fn kept(body: &[u8]) {
    for form in RawForm::all() {
        let read = read_text(form, body);
        assert_eq!(read, read_text(form, body), "read twice, it is not the same");
        read.iter().for_each(text);
    }
}

fn text(text: &ArrivedText) {
    let mut printed = text.clone();
    printed.reference.0.clear();
    printed.part = None;
    silent(&format!("{printed:?}"), &[&text.from, &text.to, &text.body]);
    let _ = text.sender();
}
