//! Proving the settings without writing to anybody.

use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::twilio::{Deed, TwilioFake},
};

use crate::{Scene, assert_silent};

fn key_scene(secret: &str) -> Scene {
    Scene::with(|config| {
        let file = config.auth_token_file.clone().unwrap().with_file_name("key");
        std::fs::write(&file, secret).unwrap();
        config.api_key_sid = Some(TwilioFake::KEY.to_owned());
        config.api_key_secret_file = Some(file);
    })
}

#[tokio::test]
async fn a_working_account_is_told_in_a_sentence() {
    let scene = Scene::new();

    let active = scene.twilio.probe().await.unwrap();
    scene.fake.account_is("active", "Trial");
    let trial = scene.twilio.probe().await.unwrap();

    assert!(active.contains("account is active"), "{active}");
    assert!(trial.contains("trial"), "{trial}");
    assert_eq!((scene.fake.posted(), scene.fake.complaints()), (0, Vec::new()));
}

#[tokio::test]
async fn a_suspended_account_holds_the_channel() {
    let scene = Scene::new();
    scene.fake.account_is("suspended", "Full");

    let error = scene.twilio.probe().await.unwrap_err();

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert_silent(&error);
}

#[tokio::test]
async fn a_refused_login_holds_the_channel() {
    let scene = Scene::new();
    scene.fake.refuse_logins(true);

    let error = scene.twilio.probe().await.unwrap_err();

    assert_eq!((error.fault, error.code.as_deref()), (Fault::Misconfigured, Some("20003")));
    assert_silent(&error);
}

#[tokio::test]
async fn an_api_key_is_proved_by_what_it_may_do() {
    let good = key_scene(TwilioFake::KEY_SECRET).twilio.probe().await;
    let bad = key_scene("another").twilio.probe().await.unwrap_err();

    assert!(good.unwrap().contains("API key works"));
    assert_eq!(bad.fault, Fault::Misconfigured);
}

#[tokio::test]
async fn a_provider_that_is_away_is_nobodys_fault() {
    let scene = Scene::new();
    for deed in [Deed::Fail { status: 503, took: false }, Deed::Cut { took: false }, Deed::Garbled] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.twilio.probe().await.unwrap_err();

        assert_eq!(error.fault, Fault::Temporary, "{deed:?}");
        assert_silent(&error);
    }
}
