//! How whole messages read.

use std::sync::Arc;

use super::*;
use crate::domain::{
    acknowledge::AckPolicy,
    calendar,
    hours::Hours,
    ids::{AddressId, CarerId, PupilId},
    people::{PersonName, Responsibility},
    policy::{RetrySchedule, School},
    rights::KnownAddress,
    route::AnswerFacts,
    statutory::Statutory,
    time::Date,
    translation::Translations,
};

pub(super) fn policy() -> Policy {
    Policy {
        school: School { name: "Northfield School".to_owned(), office_phone: "01632 960100".to_owned() },
        text_update: TextUpdate::Full { max_parts: 2 },
        hours: Hours::ALWAYS,
        rehearsal: None,
        retry: RetrySchedule(Vec::new()),
        ceiling_per_hour: 100,
        address_per_hour: 0,
        carers_url: None,
        confirm_addresses: true,
        meanwhile: crate::domain::standard::Meanwhile::Nothing,
        task_days: 2,
        call_tries: 3,
        plain_words: Vec::new(),
        notices: crate::domain::notice::NoticePolicy::default(),
        stage_days: [10, 15, 20],
        records: crate::domain::key_item::RecordPolicy::default(),
        templates: Templates::shipped(),
        known: crate::domain::version::Known::default(),
        never_by_text: std::collections::BTreeSet::new(),
        approval: std::collections::BTreeSet::new(),
        undo: std::time::Duration::from_mins(5),
        acknowledge: AckPolicy {
            on: true,
            counts: false,
            per_sender_day: 3,
            per_domain_hour: 60,
            per_hour: 600,
            once_days: 14,
            oldest_days: 2,
            urgent_words: String::new(),
            more_words: String::new(),
        },
        calendar: None,
        clock: calendar::Rule::default(),
    }
}

/// The same once everything shipped is marked as checked.
fn checked() -> Policy {
    let shipped = Templates::shipped();
    let all = Language::ALL.iter().flat_map(|language| shipped.of(*language));
    let marks: Reviewed = all.map(|one| (one.part, one.language, one.version.clone())).collect();
    Policy { templates: Arc::new(Templates::with(&[], &marks).0), ..policy() }
}

fn carer(language: &str, format: Format) -> LinkFacts {
    LinkFacts {
        pupil: PupilId::default(),
        pupil_called: "Robin".into(),
        class: None,
        leaving_date: None,
        born: None,
        pupil_died: None,
        ends: None,
        adult_agreed: false,
        carer: CarerId::default(),
        carer_died: None,
        carer_name: PersonName {
            title: "Ms".into(),
            forename: "Alex".into(),
            surname: "O'Hara & <Son>".into(),
        },
        language: language.to_owned(),
        format,
        interpreter: None,
        best_times: None,
        responsibility: Responsibility::Yes,
        receives_correspondence: true,
        receives_reports: false,
        no_newsletters: false,
        restrictions: Vec::new(),
        addresses: vec![KnownAddress {
            id: AddressId::default(),
            kind: AddressKind::Postal,
            value: "1 Example Street".into(),
            status: AddressStatus::Good,
        }],
        preference: Vec::new(),
        own_wish: false,
    }
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn acknowledgement(law: Option<(Statutory, Date)>) -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::Acknowledgement,
        words: "".into(),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Case(AnswerFacts {
            code: "7K2M-9QXA".to_owned(),
            came_by: Route::Email,
            only_to: None,
            due_day: Some(day("2027-01-07")),
            law,
            holiday: true,
            written: day("2026-12-18"),
            in_reply_to: None,
            thread: Vec::new(),
        }),
    }
}

fn update() -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: "Robin read <b>aloud</b>.".into(),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Week(day("2026-11-23")),
    }
}

fn mail_of(words: Words) -> (String, String, String) {
    let Words::Mail { subject, plain, html } = words else { panic!("not a mail") };
    (subject.expose().clone(), plain.expose().clone(), html.expose().clone())
}

#[test]
fn an_urdu_acknowledgement_runs_right_to_left_with_the_english_beneath_and_every_number_in_its_own_order() {
    let carer = carer("ur", Format::Standard);
    let (before, why) = language_for(Route::Email, &carer, &acknowledgement(None), &policy());
    let (after, _) = language_for(Route::Email, &carer, &acknowledgement(None), &checked());

    let rendered = render(Route::Email, &carer, &acknowledgement(None), &checked(), after).expect("words");

    assert_eq!((before, after), (Language::English, Language::Urdu));
    assert!(why.expect("a reason").saw.contains("nobody has checked"));
    let (subject, plain, html) = mail_of(rendered.words);
    assert!(subject.contains("[Ref 7K2M-9QXA]"), "its answer must find its case: {subject}");
    assert!(plain.starts_with('\u{622}'), "begins in Urdu: {plain}");
    for apart in
        ["\u{2068}7 \u{62c}\u{646}\u{648}\u{631}\u{6cc} 2027\u{2069}", "\u{2068}01632 960100\u{2069}"]
    {
        assert!(plain.contains(apart), "{apart}: {plain}");
    }
    assert!(plain.lines().any(|line| line == "\u{2068}7K2M-9QXA\u{2069}"), "on its own line: {plain}");
    let english = plain.split_once("In English:").expect("English beneath").1;
    assert!(english.contains("by the end of Thursday 7 January 2027") && english.contains("7K2M-9QXA."));
    let (urdu, english) = html.split_once("<div lang=\"en-GB\" dir=\"ltr\">").expect("the English part");
    assert!(urdu.contains("<html lang=\"ur\">") && urdu.contains("<div lang=\"ur\" dir=\"rtl\">"), "{html}");
    assert!(english.contains("<p>In English:</p>") && html.matches("<div").count() == 2);
    assert!(rendered.by.contains("acknowledgement, as shipped, version "), "{}", rendered.by);
}

#[test]
fn the_law_speaks_in_every_language_by_email_and_by_text_and_never_without_its_day() {
    let law = acknowledgement(Some((Statutory::SubjectAccess, day("2027-01-18"))));
    for language in Language::ALL.iter().copied().filter(|one| *one != Language::English) {
        let carer = carer(language.as_str(), Format::Standard);
        for route in [Route::Email, Route::Text] {
            assert_eq!(language_for(route, &carer, &law, &checked()).0, language);
            let plain = render(route, &carer, &law, &checked(), language).expect("words");
            let plain = plain.words.plain().expose().clone();
            let own = plain.split("In English:").next().unwrap_or_default();
            assert!(own.contains("18") && own.contains("2027") && own.contains("01632 960100"), "{plain}");
            assert!(own.contains("999"), "{plain}");
            if route == Route::Text {
                assert!(measure(&plain).parts <= MOST_TEXT_PARTS, "{language}: {}", measure(&plain).parts);
                assert!(plain.ends_with("\nWe have your message and answer by Thu 7 Jan."), "{plain}");
            }
        }
    }
}

#[test]
fn nothing_but_an_acknowledgement_goes_in_another_language() {
    let carer = carer("ur", Format::Standard);

    assert_eq!(language_for(Route::Email, &carer, &update(), &checked()), (Language::English, None));
}

#[test]
fn hostile_names_and_words_stay_words_in_a_mail() {
    let rendered =
        render(Route::Email, &carer("en", Format::Standard), &update(), &policy(), Language::English);

    let (_, plain, html) = mail_of(rendered.expect("words").words);
    assert!(plain.starts_with("Dear Ms O'Hara & <Son>,\n\nHere is Robin's weekly update"), "{plain}");
    assert!(html.contains("<p>Dear Ms O&#39;Hara &amp; &lt;Son&gt;,</p>"), "{html}");
    assert!(html.contains("read &lt;b&gt;aloud&lt;/b&gt;."), "{html}");
}

#[test]
fn what_the_words_name_and_nobody_knows_is_missing_and_never_a_gap() {
    let said = |carer: &LinkFacts, policy: &Policy, route| {
        render(route, carer, &update(), policy, Language::English).map(|rendered| rendered.words)
    };
    let mut nameless = carer("en", Format::Standard);
    nameless.carer_name = PersonName { title: "".into(), forename: " ".into(), surname: "Begum".into() };
    let mut childless = carer("en", Format::Standard);
    childless.pupil_called = "  ".into();
    let known = carer("en", Format::Standard);
    let mut unnamed = policy();
    unnamed.school.name = String::new();

    let missing = |result: Result<Words, Unsaid>| result.err();
    for route in [Route::Email, Route::Letter] {
        assert_eq!(missing(said(&nameless, &policy(), route)), Some(Unsaid::Missing(Field::Name)));
    }
    assert_eq!(missing(said(&nameless, &policy(), Route::Text)), None, "a text names no carer");
    assert_eq!(missing(said(&childless, &policy(), Route::Text)), Some(Unsaid::Missing(Field::Pupil)));
    assert_eq!(missing(said(&known, &unnamed, Route::Email)), Some(Unsaid::Missing(Field::School)));
    assert_eq!(missing(said(&known, &policy(), Route::Email)), None);
}

#[test]
fn large_print_is_eighteen_point_and_nothing_in_it_is_set_smaller() {
    for route in [Route::Email, Route::Letter] {
        let html = |format| {
            let words = render(route, &carer("en", format), &update(), &policy(), Language::English);
            match words.expect("words").words {
                Words::Mail { html, .. } | Words::Letter { html, .. } => html.expose().clone(),
                other => panic!("{other:?}"),
            }
        };
        let large = html(Format::LargePrint);

        assert!(large.contains("body { font: 18pt/1.5 Arial, sans-serif; text-align: left;"), "{large}");
        assert_eq!(large.matches("font").count(), 1, "one size for all of it: {large}");
        for smaller in ["<small", "<h1", "<sub", "italic", "justify", "<i>", "<em"] {
            assert!(!large.contains(smaller), "{smaller}: {large}");
        }
        assert!(html(Format::Standard).contains("12pt"));
    }
}
