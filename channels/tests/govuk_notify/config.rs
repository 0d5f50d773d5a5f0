//! Settings: what opens, and what is told about those that do not.

use liaison_channels::{
    Sender,
    fakes::govuk_notify::GovukNotifyFake,
    govuk_notify::{GovukNotify, GovukNotifyConfig},
    sender::Carries,
    text::Alphabet,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{Scene, channel};

type Change = Box<dyn FnOnce(&mut GovukNotifyConfig)>;

fn complaint(change: impl FnOnce(&mut GovukNotifyConfig)) -> String {
    let fake = GovukNotifyFake::start().unwrap();
    let secrets = TempDir::new().unwrap();
    let mut config = fake.config(secrets.path()).unwrap();
    change(&mut config);
    let error = GovukNotify::open(channel(), &config).unwrap_err().to_string();
    assert!(error.starts_with("channel texts: "), "{error}");
    assert!(!error.contains(GovukNotifyFake::SECRET));
    error
}

#[test]
fn the_least_that_opens_is_a_key_and_a_template() {
    let least = json!({"api_key_file": "/x", "template_id": GovukNotifyFake::TEMPLATE});

    let config: GovukNotifyConfig = serde_json::from_value(least).unwrap();

    assert_eq!(config.base_url, "https://api.notifications.service.gov.uk");
    assert!((config.per_second - 20.0).abs() < f64::EPSILON);
    assert_eq!((config.in_flight, config.connect_timeout_secs, config.answer_timeout_secs), (4, 10, 30));
    assert_eq!(
        (config.placeholder.as_str(), config.can_be_answered, config.international),
        ("words", false, false)
    );
}

#[test]
fn an_unknown_setting_is_an_error() {
    let typo = json!({"api_key_file": "/x", "template_id": GovukNotifyFake::TEMPLATE, "template": "x"});

    let error = serde_json::from_value::<GovukNotifyConfig>(typo).unwrap_err();

    assert!(error.to_string().contains("unknown field `template`"), "{error}");
}

#[test]
fn a_bad_setting_is_named() {
    let write = |text: &'static str| move |file: &std::path::Path| std::fs::write(file, text).unwrap();
    let cases: Vec<(&str, Change)> = vec![
        ("api_key_file", Box::new(|c| c.api_key_file = "/nowhere/key".into())),
        (
            "holds no key of Notify's",
            Box::new(move |c| write("3d844edf-8d35-48ac-975b-e847b4f122b0")(&c.api_key_file)),
        ),
        ("notify-key is empty", Box::new(move |c| write(" \n")(&c.api_key_file))),
        ("template_id", Box::new(|c| c.template_id = "plain".to_owned())),
        ("placeholder", Box::new(|c| c.placeholder = " ".to_owned())),
        ("placeholder", Box::new(|c| c.placeholder = "((words))".to_owned())),
        ("sms_sender_id", Box::new(|c| c.sms_sender_id = Some("Hill School".to_owned()))),
        ("shorter than 10", Box::new(move |c| write("123456789")(c.callback_token_file.as_ref().unwrap()))),
        (
            "without spaces",
            Box::new(move |c| write("one two three")(c.callback_token_file.as_ref().unwrap())),
        ),
        (
            "without spaces",
            Box::new(move |c| write("geheimniß-wort")(c.callback_token_file.as_ref().unwrap())),
        ),
        ("base_url", Box::new(|c| c.base_url = "http://api.notifications.service.gov.uk".to_owned())),
        ("per_second must lie between 0.001 and 50", Box::new(|c| c.per_second = 50.1)),
        ("per_second", Box::new(|c| c.per_second = f64::NAN)),
        ("in_flight", Box::new(|c| c.in_flight = 0)),
        ("connect_timeout_secs", Box::new(|c| c.connect_timeout_secs = 0)),
        ("answer_timeout_secs", Box::new(|c| c.answer_timeout_secs = 301)),
    ];

    for (named, change) in cases {
        let error = complaint(change);

        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn a_token_of_ten_characters_will_do() {
    let scene = Scene::with(|config| {
        std::fs::write(config.callback_token_file.as_ref().unwrap(), "1234567890\n").unwrap();
    });

    assert!(scene.notify.callback().is_some());
}

#[test]
fn a_channel_says_what_it_can_do() {
    let scene = Scene::new();
    let silent = Scene::with(|config| config.can_be_answered = false);

    let limits = scene.notify.limits();

    assert_eq!(
        (limits.carries, limits.alphabet, limits.in_flight),
        (Carries::Text, Some(Alphabet::Unicode), 4)
    );
    assert!(limits.can_be_answered && !silent.notify.limits().can_be_answered);
}

#[test]
fn the_pace_is_the_one_of_the_settings() {
    let scene = Scene::with(|config| config.per_second = 2.5);

    assert_eq!(scene.notify.pace().take(10), 3);
}

#[test]
fn a_channel_does_not_print_its_secrets() {
    let scene = Scene::new();
    let config = scene.fake.config(scene.secrets.path()).unwrap();

    let printed = format!("{:?} {config:?}", scene.notify);

    assert!(!printed.contains(GovukNotifyFake::SECRET) && !printed.contains(GovukNotifyFake::CALLBACK_TOKEN));
}
