#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use tempfile::TempDir;

use super::*;

const PLENTY: Most = Most { mails: 100, bytes: 1 << 20 };

fn opened(folder: &TempDir) -> InboxFolder {
    let config = serde_json::json!({"path": folder.path(), "addresses": ["parents@northfield.example"]});
    let id = ChannelId::parse("dropped-mail").unwrap();
    InboxFolder::open(id, &serde_json::from_value(config).unwrap()).unwrap()
}

async fn beginning(inbox: &mut InboxFolder) -> Position {
    Position { generation: inbox.standing().await.unwrap().generation, after: 0 }
}

fn texts(batch: &Batch) -> Vec<&str> {
    batch.mails.iter().map(|mail| std::str::from_utf8(mail.raw.expose()).unwrap()).collect()
}

#[tokio::test]
async fn files_are_read_once_in_the_order_they_were_seen() {
    let folder = TempDir::new().unwrap();
    let mut inbox = opened(&folder);
    fs::write(folder.path().join("z.eml"), "first").unwrap();
    let mut position = beginning(&mut inbox).await;

    let first = inbox.fetch(position, PLENTY).await.unwrap();
    fs::write(folder.path().join("a.eml"), "second").unwrap();
    position.after = first.up_to;
    let second = inbox.fetch(position, PLENTY).await.unwrap();
    position.after = second.up_to;
    let third = inbox.fetch(position, PLENTY).await.unwrap();

    assert_eq!((texts(&first), texts(&second), texts(&third)), (vec!["first"], vec!["second"], vec![]));
    assert_eq!((first.mails[0].uid, second.mails[0].uid, third.up_to), (1, 2, 2));
    assert!(first.mails[0].arrived_at.is_some());
    assert!(inbox.starts_at_the_beginning());
}

#[tokio::test]
async fn nothing_in_the_folder_is_changed_and_unfinished_files_are_left() {
    let folder = TempDir::new().unwrap();
    for (name, text) in [(".a.eml", "x"), ("b.tmp", "x"), ("c.eml", ""), ("d.eml", "mail")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::create_dir(folder.path().join("e.eml")).unwrap();
    let mut inbox = opened(&folder);
    let position = beginning(&mut inbox).await;

    let batch = inbox.fetch(position, PLENTY).await.unwrap();

    assert_eq!(texts(&batch), ["mail"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[tokio::test]
async fn a_batch_holds_no_more_than_was_asked_for_but_always_one() {
    let folder = TempDir::new().unwrap();
    for name in ["a.eml", "b.eml", "c.eml"] {
        fs::write(folder.path().join(name), "123456").unwrap();
    }
    let mut inbox = opened(&folder);
    let position = beginning(&mut inbox).await;

    let by_count = inbox.fetch(position, Most { mails: 2, bytes: 100 }).await.unwrap();
    let by_bytes = inbox.fetch(position, Most { mails: 9, bytes: 13 }).await.unwrap();
    let one = inbox.fetch(position, Most { mails: 9, bytes: 0 }).await.unwrap();

    assert_eq!(
        [&by_count, &by_bytes, &one].map(|batch| (batch.up_to, batch.more)),
        [(2, true), (2, true), (1, true)]
    );
}

#[tokio::test]
async fn a_file_that_was_taken_away_is_a_gap() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.eml"), "gone").unwrap();
    fs::write(folder.path().join("b.eml"), "here").unwrap();
    let mut inbox = opened(&folder);
    let position = beginning(&mut inbox).await;
    fs::remove_file(folder.path().join("a.eml")).unwrap();

    let batch = inbox.fetch(position, PLENTY).await.unwrap();

    assert_eq!((texts(&batch), batch.up_to, batch.more), (vec!["here"], 2, false));
}

#[tokio::test]
async fn each_opening_reads_the_folder_again() {
    let folder = TempDir::new().unwrap();
    let old = beginning(&mut opened(&folder)).await;
    let mut inbox = opened(&folder);

    let error = inbox.fetch(old, PLENTY).await.unwrap_err();

    assert_eq!(error.fault, Fault::Temporary);
    assert_ne!(beginning(&mut inbox).await.generation, old.generation);
}

#[tokio::test]
async fn a_folder_that_is_away_is_told_with_its_path() {
    let folder = TempDir::new().unwrap();
    let mut inbox = opened(&folder);
    let path = folder.path().display().to_string();
    drop(folder);

    let error = inbox.probe().await.unwrap_err();

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains(&path), "{error}");
}
