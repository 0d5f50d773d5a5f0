//! What is kept is marked as seen, and nothing else is.

use std::{fs, os::unix::fs::MetadataExt as _};

use liaison_channels::{Inbox as _, error::Fault, inbox::Most};
use serde_json::json;

use crate::kit::{Mailbox, PLENTY, from_now, is_held_by_permissions, next, set_mode, texts};

#[tokio::test]
async fn a_mail_is_marked_only_once_it_is_kept_and_its_file_stays_the_same() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail,S=4", "kept");
    maildir.deliver("1700000002.M1P1.mail", "only fetched");
    let before = fs::metadata(maildir.path("new/1700000001.M1P1.mail,S=4")).unwrap();
    let first = inbox.fetch(position, Most { mails: 1, ..PLENTY }).await.unwrap();
    position.after = first.up_to;
    inbox.fetch(position, PLENTY).await.unwrap();
    let unmarked = maildir.names("new").len();

    inbox.kept(position).await.unwrap();

    assert_eq!((unmarked, texts(&first)), (2, vec!["kept"]));
    assert_eq!(maildir.names("new"), ["1700000002.M1P1.mail"]);
    assert_eq!(maildir.names("cur"), ["1700000001.M1P1.mail,S=4:2,S"]);
    let after = fs::metadata(maildir.path("cur/1700000001.M1P1.mail,S=4:2,S")).unwrap();
    assert_eq!((after.ino(), after.mtime_nsec()), (before.ino(), before.mtime_nsec()));
}

#[tokio::test]
async fn what_was_cut_off_before_it_could_be_marked_is_marked_after_a_restart() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "kept");
    next(&mut inbox, &mut position).await;
    drop(inbox);

    maildir.open().kept(position).await.unwrap();

    assert_eq!(maildir.names("cur"), ["1700000001.M1P1.mail:2,S"]);
}

#[tokio::test]
async fn a_position_of_another_generation_marks_nothing() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    next(&mut inbox, &mut position).await;
    position.generation ^= 1;

    inbox.kept(position).await.unwrap();

    assert_eq!(maildir.names("new").len(), 1);
}

#[tokio::test]
async fn history_and_what_others_moved_keep_their_marks() {
    let maildir = Mailbox::new();
    maildir.deliver("1700000001.M1P1.mail", "history");
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000002.M1P1.mail", "moved by another");
    next(&mut inbox, &mut position).await;
    maildir.rename("new/1700000002.M1P1.mail", "cur/1700000002.M1P1.mail:2,F");

    inbox.kept(position).await.unwrap();

    assert_eq!(maildir.names("new"), ["1700000001.M1P1.mail"]);
    assert_eq!(maildir.names("cur"), ["1700000002.M1P1.mail:2,F"]);
}

#[tokio::test]
async fn nothing_is_marked_where_the_settings_say_so() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open_with(&json!({"mark_seen": false}));
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    next(&mut inbox, &mut position).await;

    inbox.kept(position).await.unwrap();

    assert_eq!((maildir.names("new").len(), maildir.names("cur").len()), (1, 0));
    assert!(inbox.probe().await.unwrap().contains("left unmarked"));
}

#[tokio::test]
async fn a_mark_never_replaces_another_file() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "one");
    next(&mut inbox, &mut position).await;
    fs::write(maildir.path("cur/1700000001.M1P1.mail:2,S"), "two").unwrap();

    inbox.kept(position).await.unwrap();

    assert_eq!(fs::read_to_string(maildir.path("new/1700000001.M1P1.mail")).unwrap(), "one");
    assert_eq!(fs::read_to_string(maildir.path("cur/1700000001.M1P1.mail:2,S")).unwrap(), "two");
}

#[tokio::test]
async fn a_mail_that_cannot_be_marked_is_told_once_and_does_not_come_again() {
    if !is_held_by_permissions("marks::a_mail_that_cannot_be_marked_is_told_once_and_does_not_come_again") {
        return;
    }
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    let came = next(&mut inbox, &mut position).await;
    set_mode(&maildir.path("cur"), 0o500);

    let told = inbox.kept(position).await.unwrap_err();
    let again = inbox.kept(position).await;
    let probed = inbox.probe().await.unwrap_err();
    let nothing = next(&mut inbox, &mut position).await;
    drop(inbox);
    let restarted = next(&mut maildir.open(), &mut position).await;
    set_mode(&maildir.path("cur"), 0o700);

    assert_eq!((told.fault, again.is_ok(), texts(&came)), (Fault::Misconfigured, true, vec!["mail"]));
    assert!(told.summary.contains("mark_seen = false"), "{told}");
    assert!(probed.summary.contains("cur") && probed.summary.contains("mark_seen = false"), "{probed}");
    assert_eq!((texts(&nothing), texts(&restarted)), (vec![], vec![]));
    assert_eq!(maildir.names("new").len(), 1);
}
