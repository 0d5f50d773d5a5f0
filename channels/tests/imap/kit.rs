//! What every test here needs: a server, a mailbox, and mails.

use liaison_channels::{
    Inbox as _,
    fakes::dovecot::Dovecot,
    imap::Imap,
    inbox::{ArrivedMail, Batch, Most, Position},
    message::ChannelId,
};
use serde_json::{Value, json};

pub(crate) const PLENTY: Most = Most { mails: 1000, bytes: 64 << 20 };

/// A server, or the end of the test where there is none.
macro_rules! server_or_skip {
    ($start:expr) => {
        match $start {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use server_or_skip;

pub(crate) fn opened(settings: Value) -> Imap {
    let id = ChannelId::parse("school-inbox").unwrap();
    Imap::open(id, &serde_json::from_value(settings).unwrap()).unwrap()
}

pub(crate) fn inbox(dovecot: &Dovecot) -> Imap {
    opened(dovecot.settings(&json!({})))
}

/// Before the first mail.
pub(crate) async fn beginning(inbox: &mut Imap) -> Position {
    Position { generation: inbox.standing().await.unwrap().generation, after: 0 }
}

pub(crate) async fn all(inbox: &mut Imap) -> Batch {
    let position = beginning(inbox).await;
    inbox.fetch(position, PLENTY).await.unwrap()
}

pub(crate) fn mail(number: usize) -> Vec<u8> {
    format!("From: Amina <amina@post.example>\r\nSubject: Mail {number}\r\n\r\nLine one\r\nline {number}\r\n")
        .into_bytes()
}

pub(crate) fn large(bytes: usize) -> Vec<u8> {
    let mut raw = b"Subject: Large\r\n\r\n".to_vec();
    let mut number = 0_u64;
    while raw.len() < bytes {
        number += 1;
        raw.extend_from_slice(format!("{number:0>70}\r\n").as_bytes());
    }
    raw.truncate(bytes - 2);
    raw.extend_from_slice(b"\r\n");
    raw
}

pub(crate) fn uids(batch: &Batch) -> Vec<u32> {
    batch.mails.iter().map(|mail| mail.uid).collect()
}

pub(crate) fn raws(mails: &[ArrivedMail]) -> Vec<&[u8]> {
    mails.iter().map(|mail| mail.raw.expose().as_slice()).collect()
}
