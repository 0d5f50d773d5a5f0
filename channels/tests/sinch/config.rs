//! Settings: what opens, and what is told about those that do not.

use liaison_channels::{
    Sender,
    fakes::sinch::SinchFake,
    sender::Carries,
    sinch::{Sinch, SinchConfig},
    text::Alphabet,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{Scene, channel};

type Change = Box<dyn FnOnce(&mut SinchConfig)>;

fn complaint(change: impl FnOnce(&mut SinchConfig)) -> String {
    let fake = SinchFake::start().unwrap();
    let secrets = TempDir::new().unwrap();
    let mut config = fake.config(secrets.path()).unwrap();
    change(&mut config);
    let error = Sinch::open(channel(), &config).unwrap_err().to_string();
    assert!(error.starts_with("channel texts: "), "{error}");
    assert!(!error.contains(SinchFake::TOKEN) && !error.contains(SinchFake::SECRET));
    error
}

#[test]
fn the_least_that_opens_is_a_plan_a_token_and_a_sender_in_the_eu() {
    let secrets = TempDir::new().unwrap();
    let token = secrets.path().join("token");
    std::fs::write(&token, "x").unwrap();
    let least = json!({"service_plan_id": SinchFake::PLAN, "token_file": token, "from": "+447700900456"});

    let config: SinchConfig = serde_json::from_value(least).unwrap();
    let opened = Sinch::open(channel(), &config);

    assert_eq!((config.region.as_str(), config.max_parts, config.signature_window_secs), ("eu", 10, 86_400));
    assert_eq!((config.in_flight, config.connect_timeout_secs, config.answer_timeout_secs), (4, 10, 30));
    assert!((config.per_second - 1.0).abs() < f64::EPSILON);
    assert!(opened.unwrap().callback().is_none());
}

#[test]
fn an_unknown_setting_is_an_error() {
    let typo = json!({"service_plan_id": "x", "token_file": "x", "from": "x", "truncate_concat": true});

    let error = serde_json::from_value::<SinchConfig>(typo).unwrap_err();

    assert!(error.to_string().contains("truncate_concat"), "{error}");
}

#[test]
fn a_bad_setting_is_named() {
    let cases: Vec<(&str, Change)> = vec![
        ("service_plan_id", Box::new(|c| c.service_plan_id = "a/b".to_owned())),
        ("service_plan_id", Box::new(|c| c.service_plan_id = String::new())),
        ("token_file", Box::new(|c| c.token_file = "/nowhere/token".into())),
        ("is empty", Box::new(|c| std::fs::write(&c.token_file, " \n").unwrap())),
        ("region", Box::new(|c| c.region = "uk".to_owned())),
        ("region", Box::new(|c| c.region = String::new())),
        ("from", Box::new(|c| c.from = "The Hill Academy".to_owned())),
        ("from", Box::new(|c| c.from = "447700900456".to_owned())),
        ("base_url", Box::new(|c| c.base_url = Some("http://eu.sms.api.sinch.com".to_owned()))),
        ("public_url", Box::new(|c| c.public_url = Some("http://liaison.school.example".to_owned()))),
        ("belong together", Box::new(|c| c.public_url = None)),
        ("belong together", Box::new(|c| c.webhook_secret_file = None)),
        ("webhook_secret_file", Box::new(|c| c.webhook_secret_file = Some("/nowhere/secret".into()))),
        ("signature_window_secs", Box::new(|c| c.signature_window_secs = 59)),
        ("signature_window_secs", Box::new(|c| c.signature_window_secs = 604_801)),
        ("per_second", Box::new(|c| c.per_second = 0.0)),
        ("in_flight", Box::new(|c| c.in_flight = 0)),
        ("connect_timeout_secs", Box::new(|c| c.connect_timeout_secs = 0)),
        ("answer_timeout_secs", Box::new(|c| c.answer_timeout_secs = 301)),
        ("validity_secs", Box::new(|c| c.validity_secs = Some(59))),
        ("validity_secs", Box::new(|c| c.validity_secs = Some(259_201))),
        ("max_parts", Box::new(|c| c.max_parts = 0)),
        ("max_parts", Box::new(|c| c.max_parts = 21)),
    ];

    for (named, change) in cases {
        let error = complaint(change);

        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn a_channel_says_what_it_can_do() {
    let (number, name) = (Scene::new(), Scene::with(|config| config.from = "Hill School".to_owned()));

    let limits = number.sinch.limits();

    assert_eq!((limits.carries, limits.alphabet), (Carries::Text, Some(Alphabet::Unicode)));
    assert_eq!((limits.in_flight, limits.can_be_answered), (4, true));
    assert!(!name.sinch.limits().can_be_answered, "a name cannot be answered");
}

#[test]
fn a_channel_does_not_print_its_secrets() {
    let scene = Scene::new();
    let config = scene.fake.config(scene.secrets.path()).unwrap();

    let printed = format!("{:?} {config:?}", scene.sinch);

    assert!(!printed.contains(SinchFake::TOKEN) && !printed.contains(SinchFake::SECRET), "{printed}");
}
