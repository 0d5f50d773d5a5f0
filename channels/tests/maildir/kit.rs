//! A Maildir with real files, and the mailbox over it.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use liaison_channels::{
    Inbox,
    inbox::{Batch, Most, Position},
    inbox_maildir::Maildir,
    message::ChannelId,
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PLENTY: Most = Most { mails: 1000, bytes: 1 << 26 };

/// A Maildir as a mail server makes it.
pub(crate) struct Mailbox {
    dir: TempDir,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        let made = Self { dir: TempDir::new().unwrap() };
        made.make("");
        made
    }

    /// The Maildir itself, or a folder below it.
    pub(crate) fn make(&self, folder: &str) {
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(self.path(folder).join(part)).unwrap();
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// As a server delivers: written to `tmp`, then moved.
    pub(crate) fn deliver(&self, name: &str, text: &str) {
        self.deliver_to("", name, text);
    }

    pub(crate) fn deliver_to(&self, folder: &str, name: &str, text: &str) {
        let folder = self.path(folder);
        fs::write(folder.join("tmp").join(name), text).unwrap();
        fs::rename(folder.join("tmp").join(name), folder.join("new").join(name)).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// The names in `new` or `cur`, in order.
    pub(crate) fn names(&self, part: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path(part))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn open(&self) -> Maildir {
        self.open_with(&json!({}))
    }

    pub(crate) fn open_with(&self, more: &Value) -> Maildir {
        Maildir::open(ChannelId::parse("parents-inbox").unwrap(), &self.config(more)).unwrap()
    }

    pub(crate) fn config(&self, more: &Value) -> liaison_channels::inbox_maildir::MaildirConfig {
        let mut config = json!({"path": self.dir.path(), "addresses": ["parents@northfield.example"]});
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        serde_json::from_value(config).unwrap()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("liaison-parents-inbox.names")
    }
}

/// From now on, as a caller does that has never seen this mailbox.
pub(crate) async fn from_now(inbox: &mut Maildir) -> Position {
    let standing = inbox.standing().await.unwrap();
    Position { generation: standing.generation, after: standing.next - 1 }
}

/// Fetches once and goes on from there.
pub(crate) async fn next(inbox: &mut Maildir, position: &mut Position) -> Batch {
    let batch = inbox.fetch(*position, PLENTY).await.unwrap();
    position.after = batch.up_to;
    batch
}

pub(crate) fn texts(batch: &Batch) -> Vec<&str> {
    batch.mails.iter().map(|mail| std::str::from_utf8(mail.raw.expose()).unwrap()).collect()
}

pub(crate) fn uids(batch: &Batch) -> Vec<u32> {
    batch.mails.iter().map(|mail| mail.uid).collect()
}

/// Whether this process is held by permissions. Root is not: then the test is run again by somebody who is, and holds
/// when it held there.
pub(crate) fn is_held_by_permissions(test: &str) -> bool {
    let own = fs::metadata("/proc/self").unwrap().uid();
    if own != 0 {
        return true;
    }
    let place = TempDir::new().unwrap();
    let program = place.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for path in [place.path(), &program] {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let ran = Command::new(&program).args(["--exact", test]).current_dir("/").uid(65534).gid(65534).output();
    let ran = ran.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    false
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}
