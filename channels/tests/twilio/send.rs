//! Handing a text over, and every way in which that fails.

use std::time::Duration;

use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::twilio::{Deed, Shape, TwilioFake},
    message::{Mail, OurRef, Outgoing},
    private::Private,
    twilio::codes,
};
use uuid::Uuid;

use crate::{CARER, OTHER, Scene, WORDS, text, text_to};

const THROTTLED: Fault = Fault::Throttled { wait: None };
const FULL: Fault = Fault::Throttled { wait: Some(Duration::from_mins(15)) };

/// The provider's documented codes, and whose turn it is after each.
const CODES: &[(u32, Fault)] = &[
    (20_003, Fault::Misconfigured),
    (20_404, Fault::Misconfigured),
    (20_429, THROTTLED),
    (21_211, Fault::BadAddress),
    (21_212, Fault::Misconfigured),
    (21_408, Fault::Refused),
    (21_606, Fault::Misconfigured),
    (21_608, Fault::Misconfigured),
    (21_610, Fault::Stopped),
    (21_611, FULL),
    (21_612, Fault::BadAddress),
    (21_614, Fault::BadAddress),
    (21_617, Fault::Refused),
    (21_635, Fault::BadAddress),
    (30_001, FULL),
    (30_002, Fault::Misconfigured),
    (30_003, Fault::Temporary),
    (30_004, Fault::Refused),
    (30_005, Fault::BadAddress),
    (30_006, Fault::BadAddress),
    (30_007, Fault::Refused),
    (30_008, Fault::Temporary),
    (63_017, THROTTLED),
];

#[tokio::test]
async fn a_text_is_taken_and_named() {
    let scene = Scene::new();
    let text = text();

    let accepted = scene.twilio.send(&text).await.unwrap();

    let taken = scene.fake.messages();
    assert_eq!(taken.len(), 1);
    assert_eq!(accepted.reference.0, taken[0].sid);
    assert_eq!(accepted.said, "HTTP 201 queued");
    assert_eq!((taken[0].to.as_str(), taken[0].body.as_str()), (CARER, WORDS));
    assert_eq!(taken[0].from.as_deref(), Some(TwilioFake::NUMBER));
    assert_eq!(
        taken[0].fields["StatusCallback"],
        format!("https://liaison.school.example/webhooks/texts/status?ref={}", text.reference())
    );
    assert_eq!(taken[0].fields.len(), 5, "nothing else is said: {:?}", taken[0].fields.keys());
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn an_api_key_sends_too() {
    let scene = Scene::with(|config| {
        let secret = config.auth_token_file.clone().unwrap().with_file_name("key");
        std::fs::write(&secret, TwilioFake::KEY_SECRET).unwrap();
        config.api_key_sid = Some(TwilioFake::KEY.to_owned());
        config.api_key_secret_file = Some(secret);
    });

    let accepted = scene.twilio.send(&text()).await;

    assert!(accepted.is_ok());
}

#[tokio::test]
async fn settings_become_fields() {
    let scene = Scene::with(|config| {
        config.from = None;
        config.messaging_service_sid = Some(TwilioFake::SERVICE.to_owned());
        config.public_url = None;
        config.validity_secs = Some(7_200);
        config.retain_content = false;
        config.retain_address = false;
    });

    scene.twilio.send(&text()).await.unwrap();

    let fields = scene.fake.messages().remove(0).fields;
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AddressRetention",
            "Body",
            "ContentRetention",
            "MessagingServiceSid",
            "SmartEncoded",
            "To",
            "ValidityPeriod"
        ]
    );
    assert_eq!(fields["ValidityPeriod"], "7200");
    assert_eq!(
        (fields["ContentRetention"].as_str(), fields["AddressRetention"].as_str()),
        ("discard", "obfuscate")
    );
}

#[tokio::test]
async fn every_documented_code_says_whose_turn_it_is_in_both_shapes() {
    let scene = Scene::new();
    assert_eq!(CODES.len(), codes::TABLE.len(), "a code has no case here");

    for &(code, fault) in CODES {
        for shape in [Shape::Classic, Shape::Problem] {
            scene.fake.answer(CARER, code, shape);

            let error = scene.fails(&text()).await;

            assert_eq!((error.fault, error.went), (fault, Went::No), "{code} {shape:?}");
            assert_eq!(error.code, Some(code.to_string()));
            assert!(error.said.expose().contains(CARER), "the attempt keeps the provider's words");
        }
    }
    assert_eq!(scene.fake.messages(), []);
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
        (502, Fault::Temporary, Went::Perhaps),
        (503, Fault::Temporary, Went::Perhaps),
        (504, Fault::Temporary, Went::Perhaps),
    ] {
        scene.fake.next(1, Deed::Fail { status, took: false });
        let page = scene.fails(&text()).await;
        scene.fake.next(1, Deed::Refuse { status, code: 29_999, shape: Shape::Classic });
        let code = scene.fails(&text()).await;

        assert_eq!(
            (page.fault, page.went, page.code),
            (fault, went, Some(format!("HTTP {status}"))),
            "{status}"
        );
        assert_eq!((code.fault, code.went, code.code.as_deref()), (fault, went, Some("29999")), "{status}");
    }
}

#[tokio::test]
async fn too_many_requests_were_never_processed_whatever_the_status() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Refuse { status: 503, code: 20_429, shape: Shape::Problem });

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (THROTTLED, Went::No));
}

#[tokio::test]
async fn slow_down_pauses_the_channel_for_the_time_named() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Throttle { retry_after: Some(120) });

    let error = scene.fails(&text()).await;

    assert_eq!(error.fault, Fault::Throttled { wait: Some(Duration::from_mins(2)) });
    assert!(scene.twilio.pace().wait() > Duration::from_secs(100));
    assert_eq!(scene.twilio.pace().take(5), 0);
}

#[tokio::test]
async fn an_absurd_pause_is_cut_to_an_hour() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Throttle { retry_after: Some(u32::MAX) });

    let error = scene.fails(&text()).await;

    assert_eq!(error.fault, Fault::Throttled { wait: Some(Duration::from_hours(1)) });
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Redirect);

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert_eq!(scene.fake.posted(), 1);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
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
        scene.twilio.send(&text_to(OTHER, WORDS)).await.unwrap();
        scene.fake.next(1, deed.clone());

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{deed:?}");
        assert_eq!((scene.fake.posted(), scene.fake.messages().len()), (2, 1 + taken), "{deed:?}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_deadline() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Endless);

    let error = scene.fails(&text()).await;

    assert_eq!(error.went, Went::Perhaps);
    assert!(error.summary.contains("too long"), "{error}");
}

#[tokio::test]
async fn silence_ends_at_the_deadline_in_doubt() {
    let scene = Scene::with(|config| {
        config.connect_timeout_secs = 1;
        config.answer_timeout_secs = 1;
    });
    scene.fake.next(1, Deed::Hang { took: true });

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps));
    assert!(error.summary.contains("in time"), "{error}");
}

#[tokio::test]
async fn a_closed_port_means_certainly_not_sent() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scene = Scene::with(|config| config.base_url = format!("http://127.0.0.1:{port}"));

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Unreachable, Went::No));
}

#[tokio::test]
async fn a_line_without_tls_means_certainly_not_sent() {
    let scene = Scene::with(|config| config.base_url = config.base_url.replace("http:", "https:"));

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Unreachable, Went::No));
    assert_eq!(scene.fake.posted(), 0);
}

#[tokio::test]
async fn a_landline_is_refused_before_anything_is_said() {
    let scene = Scene::new();

    let error = scene.fails(&text_to("020 7946 0018", WORDS)).await;

    assert_eq!((error.fault, error.went), (Fault::BadAddress, Went::No));
    assert_eq!(scene.fake.posted(), 0);
}

#[tokio::test]
async fn mail_is_refused_without_holding_the_channel() {
    let scene = Scene::new();
    let mail = Outgoing::mail(
        OurRef(Uuid::now_v7()),
        Mail {
            to: liaison_channels::address::EmailAddress::parse("carer@home.example").unwrap(),
            to_name: Private::default(),
            subject: Private::default(),
            plain: Private::default(),
            html: Private::default(),
            language: "en".to_owned(),
            manner: liaison_channels::message::Manner::Letter,
            in_reply_to: None,
            thread: Vec::new(),
            reply_tag: None,
            unsubscribe: None,
        },
    );

    let error = scene.fails(&mail).await;

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::Refused, Went::No, 0));
}

#[tokio::test]
async fn a_cancelled_text_harms_no_later_one() {
    let scene = Scene::with(|config| config.in_flight = 1);
    scene.fake.hold();
    let first = text();
    tokio::select! {
        result = scene.twilio.send(&first) => panic!("it was held: {result:?}"),
        () = scene.fake.until_posted(1) => {}
    }

    scene.fake.release();
    let second = scene.twilio.send(&text_to(OTHER, WORDS)).await;

    assert!(second.is_ok(), "{second:?}");
}

#[tokio::test]
async fn no_more_texts_are_on_the_wire_than_the_channel_allows() {
    let scene = Scene::with(|config| config.in_flight = 3);
    let texts: Vec<_> = (0..20).map(|i| text_to(&format!("+4477009005{i:02}"), WORDS)).collect();
    scene.fake.hold();

    let sends = futures_util::future::join_all(texts.iter().map(|text| scene.twilio.send(text)));
    let (results, ()) = tokio::join!(sends, async {
        scene.fake.until_posted(3).await;
        scene.fake.release();
    });

    assert!(results.iter().all(Result::is_ok));
    assert_eq!((scene.fake.most_at_once(), scene.fake.messages().len()), (3, 20));
    assert_eq!(scene.fake.doubled(), []);
}
