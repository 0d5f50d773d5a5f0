//! The stand-in itself: as strict as the provider, or tests against it prove nothing.

use liaison_channels::fakes::vonage::VonageFake;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use crate::{CARER, WORDS};

fn request(fake: &VonageFake, secret: &str) -> RequestBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::builder().no_proxy().build().unwrap();
    client.post(format!("{}/sms/json", fake.base_url())).basic_auth(VonageFake::KEY, Some(secret))
}

async fn post(fake: &VonageFake, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = request(fake, VonageFake::SECRET).form(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn whatever_is_not_documented_is_refused_and_noted() {
    let fake = VonageFake::start().unwrap();
    let (to, from, text) = (("to", "447700900123"), ("from", "447700900456"), ("text", WORDS));
    let (long, reference) = ("a".repeat(3_201), "a".repeat(41));
    let callback = format!("https://{}.example/", "a".repeat(90));
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("2", &[from, text]),
        ("2", &[to, text]),
        ("2", &[to, from]),
        ("3", &[("to", CARER), from, text]),
        ("3", &[("to", "07700900123"), from, text]),
        ("15", &[to, ("from", "447700900999"), text]),
        ("15", &[to, ("from", "+447700900456"), text]),
        ("12", &[to, from, ("text", "")]),
        ("12", &[to, from, ("text", &long)]),
        ("3", &[to, from, text, text]),
        ("3", &[to, from, text, ("idempotency-key", "1")]),
        ("3", &[to, from, text, ("type", "binary")]),
        ("3", &[to, from, text, ("client-ref", &reference)]),
        ("23", &[to, from, text, ("callback", "liaison")]),
        ("23", &[to, from, text, ("callback", &callback)]),
        ("3", &[to, from, text, ("ttl", "19999")]),
        ("3", &[to, from, text, ("ttl", "604800001")]),
        ("3", &[to, from, text, ("status-report-req", "perhaps")]),
    ];

    for (status, form) in cases {
        let (http, answer) = post(&fake, form).await;

        assert_eq!((http, answer["messages"][0]["status"].as_str()), (200, Some(*status)), "{form:?}");
    }
    assert_eq!((fake.messages().len(), fake.complaints().len()), (0, cases.len()));
}

#[tokio::test]
async fn what_is_documented_is_taken_part_by_part() {
    let fake = VonageFake::start().unwrap();
    let words = "a".repeat(161);

    let (http, answer) =
        post(&fake, &[("to", "447700900123"), ("from", "Hill School"), ("text", &words)]).await;

    let taken = fake.messages().remove(0);
    assert_eq!((http, answer["message-count"].as_str()), (200, Some("2")));
    assert_eq!(answer["messages"][1]["message-id"].as_str(), Some(taken.ids[1].as_str()));
    assert_eq!((taken.to.as_str(), taken.body), (CARER, words));
}

#[tokio::test]
async fn a_text_without_its_type_loses_its_letters() {
    let fake = VonageFake::start().unwrap();

    post(&fake, &[("to", "447700900123"), ("from", "447700900456"), ("text", "Dzień 😀")]).await;

    assert_eq!(fake.messages()[0].body, "Dzie? ?");
}

#[tokio::test]
async fn another_login_or_content_type_is_refused() {
    let fake = VonageFake::start().unwrap();
    let status = async |request: RequestBuilder| {
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["messages"][0]["status"].clone()
    };

    let login = status(request(&fake, "another").form(&[("to", "447700900123")])).await;
    let json = status(request(&fake, VonageFake::SECRET).json(&["to"])).await;

    assert_eq!((login, json), ("4".into(), "3".into()));
}

#[tokio::test]
async fn a_text_taken_twice_is_noticed() {
    let fake = VonageFake::start().unwrap();
    let form = [("to", "447700900123"), ("from", "447700900456"), ("text", WORDS)];

    post(&fake, &form).await;
    assert_eq!(fake.doubled(), []);
    post(&fake, &form).await;

    assert_eq!(fake.doubled(), [(CARER.to_owned(), WORDS.to_owned())]);
}
