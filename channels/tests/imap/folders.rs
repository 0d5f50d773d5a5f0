//! Several folders of one account, each read by a channel of its own.

use liaison_channels::{
    Inbox as _,
    fakes::dovecot::Dovecot,
    imap::Imap,
    inbox::{Batch, Position},
};
use serde_json::json;

use crate::kit::{PLENTY, all, beginning, mail, opened, server_or_skip};

const FOLDERS: [&str; 4] = ["INBOX", "Junk", "Eltern ä", "Mums & Dads 日本"];

fn folder(dovecot: &Dovecot, name: &str) -> Imap {
    opened(dovecot.settings(&json!({"mailbox": name})))
}

fn numbers(batch: &Batch) -> Vec<usize> {
    let text = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    let last = |text: String| text.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
    batch.mails.iter().map(|mail| last(text(mail.raw.expose()))).collect()
}

#[tokio::test]
async fn channels_on_one_account_read_its_folders_apart_whatever_their_names() {
    let dovecot = server_or_skip!(Dovecot::start());
    FOLDERS[1..].iter().for_each(|name| dovecot.make_folder(name));
    let mut channels: Vec<_> = FOLDERS.iter().map(|name| folder(&dovecot, name)).collect();
    let mut positions = Vec::new();
    for channel in &mut channels {
        positions.push(beginning(channel).await);
    }
    for (name, first) in FOLDERS.iter().zip([10, 20, 30, 40]) {
        (0..2).for_each(|more| dovecot.file(name, &mail(first + more)));
    }

    let mut came = Vec::new();
    for (channel, position) in channels.iter_mut().zip(&mut positions) {
        let batch = channel.fetch(*position, PLENTY).await.unwrap();
        came.push(numbers(&batch));
        position.after = batch.up_to;
    }
    dovecot.file("Eltern ä", &mail(32));
    let mut later = Vec::new();
    for (channel, position) in channels.iter_mut().zip(&positions) {
        later.push(numbers(&channel.fetch(*position, PLENTY).await.unwrap()));
    }

    assert_eq!(came, [[10, 11], [20, 21], [30, 31], [40, 41]]);
    assert_eq!(later, [vec![], vec![], vec![32], vec![]]);
}

#[tokio::test]
async fn each_folder_is_counted_for_itself() {
    let dovecot = server_or_skip!(Dovecot::start());
    dovecot.make_folder("Junk");
    (1..=3).for_each(|number| dovecot.file("INBOX", &mail(number)));
    dovecot.file("Junk", &mail(4));

    for (name, mails) in [("INBOX", 3), ("Junk", 1)] {
        let mut channel = folder(&dovecot, name);
        let position: Position = beginning(&mut channel).await;

        assert_eq!(channel.listed(position, u32::MAX).await.unwrap().len(), mails, "{name}");
        assert!(channel.probe().await.unwrap().contains(&format!("{name} holds {mails} mail")));
    }
}

#[tokio::test]
async fn a_line_that_waits_on_one_folder_does_not_hear_of_another() {
    let dovecot = server_or_skip!(Dovecot::start());
    dovecot.make_folder("Eltern ä");
    let mut inbox = folder(&dovecot, "INBOX");
    let mut parents = folder(&dovecot, "Eltern ä");
    all(&mut inbox).await;
    all(&mut parents).await;
    let limit = std::time::Duration::from_millis(600);
    let began = std::time::Instant::now();

    let (waited, heard) = tokio::join!(
        async {
            inbox.wait(limit).await.unwrap();
            began.elapsed()
        },
        async {
            tokio::task::yield_now().await;
            dovecot.file("Eltern ä", &mail(1));
            parents.wait(std::time::Duration::from_mins(1)).await.unwrap();
            all(&mut parents).await
        }
    );

    assert!(waited >= limit / 2, "{waited:?}");
    assert_eq!(numbers(&heard), [1]);
    assert!(all(&mut inbox).await.mails.is_empty());
}
