//! Taking an identity decision back.

use liaison::flows::{
    cases,
    cases::{Elsewhere, How},
    questions,
    questions::Says,
};

use super::{AMINA, BORIS, refusal, two_parents};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::School,
};

const STRANGER: &str = "someone@work.example";

/// A stranger's mail that a colleague has said is Amina's, and the question and case of it.
async fn matched() -> (School, liaison::domain::ids::QuestionId, String) {
    let school = School::open(&two_parents()).await;
    school
        .arrives(&Letter::from(STRANGER).subject("Sam's father").says("About Boris. When is the trip?"))
        .await;
    let question = school.question().await.id;
    let says = Says::Is { carer: Some("C1"), pupil: None };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();
    let code = school.case().await.code;
    (school, question, code)
}

#[tokio::test]
async fn a_wrong_match_is_taken_back_the_case_closed_and_the_question_asked_again() {
    let (school, question, code) = matched().await;

    let silent = questions::undo(&school.gateway, question, false, " ", "office").await;
    questions::undo(&school.gateway, question, false, "it was Boris", "office").await.unwrap();
    let twice = questions::undo(&school.gateway, question, false, "it was Boris", "office").await;
    let wrong = school.case().await;
    let open = school.question().await.id;
    let seen = school.received().await.remove(0);
    let says = Says::Is { carer: Some("C2"), pupil: None };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();

    assert!(refusal(silent).contains("say why") && refusal(twice).contains("nothing to take back"));
    assert_eq!(
        (wrong.code.as_str(), wrong.state, wrong.outcome.as_deref()),
        (&*code, "closed", Some("matched wrongly"))
    );
    assert!(
        !wrong.subject.contains("father"),
        "what the stranger wrote is not this family's: {}",
        wrong.subject
    );
    assert_eq!((open, seen.carer, seen.case), (question, None, None));
    let clocks = ["answer closed 2026-11-27 17:00", "answer running 2026-11-27 17:00"];
    assert_eq!(school.clocks().await, clocks);
    let cases = school.cases().await;
    assert_eq!((cases[1].carer.as_str(), cases[1].subject.as_str()), ("Boris Czerny", "Sam's father"));
    let told = school.entries().await;
    let entry = told.iter().find(|entry| entry.words.as_deref() == Some("it was Boris")).unwrap();
    assert!(entry.sentence.contains("matched wrongly"), "{}", entry.sentence);
    school.close().await;
}

#[tokio::test]
async fn a_match_is_not_taken_back_where_the_carer_has_been_told_something() {
    let (school, question, code) = matched().await;
    let undo = async || questions::undo(&school.gateway, question, false, "it was Boris", "office").await;
    let words = "The trip is on 4 December.";
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

    let queued = undo().await;
    school.deliver().await;
    let sent = undo().await;

    for refused in [queued, sent] {
        assert!(refusal(refused).contains("pass the case to the DSL"));
    }
    assert!(school.questions().await.is_empty());
    assert_eq!(school.case().await.state, "open");
    school.close().await;
}

#[tokio::test]
async fn nor_where_somebody_rang_the_carer() {
    let (school, question, code) = matched().await;
    let happened_at = school.gateway.clock.now();
    let rung = Elsewhere { how: How::Phone, words: "On the 4th.", happened_at, full_answer: false };
    cases::answered_elsewhere(&school.gateway, &code, false, &rung, "h.barlow").await.unwrap();

    let refused = questions::undo(&school.gateway, question, false, "it was Boris", "office").await;

    assert!(refusal(refused).contains("pass the case to the DSL"));
    school.close().await;
}

#[tokio::test]
async fn messages_that_joined_by_themselves_stay_when_a_wrong_match_is_taken_back() {
    let (school, question, code) = matched().await;
    let hers = Letter::from(AMINA).subject(&format!("Re: [Ref {code}]")).says("What trip?");
    school.arrives(&hers).await;

    let done = questions::undo(&school.gateway, question, false, "it was Boris", "office").await.unwrap();

    assert!(done.contains("the other messages stay"), "{done}");
    let shown = cases::show(&school.gateway, &code, false).await.unwrap();
    assert_eq!((shown.case.state, shown.messages.len()), ("open", 1));
    let clocks = ["answer closed 2026-11-27 17:00", "answer running 2026-11-27 17:00"];
    assert_eq!(school.clocks().await, clocks);
    school.close().await;
}

#[tokio::test]
async fn which_child_is_asked_again_while_the_clock_runs_on() {
    let hers = |pupil| carer(pupil, "C1", "Amina", "Begum").email(AMINA);
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash").with("class", "Elm")],
        &[hers("P1"), hers("P2"), carer("P1", "C2", "Boris", "Czerny").email(BORIS)],
    );
    let school = School::open(&roll).await;
    school.arrives(&Letter::from(AMINA)).await;
    let question = school.question().await.id;
    let says = Says::Is { carer: None, pupil: Some("P1") };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();

    questions::undo(&school.gateway, question, false, "it is Tom", "office").await.unwrap();
    let between =
        (school.case().await.pupil, school.received().await.remove(0).pupil, school.question().await.id);
    let class = school.case().await.class;
    let says = Says::Is { carer: None, pupil: Some("P2") };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();

    assert_eq!(between, (None, None, question));
    assert_eq!(class.as_deref(), Some("Elm"), "no longer on the list of the wrong class");
    assert_eq!(school.case().await.pupil.as_deref(), Some("Tom Ash"));
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_question_closed_as_needing_nothing_can_be_asked_again() {
    let school = School::open(&two_parents()).await;
    school.arrives(&Letter::from(STRANGER)).await;
    let question = school.question().await.id;
    questions::answer(&school.gateway, question, false, &Says::Nothing("an advert"), "office").await.unwrap();

    questions::undo(&school.gateway, question, false, "it is none", "office").await.unwrap();

    assert_eq!(school.question().await.id, question);
    school.close().await;
}
