//! The mail server and the provider misbehave; the daemon and Postgres are well.

use crate::{
    ledger, mischief,
    school::{IMPATIENT, School},
};

#[tokio::test]
async fn lines_that_are_cut_and_answers_that_are_lost_lose_nothing_and_send_no_text_twice() {
    let mut school = School::with_queue("cut lines", 1000, 1000, IMPATIENT).await;
    let daemon = school.start();

    let done = mischief::play(&mut school, 60).await;
    school.until_drained().await;

    school.stop(daemon).await;
    let ledger = ledger::check(&school).await;
    // A mail comes again only when the server had taken it without saying so, and every such mail does.
    assert!(ledger.mails_again <= done.mails_taken_silently, "{ledger} {done:?}");
    assert!(ledger.mails_again > 0, "no answer was lost: {done:?}");
    eprintln!("{ledger} {done:?}");
}
