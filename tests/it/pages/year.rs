//! Reports, newsletters and reviews through the year: who is due, done and missed, on the right people's lists.

use liaison::{
    domain::{
        announcement::{Audience, Written},
        people::Purpose,
        staff::Role,
    },
    flows::announcements,
};

use super::{Answer, Browser, Staffed, rules::faults, two_classes};
use crate::support::school::School;

/// A school that has used Liaison since September.
async fn since_september() -> Staffed {
    let begins = "2026-09-01T07:00:00Z".parse().unwrap();
    let school = School::with(&two_classes(), |setup| setup.begins = Some(begins)).await;
    school.set_clock("2026-11-23T10:00:00Z");
    Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await
}

async fn class(school: &Staffed, name: &str) -> String {
    let id = school.school.rows(&format!("select id::text from class where name = '{name}'")).await.remove(0);
    format!("/year/{id}")
}

async fn record(browser: &mut Browser, at: &str, kind: &str, day: &str, pupils: &[&str]) -> Answer {
    let page = browser.get(at).await;
    let mut fields = vec![("kind", kind), ("day", day)];
    fields.extend(pupils.iter().map(|pupil| ("pupil", *pupil)));
    browser.press(&page, at, &fields).await
}

/// What the list of all classes says.
async fn says(browser: &mut Browser) -> String {
    browser.get("/year").await.body
}

#[tokio::test]
async fn a_report_is_due_for_each_pupil_until_it_is_recorded_and_missed_when_the_term_is_over() {
    let school = since_september().await;
    let (sam, oak) = (school.pupil("P1").await.to_string(), class(&school, "Oak").await);
    let mut teacher = school.as_role(Role::Teacher).await;

    let due = says(&mut teacher).await;
    school.school.set_clock("2026-12-01T10:00:00Z");
    let mut teacher = school.as_role(Role::Teacher).await;
    let near = teacher.get("/").await.body;
    school.school.set_clock("2027-01-04T10:00:00Z");
    let mut teacher = school.as_role(Role::Teacher).await;
    let mut slt = school.as_role(Role::Slt).await;
    let (missed, home, leads) =
        (says(&mut teacher).await, teacher.get("/").await.body, slt.get("/").await.body);
    let done = record(&mut teacher, &oak, "christmas_report", "2026-12-17", &[&sam]).await;
    let page = teacher.get(done.to()).await.body;
    let after = teacher.get("/").await.body;

    assert!(due.contains("Christmas report: 0 done, 1 due by Friday 18 December"), "{due}");
    assert!(!due.contains("Rowan"), "another class is not theirs: {due}");
    assert!(near.contains("due within three weeks"), "{near}");
    assert!(missed.contains("<strong class=\"late\">1 missed</strong>"), "{missed}");
    assert!(
        home.contains("2 reports, newsletters and reviews were missed"),
        "the report and the newsletter: {home}"
    );
    assert!(leads.contains("4 reports, newsletters and reviews were missed"), "of both classes: {leads}");
    assert!(
        page.contains("Recorded, with your name.") && page.contains("given Thursday 17 December 2026"),
        "{page}"
    );
    assert!(after.contains("1 report, newsletter or review was missed"), "{after}");
    let told = "select e.sentence from chronology_entry e where e.kind = 'milestone'";
    assert_eq!(school.school.rows(told).await, ["Christmas report given on Thursday 17 December 2026"]);
    assert_eq!([&due, &missed, &page].map(|page| faults(page, true)), [const { Vec::<String>::new() }; 3]);
    school.close().await;
}

#[tokio::test]
async fn a_newsletter_counts_for_each_class_that_it_reaches_in_its_term() {
    let school = since_september().await;
    let mut slt = school.as_role(Role::Slt).await;
    let before = says(&mut slt).await.matches("Newsletter, Autumn 2026: due by Friday 18 December").count();
    let oak = school.school.rows("select id::text from class where name = 'Oak'").await.remove(0);
    let gateway = &school.school.gateway;
    let audience = Audience::Class(oak.parse().unwrap());
    let notice = Written::read(Purpose::Notice, "Fair", "On Friday.", audience.clone()).unwrap();
    let letter = Written::read(Purpose::Newsletter, "News", "A good term.", audience).unwrap();
    for written in [notice, letter] {
        let id = announcements::write(gateway, &written, "office").await.unwrap();
        announcements::queue(gateway, id, 1, "office").await.unwrap();
    }
    school.school.later(gateway.policy().undo);

    announcements::send_due(gateway).await.unwrap();
    let after = says(&mut slt).await;

    assert_eq!(before, 2, "two classes");
    assert_eq!(after.matches("Newsletter, Autumn 2026: sent Monday 23 November").count(), 1, "{after}");
    assert_eq!(
        after.matches("Newsletter, Autumn 2026: due by").count(),
        1,
        "a notice is no newsletter: {after}"
    );
    school.close().await;
}

#[tokio::test]
async fn another_classes_pupil_is_not_recorded_nor_taken_back_and_what_was_wrong_is_taken_back_with_a_reason()
{
    let school = since_september().await;
    let (sam, tia) = (school.pupil("P1").await.to_string(), school.pupil("P2").await.to_string());
    let (oak, rowan) = (class(&school, "Oak").await, class(&school, "Rowan").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let mut slt = school.as_role(Role::Slt).await;
    record(&mut slt, &rowan, "annual_review", "2026-11-02", &[&tia]).await;
    let hers = school.school.rows("select id::text from milestone").await.remove(0);

    let there = teacher.get(&rowan).await;
    let foreign = record(&mut teacher, &oak, "annual_review", "2026-11-03", &[&tia]).await;
    let ahead = record(&mut teacher, &oak, "annual_review", "2026-11-24", &[&sam]).await;
    record(&mut teacher, &oak, "annual_review", "2026-11-20", &[&sam]).await;
    let twice = record(&mut teacher, &oak, "annual_review", "2026-11-20", &[&sam]).await;
    let page = teacher.get(&oak).await;
    let action = format!("{oak}/take-back");
    let not_theirs = teacher.press(&page, &action, &[("milestone", &hers), ("why", "no")]).await;
    let his = page.hidden(&action, "milestone");
    let silent = teacher.press(&page, &action, &[("milestone", &his), ("why", " ")]).await;
    let back = teacher.press(&page, &action, &[("milestone", &his), ("why", "it was put off")]).await;
    let after = teacher.get(&oak).await.body;

    assert_eq!((there.status, foreign.status, ahead.status, twice.status), (404, 422, 422, 422));
    assert!(ahead.body.contains("lies ahead") && ahead.body.contains("checked"), "{}", ahead.body);
    assert!(twice.body.contains("on record already"), "{}", twice.body);
    assert_eq!((not_theirs.status, silent.status, back.to()), (422, 422, &*format!("{oak}?done=taken-off")));
    assert!(after.contains("Nothing is recorded of this class yet."), "{after}");
    let left = "select kind || ' ' || (withdrawn_at is null) from milestone order by day";
    assert_eq!(school.school.rows(left).await, ["annual_review true", "annual_review false"]);
    school.close().await;
}
