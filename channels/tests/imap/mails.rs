//! What comes in, and that nothing is changed by it.

use liaison_channels::{
    Inbox as _,
    error::Fault,
    fakes::dovecot::Dovecot,
    inbox::{Most, Position, Standing},
};
use serde_json::json;

use crate::kit::{PLENTY, all, beginning, inbox, large, mail, opened, raws, server_or_skip, uids};

#[tokio::test]
async fn a_first_look_tells_where_the_mailbox_stands() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut empty = inbox(&dovecot);
    let before = empty.standing().await.unwrap();
    dovecot.deliver(&mail(1));
    dovecot.deliver(&mail(2));

    let after = empty.standing().await.unwrap();

    assert!(before.generation > 0);
    assert_eq!((before.next, after), (1, Standing { next: 3, ..before }));
}

#[tokio::test]
async fn mails_come_in_order_and_in_batches_and_none_twice() {
    let dovecot = server_or_skip!(Dovecot::start());
    let sent: Vec<_> = (1..=7).map(mail).collect();
    for raw in &sent {
        dovecot.deliver(raw);
    }
    let mut inbox = inbox(&dovecot);
    let mut position = beginning(&mut inbox).await;
    let mut came = Vec::new();
    let mut batches = Vec::new();

    loop {
        let batch = inbox.fetch(position, Most { mails: 3, bytes: 1 << 20 }).await.unwrap();
        batches.push((uids(&batch), batch.more));
        position.after = batch.up_to;
        came.extend(batch.mails);
        if !batch.more {
            break;
        }
    }
    let nothing = inbox.fetch(position, PLENTY).await.unwrap();

    assert_eq!(batches[0], (vec![1, 2, 3], true));
    assert_eq!(raws(&came), sent);
    assert_eq!(
        (uids(&nothing), nothing.up_to, nothing.more),
        (vec![], 7, false),
        "`n:*` finds the last again"
    );
}

#[tokio::test]
async fn bytes_are_those_that_were_delivered() {
    let dovecot = server_or_skip!(Dovecot::start());
    let odd: [&[u8]; 4] = [
        b"Subject: =?utf-8?q?x?=\r\n\r\n\xff\xfe\x80 8-bit \xc3\xa9\r\n\r\n.\r\n..\r\n",
        b"no header at all\r\n",
        b"Subject: no end of line\r\n\r\n) UID 7 BODY[] {3}\r\nL9 OK done\r\n* BYE",
        b"\r\n",
    ];
    for raw in odd {
        dovecot.deliver(raw);
    }
    let mut inbox = inbox(&dovecot);

    let batch = all(&mut inbox).await;

    assert_eq!(raws(&batch.mails), odd);
    assert!(batch.mails.iter().all(|mail| mail.trouble.is_none() && mail.left_out == 0));
    assert!(batch.mails.iter().all(|mail| mail.arrived_at.is_some_and(|at| at.as_second() > 1_700_000_000)));
}

#[tokio::test]
async fn whether_somebody_has_read_a_mail_says_nothing_and_reading_leaves_no_mark() {
    let dovecot = server_or_skip!(Dovecot::start());
    (1..=3).for_each(|number| dovecot.deliver(&mail(number)));
    dovecot.deliver(&large(3 << 20));
    dovecot.mark_read(2);
    let before = dovecot.marks();
    let mut inbox = inbox(&dovecot);

    let batch = all(&mut inbox).await;
    inbox.close().await;

    assert_eq!(uids(&batch), [1, 2, 3, 4]);
    assert_eq!(before, ["1", "2 \\Seen", "3", "4"]);
    assert_eq!(dovecot.marks(), before);
}

#[tokio::test]
async fn a_large_mail_comes_in_parts_between_its_neighbours() {
    let dovecot = server_or_skip!(Dovecot::start());
    let sent = [mail(1), large(25 << 20), mail(3), large((1 << 20) + (256 << 10)), mail(5)];
    for raw in &sent {
        dovecot.deliver(raw);
    }
    let mut inbox = inbox(&dovecot);

    let batch = all(&mut inbox).await;

    assert_eq!(uids(&batch), [1, 2, 3, 4, 5]);
    assert!(raws(&batch.mails) == sent, "the bytes are equal");
    assert_eq!(batch.mails[1].raw.expose().capacity(), 25 << 20, "one buffer of its size");
}

#[tokio::test]
async fn of_a_mail_beyond_the_limit_the_beginning_is_taken() {
    let dovecot = server_or_skip!(Dovecot::start());
    let (exact, beyond) = (large(2 << 20), large((2 << 20) + 5));
    dovecot.deliver(&exact);
    dovecot.deliver(&beyond);
    let mut inbox = opened(dovecot.settings(&json!({"largest_mb": 2})));

    let batch = all(&mut inbox).await;

    assert!(raws(&batch.mails) == [&exact[..], &beyond[..2 << 20]]);
    assert_eq!((batch.mails[0].left_out, batch.mails[1].left_out), (0, 5));
}

#[tokio::test]
async fn a_fetch_holds_no_more_bytes_than_asked_for_but_always_one_mail() {
    let dovecot = server_or_skip!(Dovecot::start());
    (0..4).for_each(|_| dovecot.deliver(&large(1000)));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;

    let two = inbox.fetch(position, Most { mails: 9, bytes: 2999 }).await.unwrap();
    let one = inbox.fetch(position, Most { mails: 9, bytes: 1 }).await.unwrap();

    assert_eq!((uids(&two), two.up_to, two.more), (vec![1, 2], 2, true));
    assert_eq!((uids(&one), one.up_to, one.more), (vec![1], 1, true));
}

#[tokio::test]
async fn mails_that_others_deleted_are_gaps() {
    let dovecot = server_or_skip!(Dovecot::start());
    (1..=40).for_each(|number| dovecot.deliver(&mail(number)));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    (2..=39).for_each(|uid| dovecot.expunge(uid));

    let batch = inbox.fetch(position, PLENTY).await.unwrap();
    let first = inbox.fetch(position, Most { mails: 1, bytes: 1 }).await.unwrap();
    let after = Position { after: first.up_to, ..position };
    let last = inbox.fetch(after, Most { mails: 1, bytes: 1 }).await.unwrap();

    assert_eq!((uids(&batch), batch.up_to, batch.more), (vec![1, 40], 40, false));
    assert_eq!((uids(&first), uids(&last), last.up_to), (vec![1], vec![40], 40), "a wide gap is crossed");
}

#[tokio::test]
async fn another_numbering_is_told_and_then_known() {
    let dovecot = server_or_skip!(Dovecot::start());
    dovecot.deliver(&mail(1));
    let mut inbox = inbox(&dovecot);
    let position = beginning(&mut inbox).await;
    dovecot.change_uidvalidity(position.generation + 77);

    let error = inbox.fetch(position, PLENTY).await.unwrap_err();
    let standing = inbox.standing().await.unwrap();
    let again = Position { generation: standing.generation, after: 0 };
    let batch = inbox.fetch(again, PLENTY).await.unwrap();

    assert_eq!(error.fault, Fault::Temporary);
    assert_eq!(standing.generation, position.generation + 77);
    assert_eq!(batch.mails.len(), 1);
}
