//! Status callbacks: what is believed, and what it says.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, routing::post};
use liaison_channels::{
    Sender,
    fakes::twilio::{SignedPost, TwilioFake},
    inbound::Event,
    message::OurRef,
    receipt::{FailedAs, Forgery, NotBelieved, Progress, Receipt},
};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{Scene, text};

const URL: &str = "https://liaison.school.example/webhooks/texts/status?ref=0192f0c1a2b37c4d8e9f0a1b2c3d4e5f";

fn read(scene: &Scene, post: &SignedPost) -> Result<Vec<Receipt>, NotBelieved> {
    scene.twilio.callback().unwrap().events(&post.posted()).map(|events| {
        events
            .into_iter()
            .filter_map(|event| match event {
                Event::Receipt(receipt) => Some(receipt),
                Event::Text(_) => None,
            })
            .collect()
    })
}

fn fields() -> Vec<(&'static str, String)> {
    vec![
        ("AccountSid", TwilioFake::ACCOUNT.to_owned()),
        ("MessageSid", "SM0123456789abcdef0123456789abcdef".to_owned()),
        ("MessageStatus", "sent".to_owned()),
    ]
}

fn with(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    let others = fields().into_iter().filter(|(n, _)| *n != name);
    others.chain([(name, value.to_owned())]).collect()
}

#[tokio::test]
async fn a_callback_tells_which_text_has_come_how_far() {
    let scene = Scene::new();
    let text = text();
    let taken = scene.twilio.send(&text).await.unwrap();

    for (status, code, progress) in [
        ("queued", None, Progress::Accepted),
        ("sent", None, Progress::Sent),
        ("delivered", None, Progress::Delivered),
        ("undelivered", Some(30_003), Progress::Failed(FailedAs::Temporary)),
        ("undelivered", Some(30_006), Progress::Failed(FailedAs::BadAddress)),
        ("failed", Some(21_610), Progress::Failed(FailedAs::Stopped)),
    ] {
        let post = scene.fake.callback_request(&taken.reference.0, status, code).unwrap();

        let receipts = read(&scene, &post).unwrap();

        let expected = Receipt {
            reference: taken.reference.clone(),
            ours: Some(text.reference()),
            progress,
            status: status.to_owned(),
            code: code.map(|code| code.to_string()),
        };
        assert_eq!(receipts, [expected]);
    }
}

#[tokio::test]
async fn a_shared_key_proves_a_callback() {
    let scene = Scene::with(|config| {
        let file = config.auth_token_file.clone().unwrap().with_file_name("shared");
        std::fs::write(&file, "shared-secret\n").unwrap();
        config.webhook_key_files.insert("webhooks_sharedkey_1".to_owned(), file);
    });
    let taken = scene.twilio.send(&text()).await.unwrap();
    scene.fake.sign_with_shared_key("webhooks_sharedkey_1", "shared-secret");
    let good = scene.fake.callback_request(&taken.reference.0, "sent", None).unwrap();
    scene.fake.sign_with_shared_key("webhooks_sharedkey_1", "another");
    let bad = scene.fake.callback_request(&taken.reference.0, "sent", None).unwrap();

    assert_eq!(read(&scene, &good).unwrap().len(), 1);
    assert_eq!(read(&scene, &bad), Err(NotBelieved::Forged(Forgery::Wrong)));
}

#[test]
fn whatever_was_changed_on_the_way_is_not_believed() {
    let scene = Scene::new();
    let good = scene.fake.signed(URL.to_owned(), &fields());
    let other_ref = good.path_and_query.replace("5f", "60");
    let delivered = String::from_utf8(good.body.clone()).unwrap().replace("sent", "delivered");

    assert!(read(&scene, &good).is_ok());
    for changed in [
        SignedPost { path_and_query: other_ref, ..good.clone() },
        SignedPost { path_and_query: "/webhooks/texts/status".to_owned(), ..good.clone() },
        SignedPost { body: delivered.into_bytes(), ..good.clone() },
        SignedPost { body: Vec::new(), ..good.clone() },
        SignedPost { headers: Vec::new(), ..good.clone() },
    ] {
        let why = if changed.headers.is_empty() { Forgery::Missing } else { Forgery::Wrong };
        assert_eq!(read(&scene, &changed), Err(NotBelieved::Forged(why)), "{changed:?}");
    }
}

#[test]
fn a_signature_over_an_explicit_port_is_believed() {
    let scene = Scene::new();
    let post = scene.fake.signed(URL.replace(".example/", ".example:443/"), &fields());

    let receipts = read(&scene, &post).unwrap();

    let ours = Uuid::try_parse("0192f0c1a2b37c4d8e9f0a1b2c3d4e5f").unwrap();
    assert_eq!(receipts[0].ours, Some(OurRef(ours)));
}

#[test]
fn a_signed_request_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    let twice = [fields(), vec![("MessageStatus", "delivered".to_owned())]].concat();
    for (what, fields) in [
        ("another account", with("AccountSid", "AC00000000000000000000000000000000")),
        ("no message", with("MessageSid", "")),
        ("not a message's SID", with("MessageSid", "CA0123456789abcdef0123456789abcdef")),
        ("no status", with("MessageStatus", "")),
        ("not a word", with("MessageStatus", "sent to +447700900123")),
        ("two statuses", twice),
    ] {
        let post = scene.fake.signed(URL.to_owned(), &fields);

        let read = read(&scene, &post);

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn a_reference_that_is_not_ours_is_left_out() {
    let scene = Scene::new();
    let post = scene.fake.signed(URL.replace("0192f0c1", "x"), &fields());

    assert_eq!(read(&scene, &post).unwrap()[0].ours, None);
}

#[test]
fn the_answer_asks_the_provider_to_do_nothing() {
    let scene = Scene::new();

    assert_eq!(scene.twilio.callback().unwrap().answer(), ("text/xml", "<Response/>"));
}

#[test]
fn without_a_public_address_nothing_is_believed() {
    let scene = Scene::with(|config| config.public_url = None);

    assert!(scene.twilio.callback().is_none());
}

#[tokio::test]
async fn a_callback_through_a_proxy_is_believed() {
    let scene = Scene::with(|config| config.public_url = Some("https://school.example/liaison/".to_owned()));
    let taken = scene.twilio.send(&text()).await.unwrap();
    let seen = Arc::new(Mutex::new(None));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let keep = Arc::clone(&seen);
    let router = Router::new().route(
        "/liaison/webhooks/texts/status",
        post(async move |request: Request| {
            let (parts, body) = request.into_parts();
            let headers: Vec<_> =
                parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
            let body = axum::body::to_bytes(body, 10_000).await.unwrap().to_vec();
            // The proxy takes its own prefix away.
            let called = parts.uri.to_string().replace("/liaison", "");
            *keep.lock().unwrap() = Some((called, headers, body));
        }),
    );
    tokio::spawn(async { axum::serve(listener, router).await });

    let status = scene.fake.post_callback(&base, &taken.reference.0, "delivered", None).await;

    let (path_and_query, headers, body) = seen.lock().unwrap().take().unwrap();
    let post = SignedPost { url: String::new(), path_and_query, headers, body };
    assert_eq!(status, Ok(200));
    assert_eq!(read(&scene, &post).unwrap()[0].progress, Progress::Delivered);
}
