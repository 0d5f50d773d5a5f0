//! Emails through Notify.

use jiff::{SignedDuration, Timestamp};
use liaison_channels::{
    ChannelConfig, Sender,
    address::EmailAddress,
    conformance_tests,
    cost::CostConfig,
    error::{Fault, Went},
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    govuk_notify::{GovukNotify, GovukNotifyConfig},
    inbound::Event,
    message::{Mail, Manner, OurRef, Outgoing, ProviderRef},
    receipt::{FailedAs, Progress},
    sender::{Carries, Found, Lookup},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Scene, channel, text};

type Change = Box<dyn FnOnce(&mut GovukNotifyConfig)>;

fn scene() -> Scene {
    let scene = Scene::with(|config| {
        config.carries = Carries::Mail;
        (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1);
    });
    scene.fake.email_template("((subject))", "((words))");
    scene
}

fn mail_of(subject: &str, words: &str) -> Outgoing {
    let mail = Mail {
        to: EmailAddress::parse("carer@home.example").unwrap(),
        to_name: "Amina Yusuf".into(),
        subject: subject.into(),
        plain: words.into(),
        html: format!("<p>{words}</p>").into(),
        language: "en-GB".to_owned(),
        manner: Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(OurRef(Uuid::now_v7()), mail)
}

fn mail() -> Outgoing {
    mail_of("This week", "Swimming is on Friday.\n\nBring café money, €2.\n")
}

conformance_tests!(govuk_notify_mail, scene());

#[tokio::test]
async fn a_mail_is_made_from_the_template_and_answers_go_where_the_settings_say() {
    let scene = Scene::with(|config| {
        config.carries = Carries::Mail;
        config.email_reply_to_id = Some(GovukNotifyFake::REPLY_TO.to_owned());
    });
    scene.fake.email_template("Hill School: ((subject))", "((words))\nHill School");
    let mail = mail();

    let accepted = scene.notify.send(&mail).await.unwrap();

    let taken = scene.fake.texts().remove(0);
    assert_eq!((taken.kind, taken.to.as_str()), ("email", "carer@home.example"));
    assert_eq!(taken.subject.as_deref(), Some("Hill School: This week"));
    assert_eq!(taken.sent, "Swimming is on Friday.\n\nBring café money, €2.\n\nHill School");
    assert_eq!(taken.sender.as_deref(), Some(GovukNotifyFake::REPLY_TO));
    assert_eq!(taken.reference, Some(mail.reference().to_string()));
    assert_eq!(accepted.reference.0, taken.id);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_channel_of_mail_has_no_alphabet_hears_nothing_and_refuses_texts() {
    let scene = scene();
    let (secrets, fake) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
    let config = GovukNotifyConfig { carries: Carries::Mail, ..fake.config(secrets.path()).unwrap() };

    let error = scene.notify.send(&text()).await.unwrap_err();

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::Refused, Went::No, 0));
    assert_eq!((scene.notify.limits().carries, scene.notify.limits().alphabet), (Carries::Mail, None));
    assert_eq!(scene.notify.received(Timestamp::UNIX_EPOCH).await.unwrap(), None);
    let config = ChannelConfig::new(config);
    assert_eq!((config.carries(), config.hears()), (Some(Carries::Mail), false));
}

#[tokio::test]
async fn what_notify_would_blame_on_the_template_is_refused_before_anything_is_said() {
    let scene = scene();
    let long = "a".repeat(1_000_001);
    for message in [mail_of("This week", " \n"), mail_of(" ", "Words"), mail_of("This week", &long)] {
        let error = scene.notify.send(&message).await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Refused, Went::No));
    }
    assert_eq!(scene.fake.posted(), 0);
}

#[tokio::test]
async fn receipts_of_mails_are_ours_and_those_of_texts_are_not() {
    let scene = scene();
    let mail = mail();
    let accepted = scene.notify.send(&mail).await.unwrap();
    for (status, progress) in [
        ("sending", Progress::Sent),
        ("delivered", Progress::Delivered),
        ("permanent-failure", Progress::Failed(FailedAs::BadAddress)),
        ("temporary-failure", Progress::Failed(FailedAs::Temporary)),
        ("technical-failure", Progress::Failed(FailedAs::Temporary)),
    ] {
        let post = scene.fake.receipt(&accepted.reference.0, status).unwrap();
        let read = |scene: &Scene| scene.notify.callback().unwrap().events(&post.posted()).unwrap();

        let Some(Event::Receipt(receipt)) = read(&scene).pop() else { panic!("{status}") };

        assert_eq!((receipt.progress, receipt.ours), (progress, Some(mail.reference())), "{status}");
        assert_eq!(read(&Scene::new()), [], "a channel of texts has nothing to do with it");
    }
}

#[tokio::test]
async fn a_mail_in_doubt_is_never_sent_again_before_notify_has_settled_nor_after_it_forgets() {
    let scene = scene();
    let message = mail();
    for (ago, expected) in [
        (SignedDuration::ZERO, Found::NotYet),
        (SignedDuration::from_mins(3), Found::No),
        (SignedDuration::from_hours(100), Found::NotYet),
    ] {
        let since = Timestamp::now() - ago;
        let lookup = Lookup { since, ..scene.lookup(&message, &[]) };

        assert_eq!(scene.notify.find(&lookup).await.unwrap().found, expected, "{ago:?}");
    }
    scene.fake.next(1, Deed::Cut { took: true });
    scene.notify.send(&message).await.unwrap_err();

    let found = scene.find(&message).await;

    assert_eq!(found, Found::Yes(ProviderRef(scene.fake.texts()[0].id.clone())));
}

#[tokio::test]
async fn a_template_that_cannot_carry_a_mail_is_a_wrong_setting() {
    let scene = scene();
    for (subject, words, told) in [
        ("Hill School", "((words))", "must hold ((subject))"),
        ("((subject)) for ((name))", "((words))", "no other placeholder"),
        ("((subject))", "Hello", "does not hold ((words))"),
        ("((subject))", "((subject)) ((words))", "placeholders besides ((words))"),
    ] {
        scene.fake.email_template(subject, words);

        let error = scene.notify.probe().await.unwrap_err();

        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains(told), "{error}");
    }
    scene.fake.template("sms", "Texts", "((words))");
    assert!(scene.notify.probe().await.unwrap_err().summary.contains("is not for mail"));
    scene.fake.email_template("((Subject))", "((words))");
    assert!(scene.notify.probe().await.unwrap().contains("((words)) and nothing else"));
}

#[test]
fn settings_of_the_other_kind_are_told_as_slips() {
    let changes: [(&str, Change); 6] = [
        (
            "email_reply_to_id is for mail",
            Box::new(|c| c.email_reply_to_id = Some(GovukNotifyFake::REPLY_TO.to_owned())),
        ),
        (
            "sms_sender_id and international are for texts",
            Box::new(|c| {
                (c.carries, c.sms_sender_id) = (Carries::Mail, Some(GovukNotifyFake::SENDER.to_owned()));
            }),
        ),
        (
            "sms_sender_id and international are for texts",
            Box::new(|c| (c.carries, c.international) = (Carries::Mail, true)),
        ),
        (
            "cost is for texts",
            Box::new(|c| {
                c.carries = Carries::Mail;
                c.cost = CostConfig { pence_per_part: Some(2.4), parts_per_month: None };
            }),
        ),
        (
            "must differ",
            Box::new(|c| (c.carries, c.subject_placeholder) = (Carries::Mail, "Words".to_owned())),
        ),
        ("subject_placeholder", Box::new(|c| c.subject_placeholder = "((subject))".to_owned())),
    ];
    for (told, change) in changes {
        let (secrets, fake) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
        let mut config = fake.config(secrets.path()).unwrap();
        change(&mut config);

        let error = GovukNotify::open(channel(), &config).unwrap_err().to_string();

        assert!(error.contains(told), "{error}");
    }
}
