//! Settings: what opens, and what is told about those that do not.

use liaison_channels::{
    Sender,
    fakes::vonage::VonageFake,
    message::ChannelId,
    sender::Carries,
    text::Alphabet,
    vonage::{
        Vonage, VonageConfig,
        signature::{Method, WeakSignature},
    },
};
use serde_json::json;
use tempfile::TempDir;

use crate::{Scene, channel};

type Change = Box<dyn FnOnce(&mut VonageConfig)>;

fn complaint(change: impl FnOnce(&mut VonageConfig)) -> String {
    let fake = VonageFake::start().unwrap();
    let secrets = TempDir::new().unwrap();
    let mut config = fake.config(secrets.path()).unwrap();
    change(&mut config);
    let error = Vonage::open(channel(), &config).unwrap_err().to_string();
    assert!(error.starts_with("channel texts: "), "{error}");
    assert!(!error.contains(VonageFake::SECRET) && !error.contains(VonageFake::SIGNATURE_SECRET));
    error
}

#[test]
fn the_least_that_opens_is_a_key_a_secret_and_a_sender() {
    let secrets = TempDir::new().unwrap();
    let secret = secrets.path().join("secret");
    std::fs::write(&secret, "x").unwrap();
    let least = json!({"api_key": VonageFake::KEY, "api_secret_file": secret, "from": "+447700900456"});

    let config: VonageConfig = serde_json::from_value(least).unwrap();
    let opened = Vonage::open(channel(), &config);

    assert_eq!(config.base_url, "https://rest.nexmo.com");
    assert_eq!(
        (config.signature_method, config.weak_signature, config.signature_window_secs),
        (Method::Sha256, None, 300)
    );
    assert_eq!((config.in_flight, config.connect_timeout_secs, config.answer_timeout_secs), (4, 10, 30));
    assert!((config.per_second - 1.0).abs() < f64::EPSILON);
    assert!(opened.unwrap().callback().is_none());
}

#[test]
fn an_unknown_setting_is_an_error() {
    let typo = json!({"api_key": "x", "api_secret_file": "x", "from": "x", "api_secret": "x"});

    let error = serde_json::from_value::<VonageConfig>(typo).unwrap_err();

    assert!(error.to_string().contains("api_secret"), "{error}");
}

#[test]
fn md5_is_no_method_and_the_sentence_says_what_to_do() {
    for (word, says) in [
        ("md5", "SHA-256 HMAC"),
        ("md5hash", "SHA-256 HMAC"),
        ("HMAC-MD5", "SHA-256 HMAC"),
        ("sha3", "must be sha256"),
    ] {
        let settings = json!({"api_key": "x", "api_secret_file": "x", "from": "x", "signature_method": word});

        let error = serde_json::from_value::<VonageConfig>(settings).unwrap_err().to_string();

        assert!(error.contains("signature_method") && error.contains(says), "{word}: {error}");
    }
}

#[test]
fn leave_for_a_method_that_can_be_forged_has_a_setting_of_its_own() {
    let read = |word: &str| {
        let settings = json!({"api_key": "x", "api_secret_file": "x", "from": "x", "weak_signature": word});
        serde_json::from_value::<VonageConfig>(settings).map(|config| config.weak_signature)
    };

    assert_eq!(read("md5hash").unwrap(), Some(WeakSignature::Md5Hash));
    assert_eq!(read("md5").unwrap(), Some(WeakSignature::Md5));
    assert!(read("sha1").is_err());
}

#[test]
fn a_bad_setting_is_named() {
    let long = format!("https://liaison.school.example/{}", "a".repeat(60));
    let cases: Vec<(&str, Change)> = vec![
        ("api_key", Box::new(|c| c.api_key = "a/b".to_owned())),
        ("api_key", Box::new(|c| c.api_key = String::new())),
        ("api_secret_file", Box::new(|c| c.api_secret_file = "/nowhere/secret".into())),
        ("is empty", Box::new(|c| std::fs::write(&c.api_secret_file, " \n").unwrap())),
        ("from", Box::new(|c| c.from = "The Hill Academy".to_owned())),
        ("from", Box::new(|c| c.from = "447700900456".to_owned())),
        ("base_url", Box::new(|c| c.base_url = "http://rest.nexmo.com".to_owned())),
        ("public_url", Box::new(|c| c.public_url = Some("http://liaison.school.example".to_owned()))),
        ("public_url is too long", Box::new(|c| c.public_url = Some(long))),
        ("belong together", Box::new(|c| c.public_url = None)),
        ("belong together", Box::new(|c| c.signature_secret_file = None)),
        ("signature_secret_file", Box::new(|c| c.signature_secret_file = Some("/nowhere/secret".into()))),
        ("signature_window_secs", Box::new(|c| c.signature_window_secs = 59)),
        ("signature_window_secs", Box::new(|c| c.signature_window_secs = 604_801)),
        ("per_second", Box::new(|c| c.per_second = 0.0)),
        ("in_flight", Box::new(|c| c.in_flight = 0)),
        ("connect_timeout_secs", Box::new(|c| c.connect_timeout_secs = 0)),
        ("answer_timeout_secs", Box::new(|c| c.answer_timeout_secs = 301)),
        ("validity_secs", Box::new(|c| c.validity_secs = Some(19))),
        ("validity_secs", Box::new(|c| c.validity_secs = Some(604_801))),
    ];

    for (named, change) in cases {
        let error = complaint(change);

        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn an_address_of_the_longest_kind_opens() {
    let fake = VonageFake::start().unwrap();
    let secrets = TempDir::new().unwrap();
    let mut config = fake.config(secrets.path()).unwrap();
    let behind = "/webhooks/texts/status".len();
    let host = format!("https://{}.example", "a".repeat(100 - behind - "https://.example".len()));
    config.public_url = Some(host);
    let longer = ChannelId::parse("texts2").unwrap();

    assert!(Vonage::open(channel(), &config).is_ok());
    assert!(Vonage::open(longer, &config).is_err());
}

#[test]
fn a_channel_says_what_it_can_do() {
    let (number, name) = (Scene::new(), Scene::with(|config| config.from = "Hill School".to_owned()));

    let limits = number.vonage.limits();

    assert_eq!((limits.carries, limits.alphabet), (Carries::Text, Some(Alphabet::Unicode)));
    assert_eq!((limits.in_flight, limits.can_be_answered), (4, true));
    assert!(!name.vonage.limits().can_be_answered, "a name cannot be answered");
}

#[test]
fn a_channel_does_not_print_its_secrets() {
    let scene = Scene::new();
    let config = scene.fake.config(scene.secrets.path()).unwrap();

    let printed = format!("{:?} {config:?}", scene.vonage);

    assert!(
        !printed.contains(VonageFake::SECRET) && !printed.contains(VonageFake::SIGNATURE_SECRET),
        "{printed}"
    );
}
