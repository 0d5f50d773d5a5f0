//! The stand-in itself: as strict as the provider, or tests against it prove nothing.

use liaison_channels::fakes::sinch::SinchFake;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::{CARER, WORDS};

fn client() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy().build().unwrap()
}

fn url(fake: &SinchFake, rest: &str) -> String {
    format!("{}/xms/v1/{}{rest}", fake.base_url(), SinchFake::PLAN)
}

fn request(fake: &SinchFake, token: &str) -> RequestBuilder {
    client().post(url(fake, "/batches")).bearer_auth(token)
}

async fn post(fake: &SinchFake, body: &Value) -> (u16, Value) {
    let answer = request(fake, SinchFake::TOKEN).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn list(fake: &SinchFake, rest: &str) -> (u16, Value) {
    let answer = client().get(url(fake, rest)).bearer_auth(SinchFake::TOKEN).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn good() -> Value {
    json!({"type": "mt_text", "to": [CARER], "from": SinchFake::NUMBER, "body": WORDS})
}

fn with(name: &str, value: Value) -> Value {
    let mut body = good();
    body[name] = value;
    body
}

fn without(name: &str) -> Value {
    let mut body = good();
    body.as_object_mut().unwrap().remove(name);
    body
}

#[tokio::test]
async fn whatever_is_not_documented_is_refused_and_noted() {
    let fake = SinchFake::start().unwrap();
    let (format, constraint) = ("syntax_invalid_parameter_format", "syntax_constraint_violation");
    let cases = [
        (400, "syntax_invalid_json", json!([])),
        (400, "syntax_invalid_json", with("idempotency_key", json!("x"))),
        (400, constraint, without("to")),
        (400, constraint, with("to", json!([CARER, "+447700900124"]))),
        (400, format, with("to", json!(["07700900123"]))),
        (400, constraint, without("from")),
        (403, "unknown_campaign", with("from", json!("+447700900999"))),
        (400, constraint, without("body")),
        (400, constraint, with("body", json!("a".repeat(2001)))),
        (400, constraint, without("type")),
        (400, constraint, with("type", json!("mt_binary"))),
        (400, constraint, with("truncate_concat", json!(false))),
        (400, constraint, with("delivery_report", json!("all"))),
        (403, "missing_callback_url", with("delivery_report", json!("per_recipient"))),
        (400, format, with("callback_url", json!("liaison"))),
        (400, format, with("expire_at", json!("tomorrow"))),
        (400, constraint, with("expire_at", json!("2020-01-01T00:00:00.000Z"))),
        (400, constraint, with("expire_at", json!("2999-01-01T00:00:00.000Z"))),
        (400, constraint, with("max_number_of_message_parts", json!(0))),
        (400, constraint, with("client_reference", json!(""))),
    ];

    for (status, code, body) in &cases {
        let (given, answer) = post(&fake, body).await;

        assert_eq!((given, answer["code"].as_str()), (*status, Some(*code)), "{body}");
    }
    assert_eq!((fake.batches().len(), fake.complaints().len()), (0, cases.len()));
}

#[tokio::test]
async fn what_is_documented_is_taken_and_listed() {
    let fake = SinchFake::start().unwrap();
    let mut body = with("client_reference", json!("ours"));
    body["from"] = "Hill School".into();

    let (status, answer) = post(&fake, &body).await;
    let (_, ours) = list(&fake, "/batches?client_reference=ours").await;
    let (_, others) = list(&fake, "/batches?client_reference=others").await;
    let (wrong, _) = list(&fake, "/batches?reference=ours").await;
    let (large, _) = list(&fake, "/batches?page_size=101").await;
    let (date, _) = list(&fake, "/inbounds?start_date=yesterday").await;

    assert_eq!((status, answer["id"].as_str()), (201, Some(fake.batches()[0].id.as_str())));
    assert_eq!((ours["batches"][0]["id"].clone(), ours["count"].clone()), (answer["id"].clone(), json!(1)));
    assert_eq!((others["count"].clone(), wrong, large, date), (json!(0), 400, 400, 400));
}

#[tokio::test]
async fn a_rehearsal_counts_and_takes_nothing() {
    let fake = SinchFake::start().unwrap();
    let rehearse = client().post(url(&fake, "/batches/dry_run")).bearer_auth(SinchFake::TOKEN).json(&good());

    let answer: Value = rehearse.send().await.unwrap().json().await.unwrap();

    assert_eq!((answer["number_of_messages"].as_u64(), fake.batches().len()), (Some(1), 0));
}

#[tokio::test]
async fn another_token_plan_or_content_type_is_refused() {
    let fake = SinchFake::start().unwrap();
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();

    let token = status(request(&fake, "another").json(&good())).await;
    let elsewhere = client().post(url(&fake, "/batches").replace(SinchFake::PLAN, "another"));
    let plan = status(elsewhere.bearer_auth(SinchFake::TOKEN).json(&good())).await;
    let form = status(request(&fake, SinchFake::TOKEN).form(&[("to", CARER)])).await;

    assert_eq!((token, plan, form), (401, 404, 400));
}

#[tokio::test]
async fn a_text_taken_twice_is_noticed() {
    let fake = SinchFake::start().unwrap();

    post(&fake, &good()).await;
    assert_eq!(fake.doubled(), []);
    post(&fake, &good()).await;

    assert_eq!(fake.doubled(), [(CARER.to_owned(), WORDS.to_owned())]);
}
