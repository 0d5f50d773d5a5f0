//! What waits today, by what a colleague is.

use jiff::SignedDuration;
use liaison::{domain::staff::Role, flows::colleagues};

use super::Staffed;

#[tokio::test]
async fn each_role_is_told_what_waits_for_it_and_each_line_leads_to_a_page_it_may_open() {
    let school = Staffed::open().await;
    school.call().await;
    school.school.deliver().await;
    school.sql("update pupil_update set week = '2026-11-16'").await;
    let expected: [(Role, &[&str]); 6] = [
        (
            Role::Teacher,
            &["1 of 1 updates of this week still to write", "1 case waits for you", "1 call to make"],
        ),
        (Role::Office, &["1 message to sort: who is it from?"]),
        (Role::Slt, &["1 message to sort: who is it from?"]),
        (Role::Dsl, &["1 restricted case is open", "1 key item has no reference in CPOMS or Engage"]),
        (
            Role::Governor,
            &[
                "No answer to a carer is overdue",
                "The record has not been verified yet",
                "No audit has been made yet",
            ],
        ),
        (Role::It, &["No message waits to leave"]),
    ];

    for (role, lines) in expected {
        let mut browser = school.as_role(role).await;
        let home = browser.get("/").await.body;
        for line in lines {
            assert!(home.contains(line), "{role}: {line}: {home}");
        }
        let main = home.split("<main").nth(1).expect("the page");
        for link in main.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let opened = browser.get(link).await.status;
            assert!([200, 303].contains(&opened), "{role}: {link} gave {opened}");
        }
    }
    school.close().await;
}

#[tokio::test]
async fn what_is_late_is_said_to_be_late_and_what_is_due_today_so() {
    let school = Staffed::open().await;
    school.school.set_clock("2026-11-27T09:00:00Z");
    let today = school.as_role(Role::Teacher).await.get("/").await.body;

    school.school.clock.forward(SignedDuration::from_hours(72));
    let late = school.as_role(Role::Teacher).await.get("/").await.body;
    let leads = school.as_role(Role::Slt).await.get("/").await.body;
    let governor = school.as_role(Role::Governor).await.get("/").await.body;

    assert!(today.contains("Due today: 1"), "{today}");
    assert!(late.contains("1 case waits for you, 1 late"), "{late}");
    assert!(leads.contains("2 cases of the school are late"), "{leads}");
    assert!(governor.contains("2 answers to carers are overdue"), "not the restricted one: {governor}");
    school.close().await;
}

#[tokio::test]
async fn a_colleague_for_whom_nothing_waits_is_told_so_kindly() {
    let school = Staffed::open().await;
    let gateway = school.school.gateway.clone();
    colleagues::add(&gateway, "New", "new@northfield.example", &[Role::Teacher], "test")
        .await
        .expect("added");

    let home = school.signed_in("new@northfield.example").await.get("/").await.body;

    assert!(home.contains("Nothing waits for you today."), "{home}");
    school.close().await;
}

#[tokio::test]
async fn it_is_told_what_is_held_and_what_waits_and_nobodys_name() {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam read aloud.")]).await;
    school.sql("insert into hold (scope, reason, set_by, set_at) values ('texts', 'Amina Ash', 'x', '2026-11-23T09:00:00Z')").await;

    let home = school.as_role(Role::It).await.get("/").await.body;

    assert!(home.contains("texts is paused since Monday 23 November, 09:00"), "{home}");
    assert!(
        home.contains("wait to leave, the first since") || home.contains("waits to leave, the first since"),
        "{home}"
    );
    assert!(!home.contains("Amina") && !home.contains("Sam"), "{home}");
    school.close().await;
}
