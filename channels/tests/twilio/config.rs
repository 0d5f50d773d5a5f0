//! Settings: what opens, and what is told about those that do not.

use liaison_channels::{
    Sender,
    fakes::twilio::TwilioFake,
    sender::Carries,
    text::Alphabet,
    twilio::{Twilio, TwilioConfig},
};
use serde_json::json;
use tempfile::TempDir;

use crate::{Scene, channel};

type Change = Box<dyn FnOnce(&mut TwilioConfig)>;

fn complaint(change: impl FnOnce(&mut TwilioConfig)) -> String {
    let fake = TwilioFake::start().unwrap();
    let secrets = TempDir::new().unwrap();
    let mut config = fake.config(secrets.path()).unwrap();
    change(&mut config);
    let error = Twilio::open(channel(), &config).unwrap_err().to_string();
    assert!(error.starts_with("channel texts: "), "{error}");
    assert!(!error.contains(TwilioFake::TOKEN));
    error
}

#[test]
fn the_least_that_opens_is_an_account_a_token_and_a_sender() {
    let least = json!({"account_sid": TwilioFake::ACCOUNT, "auth_token_file": "/x", "from": "+447700900456"});

    let config: TwilioConfig = serde_json::from_value(least).unwrap();

    assert_eq!(config.base_url, "https://api.twilio.com");
    assert!((config.per_second - 1.0).abs() < f64::EPSILON);
    assert_eq!((config.in_flight, config.connect_timeout_secs, config.answer_timeout_secs), (4, 10, 30));
    assert!(config.retain_content && config.retain_address);
}

#[test]
fn an_unknown_setting_is_an_error() {
    let typo = json!({"account_sid": TwilioFake::ACCOUNT, "auth_token": "x"});

    let error = serde_json::from_value::<TwilioConfig>(typo).unwrap_err();

    assert!(error.to_string().contains("auth_token"), "{error}");
}

#[test]
fn a_bad_setting_is_named() {
    let sids = "AC0123456789abcdef0123456789abcde";
    let cases: Vec<(&str, Change)> = vec![
        ("account_sid", Box::new(move |c| c.account_sid = sids.to_owned())),
        ("auth_token_file", Box::new(|c| c.auth_token_file = Some("/nowhere/token".into()))),
        ("auth_token_file, or api_key_sid", Box::new(|c| (c.auth_token_file, c.public_url) = (None, None))),
        ("belong together", Box::new(|c| c.api_key_sid = Some(TwilioFake::KEY.to_owned()))),
        ("exactly one", Box::new(|c| c.messaging_service_sid = Some(TwilioFake::SERVICE.to_owned()))),
        ("exactly one", Box::new(|c| c.from = None)),
        ("from", Box::new(|c| c.from = Some("The Hill Academy".to_owned()))),
        (
            "messaging_service_sid",
            Box::new(|c| (c.from, c.messaging_service_sid) = (None, Some("x".to_owned()))),
        ),
        ("base_url", Box::new(|c| c.base_url = "http://api.twilio.com".to_owned())),
        ("public_url", Box::new(|c| c.public_url = Some("http://liaison.school.example".to_owned()))),
        ("public_url", Box::new(|c| c.public_url = Some("liaison.school.example".to_owned()))),
        ("per_second", Box::new(|c| c.per_second = 0.0)),
        ("per_second", Box::new(|c| c.per_second = f64::NAN)),
        ("in_flight", Box::new(|c| c.in_flight = 0)),
        ("connect_timeout_secs", Box::new(|c| c.connect_timeout_secs = 0)),
        ("answer_timeout_secs", Box::new(|c| c.answer_timeout_secs = 301)),
        ("validity_secs", Box::new(|c| c.validity_secs = Some(0))),
    ];

    for (named, change) in cases {
        let error = complaint(change);

        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn callbacks_that_nothing_can_prove_are_not_asked_for() {
    let error = complaint(|config| {
        let file = config.auth_token_file.take().unwrap();
        config.api_key_sid = Some(TwilioFake::KEY.to_owned());
        config.api_key_secret_file = Some(file);
    });

    assert!(error.contains("public_url"), "{error}");
}

#[test]
fn an_empty_secret_is_told_by_its_file() {
    let error = complaint(|config| std::fs::write(config.auth_token_file.as_ref().unwrap(), " \n").unwrap());

    assert!(error.contains("twilio-token is empty"), "{error}");
}

#[test]
fn a_channel_says_what_it_can_do() {
    let number = Scene::new();
    let name = Scene::with(|config| config.from = Some("Hill School".to_owned()));

    let limits = number.twilio.limits();

    assert_eq!((limits.carries, limits.alphabet), (Carries::Text, Some(Alphabet::Unicode)));
    assert_eq!(limits.in_flight, 4);
    assert!(limits.can_be_answered);
    assert!(!name.twilio.limits().can_be_answered, "a name cannot be answered");
}

#[test]
fn the_pace_is_one_text_at_a_time_unless_told_otherwise() {
    let slow = Scene::with(|config| config.per_second = 0.01);
    let fast = Scene::with(|config| config.per_second = 2.5);

    assert_eq!((slow.twilio.pace().take(10), fast.twilio.pace().take(10)), (1, 3));
}

#[test]
fn a_channel_does_not_print_its_secrets() {
    let scene = Scene::new();
    let config = scene.fake.config(scene.secrets.path()).unwrap();

    let printed = format!("{:?} {config:?}", scene.twilio);

    assert!(!printed.contains(TwilioFake::TOKEN), "{printed}");
}
