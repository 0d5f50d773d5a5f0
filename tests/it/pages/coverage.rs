//! Weekly updates due, done and missed, and whom none reached: of one's own classes, by class, never by colleague.

use liaison::domain::staff::Role;

use super::Staffed;

/// Sam has an update for the week of 23 November, Tia has none; it is Monday 30 November.
async fn a_week_later() -> Staffed {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam read aloud.")]).await;
    school.school.deliver().await;
    school.school.set_clock("2026-11-30T09:00:00Z");
    school
}

#[tokio::test]
async fn a_pupil_without_an_update_is_due_while_the_week_lasts_and_missed_by_monday() {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam read aloud.")]).await;
    school.school.set_clock("2026-11-29T20:00:00Z");
    let mut slt = school.as_role(Role::Slt).await;

    let sunday = slt.get("/coverage").await.body;
    school.school.set_clock("2026-11-30T09:00:00Z");
    let mut slt = school.as_role(Role::Slt).await;
    let monday = slt.get("/coverage?week=2026-11-23").await.body;
    let this_week = slt.get("/coverage").await.body;
    let home = slt.get("/").await.body;

    assert!(sunday.contains("<strong>1</strong> of 2 done, 1 still to write"), "{sunday}");
    assert!(!sunday.contains("missed</span>"), "{sunday}");
    assert!(
        monday.contains("<strong>1</strong> of 2 done, <strong class=\"late\">1 missed</strong>"),
        "{monday}"
    );
    let rowan = monday.split("Rowan</h2>").nth(1).expect("that class");
    assert!(rowan.contains("<h3>Missed</h3>") && rowan.contains("Tia Birch"), "{rowan}");
    let tia = school.family_of("P2").await;
    assert!(rowan.contains(&format!("href=\"{tia}\"")), "{rowan}");
    assert!(
        this_week.contains("Week of Monday 30 November") && this_week.contains("of 2 done, 2 still to write"),
        "{this_week}"
    );
    assert!(home.contains("1 update was missed in the week of Monday 23 November"), "{home}");
    school.close().await;
}

#[tokio::test]
async fn a_teacher_sees_their_own_classes_and_no_other_name_or_number() {
    let school = a_week_later().await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let page = teacher.get("/coverage?week=2026-11-23").await.body;
    let elsewhere = teacher.get("/coverage?week=2026-10-26").await.status;

    assert!(page.contains("Oak") && !page.contains("Rowan") && !page.contains("Tia"), "{page}");
    assert!(page.contains("<strong>1</strong> of 1 done"), "{page}");
    assert_eq!(elsewhere, 404, "half-term is no school week");
    school.close().await;
}

#[tokio::test]
async fn weeks_in_a_row_are_told_and_nothing_is_due_before_a_pupil_came_or_after_they_left() {
    let school = a_week_later().await;
    school.school.set_clock("2026-12-07T09:00:00Z");
    let mut office = school.as_role(Role::Office).await;

    let page = office.get("/coverage?week=2026-11-30").await.body;
    let before = office.get("/coverage?week=2026-11-16").await.body;
    school.sql("update pupil set leaving_date = '2026-11-27' where pupil_ref = 'P2'").await;
    let gone = office.get("/coverage?week=2026-11-30").await.body;

    let rowan = page.split("Rowan</h2>").nth(1).expect("that class");
    assert!(rowan.contains("(2 weeks in a row without one)"), "{rowan}");
    assert!(before.contains("<strong>0</strong> of 0 done"), "the school began on the 23rd: {before}");
    assert!(!gone.contains("Tia"), "{gone}");
    school.close().await;
}

#[tokio::test]
async fn nobody_is_reminded_of_a_pupil_who_died_or_has_left_nor_of_a_carer_who_died_or_whose_link_has_ended()
{
    let school = a_week_later().await;
    school.school.set_clock("2026-12-09T09:00:00Z");
    let mut office = school.as_role(Role::Office).await;
    let mut pages = async || {
        let this = office.get("/coverage").await.body;
        let before = office.get("/coverage?week=2026-11-30").await.body;
        (this.contains("Tia"), before.contains("Tia"))
    };

    let there = pages().await;
    school.sql("update pupil set leaving_date = '2026-12-08' where pupil_ref = 'P2'").await;
    let left = pages().await;
    school
        .sql("update pupil set leaving_date = null, died_on = '2026-12-08', died_set_by = 'x', died_set_at = now() where pupil_ref = 'P2'")
        .await;
    let died = pages().await;
    school
        .sql(
            "update delivery set state = 'failed', fault = 'bad_address', reason = 'no such mailbox', settled_at = '2026-11-23T10:00:00Z'
             where carer_id = (select id from carer where forename = 'Amina') and update_id is not null",
        )
        .await;
    let mut slt = school.as_role(Role::Slt).await;
    let unreached = slt.get("/coverage").await.body.contains("Amina");
    school.sql("update link set ends = '2026-12-08', ends_set_by = 'x', ends_set_at = now()").await;
    let ended = slt.get("/coverage").await.body.contains("Amina");
    school.sql("update link set ends = null, ends_set_by = null, ends_set_at = null").await;
    school.sql("update carer set died_on = '2026-12-08', died_set_by = 'x', died_set_at = now()").await;
    let dead = slt.get("/coverage").await.body.contains("Amina");
    school.sql("update delivery set state = 'cancelled', fault = null where state = 'failed'").await;

    assert_eq!(there, (true, true));
    assert_eq!(left, (false, true), "what was missed before they left was missed");
    assert_eq!(died, (false, false));
    assert_eq!([unreached, ended, dead], [true, false, false]);
    school.close().await;
}

#[tokio::test]
async fn a_carer_whom_a_message_did_not_reach_is_named_until_something_reaches_them() {
    let school = a_week_later().await;
    let amina = "carer_id = (select id from carer where forename = 'Amina') and update_id is not null";
    school
        .sql(&format!(
            "update delivery set state = 'failed', fault = 'bad_address', reason = 'no such mailbox', settled_at = '2026-11-23T10:00:00Z'
             where {amina}"
        ))
        .await;
    let (mut slt, mut teacher) = (school.as_role(Role::Slt).await, school.as_role(Role::Teacher).await);

    let named = slt.get("/coverage").await.body;
    let own = teacher.get("/coverage?week=2026-11-23").await.body;
    let lost = slt.get("/").await.body;
    school
        .sql(
            "insert into task (id, kind, role, class_id, carer_id, pupil_id, update_id, why, due, state, created_at)
             select gen_random_uuid(), 'call', 'teacher', p.class_id, c.id, p.id, u.id, 'ring', '2026-12-01', 'open', '2026-11-23T10:00:00Z'
             from pupil_update u join pupil p on p.id = u.pupil_id, carer c where c.forename = 'Amina'",
        )
        .await;
    let under_way = slt.get("/coverage").await.body;
    school
        .sql(&format!("update task set state = 'done', closed_at = now(), closed_by = 'x', outcome = 'spoke' where {amina}"))
        .await;
    let reached = slt.get("/coverage").await.body;

    assert!(
        named.contains("<bdi>Amina Ash</bdi>, carer of")
            && named.contains("since the week of Monday 23 November"),
        "{named}"
    );
    assert!(named.contains("no such mailbox; nothing is under way"), "{named}");
    assert!(own.contains("Amina Ash") && lost.contains("1 carer whom no update reached"), "{lost}");
    assert!(under_way.contains("a call is on the list, by Tuesday 1 December"), "{under_way}");
    assert!(!reached.contains("Amina"), "{reached}");
    assert!(!named.contains("Boris"), "one who may not be told is not missed: {named}");
    school.close().await;
}

#[tokio::test]
async fn without_a_calendar_no_week_is_guessed() {
    let mut school = Staffed::open().await;
    school.school.policy(|policy| policy.calendar = None);
    school.serve_at("http://127.0.0.1");

    let page = school.as_role(Role::Slt).await.get("/coverage").await;

    assert_eq!(page.status, 200);
    assert!(page.body.contains("No school calendar is loaded"), "{}", page.body);
    school.close().await;
}
