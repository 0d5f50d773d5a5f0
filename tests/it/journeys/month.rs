//! The month's cap on texts, and what was said on the wire.

use std::time::Duration;

use liaison::{
    domain::staff::Role,
    flows::{colleagues, explain::for_operator, operate},
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::Shape,
};

use crate::support::{
    people::{Roll, carer, one_by_email, pupil},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// One pupil with three carers, all by text.
fn three_by_text() -> Roll {
    let carers: Vec<_> = (1..=3)
        .map(|n| {
            let number = format!("07700 90010{n}");
            carer("P1", &format!("C{n}"), "Ann", "Other").mobile(&number).wants("sms")
        })
        .collect();
    Roll::new(&[pupil("P1", "Sam", "Ash")], &carers)
}

async fn capped(parts: u32) -> School {
    let school = School::with(&three_by_text(), |setup| setup.parts_per_month = Some(parts)).await;
    for (name, role) in [("office", Role::Office), ("teacher", Role::Teacher)] {
        let email = format!("{name}@northfield.example");
        colleagues::add(&school.gateway, name, &email, &[role], "test").await.expect("added");
    }
    school
}

async fn month(school: &School) -> Vec<String> {
    school
        .rows("select month || ' ' || parts || coalesce(' ' || let_on_by, '') from texts_of_month order by 1")
        .await
}

#[tokio::test]
async fn at_the_months_cap_texts_stop_colleagues_are_told_and_nothing_is_lost() {
    let school = capped(2).await;
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    let (left, hold) = (school.texts.posted(), school.rows("select scope || ' ' || set_by from hold").await);
    let reason = school.rows("select reason from hold").await;
    school.deliver().await;
    let counted = month(&school).await;
    let told = school
        .rows("select s.email || ': ' || n.kind from staff_notice n join staff s on s.id = n.staff_id")
        .await;
    let opened = operate::end_full_months(&school.gateway).await.unwrap();
    assert!(operate::release(&school.gateway, "texts", "head").await.unwrap());
    school.deliver().await;

    assert_eq!((left, hold), (2, vec!["texts cap".to_owned()]));
    assert!(reason[0].starts_with("the 2 parts of texts of November 2026 are used up"), "{reason:?}");
    assert_eq!(counted, ["2026-11-01 2"]);
    assert_eq!(told, ["office@northfield.example: texts_stopped"], "once, and not to the teacher");
    assert_eq!(opened, 0, "nothing is free yet");
    assert_eq!(school.texts.posted(), 3, "the third waited, and left when a person said so");
    assert_eq!(month(&school).await, ["2026-11-01 3 head"]);
    school.close().await;
}

#[tokio::test]
async fn another_month_lets_texts_go_again_by_itself_and_counts_anew() {
    let school = capped(2).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    // Half an hour before midnight in London, and after it.
    school.set_clock("2026-11-30T23:30:00Z");
    let before = operate::end_full_months(&school.gateway).await.unwrap();
    school.set_clock("2026-12-01T00:00:00Z");
    let after = operate::end_full_months(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!((before, after), (0, 1));
    assert_eq!(school.texts.posted(), 3);
    assert_eq!(month(&school).await, ["2026-11-01 2", "2026-12-01 1"]);
    school.close().await;
}

#[tokio::test]
async fn a_text_that_certainly_did_not_leave_costs_nothing() {
    let school = capped(2).await;
    school.texts.answer("+447700900101", 21614, Shape::Classic);
    school.texts.answer("+447700900102", 21614, Shape::Problem);
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    school.deliver().await;

    assert_eq!(
        school.rows("select scope from hold where set_by = 'cap'").await.len(),
        1,
        "three wanted to leave at once"
    );
    let used: u64 = month(&school).await[0].rsplit(' ').next().unwrap().parse().unwrap();
    assert_eq!(used, 0, "and what came back is free again");
    assert_eq!(operate::end_full_months(&school.gateway).await.unwrap(), 1);
    school.deliver().await;
    assert_eq!(month(&school).await, ["2026-11-01 1"]);
    school.close().await;
}

#[tokio::test]
async fn what_was_said_on_the_wire_stands_with_each_try_without_words_or_addresses() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Rcpt, Act::Say("451 4.7.1 greylisted, try again".into()));
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    school.later(Duration::from_mins(2));
    school.deliver().await;

    let wires = school.rows("select wire from attempt order by try_no").await;
    assert_eq!(wires.len(), 2);
    assert!(wires[0].contains("< 451") && wires[0].contains("> MAIL FROM"), "{}", wires[0]);
    assert!(wires[1].contains("< 250") && wires[1].contains("bytes"), "{}", wires[1]);
    for wire in &wires {
        assert!(!wire.contains("chapters") && !wire.contains("home.example"), "{wire}");
    }
    let id = school.rows("select id::text from delivery").await.remove(0);
    let explained = for_operator(&school.gateway, &id).await.unwrap();
    let lines: Vec<_> = explained.decisions.iter().flat_map(|decision| &decision.wire).collect();
    assert!(lines.iter().any(|line| line.contains("451 ")), "{lines:?}");
    school.close().await;
}
