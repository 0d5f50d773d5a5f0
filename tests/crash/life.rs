//! A daemon's ordinary life: stopped, beside another one, and with a database of its own.

use std::time::{Duration, Instant};

use crate::{
    daemon, ledger,
    place::{Place, is_alive, until},
    school::{IMPATIENT, School},
};

#[tokio::test]
async fn a_soft_stop_leaves_nothing_in_doubt_and_the_next_start_finishes() {
    let mut school = School::with_queue("soft stop", 500, 500, IMPATIENT).await;

    for _ in 0..3 {
        let daemon = school.start();
        school.moment(10, 60).await;
        let asked = Instant::now();
        let status = daemon.stop().await;

        assert!(status.success(), "{status}");
        assert!(asked.elapsed() < Duration::from_secs(25), "{:?}", asked.elapsed());
        let left =
            "select count(*) from delivery where state in ('submitting', 'unknown') or holder is not null";
        assert_eq!(school.count(left).await, 0, "{}", school.states().await);
        assert!(school.unfinished().await > 0, "the stop came too late to mean anything");
        let waiting = school.count("select count(*) from chronology_unsealed").await;
        assert_eq!(waiting, 0, "the last entries are sealed before the end");
    }
    let daemon = school.start();
    school.until_drained().await;

    school.stop(daemon).await;
    let ledger = ledger::check(&school).await;
    assert_eq!((ledger.mails_again, ledger.marked), (0, 0));
}

#[tokio::test]
async fn two_daemons_share_the_work_and_one_finishes_what_the_other_left() {
    let mut school = School::with_queue("two daemons", 700, 300, IMPATIENT).await;
    daemon::run(&school.config(), &["queue", "hold", "all"]).await;
    let (first, second) = (school.start(), school.start());
    // Two mail lanes and one for texts, in each.
    let missing = "select 6 - count(*) from daemon where stopped_at is null";
    school.until_none(missing, Duration::from_secs(20)).await;

    daemon::run(&school.config(), &["queue", "release", "all"]).await;
    school.moment(60, 120).await;
    let connections = school.smtp.max_open();
    let doubts = school.kill(first).await;
    assert!(school.unfinished().await > 0, "the kill came too late to mean anything");
    school.until_drained().await;

    school.stop(second).await;
    assert!(connections > 8, "only one of the daemons was at work: {connections} connections");
    let ledger = ledger::check(&school).await;
    assert!(ledger.doubled.is_subset(&school.in_doubt_at_a_kill), "{ledger}");
    eprintln!("{doubts} in doubt at the kill; {ledger}");
}

#[tokio::test]
async fn a_private_database_outlives_a_killed_daemon_and_ends_with_a_stopped_one() {
    let school = School::in_place(Place::empty(), "private database", "", IMPATIENT).await;
    let first = school.start();
    until("the daemon is ready", || school.log().contains("liaison is ready")).await;
    let postmaster = school.place.postmaster().unwrap();
    let mut school = school.queue(60, 60).await;

    school.moment(2, 20).await;
    school.kill(first).await;
    let survived = is_alive(postmaster);
    let second = school.start();
    school.until_drained().await;
    let same = school.place.postmaster() == Some(postmaster);
    let ledger = ledger::check(&school).await;
    let still_there = is_alive(postmaster);
    let status = second.stop().await;

    assert!(survived && same && still_there, "{survived} {same} {still_there}");
    assert!(status.success());
    assert!(ledger.doubled.is_subset(&school.in_doubt_at_a_kill));
    assert_eq!(school.place.postmaster(), None, "Postgres was not stopped cleanly");
    assert!(!is_alive(postmaster));
}
