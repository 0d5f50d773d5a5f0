//! The stand-in itself: as strict as the provider, or tests against it prove nothing.

use jiff::Timestamp;
use liaison_channels::fakes::govuk_notify::{GovukNotifyFake, token};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{CARER, Scene, WORDS, text_to};
use liaison_channels::Sender;

fn claims(iss: &str, ahead: i64) -> Value {
    json!({"iss": iss, "iat": Timestamp::now().as_second() + ahead})
}

fn good_token() -> String {
    token(&claims(GovukNotifyFake::SERVICE, 0), GovukNotifyFake::SECRET)
}

fn good() -> Value {
    json!({"phone_number": CARER, "template_id": GovukNotifyFake::TEMPLATE,
        "personalisation": {"words": WORDS}, "reference": "ours"})
}

async fn post(fake: &GovukNotifyFake, token: &str, body: &Value) -> (u16, Value) {
    post_to(fake, "sms", token, body).await
}

async fn post_to(fake: &GovukNotifyFake, kind: &str, token: &str, body: &Value) -> (u16, Value) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/v2/notifications/{kind}", fake.base_url())).bearer_auth(token);
    let answer = request.json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_token_is_believed_only_from_our_service_and_key_and_now() {
    let fake = GovukNotifyFake::start().unwrap();
    let (ours, secret) = (GovukNotifyFake::SERVICE, GovukNotifyFake::SECRET);
    for (claims, secret, status) in [
        (claims(ours, 0), secret, 201),
        (claims(ours, -28), secret, 201),
        (claims(ours, 28), secret, 201),
        (claims(ours, -32), secret, 403),
        (claims(ours, 32), secret, 403),
        (claims(GovukNotifyFake::TEMPLATE, 0), secret, 403),
        (claims(ours, 0), GovukNotifyFake::SERVICE, 403),
        (json!({"iss": ours}), secret, 403),
        (json!({"iat": Timestamp::now().as_second()}), secret, 403),
    ] {
        let (told, _) = post(&fake, &token(&claims, secret), &good()).await;

        assert_eq!(told, status, "{claims}");
    }
}

#[tokio::test]
async fn a_token_changed_at_any_place_is_refused() {
    let fake = GovukNotifyFake::start().unwrap();
    let token = good_token();
    for index in 0..token.len() {
        let changed: String = token
            .char_indices()
            .map(|(at, c)| {
                if at != index {
                    c
                } else if c == 'A' {
                    'Q'
                } else {
                    'A'
                }
            })
            .collect();

        let (status, _) = post(&fake, &changed, &good()).await;

        assert_eq!(status, 403, "{index}");
    }
    assert_eq!(fake.texts(), []);
}

#[tokio::test]
async fn whatever_is_not_documented_is_refused_and_noted() {
    let fake = GovukNotifyFake::start().unwrap();
    let with = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    let (invalid, bad) = ("ValidationError", "BadRequestError");
    for (error, body) in [
        (invalid, json!({"template_id": GovukNotifyFake::TEMPLATE})),
        (invalid, json!({"phone_number": CARER})),
        (invalid, with("idempotency_key", json!("1"))),
        (invalid, with("phone_number", json!("0770090012"))),
        (invalid, with("phone_number", json!("077009001234"))),
        (invalid, with("phone_number", json!("02079460018"))),
        (invalid, with("phone_number", json!("07700 90012x"))),
        (invalid, with("template_id", json!("plain"))),
        (invalid, with("reference", json!("a".repeat(1_001)))),
        (invalid, with("personalisation", json!({"words": "a", "name": "b"}))),
        (bad, with("phone_number", json!("07624123456"))),
        (bad, with("template_id", json!(GovukNotifyFake::SENDER))),
        (bad, with("sms_sender_id", json!(GovukNotifyFake::TEMPLATE))),
        (bad, with("personalisation", json!({}))),
        (bad, with("personalisation", json!({"words": " "}))),
        (bad, with("personalisation", json!({"words": "a".repeat(919)}))),
    ] {
        let before = fake.complaints().len();

        let (status, answer) = post(&fake, &good_token(), &body).await;

        assert_eq!((status, answer["errors"][0]["error"].as_str()), (400, Some(error)), "{body}");
        assert_eq!(fake.complaints().len(), before + 1, "{body}");
    }
    assert_eq!(fake.texts(), []);
}

#[tokio::test]
async fn a_letter_is_as_strictly_read() {
    let fake = GovukNotifyFake::start().unwrap();
    fake.letter_template("School", "((words))");
    let lines = json!({"address_line_1": "Amina Yusuf", "address_line_2": "4 Drama Lane",
        "address_line_3": "SW1A 1AA", "words": WORDS});
    let good =
        json!({"template_id": GovukNotifyFake::TEMPLATE, "personalisation": lines, "reference": "ours"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let line = |name: &str, value: &str| {
        let mut body = good.clone();
        body["personalisation"][name] = json!(value);
        body
    };
    let without = |name: &str| {
        let mut body = good.clone();
        body["personalisation"].as_object_mut().unwrap().remove(name);
        body
    };
    let (invalid, bad) = ("ValidationError", "BadRequestError");
    for (error, body) in [
        (invalid, json!({"template_id": GovukNotifyFake::TEMPLATE})),
        (invalid, with("postage", json!("first"))),
        (invalid, with("phone_number", json!(CARER))),
        (invalid, with("template_id", json!("plain"))),
        (invalid, with("reference", json!("a".repeat(1_001)))),
        (invalid, without("address_line_1")),
        (invalid, without("address_line_3")),
        (invalid, line("address_line_2", " ")),
        (invalid, line("address_line_2", "4 Drama Lane\nNorthfield")),
        (invalid, line("address_line_2", "улица")),
        (invalid, line("address_line_2", "(Flat 2)")),
        (invalid, line("address_line_2", "No fixed abode")),
        (invalid, line("address_line_3", "Northfield")),
        (invalid, line("address_line_3", "QX1 1AA")),
        (invalid, line("address_line_5", "SW1A 1AA")),
        (invalid, line("address_line_8", "SW1A 1AA")),
        (invalid, line("postcode", "SW1A 1AA")),
        (invalid, line("name", "Amina")),
        (bad, with("template_id", json!(GovukNotifyFake::SENDER))),
        (bad, without("words")),
        (bad, line("words", "")),
    ] {
        let before = fake.complaints().len();

        let (status, answer) = post_to(&fake, "letter", &good_token(), &body).await;

        assert_eq!((status, answer["errors"][0]["error"].as_str()), (400, Some(error)), "{body}");
        assert_eq!(fake.complaints().len(), before + 1, "{body}");
    }
    fake.template("sms", "Texts", "((words))");
    assert_eq!(post_to(&fake, "letter", &good_token(), &good).await.0, 400, "the template is for texts");
    assert_eq!(fake.texts(), []);
    fake.letter_template("School", "((words))");
    let (status, answer) = post_to(&fake, "letter", &good_token(), &good).await;
    assert_eq!((status, answer["content"].clone()), (201, json!({"body": WORDS, "subject": "School"})));
}

#[tokio::test]
async fn a_smoke_number_answers_as_if_all_were_well_and_nothing_is_kept() {
    let scene = Scene::new();
    scene.fake.smoke_numbers(true);

    let accepted = scene.notify.send(&text_to("07700 900000", WORDS)).await;

    assert!(accepted.is_ok());
    assert_eq!(scene.fake.texts(), []);
}
