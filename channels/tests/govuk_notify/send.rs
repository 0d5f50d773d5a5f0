//! Handing a text over, and every way in which that fails.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    govuk_notify::errors,
    message::{Mail, OurRef, Outgoing},
    private::Private,
};
use uuid::Uuid;

use crate::{CARER, OTHER, Scene, WORDS, text, text_to};

const A_MINUTE: Fault = Fault::Throttled { wait: Some(Duration::from_mins(1)) };

/// The provider's documented errors, and whose turn it is after each. The daily limit has a test of its own.
const ERRORS: &[(u16, &str, Fault)] = &[
    (400, "BadRequestError", Fault::Misconfigured),
    (400, "ValidationError", Fault::BadAddress),
    (401, "AuthError", Fault::Misconfigured),
    (403, "AuthError", Fault::Misconfigured),
    (403, "BadRequestError", Fault::Misconfigured),
    (404, "NoResultFound", Fault::Misconfigured),
    (429, "RateLimitError", A_MINUTE),
];

#[tokio::test]
async fn a_text_is_taken_and_named_and_what_was_really_sent_is_kept() {
    let scene = Scene::with(|config| config.sms_sender_id = Some(GovukNotifyFake::SENDER.to_owned()));
    scene.fake.template("sms", "Greeting", "Hill School: ((words))");
    let text = text_to(CARER, "It’s  on Friday\n\n\n\n– bring a towel ");

    let accepted = scene.notify.send(&text).await.unwrap();

    let taken = scene.fake.texts();
    assert_eq!(taken.len(), 1);
    assert_eq!(accepted.reference.0, taken[0].id);
    assert_eq!(accepted.said, "HTTP 201 as: Hill School: It's on Friday\n\n- bring a towel");
    assert_eq!((taken[0].to.as_str(), taken[0].sender.as_deref()), (CARER, Some(GovukNotifyFake::SENDER)));
    assert_eq!(taken[0].words, "It’s  on Friday\n\n\n\n– bring a towel ");
    assert_eq!(taken[0].reference, Some(text.reference().to_string()));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
    assert!(!format!("{accepted:?}").contains("towel"), "what was sent is for the attempt's record alone");
}

#[tokio::test]
async fn the_placeholder_has_the_name_that_the_settings_say() {
    let scene = Scene::with(|config| config.placeholder = "Our text".to_owned());
    scene.fake.template("sms", "Plain", "((Our text))");

    let accepted = scene.notify.send(&text()).await.unwrap();

    assert_eq!(accepted.said, format!("HTTP 201 as: {WORDS}"));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn every_documented_error_says_whose_turn_it_is() {
    let scene = Scene::new();
    assert_eq!(ERRORS.len() + 1, errors::TABLE.len(), "an error has no case here");

    for &(status, error, fault) in ERRORS {
        scene.fake.answer(CARER, status, error);

        let told = scene.fails(&text()).await;

        assert_eq!((told.fault, told.went), (fault, Went::No), "{status} {error}");
        assert_eq!(told.code, Some(format!("{status} {error}")));
        assert!(told.said.expose().contains(CARER), "the attempt keeps the provider's words");
    }
    assert_eq!(scene.fake.texts(), []);
}

#[tokio::test]
async fn the_days_allowance_is_waited_for_until_midnight_by_utc() {
    let scene = Scene::new();
    scene.fake.next(1, GovukNotifyFake::refusal(429, "TooManyRequestsError"));
    let midnight = (Timestamp::now().as_second() / 86_400 + 1) * 86_400;

    let error = scene.fails(&text()).await;

    let Fault::Throttled { wait: Some(wait) } = error.fault else { panic!("{error:?}") };
    // A test that is run at midnight itself may be told of the next one.
    let left = u64::try_from(midnight - Timestamp::now().as_second()).unwrap();
    assert!(wait.as_secs().abs_diff(left) <= 1 || wait.as_secs() > 86_390, "{wait:?}, not {left}");
    assert!(scene.notify.pace().pause_left().is_some(), "the channel rests meanwhile");
}

#[tokio::test]
async fn a_minutes_allowance_rests_the_channel_for_a_minute() {
    let scene = Scene::new();
    scene.fake.next(1, GovukNotifyFake::refusal(429, "RateLimitError"));

    let error = scene.fails(&text()).await;

    assert_eq!(error.fault, A_MINUTE);
    assert!(scene.notify.pace().wait() > Duration::from_secs(50));
    assert_eq!(scene.notify.pace().take(5), 0);
}

#[tokio::test]
async fn a_time_that_a_server_names_is_waited_for() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Throttle { retry_after: 120 });

    let error = scene.fails(&text()).await;

    assert_eq!(error.fault, Fault::Throttled { wait: Some(Duration::from_mins(2)) });
    assert!(scene.notify.pace().wait() > Duration::from_secs(100));
}

#[tokio::test]
async fn without_a_known_error_the_http_status_decides() {
    let scene = Scene::new();
    let throttled = Fault::Throttled { wait: None };
    for (status, fault, went) in [
        (300, Fault::Misconfigured, Went::No),
        (400, Fault::Temporary, Went::No),
        (401, Fault::Misconfigured, Went::No),
        (403, Fault::Misconfigured, Went::No),
        (404, Fault::Misconfigured, Went::No),
        (408, Fault::Temporary, Went::Perhaps),
        (418, Fault::Temporary, Went::No),
        (429, throttled, Went::No),
        (500, Fault::Temporary, Went::Perhaps),
        (502, Fault::Temporary, Went::Perhaps),
        (503, Fault::Temporary, Went::Perhaps),
        (504, Fault::Temporary, Went::Perhaps),
    ] {
        scene.fake.next(1, Deed::Fail { status, took: false });
        let page = scene.fails(&text()).await;
        scene.fake.next(1, GovukNotifyFake::refusal(status, "OfTomorrowError"));
        let named = scene.fails(&text()).await;

        let code = Some(format!("HTTP {status}"));
        assert_eq!((page.fault, page.went, page.code), (fault, went, code), "{status}");
        let code = Some(format!("{status} OfTomorrowError"));
        assert_eq!((named.fault, named.went, named.code), (fault, went, code), "{status}");
    }
}

#[tokio::test]
async fn an_errors_name_that_is_no_name_is_not_repeated() {
    let scene = Scene::new();
    scene.fake.next(1, GovukNotifyFake::refusal(400, "not a name: 07700900123"));

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.code.as_deref()), (Fault::Temporary, Some("HTTP 400")));
}

#[tokio::test]
async fn a_wrong_clock_is_called_a_wrong_clock() {
    for (ahead, told) in [(90, "90 seconds slow"), (-90, "90 seconds fast")] {
        let scene = Scene::new();
        scene.fake.clock_ahead(SignedDuration::from_secs(ahead));

        let error = scene.fails(&text()).await;

        // The answer's date tells whole seconds.
        let near = [told.to_owned(), told.replace("90", "89"), told.replace("90", "91")];
        assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
        assert!(near.iter().any(|told| error.summary.contains(told)), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_little_wrong_does_no_harm() {
    for ahead in [-25, 25] {
        let scene = Scene::new();
        scene.fake.clock_ahead(SignedDuration::from_secs(ahead));

        assert!(scene.notify.send(&text()).await.is_ok(), "{ahead}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_not_called_a_wrong_clock() {
    let scene = Scene::new();
    scene.fake.revoke_key(true);

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert!(error.summary.contains("revoked") && !error.summary.contains("because"), "{error}");
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
    let nameless = Deed::Answer { status: 201, content_type: "application/json", body: "{}".to_owned() };
    for (deed, taken) in [
        (Deed::Cut { took: true }, 1),
        (Deed::Cut { took: false }, 0),
        (Deed::CutShort, 1),
        (nameless, 0),
        (Deed::Garbled, 1),
        (Deed::Endless, 1),
        (Deed::Fail { status: 503, took: true }, 1),
    ] {
        // A first text leaves a line open, on which the second is cut: nothing may try it again on a fresh one.
        let scene = Scene::new();
        scene.notify.send(&text_to(OTHER, WORDS)).await.unwrap();
        scene.fake.next(1, deed.clone());

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{deed:?}");
        assert_eq!((scene.fake.posted(), scene.fake.texts().len()), (2, 1 + taken), "{deed:?}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_in_doubt() {
    let scene = Scene::with(|config| (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1));
    scene.fake.next(1, Deed::Hang { took: true });

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps));
    assert!(error.summary.contains("Notify did not answer in time"), "{error}");
}

#[tokio::test]
async fn a_closed_port_means_certainly_not_sent() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scene = Scene::with(|config| config.base_url = format!("http://127.0.0.1:{port}"));

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Unreachable, Went::No));
}

#[tokio::test]
async fn what_would_hold_up_the_channel_is_refused_before_anything_is_said() {
    let scene = Scene::new();
    let long = "a".repeat(919);
    for (number, words, fault) in [
        ("020 7946 0018", WORDS, Fault::BadAddress),
        ("+33 6 12 34 56 78", WORDS, Fault::BadAddress),
        ("07624 123456", WORDS, Fault::Refused),
        ("07797 123456", WORDS, Fault::Refused),
        (CARER, long.as_str(), Fault::Refused),
        (CARER, " \n", Fault::Refused),
    ] {
        let error = scene.fails(&text_to(number, words)).await;

        assert_eq!((error.fault, error.went), (fault, Went::No), "{number}");
    }
    assert_eq!(scene.fake.posted(), 0);
    assert!(scene.notify.send(&text_to(CARER, &"a".repeat(918))).await.is_ok());
}

#[tokio::test]
async fn the_islands_are_texted_once_the_service_may() {
    let scene = Scene::with(|config| config.international = true);
    scene.fake.international(true);

    assert!(scene.notify.send(&text_to("07624 123456", WORDS)).await.is_ok());
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
