//! The probe, which reads the template.

use liaison_channels::{Sender, error::Fault, fakes::govuk_notify::GovukNotifyFake};

use crate::{Scene, assert_silent};

async fn wrong(scene: &Scene) -> String {
    let error = scene.notify.probe().await.unwrap_err();
    assert_eq!(error.fault, Fault::Misconfigured, "{error}");
    assert_silent(&error);
    error.summary
}

#[tokio::test]
async fn a_good_channel_is_told_by_its_templates_name_and_version() {
    let scene = Scene::new();

    let told = scene.notify.probe().await.unwrap();

    assert_eq!(
        told,
        "Notify: the key works; the template 'Plain text' (version 3) holds ((words)) and nothing else"
    );
    assert_eq!((scene.fake.posted(), scene.fake.complaints()), (0, Vec::new()));
}

#[tokio::test]
async fn a_template_that_adds_words_is_told() {
    let scene = Scene::new();
    scene.fake.template("sms", "Signed", "Hill School: ((Words))");

    let told = scene.notify.probe().await.unwrap();

    assert!(told.ends_with("holds ((words)) and adds words of its own to every message"), "{told}");
}

#[tokio::test]
async fn a_template_that_cannot_carry_our_words_is_a_wrong_setting() {
    for (kind, body, told) in [
        ("email", "((words))", "not for texts"),
        ("sms", "School is closed", "does not hold ((words))"),
        ("sms", "((message))", "does not hold ((words))"),
        ("sms", "Dear ((name)), ((words))", "placeholders besides ((words))"),
    ] {
        let scene = Scene::new();
        scene.fake.template(kind, "Some", body);

        let summary = wrong(&scene).await;

        assert!(summary.contains(told), "{summary}");
    }
}

#[tokio::test]
async fn a_template_that_is_not_there_is_a_wrong_setting() {
    let scene = Scene::with(|config| config.template_id = GovukNotifyFake::SENDER.to_owned());

    assert!(wrong(&scene).await.contains("template_id"));

    // As the documentation has it, and not the server's code.
    scene.fake.next_question(1, GovukNotifyFake::refusal(400, "ValidationError"));
    assert!(wrong(&scene).await.contains("template_id"));
}

#[tokio::test]
async fn a_revoked_key_is_a_wrong_setting() {
    let scene = Scene::new();
    scene.fake.revoke_key(true);

    assert!(wrong(&scene).await.contains("revoked"));
}
