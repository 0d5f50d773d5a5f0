//! Lines that break, and settings that are wrong.

use liaison_channels::{Inbox as _, error::Fault, fakes::dovecot::Dovecot, inbox::Position};
use serde_json::json;

use crate::kit::{PLENTY, all, beginning, inbox, mail, opened, server_or_skip, uids};

#[tokio::test]
async fn a_restart_of_the_server_is_not_noticed() {
    let mut dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    let first = inbox.fetch(position, PLENTY).await.unwrap();
    dovecot.restart();
    dovecot.deliver(&mail(2));

    let second = inbox.fetch(Position { after: first.up_to, ..position }, PLENTY).await.unwrap();

    assert_eq!((uids(&first), uids(&second)), (vec![1], vec![2]));
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_later() {
    let mut dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    dovecot.stop();

    let error = inbox.fetch(position, PLENTY).await.unwrap_err();
    dovecot.restart();
    let batch = inbox.fetch(position, PLENTY).await.unwrap();

    assert_eq!(error.fault, Fault::Unreachable);
    assert!(error.summary.contains(&format!("127.0.0.1:{}", dovecot.port())), "{error}");
    assert_eq!(uids(&batch), [1]);
}

#[tokio::test]
async fn a_session_that_was_ended_is_made_anew() {
    let dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    dovecot.kill_sessions();

    let batch = inbox.fetch(position, PLENTY).await.unwrap();
    dovecot.kill_sessions();
    let standing = inbox.standing().await.unwrap();

    assert_eq!((uids(&batch), standing.next), (vec![1], 2));
}

#[tokio::test]
async fn a_listing_on_a_session_that_was_ended_is_made_anew() {
    let dovecot = server_or_skip!(Dovecot::start());
    (1..=3).for_each(|number| dovecot.deliver(&mail(number)));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    dovecot.kill_sessions();

    let listed = inbox.listed(position, 2).await.unwrap();

    assert_eq!(listed, [1, 2]);
}

#[tokio::test]
async fn a_wrong_password_is_told_with_its_setting() {
    // On a server of its own: Dovecot lets those wait who come after a failed sign-in.
    let dovecot = server_or_skip!(Dovecot::start());
    let wrong = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong.path(), "not it").unwrap();
    let mut inbox = opened(dovecot.settings(&json!({"password_file": wrong.path()})));

    let error = inbox.probe().await.unwrap_err();

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains("`password_file`"), "{error}");
    assert!(!format!("{error:?} {inbox:?}").contains("not it"));
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_told_with_its_setting() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut inbox = opened(dovecot.settings(&json!({"mailbox": "Carers \"2\""})));

    let error = inbox.standing().await.unwrap_err();

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains("`mailbox`"), "{error}");
}

#[tokio::test]
async fn a_probe_says_what_it_found() {
    let dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);

    let told = inbox.probe().await.unwrap();

    for part in ["signed in", "INBOX holds 1 mail", "IDLE"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(uids(&all(&mut inbox).await), [1]);
}
