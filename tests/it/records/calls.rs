//! A call that was tried is told, and leads to what must follow.

use std::time::Duration;

use jiff::Timestamp;
use liaison::{
    domain::{contact::CallOutcome, ids::TaskId},
    flows::{
        Clock as _,
        calls::{Attempt, Led, attempt},
    },
    store::recording,
};

use super::refusal;
use crate::support::{
    people::{Roll, carer, pupil},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

fn by_phone() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Carys", "Dafydd")
            .mobile("07700 900103")
            .lives_at("4 Quarry Lane")
            .wants("phone")],
    )
}

fn came_of(outcome: CallOutcome, at: Timestamp) -> Attempt {
    Attempt { outcome, words: String::new(), happened_at: at, recorded_later: false }
}

async fn with_a_call(roll: &Roll) -> (School, TaskId) {
    let school = School::open(roll).await;
    school.queue(&[("P1", WORDS)]).await;
    let task = school.task("call").await.id;
    (school, task)
}

#[tokio::test]
async fn a_call_that_reached_the_carer_closes_the_task_and_keeps_the_words_beside_the_entry() {
    let (school, task) = with_a_call(&by_phone()).await;
    let mut spoke = came_of(CallOutcome::Spoke, school.clock.now());
    spoke.words = "Pleased, will read along".to_owned();

    let led = attempt(&school.gateway, task, &spoke, "h.barlow").await.unwrap();
    let again = refusal(attempt(&school.gateway, task, &spoke, "h.barlow").await);

    assert_eq!(led, Led::Done);
    assert_eq!(school.show(task).await.state, "done");
    assert!(again.contains("done already"), "{again}");
    let told = school.entries().await;
    let called: Vec<_> = told.iter().filter(|e| e.kind == "called").collect();
    assert_eq!(called.len(), 1);
    assert_eq!(called[0].words.as_deref(), Some("Pleased, will read along"));
    assert!(!called[0].sentence.contains("Pleased"));
    school.close().await;
}

#[tokio::test]
async fn the_third_call_that_reaches_nobody_passes_the_task_to_the_slt_once() {
    let (school, task) = with_a_call(&by_phone()).await;
    let mut led = Vec::new();

    for outcome in
        [CallOutcome::NoAnswer, CallOutcome::LeftSafeMessage, CallOutcome::NoAnswer, CallOutcome::NoAnswer]
    {
        school.later(Duration::from_hours(2));
        led.push(attempt(&school.gateway, task, &came_of(outcome, school.clock.now()), "a").await.unwrap());
    }

    assert_eq!(led, [Led::StaysOpen, Led::StaysOpen, Led::PassedUp, Led::StaysOpen]);
    assert_eq!(school.show(task).await.role, "slt");
    assert_eq!((school.told("called").await, school.told("task_moved").await), (4, 1));
    let mut connection = school.gateway.store.acquire().await.unwrap();
    assert_eq!(recording::attempts(&mut connection, task).await.unwrap().len(), 4);
    drop(connection);
    school.close().await;
}

#[tokio::test]
async fn a_wrong_number_is_looked_into_and_the_call_stays_while_another_number_is_left() {
    let two = by_phone().changed("C1", |c| c.with("phone", "01632 960103"));
    let (school, task) = with_a_call(&two).await;
    let first = school.task("call").await.needs.unwrap().to;
    let wrong = came_of(CallOutcome::WrongNumber, school.clock.now());

    let led = attempt(&school.gateway, task, &wrong, "a").await.unwrap();

    assert_eq!(led, Led::StaysOpen);
    assert_eq!(school.to_do().await, ["call for Carys Dafydd", "check_address for Carys Dafydd"]);
    assert_eq!(school.task("check_address").await.role, "office");
    assert_ne!(school.task("call").await.needs.unwrap().to, first, "the other number is shown");
    school.close().await;
}

#[tokio::test]
async fn a_wrong_number_with_no_other_left_becomes_a_letter_the_same_day() {
    let (school, task) = with_a_call(&by_phone()).await;
    let wrong = came_of(CallOutcome::WrongNumber, school.clock.now());

    let led = attempt(&school.gateway, task, &wrong, "a").await.unwrap();

    assert_eq!(led, Led::AnotherWay);
    assert_eq!(school.show(task).await.state, "given_up");
    assert_eq!(school.to_do().await, ["check_address for Carys Dafydd", "letter for Carys Dafydd"]);
    school.close().await;
}

#[tokio::test]
async fn a_call_in_the_future_or_before_it_was_asked_for_is_refused() {
    let (school, task) = with_a_call(&by_phone()).await;
    let now = school.clock.now();
    let early = came_of(CallOutcome::NoAnswer, now - jiff::SignedDuration::from_hours(1));

    let future = came_of(CallOutcome::NoAnswer, now + jiff::SignedDuration::from_mins(1));
    let future = refusal(attempt(&school.gateway, task, &future, "a").await);
    let before = refusal(attempt(&school.gateway, task, &early, "a").await);
    let later = Attempt { recorded_later: true, ..early.clone() };
    let told = attempt(&school.gateway, task, &later, "a").await;

    assert!(future.contains("in the future"), "{future}");
    assert!(before.contains("before the call was asked for"), "{before}");
    assert_eq!(told.unwrap(), Led::StaysOpen);
    let called = school.entries().await.into_iter().find(|e| e.kind == "called").unwrap();
    assert_eq!((called.happened_at, called.recorded_at), (early.happened_at, now));
    school.close().await;
}
