//! Catching up: what is found in the provider's list, and what is not.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::twilio::{Deed, Taken, TwilioFake},
    inbound::{KeptText, read_text},
    twilio,
};

use crate::{CARER, OTHER, Scene, WORDS, assert_silent, text};

async fn received(scene: &Scene, since: Timestamp) -> Vec<KeptText> {
    scene.twilio.received(since).await.unwrap().unwrap()
}

fn bodies(texts: &[KeptText]) -> Vec<&str> {
    texts.iter().map(|kept| kept.text.body.expose().as_str()).collect()
}

/// A text that arrived a second later for each index, to be changed where it matters.
fn like(scene: &Scene, index: u32) -> Taken {
    Taken {
        sid: format!("SM{index:032x}"),
        to: TwilioFake::NUMBER.to_owned(),
        from: Some(CARER.to_owned()),
        service: None,
        body: format!("Text {index}"),
        status: "received".to_owned(),
        error_code: None,
        direction: "inbound".to_owned(),
        created: scene.began + SignedDuration::from_secs(index.into()),
        fields: std::collections::BTreeMap::default(),
    }
}

#[tokio::test]
async fn a_text_whose_post_never_came_is_found_in_the_list() {
    let scene = Scene::new();
    let sid = scene.fake.arrive(CARER, WORDS, 2).sid;

    let texts = received(&scene, scene.began).await;

    let [kept] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!(kept.text.reference.0, sid);
    assert_eq!(kept.text.from.expose(), CARER);
    assert_eq!(kept.text.to.expose(), TwilioFake::NUMBER);
    assert_eq!((kept.text.body.expose().as_str(), kept.text.media), (WORDS, 2));
    assert_eq!((kept.form, kept.text.part.as_ref()), (twilio::LISTED, None));
    assert!(kept.text.sent_at.is_some());
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_listed_text_has_the_name_it_was_posted_under() {
    let scene = Scene::new();
    let url = scene.twilio.inbound_address().unwrap();
    let post = scene.fake.receive(&url, CARER, WORDS, 0);
    let events = scene.twilio.callback().unwrap().events(&post.posted()).unwrap();

    let listed = received(&scene, scene.began).await;

    let [liaison_channels::inbound::Event::Text(posted)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(listed[0].text.reference, posted.text.reference);
}

#[tokio::test]
async fn listed_bytes_are_read_again_as_they_were_at_arrival() {
    let scene = Scene::new();
    scene.fake.arrive(CARER, "Dzień dobry \"\\ 😀\n", 1);
    scene.fake.plant(Taken { from: None, ..like(&scene, 1) });

    for kept in received(&scene, scene.began).await {
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
}

#[tokio::test]
async fn texts_are_told_from_old_to_new_over_all_pages() {
    let scene = Scene::new();
    let expected: Vec<_> = (0..450).map(|index| format!("Text {index}")).collect();
    for index in 0..450 {
        scene.fake.plant(like(&scene, index));
    }

    let texts = received(&scene, scene.began).await;

    assert_eq!(bodies(&texts), expected);
}

#[tokio::test]
async fn only_texts_from_somebody_to_our_number_since_then_are_told() {
    let scene = Scene::new();
    scene.twilio.send(&text()).await.unwrap();
    for other in [
        Taken { to: OTHER.to_owned(), ..like(&scene, 1) },
        Taken { direction: "outbound-reply".to_owned(), ..like(&scene, 2) },
        Taken { sid: "CA0123456789abcdef0123456789abcdef".to_owned(), ..like(&scene, 3) },
        Taken { created: scene.began - SignedDuration::from_hours(1), ..like(&scene, 4) },
        Taken { created: scene.began - SignedDuration::from_hours(100), ..like(&scene, 5) },
        like(&scene, 6),
    ] {
        scene.fake.plant(other);
    }

    let texts = received(&scene, scene.began).await;

    assert_eq!(bodies(&texts), ["Text 6"]);
}

#[tokio::test]
async fn a_text_from_just_before_is_told_once_more_rather_than_lost() {
    let scene = Scene::new();
    let created = scene.began - SignedDuration::from_mins(2);
    scene.fake.plant(Taken { created, ..like(&scene, 1) });

    assert_eq!(received(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_text() {
    for ahead in [SignedDuration::from_mins(-20), SignedDuration::from_mins(20)] {
        let scene = Scene::new();
        scene.fake.clock_ahead(ahead);
        scene.fake.arrive(CARER, WORDS, 0);

        assert_eq!(received(&scene, scene.began).await.len(), 1, "{ahead:?}");
    }
}

#[tokio::test]
async fn a_time_in_the_small_hours_asks_for_the_day_before() {
    let scene = Scene::new();
    let midnight: Timestamp = "2026-03-29T00:00:01Z".parse().unwrap();
    let created = midnight - SignedDuration::from_secs(3);
    scene.fake.plant(Taken { created, ..like(&scene, 1) });

    assert_eq!(received(&scene, midnight).await.len(), 1);
}

#[tokio::test]
async fn a_messaging_service_is_told_of_its_own_texts_and_of_those_that_name_none() {
    let scene = Scene::with(|config| {
        config.from = None;
        config.messaging_service_sid = Some(TwilioFake::SERVICE.to_owned());
    });
    let through = |service: &str, index| Taken {
        service: Some(service.to_owned()),
        to: "+447700900457".to_owned(),
        ..like(&scene, index)
    };
    scene.twilio.send(&text()).await.unwrap();
    scene.fake.plant(through(TwilioFake::SERVICE, 1));
    scene.fake.plant(through("MG00000000000000000000000000000000", 2));
    scene.fake.plant(like(&scene, 3));

    let texts = received(&scene, scene.began).await;

    assert_eq!(bodies(&texts), ["Text 1", "Text 3"]);
}

#[tokio::test]
async fn nobody_answers_to_a_name() {
    let scene = Scene::with(|config| config.from = Some("Hill School".to_owned()));

    assert_eq!(scene.twilio.received(scene.began).await.unwrap(), None);
}

#[tokio::test]
async fn a_day_too_long_to_read_is_an_error_and_never_a_part_of_it() {
    let scene = Scene::new();
    for index in 0..10_001 {
        scene.fake.plant(Taken { created: scene.began, ..like(&scene, index) });
    }

    let error = scene.twilio.received(scene.began).await.unwrap_err();

    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::No));
    assert!(error.summary.contains("too long"), "{error}");
}

#[tokio::test]
async fn more_texts_than_one_reading_of_the_list_holds_are_told_day_by_day() {
    let scene = Scene::new();
    let first: Timestamp = "2026-03-28T12:00:00Z".parse().unwrap();
    let days = (0..3_u32).flat_map(|day| (0..4_000_u32).map(move |index| (day, index)));
    let expected: Vec<_> = days.clone().map(|(day, index)| format!("Text {}", day * 4_000 + index)).collect();
    for (day, index) in days {
        let created =
            first + SignedDuration::from_hours(24 * i64::from(day)) + SignedDuration::from_secs(index.into());
        scene.fake.plant(Taken { created, ..like(&scene, day * 4_000 + index) });
    }

    let texts = received(&scene, first).await;

    assert!(bodies(&texts) == expected, "{} of {}", texts.len(), expected.len());
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_question_is_told_and_nothing_is_in_doubt() {
    let scene = Scene::new();
    scene.fake.arrive(CARER, WORDS, 0);
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

        let error = scene.twilio.received(scene.began).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}");
        assert_silent(&error);
    }
    assert_eq!(received(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn our_login_is_not_taken_to_another_place() {
    let (scene, elsewhere) = (Scene::new(), TwilioFake::start().unwrap());
    for index in 0..300 {
        scene.fake.plant(like(&scene, index));
    }
    scene.fake.pages_at(&elsewhere.base_url());

    let error = scene.twilio.received(scene.began).await.unwrap_err();

    assert!(error.summary.contains("elsewhere"), "{error}");
}

#[tokio::test]
async fn times_at_the_edge_of_the_calendar_do_no_harm() {
    let scene = Scene::new();

    assert!(scene.twilio.received(Timestamp::MIN).await.is_err());
    assert_eq!(received(&scene, Timestamp::MAX).await, []);
}
