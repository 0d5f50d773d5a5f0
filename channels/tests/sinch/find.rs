//! "Did you take it?", after an answer was lost.

use jiff::SignedDuration;
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::sinch::{Deed, SinchFake, Taken},
    message::ProviderRef,
    sender::{Found, Lookup},
};

use crate::{CARER, Scene, WORDS, assert_silent, text, text_to};

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found_by_our_reference() {
    let scene = Scene::new();
    let text = text();
    scene.fake.next(1, Deed::Cut { took: true });
    scene.fails(&text).await;

    let found = scene.find(&text).await;

    assert_eq!(found, Found::Yes(ProviderRef(scene.fake.batches()[0].id.clone())));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_that_never_came_is_not_there_although_its_twin_is() {
    let scene = Scene::new();
    scene.sinch.send(&text_to(CARER, WORDS)).await.unwrap();
    scene.fake.next(1, Deed::Cut { took: false });
    let text = text();
    scene.fails(&text).await;

    assert_eq!(scene.find(&text).await, Found::No);
}

#[tokio::test]
async fn a_provider_that_heeds_no_reference_does_not_make_anothers_text_ours() {
    let scene = Scene::new();
    scene.fake.heed_no_reference();
    scene.sinch.send(&text_to(CARER, WORDS)).await.unwrap();

    assert_eq!(scene.find(&text()).await, Found::No);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_text() {
    for ahead in [SignedDuration::from_mins(-20), SignedDuration::from_mins(20)] {
        let scene = Scene::new();
        scene.fake.clock_ahead(ahead);
        let text = text();
        scene.sinch.send(&text).await.unwrap();

        assert!(matches!(scene.find(&text).await, Found::Yes(_)), "{ahead:?}");
    }
}

#[tokio::test]
async fn a_text_of_the_day_before_yesterday_is_still_found() {
    let scene = Scene::new();
    let text = text();
    let created = scene.began - SignedDuration::from_hours(48);
    scene.fake.plant(SinchFake::other_batch(&text.reference().to_string(), created));
    let lookup = Lookup { since: created, ..scene.lookup(&text, &[]) };

    let found = scene.sinch.find(&lookup).await.unwrap().found;

    assert!(matches!(found, Found::Yes(_)), "{found:?}");
}

#[tokio::test]
async fn what_is_too_old_to_be_listed_cannot_be_told() {
    let scene = Scene::new();
    let text = text();
    let lookup =
        Lookup { since: scene.began - SignedDuration::from_hours(14 * 24), ..scene.lookup(&text, &[]) };

    assert_eq!(scene.sinch.find(&lookup).await.unwrap().found, Found::CannotTell);
}

#[tokio::test]
async fn the_first_of_two_is_meant_unless_it_is_known_to_be_another() {
    let scene = Scene::new();
    let text = text();
    let reference = text.reference().to_string();
    let of = |id: &str, second| Taken {
        id: id.to_owned(),
        ..SinchFake::other_batch(&reference, scene.began + SignedDuration::from_secs(second))
    };
    scene.fake.plant(of("LATER", 9));
    scene.fake.plant(of("EARLIER", 3));

    let first = scene.find(&text).await;
    let other = scene.find_but(&text, &[ProviderRef("EARLIER".to_owned())]).await;

    assert_eq!(first, Found::Yes(ProviderRef("EARLIER".to_owned())));
    assert_eq!(other, Found::Yes(ProviderRef("LATER".to_owned())));
}

#[tokio::test]
async fn a_failed_question_leaves_the_text_in_doubt() {
    let scene = Scene::new();
    let text = text();
    scene.sinch.send(&text).await.unwrap();
    for (deed, fault) in [
        (Deed::Throttle { retry_after: None }, Fault::Throttled { wait: None }),
        (Deed::Fail { status: 503, took: false }, Fault::Temporary),
        (Deed::Fail { status: 403, took: false }, Fault::Misconfigured),
        (Deed::Cut { took: false }, Fault::Temporary),
        (Deed::CutShort, Fault::Temporary),
        (Deed::Garbled, Fault::Temporary),
        (Deed::Nameless, Fault::Temporary),
        (Deed::Endless, Fault::Temporary),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.sinch.find(&scene.lookup(&text, &[])).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::Perhaps), "{deed:?}");
        assert_silent(&error);
    }
    assert!(matches!(scene.find(&text).await, Found::Yes(_)));
}
