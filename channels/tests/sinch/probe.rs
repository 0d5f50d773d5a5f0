//! Proving the settings without writing to anybody.

use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::sinch::Deed,
};

use crate::{Scene, assert_silent};

#[tokio::test]
async fn a_working_service_plan_is_told_in_a_sentence_and_nobody_is_written_to() {
    for from in ["+447700900456", "Hill School"] {
        let scene = Scene::with(|config| config.from = from.to_owned());

        let told = scene.sinch.probe().await.unwrap();

        assert!(told.contains("the login works"), "{told}");
        assert_eq!(
            (scene.fake.posted(), scene.fake.batches(), scene.fake.complaints().len()),
            (0, Vec::new(), 0)
        );
    }
}

#[tokio::test]
async fn a_refused_login_holds_the_channel() {
    let scene = Scene::new();
    scene.fake.refuse_logins(true);

    let error = scene.sinch.probe().await.unwrap_err();

    assert_eq!(
        (error.fault, error.went, error.code.as_deref()),
        (Fault::Misconfigured, Went::No, Some("HTTP 401"))
    );
    assert!(error.summary.contains("token"), "{error}");
    assert_silent(&error);
}

#[tokio::test]
async fn another_region_or_plan_holds_the_channel() {
    let scene = Scene::with(|config| config.service_plan_id = "another".to_owned());

    let error = scene.sinch.probe().await.unwrap_err();

    assert_eq!((error.fault, error.code.as_deref()), (Fault::Misconfigured, Some("HTTP 404")));
    assert!(error.summary.contains("region"), "{error}");
}

#[tokio::test]
async fn a_sender_that_is_not_ours_holds_the_channel() {
    let scene = Scene::with(|config| config.from = "+447700900999".to_owned());

    let error = scene.sinch.probe().await.unwrap_err();

    assert_eq!((error.fault, error.code.as_deref()), (Fault::Misconfigured, Some("unknown_campaign")));
}

#[tokio::test]
async fn a_provider_that_is_away_is_nobodys_fault_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    for deed in
        [Deed::Fail { status: 503, took: false }, Deed::Cut { took: false }, Deed::Garbled, Deed::Nameless]
    {
        scene.fake.next_question(1, deed.clone());

        let error = scene.sinch.probe().await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::No), "{deed:?}");
        assert_silent(&error);
    }
}
