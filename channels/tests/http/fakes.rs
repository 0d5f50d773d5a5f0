//! The stand-ins themselves: as strict as their providers, or tests against them prove nothing.

use liaison_channels::fakes::{esendex::EsendexFake, firetext::FireTextFake};
use reqwest::Client;
use serde_json::Value;

fn client() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn firetext_refuses_and_notes_whatever_is_not_documented() {
    let fake = FireTextFake::start().unwrap();
    let good = [
        ("apiKey", FireTextFake::KEY),
        ("from", FireTextFake::NUMBER),
        ("to", "447700900123"),
        ("message", "Yes"),
        ("reference", "ours"),
        ("receipt", "https://liaison.school.example/"),
    ];
    let with = |name: &'static str, value: &'static str| {
        good.map(|(field, old)| (field, if field == name { value } else { old })).to_vec()
    };
    let all = good.to_vec();
    for (code, noted, form) in [
        (0, false, all.clone()),
        (1, false, with("apiKey", "another")),
        (2, true, with("to", "+447700900123")),
        (2, true, with("to", "07700900123")),
        (3, true, with("from", "+447700900456")),
        (99, true, with("message", "")),
        (99, true, with("reference", "")),
        (99, true, all[1..].to_vec()),
        (99, true, [all.as_slice(), &[("to", "447700900123")]].concat()),
        (99, true, [all.as_slice(), &[("schedule", "now")]].concat()),
    ] {
        let before = fake.complaints().len();
        let request = client().post(format!("{}/api/sendsms/json", fake.base_url())).form(&form);

        let answer: Value = request.send().await.unwrap().json().await.unwrap();

        assert_eq!(
            (answer["code"].as_u64(), fake.complaints().len() > before),
            (Some(code), noted),
            "{form:?}"
        );
    }
    assert_eq!(fake.texts().len(), 1);
}

#[tokio::test]
async fn esendex_refuses_and_notes_whatever_is_not_documented() {
    let fake = EsendexFake::start().unwrap();
    let good = "<messages><accountreference>EX0000000</accountreference><message><to>447700900123</to><body>Yes &amp; no\
                </body></message></messages>";
    for (status, password, body) in [
        (200, EsendexFake::PASSWORD, good.to_owned()),
        (401, "another", good.to_owned()),
        (400, EsendexFake::PASSWORD, good.replace("EX0000000", "EX0000001")),
        (400, EsendexFake::PASSWORD, good.replace("447700900123", "+447700900123")),
        (400, EsendexFake::PASSWORD, good.replace("Yes &amp; no", "")),
        (400, EsendexFake::PASSWORD, good.replace("&amp;", "&")),
        (400, EsendexFake::PASSWORD, good.replace("<to>", "<to a=\"b\">")),
        (400, EsendexFake::PASSWORD, good.replace("<to>", "<type>SMS</type><to>")),
        (400, EsendexFake::PASSWORD, good.replace("</messages>", "")),
        (400, EsendexFake::PASSWORD, format!("<!DOCTYPE a>{good}")),
    ] {
        let before = fake.complaints().len();
        let request = client()
            .post(format!("{}/v1.0/messagedispatcher", fake.base_url()))
            .basic_auth(EsendexFake::USERNAME, Some(password))
            .header("content-type", "application/xml");

        let answer = request.body(body.clone()).send().await.unwrap().status().as_u16();

        assert_eq!((answer, fake.complaints().len() > before), (status, status == 400), "{body}");
    }
    assert_eq!(fake.texts().len(), 1);
    assert_eq!(fake.texts()[0].words, "Yes & no");
}
