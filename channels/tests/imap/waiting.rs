//! Waiting for mail.

use std::time::{Duration, Instant};

use liaison_channels::{Inbox as _, fakes::dovecot::Dovecot, inbox::Position};
use serde_json::json;

use crate::kit::{PLENTY, all, beginning, inbox, mail, opened, server_or_skip, uids};

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_delivery_ends_the_wait() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    let began = Instant::now();

    for number in 1..=2 {
        let (waited, ()) = tokio::join!(inbox.wait(LONG), async { dovecot.deliver(&mail(number)) });
        waited.unwrap();
        let after = u32::try_from(number).unwrap() - 1;
        let batch = inbox.fetch(Position { after, ..position }, PLENTY).await.unwrap();

        assert_eq!(uids(&batch), [after + 1]);
    }
    assert!(began.elapsed() < LONG / 2);
}

#[tokio::test]
async fn a_wait_ends_by_its_limit_and_the_line_is_good_for_more() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    let limit = Duration::from_millis(400);
    let began = Instant::now();

    inbox.wait(limit).await.unwrap();
    let waited = began.elapsed();
    dovecot.deliver(&mail(1));
    let batch = inbox.fetch(position, PLENTY).await.unwrap();

    assert!(waited >= limit / 2 && waited < limit * 5, "{waited:?}");
    assert_eq!(uids(&batch), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_dies_in_the_wait_ends_it_and_is_made_anew() {
    let mut dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);
    all(&mut inbox).await;
    let began = Instant::now();
    let waiting = tokio::spawn(async move {
        inbox.wait(LONG).await.unwrap();
        inbox
    });
    tokio::task::yield_now().await;

    tokio::task::block_in_place(|| dovecot.restart());
    let mut inbox = waiting.await.unwrap();

    assert!(began.elapsed() < LONG / 2);
    assert_eq!(uids(&all(&mut inbox).await), [1]);
}

#[tokio::test]
async fn without_idle_the_wait_is_a_pause() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut inbox = opened(dovecot.settings(&json!({"idle": false})));
    let limit = Duration::from_millis(200);
    let began = Instant::now();

    inbox.standing().await.unwrap();
    dovecot.deliver(&mail(1));
    inbox.wait(limit).await.unwrap();

    assert!(began.elapsed() >= limit);
    assert_eq!(uids(&all(&mut inbox).await), [1]);
}
