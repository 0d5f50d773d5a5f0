//! The gate is asked at every attempt: what became forbidden meanwhile does not leave, by whichever door.

use std::time::Duration;

use liaison::flows::{operate, rescue::rescue, resolve::resolve};
use liaison_channels::fakes::smtp::{Act, At};

use crate::support::{
    people::{Person, Roll, carer, four_ways, one_by_email, pupil},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

fn forbidden(carer: Person) -> Person {
    carer.restricted("no_contact", "", "")
}

/// Two carers by email; the second is there to show that the others are not stopped.
fn two() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example").mobile("07700 900101"),
            carer("P1", "C2", "Boris", "Czerny").email("boris.czerny@away.example"),
        ],
    )
}

#[tokio::test]
async fn a_restriction_between_queue_and_send_stops_the_message() {
    let school = School::open(&two()).await;
    school.queue(&[("P1", WORDS)]).await;

    school.import(&two().changed("C1", forbidden)).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email refused", "Boris Czerny email submitted"]);
    assert_eq!(school.mail.messages()[0].to, "boris.czerny@away.example");
    assert_eq!(school.mail.taken(), 1);
    let told = school.entries().await;
    assert!(
        told.iter().any(|e| e.kind == "refused" && e.sentence.contains("an order forbids contact")),
        "{told:#?}"
    );
    assert_eq!(school.to_do().await, Vec::<String>::new(), "no other route may be taken");
    school.close().await;
}

#[tokio::test]
async fn a_restriction_between_two_tries_stops_the_second() {
    let school = School::open(&two()).await;
    school.mail.refuse("amina.begum@home.example", "451 4.3.0 try later");
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    school.mail.behave();

    school.import(&two().changed("C1", forbidden)).await;
    school.later(Duration::from_hours(1));
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email refused", "Boris Czerny email submitted"]);
    assert_eq!(school.mail.taken(), 1);
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

#[tokio::test]
async fn an_order_that_starts_tomorrow_lets_today_pass_and_stops_tomorrow() {
    let roll = two().changed("C1", |c| c.restricted("no_information", "2026-11-24", ""));
    let school = School::open(&roll).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let today = school.states().await;

    // 23:30 in London is still today; the order holds from midnight.
    let late = School::open(&roll).await;
    late.set_clock("2026-11-23T23:30:00Z");
    late.mail.refuse("amina.begum@home.example", "451 4.3.0 try later");
    late.queue(&[("P1", WORDS)]).await;
    late.deliver().await;
    late.mail.behave();
    late.set_clock("2026-11-24T00:00:00Z");
    late.later(Duration::from_mins(10));
    late.deliver().await;

    assert_eq!(today, ["Amina Begum email submitted", "Boris Czerny email submitted"]);
    assert_eq!(late.states().await, ["Amina Begum email refused", "Boris Czerny email submitted"]);
    school.close().await;
    late.close().await;
}

#[tokio::test]
async fn an_order_that_has_ended_stops_nothing_any_more() {
    let roll = two().changed("C1", |c| c.restricted("no_contact", "2026-01-01", "2026-11-22"));
    let school = School::open(&roll).await;

    let queued = school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!((queued.email, school.mail.taken()), (2, 2));
    school.close().await;
}

#[tokio::test]
async fn a_restricted_carer_is_left_out_at_queueing_with_the_reason() {
    let kinds = ["supervised", "see_dsl", "no_information", "no_contact"];
    for kind in kinds {
        let school = School::open(&two().changed("C1", |c| c.restricted(kind, "", ""))).await;

        let queued = school.queue(&[("P1", WORDS)]).await;

        assert_eq!(queued.left_out.get("restriction"), Some(&1), "{kind}");
        assert_eq!(queued.email, 1);
        assert_eq!(school.told("left_out").await, 1);
        school.close().await;
    }
}

#[tokio::test]
async fn a_restriction_withdraws_an_open_call_and_an_open_letter_before_anybody_reads_them() {
    let school = School::open(&four_ways()).await;
    school.queue(&[("P1", WORDS)]).await;
    let open = [school.task("call").await.id, school.task("letter").await.id];

    school.import(&four_ways().changed("C3", forbidden).changed("C4", forbidden)).await;
    for task in open {
        let shown = school.show(task).await;

        assert_eq!(shown.state, "withdrawn");
        assert!(shown.needs.is_none(), "no number, no address, no words");
        assert!(shown.outcome.unwrap().contains("an order forbids contact"));
    }

    assert_eq!(school.to_do().await, Vec::<String>::new());
    assert_eq!(school.told("task_closed").await, 2);
    school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn a_restriction_while_a_message_is_on_the_wire_stops_the_next_route() {
    let school = School::open(&two()).await;
    school.mail.refuse("amina.begum@home.example", "550 5.1.1 no such mailbox");
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "school-mail").await;
    lane.step().await.unwrap();

    school.import(&two().changed("C1", forbidden)).await;
    lane.finish().await.unwrap();
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email failed", "Boris Czerny email submitted"]);
    assert_eq!(school.texts.posted(), 0);
    assert_eq!(school.told("left_out").await, 1);
    school.close().await;
}

#[tokio::test]
async fn sending_back_to_the_queue_by_hand_asks_the_gate_again() {
    let school = School::open(&two()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.import(&two().changed("C1", forbidden)).await;
    school.deliver().await;
    let refused = school.deliveries().await.into_iter().find(|d| d.state == "refused").unwrap();

    operate::retry(&school.gateway, refused.id, true, "office").await.unwrap();
    school.deliver().await;

    assert_eq!(school.state_of(refused.id).await, "refused");
    assert_eq!(school.mail.taken(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_mail_in_doubt_is_not_sent_again_to_a_carer_restricted_meanwhile() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::Cut);
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let in_doubt = school.delivery().await.state;

    school.import(&one_by_email().changed("C1", forbidden)).await;
    rescue(&school.gateway).await.unwrap();
    resolve(&school.gateway).await.unwrap();
    school.later(Duration::from_hours(1));
    school.deliver().await;

    assert_eq!(in_doubt, "unknown");
    assert_eq!(school.delivery().await.state, "refused");
    assert_eq!(school.mail.steps(At::Dot), 1, "nothing more was said to the mail server");
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_pupil_who_left_is_written_about_until_the_last_day_and_not_after() {
    let mut roll = two();
    roll.pupils[0] = roll.pupils[0].clone().with("leaving_date", "2026-11-23");
    let school = School::open(&roll).await;
    school.mail.refuse("amina.begum@home.example", "451 4.3.0 try later");

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    school.mail.behave();
    school.set_clock("2026-11-24T09:00:00Z");
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email refused", "Boris Czerny email submitted"]);
    school.close().await;
}

#[tokio::test]
async fn rights_are_each_pupils_own_and_a_carer_of_two_may_be_told_of_one_alone() {
    let both = |pupil: &str| carer(pupil, "C1", "Amina", "Begum").email("amina.begum@home.example");
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash")],
        &[both("P1"), both("P2").restricted("no_information", "", "")],
    );
    let school = School::open(&roll).await;

    let queued = school.queue(&[("P1", WORDS), ("P2", "Tom counted to ten.")]).await;
    school.deliver().await;

    assert_eq!((queued.email, queued.left_out.get("restriction")), (1, Some(&1)));
    let mails = school.mail.messages();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].data.contains("Sam") && !mails[0].data.contains("Tom"), "{}", mails[0].data);
    school.close().await;
}
