//! The stand-in itself: as strict as the provider, or tests against it prove nothing.

use liaison_channels::fakes::twilio::TwilioFake;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use crate::{CARER, WORDS};

fn request(fake: &TwilioFake, token: &str) -> RequestBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", fake.base_url(), TwilioFake::ACCOUNT);
    client.post(url).basic_auth(TwilioFake::ACCOUNT, Some(token))
}

async fn post(fake: &TwilioFake, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = request(fake, TwilioFake::TOKEN).form(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn list(fake: &TwilioFake, query: &str) -> (u16, String) {
    let url =
        format!("{}/2010-04-01/Accounts/{}/Messages.json?{query}", fake.base_url(), TwilioFake::ACCOUNT);
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::builder().no_proxy().build().unwrap();
    let question = client.get(url).basic_auth(TwilioFake::ACCOUNT, Some(TwilioFake::TOKEN));
    let answer = question.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn whatever_is_not_documented_is_refused_and_noted() {
    let fake = TwilioFake::start().unwrap();
    let (to, from, body) = (("To", CARER), ("From", TwilioFake::NUMBER), ("Body", WORDS));
    let long = "a".repeat(1_601);
    let cases: &[(u64, &[(&str, &str)])] = &[
        (21_604, &[from, body]),
        (21_603, &[to, body]),
        (21_602, &[to, from]),
        (21_602, &[to, from, ("Body", "")]),
        (20_001, &[to, from, body, ("MessagingServiceSid", TwilioFake::SERVICE)]),
        (20_001, &[to, from, body, body]),
        (20_001, &[to, from, body, ("IdempotencyKey", "1")]),
        (20_001, &[to, from, body, ("ContentRetention", "forget")]),
        (20_001, &[to, from, body, ("ValidityPeriod", "36001")]),
        (21_609, &[to, from, body, ("StatusCallback", "liaison")]),
        (21_211, &[("To", "07700900123"), from, body]),
        (21_606, &[to, ("From", "+447700900999"), body]),
        (21_617, &[to, from, ("Body", &long)]),
        (21_211, &[("To", "+15005550001"), from, body]),
        (21_612, &[("To", "+15005550002"), from, body]),
        (21_408, &[("To", "+15005550003"), from, body]),
        (21_610, &[("To", "+15005550004"), from, body]),
        (21_614, &[("To", "+15005550009"), from, body]),
        (21_212, &[to, ("From", "+15005550001"), body]),
        (21_606, &[to, ("From", "+15005550007"), body]),
        (21_611, &[to, ("From", "+15005550008"), body]),
    ];

    for (code, form) in cases {
        let (status, answer) = post(&fake, form).await;

        assert_eq!((status, answer["code"].as_u64()), (400, Some(*code)), "{form:?}");
    }
    assert_eq!((fake.messages().len(), fake.complaints().len()), (0, cases.len()));
}

#[tokio::test]
async fn what_is_documented_is_taken() {
    let fake = TwilioFake::start().unwrap();

    let (status, answer) = post(&fake, &[("To", CARER), ("From", "+15005550006"), ("Body", WORDS)]).await;

    assert_eq!((status, answer["sid"].as_str()), (201, Some(fake.messages()[0].sid.as_str())));
    assert_eq!(answer["status"], "queued");
}

#[tokio::test]
async fn another_login_or_content_type_is_refused() {
    let fake = TwilioFake::start().unwrap();

    let login = request(&fake, "another").send().await.unwrap().status();
    let json = request(&fake, TwilioFake::TOKEN).header("content-type", "application/json").body("{}");
    let json = json.send().await.unwrap().status();

    assert_eq!((login.as_u16(), json.as_u16()), (401, 400));
}

#[tokio::test]
async fn a_text_taken_twice_is_noticed() {
    let fake = TwilioFake::start().unwrap();
    let form = [("To", CARER), ("From", TwilioFake::NUMBER), ("Body", WORDS)];

    post(&fake, &form).await;
    assert_eq!(fake.doubled(), []);
    post(&fake, &form).await;

    assert_eq!(fake.doubled(), [(CARER.to_owned(), WORDS.to_owned())]);
}

#[tokio::test]
async fn a_text_from_a_carer_is_listed_and_is_none_of_ours() {
    let fake = TwilioFake::start().unwrap();
    let sid = fake.arrive(CARER, WORDS, 1).sid;
    let (status, found) = list(&fake, "To=%2B447700900456&DateSent%3E=2020-01-01").await;
    let (_, nobody) = list(&fake, "DateSent%3E=2999-01-01").await;
    let (wrong, _) = list(&fake, "DateSent%3E=yesterday").await;

    assert_eq!((status, wrong), (200, 400));
    assert!(found.contains(&sid) && found.contains("\"direction\":\"inbound\""), "{found}");
    assert!(found.contains("\"num_media\":\"1\"") && !nobody.contains(&sid));
    assert_eq!((fake.messages(), fake.arrived().len()), (Vec::new(), 1));
}
