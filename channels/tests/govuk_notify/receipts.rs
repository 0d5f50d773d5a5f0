//! How far our messages have come, from the provider's own list.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::{
        govuk_notify::{GovukNotifyFake, Taken},
        stage::Deed,
    },
    message::OurRef,
    receipt::{FailedAs, Progress, Receipt},
    sender::Carries,
};
use uuid::Uuid;

use crate::{CARER, Scene, WORDS, assert_silent, letters, text};

async fn receipts(scene: &Scene, since: Timestamp) -> Vec<Receipt> {
    scene.notify.receipts(since).await.unwrap().unwrap()
}

/// A text of ours that was handed over this long after the scene began.
fn after(scene: &Scene, seconds: i64) -> Taken {
    Taken {
        id: Uuid::now_v7().to_string(),
        to: CARER.to_owned(),
        kind: "sms",
        subject: None,
        words: WORDS.to_owned(),
        sent: WORDS.to_owned(),
        reference: Some(OurRef(Uuid::now_v7()).to_string()),
        sender: None,
        status: "delivered".to_owned(),
        created: scene.began + SignedDuration::from_secs(seconds),
    }
}

fn ids(receipts: &[Receipt]) -> Vec<&str> {
    receipts.iter().map(|receipt| receipt.reference.0.as_str()).collect()
}

fn answer(body: impl Into<String>) -> Deed {
    Deed::Answer { status: 200, content_type: "application/json", body: body.into() }
}

#[tokio::test]
async fn every_status_of_a_letter_says_how_far_it_has_come() {
    let scene = letters::scene();
    let letter = letters::letter();
    let id = scene.notify.send(&letter).await.unwrap().reference.0;
    let refused = Progress::Failed(FailedAs::Refused);
    for (status, listed, progress) in [
        ("created", "accepted", Progress::Accepted),
        ("sending", "accepted", Progress::Accepted),
        ("accepted", "accepted", Progress::Accepted),
        ("pending-virus-check", "pending-virus-check", Progress::Accepted),
        ("received", "received", Progress::Delivered),
        ("delivered", "received", Progress::Delivered),
        ("returned-letter", "received", Progress::Delivered),
        ("cancelled", "cancelled", refused),
        ("technical-failure", "technical-failure", refused),
        ("permanent-failure", "permanent-failure", refused),
        ("validation-failed", "validation-failed", refused),
        ("virus-scan-failed", "virus-scan-failed", refused),
        ("shredded", "shredded", Progress::Accepted),
    ] {
        assert!(scene.fake.set_status(&id, status));

        let told = receipts(&scene, scene.began).await;

        let [receipt] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((receipt.reference.0.as_str(), receipt.ours), (id.as_str(), Some(letter.reference())));
        assert_eq!((receipt.status.as_str(), receipt.progress), (listed, progress), "{status}");
    }
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

/// As old servers, and a stand-in that does not translate, would say it.
#[tokio::test]
async fn the_servers_own_words_for_a_letter_are_known_as_well() {
    let scene = letters::scene();
    for (status, progress) in [
        ("created", Progress::Accepted),
        ("sending", Progress::Accepted),
        ("delivered", Progress::Delivered),
        ("returned-letter", Progress::Failed(FailedAs::BadAddress)),
        // Words of texts and emails are none of letters'.
        ("temporary-failure", Progress::Accepted),
        ("sent", Progress::Accepted),
    ] {
        let (id, ours) = (Uuid::now_v7(), OurRef(Uuid::now_v7()));
        let one =
            format!(r#"{{"id": "{id}", "reference": "{ours}", "status": "{status}", "created_at": "x"}}"#);
        scene.fake.next_question(1, answer(format!(r#"{{"notifications": [{one}]}}"#)));

        let told = receipts(&scene, scene.began).await;

        assert_eq!(told[0].progress, progress, "{status}");
    }
}

#[tokio::test]
async fn a_text_and_a_mail_come_as_far_by_the_list_as_by_their_receipts() {
    for carries in [Carries::Text, Carries::Mail] {
        let scene = Scene::with(|config| config.carries = carries);
        let kind = if carries == Carries::Text { "sms" } else { "email" };
        let taken = Taken { kind, ..after(&scene, 1) };
        scene.fake.plant(taken.clone());
        for status in
            ["created", "sending", "delivered", "permanent-failure", "temporary-failure", "technical-failure"]
        {
            let post = scene.fake.receipt(&taken.id, status).unwrap();
            let posted = scene.notify.callback().unwrap().events(&post.posted()).unwrap();

            let told = receipts(&scene, scene.began).await;

            let told: Vec<_> = told.into_iter().map(liaison_channels::inbound::Event::Receipt).collect();
            assert_eq!(told, posted, "{status}");
        }
    }
}

#[tokio::test]
async fn a_channel_is_told_of_its_own_kind_alone() {
    let scene = letters::scene();
    scene.fake.plant(after(&scene, 1));
    scene.fake.plant(Taken { kind: "email", ..after(&scene, 2) });

    assert_eq!(receipts(&scene, scene.began).await, []);
}

#[tokio::test]
async fn what_the_service_sends_for_others_is_nothing_of_ours() {
    let scene = Scene::new();
    for reference in [
        None,
        Some(String::new()),
        Some("parents' evening".to_owned()),
        // Another program may name its messages by UUIDs, too.
        Some(Uuid::now_v7().to_string()),
        Some(Uuid::now_v7().simple().to_string().to_uppercase()),
    ] {
        scene.fake.plant(Taken { reference, ..after(&scene, 1) });
    }
    let text = text();
    let accepted = scene.notify.send(&text).await.unwrap();

    let told = receipts(&scene, scene.began).await;

    assert_eq!(ids(&told), [accepted.reference.0.as_str()]);
    assert_eq!((told[0].ours, told[0].progress), (Some(text.reference()), Progress::Accepted));
}

#[tokio::test]
async fn all_pages_are_read_from_new_to_old() {
    for count in [0, 249, 250, 251, 620] {
        let scene = Scene::new();
        let planted: Vec<_> = (0..count).map(|index| after(&scene, index)).collect();
        planted.iter().cloned().for_each(|taken| scene.fake.plant(taken));

        let told = receipts(&scene, scene.began).await;

        let expected: Vec<_> = planted.iter().rev().map(|taken| taken.id.as_str()).collect();
        assert_eq!(ids(&told), expected);
        assert_eq!(scene.fake.complaints(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn only_messages_since_then_are_told_and_older_pages_are_not_asked_for() {
    let scene = Scene::new();
    for index in (0..250).rev() {
        scene.fake.plant(after(&scene, -7_200 - index));
    }
    let (before, new) = (after(&scene, -120), after(&scene, 1));
    scene.fake.plant(before.clone());
    scene.fake.plant(new.clone());

    let told = receipts(&scene, scene.began).await;

    assert_eq!(ids(&told), [new.id.as_str(), before.id.as_str()], "one from just before is told, too");
    assert_eq!(scene.fake.asked(), 1);
}

#[tokio::test]
async fn clocks_that_differ_do_not_hide_a_message() {
    for ahead in [-28, 28] {
        let scene = Scene::new();
        scene.fake.clock_ahead(SignedDuration::from_secs(ahead));
        scene.notify.send(&text()).await.unwrap();

        let since = scene.began + SignedDuration::from_mins(5);
        assert_eq!(receipts(&scene, since).await.len(), 1, "{ahead}");
    }
}

#[tokio::test]
async fn of_a_list_without_end_the_newest_is_told() {
    let scene = Scene::new();
    for index in 0..12_501 {
        scene.fake.plant(after(&scene, index));
    }

    let told = receipts(&scene, scene.began).await;

    assert_eq!((told.len(), scene.fake.asked()), (12_500, 50));
}

#[tokio::test]
async fn a_page_that_is_given_again_ends_the_asking() {
    let scene = Scene::new();
    let page = |reference: OurRef| {
        let one = format!(
            r#"{{"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": "{reference}", "status": "sending"}}"#
        );
        answer(format!(r#"{{"notifications": [{one}], "links": {{}}}}"#))
    };
    scene.fake.always_question(Some(page(OurRef(Uuid::now_v7()))));

    let error = scene.notify.receipts(scene.began).await.unwrap_err();

    assert_eq!((error.fault, error.went, scene.fake.asked()), (Fault::Temporary, Went::No, 2));
    assert!(error.summary.contains("repeats itself"), "{error}");
}

#[tokio::test]
async fn a_message_that_two_pages_tell_of_is_told_once() {
    let scene = Scene::new();
    let ours = OurRef(Uuid::now_v7());
    let one = |id: &str| format!(r#"{{"id": "{id}", "reference": "{ours}", "status": "sending"}}"#);
    let (first, second) = ("740e5834-3a29-46b4-9a6f-16142fde533a", "740e5834-3a29-46b4-9a6f-16142fde533b");
    scene.fake.next_question(1, answer(format!(r#"{{"notifications": [{}]}}"#, one(first))));
    let page = format!(r#"{{"notifications": [{}, {}]}}"#, one(first), one(second));
    scene.fake.next_question(1, answer(page));

    assert_eq!(ids(&receipts(&scene, scene.began).await), [first, second]);
}

#[tokio::test]
async fn a_failed_question_is_told_and_nothing_is_in_doubt() {
    let scene = Scene::with(|config| (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1));
    scene.notify.send(&text()).await.unwrap();
    let list = |one: &str| answer(format!(r#"{{"notifications": [{one}]}}"#));
    let ours = OurRef(Uuid::now_v7());
    let id = "740e5834-3a29-46b4-9a6f-16142fde533a";
    for (deed, fault) in [
        (GovukNotifyFake::refusal(403, "AuthError"), Fault::Misconfigured),
        (Deed::Fail { status: 500, took: false }, Fault::Temporary),
        (Deed::Fail { status: 503, took: false }, Fault::Temporary),
        (Deed::Hang { took: false }, Fault::Temporary),
        (Deed::Cut { took: false }, Fault::Temporary),
        (Deed::CutShort, Fault::Temporary),
        (Deed::Garbled, Fault::Temporary),
        (Deed::Endless, Fault::Temporary),
        (answer("{}"), Fault::Temporary),
        (list(r#"{"status": "sending"}"#), Fault::Temporary),
        (list(r#"{"id": "one", "status": "sending"}"#), Fault::Temporary),
        (list(&format!(r#"{{"id": "{id}", "reference": "{ours}"}}"#)), Fault::Temporary),
        (
            list(&format!(r#"{{"id": "{id}", "reference": "{ours}", "status": "07700900123!"}}"#)),
            Fault::Temporary,
        ),
    ] {
        scene.fake.next_question(1, deed.clone());

        let error = scene.notify.receipts(scene.began).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}");
        assert!(error.summary.starts_with("how far messages have come could not be asked: "), "{error}");
        assert_silent(&error);
    }
    assert_eq!(receipts(&scene, scene.began).await.len(), 1);
}

#[tokio::test]
async fn too_many_questions_rest_the_channel() {
    let scene = Scene::new();
    scene.fake.next_question(1, GovukNotifyFake::refusal(429, "RateLimitError"));

    let error = scene.notify.receipts(scene.began).await.unwrap_err();

    assert!(matches!(error.fault, Fault::Throttled { wait: Some(_) }), "{error:?}");
    assert!(scene.notify.pace().pause_left().is_some());
}

#[tokio::test]
async fn a_page_of_long_letters_is_read_whole() {
    let scene = Scene::with(|config| config.carries = Carries::Letter);
    for index in 0..250 {
        let sent = "a".repeat(18_000);
        scene.fake.plant(Taken { kind: "letter", sent, ..after(&scene, index) });
    }

    assert_eq!(receipts(&scene, scene.began).await.len(), 250);
}

#[tokio::test]
async fn times_at_the_edge_of_the_calendar_do_no_harm() {
    let scene = Scene::new();

    assert_eq!(receipts(&scene, Timestamp::MIN).await, []);
    assert_eq!(receipts(&scene, Timestamp::MAX).await, []);
}
