//! What a case is, which list and which clocks follow from it, and what is only suggested.

use liaison::flows::cases;

use super::{AMINA, RUNNING, asked, last_entry, refusal, two_parents};
use crate::support::{
    inbound::Letter,
    people::{one_by_email, one_by_text},
    school::{School, readable},
};

const SAR: &str = "subject_access running 2027-01-20 17:00";

async fn rekind(school: &School, code: &str, kind: &str) {
    cases::rekind(&school.gateway, code, false, kind, "h.barlow").await.unwrap();
}

#[tokio::test]
async fn another_kind_gives_a_case_another_list_and_the_record_keeps_both() {
    let (school, code) = asked().await;

    rekind(&school, &code, "complaint").await;
    let complaint = school.case().await;
    rekind(&school, &code, "attendance").await;
    let attendance = school.case().await;

    assert_eq!((complaint.kind.as_str(), complaint.role.as_str()), ("complaint", "slt"));
    assert_eq!((attendance.kind.as_str(), attendance.role.as_str()), ("attendance", "office"));
    assert_eq!(school.clocks().await, [RUNNING], "the clock for an answer runs on");
    let told: Vec<_> =
        school.entries().await.into_iter().filter(|entry| entry.kind == "case_moved").collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].sentence.ends_with("of the kind complaint, no longer query; given to slt"), "{told:?}");
    assert!(
        told[1].sentence.ends_with("of the kind attendance, no longer complaint; given to office"),
        "{told:?}"
    );
    school.close().await;
}

#[tokio::test]
async fn a_subject_access_request_of_20_december_is_due_on_20_january_whatever_else_is_answered() {
    let school = School::open(&one_by_email()).await;
    school.set_clock("2026-12-20T10:00:00Z");
    school.arrives(&Letter::from(AMINA).says("Hello, it is about Sam.")).await;
    let code = school.case().await.code;

    rekind(&school, &code, "subject_access").await;
    let words = "You shall have it.";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    let answered = school.clocks().await;
    let closed = cases::close(&school.gateway, &code, false, "answered", "h.barlow").await;
    let silent = cases::fulfil(&school.gateway, &code, false, " ", "h.barlow").await;
    cases::fulfil(&school.gateway, &code, false, "Copies given by hand on 12 January.", "h.barlow")
        .await
        .unwrap();
    let again = cases::fulfil(&school.gateway, &code, false, "Once more.", "h.barlow").await;
    cases::close(&school.gateway, &code, false, "answered", "h.barlow").await.unwrap();

    assert_eq!(answered, ["answer met 2027-01-07 17:00", SAR], "no answer of another kind stops it");
    assert!(refusal(closed).contains("answer the subject access request first"));
    assert!(refusal(silent).contains("say what was sent"));
    assert!(refusal(again).contains("no clock of the law runs"));
    assert_eq!(school.clocks().await[1], "subject_access met 2027-01-20 17:00");
    assert_eq!(school.case().await.role, "slt");
    school.close().await;
}

#[tokio::test]
async fn a_text_that_asks_for_everything_on_20_december_starts_the_clock_and_is_told_of_it() {
    let school = School::open(&one_by_text()).await;
    school.set_clock("2026-12-20T10:00:00Z");

    school.text_arrives("+447700900101", "send me everything you hold on Sam").await;
    school.deliver().await;

    assert_eq!(school.clocks().await, ["answer running 2027-01-07 17:00", SAR]);
    assert_eq!(school.case().await.kind, "query", "nobody has said that it is one");
    let said = school.texts.messages().pop().expect("an acknowledgement").body;
    assert!(said.contains("by Wednesday 20 January 2027, holidays or not"), "{said}");
    assert!(!said.contains("Sam"), "{said}");
    school.close().await;
}

#[tokio::test]
async fn a_colleague_says_no_and_the_clock_of_the_law_ends_or_yes_and_it_runs_on() {
    for (is, kind, clock) in [
        (false, "query", "subject_access closed 2026-12-23 17:00"),
        (true, "subject_access", "subject_access running 2026-12-23 17:00"),
    ] {
        let school = School::open(&one_by_email()).await;
        school.arrives(&Letter::from(AMINA).says("Please send me all the records you hold on my son.")).await;
        let code = school.case().await.code;

        let diverted = cases::decide(&school.gateway, &code, false, is, "h.barlow").await.unwrap();
        let again = cases::decide(&school.gateway, &code, false, is, "h.barlow").await;

        assert!(!diverted);
        assert!(refusal(again).contains("nothing is suggested"));
        assert_eq!(school.case().await.kind, kind);
        assert_eq!(school.clocks().await, [RUNNING, clock]);
        assert_eq!(
            school.rows("select suggested_by from reading where suggested_is is not null").await,
            ["h.barlow"]
        );
        school.close().await;
    }
}

#[tokio::test]
async fn what_may_be_a_disclosure_is_the_dsls_once_a_colleague_says_yes() {
    let school = School::open(&two_parents()).await;
    school.arrives(&Letter::from(AMINA).says("Her stepfather hit her again last night.")).await;
    school.deliver().await;
    let code = school.case().await.code;
    let acknowledged = readable(&school.acknowledgements()[0].data);

    let diverted = cases::decide(&school.gateway, &code, false, true, "h.barlow").await.unwrap();

    assert!(diverted);
    let (kind, visibility) = (school.case().await.kind, school.case().await.visibility);
    assert_eq!((kind.as_str(), visibility), ("safeguarding", "restricted"));
    assert!(acknowledged.contains("999") && acknowledged.contains("01632 960100"), "{acknowledged}");
    for absent in ["at risk", "afeguarding", "disclos", " hit ", "tepfather"] {
        assert!(
            !acknowledged.contains(absent),
            "whoever else reads this mailbox learns '{absent}': {acknowledged}"
        );
    }
    let (told, sentence, _) = last_entry(&school).await;
    assert_eq!(told, "diverted");
    assert!(sentence.starts_with("passed to the DSL on"), "{sentence}");
    school.close().await;
}

#[tokio::test]
async fn what_the_law_asks_runs_also_where_the_message_may_be_a_disclosure_before_all_else() {
    let school = School::open(&one_by_email()).await;
    school.set_clock("2026-12-20T10:00:00Z");
    let words = "He has bruises again. Social services say: send me everything you hold on him.";
    school.arrives(&Letter::from(AMINA).says(words)).await;
    let code = school.case().await.code;

    cases::decide(&school.gateway, &code, false, false, "h.barlow").await.unwrap();

    assert_eq!(school.clocks().await[1], SAR, "a no to the one is no answer to the other");
    school.close().await;
}

#[tokio::test]
async fn thanks_wait_for_nobody_and_what_was_none_waits_from_when_it_came() {
    let (school, code) = asked().await;

    rekind(&school, &code, "thanks").await;
    let thanks = school.clocks().await;
    school.set_clock("2026-11-25T10:00:00Z");
    rekind(&school, &code, "query").await;

    assert_eq!(thanks, ["answer closed 2026-11-27 17:00"]);
    assert_eq!(school.clocks().await, ["answer closed 2026-11-27 17:00", RUNNING]);
    school.close().await;
}

#[tokio::test]
async fn the_clock_of_the_law_counts_from_when_it_came_also_when_a_colleague_said_whose_it_is() {
    let school = School::open(&one_by_email()).await;
    school.set_clock("2026-12-20T10:00:00Z");
    school
        .arrives(
            &Letter::from("new@elsewhere.example").says("I want a copy of my file, and all data you hold"),
        )
        .await;
    let stranger = school.clocks().await;
    school.set_clock("2027-01-05T10:00:00Z");

    let says = liaison::flows::questions::Says::Is { carer: Some("C1"), pupil: None };
    let question = school.question().await.id;
    liaison::flows::questions::answer(&school.gateway, question, false, &says, "o.adeyemi").await.unwrap();

    assert!(stranger.is_empty(), "{stranger:?}");
    assert_eq!(school.clocks().await, ["answer running 2027-01-07 17:00", SAR]);
    school.close().await;
}
