//! What Liaison says by itself, in the carer's own language: once somebody who reads it has checked the words, and not before.

use liaison::{
    domain::{
        standard::Meanwhile,
        wording::{Language, Part},
    },
    flows::{
        cases::{self, Reply},
        current, explain, tasks, wording,
    },
};

use super::AMINA;
use crate::support::{
    inbound::Letter,
    people::{Roll, one_by_email, one_by_text},
    school::{School, readable},
};

const CHECKER: &str = "F. Noor, interpreter";

fn reads(roll: &Roll, language: &str) -> Roll {
    roll.changed("C1", |carer| carer.with("language", language))
}

/// Marks every word of a language as checked.
async fn check(school: &School, language: Language) {
    current::refresh(&school.gateway).await.unwrap();
    let templates = school.gateway.policy().templates.clone();
    let shown: Vec<(Part, String)> =
        templates.of(language).map(|words| (words.part, words.version.clone())).collect();
    wording::mark_checked(&school.gateway, language, &shown, CHECKER, "slt").await.unwrap();
}

/// The newest acknowledgement as a mail program reads it, after one more message about another matter.
async fn acknowledged(school: &School, matter: &str) -> String {
    school.arrives(&Letter::from(AMINA).says("Is it on Friday?").subject(matter)).await;
    school.deliver().await;
    readable(&school.acknowledgements().pop().expect("an acknowledgement").data)
}

#[tokio::test]
async fn who_reads_urdu_is_acknowledged_in_english_until_the_words_are_checked_and_then_in_both() {
    let school = School::open(&reads(&one_by_email(), "ur")).await;

    let draft = acknowledged(&school, "The trip").await;
    check(&school, Language::Urdu).await;
    let checked = acknowledged(&school, "The coat").await;
    let own = "\u{634}\u{6a9}\u{631}\u{6cc}\u{6c1}{% if day %} {{ day }}{% endif %} {% if law_day %}{{ law_day }}{% endif %}";
    let base =
        school.gateway.policy().templates.get(Part::Acknowledgement, Language::Urdu).unwrap().version.clone();
    let which = (Part::Acknowledgement, Language::Urdu);
    wording::set_part(&school.gateway, which, Some(own), &base, "slt").await.unwrap();
    let changed = acknowledged(&school, "The shoes").await;

    let thanks =
        "Thank you for your message. We have it. A person will answer you by the end of Friday 27 November.";
    for mail in [&draft, &changed] {
        assert!(mail.contains(thanks) && !mail.contains("dir=\"rtl\""), "{mail}");
        assert!(mail.contains("Content-Language: en-GB"), "{mail}");
    }
    assert!(checked.contains("Content-Language: ur"), "{checked}");
    assert!(checked.contains("<div lang=\"ur\" dir=\"rtl\">"), "{checked}");
    let (urdu, english) = checked.split_once("In English:").expect("the English beneath");
    assert!(
        urdu.contains("\u{2068}27 \u{646}\u{648}\u{645}\u{628}\u{631} 2026\u{2069}"),
        "the true day: {urdu}"
    );
    assert!(english.contains(thanks), "{english}");
    assert!(!checked.contains("Is it on Friday?"), "nothing of the message: {checked}");
    school.close().await;
}

#[tokio::test]
async fn what_was_sent_is_kept_in_both_languages_and_why_names_the_versions_of_the_words() {
    let school = School::open(&reads(&one_by_email(), "ur")).await;
    let before = school.gateway.policy().version().to_owned();
    acknowledged(&school, "The trip").await;
    check(&school, Language::Urdu).await;
    acknowledged(&school, "The coat").await;
    let version =
        school.gateway.policy().templates.get(Part::Acknowledgement, Language::Urdu).unwrap().version.clone();

    let kept = school
        .rows(
            "select b.body from chronology_body b join chronology_entry e on e.id = b.entry_id
             where e.kind = 'submitted'",
        )
        .await;
    let deliveries = school.rows("select id::text from delivery order by queued_at, id").await;
    let mut told = Vec::new();
    for delivery in &deliveries {
        let explained = explain::for_operator(&school.gateway, delivery).await.unwrap();
        let rules: Vec<_> = explained.decisions.into_iter().flat_map(|one| one.rules).collect();
        let saw = |name: &str| {
            let rule = rules.iter().find(|rule| rule.rule == name);
            rule.map(|rule| rule.saw.clone()).unwrap_or_default()
        };
        told.push((saw("language"), saw("wording")));
    }

    assert!(
        kept.iter()
            .any(|body| body.contains("\u{634}\u{6a9}\u{631}\u{6cc}\u{6c1}") && body.contains("In English:")),
        "{kept:?}"
    );
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].0, "in English: the words in Urdu are a draft that nobody has checked yet");
    assert!(told[0].1.contains("acknowledgement, as shipped, version "), "{told:?}");
    assert_eq!(told[1].0, "in Urdu, with the English beneath");
    assert!(told[1].1.contains(&format!("acknowledgement, as shipped, version {version}")), "{told:?}");
    assert_ne!(school.gateway.policy().version(), before, "other words are other settings");
    school.close().await;
}

#[tokio::test]
async fn a_text_in_another_language_has_one_line_of_english_beneath_and_numbers_in_their_own_order() {
    let school = School::open(&reads(&one_by_text(), "ur")).await;
    check(&school, Language::Urdu).await;

    school.text_arrives("+447700900101", "Is it on Friday?").await;
    school.deliver().await;

    let texts = school.texts.messages();
    let text = &texts.last().expect("a text").body;
    assert!(text.contains("\u{2068}01632 960100\u{2069}"), "{text}");
    assert!(text.contains("\u{2068}27 \u{646}\u{648}\u{645}\u{628}\u{631} 2026\u{2069}"), "{text}");
    assert!(text.ends_with("\nWe have your message and answer by Fri 27 Nov."), "{text}");
    school.close().await;
}

#[tokio::test]
async fn another_daemon_takes_up_the_words_and_the_marks_and_gurmukhi_is_for_those_who_read_it() {
    let school = School::open(&reads(&one_by_email(), "pa")).await;
    let other = school.another_daemon(school.db.store());
    check(&school, Language::Panjabi).await;
    let base = other.policy().templates.get(Part::Greeting, Language::English).unwrap().version.clone();
    let greeting = (Part::Greeting, Language::English);
    wording::set_part(&school.gateway, greeting, Some("Hello {{ name }},"), &base, "slt").await.unwrap();

    current::refresh(&other).await.unwrap();
    let mail = acknowledged(&school, "The trip").await;

    let there = other.policy().templates.clone();
    assert_eq!(there.get(Part::Greeting, Language::English).unwrap().words, "Hello {{ name }},");
    assert!(there.ready(&[Part::Acknowledgement], Language::Panjabi));
    assert!(
        mail.contains("Hello Amina Begum,") && !mail.contains("pa-Guru"),
        "which script is not known: {mail}"
    );
    school.close().await;
}

#[tokio::test]
async fn meanwhile_a_carer_of_another_language_is_told_in_it_that_something_waits_once_the_words_are_checked()
{
    for (meanwhile, checked, mails) in
        [(Meanwhile::Notice, true, 1), (Meanwhile::Notice, false, 0), (Meanwhile::Nothing, true, 0)]
    {
        let school =
            School::with(&reads(&one_by_email(), "pl"), |setup| setup.policy.meanwhile = meanwhile).await;
        if checked {
            check(&school, Language::Polish).await;
        }

        school.queue(&[("P1", "Sam read two whole chapters aloud.")]).await;
        school.deliver().await;

        let sent: Vec<String> = school.mail.messages().iter().map(|mail| readable(&mail.data)).collect();
        assert_eq!(sent.len(), mails, "{sent:?}");
        for mail in &sent {
            let plain = mail.split("Content-Type: text/plain").last().expect("a part in plain text");
            let (polish, english) = plain.split_once("In English:").expect("both");
            assert!(polish.contains("czeka na Państwa wiadomość"), "{mail}");
            assert!(english.contains("a message waits for you"), "{mail}");
            assert!(!mail.contains("chapters") && !mail.contains("Sam"), "{mail}");
        }
        assert_eq!(school.to_do().await, ["call for Amina Begum"]);
        school.close().await;
    }
}

#[tokio::test]
async fn what_was_translated_or_rung_about_before_the_notice_left_is_not_told_of_any_more() {
    let school =
        School::with(&reads(&one_by_email(), "pl"), |setup| setup.policy.meanwhile = Meanwhile::Notice).await;
    check(&school, Language::Polish).await;
    school.queue(&[("P1", "Sam read two whole chapters aloud.")]).await;
    let call = school.task("call").await;

    tasks::close(&school.gateway, call.id, true, "h.barlow", "Told her.").await.unwrap();
    school.deliver().await;

    assert_eq!(school.mail.taken(), 0);
    assert_eq!(school.states().await, ["Amina Begum email refused"]);
    school.close().await;
}

#[tokio::test]
async fn that_a_reply_waits_is_told_nowhere_but_in_its_case() {
    let school =
        School::with(&reads(&one_by_email(), "pl"), |setup| setup.policy.meanwhile = Meanwhile::Notice).await;
    check(&school, Language::Polish).await;
    acknowledged(&school, "The trip").await;
    let before = school.mail.taken();
    let code = school.case().await.code;
    let reply = Reply {
        words: "It is on Friday.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };

    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    school.deliver().await;

    assert_eq!(school.mail.taken(), before);
    assert_eq!(school.to_do().await, ["call for Amina Begum"]);
    school.close().await;
}
