//! What is wrong is told in a sentence, and one bad mail blocks none.

use std::fs;

use liaison_channels::{Inbox as _, error::Fault};
use serde_json::json;

use crate::kit::{Mailbox, PLENTY, from_now, is_held_by_permissions, next, set_mode, texts};

#[tokio::test]
async fn a_mail_that_may_not_be_read_is_told_and_blocks_none_and_stays_unmarked() {
    if !is_held_by_permissions(
        "troubles::a_mail_that_may_not_be_read_is_told_and_blocks_none_and_stays_unmarked",
    ) {
        return;
    }
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "locked");
    maildir.deliver("1700000002.M1P1.mail", "open");
    set_mode(&maildir.path("new/1700000001.M1P1.mail"), 0);

    let batch = next(&mut inbox, &mut position).await;
    inbox.kept(position).await.unwrap();

    assert_eq!(texts(&batch), ["", "open"]);
    let trouble = batch.mails[0].trouble.as_deref().unwrap();
    assert!(trouble.contains("new/1700000001.M1P1.mail") && trouble.contains("give it leave"), "{trouble}");
    assert_eq!(maildir.names("new"), ["1700000001.M1P1.mail"]);
    assert_eq!(maildir.names("cur"), ["1700000002.M1P1.mail:2,S"]);
}

#[tokio::test]
async fn an_empty_file_is_for_a_person_to_look_at() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "");

    let batch = next(&mut inbox, &mut position).await;

    assert!(batch.mails[0].trouble.as_deref().unwrap().contains("is empty"));
}

#[tokio::test]
async fn a_part_of_the_maildir_that_is_missing_is_told_with_its_path_and_nothing_is_lost() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    maildir.rename("cur", "elsewhere");

    let fetched = inbox.fetch(position, PLENTY).await.unwrap_err();
    let probed = inbox.probe().await.unwrap_err();
    maildir.rename("elsewhere", "cur");
    let after = next(&mut inbox, &mut position).await;

    for error in [fetched, probed] {
        assert_eq!(error.fault, Fault::Misconfigured);
        let path = maildir.path("cur").display().to_string();
        assert!(error.summary.contains(&path) && error.summary.contains("is missing"), "{error}");
    }
    assert_eq!(texts(&after), ["mail"]);
}

#[tokio::test]
async fn a_folder_below_that_is_missing_is_told() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open_with(&json!({"folders": ["Parents"]}));

    let error = inbox.standing().await.unwrap_err();

    assert!(error.summary.contains(".Parents/new"), "{error}");
    assert!(!maildir.state().exists());
}

#[tokio::test]
async fn leave_that_is_missing_is_told_with_what_to_do() {
    if !is_held_by_permissions("troubles::leave_that_is_missing_is_told_with_what_to_do") {
        return;
    }
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    set_mode(&maildir.path(""), 0o500);
    let unwritable = [inbox.probe().await.unwrap_err(), inbox.standing().await.unwrap_err()];
    set_mode(&maildir.path(""), 0o700);
    set_mode(&maildir.path("new"), 0);
    let unreadable = [inbox.probe().await.unwrap_err(), inbox.standing().await.unwrap_err()];
    set_mode(&maildir.path("new"), 0o700);

    for error in unwritable {
        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains("state_dir") && error.summary.contains("leave"), "{error}");
    }
    for error in unreadable {
        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains("may not read there"), "{error}");
    }
}

#[tokio::test]
async fn a_list_in_use_is_left_to_whoever_has_it_and_nothing_is_lost() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    let other = fs::File::open(maildir.state()).unwrap();
    other.lock().unwrap();

    let busy = inbox.fetch(position, PLENTY).await.unwrap_err();
    let probed = inbox.probe().await;
    other.unlock().unwrap();
    let after = next(&mut inbox, &mut position).await;

    assert_eq!(busy.fault, Fault::Temporary);
    assert!(probed.is_ok(), "a check disturbs no daemon");
    assert_eq!(texts(&after), ["mail"]);
}

#[tokio::test]
async fn a_probe_counts_what_lies_there_and_changes_nothing() {
    let maildir = Mailbox::new();
    maildir.make(".Parents");
    maildir.deliver("1700000001.M1P1.mail", "mail");
    maildir.deliver_to(".Parents", "1700000002.M1P1.mail", "mail");
    fs::write(maildir.path("cur/1700000003.M1P1.mail:2,S"), "mail").unwrap();

    let told = maildir.open_with(&json!({"folders": ["Parents"]})).probe().await.unwrap();

    assert!(told.contains("and 1 folder(s) below it"), "{told}");
    assert!(told.contains("new holds 2 mail(s), cur 1"), "{told}");
    assert_eq!(maildir.names(""), [".Parents", "cur", "new", "tmp"]);
}
