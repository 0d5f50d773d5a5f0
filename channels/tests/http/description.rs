//! Descriptions: what opens, and what is told about those that do not.

use liaison_channels::{
    Sender,
    http::{Http, HttpConfig},
    message::ChannelId,
    sender::{Carries, Found, Lookup},
    text::Alphabet,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::text;

fn secret() -> (TempDir, String) {
    let secrets = TempDir::new().unwrap();
    let file = secrets.path().join("secret");
    std::fs::write(&file, "a-secret_of-twenty-or-more").unwrap();
    let path = file.to_str().unwrap().to_owned();
    (secrets, path)
}

/// The least that opens.
fn least() -> Value {
    json!({"provider": "Post", "request": {"url": "https://post.example/texts", "content_type": "json",
        "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"}})
}

fn complaint(description: Value) -> String {
    let config: HttpConfig = serde_json::from_value(description).unwrap();
    let error = Http::open(ChannelId::parse("texts").unwrap(), &config).unwrap_err().to_string();
    assert!(error.starts_with("channel texts: "), "{error}");
    assert!(!error.contains("a-secret_of"), "{error}");
    error
}

fn with(place: &str, value: Value) -> Value {
    let mut description = least();
    let mut at = &mut description;
    for name in place.split('.') {
        at = &mut at[name];
    }
    *at = value;
    description
}

#[tokio::test]
async fn the_least_description_is_an_address_and_a_body() {
    let config: HttpConfig = serde_json::from_value(least()).unwrap();

    let http = Http::open(ChannelId::parse("texts").unwrap(), &config).unwrap();

    let limits = http.limits();
    assert_eq!(
        (limits.carries, limits.alphabet, limits.in_flight),
        (Carries::Text, Some(Alphabet::Unicode), 4)
    );
    assert!(!limits.can_be_answered && http.callback().is_none());
    assert!(http.probe().await.unwrap().contains("the login is untried"));
    let message = text();
    let lookup = Lookup {
        reference: message.reference(),
        message: &message,
        since: jiff::Timestamp::now(),
        known: &[],
    };
    assert_eq!(http.find(&lookup).await.unwrap().found, Found::CannotTell);
}

#[test]
fn an_unknown_word_is_an_error_wherever_it_stands() {
    for place in ["secret", "request.secret", "answer.secret", "login.secret", "probe.secret", "texts.secret"]
    {
        let mut description = with(place, json!("x"));
        if place.starts_with("login") {
            description["login"]["kind"] = json!("none");
        }

        let error = serde_json::from_value::<HttpConfig>(description);

        assert!(error.is_err(), "{place}");
    }
}

#[test]
fn each_problem_is_told_by_its_place() {
    let (_secrets, file) = secret();
    let receipts =
        json!({"content_type": "json", "id": "/id", "status": "/status", "statuses": {"x": "sent"}});
    let texts = json!({"content_type": "form", "id": "id", "from": "from", "text": "text"});
    let changed = |base: &Value, name: &str, value: Value| {
        let mut base = base.clone();
        base[name] = value;
        base
    };
    for (told, description) in [
        ("provider is empty", with("provider", json!(" "))),
        ("cost.pence_per_part", with("cost", json!({"pence_per_part": -1}))),
        ("request.url", with("request.url", json!("http://post.example/texts"))),
        ("request.url", with("request.url", json!("https://user:pass@post.example/"))),
        ("placeholder {words}", with("request.body", json!("{\"a\": \"{to} {text} {words}\"}"))),
        ("not JSON once", with("request.body", json!("{\"a\": {to}, \"b\": \"{text}\"}"))),
        ("{to} stands nowhere", with("request.body", json!("{\"a\": \"{text}\"}"))),
        ("{text} stands nowhere", with("request.body", json!("{\"a\": \"{to}\"}"))),
        ("a body and no fields", with("request.fields", json!({"a": "b"}))),
        ("fields and no body", with("request.content_type", json!("form"))),
        ("not well-formed XML", with("request.content_type", json!("xml"))),
        ("request.headers.authorization", with("request.headers", json!({"Authorization": "x"}))),
        ("not a header", with("request.headers", json!({"a b": "x"}))),
        ("{from} stands nowhere", with("from", json!("+447700900456"))),
        ("from must be a number", with("from", json!("The Hill Academy"))),
        ("from is not set", with("request.body", json!("{\"a\": \"{to} {text} {from}\"}"))),
        ("{secret} stands nowhere", with("login", json!({"kind": "field", "secret_file": file}))),
        ("login.kind is not field", with("request.body", json!("{\"a\": \"{to} {text} {secret}\"}"))),
        ("login.secret_file", with("login", json!({"kind": "bearer", "secret_file": "/nowhere/secret"}))),
        ("login.username", with("login", json!({"kind": "basic", "username": "a:b", "secret_file": file}))),
        ("login.name", with("login", json!({"kind": "header", "name": "a b", "secret_file": file}))),
        ("answer.id", with("answer.id", json!("id"))),
        ("answer.status", with("answer.status", json!([100, 299]))),
        ("belong together", with("answer.success_at", json!("/code"))),
        ("belong together", with("answer.success", json!(["0"]))),
        ("probe.url", with("probe.url", json!("post.example"))),
        ("only {secret}", with("probe", json!({"url": "https://post.example/", "fields": {"a": "{to}"}}))),
        ("proof is missing", with("texts", texts.clone())),
        ("neither receipts nor texts", with("proof", json!({"kind": "address", "secret_file": file}))),
        ("receipts.id is \"id\"", with("receipts", changed(&receipts, "id", json!("id")))),
        ("no text could be recognised", with("receipts", changed(&receipts, "id", Value::Null))),
        ("receipts.statuses is empty", with("receipts", changed(&receipts, "statuses", json!({})))),
        (
            "receipts.code says no place",
            with("receipts", changed(&receipts, "codes", json!({"1": "refused"}))),
        ),
        ("or else same_by", with("texts", changed(&texts, "id", Value::Null))),
        ("or else same_by", with("texts", changed(&texts, "same_by", json!(["from"])))),
        ("texts.from", with("texts", changed(&texts, "from", json!("/from")))),
        ("at least 20", with("proof", json!({"kind": "address", "secret_file": short(&file)}))),
        ("proof.username", with("proof", json!({"kind": "basic", "username": "", "secret_file": file}))),
        (
            "proof.header",
            with(
                "proof",
                json!({"kind": "hmac", "header": "a b", "algorithm": "sha256", "encoding": "hex",
                "secret_file": file}),
            ),
        ),
        ("per_second", with("per_second", json!(0.0))),
        ("in_flight", with("in_flight", json!(0))),
        ("connect_timeout_secs", with("connect_timeout_secs", json!(0))),
        ("answer_timeout_secs", with("answer_timeout_secs", json!(301))),
    ] {
        let error = complaint(description);

        assert!(error.contains(told), "{told}: {error}");
    }
}

fn short(file: &str) -> String {
    let path = format!("{file}-short");
    std::fs::write(&path, "nineteen-letters-ok").unwrap();
    path
}

#[test]
fn all_problems_are_told_at_once() {
    let mut description = with("request.url", json!("ftp://post.example"));
    description["request"]["body"] = json!("{\"a\": \"b\"}");
    description["in_flight"] = json!(0);

    let error = complaint(description);

    for told in ["request.url", "{to} stands nowhere", "{text} stands nowhere", "in_flight"] {
        assert!(error.contains(told), "{told}: {error}");
    }
}

#[test]
fn a_name_as_sender_cannot_be_answered() {
    let mut description = with("request.body", json!("{\"a\": \"{to} {text} {from}\"}"));
    description["from"] = json!("Hill School");
    description["can_be_answered"] = json!(true);

    assert!(complaint(description).contains("nobody can answer to a name"));
}

#[test]
fn a_channel_does_not_print_its_secrets() {
    let (_secrets, file) = secret();
    let config = with("login", json!({"kind": "bearer", "secret_file": file}));
    let config: HttpConfig = serde_json::from_value(config).unwrap();
    let http = Http::open(ChannelId::parse("texts").unwrap(), &config).unwrap();

    assert!(!format!("{http:?} {config:?}").contains("a-secret_of"));
}
