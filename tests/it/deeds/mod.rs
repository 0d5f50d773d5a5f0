//! What colleagues do with a case beside replying.

mod complaints;
mod diverts;
mod kinds;
mod undone;

use liaison::flows::{
    FlowError, cases,
    cases::{Elsewhere, How, Reply},
    ladder,
};

use crate::support::{
    inbound::Letter,
    people::{Roll, carer, one_by_email, pupil},
    school::School,
};

const AMINA: &str = "amina.begum@home.example";
const BORIS: &str = "boris.czerny@away.example";
const RUNNING: &str = "answer running 2026-11-27 17:00";
const MET: &str = "answer met 2026-11-27 17:00";

/// Sam's separated parents.
fn two_parents() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA).wants("email"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).wants("email"),
        ],
    )
}

/// A school that has been asked something and has acknowledged it, and the code of that case.
async fn asked() -> (School, String) {
    let school = School::open(&one_by_email()).await;
    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;
    let code = school.case().await.code;
    (school, code)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, FlowError>) -> String {
    match result.unwrap_err() {
        FlowError::Refused(why) | FlowError::At { sentence: why, .. } => why,
        other => panic!("{other:?}"),
    }
}

async fn last_entry(school: &School) -> (String, String, Option<String>) {
    let entry = school.entries().await.pop().unwrap();
    (entry.kind, entry.sentence, entry.words)
}

#[tokio::test]
async fn a_note_stands_beside_the_case_and_is_sent_to_nobody() {
    let (school, code) = asked().await;

    cases::note(&school.gateway, &code, false, " Mother rang twice. ", "h.barlow").await.unwrap();
    let empty = cases::note(&school.gateway, &code, false, " \n", "h.barlow").await;
    let sent = school.deliver().await;

    assert_eq!(refusal(empty), "a note needs words");
    assert_eq!(sent, 0);
    let (kind, sentence, words) = last_entry(&school).await;
    assert_eq!((kind.as_str(), words.as_deref()), ("note", Some("Mother rang twice.")));
    assert!(!sentence.contains("Mother"), "{sentence}");
    assert_eq!(school.clocks().await, [RUNNING]);
    school.close().await;
}

#[tokio::test]
async fn a_promise_runs_to_the_end_of_a_school_day_and_a_new_one_replaces_it() {
    let (school, code) = asked().await;
    let promise = async |day: &str| {
        cases::promise(&school.gateway, &code, false, day.parse().unwrap(), "h.barlow").await
    };

    let sunday = promise("2026-12-06").await;
    let past = promise("2026-11-20").await;
    let far = promise("2031-11-20").await;
    promise("2026-12-04").await.unwrap();
    promise("2026-12-07").await.unwrap();

    let sunday = refusal(sunday);
    assert!(sunday.contains("nobody is at school that day"), "{sunday}");
    assert!(sunday.contains("Friday 4 December and Monday 7 December"), "{sunday}");
    let past = refusal(past);
    assert!(past.contains("it has passed; the nearest school day is Monday 23 November"), "{past}");
    assert!(refusal(far).contains("does not reach so far"));
    let clocks = ["promise closed 2026-12-04 17:00", "promise running 2026-12-07 17:00"];
    assert_eq!(school.clocks().await, [&[RUNNING][..], &clocks[..]].concat());
    let (_, sentence, _) = last_entry(&school).await;
    assert!(sentence.contains("Monday 7 December, instead of Friday 4 December"), "{sentence}");
    school.close().await;
}

#[tokio::test]
async fn only_a_full_answer_stops_a_promise_and_a_broken_one_climbs_although_somebody_replied() {
    let (school, code) = asked().await;
    let say = async |full_answer: bool| {
        let words = "The trip is on 4 December.";
        let reply = Reply {
            words,
            promise: None,
            full_answer,
            sensitive: false,
            topic: None,
            by_text: None,
            by: "h.barlow",
        };
        cases::reply(&school.gateway, &code, false, &reply).await.unwrap().clocks_stopped
    };
    let day = "2026-12-04".parse().unwrap();
    cases::promise(&school.gateway, &code, false, day, "h.barlow").await.unwrap();

    let first = say(false).await;
    school.deliver().await;
    school.set_clock("2026-12-04T17:00:01Z");
    let climbed = ladder::climb(&school.gateway).await.unwrap();
    let late = school.clocks().await;
    let role = school.case().await.role;
    let second = say(true).await;
    school.deliver().await;

    assert_eq!((first, climbed, second), (1, 1, 1));
    assert_eq!(late, [MET, "promise running 2026-12-04 17:00"]);
    assert_eq!(role, "slt");
    assert_eq!(school.clocks().await, [MET, "promise met 2026-12-04 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_full_answer_that_promises_a_further_one_is_refused() {
    let (school, code) = asked().await;
    let day = "2026-12-04".parse().unwrap();
    cases::promise(&school.gateway, &code, false, day, "h.barlow").await.unwrap();
    let words = "All of it.";
    let both = Reply {
        words,
        promise: Some(day),
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };

    let nonsense = cases::reply(&school.gateway, &code, false, &both).await;

    assert!(refusal(nonsense).contains("promises no further one"));
    assert_eq!(school.clocks().await, [RUNNING, "promise running 2026-12-04 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_case_is_of_a_known_kind_and_safeguarding_is_a_divert() {
    let (school, code) = asked().await;
    let rekind = async |kind: &str| cases::rekind(&school.gateway, &code, false, kind, "h.barlow").await;

    let same = rekind("query").await;
    let unknown = rekind("gossip").await;
    let safeguarding = rekind("safeguarding").await;
    rekind(" Concern ").await.unwrap();

    assert!(refusal(same).contains("already"));
    assert!(refusal(unknown).contains("attendance medical concern complaint"));
    assert!(refusal(safeguarding).contains("divert"));
    assert_eq!(school.case().await.kind, "concern");
    let (_, sentence, _) = last_entry(&school).await;
    assert!(sentence.contains("concern, no longer query"), "{sentence}");
    school.close().await;
}

#[tokio::test]
async fn a_person_passes_a_case_up_to_the_slt_with_a_reason_and_no_further() {
    let (school, code) = asked().await;

    let silent = cases::escalate(&school.gateway, &code, false, "", "h.barlow").await;
    cases::escalate(&school.gateway, &code, false, "beyond me", "h.barlow").await.unwrap();
    let again = cases::escalate(&school.gateway, &code, false, "beyond me", "h.barlow").await;

    assert!(refusal(silent).contains("say why") && refusal(again).contains("already"));
    assert_eq!(school.case().await.role, "slt");
    assert_eq!(school.clocks().await, [RUNNING]);
    let (kind, _, words) = last_entry(&school).await;
    assert_eq!((kind.as_str(), words.as_deref()), ("case_moved", Some("beyond me")));
    school.close().await;
}

#[tokio::test]
async fn a_closed_case_is_opened_again_and_its_ended_clocks_stay_ended() {
    let (school, code) = asked().await;
    let open = cases::reopen(&school.gateway, &code, false, "why not", "h.barlow").await;
    cases::close(&school.gateway, &code, false, "rung", "h.barlow").await.unwrap();
    let day = "2026-12-04".parse().unwrap();
    let promised = cases::promise(&school.gateway, &code, false, day, "h.barlow").await;
    let raised = cases::escalate(&school.gateway, &code, false, "beyond me", "h.barlow").await;

    let silent = cases::reopen(&school.gateway, &code, false, " ", "h.barlow").await;
    cases::reopen(&school.gateway, &code, false, "she rang again", "h.barlow").await.unwrap();

    assert!(refusal(open).contains("open already") && refusal(silent).contains("say why"));
    assert!(refusal(promised).contains("reopen it first") && refusal(raised).contains("reopen it first"));
    let case = school.case().await;
    assert_eq!((case.state, case.outcome), ("open", None));
    assert_eq!(school.clocks().await, ["answer closed 2026-11-27 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn an_answer_by_phone_stops_the_clocks_of_what_had_come_by_then_and_both_times_are_kept() {
    let (school, code) = asked().await;
    school.set_clock("2026-11-24T09:00:00Z");
    let later = Letter::from(AMINA).subject(&format!("Re: x [Ref {code}]")).says("And where?");
    school.arrives(&later).await;
    let day = "2026-12-04".parse().unwrap();
    cases::promise(&school.gateway, &code, false, day, "h.barlow").await.unwrap();
    school.set_clock("2026-11-24T15:00:00Z");
    let tell = async |at: &str, full_answer: bool, words: &str| {
        let happened_at = at.parse().unwrap();
        let said = Elsewhere { how: How::Phone, words, happened_at, full_answer };
        cases::answered_elsewhere(&school.gateway, &code, false, &said, "h.barlow").await
    };

    let ahead = tell("2026-11-24T15:00:01Z", false, "On the 4th.").await;
    let before = tell("2026-11-23T09:59:59Z", false, "On the 4th.").await;
    let silent = tell("2026-11-23T14:00:00Z", false, "").await;
    let back_dated = tell("2026-11-23T14:00:00Z", true, "On the 4th.").await.unwrap();
    let entry = school.entries().await.pop().unwrap();
    let clocks = school.clocks().await;
    let today = tell("2026-11-24T15:00:00Z", true, "At the station.").await.unwrap();

    assert!(refusal(ahead).contains("lies ahead") && refusal(silent).contains("needs words"));
    assert!(refusal(before).contains("began only"));
    assert_eq!((back_dated, today), (1, 2));
    assert_eq!(
        (entry.happened_at.to_string().as_str(), entry.recorded_at.to_string().as_str()),
        ("2026-11-23T14:00:00Z", "2026-11-24T15:00:00Z")
    );
    assert_eq!(clocks, [MET, "answer running 2026-11-30 17:00", "promise running 2026-12-04 17:00"]);
    assert_eq!(
        school.rows("select to_char(met_at, 'DD HH24:MI') from clock where met_by is null order by id").await,
        ["23 14:00", "24 15:00", "24 15:00"]
    );
    school.close().await;
}
