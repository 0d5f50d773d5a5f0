//! Reports on our texts: what is believed, and what it says.

use liaison_channels::{
    Sender,
    fakes::sinch::SinchFake,
    inbound::Event,
    receipt::{FailedAs, Forgery, NotBelieved, Progress, Receipt},
};
use serde_json::{Value, json};

use crate::{Scene, arrived::events, text};

const URL: &str = "https://liaison.school.example/webhooks/texts/status";

fn report() -> Value {
    json!({"type": "recipient_delivery_report_sms", "batch_id": "01FC66621XXXXX119Z8PMV1QPQ",
        "recipient": "447700900123", "status": "Delivered", "code": 0, "at": "2026-11-23T15:00:00.000Z"})
}

fn with(name: &str, value: Value) -> Value {
    let mut report = report();
    report[name] = value;
    report
}

#[tokio::test]
async fn a_report_tells_which_text_has_come_how_far() {
    let scene = Scene::new();
    let text = text();
    let taken = scene.sinch.send(&text).await.unwrap();

    for (status, code, progress) in [
        ("Queued", 400, Progress::Accepted),
        ("Dispatched", 401, Progress::Sent),
        ("Delivered", 0, Progress::Delivered),
        ("Aborted", 404, Progress::Failed(FailedAs::Temporary)),
        ("Aborted", 408, Progress::Failed(FailedAs::Refused)),
        ("Aborted", 413, Progress::Failed(FailedAs::Misconfigured)),
        ("Deleted", 7, Progress::Failed(FailedAs::Stopped)),
        ("Unknown", 0, Progress::Sent),
    ] {
        let post = scene.fake.report_request(&taken.reference.0, status, code).unwrap();

        let expected = Receipt {
            reference: taken.reference.clone(),
            ours: Some(text.reference()),
            progress,
            status: status.to_owned(),
            code: (code > 0).then(|| code.to_string()),
        };
        assert_eq!(events(&scene, &post), Ok(vec![Event::Receipt(expected)]));
    }
}

#[test]
fn a_report_is_believed_at_either_of_our_addresses_as_the_address_is_not_signed() {
    let scene = Scene::new();

    for url in [URL, &URL.replace("status", "text"), &format!("{URL}?ref=x")] {
        assert_eq!(events(&scene, &SinchFake::signed(url, &report())).unwrap().len(), 1, "{url}");
    }
}

#[test]
fn a_reference_that_is_not_ours_or_not_there_is_left_out() {
    let scene = Scene::new();
    for report in [report(), with("client_reference", json!("x")), with("client_reference", Value::Null)] {
        let events = events(&scene, &SinchFake::signed(URL, &report)).unwrap();

        let [Event::Receipt(receipt)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(receipt.ours, None);
    }
}

#[test]
fn reports_that_we_never_ask_for_are_answered_and_left_alone() {
    let scene = Scene::new();
    for kind in ["delivery_report_sms", "delivery_report_mms", "recipient_delivery_report_mms"] {
        let read = events(&scene, &SinchFake::signed(URL, &with("type", json!(kind))));

        assert_eq!(read, Ok(Vec::new()), "{kind}");
    }
}

#[test]
fn a_signed_report_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    for (what, report) in [
        ("no batch", with("batch_id", Value::Null)),
        ("a batch that is none", with("batch_id", json!("a b"))),
        ("no status", with("status", Value::Null)),
        ("not a word", with("status", json!("Delivered to +447700900123"))),
    ] {
        let read = events(&scene, &SinchFake::signed(URL, &report));

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn without_a_public_address_nothing_is_believed() {
    let scene = Scene::with(|config| (config.public_url, config.webhook_secret_file) = (None, None));

    assert!(scene.sinch.callback().is_none());
}

#[test]
fn a_report_changed_on_the_way_is_not_believed() {
    let scene = Scene::new();
    let good = SinchFake::signed(URL, &with("status", json!("Failed")));
    let body = String::from_utf8(good.body.clone()).unwrap().replace("Failed", "Delivered");

    let changed = liaison_channels::fakes::sinch::SignedPost { body: body.into_bytes(), ..good };

    assert_eq!(events(&scene, &changed), Err(NotBelieved::Forged(Forgery::Wrong)));
}
