//! The list of names outlives the process, and its loss is noticed.

use std::{fs, io::Write as _};

use liaison_channels::{Inbox as _, error::Fault, inbox::Position};
use serde_json::json;
use tempfile::TempDir;

use crate::kit::{Mailbox, from_now, next, texts, uids};

#[tokio::test]
async fn a_mail_does_not_come_again_after_a_restart_whatever_became_of_its_name() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    for name in ["1700000001.M1P1.mail", "1700000002.M1P1.mail", "1700000003.M1P1.mail"] {
        maildir.deliver(name, "mail");
    }
    next(&mut inbox, &mut position).await;
    drop(inbox);
    maildir.rename("new/1700000002.M1P1.mail", "cur/1700000002.M1P1.mail:2,RS");
    maildir.rename("new/1700000003.M1P1.mail", "aside");
    maildir.deliver("1600000000.M1P1.mail", "while we were away");

    let mut inbox = maildir.open();
    let standing = inbox.standing().await.unwrap();
    let away = next(&mut inbox, &mut position).await;
    drop(inbox);
    maildir.rename("aside", "cur/1700000003.M1P1.mail:2,");
    let back = next(&mut maildir.open(), &mut position).await;

    assert_eq!((standing.generation, standing.next), (position.generation, 4));
    assert_eq!((uids(&away), texts(&away)), (vec![4], vec!["while we were away"]));
    assert_eq!(texts(&back), Vec::<&str>::new());
}

#[tokio::test]
async fn a_lost_list_of_names_is_another_generation_and_all_comes_again_unmarked() {
    for garbage in [None, Some("something else\n"), Some("liaison-maildir-1 7 0 0\nodd\n")] {
        let maildir = Mailbox::new();
        let mut inbox = maildir.open();
        let mut old = from_now(&mut inbox).await;
        maildir.deliver("1700000001.M1P1.mail", "mail");
        next(&mut inbox, &mut old).await;
        drop(inbox);
        match garbage {
            None => fs::remove_file(maildir.state()).unwrap(),
            Some(text) => fs::write(maildir.state(), text).unwrap(),
        }

        let mut inbox = maildir.open();
        let refused = inbox.fetch(old, crate::kit::PLENTY).await.unwrap_err();
        let generation = inbox.standing().await.unwrap().generation;
        let mut position = Position { generation, after: 0 };
        let again = next(&mut inbox, &mut position).await;
        inbox.kept(position).await.unwrap();

        assert_eq!((refused.fault, texts(&again)), (Fault::Temporary, vec!["mail"]), "{garbage:?}");
        assert_ne!(generation, old.generation);
        assert_eq!(maildir.names("new").len(), 1);
    }
}

#[tokio::test]
async fn a_list_that_is_older_than_the_position_gives_no_number_twice() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    let backup = fs::read(maildir.state()).unwrap();
    maildir.deliver("1700000001.M1P1.mail", "kept");
    next(&mut inbox, &mut position).await;
    drop(inbox);
    fs::write(maildir.state(), backup).unwrap();
    maildir.deliver("1700000002.M1P1.mail", "not kept");
    let mut inbox = maildir.open();

    inbox.standing().await.unwrap();
    let refused = inbox.fetch(position, crate::kit::PLENTY).await.unwrap_err();
    let generation = inbox.standing().await.unwrap().generation;
    let again = next(&mut inbox, &mut Position { generation, after: 0 }).await;

    assert_eq!(refused.fault, Fault::Temporary);
    assert_ne!(generation, position.generation);
    assert_eq!(texts(&again), ["kept", "not kept"]);
}

#[tokio::test]
async fn a_line_that_was_cut_off_by_a_crash_is_no_line() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "one");
    next(&mut inbox, &mut position).await;
    drop(inbox);
    let mut state = fs::OpenOptions::new().append(true).open(maildir.state()).unwrap();
    state.write_all(b"2 1700000000 1700000002.M1").unwrap();
    maildir.deliver("1700000002.M1P1.mail", "two");

    let mut inbox = maildir.open();
    let two = next(&mut inbox, &mut position).await;
    drop(inbox);
    maildir.deliver("1700000003.M1P1.mail", "three");
    let three = next(&mut maildir.open(), &mut position).await;

    assert_eq!((uids(&two), texts(&two)), (vec![2], vec!["two"]));
    assert_eq!((uids(&three), texts(&three)), (vec![3], vec!["three"]));
}

#[tokio::test]
async fn two_that_take_turns_agree_on_the_numbers() {
    let maildir = Mailbox::new();
    let (mut one, mut other) = (maildir.open(), maildir.open());
    let mut position = from_now(&mut one).await;
    assert_eq!(from_now(&mut other).await, position);

    for (turn, text) in ["a", "b", "c", "d"].iter().enumerate() {
        // Later names sort first.
        maildir.deliver(&format!("17000000{}.M1P1.mail", 20 - turn), text);
        let inbox = if turn % 2 == 0 { &mut one } else { &mut other };

        let batch = next(inbox, &mut position).await;

        assert_eq!((texts(&batch), batch.up_to), (vec![*text], u32::try_from(turn).unwrap() + 1));
    }
}

#[tokio::test]
async fn a_name_is_forgotten_a_month_after_its_file_has_gone() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    for name in ["1700000001.M1P1.mail", "1700000002.M1P1.mail"] {
        maildir.deliver(name, "mail");
    }
    next(&mut inbox, &mut position).await;
    drop(inbox);
    // As if both had been seen first long ago.
    let text = fs::read_to_string(maildir.state()).unwrap();
    let aged: String = text
        .lines()
        .map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
            [uid, _, name] if uid.parse::<u32>().is_ok() => format!("{uid} 1700000000 {name}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(maildir.state(), aged).unwrap();
    fs::remove_file(maildir.path("new/1700000002.M1P1.mail")).unwrap();

    let mut inbox = maildir.open();
    let standing = inbox.standing().await.unwrap();

    let text = fs::read_to_string(maildir.state()).unwrap();
    assert!(text.contains("1700000001.M1P1.mail") && !text.contains("1700000002.M1P1.mail"), "{text}");
    assert_eq!((standing.generation, standing.next), (position.generation, 3));
}

#[tokio::test]
async fn the_list_can_lie_elsewhere_and_nothing_is_put_into_the_maildir_then() {
    let (maildir, elsewhere) = (Mailbox::new(), TempDir::new().unwrap());
    let settings = json!({"state_dir": elsewhere.path()});
    let mut inbox = maildir.open_with(&settings);
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "mail");
    next(&mut inbox, &mut position).await;
    drop(inbox);

    let again = next(&mut maildir.open_with(&settings), &mut position).await;

    assert_eq!(texts(&again), Vec::<&str>::new());
    assert_eq!(maildir.names(""), ["cur", "new", "tmp"]);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}
