//! Receipts of our texts: what is believed, and what it says.

use liaison_channels::{
    Sender,
    fakes::vonage::{Carriage, SignedPost, Taken, VonageFake},
    inbound::Event,
    message::{OurRef, ProviderRef},
    receipt::{FailedAs, NotBelieved, Progress, Receipt},
};

use crate::{CARER, Scene, text, text_to};

const URL: &str = "https://liaison.school.example/webhooks/texts/status";

pub(crate) fn events(scene: &Scene, post: &SignedPost) -> Result<Vec<Event>, NotBelieved> {
    scene.vonage.callback().unwrap().events(&post.posted())
}

fn receipt(scene: &Scene, post: &SignedPost) -> Receipt {
    match events(scene, post).unwrap().remove(0) {
        Event::Receipt(receipt) => receipt,
        Event::Text(text) => panic!("{text:?}"),
    }
}

/// What the receipt of a part says.
fn told(scene: &Scene, taken: &Taken, part: usize, status: &str, code: &str) -> Receipt {
    receipt(scene, &scene.fake.receipt_request(taken, part, status, code).unwrap())
}

/// A long text, with the provider's parts of it.
async fn long(scene: &Scene) -> (OurRef, ProviderRef, Taken) {
    let text = text_to(CARER, &"a".repeat(400));
    let accepted = scene.vonage.send(&text).await.unwrap();
    (text.reference(), accepted.reference, scene.fake.messages().pop().unwrap())
}

#[tokio::test]
async fn a_receipt_tells_which_text_has_come_how_far() {
    let scene = Scene::new();
    let text = text();
    let accepted = scene.vonage.send(&text).await.unwrap();
    let taken = scene.fake.messages().remove(0);

    for (status, code, progress) in [
        ("accepted", "0", Progress::Sent),
        ("buffered", "0", Progress::Sent),
        ("delivered", "0", Progress::Delivered),
        ("expired", "2", Progress::Failed(FailedAs::Temporary)),
        ("failed", "3", Progress::Failed(FailedAs::BadAddress)),
        ("undelivered", "9", Progress::Failed(FailedAs::Stopped)),
        ("rejected", "0", Progress::Failed(FailedAs::Refused)),
        ("unknown", "1", Progress::Accepted),
    ] {
        let told = told(&scene, &taken, 0, status, code);

        let expected = Receipt {
            reference: accepted.reference.clone(),
            ours: Some(text.reference()),
            progress,
            status: status.to_owned(),
            code: Some(code).filter(|code| *code != "0").map(str::to_owned),
        };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_receipt_comes_in_a_form_in_json_or_in_the_address() {
    let scene = Scene::new();
    for by in Carriage::ALL {
        let fields = [("messageId", "0A01"), ("status", "delivered"), ("err-code", "0")]
            .map(|(name, value)| (name, value.to_owned()));

        let receipt = receipt(&scene, &scene.fake.signed(URL, &fields, by));

        assert_eq!(
            (receipt.reference.0.as_str(), receipt.progress, receipt.ours),
            ("0A01", Progress::Delivered, None)
        );
    }
}

#[tokio::test]
async fn a_long_text_is_delivered_when_its_last_part_is() {
    let scene = Scene::new();
    let (ours, name, taken) = long(&scene).await;

    let first = told(&scene, &taken, 0, "delivered", "0");
    let again = told(&scene, &taken, 0, "delivered", "0");
    let third = told(&scene, &taken, 2, "delivered", "0");
    let second = told(&scene, &taken, 1, "delivered", "0");

    for part in [&first, &again, &third] {
        assert_eq!((part.progress, part.status.as_str()), (Progress::Sent, "part_delivered"));
    }
    assert_eq!((second.progress, second.status.as_str()), (Progress::Delivered, "delivered"));
    for part in [first, again, third, second] {
        assert_eq!((part.reference, part.ours), (name.clone(), Some(ours)));
    }
}

#[tokio::test]
async fn a_long_text_fails_with_any_of_its_parts() {
    let scene = Scene::new();
    let (ours, name, taken) = long(&scene).await;

    let delivered = told(&scene, &taken, 0, "delivered", "0");
    let failed = told(&scene, &taken, 1, "failed", "12");

    assert_eq!(delivered.progress, Progress::Sent);
    assert_eq!((failed.progress, failed.reference), (Progress::Failed(FailedAs::BadAddress), name));
    assert_eq!((failed.ours, failed.status.as_str()), (Some(ours), "failed"));
}

#[tokio::test]
async fn after_a_restart_parts_of_a_long_text_never_add_up_to_more_than_came() {
    let scene = Scene::new();
    let (_, _, taken) = long(&scene).await;
    told(&scene, &taken, 0, "delivered", "0");
    let restarted = Scene::new();

    // Nobody here knows whether Vonage had taken every part: one that came says nothing of the whole, one that failed does.
    for part in [1, 2] {
        let told =
            events(&restarted, &restarted.fake.receipt_request(&taken, part, "delivered", "0").unwrap());
        assert_eq!(told, Ok(Vec::new()));
    }
    let failed = told(&restarted, &taken, 2, "failed", "9");

    assert!(matches!(failed.progress, Progress::Failed(_)), "{failed:?}");
}

#[tokio::test]
async fn receipts_of_a_torn_text_leave_it_to_a_person() {
    let scene = Scene::new();
    scene.fake.tear(1, 6);
    scene.fails(&text_to(CARER, &"a".repeat(400))).await;
    let taken = scene.fake.messages().remove(0);

    let read = events(&scene, &scene.fake.receipt_request(&taken, 0, "delivered", "0").unwrap());

    assert_eq!(read, Ok(Vec::new()));
}

#[test]
fn a_receipt_is_believed_whenever_it_was_signed_as_a_repeat_moves_nothing_backwards() {
    let scene = Scene::new();
    let fields = [("messageId", "0A01"), ("status", "failed"), ("err-code", "9")]
        .map(|(name, value)| (name, value.to_owned()));
    let long_ago = "2026-01-05T09:00:00Z".parse().unwrap();

    let post = scene.fake.signed_at(URL, &fields, Carriage::Form, "n", long_ago);

    assert_eq!(receipt(&scene, &post).progress, Progress::Failed(FailedAs::Stopped));
}

#[test]
fn a_reference_that_is_not_ours_is_left_out() {
    let scene = Scene::new();
    for reference in
        ["", "x", "0192f0c1a2b37c4d8e9f0a1b2c3d4e5f-1", "0192f0c1a2b37c4d8e9f0a1b2c3d4e5f-x", "-3"]
    {
        let fields = [("messageId", "0A01"), ("status", "delivered"), ("client-ref", reference)]
            .map(|(name, value)| (name, value.to_owned()));

        let receipt = receipt(&scene, &scene.fake.signed(URL, &fields, Carriage::Form));

        assert_eq!((receipt.ours, receipt.reference.0.as_str()), (None, "0A01"), "{reference}");
    }
}

#[test]
fn a_signed_receipt_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    for (what, fields) in [
        ("no message", vec![("status", "delivered")]),
        ("not a word", vec![("messageId", "0A01"), ("status", "sent to +447700900123")]),
        ("no code", vec![("messageId", "0A01"), ("status", "failed"), ("err-code", "9 07700")]),
        ("another account", vec![("messageId", "0A01"), ("status", "failed"), ("api-key", "another1")]),
    ] {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect();

        let read = events(&scene, &scene.fake.signed(URL, &fields, Carriage::Form));

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn without_a_public_address_nothing_is_believed() {
    let scene = Scene::with(|config| (config.public_url, config.signature_secret_file) = (None, None));

    assert!(scene.vonage.callback().is_none());
}

#[test]
fn what_is_answered_is_plain_and_empty() {
    let scene = Scene::new();

    assert_eq!(scene.vonage.callback().unwrap().answer(), ("text/plain; charset=utf-8", ""));
    assert_eq!(VonageFake::KEY.len(), 8);
}
