//! What is about a topic that never goes by text takes another way, and the SLT's leave lets one item go by text.

use std::time::Duration;

use liaison::{
    domain::{ids::PupilId, time::Date, topic::Topic},
    flows::{
        cases::{self, Reply},
        drafts::{self, Words, allow_text},
        explain::for_operator,
        queue,
    },
};
use liaison_channels::fakes::twilio::Shape;

use super::{pupil_id, refusal};
use crate::support::{
    people::{WEEK, one_by_text},
    school::{School, received},
};

const MONDAY: Date = Date::constant(2026, 11, 23);
const WORDS: &str = "Sam read two whole chapters aloud.";
const NUMBER: &str = "+447700900101";
const WHY: &str = "His mother has no mailbox and asked for it";

/// Queues one update for Sam from a file that names a topic.
async fn queued(school: &School, topic: &str) {
    let file = format!("pupil,week,text,topic\nP1,{WEEK},{WORDS},{topic}\n");
    queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await.unwrap();
}

/// Saves a draft over the version before.
async fn saved(school: &School, pupil: PupilId, version: i64, topic: Option<Topic>) {
    let words = Words { text: WORDS, sensitive: false, topic, praise: false, card: None };
    drafts::save(&school.gateway, pupil, MONDAY, words, version, "h.barlow").await.unwrap();
}

/// Lets the drafts go on their way.
async fn goes(school: &School) {
    school.rows("update draft set send_at = '2026-11-23', sent_by = author returning author").await;
    drafts::send_due(&school.gateway).await.unwrap();
    school.deliver().await;
}

/// The rules by which the one text or mail went its way, and by which the gate let it pass.
async fn rules(school: &School) -> [Vec<String>; 2] {
    let id = school.delivery().await.id.to_string();
    let explained = for_operator(&school.gateway, &id).await.unwrap();
    let told = |fired: &[liaison::domain::route::Fired]| {
        fired.iter().map(|rule| format!("{}: {}: {}", rule.rule, rule.verdict, rule.saw)).collect()
    };
    [told(&explained.decisions[0].rules), told(&explained.decisions[1].rules)]
}

/// What the chronology says of leave, with its reason, and who did it.
async fn leave(school: &School) -> Vec<String> {
    school
        .rows(
            "select e.actor || ': ' || e.sentence || coalesce(': ' || b.body, '') from chronology_entry e
             left join chronology_body b on b.entry_id = e.id where e.kind = 'text_allowed' order by e.id",
        )
        .await
}

#[tokio::test]
async fn what_is_about_a_listed_topic_goes_by_the_next_way_and_says_why() {
    for topic in Topic::ALL.iter().copied() {
        let school = School::open(&one_by_text()).await;

        queued(&school, topic.as_str()).await;
        school.deliver().await;

        let [route, _] = rules(&school).await;
        let why = format!("text: next route: {}", topic.never_by_text());
        let texted = topic == Topic::Attendance;
        assert_eq!(school.texts.posted(), usize::from(texted), "{topic}");
        assert_eq!(school.mail.taken(), usize::from(!texted), "{topic}");
        assert_eq!(route.contains(&why), !texted, "{topic}: {route:?}");
        school.close().await;
    }
}

#[tokio::test]
async fn where_no_mail_reaches_a_carer_a_colleague_rings_instead() {
    let school = School::open(&one_by_text().changed("C1", |carer| carer.email(""))).await;

    queued(&school, "behaviour").await;
    school.deliver().await;

    assert_eq!(school.to_do().await, ["call for Amina Begum"]);
    assert_eq!((school.texts.posted(), school.mail.taken()), (0, 0));
    school.close().await;
}

#[tokio::test]
async fn a_topic_that_the_school_lists_after_the_queueing_is_heeded_at_the_gate() {
    let mut school = School::open(&one_by_text()).await;
    queued(&school, "attendance").await;

    school.policy(|policy| policy.never_by_text.extend([Topic::Attendance]));
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email submitted", "Amina Begum text refused"]);
    assert_eq!(school.texts.posted(), 0);
    let why = "select reason from delivery where route = 'text'";
    assert_eq!(school.rows(why).await, [Topic::Attendance.never_by_text()]);
    school.close().await;
}

#[tokio::test]
async fn the_same_words_about_something_else_are_another_update() {
    let school = School::open(&one_by_text()).await;
    queued(&school, "attendance").await;

    let file = format!("pupil,week,text,topic\nP1,{WEEK},{WORDS},behaviour\n");
    let other = queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await;

    assert!(other.is_err(), "{other:?}");
    school.close().await;
}

#[tokio::test]
async fn the_slts_leave_lets_one_update_go_by_text_and_its_reason_is_told_everywhere() {
    let school = School::open(&one_by_text()).await;
    let sam = pupil_id(&school, "P1").await;
    saved(&school, sam, 0, Some(Topic::Behaviour)).await;

    allow_text(&school.gateway, sam, MONDAY, 1, WHY, "slt").await.unwrap();
    goes(&school).await;

    assert_eq!(school.states().await, ["Amina Begum text submitted"]);
    assert!(received(&school, NUMBER)[0].contains(WORDS));
    let by_leave = format!(
        "text by leave: ok: {}; the SLT lets this one, because: the reason is in the record",
        Topic::Behaviour.never_by_text()
    );
    for told in rules(&school).await {
        assert!(told.contains(&by_leave), "{told:?}");
    }
    let said = "the SLT lets the update for the week of 2026-11-23 go by text";
    assert_eq!(leave(&school).await, [format!("slt: {said} ({}): {WHY}", Topic::Behaviour.never_by_text())]);
    school.close().await;
}

#[tokio::test]
async fn leave_for_what_is_sensitive_and_a_change_that_makes_it_void() {
    let school = School::open(&one_by_text()).await;
    let sam = pupil_id(&school, "P1").await;
    saved(&school, sam, 0, Some(Topic::Medical)).await;
    allow_text(&school.gateway, sam, MONDAY, 1, WHY, "slt").await.unwrap();

    saved(&school, sam, 1, Some(Topic::Medical)).await;
    goes(&school).await;

    assert_eq!(school.states().await, ["Amina Begum email submitted"]);
    let told = leave(&school).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[1].starts_with("h.barlow: ") && told[1].ends_with("its leave to go by text is void"),
        "{told:?}"
    );
    school.close().await;
}

#[tokio::test]
async fn leave_needs_a_reason_the_version_that_was_seen_and_something_to_lift() {
    let school = School::open(&one_by_text()).await;
    let (gateway, sam) = (&school.gateway, pupil_id(&school, "P1").await);
    saved(&school, sam, 0, Some(Topic::Send)).await;

    let blank = refusal(allow_text(gateway, sam, MONDAY, 1, " \n ", "slt").await);
    let stale = refusal(allow_text(gateway, sam, MONDAY, 7, WHY, "slt").await);
    let none = refusal(allow_text(gateway, sam, Date::constant(2026, 11, 16), 1, WHY, "slt").await);
    saved(&school, sam, 1, None).await;
    let needless = refusal(allow_text(gateway, sam, MONDAY, 2, WHY, "slt").await);
    saved(&school, sam, 2, Some(Topic::Send)).await;
    goes(&school).await;
    let late = refusal(allow_text(gateway, sam, MONDAY, 3, WHY, "slt").await);

    assert!(blank.contains("say why"), "{blank}");
    assert!(stale.contains("look at it as it is now") && none == stale, "{stale} {none}");
    assert!(needless.contains("it needs no leave"), "{needless}");
    assert!(late.contains("it is too late"), "{late}");
    assert_eq!(leave(&school).await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn leave_lifts_neither_an_order_nor_an_opt_out() {
    for opted_out in [false, true] {
        let school = School::open(&one_by_text()).await;
        let sam = pupil_id(&school, "P1").await;
        saved(&school, sam, 0, Some(Topic::Behaviour)).await;
        allow_text(&school.gateway, sam, MONDAY, 1, WHY, "slt").await.unwrap();

        if opted_out {
            school.texts.answer(NUMBER, 21_610, Shape::Problem);
        } else {
            school.import(&one_by_text().changed("C1", |carer| carer.restricted("no_contact", "", ""))).await;
        }
        goes(&school).await;
        school.later(Duration::from_mins(1));
        school.deliver().await;

        assert_eq!(school.texts.messages().len(), 0, "{opted_out}");
        assert_eq!(school.mail.taken(), usize::from(opted_out), "{opted_out}");
        school.close().await;
    }
}

fn reply(topic: Option<Topic>, by_text: Option<&'static str>) -> Reply<'static> {
    Reply {
        words: "He has calmed down.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic,
        by_text,
        by: "slt",
    }
}

#[tokio::test]
async fn a_reply_about_a_listed_topic_answers_a_text_by_mail_and_with_leave_by_text() {
    for (topic, by_text, route) in [
        (Some(Topic::Behaviour), None, "email"),
        (Some(Topic::Behaviour), Some(WHY), "text"),
        (Some(Topic::Attendance), None, "text"),
    ] {
        let school = School::open(&one_by_text()).await;
        school.text_arrives(NUMBER, "How is Sam today?").await;
        school.deliver().await;
        let (before, code) = (school.texts.posted(), school.case().await.code);

        let replied = cases::reply(&school.gateway, &code, false, &reply(topic, by_text)).await.unwrap();
        school.deliver().await;

        assert_eq!(replied.route, route, "{topic:?} {by_text:?}");
        assert_eq!(school.texts.posted() - before, usize::from(route == "text"), "{topic:?} {by_text:?}");
        let why = "not by text: it is about behaviour, which never goes by text";
        assert_eq!(replied.said.contains(why), route == "email", "{}", replied.said);
        assert_eq!(leave(&school).await.len(), usize::from(by_text.is_some()));
        school.close().await;
    }
}

#[tokio::test]
async fn a_reply_that_nothing_keeps_from_a_text_takes_no_leave() {
    let school = School::open(&one_by_text()).await;
    school.text_arrives(NUMBER, "How is Sam today?").await;
    let code = school.case().await.code;

    let needless = refusal(cases::reply(&school.gateway, &code, false, &reply(None, Some(WHY))).await);

    assert!(needless.contains("leave the reason out"), "{needless}");
    assert_eq!(leave(&school).await, Vec::<String>::new());
    school.close().await;
}
