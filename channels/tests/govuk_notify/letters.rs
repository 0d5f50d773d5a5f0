//! Letters through Notify.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    ChannelConfig, Sender, conformance_tests,
    cost::CostConfig,
    error::{Fault, SendError, Went},
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    govuk_notify::{GovukNotify, GovukNotifyConfig},
    inbound::Event,
    message::{Letter, OurRef, Outgoing, ProviderRef},
    receipt::{FailedAs, Progress},
    sender::{Carries, Found, Lookup},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{CARER, Scene, assert_silent, channel, text};

type Change = Box<dyn FnOnce(&mut GovukNotifyConfig)>;

pub(crate) const HOME: &str = "Amina Yusuf\n4 Drama Lane\nNorthfield\nSW1A 1AA";
const PARAGRAPHS: &str = "Dear Amina\n\nSwimming is on Friday.\n\nBring café money, €2.\n";

pub(crate) fn scene() -> Scene {
    let scene = Scene::with(|config| {
        config.carries = Carries::Letter;
        (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1);
    });
    scene.fake.letter_template("A letter from school", "((words))");
    scene
}

pub(crate) fn letter_to(to: &str, words: &str) -> Outgoing {
    Outgoing::letter(OurRef(Uuid::now_v7()), Letter { to: to.into(), words: words.into() })
}

pub(crate) fn letter() -> Outgoing {
    letter_to(HOME, PARAGRAPHS)
}

async fn fails(scene: &Scene, letter: &Outgoing) -> SendError {
    let error = scene.notify.send(letter).await.unwrap_err();
    assert_silent(&error);
    let printed = format!("{error} {error:?} {letter:?}");
    for secret in ["Amina", "Drama Lane", "SW1A"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
    error
}

conformance_tests!(govuk_notify_letters, scene());

#[tokio::test]
async fn a_letter_is_made_from_the_template_and_goes_to_the_address_line_by_line() {
    let scene = scene();
    scene.fake.letter_template("Northfield School", "((words))\n\nYours,\nNorthfield School");
    let letter = letter();

    let accepted = scene.notify.send(&letter).await.unwrap();

    let taken = scene.fake.texts().remove(0);
    assert_eq!((taken.kind, taken.to.as_str(), taken.words.as_str()), ("letter", HOME, PARAGRAPHS));
    assert_eq!(taken.subject.as_deref(), Some("Northfield School"));
    assert_eq!(taken.sent, format!("{PARAGRAPHS}\n\nYours,\nNorthfield School"));
    assert_eq!((taken.reference, taken.sender), (Some(letter.reference().to_string()), None));
    assert_eq!(accepted.reference.0, taken.id);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn every_address_that_fits_the_window_is_tidied_and_taken() {
    for (given, taken) in [
        ("Amina Yusuf\n4 Drama Lane\nsw1a1aa", "Amina Yusuf\n4 Drama Lane\nsw1a1aa"),
        ("\n Amina  Yusuf,\n\n4 Drama Lane ,\r\nM1 1AE\n\n", "Amina Yusuf\n4 Drama Lane\nM1 1AE"),
        ("A\n1\n2\n3\n4\n5\nEC1A 1BB", "A\n1\n2\n3\n4\n5\nEC1A 1BB"),
        ("Cpl Yusuf\nB Company\nBFPO 58", "Cpl Yusuf\nB Company\nBFPO 58"),
        ("Cpl Yusuf\nB Company\nBF1 3AA\nbfpo c/o 58", "Cpl Yusuf\nB Company\nBF1 3AA\nbfpo c/o 58"),
        ("Amina Yusuf\n4 Drama Lane\u{2028}Flat 2\nJE2 3AB", "Amina Yusuf\n4 Drama Lane Flat 2\nJE2 3AB"),
    ] {
        let scene = scene();

        scene.notify.send(&letter_to(given, PARAGRAPHS)).await.unwrap();

        assert_eq!(scene.fake.texts()[0].to, taken);
        assert_eq!(scene.fake.complaints(), Vec::<String>::new(), "{given}");
    }
}

#[tokio::test]
async fn an_address_that_notify_would_refuse_is_told_before_anything_is_said() {
    let scene = scene();
    for (to, told) in [
        ("", "fewer than 3 lines"),
        ("Amina Yusuf\n \n,\nSW1A 1AA", "fewer than 3 lines"),
        ("A\n1\n2\n3\n4\n5\n6\nSW1A 1AA", "more than 7 lines"),
        ("أمينة\n4 Drama Lane\nSW1A 1AA", "from A to Z"),
        ("Amina Yusuf\nالشارع\nSW1A 1AA", "from A to Z"),
        ("Amina Yusuf\n(Flat 2)\nSW1A 1AA", "begins with a sign"),
        ("Amina Yusuf\n4 Drama Lane\n/ Northfield\nSW1A 1AA", "begins with a sign"),
        ("Amina Yusuf\n4 Drama Lane\nNorthfield", "no British postcode"),
        ("Amina Yusuf\n4 Drama Lane\nSW1A 1AA\nFrance", "no British postcode"),
        ("Amina Yusuf\nB Company\nBFPO 58\nGermany", "no British postcode"),
    ] {
        let error = fails(&scene, &letter_to(to, PARAGRAPHS)).await;

        assert_eq!((error.fault, error.went), (Fault::BadAddress, Went::No), "{to}");
        assert!(error.summary.contains(told), "{to}: {error}");
    }
    assert_eq!(scene.fake.posted(), 0);
}

#[tokio::test]
async fn words_that_notify_would_blame_on_the_template_are_refused_before_anything_is_said() {
    let scene = scene();
    for words in ["", " \n\n", &"a".repeat(50_001)] {
        let error = fails(&scene, &letter_to(HOME, words)).await;

        assert_eq!((error.fault, error.went), (Fault::Refused, Went::No));
    }
    assert_eq!(scene.fake.posted(), 0);
    assert!(scene.notify.send(&letter_to(HOME, &"é".repeat(50_000))).await.is_ok());
}

#[tokio::test]
async fn what_notify_alone_can_know_of_an_address_is_a_bad_address_and_the_next_letter_goes() {
    let scene = scene();
    for to in ["Amina Yusuf\nNo fixed abode\nSW1A 1AA", "Amina Yusuf\n4 Drama Lane\nQX1 1AA"] {
        let error = fails(&scene, &letter_to(to, PARAGRAPHS)).await;

        assert_eq!((error.fault, error.went), (Fault::BadAddress, Went::No), "{to}");
        assert_eq!(error.code.as_deref(), Some("400 ValidationError"));
    }
    assert!(scene.notify.send(&letter()).await.is_ok());
}

#[tokio::test]
async fn every_documented_error_of_letters_says_whose_turn_it_is() {
    let scene = scene();
    let a_minute = Fault::Throttled { wait: Some(Duration::from_mins(1)) };
    for (status, name, fault, told) in [
        (400, "ValidationError", Fault::BadAddress, "address"),
        // A trial service as documented, a service that may send no letters, a template that is not there.
        (400, "BadRequestError", Fault::Misconfigured, "may send what this channel carries"),
        // A team key, and a trial service as the server answers it.
        (403, "BadRequestError", Fault::Misconfigured, "no team key and the service is live"),
        (403, "AuthError", Fault::Misconfigured, "api_key_file"),
        (429, "RateLimitError", a_minute, "this minute"),
    ] {
        scene.fake.answer(HOME, status, name);

        let error = fails(&scene, &letter()).await;

        assert_eq!((error.fault, error.went), (fault, Went::No), "{status} {name}");
        assert!(error.summary.contains(told), "{error}");
        assert!(error.said.expose().contains("Drama Lane"), "the attempt keeps the provider's words");
    }
    scene.fake.answer(HOME, 500, "Exception");
    let error = fails(&scene, &letter()).await;
    assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps));
}

#[tokio::test]
async fn a_channel_of_letters_has_no_alphabet_hears_nothing_and_refuses_texts() {
    let scene = scene();
    scene.fake.arrive(CARER, "Yes");
    let (secrets, fake) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
    let config = GovukNotifyConfig { carries: Carries::Letter, ..fake.config(secrets.path()).unwrap() };

    let error = scene.notify.send(&text()).await.unwrap_err();

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::Refused, Went::No, 0));
    assert_eq!(error.summary, "this channel carries letters, not texts");
    assert_eq!((scene.notify.limits().carries, scene.notify.limits().alphabet), (Carries::Letter, None));
    assert_eq!(scene.notify.received(Timestamp::UNIX_EPOCH).await.unwrap(), None);
    let config = ChannelConfig::new(config);
    assert_eq!((config.carries(), config.hears()), (Some(Carries::Letter), false));
    let error = Scene::new().notify.send(&letter()).await.unwrap_err();
    assert_eq!(
        (error.fault, error.summary.as_str()),
        (Fault::Refused, "this channel carries texts, not letters")
    );
}

#[tokio::test]
async fn a_letter_in_doubt_is_not_posted_twice_and_a_person_decides_after_notify_forgets() {
    let scene = scene();
    let message = letter();
    for (ago, expected) in [
        (SignedDuration::ZERO, Found::NotYet),
        (SignedDuration::from_mins(3), Found::No),
        (SignedDuration::from_hours(100), Found::CannotTell),
    ] {
        let since = Timestamp::now() - ago;
        let lookup = Lookup { since, ..scene.lookup(&message, &[]) };

        assert_eq!(scene.notify.find(&lookup).await.unwrap().found, expected, "{ago:?}");
    }
    scene.fake.next(1, Deed::Cut { took: true });
    fails(&scene, &message).await;

    let found = scene.find(&message).await;

    assert_eq!(found, Found::Yes(ProviderRef(scene.fake.texts()[0].id.clone())));
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[test]
fn a_letter_that_came_back_is_told_by_its_post_to_the_channel_of_letters_alone() {
    let (scene, id) = (scene(), Uuid::now_v7().to_string());
    let ours = OurRef(Uuid::now_v7());
    scene.fake.plant(liaison_channels::fakes::govuk_notify::Taken {
        id: id.clone(),
        to: HOME.to_owned(),
        kind: "letter",
        subject: None,
        words: PARAGRAPHS.to_owned(),
        sent: PARAGRAPHS.to_owned(),
        reference: Some(ours.to_string()),
        sender: None,
        status: "delivered".to_owned(),
        created: Timestamp::now(),
    });
    let post = scene.fake.returned(&id).unwrap();
    let read = |scene: &Scene| scene.notify.callback().unwrap().events(&post.posted()).unwrap();

    let Some(Event::Receipt(receipt)) = read(&scene).pop() else { panic!("not told") };

    assert_eq!((receipt.reference.0.as_str(), receipt.ours), (id.as_str(), Some(ours)));
    assert_eq!(receipt.progress, Progress::Failed(FailedAs::BadAddress));
    assert_eq!(receipt.status, "returned-letter");
    assert_eq!(read(&Scene::new()), [], "a channel of texts has nothing to do with it");
}

#[tokio::test]
async fn a_template_that_cannot_carry_a_letter_is_a_wrong_setting() {
    let scene = scene();
    let block = |block| scene.fake.contact_block(block);
    for (heading, words, contact, told) in [
        ("School", "Hello", None, "does not hold ((words))"),
        ("((subject))", "((words))", None, "placeholders besides ((words))"),
        ("School", "((words)) ((name))", None, "placeholders besides ((words))"),
        ("School", "((words))", Some("((head))"), "placeholders besides ((words))"),
        // Not every address has so many lines.
        ("School", "((words)) ((address line 4))", None, "placeholders besides ((words))"),
    ] {
        scene.fake.letter_template(heading, words);
        block(contact);

        let error = scene.notify.probe().await.unwrap_err();

        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains(told), "{error}");
    }
    block(None);
    scene.fake.template("email", "Mails", "((words))");
    assert!(scene.notify.probe().await.unwrap_err().summary.contains("is not for letters"));
    scene.fake.letter_template("For ((address_line_1))", "Dear ((Address Line 1))\n((words))");
    assert!(scene.notify.probe().await.unwrap().contains("adds words of its own"));
    scene.fake.letter_template("School", "((words))");
    assert!(scene.notify.probe().await.unwrap().contains("((words)) and nothing else"));
}

#[test]
fn settings_that_mean_nothing_for_letters_are_told_as_slips() {
    let changes: Vec<(&str, Change)> = vec![
        (
            "email_reply_to_id is for mail",
            Box::new(|c| c.email_reply_to_id = Some(GovukNotifyFake::REPLY_TO.to_owned())),
        ),
        (
            "sms_sender_id and international are for texts",
            Box::new(|c| c.sms_sender_id = Some(GovukNotifyFake::SENDER.to_owned())),
        ),
        ("sms_sender_id and international are for texts", Box::new(|c| c.international = true)),
        (
            "cost is for texts",
            Box::new(|c| c.cost = CostConfig { pence_per_part: Some(2.4), parts_per_month: None }),
        ),
        ("subject_placeholder is for mail", Box::new(|c| c.subject_placeholder = "title".to_owned())),
        (
            "placeholder must not be one of the address",
            Box::new(|c| c.placeholder = "Address line 3".to_owned()),
        ),
        ("placeholder must not be one of the address", Box::new(|c| c.placeholder = "postcode".to_owned())),
    ];
    for (told, change) in changes {
        let (secrets, fake) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
        let mut config = fake.config(secrets.path()).unwrap();
        config.carries = Carries::Letter;
        change(&mut config);

        let error = GovukNotify::open(channel(), &config).unwrap_err().to_string();

        assert!(error.contains(told), "{error}");
    }
}
