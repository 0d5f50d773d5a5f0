//! Handing a text over, and every way in which that fails.

use std::time::Duration;

use jiff::Timestamp;
use liaison_channels::{
    Sender,
    error::{Fault, Went},
    fakes::vonage::Deed,
    message::{Outgoing, ProviderRef},
    sender::{Found, Lookup},
    vonage::codes,
};

use crate::{CARER, OTHER, Scene, WORDS, text, text_to};

const THROTTLED: Fault = Fault::Throttled { wait: None };

/// The provider's documented statuses, whose turn it is after each, and whether the text may have gone.
const STATUSES: &[(u32, Fault, Went)] = &[
    (1, THROTTLED, Went::No),
    (2, Fault::Refused, Went::No),
    (3, Fault::Refused, Went::No),
    (4, Fault::Misconfigured, Went::No),
    (5, Fault::Temporary, Went::Perhaps),
    (6, Fault::BadAddress, Went::No),
    (7, Fault::BadAddress, Went::No),
    (8, Fault::Misconfigured, Went::No),
    (9, Fault::Misconfigured, Went::No),
    (10, THROTTLED, Went::No),
    (11, Fault::Misconfigured, Went::No),
    (12, Fault::Refused, Went::No),
    (14, Fault::Misconfigured, Went::No),
    (15, Fault::Misconfigured, Went::No),
    (22, Fault::Refused, Went::No),
    (23, Fault::Refused, Went::No),
    (29, Fault::Misconfigured, Went::No),
    (32, Fault::Misconfigured, Went::No),
    (33, Fault::BadAddress, Went::No),
];

fn lookup(message: &Outgoing) -> Lookup<'_> {
    Lookup { reference: message.reference(), message, since: Timestamp::UNIX_EPOCH, known: &[] }
}

fn refuse(status: &str) -> Deed {
    Deed::Refuse { status: 200, code: status.to_owned() }
}

#[tokio::test]
async fn a_text_is_taken_and_named() {
    let scene = Scene::new();
    let text = text();

    let accepted = scene.vonage.send(&text).await.unwrap();

    let taken = scene.fake.messages();
    assert_eq!(taken.len(), 1);
    assert_eq!(accepted.reference, ProviderRef(taken[0].ids[0].clone()));
    assert_eq!(accepted.said, format!("HTTP 200, 1 parts, the first is {}", taken[0].ids[0]));
    assert_eq!((taken[0].to.as_str(), taken[0].body.as_str()), (CARER, WORDS));
    let fields: Vec<_> =
        taken[0].fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reference = text.reference().to_string();
    assert_eq!(
        fields,
        [
            ("callback", "https://liaison.school.example/webhooks/texts/status"),
            ("client-ref", &reference),
            ("from", "447700900456"),
            ("text", WORDS),
            ("to", "447700900123"),
            ("type", "text"),
        ]
    );
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn settings_become_fields() {
    let scene = Scene::with(|config| {
        config.from = "Hill School".to_owned();
        (config.public_url, config.signature_secret_file) = (None, None);
        config.validity_secs = Some(604_800);
    });

    scene.vonage.send(&text()).await.unwrap();

    let fields = scene.fake.messages().remove(0).fields;
    assert_eq!((fields["from"].as_str(), fields["ttl"].as_str()), ("Hill School", "604800000"));
    assert!(!fields.contains_key("callback"));
}

#[tokio::test]
async fn letters_beyond_the_alphabet_make_a_text_unicode_and_no_question_marks() {
    let scene = Scene::new();
    for (words, kind) in
        [("Dzień dobry", "unicode"), ("naïve", "unicode"), ("café €5 [x]", "text"), ("😀", "unicode")]
    {
        scene.vonage.send(&text_to(CARER, words)).await.unwrap();

        let taken = scene.fake.messages().pop().unwrap();
        assert_eq!((taken.fields["type"].as_str(), taken.body.as_str()), (kind, words));
    }
}

#[tokio::test]
async fn a_long_text_is_named_by_our_reference_which_tells_its_parts() {
    let scene = Scene::new();
    let text = text_to(CARER, &"a".repeat(400));

    let accepted = scene.vonage.send(&text).await.unwrap();

    let taken = scene.fake.messages().remove(0);
    let named = format!("{}-3", text.reference());
    assert_eq!((taken.ids.len(), &taken.fields["client-ref"]), (3, &named));
    assert_eq!(accepted.reference, ProviderRef(named));
    assert!(accepted.said.contains("3 parts") && accepted.said.contains(&taken.ids[0]), "{}", accepted.said);
}

#[tokio::test]
async fn every_documented_status_says_whose_turn_it_is_although_http_says_200() {
    let scene = Scene::new();
    assert_eq!(STATUSES.len(), codes::TABLE.len(), "a status has no case here");

    for &(status, fault, went) in STATUSES {
        scene.fake.next(1, refuse(&status.to_string()));

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (fault, went), "{status}");
        assert_eq!(error.code, Some(status.to_string()));
        assert!(error.said.expose().contains(CARER), "the attempt keeps the provider's words");
    }
    assert_eq!(scene.fake.messages(), []);
}

#[tokio::test]
async fn a_status_of_tomorrow_is_temporary_and_one_that_is_none_is_in_doubt() {
    let scene = Scene::new();
    for (status, code, went) in
        [("77", "77", Went::No), ("fine", "no status", Went::Perhaps), ("", "no status", Went::Perhaps)]
    {
        scene.fake.next(1, refuse(status));

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went, error.code.as_deref()), (Fault::Temporary, went, Some(code)));
    }
}

#[tokio::test]
async fn a_long_text_of_which_parts_were_refused_is_in_doubt_and_a_persons() {
    for (part, status) in [(0, 1), (1, 6), (2, 9)] {
        let scene = Scene::new();
        scene.fake.tear(part, status);
        let long = text_to(CARER, &"a".repeat(400));

        let error = scene.fails(&long).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "part {part}");
        assert_eq!(error.code, Some(status.to_string()));
        assert!(error.summary.contains("took 2 of the 3 parts"), "{error}");
        assert_eq!(scene.fake.posted(), 1);
    }
}

#[tokio::test]
async fn a_long_text_of_which_all_was_refused_never_went() {
    let scene = Scene::new();
    scene.fake.next(1, refuse("9"));

    let error = scene.fails(&text_to(CARER, &"a".repeat(400))).await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
}

#[tokio::test]
async fn another_http_status_decides() {
    let scene = Scene::new();
    for (status, fault, went) in [
        (300, Fault::Misconfigured, Went::No),
        (400, Fault::Temporary, Went::No),
        (401, Fault::Misconfigured, Went::No),
        (404, Fault::Misconfigured, Went::No),
        (408, Fault::Temporary, Went::Perhaps),
        (429, THROTTLED, Went::No),
        (500, Fault::Temporary, Went::Perhaps),
        (503, Fault::Temporary, Went::Perhaps),
    ] {
        scene.fake.next(1, Deed::Fail { status, took: false });

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (fault, went), "{status}");
        assert_eq!(error.code, Some(format!("HTTP {status}")));
    }
}

#[tokio::test]
async fn slow_down_pauses_the_channel_for_the_time_named() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Throttle { retry_after: Some(120) });

    let error = scene.fails(&text()).await;

    assert_eq!(error.fault, Fault::Throttled { wait: Some(Duration::from_mins(2)) });
    assert_eq!(scene.vonage.pace().take(5), 0);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_text_in_doubt_and_is_not_repeated() {
    for (deed, taken) in [
        (Deed::Cut { took: true }, 1),
        (Deed::Cut { took: false }, 0),
        (Deed::CutShort, 1),
        (Deed::Nameless, 1),
        (Deed::Garbled, 1),
        (Deed::Endless, 1),
        (Deed::Fail { status: 503, took: true }, 1),
    ] {
        // A first text leaves a line open, on which the second is cut: nothing may try it again on a fresh one.
        let scene = Scene::new();
        scene.vonage.send(&text_to(OTHER, WORDS)).await.unwrap();
        scene.fake.next(1, deed.clone());

        let error = scene.fails(&text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{deed:?}");
        assert_eq!((scene.fake.posted(), scene.fake.messages().len()), (2, 1 + taken), "{deed:?}");
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Redirect);

    let error = scene.fails(&text()).await;

    assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
    assert_eq!((scene.fake.posted(), scene.fake.complaints().len()), (1, 0));
}

#[tokio::test]
async fn a_landline_is_refused_before_anything_is_said() {
    let scene = Scene::new();

    let error = scene.fails(&text_to("020 7946 0018", WORDS)).await;

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::BadAddress, Went::No, 0));
}

#[tokio::test]
async fn a_text_in_doubt_waits_for_its_receipt_as_no_list_can_be_asked() {
    let told = Scene::new();
    let untold = Scene::with(|config| (config.public_url, config.signature_secret_file) = (None, None));
    let text = text();

    for (scene, expected) in [(&told, Found::NotYet), (&untold, Found::CannotTell)] {
        scene.vonage.send(&text).await.unwrap();

        assert_eq!(scene.vonage.find(&lookup(&text)).await.unwrap().found, expected);
        assert_eq!(scene.vonage.received(Timestamp::UNIX_EPOCH).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_a_torn_text_no_receipt_is_waited_for() {
    let scene = Scene::new();
    scene.fake.tear(1, 6);
    let long = text_to(CARER, &"a".repeat(400));
    scene.fails(&long).await;

    assert_eq!(scene.vonage.find(&lookup(&long)).await.unwrap().found, Found::CannotTell);
}
