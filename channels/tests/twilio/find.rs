//! "Did you take it?", in every situation in which it is asked.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::twilio::{Deed, Taken, TwilioFake},
    message::{Outgoing, ProviderRef},
    sender::Found,
};

use crate::{CARER, OTHER, Scene, WORDS, assert_silent, text, text_to};

/// A message of the same words to the same number, to be changed where it matters.
fn like(scene: &Scene, index: u32) -> Taken {
    Taken {
        sid: format!("SM{index:032x}"),
        to: CARER.to_owned(),
        from: Some(TwilioFake::NUMBER.to_owned()),
        service: None,
        body: WORDS.to_owned(),
        status: "delivered".to_owned(),
        error_code: None,
        direction: "outbound-api".to_owned(),
        created: scene.began,
        fields: std::collections::BTreeMap::default(),
    }
}

fn sid(index: u32) -> Found {
    Found::Yes(ProviderRef(format!("SM{index:032x}")))
}

async fn lose_the_answer(scene: &Scene, message: &Outgoing) -> Found {
    scene.fake.next(1, Deed::Cut { took: true });
    let error = scene.fails(message).await;
    assert_eq!(error.went, Went::Perhaps);
    Found::Yes(ProviderRef(scene.fake.messages().pop().unwrap().sid))
}

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found() {
    let scene = Scene::new();
    let text = text();
    let taken = lose_the_answer(&scene, &text).await;

    let found = scene.find(&text).await;

    assert_eq!(found, taken);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_that_was_never_taken_is_not_found() {
    let scene = Scene::new();
    let text = text();
    scene.fake.next(1, Deed::Cut { took: false });
    scene.fails(&text).await;

    let found = scene.find(&text).await;

    assert_eq!(found, Found::No);
}

#[tokio::test]
async fn a_text_of_a_messaging_service_is_found() {
    let scene = Scene::with(|config| {
        config.from = None;
        config.messaging_service_sid = Some(TwilioFake::SERVICE.to_owned());
    });
    // A service turns curly quotes into straight ones unless it is told to leave them.
    let text = text_to(CARER, "Amina’s bag");
    let taken = lose_the_answer(&scene, &text).await;

    let found = scene.find(&text).await;

    assert_eq!(found, taken);
}

#[tokio::test]
async fn two_carers_on_one_number_have_a_text_each() {
    let scene = Scene::new();
    let (first, second) = (text(), text());
    let taken = scene.twilio.send(&first).await.unwrap();
    let known = [taken.reference];

    let not_yet = scene.find_but(&second, &known).await;
    let lost = lose_the_answer(&scene, &second).await;
    let now = scene.find_but(&second, &known).await;

    assert_eq!(not_yet, Found::No);
    assert_eq!(now, lost);
}

#[tokio::test]
async fn of_two_that_may_be_it_the_older_is_taken() {
    let scene = Scene::new();
    for (index, later) in [(1, 2), (2, 1)] {
        let created = scene.began + SignedDuration::from_secs(later);
        scene.fake.plant(Taken { created, ..like(&scene, index) });
    }

    let found = scene.find(&text()).await;

    assert_eq!(found, sid(2));
}

#[tokio::test]
async fn only_what_is_ours_in_every_respect_is_found() {
    let scene = Scene::new();
    let like = |index| like(&scene, index);
    for other in [
        Taken { to: OTHER.to_owned(), ..like(1) },
        Taken { from: Some("+447700900999".to_owned()), ..like(2) },
        Taken { from: None, service: Some(TwilioFake::SERVICE.to_owned()), ..like(3) },
        Taken { body: "Swimming is on Monday".to_owned(), ..like(4) },
        Taken { direction: "inbound".to_owned(), ..like(5) },
        Taken { direction: "outbound-reply".to_owned(), ..like(6) },
        Taken { created: scene.began - SignedDuration::from_secs(10), ..like(7) },
        Taken { sid: "CA0123456789abcdef0123456789abcdef".to_owned(), ..like(8) },
    ] {
        scene.fake.plant(other);
    }

    let before = scene.find(&text()).await;
    scene.fake.plant(like(9));
    let after = scene.find(&text()).await;

    assert_eq!((before, after), (Found::No, sid(9)));
}

#[tokio::test]
async fn the_prefix_of_a_trial_account_does_not_hide_a_text() {
    let scene = Scene::new();
    let body = format!("Sent from your Twilio trial account - {WORDS}");
    scene.fake.plant(Taken { body, ..like(&scene, 1) });

    let found = scene.find(&text()).await;

    assert_eq!(found, sid(1));
}

#[tokio::test]
async fn without_the_words_a_single_text_is_found_and_two_are_a_question() {
    let scene = Scene::with(|config| config.retain_content = false);
    let (first, second) = (text(), text());

    let none = scene.find(&first).await;
    let taken = lose_the_answer(&scene, &first).await;
    let one = scene.find(&first).await;
    let later = lose_the_answer(&scene, &second).await;
    let two = scene.find(&second).await;
    let Found::Yes(known) = &taken else { panic!("it was taken") };
    let told = scene.find_but(&second, std::slice::from_ref(known)).await;

    assert_eq!((none, &one, two, told), (Found::No, &taken, Found::NotYet, later));
}

#[tokio::test]
async fn without_whole_numbers_only_a_callback_can_tell() {
    let called = Scene::with(|config| config.retain_address = false);
    let uncalled = Scene::with(|config| (config.retain_address, config.public_url) = (false, None));
    let text = text();
    for (scene, expected) in [(&called, Found::NotYet), (&uncalled, Found::CannotTell)] {
        lose_the_answer(scene, &text).await;

        assert_eq!(scene.find(&text).await, expected);
    }
}

#[tokio::test]
async fn a_text_on_a_later_page_is_found() {
    let scene = Scene::new();
    scene.fake.plant(like(&scene, 1));
    for index in 2..500 {
        let created = scene.began + SignedDuration::from_secs(1);
        scene.fake.plant(Taken { body: format!("Another {index}"), created, ..like(&scene, index) });
    }

    let found = scene.find(&text()).await;

    assert_eq!(found, sid(1));
}

#[tokio::test]
async fn a_list_that_does_not_end_leaves_it_open() {
    let scene = Scene::with(|config| config.public_url = None);
    for index in 1..2_300 {
        scene.fake.plant(Taken { body: format!("Another {index}"), ..like(&scene, index) });
    }

    let found = scene.find(&text()).await;

    assert_eq!(found, Found::CannotTell);
}

#[tokio::test]
async fn old_pages_are_not_read() {
    let scene = Scene::new();
    for index in 1..2_300 {
        let created = scene.began - SignedDuration::from_hours(48);
        scene.fake.plant(Taken { created, ..like(&scene, index) });
    }

    let found = scene.find(&text()).await;

    assert_eq!(found, Found::No);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_text() {
    for ahead in [SignedDuration::from_mins(-10), SignedDuration::from_mins(10)] {
        let scene = Scene::new();
        let text = text();
        scene.fake.clock_ahead(ahead);
        let before = like(&scene, 1).created + ahead - SignedDuration::from_mins(1);
        scene.fake.plant(Taken { created: before, ..like(&scene, 1) });
        let taken = lose_the_answer(&scene, &text).await;

        let found = scene.find(&text).await;

        assert_eq!(found, taken, "{ahead:?}");
    }
}

#[tokio::test]
async fn a_failed_question_leaves_the_text_in_doubt() {
    let scene = Scene::new();
    let text = text();
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

        let error = scene.twilio.find(&scene.lookup(&text, &[])).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::Perhaps), "{deed:?}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn our_login_is_not_taken_to_another_place() {
    let (scene, elsewhere) = (Scene::new(), TwilioFake::start().unwrap());
    for index in 1..300 {
        scene.fake.plant(Taken { body: format!("Another {index}"), ..like(&scene, index) });
    }
    scene.fake.pages_at(&elsewhere.base_url());
    let text = text();

    let error = scene.twilio.find(&scene.lookup(&text, &[])).await.unwrap_err();

    assert_eq!(error.went, Went::Perhaps);
    assert!(error.summary.contains("elsewhere"), "{error}");
    assert_silent(&error);
}

#[tokio::test]
async fn a_text_from_before_the_attempt_is_not_it() {
    let scene = Scene::new();
    let text = text_to(CARER, WORDS);
    scene.twilio.send(&text).await.unwrap();
    let later = Timestamp::now() + SignedDuration::from_mins(1);

    let found = scene
        .twilio
        .find(&liaison_channels::sender::Lookup { since: later, ..scene.lookup(&text, &[]) })
        .await;

    assert_eq!(found.unwrap().found, Found::No);
}
