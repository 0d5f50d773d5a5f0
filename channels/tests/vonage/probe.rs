//! Proving the settings without writing to anybody.

use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::vonage::Deed,
    vonage::signature::WeakSignature,
};

use crate::{Scene, assert_silent};

#[tokio::test]
async fn a_working_account_is_told_in_a_sentence_and_nobody_is_written_to() {
    let scene = Scene::new();

    let told = scene.vonage.probe().await.unwrap();

    assert!(told.contains("the login works"), "{told}");
    assert_eq!(
        (scene.fake.posted(), scene.fake.messages(), scene.fake.complaints().len()),
        (0, Vec::new(), 0)
    );
}

#[tokio::test]
async fn leave_for_a_method_that_can_be_forged_is_warned_of() {
    let weak = Scene::with(|config| config.weak_signature = Some(WeakSignature::Md5Hash));

    let (warned, plain) = (weak.vonage.probe().await.unwrap(), Scene::new().vonage.probe().await.unwrap());

    for part in ["warning", "weak_signature", "md5hash", "SHA-256 HMAC"] {
        assert!(warned.contains(part), "{part} in {warned}");
    }
    assert!(!plain.contains("warning"), "{plain}");
}

#[tokio::test]
async fn an_account_without_credit_holds_the_channel_unless_it_refills_itself() {
    let scene = Scene::new();
    scene.fake.balance_is(0.0, false);
    let error = scene.vonage.probe().await.unwrap_err();
    scene.fake.balance_is(-0.5, true);
    let refills = scene.vonage.probe().await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert!(error.summary.contains("no credit"), "{error}");
    assert!(refills.is_ok(), "{refills:?}");
}

#[tokio::test]
async fn a_refused_login_holds_the_channel() {
    let scene = Scene::new();
    scene.fake.refuse_logins(true);

    let error = scene.vonage.probe().await.unwrap_err();

    assert_eq!((error.fault, error.code.as_deref()), (Fault::Misconfigured, Some("HTTP 401")));
    assert_silent(&error);
}

#[tokio::test]
async fn a_provider_that_is_away_is_nobodys_fault_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    for deed in
        [Deed::Fail { status: 503, took: false }, Deed::Cut { took: false }, Deed::Garbled, Deed::Nameless]
    {
        scene.fake.next_question(1, deed.clone());

        let error = scene.vonage.probe().await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::No), "{deed:?}");
        assert_silent(&error);
    }
}
