//! A teacher's words in a carer's own language (R47): never silent English, never a machine's alone, and always with both kept.

use crate::support::{
    people::{Person, Roll, carer, pupil},
    school::{School, received},
};
use jiff::SignedDuration;
use liaison::{
    domain::{
        announcement::{Audience, Written},
        people::Purpose,
        policy::TextUpdate,
        translation::Typed,
    },
    flows::{announcements, translating},
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const POLISH: &str = "Sam przeczytał na głos dwa całe rozdziały & pomógł <koledze>.";
const EWA: &str = "ewa.nowak@home.example";

fn polish(more: impl Fn(Person) -> Person) -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            more(carer("P1", "C1", "Ewa", "Nowak").email(EWA).mobile("07700 900101").with("language", "pl")),
            carer("P1", "C2", "Amina", "Begum").email("amina.begum@home.example"),
        ],
    )
}

fn by_a_person(words: &str) -> Typed {
    Typed { words: words.into(), title: String::new(), by_machine: false, checked_by: "Jan Kowalski".into() }
}

/// The words of a mail as they are read.
fn plain(mail: &str) -> &str {
    mail.split("Content-Type: text/plain").last().expect("a part in plain text")
}

async fn translate(school: &School, typed: &Typed) -> usize {
    let call = school.task("call").await;
    translating::translate(&school.gateway, call.id, typed, "h.barlow").await.expect("kept")
}

#[tokio::test]
async fn a_translation_goes_by_email_above_the_english_and_nobody_is_rung() {
    let school = School::open(&polish(|carer| carer)).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let before = (received(&school, EWA).len(), school.task("call").await.why);

    let written = translate(&school, &by_a_person(POLISH)).await;
    school.deliver().await;

    assert_eq!(
        before,
        (0, "ring with the weekly update, with an interpreter for Polish, or have it translated".to_owned())
    );
    assert_eq!(written, 1);
    assert_eq!(school.to_do().await, Vec::<String>::new());
    let [mail] = received(&school, EWA).try_into().unwrap();
    let (first, then) = plain(&mail).split_once("In English:").expect("both");
    assert!(first.contains(POLISH) && !first.contains(WORDS), "{mail}");
    assert!(then.contains(WORDS) && then.contains("Dear Ewa"), "{mail}");
    assert!(mail.contains("Content-Language: pl"), "{mail}");
    assert!(mail.contains("<div lang=\"pl\" dir=\"ltr\">"), "{mail}");
    assert!(mail.contains("&amp; pomógł &lt;koledze&gt;."), "{mail}");
    // The other parent reads English, and hears nothing of it.
    let [hers] = received(&school, "amina.begum@home.example").try_into().unwrap();
    assert!(!hers.contains("przeczyta") && !hers.contains("In English"), "{hers}");
    school.close().await;
}

#[tokio::test]
async fn both_words_and_who_answers_for_them_are_kept_and_name_nobody_in_the_sentence() {
    let school = School::open(&polish(|carer| carer)).await;
    school.queue(&[("P1", WORDS)]).await;
    let machine = Typed { by_machine: true, ..by_a_person(POLISH) };

    translate(&school, &machine).await;
    school.deliver().await;

    let told = school
        .rows(
            "select e.actor || ': ' || e.sentence || ' | ' || b.body from chronology_entry e
             join chronology_body b on b.entry_id = e.id where e.kind = 'translation'",
        )
        .await;
    assert_eq!(
        told,
        [format!(
            "h.barlow: weekly update translated into Polish: made by a machine and checked by a person | {POLISH}\n\n\
             Made or checked by: Jan Kowalski"
        )]
    );
    let sent = school
        .rows(
            "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
             join carer c on c.id = e.carer_id where c.contact_ref = 'C1' and e.kind = 'submitted'",
        )
        .await;
    assert!(sent.len() == 1 && sent[0].contains(POLISH) && sent[0].contains(WORDS), "{sent:?}");
    school.close().await;
}

#[tokio::test]
async fn no_words_go_without_a_person_who_answers_for_them() {
    let school = School::open(&polish(|carer| carer)).await;
    school.queue(&[("P1", WORDS)]).await;
    let call = school.task("call").await;

    for typed in [
        Typed { checked_by: " ".into(), by_machine: true, ..by_a_person(POLISH) },
        by_a_person(" "),
        by_a_person(WORDS),
    ] {
        translating::translate(&school.gateway, call.id, &typed, "h.barlow").await.expect_err("refused");
    }
    school.deliver().await;

    assert_eq!((received(&school, EWA).len(), school.told("translation").await), (0, 0));
    assert_eq!(school.to_do().await, ["call for Ewa Nowak"]);
    school.close().await;
}

#[tokio::test]
async fn who_wants_to_be_rung_is_rung_all_the_same() {
    let school = School::open(&polish(|carer| carer.wants("phone"))).await;
    school.queue(&[("P1", WORDS)]).await;

    let written = translate(&school, &by_a_person(POLISH)).await;
    school.deliver().await;

    assert_eq!((written, received(&school, EWA).len()), (0, 0));
    assert_eq!(school.to_do().await, ["call for Ewa Nowak"]);
    school.close().await;
}

#[tokio::test]
async fn a_translation_that_comes_back_is_rung_about_after_all() {
    let no_mobile = |carer: Person| carer.with("mobile", "").with("phone", "01632 960101");
    let school = School::open(&polish(no_mobile)).await;
    school.queue(&[("P1", WORDS)]).await;
    translate(&school, &by_a_person(POLISH)).await;
    school.mail.refuse(EWA, "550 5.1.1 no such mailbox");

    school.deliver().await;

    let mut to_do = school.to_do().await;
    to_do.retain(|task| task.contains("Ewa"));
    assert_eq!(to_do, ["call for Ewa Nowak", "check_address for Ewa Nowak"]);
    school.close().await;
}

#[tokio::test]
async fn by_text_a_translation_goes_whole_or_not_at_all() {
    let long = POLISH.repeat(20);
    for (words, update, texts) in [
        (POLISH, TextUpdate::Full { max_parts: 3 }, 1),
        (long.as_str(), TextUpdate::Full { max_parts: 3 }, 0),
        (POLISH, TextUpdate::Notice, 0),
    ] {
        let mut school = School::open(&polish(|carer| carer.with("email", "").wants("sms"))).await;
        school.policy(|policy| policy.text_update = update);
        school.queue(&[("P1", WORDS)]).await;

        let written = translate(&school, &by_a_person(words)).await;
        school.deliver().await;

        let sent = received(&school, "+447700900101");
        assert_eq!(sent.len(), texts, "{sent:?}");
        assert!(sent.iter().all(|text| text.contains("przeczytał na głos")), "{sent:?}");
        let rung = usize::from(texts == 0);
        assert_eq!(written, texts);
        assert_eq!(school.rows("select id::text from task").await.len(), 1, "no call is made anew");
        assert_eq!(school.to_do().await.len(), rung, "never silence");
        school.close().await;
    }
}

#[tokio::test]
async fn one_translation_of_a_notice_serves_all_who_read_its_language_and_no_others() {
    let foreign = |reference, forename: &str, language| {
        carer("P1", reference, forename, "Nowak")
            .email(&format!("{}@home.example", forename.to_lowercase()))
            .mobile(&format!("07700 9001{}", &reference[1..]))
            .with("language", language)
    };
    let school = School::open(&Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[foreign("C10", "Ewa", "pl"), foreign("C11", "Jan", "pl-PL"), foreign("C12", "Oksana", "uk")],
    ))
    .await;
    announce(&school).await;
    let call = school.tasks().await.into_iter().find(|task| task.carer == "Ewa Nowak").expect("a call");

    let untitled =
        translating::translate(&school.gateway, call.id, &by_a_person("Pada śnieg."), "office").await;
    let typed = Typed { title: "Zamknięte w piątek".into(), ..by_a_person("Pada śnieg.") };
    let written = translating::translate(&school.gateway, call.id, &typed, "office").await.expect("kept");
    school.deliver().await;

    assert!(untitled.expect_err("refused").to_string().contains("title"));
    assert_eq!(written, 2);
    for address in ["ewa@home.example", "jan@home.example"] {
        let [mail] = received(&school, address).try_into().unwrap();
        let (first, then) = plain(&mail).split_once("In English:").expect("both");
        assert!(first.contains("Zamknięte w piątek") && first.contains("Pada śnieg."), "{mail}");
        assert!(then.contains("Closed on Friday") && then.contains("It snows."), "{mail}");
    }
    assert_eq!(school.to_do().await, ["call for Oksana Nowak"]);
    school.close().await;
}

/// A colleague has announced to the class that the school is closed.
async fn announce(school: &School) {
    let oak = school.rows("select id::text from class where name = 'Oak'").await.remove(0);
    let audience = Audience::Class(oak.parse().expect("an id"));
    let written = Written::read(Purpose::Notice, "Closed on Friday", "It snows.", audience);
    let id =
        announcements::write(&school.gateway, &written.expect("words"), "h.barlow").await.expect("written");
    announcements::queue(&school.gateway, id, 1, "h.barlow").await.expect("queued");
    school.clock.forward(SignedDuration::from_mins(10));
    assert_eq!(announcements::send_due(&school.gateway).await.expect("asked"), 1);
    school.deliver().await;
}

#[tokio::test]
async fn who_lost_their_right_meanwhile_gets_no_translation_either() {
    let school = School::open(&polish(|carer| carer)).await;
    school.queue(&[("P1", WORDS)]).await;
    let call = school.task("call").await;
    school.import(&polish(|carer| carer.restricted("no_contact", "", ""))).await;

    let written =
        translating::translate(&school.gateway, call.id, &by_a_person(POLISH), "h.barlow").await.unwrap_or(0);
    school.deliver().await;

    assert_eq!((written, received(&school, EWA).len()), (0, 0));
    school.close().await;
}
