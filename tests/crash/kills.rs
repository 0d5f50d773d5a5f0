//! The daemon is killed with `kill -9`.

use std::time::{Duration, Instant};

use liaison_channels::fakes::smtp::{Act, At};

use crate::{
    ledger,
    school::{DEFAULT, IMPATIENT, School},
};

#[tokio::test]
async fn twenty_kills_lose_nothing_and_send_no_text_twice() {
    let mut school = School::with_queue("twenty kills", 1000, 1000, IMPATIENT).await;
    let mut caught_on_the_wire = 0;

    for kill in 1..=20 {
        let daemon = school.start();
        school.moment(5, 45).await;
        let on_the_wire = school.kill(daemon).await;
        assert!(school.unfinished().await > 0, "kill {kill} came too late to mean anything");
        caught_on_the_wire += usize::from(on_the_wire > 0);
    }
    let last = school.start();
    school.until_drained().await;

    school.stop(last).await;
    assert!(caught_on_the_wire >= 5, "only {caught_on_the_wire} kills caught anything on the wire");
    let ledger = ledger::check(&school).await;
    let unexplained: Vec<_> = ledger.doubled.difference(&school.in_doubt_at_a_kill).collect();
    assert!(unexplained.is_empty(), "came twice and was not on the wire at a kill: {unexplained:?}");
    // No more than two lanes had on the wire or unsettled, at each kill.
    assert!(ledger.mails_again <= 20 * 2 * 8, "{} mails came again", ledger.mails_again);
    eprintln!("{caught_on_the_wire} kills caught something on the wire; {ledger}");
}

/// A kill leaves the messages on the wire so until they are taken up; nothing else here is sent while it waits.
const STILL_AT_THE_FIRST_TRY: &str = "select count(*) from delivery where state = 'submitting' and tries = 1";

#[tokio::test]
async fn orphans_are_taken_up_within_a_minute_of_a_restart() {
    let mut school = School::with_queue("orphans", 12, 12, DEFAULT).await;
    school.smtp.always(At::Dot, Act::TakeAndSilence);
    school.twilio.hold();
    let daemon = school.start();
    school.smtp.reached(At::Dot, 4).await;
    school.twilio.until_held(1).await;

    let orphans = school.kill(daemon).await;
    school.smtp.behave();
    school.twilio.release();
    let restarted = Instant::now();
    let daemon = school.start();
    // The second try of such a message is on the wire, too, but is its second.
    school.until_none(STILL_AT_THE_FIRST_TRY, Duration::from_mins(1)).await;
    let taken_up = restarted.elapsed();
    school.until_drained().await;
    let all_sent = restarted.elapsed();

    assert!(orphans >= 5, "{orphans}");
    school.stop(daemon).await;
    let ledger = ledger::check(&school).await;
    assert!(ledger.doubled.len() >= 4, "the mail server had taken these: {ledger}");
    assert!(all_sent < Duration::from_mins(1), "{all_sent:?}");
    eprintln!("taken up after {taken_up:?}, all sent after {all_sent:?}");
}
