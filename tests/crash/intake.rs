//! What arrives, while the daemon is killed and Postgres goes down: mails in a real Dovecot, texts that a provider posts
//! or only lists. Kept once and as they came, read once, acknowledged once at most.

mod books;
mod flood;

use std::time::Duration;

use self::{books::check, flood::Flood};
use crate::place::Blow;

/// Mails, and as many texts.
const EACH: usize = 1000;
const KEPT: &str = "select count(*) from received";
/// How long the rest may take when all is well again.
const READ_BY: Duration = Duration::from_mins(1);

#[tokio::test]
async fn twenty_kills_lose_no_message_and_take_none_twice() {
    let Some(mut flood) = Flood::new("twenty kills while messages arrive").await else { return };
    let mut unread_at_a_kill = 0;

    for kill in 1..=20 {
        // Some arrive while nobody is there; what is posted then is lost on the way.
        flood.deliver(10);
        flood.let_through(0, 2).await;
        let daemon = flood.start().await;
        flood.let_through(EACH / 20 - 10, EACH / 20 - 2).await;
        flood.moment(60).await;
        flood.down();
        flood.school.kill(daemon).await;

        flood.assert_answered_are_kept().await;
        let unread = flood.school.count("select count(*) from received_unread").await;
        unread_at_a_kill += usize::from(unread > 0);
        let kept = flood.school.count(KEPT).await;
        assert!(unread > 0 || kept < 100 * kill, "kill {kill} came too late to mean anything");
    }
    let daemon = flood.start().await;
    flood.until_read(EACH, EACH, READ_BY).await;

    flood.school.stop(daemon).await;
    let lost = flood.lost();
    assert!(lost >= 20, "only {lost} posts were lost");
    let sent_twice = check(&flood).await;
    assert!(sent_twice.is_subset(&flood.school.in_doubt_at_a_kill), "{sent_twice:?}");
    eprintln!("{unread_at_a_kill} kills left something unread; {lost} posts were lost; {}", flood.sums());
}

#[tokio::test]
async fn while_postgres_is_away_posts_are_refused_and_afterwards_nothing_is_missing() {
    let Some(mut flood) = Flood::new("restarts of Postgres while messages arrive").await else { return };
    let blows = [Blow::Fast, Blow::Immediate, Blow::Kill, Blow::Immediate];
    let mut daemon = flood.start().await;

    for blow in blows {
        flood.let_through(EACH / blows.len(), EACH / blows.len()).await;
        flood.moment(200).await;
        flood.school.place.strike(blow).await;
        let answer = flood.post_one().await;
        flood.school.place.start().await;

        assert_eq!(answer, Some(503), "{blow:?}");
        daemon.assert_alive();
        flood.assert_answered_are_kept().await;
    }
    flood.until_read(EACH, EACH + blows.len(), READ_BY).await;

    flood.school.stop(daemon).await;
    assert_eq!(flood.lost(), 0, "a living daemon answers every post");
    let sent_twice = check(&flood).await;
    assert!(sent_twice.is_empty(), "the daemon lived throughout: {sent_twice:?}");
    eprintln!("{}", flood.sums());
}
