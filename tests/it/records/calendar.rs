//! The calendar as colleagues adopt it: clocks move by it in every daemon, never earlier, and none that was missed is forgiven.

use liaison::{
    domain::calendar,
    flows::{
        calendar::{adopt, look},
        current, ladder,
    },
};

use super::{colleague, refusal};
use crate::support::{inbound::Letter, people::one_by_email, school::School};

const AMINA: &str = "amina.begum@home.example";

fn closed(day: &str) -> String {
    format!("{}closure,{day},,Snow,\n", calendar::EXAMPLE_FILE)
}

fn base(school: &School) -> String {
    school.gateway.policy().calendar_version()
}

#[tokio::test]
async fn a_closure_adopted_late_moves_open_clocks_and_says_why_and_what_was_missed_stays_missed() {
    let school = School::open(&one_by_email()).await;
    let slt = colleague(&school, "head", "slt").await;
    school.arrives(&Letter::from(AMINA)).await;
    school.set_clock("2026-11-26T08:00:00Z");

    let seen = look(&school.gateway, slt, closed("2026-11-26").as_bytes()).await.unwrap().unwrap();
    adopt(&school.gateway, seen.csv.as_bytes(), &base(&school), "snow", "head").await.unwrap();
    let snowed = school.clocks().await;
    school.set_clock("2026-12-01T09:00:00Z");
    let twice = format!("{}closure,2026-11-30,,Boiler,\n", closed("2026-11-26"));
    let late = look(&school.gateway, slt, twice.as_bytes()).await.unwrap().unwrap();
    adopt(&school.gateway, late.csv.as_bytes(), &base(&school), "boiler", "head").await.unwrap();

    let moving: Vec<_> =
        seen.moving.iter().map(|clock| (clock.old.unwrap().to_string(), clock.new.to_string())).collect();
    assert_eq!(moving, [("2026-11-27T17:00:00Z".to_owned(), "2026-11-30T17:00:00Z".to_owned())]);
    assert!(seen.moving[0].words.contains("closed: Snow"), "{:?}", seen.moving);
    assert_eq!(seen.differences, ["new: Closure, Snow: Thursday 26 November 2026"]);
    assert_eq!(snowed, ["answer running 2026-11-30 17:00"]);
    assert_eq!((late.moving.len(), late.missed.len()), (0, 1));
    assert_eq!(school.clocks().await, snowed);
    assert_eq!(school.told("calendar").await, 2);
    let said: Vec<_> = school.entries().await.into_iter().filter(|entry| entry.kind == "clock").collect();
    assert!(said.iter().any(|entry| entry.sentence.contains("instead of")), "{said:?}");
    school.close().await;
}

#[tokio::test]
async fn every_daemon_takes_up_what_was_adopted_and_dates_by_it() {
    let school = School::open(&one_by_email()).await;
    let other = school.another_daemon(school.db.store());
    let csv = closed("2026-11-26");

    adopt(&school.gateway, csv.as_bytes(), &base(&school), "snow", "head").await.unwrap();
    let before = other.policy().calendar_version();
    let taken_up = current::refresh(&other).await.unwrap();
    let again = current::refresh(&other).await.unwrap();
    let fresh = school.another_daemon(school.db.store());
    current::refresh(&fresh).await.unwrap();

    assert_ne!(before, base(&school));
    assert_eq!((taken_up, again), (true, false));
    assert_eq!(other.policy().calendar_version(), base(&school));
    assert_eq!(fresh.policy().calendar_version(), base(&school), "also over the file it was started with");
    assert_eq!(ladder::redate(&other).await.unwrap(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_change_made_from_an_older_calendar_does_not_undo_a_newer_one() {
    let school = School::open(&one_by_email()).await;
    let other = school.another_daemon(school.db.store());
    let old = base(&school);

    adopt(&school.gateway, closed("2026-11-26").as_bytes(), &old, "snow", "head").await.unwrap();
    let crossed = refusal(adopt(&other, closed("2026-12-02").as_bytes(), &old, "poll", "office").await);
    let same =
        refusal(adopt(&other, closed("2026-11-26").as_bytes(), &base(&school), "again", "office").await);
    let silent = refusal(adopt(&other, closed("2026-12-02").as_bytes(), &base(&school), " ", "office").await);
    let broken = refusal(adopt(&other, b"kind,from\n", &base(&school), "x", "office").await);

    assert!(crossed.contains("make your change again"), "{crossed}");
    assert!(same.contains("already") && silent.contains("why") && broken.contains("not a good calendar"));
    assert_eq!(school.rows("select count(*)::text from calendar_version").await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn a_school_without_a_calendar_gets_its_first_and_undated_clocks_their_date() {
    let school = School::with(&one_by_email(), |setup| setup.policy.calendar = None).await;
    school.arrives(&Letter::from(AMINA)).await;
    let undated = school.case().await.calendar_missing;

    adopt(&school.gateway, calendar::EXAMPLE_FILE.as_bytes(), "none", "the first", "head").await.unwrap();

    assert!(undated && !school.case().await.calendar_missing);
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_clock_is_shown_to_those_alone_who_may_see_its_case() {
    let roll = one_by_email().changed("C1", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::open(&roll).await;
    let (slt, dsl) = (colleague(&school, "head", "slt").await, colleague(&school, "lead", "dsl").await);
    school.arrives(&Letter::from(AMINA)).await;

    let file = closed("2026-11-26");
    let theirs = look(&school.gateway, slt, file.as_bytes()).await.unwrap().unwrap();
    let hers = look(&school.gateway, dsl, file.as_bytes()).await.unwrap().unwrap();

    assert_eq!((theirs.moving.len(), theirs.missed.len(), hers.moving.len()), (0, 0, 1));
    school.close().await;
}
