//! What comes, in what order, and what does not.

use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use liaison_channels::{Inbox as _, inbox::Most};
use serde_json::json;

use crate::kit::{Mailbox, PLENTY, from_now, next, texts, uids};

#[tokio::test]
async fn what_was_there_before_is_history() {
    let maildir = Mailbox::new();
    maildir.deliver("1700000001.M1P1.mail", "old");
    maildir.deliver("1700000002.M1P1.mail", "older");
    maildir.rename("new/1700000002.M1P1.mail", "cur/1700000002.M1P1.mail:2,S");
    let mut inbox = maildir.open();

    let mut position = from_now(&mut inbox).await;
    let before = next(&mut inbox, &mut position).await;
    maildir.deliver("1600000000.M1P1.mail", "new");
    let after = next(&mut inbox, &mut position).await;

    assert!(!inbox.starts_at_the_beginning());
    assert_eq!((before.up_to, texts(&before)), (2, vec![]));
    assert_eq!((uids(&after), texts(&after), after.more), (vec![3], vec!["new"], false));
    assert!(after.mails[0].arrived_at.is_some());
}

#[tokio::test]
async fn a_name_that_sorts_before_what_was_read_comes_all_the_same() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;

    maildir.deliver("1700000009.M9P9.mail", "first");
    let first = next(&mut inbox, &mut position).await;
    maildir.deliver("1700000001.M1P1.mail", "second");
    maildir.rename("new/1700000001.M1P1.mail", "cur/1700000001.M1P1.mail:2,F");
    let second = next(&mut inbox, &mut position).await;
    let third = next(&mut inbox, &mut position).await;

    assert_eq!((texts(&first), texts(&second), texts(&third)), (vec!["first"], vec!["second"], vec![]));
    assert_eq!((uids(&first), uids(&second), third.up_to), (vec![1], vec![2], 2));
}

#[tokio::test]
async fn what_is_no_mail_is_left_alone() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    fs::write(maildir.path("tmp/1700000001.M1P1.mail"), "half").unwrap();
    fs::write(maildir.path("new/.1700000002.M1P1.mail"), "hidden").unwrap();
    fs::write(maildir.path("outside"), "secret").unwrap();
    symlink(maildir.path("outside"), maildir.path("new/1700000003.M1P1.mail")).unwrap();
    fs::create_dir(maildir.path("cur/1700000004.M1P1.mail")).unwrap();
    fs::write(maildir.path("dovecot-uidlist"), "3 V1 N1\n").unwrap();
    maildir.make(".Sent");
    maildir.deliver_to(".Sent", "1700000005.M1P1.mail", "elsewhere");
    maildir.deliver("1700000006.M1P1.mail", "mail");

    let batch = next(&mut inbox, &mut position).await;

    assert_eq!(texts(&batch), ["mail"]);
    assert!(maildir.path("tmp/1700000001.M1P1.mail").exists());
}

#[tokio::test]
async fn names_as_dovecot_gives_and_mends_them_are_one_mail() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1732899612.M417218P31337.mail.northfield,S=2187,W=2236", "from the LDA");
    maildir.deliver("1732899613.V801I40c2M2.mail.northfield", "from Postfix");

    let came = next(&mut inbox, &mut position).await;
    maildir.rename(
        "new/1732899612.M417218P31337.mail.northfield,S=2187,W=2236",
        "cur/1732899612.M417218P31337.mail.northfield,S=2187,W=2236:2,RS",
    );
    let moved = next(&mut inbox, &mut position).await;
    maildir.rename(
        "cur/1732899612.M417218P31337.mail.northfield,S=2187,W=2236:2,RS",
        "cur/1732899612.M417218P31337.mail.northfield,S=2190:2,FRSa",
    );
    let mended = next(&mut inbox, &mut position).await;

    assert_eq!(texts(&came), ["from the LDA", "from Postfix"]);
    assert_eq!((texts(&moved), texts(&mended)), (vec![], vec![]));
}

#[tokio::test]
async fn a_batch_holds_no_more_than_was_asked_for_but_always_one() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let position = from_now(&mut inbox).await;
    for name in ["1.a.mail", "2.b.mail", "3.c.mail"] {
        maildir.deliver(name, "123456");
    }

    let by_count = inbox.fetch(position, Most { mails: 2, bytes: 100 }).await.unwrap();
    let by_bytes = inbox.fetch(position, Most { mails: 9, bytes: 13 }).await.unwrap();
    let one = inbox.fetch(position, Most { mails: 9, bytes: 0 }).await.unwrap();

    let told = [&by_count, &by_bytes, &one].map(|batch| (uids(batch), batch.up_to, batch.more));
    assert_eq!(told, [(vec![1, 2], 2, true), (vec![1, 2], 2, true), (vec![1], 1, true)]);
}

#[tokio::test]
async fn of_a_giant_the_beginning_comes() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "Subject: giant\r\n");
    let file = fs::OpenOptions::new().write(true).open(maildir.path("new/1700000001.M1P1.mail")).unwrap();
    file.set_len((50 << 20) + 7).unwrap();

    let batch = next(&mut inbox, &mut position).await;

    let mail = &batch.mails[0];
    assert_eq!((mail.raw.expose().len(), mail.left_out, &mail.trouble), (50 << 20, 7, &None));
    assert!(mail.raw.expose().starts_with(b"Subject: giant"));
}

#[tokio::test]
async fn a_mail_that_was_taken_away_is_a_gap_and_new_when_it_turns_up_again() {
    let maildir = Mailbox::new();
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver("1700000001.M1P1.mail", "here");
    maildir.deliver("1700000002.M1P1.mail", "away");
    // Numbers both, and brings one.
    inbox.fetch(position, Most { mails: 1, ..PLENTY }).await.unwrap();
    maildir.rename("new/1700000002.M1P1.mail", "aside");

    let gap = next(&mut inbox, &mut position).await;
    maildir.rename("aside", "cur/1700000002.M1P1.mail:2,S");
    let again = next(&mut inbox, &mut position).await;

    assert_eq!((texts(&gap), gap.up_to, gap.more), (vec!["here"], 2, false));
    assert_eq!((texts(&again), uids(&again)), (vec!["away"], vec![3]));
}

#[tokio::test]
async fn folders_below_are_read_and_one_that_is_added_begins_with_what_comes() {
    let maildir = Mailbox::new();
    maildir.make(".Parents.2026");
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    maildir.deliver_to(".Parents.2026", "1700000001.M1P1.mail", "before");
    let alone = next(&mut inbox, &mut position).await;
    drop(inbox);

    let settings = json!({"folders": ["Parents.2026"]});
    let history = next(&mut maildir.open_with(&settings), &mut position).await;
    let mut inbox = maildir.open_with(&settings);
    maildir.deliver_to(".Parents.2026", "1700000002.M1P1.mail", "below");
    maildir.deliver("1700000003.M1P1.mail", "above");
    let both = next(&mut inbox, &mut position).await;
    inbox.kept(position).await.unwrap();

    assert_eq!((texts(&alone), texts(&history), texts(&both)), (vec![], vec![], vec!["below", "above"]));
    assert_eq!(maildir.names(".Parents.2026/cur"), ["1700000002.M1P1.mail:2,S"]);
    assert_eq!(maildir.names(".Parents.2026/new"), ["1700000001.M1P1.mail"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mail_comes_once_while_another_program_moves_and_flags_them() {
    const MAILS: u32 = 300;
    let maildir = Arc::new(Mailbox::new());
    let mut inbox = maildir.open();
    let mut position = from_now(&mut inbox).await;
    let stop = Arc::new(AtomicBool::new(false));
    let busy = std::thread::spawn({
        let (maildir, stop) = (Arc::clone(&maildir), Arc::clone(&stop));
        move || {
            for number in 0..MAILS {
                maildir.deliver(&format!("17000{:05}.M1P{number}.mail", MAILS - number), &number.to_string());
            }
            for round in 0.. {
                for part in ["new", "cur"] {
                    for name in maildir.names(part) {
                        let base = name.split(':').next().unwrap();
                        let flags = ["", "S", "RS", "FRS"][round % 4];
                        // Liaison may have moved it first.
                        let _ = fs::rename(
                            maildir.path(part).join(&name),
                            maildir.path("cur").join(format!("{base}:2,{flags}")),
                        );
                    }
                }
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    });

    let mut came = Vec::new();
    let mut idle = 0;
    while came.len() < MAILS as usize && idle < 20_000 {
        let batch = inbox.fetch(position, Most { mails: 7, ..PLENTY }).await.unwrap();
        assert!(batch.mails.iter().all(|mail| mail.trouble.is_none()));
        idle = if batch.mails.is_empty() { idle + 1 } else { 0 };
        came.extend(texts(&batch).iter().map(|text| text.parse::<u32>().unwrap()));
        position.after = batch.up_to;
        inbox.kept(position).await.unwrap();
    }
    for _ in 0..20 {
        assert_eq!(texts(&next(&mut inbox, &mut position).await), Vec::<&str>::new());
    }
    stop.store(true, Ordering::Relaxed);
    busy.join().unwrap();

    came.sort_unstable();
    assert_eq!(came, (0..MAILS).collect::<Vec<_>>());
    assert_eq!(maildir.names("new").len() + maildir.names("cur").len(), MAILS as usize);
}
