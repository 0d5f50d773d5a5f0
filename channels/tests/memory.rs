//! What a very large mail costs in memory. Alone in its program: the measure is of the whole process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;

use liaison_channels::{
    Inbox as _,
    fakes::dovecot::Dovecot,
    imap::Imap,
    inbox::{Most, Position},
    message::ChannelId,
};
use serde_json::json;

const SIZE: usize = 25 << 20;

/// The most memory this process has had since it was last forgotten, in kB (proc(5), `VmHWM`).
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Forgets the most, and tells what there is now.
fn forget_peak() -> usize {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

#[tokio::test]
async fn a_mail_of_25_mb_is_held_in_memory_once() {
    let Some(dovecot) = Dovecot::start() else { return };
    {
        let mut raw = b"Subject: Large\r\n\r\n".to_vec();
        raw.resize(SIZE - 2, b'x');
        raw.chunks_exact_mut(72).for_each(|line| line[70..].copy_from_slice(b"\r\n"));
        raw.extend_from_slice(b"\r\n");
        dovecot.deliver(&raw);
    }
    let id = ChannelId::parse("school-inbox").unwrap();
    let mut inbox = Imap::open(id, &serde_json::from_value(dovecot.settings(&json!({}))).unwrap()).unwrap();
    let generation = inbox.standing().await.unwrap().generation;
    let before = forget_peak();

    let batch =
        inbox.fetch(Position { generation, after: 0 }, Most { mails: 10, bytes: 64 << 20 }).await.unwrap();

    let grown = peak().saturating_sub(before);
    assert_eq!(batch.mails[0].raw.expose().len(), SIZE);
    assert!(grown >= SIZE / 1024, "the measure sees the mail itself: {grown} kB");
    assert!(grown < SIZE / 1024 * 3 / 2, "more than the mail and its parts: {grown} kB");
}
