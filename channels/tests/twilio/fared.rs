//! How our texts have fared, from the provider's list: what is told, and what is not.

use jiff::SignedDuration;
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::twilio::{Deed, Taken, TwilioFake},
    receipt::{FailedAs, Progress, Receipt},
};

use crate::{CARER, Scene, assert_silent, text};

async fn receipts(scene: &Scene) -> Vec<Receipt> {
    scene.twilio.receipts(scene.began).await.unwrap().unwrap()
}

/// A text of ours, to be changed where it matters.
fn like(scene: &Scene, index: u32) -> Taken {
    Taken {
        sid: format!("SM{index:032x}"),
        to: CARER.to_owned(),
        from: Some(TwilioFake::NUMBER.to_owned()),
        service: None,
        body: "Swimming is on Friday".to_owned(),
        status: "delivered".to_owned(),
        error_code: None,
        direction: "outbound-api".to_owned(),
        created: scene.began + SignedDuration::from_secs(index.into()),
        fields: std::collections::BTreeMap::default(),
    }
}

fn sids(receipts: &[Receipt]) -> Vec<u64> {
    receipts.iter().map(|one| u64::from_str_radix(&one.reference.0[2..], 16).unwrap()).collect()
}

#[tokio::test]
async fn a_status_whose_post_never_came_is_found_in_the_list() {
    let scene = Scene::new();
    let mut taken = Vec::new();
    for (status, code) in [("delivered", None), ("undelivered", Some(30_006)), ("sent", None)] {
        let accepted = scene.twilio.send(&text()).await.unwrap();
        scene.fake.set_status(&accepted.reference.0, status, code).unwrap();
        taken.push(accepted.reference);
    }

    let mut told = receipts(&scene).await;

    told.sort_by_key(|one| taken.iter().position(|reference| *reference == one.reference));
    let short: Vec<_> =
        told.iter().map(|one| (one.status.as_str(), one.progress, one.code.as_deref(), one.ours)).collect();
    assert_eq!(
        short,
        [
            ("delivered", Progress::Delivered, None, None),
            ("undelivered", Progress::Failed(FailedAs::BadAddress), Some("30006"), None),
            ("sent", Progress::Sent, None, None),
        ]
    );
    assert_eq!(told.into_iter().map(|one| one.reference).collect::<Vec<_>>(), taken);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn only_our_own_texts_since_then_are_told_of_and_the_oldest_first() {
    let scene = Scene::new();
    for one in [
        like(&scene, 1),
        Taken { from: Some("+447700900457".to_owned()), ..like(&scene, 2) },
        Taken { direction: "inbound".to_owned(), ..like(&scene, 3) },
        Taken { direction: "outbound-reply".to_owned(), ..like(&scene, 4) },
        Taken { status: "queued".to_owned(), ..like(&scene, 5) },
        Taken { status: "of_tomorrow".to_owned(), ..like(&scene, 6) },
        Taken { created: scene.began - SignedDuration::from_hours(1), ..like(&scene, 7) },
        Taken { status: "failed".to_owned(), error_code: Some(21_610), ..like(&scene, 8) },
    ] {
        scene.fake.plant(one);
    }

    let told = receipts(&scene).await;

    // A word that is yet to be invented moves nothing.
    assert_eq!(sids(&told), [1, 5, 6, 8]);
    assert_eq!([told[1].progress, told[2].progress], [Progress::Accepted; 2]);
    assert_eq!(told[3].progress, Progress::Failed(FailedAs::Stopped));
}

#[tokio::test]
async fn a_messaging_service_is_told_of_its_own_texts_alone() {
    let scene = Scene::with(|config| {
        config.from = None;
        config.messaging_service_sid = Some(TwilioFake::SERVICE.to_owned());
    });
    scene.fake.plant(Taken { service: Some(TwilioFake::SERVICE.to_owned()), ..like(&scene, 1) });
    scene.fake.plant(like(&scene, 2));

    assert_eq!(sids(&receipts(&scene).await), [1]);
}

#[tokio::test]
async fn the_list_is_read_over_its_pages_and_no_further_than_it_matters() {
    let scene = Scene::new();
    for index in 0..450 {
        scene.fake.plant(like(&scene, index));
    }
    for index in 450..20_000 {
        let created = scene.began - SignedDuration::from_hours(48);
        scene.fake.plant(Taken { created, ..like(&scene, index) });
    }

    let told = receipts(&scene).await;

    assert_eq!(sids(&told), (0..450).collect::<Vec<_>>());
    assert!(scene.fake.asked() <= 5, "{}", scene.fake.asked());
}

#[tokio::test]
async fn beyond_the_bound_the_newest_are_told_of() {
    let scene = Scene::new();
    for index in 0..10_200 {
        scene.fake.plant(like(&scene, index));
    }

    assert_eq!(sids(&receipts(&scene).await), (200..10_200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failed_question_is_told_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    scene.fake.plant(like(&scene, 1));
    for (deed, fault) in [
        (Deed::Throttle { retry_after: None }, Fault::Throttled { wait: None }),
        (Deed::Fail { status: 503, took: false }, Fault::Temporary),
        (Deed::Cut { took: false }, Fault::Temporary),
        (Deed::Garbled, Fault::Temporary),
        (Deed::Nameless, Fault::Temporary),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.twilio.receipts(scene.began).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}");
        assert!(error.summary.contains("how our texts have fared"), "{error}");
        assert_silent(&error);
    }
    assert_eq!(receipts(&scene).await.len(), 1);
}
