//! What the other side says no to, and what follows: never a silent loss, never a second copy.

use std::time::Duration;

use liaison::{
    domain::staff::Role,
    flows::{colleagues, deliver::Step, operate},
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::{Deed, Shape},
};

use crate::support::{
    people::{Roll, carer, four_ways, one_by_email, one_by_text, pupil},
    school::{School, deliver_with},
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const STATUS: &str = "select kind || ' ' || status from address where status <> 'good'";

#[tokio::test]
async fn a_provider_that_says_slow_down_pauses_its_channel_and_loses_nothing() {
    let school = School::open(&one_by_text()).await;
    school.texts.next(1, Deed::Throttle { retry_after: Some(3600) });
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "texts").await;

    let first = lane.step().await.unwrap();
    let settled = lane.step().await.unwrap();
    let paused = lane.step().await.unwrap();
    lane.finish().await.unwrap();
    let waiting = school.delivery().await;
    // A new daemon knows of no pause; the message itself knows when it may leave.
    let fresh = school.another_daemon(school.db.store());
    let too_early = deliver_with(&fresh).await;
    school.later(Duration::from_hours(1));
    deliver_with(&fresh).await;

    assert_eq!(first, Step::Did(1));
    assert!(
        matches!((&settled, &paused), (Step::Idle | Step::Wait(_), Step::Wait(wait)) if wait.as_secs() > 3000)
    );
    assert_eq!(
        (waiting.state.as_str(), waiting.not_before.to_string().as_str()),
        ("queued", "2026-11-23T11:00:00Z")
    );
    assert_eq!(too_early, 0);
    assert_eq!(school.delivery().await.state, "submitted");
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_message_refused_for_its_content_takes_the_next_route_and_leaves_the_address_good() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::Say("554 5.7.1 message rejected as spam".into()));

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email failed", "Amina Begum text submitted"]);
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    assert_eq!(school.to_do().await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_wrong_number_is_marked_looked_into_and_gone_round() {
    let school = School::open(&one_by_text()).await;
    school.texts.answer("+447700900101", 21_614, Shape::Classic);

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email submitted", "Amina Begum text failed"]);
    assert_eq!(school.rows(STATUS).await, ["mobile failing"]);
    assert_eq!(school.to_do().await, ["check_address for Amina Begum"]);
    let follows = school.deliveries().await;
    assert_eq!(follows[1].follows, Some(follows[0].id));
    assert_eq!(school.told("address_failing").await, 1);
    school.close().await;
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_is_asked_once_and_never_written_to_again() {
    let school = School::open(&one_by_email()).await;
    school.mail.refuse("amina.begum@home.example", "550 5.1.1 no such mailbox");
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    school.mail.behave();

    let roll = one_by_email();
    school
        .import(&Roll { pupils: vec![pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash")], ..both(&roll) })
        .await;
    let queued = school.queue(&[("P2", WORDS)]).await;
    school.deliver().await;

    assert_eq!((queued.email, queued.text), (0, 1), "the next update goes round the address at once");
    assert_eq!((school.mail.connections(), school.mail.taken()), (1, 0));
    assert_eq!(school.rows(STATUS).await, ["email failing"]);
    school.close().await;
}

fn both(roll: &Roll) -> Roll {
    let mut carers = roll.carers.clone();
    carers.push(carers[0].clone().with("pupil_ref", "P2"));
    Roll { pupils: Vec::new(), carers }
}

#[tokio::test]
async fn a_wrong_password_holds_the_channel_once_and_fails_nothing() {
    let mut roll = four_ways();
    roll.carers.push(carer("P1", "C5", "Fay", "Gough").mobile("07700 900105").wants("sms"));
    let school = School::open(&roll).await;
    colleagues::add(&school.gateway, "Priya Nair", "it@northfield.example", &[Role::It], "test")
        .await
        .unwrap();
    school.texts.refuse_logins(true);
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    school.deliver().await;
    let while_held = school.states().await;
    let tries = school.rows("select tries::text from delivery where route = 'text'").await;
    let lifted_too_early = sender_works(&school).await;
    school.texts.refuse_logins(false);
    let healed = sender_works(&school).await && operate::healed(&school.gateway, "texts").await.unwrap();
    school.deliver().await;

    assert_eq!(
        while_held,
        ["Amina Begum email submitted", "Boris Czerny text queued", "Fay Gough text queued"],
        "mail is not held"
    );
    assert_eq!(tries, ["1", "1"], "one group found out; nothing was tried after that");
    let entries = school.entries().await;
    assert_eq!(entries.iter().filter(|e| e.sentence.starts_with("channel texts held")).count(), 1);
    assert_eq!(school.rows("select kind from staff_notice").await, ["channel_held"], "IT is told, once");
    assert!(!lifted_too_early && healed);
    assert_eq!(school.texts.messages().len(), 2);
    assert_eq!(school.told("failed").await, 0);
    school.close().await;
}

async fn sender_works(school: &School) -> bool {
    crate::support::school::sender(&school.gateway, "texts").probe().await.is_ok()
}

#[tokio::test]
async fn a_hold_set_by_a_person_is_not_healed_by_the_daemon() {
    let school = School::open(&one_by_text()).await;
    operate::hold(&school.gateway, "texts", "the head asked for it", "office").await.unwrap();
    school.queue(&[("P1", WORDS)]).await;

    let healed = operate::healed(&school.gateway, "texts").await.unwrap();
    school.deliver().await;

    assert!(!healed);
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_mail_server_that_is_always_busy_is_tried_by_the_schedule_and_then_gone_round_to_a_call() {
    let roll = one_by_email().changed("C1", |c| c.mobile("").with("phone", "01632 960101"));
    let school = School::open(&roll).await;
    school.mail.always(At::Rcpt, Act::Say("451 4.3.0 try later".into()));
    school.queue(&[("P1", WORDS)]).await;

    let mut tries = Vec::new();
    for wait in [0, 59, 1, 299, 1, 3600] {
        school.later(Duration::from_secs(wait));
        school.deliver().await;
        tries.push(school.mail.steps(At::Rcpt));
    }

    assert_eq!(tries, [1, 1, 2, 2, 3, 3]);
    assert_eq!(school.states().await, ["Amina Begum email failed"]);
    assert_eq!(school.task("call").await.needs.unwrap().to.as_deref(), Some("+441632960101"));
    assert_eq!(
        school.rows(STATUS).await,
        Vec::<String>::new(),
        "a busy server says nothing against the address"
    );
    assert_eq!((school.told("try_failed").await, school.told("failed").await), (2, 1));
    school.close().await;
}

#[tokio::test]
async fn a_carer_who_opted_out_of_texts_is_reached_another_way_and_not_texted_again() {
    let school = School::open(&one_by_text()).await;
    school.texts.answer("+447700900101", 21_610, Shape::Problem);
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    school.texts.forgive("+447700900101");
    let roll = one_by_text();
    school
        .import(&Roll { pupils: vec![pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash")], ..both(&roll) })
        .await;
    let next = school.queue(&[("P2", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.rows(STATUS).await, ["mobile stopped"]);
    assert_eq!((next.text, next.email), (0, 1));
    assert_eq!(school.texts.posted(), 1);
    let why = school.task("check_address").await.why;
    assert!(why.contains("opted out"), "{why}");
    assert_eq!(school.task("opted_out").await.carer, "Amina Begum", "the teacher is told as well");
    school.close().await;
}

#[tokio::test]
async fn a_carer_whom_no_route_reaches_becomes_a_task_and_not_a_silence() {
    let roll = one_by_email()
        .changed("C1", |c| c.mobile("").with("address1", "").with("address2", "").with("postcode", ""));
    let school = School::open(&roll).await;
    school.mail.refuse("amina.begum@home.example", "550 5.1.1 no such mailbox");

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let tasks = school.tasks().await;
    assert!(tasks.iter().any(|task| task.why.starts_with("find a way to reach this carer")), "{tasks:#?}");
    school.close().await;
}

#[tokio::test]
async fn one_bad_address_stops_nobody_else() {
    let mut roll = one_by_email();
    for n in 2..30 {
        let reference = format!("C{n}");
        roll.carers.push(carer("P1", &reference, "Ann", "Other").email(&format!("ann{n}@home.example")));
    }
    let school = School::open(&roll).await;
    school.mail.refuse("ann7@home.example", "550 5.1.1 no such mailbox");

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.mail.taken(), 28);
    assert_eq!(school.states().await.iter().filter(|state| state.ends_with("failed")).count(), 1);
    let mut to: Vec<_> = school.mail.messages().into_iter().map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 28, "nobody twice");
    school.close().await;
}

#[tokio::test]
async fn a_suspended_account_holds_the_channel_and_its_texts() {
    let school = School::open(&one_by_text()).await;
    school.texts.next(1, Deed::Refuse { status: 403, code: 30_002, shape: Shape::Classic });

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.delivery().await.state, "queued");
    assert_eq!(school.rows("select scope from hold").await, ["texts"]);
    school.close().await;
}
