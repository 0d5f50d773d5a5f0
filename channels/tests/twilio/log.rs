//! What was said on the wire, kept with each attempt.

use liaison_channels::{
    Sender,
    fakes::twilio::{Deed, Shape, TwilioFake},
    wire_log::WireLog,
};

use crate::{CARER, Scene, text};

fn lines(log: &WireLog) -> Vec<String> {
    let all = log.expose().join("\n");
    for hidden in [TwilioFake::TOKEN, "7700900123", "Swimming", "caf"] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
    log.expose().to_vec()
}

#[tokio::test]
async fn a_text_leaves_its_request_and_its_answer_behind() {
    let scene = Scene::new();

    let accepted = scene.twilio.send(&text()).await.unwrap();

    let lines = lines(&accepted.wire);
    let base = scene.fake.base_url();
    assert_eq!(lines[0], format!("> POST {base}/2010-04-01/Accounts/{}/Messages.json", TwilioFake::ACCOUNT));
    assert!(
        lines[1].contains("authorization: Basic …") && lines[1].contains("accept: application/json"),
        "{lines:#?}"
    );
    assert!(lines[2].starts_with("> To=…&From=…&Body=…"), "{lines:#?}");
    assert!(lines[3].starts_with("< HTTP 201 Created (") && lines[3].ends_with(" ms)"), "{lines:#?}");
    assert!(lines[4].starts_with("< content-type: application/json"), "{lines:#?}");
    let sid = format!("\"sid\":\"{}\"", accepted.reference.0);
    assert!(lines[5].contains(&sid) && lines[5].contains("\"body\":\"…\""), "{lines:#?}");
}

#[tokio::test]
async fn a_refusal_leaves_the_providers_code_and_a_cut_line_how_it_failed() {
    let scene = Scene::new();
    scene.fake.answer(CARER, 21_610, Shape::Problem);

    let refused = lines(&scene.fails(&text()).await.wire);
    scene.fake.forgive(CARER);
    scene.fake.next(1, Deed::Cut { took: true });
    let cut = lines(&scene.fails(&text()).await.wire);

    assert!(
        refused.iter().any(|line| line.starts_with("< ") && line.contains("\"code\":21610")),
        "{refused:#?}"
    );
    assert!(cut.last().unwrap().starts_with("! the line to Twilio was cut ("), "{cut:#?}");
}

#[tokio::test]
async fn a_look_up_leaves_every_page_behind() {
    let scene = Scene::new();
    let message = text();
    scene.twilio.send(&message).await.unwrap();

    let finding = scene.twilio.find(&scene.lookup(&message, &[])).await.unwrap();

    let lines = lines(&finding.wire);
    assert!(lines[0].starts_with("> GET ") && lines[0].ends_with("?To=…&PageSize=200"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("< HTTP 200 OK")), "{lines:#?}");
}
