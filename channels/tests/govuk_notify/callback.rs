//! What Notify posts: what is believed, and what it says.

use liaison_channels::{
    Sender,
    conformance::Post,
    fakes::govuk_notify::GovukNotifyFake,
    govuk_notify,
    inbound::{Event, read_text},
    receipt::{FailedAs, Forgery, NotBelieved, Progress, Receipt},
};
use serde_json::{Value, json};

use crate::{CARER, Scene, WORDS, text};

fn events(scene: &Scene, post: &Post) -> Result<Vec<Event>, NotBelieved> {
    scene.notify.callback().unwrap().events(&post.posted())
}

fn authorized(value: &str) -> Post {
    let mut post = GovukNotifyFake::post(&receipt("delivered"));
    post.headers = vec![("authorization".to_owned(), value.to_owned())];
    post
}

fn receipt(status: &str) -> Value {
    json!({"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": null, "to": "07700900123", "status": status,
        "notification_type": "sms"})
}

#[tokio::test]
async fn a_receipt_tells_which_text_has_come_how_far() {
    let scene = Scene::new();
    let text = text();
    let taken = scene.notify.send(&text).await.unwrap().reference;

    for (status, progress) in [
        ("created", Progress::Accepted),
        ("sending", Progress::Sent),
        ("pending", Progress::Sent),
        ("sent", Progress::Sent),
        ("delivered", Progress::Delivered),
        ("permanent-failure", Progress::Failed(FailedAs::BadAddress)),
        ("temporary-failure", Progress::Failed(FailedAs::Temporary)),
        ("technical-failure", Progress::Failed(FailedAs::Temporary)),
        ("of-tomorrow", Progress::Accepted),
    ] {
        let post = scene.fake.receipt(&taken.0, status).unwrap();

        let told = events(&scene, &post).unwrap();

        let expected = Receipt {
            reference: taken.clone(),
            ours: Some(text.reference()),
            progress,
            status: status.to_owned(),
            code: None,
        };
        assert_eq!(told, [Event::Receipt(expected)]);
    }
}

#[test]
fn the_schools_token_proves_a_post_and_nothing_else_does() {
    let scene = Scene::new();
    let token = GovukNotifyFake::CALLBACK_TOKEN;
    for (value, believed) in [
        (format!("Bearer {token}"), true),
        (format!("bearer {token}"), true),
        (token.to_owned(), false),
        (format!("Basic {token}"), false),
        (format!("Bearer {token}x"), false),
        (format!("Bearer x{token}"), false),
        (format!("Bearer {}", &token[1..]), false),
        (format!("Bearer {}", &token[..token.len() - 1]), false),
        (format!("Bearer {}", token.to_uppercase()), false),
        (format!("Bearer  {token}"), false),
        ("Bearer ".to_owned(), false),
        (String::new(), false),
    ] {
        let told = events(&scene, &authorized(&value));

        assert_eq!(told.is_ok(), believed, "{value:?}");
        assert!(believed || told == Err(NotBelieved::Forged(Forgery::Wrong)), "{value:?}");
    }
}

#[test]
fn without_a_token_in_the_settings_nothing_is_believed() {
    let scene = Scene::with(|config| config.callback_token_file = None);

    assert!(scene.notify.callback().is_none());
}

#[test]
fn a_posted_text_is_read_whole_with_its_time() {
    let scene = Scene::new();
    let received = scene.fake.arrive(CARER, WORDS);

    let told = events(&scene, &GovukNotifyFake::text_post(&received)).unwrap();

    let [Event::Text(kept)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((kept.text.reference.0.as_str(), kept.form), (received.id.as_str(), govuk_notify::POSTED));
    assert_eq!((kept.text.from.expose().as_str(), kept.text.to.expose().as_str()), (CARER, "07700900456"));
    assert_eq!((kept.text.body.expose().as_str(), kept.text.media), (WORDS, 0));
    assert_eq!(kept.text.sent_at.unwrap().as_microsecond(), received.created.as_microsecond());
    assert_eq!(read_text(kept.form, kept.raw.expose()).as_ref(), Some(&kept.text));
}

#[test]
fn receipts_of_what_else_the_service_sends_are_nothing_of_ours() {
    let scene = Scene::new();
    for kind in ["email", "letter"] {
        let mut post = receipt("delivered");
        post["notification_type"] = json!(kind);

        assert_eq!(events(&scene, &GovukNotifyFake::post(&post)), Ok(Vec::new()), "{kind}");
    }
}

#[test]
fn a_reference_that_is_not_ours_is_left_out() {
    let scene = Scene::new();
    let mut post = receipt("delivered");
    post["reference"] = json!("somebody else's");

    let told = events(&scene, &GovukNotifyFake::post(&post)).unwrap();

    assert!(matches!(told.as_slice(), [Event::Receipt(Receipt { ours: None, .. })]), "{told:?}");
}

#[test]
fn what_is_proved_but_not_in_the_documented_form_is_for_a_person() {
    let scene = Scene::new();
    let without = |name: &str, mut post: Value| {
        post.as_object_mut().unwrap().remove(name);
        post
    };
    let text = || {
        json!({"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "source_number": "447700900123",
            "destination_number": "07700900456", "message": "Yes", "date_received": "2026-11-23T17:15:30.000000Z"})
    };
    for post in [
        json!(null),
        json!([]),
        json!({}),
        without("id", receipt("delivered")),
        without("status", receipt("delivered")),
        without("notification_type", receipt("delivered")),
        receipt(""),
        receipt("07700900123 was not reached"),
        without("id", text()),
        without("message", text()),
        without("source_number", text()),
        json!({"id": "one", "source_number": "447700900123", "message": "Yes"}),
    ] {
        let told = events(&scene, &GovukNotifyFake::post(&post));

        assert!(matches!(told, Err(NotBelieved::Unreadable(_))), "{post}: {told:?}");
    }
    let page = Post { body: b"<html>".to_vec(), ..GovukNotifyFake::post(&json!({})) };
    assert!(matches!(events(&scene, &page), Err(NotBelieved::Unreadable(_))));
    assert_eq!(scene.notify.callback().unwrap().form(), govuk_notify::POSTED);
}
