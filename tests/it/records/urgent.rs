//! A notice that cannot wait leaves at any hour, for a reason that is told; nothing else of the rules is lifted.

use std::time::Duration;

use jiff::civil::Time;
use liaison::{
    domain::{
        announcement::{Audience, Written},
        hours::{Days, Hours},
        ids::AnnouncementId,
        people::Purpose,
    },
    flows::{announcements as flow, explain::for_operator, operate},
};

use super::refusal;
use crate::support::{
    people::{Roll, carer, one_by_email, one_by_text, pupil},
    school::{School, only, received},
};

const WORDS: &str = "Please come for your children now.";
const WHY: &str = "a gas leak in the hall";
const HOURS: Hours =
    Hours { from: Time::constant(8, 0, 0, 0), until: Time::constant(18, 0, 0, 0), days: Days::School };
/// A Saturday night.
const NIGHT: &str = "2026-11-21T22:40:00Z";

fn urgent(audience: Audience) -> Written {
    Written::read_urgent(WHY, "The school is closing", WORDS, audience).unwrap()
}

fn notice(audience: Audience) -> Written {
    Written::read(Purpose::Notice, "Fair", "The fair is on Friday.", audience).unwrap()
}

/// A school that sends from 8 to 18 on school days, at night.
async fn at_night(roll: &Roll) -> School {
    let school = School::with(roll, |setup| setup.policy.hours = HOURS).await;
    school.set_clock(NIGHT);
    school
}

async fn oak(school: &School) -> Audience {
    Audience::Class(school.rows("select id::text from class where name = 'Oak'").await[0].parse().unwrap())
}

/// Queued by its author, and its time to be taken back is over.
async fn made(school: &School, written: &Written) -> AnnouncementId {
    let id = flow::write(&school.gateway, written, "office").await.unwrap();
    flow::queue(&school.gateway, id, 1, "office").await.unwrap();
    school.later(Duration::from_mins(5));
    assert_eq!(flow::send_due(&school.gateway).await.unwrap(), 1);
    school.deliver().await;
    id
}

#[tokio::test]
async fn an_urgent_notice_leaves_on_a_saturday_night_and_the_record_says_why() {
    let school = at_night(&one_by_email()).await;
    let oak = oak(&school).await;

    let waits = made(&school, &notice(oak.clone())).await;
    let early = school.mail.taken();
    made(&school, &urgent(oak)).await;

    assert_eq!((early, school.mail.taken()), (0, 1));
    let states = "select state from delivery where announcement_id";
    assert_eq!(school.rows(&format!("{states} = '{waits}'")).await, ["queued"]);
    let mail = received(&school, "amina.begum@home.example").pop().unwrap();
    assert!(mail.contains("Subject: Urgent notice from Northfield School: The school is closing"), "{mail}");
    assert!(!mail.contains(WHY), "why it is urgent is for the record: {mail}");
    let sent = school.deliveries().await.into_iter().find(|one| one.state == "submitted").unwrap();
    let explained = for_operator(&school.gateway, &sent.id.to_string()).await.unwrap();
    for decision in explained.decisions.iter().take(2) {
        let told = decision.rules.iter().find(|fired| fired.rule == "urgent").expect("the exception");
        assert_eq!(
            (told.verdict.as_str(), told.saw.as_str()),
            ("ok", "at any hour, because: the reason is in the record")
        );
    }
    let kept =
        school.rows("select rules from choice where rules like '%at any hour, because: a gas leak%'").await;
    assert!(!kept.is_empty(), "a colleague reads the reason behind Why?");
    let entries = school
        .rows(
            "select e.sentence from chronology_entry e join chronology_body b on b.entry_id = e.id
             where e.kind = 'announcement' and b.body like '%Urgent because: a gas leak in the hall' order by e.id",
        )
        .await;
    assert!(
        entries.contains(
            &"an urgent notice to a class was queued: it leaves at any hour, on any day".to_owned()
        ),
        "{entries:?}"
    );
    school.close().await;
}

#[tokio::test]
async fn who_is_rung_about_what_is_urgent_is_rung_on_the_same_day() {
    let school = at_night(&one_by_email().changed("C1", |carer| carer.wants("phone"))).await;
    let oak = oak(&school).await;

    made(&school, &notice(oak.clone())).await;
    made(&school, &urgent(oak)).await;

    let due = "select n.purpose || ' ' || t.due from task t join announcement n on n.id = t.announcement_id order by 1";
    assert_eq!(school.rows(due).await, ["notice 2026-11-24", "urgent 2026-11-21"]);
    school.close().await;
}

#[tokio::test]
async fn an_order_an_opt_out_a_hold_and_a_rehearsal_hold_for_what_is_urgent_too() {
    let ordered = one_by_email().changed("C1", |carer| carer.restricted("no_contact", "", ""));
    let school = at_night(&ordered).await;
    let id = made(&school, &urgent(oak(&school).await)).await;
    assert_eq!(school.deliveries().await.len(), 0);
    let left = format!(
        "select count(*)::text from announcement_step where announcement_id = '{id}' and stage = 'left_out'"
    );
    assert_eq!(school.rows(&left).await, ["1"]);
    school.close().await;

    let school = at_night(&one_by_text()).await;
    school.rows("update address set status = 'stopped' where kind = 'mobile' returning kind").await;
    made(&school, &urgent(oak(&school).await)).await;
    assert_eq!((school.texts.posted(), school.mail.taken()), (0, 1));
    school.close().await;

    let school = at_night(&one_by_email()).await;
    operate::hold(&school.gateway, "all", "a fire drill", "head").await.unwrap();
    made(&school, &urgent(oak(&school).await)).await;
    assert_eq!(school.mail.taken(), 0);
    school.close().await;

    let school = School::with(&one_by_email(), |setup| setup.policy.rehearsal = Some(only(&[]))).await;
    made(&school, &urgent(oak(&school).await)).await;
    assert_eq!(
        (school.mail.taken(), school.states().await),
        (0, vec!["Amina Begum email refused".to_owned()])
    );
    school.close().await;
}

#[tokio::test]
async fn a_restriction_after_the_queueing_stops_an_urgent_notice_at_the_gate() {
    let school = School::open(&one_by_email()).await;
    let id = flow::write(&school.gateway, &urgent(oak(&school).await), "office").await.unwrap();
    flow::queue(&school.gateway, id, 1, "office").await.unwrap();
    school.later(Duration::from_mins(5));
    flow::send_due(&school.gateway).await.unwrap();

    school.import(&one_by_email().changed("C1", |carer| carer.restricted("no_contact", "", ""))).await;
    school.deliver().await;

    assert_eq!(
        (school.mail.taken(), school.states().await),
        (0, vec!["Amina Begum email refused".to_owned()])
    );
    school.close().await;
}

#[tokio::test]
async fn urgency_is_no_way_round_the_second_person() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example")],
    );
    let school = at_night(&roll).await;
    let gateway = &school.gateway;
    let id = flow::write(gateway, &notice(Audience::School), "office").await.unwrap();
    flow::ask(gateway, id, 1, "office").await.unwrap();
    flow::approve(gateway, id, 1, "slt").await.unwrap();

    flow::change(gateway, id, 1, &urgent(Audience::School), "office").await.unwrap();
    let unapproved = refusal(flow::queue(gateway, id, 2, "office").await);
    flow::ask(gateway, id, 2, "office").await.unwrap();
    let own = refusal(flow::approve(gateway, id, 2, "office").await);
    flow::approve(gateway, id, 2, "slt").await.unwrap();
    flow::queue(gateway, id, 2, "office").await.unwrap();

    assert!(unapproved.contains("a second person must approve it first"), "{unapproved}");
    assert!(own.contains("somebody else must approve it"), "{own}");
    school.close().await;
}

#[tokio::test]
async fn the_database_itself_keeps_no_urgent_notice_without_a_reason() {
    let school = School::open(&one_by_email()).await;
    let id = flow::write(&school.gateway, &urgent(Audience::School), "office").await.unwrap();

    for sql in ["urgent_because = null", "urgent_because = ' '", "purpose = 'notice'"] {
        let sql = format!("update announcement set {sql} where id = '{id}'");
        let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(school.gateway.store.pool()).await;
        assert!(done.is_err(), "{sql}");
    }
    school.close().await;
}
