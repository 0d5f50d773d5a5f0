//! A real mailbox: read by its numbers, never changed, from the day it was connected, nothing twice and nothing missed.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use liaison::flows::{Clock as _, keep::Kept, mailbox::Mailbox};
use liaison_channels::fakes::dovecot::Dovecot;

use super::AMINA;
use crate::support::{
    inbound::{Letter, mailbox_of, put},
    people::one_by_email,
    school::School,
};

const KEPT: &str = "select count(*)::text from received";

/// A school whose mailbox has been connected, with these many mails in it from before.
async fn connected(server: &Dovecot, older: usize) -> (School, Mailbox) {
    let school = School::open(&one_by_email()).await;
    let then = "2026-11-20T10:00:00Z".parse().unwrap();
    let mails: Vec<_> =
        (0..older).map(|n| Letter::from(AMINA).subject(&format!("Old {n}")).bytes(then)).collect();
    put(server, then, &mails);
    let mut mailbox = school.mailbox(server);
    assert_eq!(mailbox.read().await.unwrap(), Kept::default(), "the first connection is silent");
    (school, mailbox)
}

/// A mail arrives in the mailbox now.
fn comes(school: &School, server: &Dovecot, subject: &str) {
    let now = school.clock.now();
    put(server, now, &[Letter::from(AMINA).subject(subject).bytes(now)]);
}

async fn subjects(school: &School) -> Vec<String> {
    school.understand().await;
    school.received().await.into_iter().map(|seen| seen.subject.unwrap()).collect()
}

#[tokio::test]
async fn a_mailbox_with_five_thousand_old_mails_brings_none_and_answers_none() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 5_000).await;

    let again = mailbox.read().await.unwrap();
    comes(&school, &server, "New");
    let kept = mailbox.read().await.unwrap();
    let subjects = subjects(&school).await;
    school.deliver().await;

    assert_eq!((again, kept), (Kept::default(), Kept { new: 1, known: 0, older: 0 }));
    assert_eq!(subjects, ["New"]);
    assert_eq!((school.mail.taken(), school.cases().await.len()), (1, 1));
    assert_eq!(server.marks().len(), 5_001, "nothing is deleted");
    school.close().await;
}

#[tokio::test]
async fn a_mail_that_a_colleague_has_read_already_is_taken_and_none_is_marked() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 1).await;
    comes(&school, &server, "Read in Outlook");
    comes(&school, &server, "Unread");
    server.mark_read(2);

    let kept = mailbox.read().await.unwrap();

    assert_eq!(kept.new, 2);
    assert_eq!(subjects(&school).await, ["Read in Outlook", "Unread"]);
    assert_eq!(server.marks(), ["1", "2 \\Seen", "3"]);
    school.close().await;
}

#[tokio::test]
async fn a_mailbox_that_was_numbered_anew_brings_nothing_twice_misses_nothing_and_leaves_the_old_ones() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 7).await;
    comes(&school, &server, "First");
    mailbox.read().await.unwrap();
    comes(&school, &server, "Meanwhile");

    server.change_uidvalidity(77);
    // The line is gone with the old numbers; what is lost at that moment is asked for again, as the worker does.
    let kept = match mailbox.read().await {
        Ok(kept) => kept,
        Err(_) => mailbox.read().await.unwrap(),
    };
    let again = mailbox.read().await.unwrap();
    comes(&school, &server, "After");
    let after = mailbox.read().await.unwrap();
    let subjects = subjects(&school).await;
    school.deliver().await;

    assert_eq!(kept, Kept { new: 1, known: 1, older: 7 });
    assert_eq!((again, after.new), (Kept::default(), 1));
    assert_eq!(subjects, ["First", "Meanwhile", "After"]);
    assert_eq!(school.acknowledgements().len(), 3);
    school.close().await;
}

#[tokio::test]
async fn a_server_that_is_started_again_and_a_daemon_that_is_too_lose_nothing() {
    let Some(mut server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 3).await;
    comes(&school, &server, "Before");
    mailbox.read().await.unwrap();
    server.stop();
    comes(&school, &server, "While it was away");

    let away = mailbox.read().await;
    server.restart();
    comes(&school, &server, "After");
    let kept = match mailbox.read().await {
        Ok(kept) => kept,
        Err(_) => mailbox.read().await.unwrap(),
    };
    let mut fresh = mailbox_of(&school.another_daemon(school.db.store()), &server);
    let by_another = fresh.read().await.unwrap();

    assert!(away.is_err());
    assert_eq!((kept.new, by_another.new), (2, 0));
    assert_eq!(subjects(&school).await, ["Before", "While it was away", "After"]);
    school.close().await;
}

#[tokio::test]
async fn a_database_that_goes_away_while_mail_is_read_loses_nothing() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 0).await;
    for n in 0..30 {
        comes(&school, &server, &format!("Mail {n}"));
    }

    school.db.cut_connections().await;
    let mut tries = 0;
    while mailbox.read().await.is_err() {
        tries += 1;
        assert!(tries < 20, "it never comes back");
    }

    assert_eq!(school.rows(KEPT).await, ["30"]);
    assert_eq!(subjects(&school).await.len(), 30);
    school.close().await;
}

#[tokio::test]
async fn a_mail_of_twenty_five_megabytes_is_kept_whole_and_understood() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 0).await;
    let mut body = String::from(
        "--b\nContent-Type: text/plain\n\nHere is the film.\n--b\nContent-Type: video/mp4\n\
         Content-Disposition: attachment; filename=a.mp4\nContent-Transfer-Encoding: base64\n\n",
    );
    while body.len() < 25 * 1024 * 1024 {
        let _ = writeln!(body, "{}", "QUJD".repeat(19));
    }
    body.push_str("--b--\n");
    let letter =
        Letter::from(AMINA).subject("Film").header("Content-Type", "multipart/mixed; boundary=b").says(&body);
    let raw = letter.bytes(school.clock.now());
    put(&server, school.clock.now(), std::slice::from_ref(&raw));
    comes(&school, &server, "Next");

    let kept = mailbox.read().await.unwrap();
    let subjects = subjects(&school).await;
    school.deliver().await;

    assert_eq!((kept.new, subjects), (2, vec!["Film".to_owned(), "Next".to_owned()]));
    let whole = "select (octet_length(raw) = bytes and sha256(raw) = digest)::text || left_out from received order by id";
    assert_eq!(school.rows(whole).await, ["true0", "true0"]);
    assert_eq!(school.received().await[0].bytes, i64::try_from(raw.len()).unwrap());
    assert_eq!(school.acknowledgements().len(), 2);
    school.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_becomes_a_question() {
    let Some(server) = Dovecot::start() else { return };
    let (school, mut mailbox) = connected(&server, 0).await;
    let broken: [&[u8]; 3] =
        [b"\x00\xff\xfe\x01\x02\r\n", b"\r\n\r\n\r\n", b"no header at all, only words\r\n"];
    let mails = broken.map(<[u8]>::to_vec);
    put(&server, school.clock.now(), &mails);

    let kept = mailbox.read().await.unwrap();
    school.understand().await;
    school.deliver().await;

    assert_eq!(kept.new, 3);
    assert_eq!(school.received().await.len(), 3);
    assert_eq!((school.questions().await.len(), school.mail.taken()), (3, 0));
    assert!(school.questions().await.iter().any(|question| question.kind == "what_is_this"));
    assert_eq!(school.told("received").await, 3);
    school.close().await;
}

#[tokio::test]
async fn a_mail_that_arrives_wakes_whoever_waits_for_it() {
    let Some(server) = Dovecot::start() else { return };
    let server = Arc::new(server);
    let (school, mut mailbox) = connected(&server, 2).await;
    let mails = [Letter::from(AMINA).subject("Wake up").bytes(school.clock.now())];
    let now = school.clock.now();

    let long = Duration::from_mins(5);
    let wait = tokio::time::timeout(Duration::from_mins(1), mailbox.wait(long));
    let (woken, ()) = tokio::join!(wait, async {
        let server = Arc::clone(&server);
        tokio::task::spawn_blocking(move || put(&server, now, &mails)).await.unwrap();
    });
    let kept = mailbox.read().await.unwrap();

    woken.expect("woken long before the wait is over").unwrap();
    assert_eq!(kept.new, 1);
    assert_eq!(subjects(&school).await, ["Wake up"]);
    school.close().await;
}
