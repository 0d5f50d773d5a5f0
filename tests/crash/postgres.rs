//! Postgres goes down and comes back while the daemon lives.

use std::time::Duration;

use crate::{
    daemon, ledger,
    place::{Blow, Place},
    proxy::{Loss, Proxy},
    school::{IMPATIENT, School},
};

#[tokio::test]
async fn restarts_of_postgres_lose_nothing_and_send_nothing_twice() {
    let mut school = School::with_queue("restarts of Postgres", 1000, 1000, IMPATIENT).await;
    let mut daemon = school.start();

    for blow in [Blow::Fast, Blow::Immediate, Blow::Kill, Blow::Immediate, Blow::Fast, Blow::Kill] {
        school.moment(20, 120).await;
        school.place.strike(blow).await;
        school.place.start().await;
        daemon.assert_alive();
    }
    assert!(school.unfinished().await > 0, "the last restart came too late to mean anything");
    school.until_drained().await;

    school.stop(daemon).await;
    let ledger = ledger::check(&school).await;
    // The daemon lived throughout, so it knows what it sent.
    assert!(ledger.doubled.is_empty(), "{ledger}");
}

#[tokio::test]
async fn an_outage_longer_than_the_lease_makes_no_living_daemon_a_dead_one() {
    let mut school = School::with_queue("long outage", 700, 300, IMPATIENT).await;
    let daemons = [school.start(), school.start()];
    school.moment(20, 60).await;

    school.place.strike(Blow::Immediate).await;
    // Not to wait for anything: this is how long Postgres is away, with a lease of three seconds.
    tokio::time::sleep(Duration::from_secs(5)).await;
    school.place.start().await;
    assert!(school.unfinished().await > 0, "the outage came too late to mean anything");
    school.until_drained().await;

    for daemon in daemons {
        school.stop(daemon).await;
    }
    let ledger = ledger::check(&school).await;
    assert_eq!((ledger.mails_again, ledger.marked), (0, 0), "{ledger}");
    let declared_dead = "select count(*) from chronology_entry where sentence like '%daemon died%'";
    assert_eq!(school.count(declared_dead).await, 0, "{}", school.log());
}

#[tokio::test]
async fn commits_whose_answer_is_lost_lose_nothing_and_tell_nothing_twice() {
    let place = Place::with_server().await;
    let proxy = Proxy::start(&place);
    let database =
        format!("[database]\nurl = \"postgres:///liaison?host={}&user=liaison\"\n", proxy.dir().display());
    let school = School::in_place(place, "lost commits", &database, IMPATIENT).await;
    daemon::run(&school.config(), &["migrate"]).await;
    let mut school = school.queue(500, 500).await;
    let daemon = school.start();

    for _ in 0..30 {
        school.moment(1, 12).await;
        proxy.lose(*school.chance.one_of(&[Loss::Answer, Loss::Answer, Loss::Commit]));
    }
    let lost = proxy.lost();
    school.until_drained().await;

    school.stop(daemon).await;
    assert!(lost >= 15, "only {lost} commits were disturbed");
    let ledger = ledger::check(&school).await;
    assert_eq!((ledger.mails_again, ledger.marked), (0, 0), "{ledger}");
}
