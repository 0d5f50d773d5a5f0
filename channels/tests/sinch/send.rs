//! Handing a text over, and every way in which that fails.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::sinch::{Deed, SinchFake},
    message::ProviderRef,
    sinch::codes,
};
use serde_json::{Value, json};

use crate::{CARER, OTHER, Scene, WORDS, text, text_to};

const THROTTLED: Fault = Fault::Throttled { wait: None };

/// The provider's documented codes, and whose turn it is after each.
const CODES: &[(u16, &str, Fault)] = &[
    (400, "syntax_invalid_json", Fault::Refused),
    (400, "syntax_invalid_parameter_format", Fault::Refused),
    (400, "syntax_constraint_violation", Fault::Refused),
    (403, "unknown_group", Fault::BadAddress),
    (403, "unknown_campaign", Fault::Misconfigured),
    (403, "missing_callback_url", Fault::Misconfigured),
];

fn refuse(status: u16, code: &str) -> Deed {
    Deed::Refuse { status, code: code.to_owned() }
}

#[tokio::test]
async fn a_text_is_taken_and_named() {
    let scene = Scene::new();
    let text = text();

    let accepted = scene.sinch.send(&text).await.unwrap();

    let taken = scene.fake.batches();
    assert_eq!(taken.len(), 1);
    assert_eq!(accepted.reference, ProviderRef(taken[0].id.clone()));
    assert_eq!(accepted.said, "HTTP 201 taken");
    let expected = json!({
        "type": "mt_text",
        "to": [CARER],
        "from": SinchFake::NUMBER,
        "body": WORDS,
        "delivery_report": "per_recipient",
        "client_reference": text.reference().to_string(),
        "callback_url": "https://liaison.school.example/webhooks/texts/status",
        "max_number_of_message_parts": 10,
    });
    assert_eq!(Value::from(taken[0].fields.clone()), expected);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn settings_become_members() {
    let scene = Scene::with(|config| {
        config.from = "Hill School".to_owned();
        (config.public_url, config.webhook_secret_file) = (None, None);
        config.validity_secs = Some(259_200);
        config.max_parts = 3;
    });
    let before = Timestamp::now();

    scene.sinch.send(&text()).await.unwrap();

    let fields = scene.fake.batches().remove(0).fields;
    let until: Timestamp = fields["expire_at"].as_str().unwrap().parse().unwrap();
    let off = until.duration_since(before) - SignedDuration::from_hours(72);
    assert!(off.abs() < SignedDuration::from_secs(10), "{off:?}");
    assert_eq!((&fields["from"], &fields["max_number_of_message_parts"]), (&json!("Hill School"), &json!(3)));
    assert_eq!(fields["delivery_report"], "none", "nobody is there to be told");
    assert!(!fields.contains_key("callback_url") && !fields.contains_key("truncate_concat"));
}

#[tokio::test]
async fn a_text_of_too_many_parts_is_refused_before_anything_is_said() {
    let scene = Scene::with(|config| config.max_parts = 2);
    let (two, three) = ("ą".repeat(134), "ą".repeat(135));

    let fits = scene.sinch.send(&text_to(CARER, &two)).await;
    let error = scene.fails(&text_to(CARER, &three)).await;

    assert!(fits.is_ok(), "{fits:?}");
    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::Refused, Went::No, 1));
    assert!(error.summary.contains("max_parts"), "{error}");
}

#[tokio::test]
async fn every_documented_code_says_whose_turn_it_is() {
    let scene = Scene::new();
    assert_eq!(CODES.len(), codes::TABLE.len(), "a code has no case here");

    for &(status, code, fault) in CODES {
        scene.fake.next(1, refuse(status, code));

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (fault, Went::No), "{code}");
        assert_eq!(error.code.as_deref(), Some(code));
        assert!(error.said.expose().contains(CARER), "the attempt keeps the provider's words");
    }
    assert_eq!(scene.fake.batches(), []);
}

#[tokio::test]
async fn a_malformed_value_is_blamed_on_the_number_only_where_sinch_names_it() {
    for (member, fault) in [("to[0]", Fault::BadAddress), ("from", Fault::Refused)] {
        let scene = Scene::new();
        scene.fake.blame(member);
        scene.fake.next(1, refuse(400, "syntax_invalid_parameter_format"));

        assert_eq!(scene.fails(&text()).await.fault, fault, "{member}");
    }
}

#[tokio::test]
async fn without_a_known_code_the_http_status_decides() {
    let scene = Scene::new();
    for (status, fault, went) in [
        (300, Fault::Misconfigured, Went::No),
        (400, Fault::Temporary, Went::No),
        (401, Fault::Misconfigured, Went::No),
        (403, Fault::Misconfigured, Went::No),
        (404, Fault::Misconfigured, Went::No),
        (408, Fault::Temporary, Went::Perhaps),
        (418, Fault::Temporary, Went::No),
        (429, THROTTLED, Went::No),
        (500, Fault::Temporary, Went::Perhaps),
        (503, Fault::Temporary, Went::Perhaps),
    ] {
        scene.fake.next(1, Deed::Fail { status, took: false });
        let page = scene.fails(&text()).await;
        scene.fake.next(1, refuse(status, "of_tomorrow"));
        let code = scene.fails(&text()).await;

        let http = Some(format!("HTTP {status}"));
        assert_eq!((page.fault, page.went, page.code), (fault, went, http), "{status}");
        assert_eq!(
            (code.fault, code.went, code.code.as_deref()),
            (fault, went, Some("of_tomorrow")),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_code_that_is_no_word_is_not_printed() {
    let scene = Scene::new();
    scene.fake.next(1, refuse(400, &format!("not taken: {CARER}")));

    let error = scene.fails(&text()).await;

    assert_eq!(error.code.as_deref(), Some("HTTP 400"));
}

#[tokio::test]
async fn slow_down_pauses_the_channel_for_the_time_named_but_an_hour_at_most() {
    for (named, wait) in [(120, Duration::from_mins(2)), (u32::MAX, Duration::from_hours(1))] {
        let scene = Scene::new();
        scene.fake.next(1, Deed::Throttle { retry_after: Some(named) });

        let error = scene.fails(&text()).await;

        assert_eq!(error.fault, Fault::Throttled { wait: Some(wait) });
        assert!(scene.sinch.pace().wait() > Duration::from_secs(100));
        assert_eq!(scene.sinch.pace().take(5), 0);
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Redirect);

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert_eq!((scene.fake.posted(), scene.fake.complaints().len()), (1, 0));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_text_in_doubt_and_is_not_repeated() {
    for (deed, taken) in [
        (Deed::Cut { took: true }, 1),
        (Deed::Cut { took: false }, 0),
        (Deed::CutShort, 1),
        (Deed::Nameless, 1),
        (Deed::Garbled, 1),
        (Deed::Endless, 1),
        (Deed::Fail { status: 503, took: true }, 1),
    ] {
        // A first text leaves a line open, on which the second is cut: nothing may try it again on a fresh one.
        let scene = Scene::new();
        scene.sinch.send(&text_to(OTHER, WORDS)).await.unwrap();
        scene.fake.next(1, deed.clone());

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{deed:?}");
        assert_eq!((scene.fake.posted(), scene.fake.batches().len()), (2, 1 + taken), "{deed:?}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_in_doubt() {
    let scene = Scene::with(|config| (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1));
    scene.fake.next(1, Deed::Hang { took: true });

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps));
    assert!(error.summary.contains("Sinch did not answer in time"), "{error}");
}

#[tokio::test]
async fn a_closed_port_means_certainly_not_sent() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scene = Scene::with(|config| config.base_url = Some(format!("http://127.0.0.1:{port}")));

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Unreachable, Went::No));
}

#[tokio::test]
async fn a_landline_is_refused_before_anything_is_said() {
    let scene = Scene::new();

    let error = scene.fails(&text_to("020 7946 0018", WORDS)).await;

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::BadAddress, Went::No, 0));
}
