//! Taking an identity decision back.

use liaison::flows::{
    cases,
    cases::{Elsewhere, How},
    divert, questions,
    questions::{Mistake, Says},
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

/// Amina's mail, which her address put into a case of its own; its id and the case's code.
async fn put_by_itself() -> (School, liaison::domain::ids::ReceivedId, String) {
    let school = School::open(&two_parents()).await;
    school.arrives(&Letter::from(AMINA).says("It is Boris who writes. When is the trip?")).await;
    let received = school.received().await.remove(0).id;
    let code = school.case().await.code;
    (school, liaison::domain::ids::ReceivedId(received), code)
}

#[tokio::test]
async fn a_message_that_was_matched_by_itself_is_taken_out_and_asked_about_and_its_clock_goes_with_it() {
    let (school, received, code) = put_by_itself().await;
    let take = async |why: &'static str| {
        questions::unmatch(&school.gateway, (&code, received), false, Mistake::Carer, why, "office").await
    };

    let silent = take(" ").await;
    school.later(std::time::Duration::from_hours(24));
    take("her partner wrote").await.unwrap();
    let twice = take("her partner wrote").await;
    let between = (school.case().await, school.received().await.remove(0).case, school.clocks().await);
    // Her mailbox is shared: the office takes it off her record and puts it where it belongs.
    school
        .db
        .as_superuser(
            "delete from carer_address where carer_id = (select id from carer where contact_ref = 'C1')",
        )
        .await;
    let question = school.question().await;
    let says = Says::Is { carer: Some("C2"), pupil: None };
    questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();

    assert!(refusal(silent).contains("say why") && refusal(twice).contains("not in this case any more"));
    let (case, in_case, clocks) = between;
    assert_eq!((case.state, case.outcome.as_deref(), in_case), ("closed", Some("matched wrongly"), None));
    assert_eq!(clocks, ["answer closed 2026-11-27 17:00"]);
    assert_eq!((question.kind.as_str(), question.role.as_str()), ("who_is_this", "office"));
    let his = school.cases().await.into_iter().find(|case| case.state == "open").unwrap();
    assert_eq!(his.carer, "Boris Czerny");
    assert_eq!(
        school.clocks().await,
        ["answer closed 2026-11-27 17:00", "answer running 2026-11-27 17:00"],
        "counted from when it came, not from today"
    );
    let told = school.entries().await;
    let trace = told.iter().find(|entry| entry.words.as_deref() == Some("her partner wrote")).unwrap();
    assert!(trace.sentence.contains("was matched wrongly") && trace.carer.as_deref() == Some("Amina Begum"));
    school.close().await;
}

#[tokio::test]
async fn after_a_reply_only_the_dsl_takes_the_case_apart() {
    let (school, received, code) = put_by_itself().await;
    let take = async |dsl: bool| {
        let why = "her partner wrote";
        questions::unmatch(&school.gateway, (&code, received), dsl, Mistake::Carer, why, "dsl").await
    };
    let reply = cases::Reply {
        words: "On 4 December.",
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    school.deliver().await;

    let office = take(false).await;
    let before_it_is_theirs = take(true).await;
    divert::divert(&school.gateway, &code, false, "he may have read hers", "office").await.unwrap();
    let hidden = take(false).await;
    take(true).await.unwrap();

    for refused in [office, before_it_is_theirs] {
        assert!(refusal(refused).contains("pass the case to the DSL, who can still take it apart"));
    }
    assert!(refusal(hidden).contains("there is no case"), "as if it were not there");
    let question = school.question().await;
    assert_eq!(question.role, "dsl", "and the question is the DSL's");
    assert!(questions::list(&school.gateway, false, false).await.unwrap().is_empty());
    school.close().await;
}

#[tokio::test]
async fn a_case_about_the_wrong_child_asks_which_and_one_with_a_single_child_does_not() {
    let hers = |pupil| carer(pupil, "C1", "Amina", "Begum").email(AMINA);
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash").with("class", "Elm")],
        &[hers("P1"), hers("P2")],
    );
    let school = School::open(&roll).await;
    school.queue(&[("P1", "A good week.")]).await;
    school.deliver().await;
    let ours = school.message_id_to(AMINA);
    school.arrives(&Letter::from(AMINA).answers(&ours).says("And has Tom his boots?")).await;
    let (code, about) = (school.case().await.code, school.case().await.pupil);
    let received = liaison::domain::ids::ReceivedId(school.received().await.remove(0).id);

    let by = (&*code, received);
    questions::unmatch(&school.gateway, by, false, Mistake::Child, "it is about Tom", "office")
        .await
        .unwrap();
    let between = school.case().await;
    let question = school.question().await;
    let says = Says::Is { carer: None, pupil: Some("P2") };
    questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();

    assert_eq!((about.as_deref(), between.pupil, between.state), (Some("Sam Ash"), None, "open"));
    assert_eq!((question.kind.as_str(), question.candidates.len()), ("which_child", 2));
    let after = school.case().await;
    assert_eq!((after.pupil.as_deref(), after.class.as_deref()), (Some("Tom Ash"), Some("Elm")));
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"], "its clock ran on");
    school.close().await;

    let (school, received, code) = put_by_itself().await;
    let refused =
        questions::unmatch(&school.gateway, (&code, received), false, Mistake::Child, "not Sam", "office")
            .await;
    assert!(refusal(refused).contains("no other child here"));
    school.close().await;
}
