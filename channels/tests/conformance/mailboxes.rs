//! The mailboxes that the kit is let loose on.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::PathBuf};

use async_trait::async_trait;
use liaison_channels::{
    Inbox, conformance::mailbox::Mailbox, fakes::dovecot::Dovecot, imap::Imap, inbox_folder::InboxFolder,
    inbox_maildir::Maildir, message::ChannelId,
};
use serde_json::json;
use tempfile::TempDir;

fn id() -> ChannelId {
    ChannelId::parse("school-inbox").unwrap()
}

fn mail(number: usize) -> String {
    format!("From: Amina <amina@post.example>\r\nSubject: Mail {number}\r\n\r\nLine {number}\r\n")
}

/// Files in a folder: `.eml`, or the names of a Maildir's.
pub(crate) struct Files<I> {
    inbox: I,
    place: TempDir,
    /// Of each mail, in the order they came.
    paths: Vec<PathBuf>,
    at: fn(usize) -> String,
}

impl Files<InboxFolder> {
    pub(crate) fn folder() -> Self {
        let place = TempDir::new().unwrap();
        let config = json!({"path": place.path(), "addresses": ["parents@northfield.example"]});
        let inbox = InboxFolder::open(id(), &serde_json::from_value(config).unwrap()).unwrap();
        Self { inbox, place, paths: Vec::new(), at: |number| format!("{number}.eml") }
    }
}

impl Files<Maildir> {
    pub(crate) fn maildir() -> Self {
        let place = TempDir::new().unwrap();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir(place.path().join(part)).unwrap();
        }
        let config = json!({"path": place.path(), "addresses": ["parents@northfield.example"]});
        let inbox = Maildir::open(id(), &serde_json::from_value(config).unwrap()).unwrap();
        Self { inbox, place, paths: Vec::new(), at: |number| format!("new/{number}.host") }
    }
}

#[async_trait]
impl<I: Inbox> Mailbox for Files<I> {
    fn inbox(&mut self) -> &mut dyn Inbox {
        &mut self.inbox
    }

    async fn arrives(&mut self) {
        let number = self.paths.len() + 1;
        let path = self.place.path().join((self.at)(number));
        let unfinished = self.place.path().join(".unfinished");
        fs::write(&unfinished, mail(number)).unwrap();
        fs::rename(unfinished, &path).unwrap();
        self.paths.push(path);
    }

    async fn is_removed(&mut self, number: usize) {
        fs::remove_file(&self.paths[number - 1]).unwrap();
    }
}

/// A real server.
pub(crate) struct Server {
    inbox: Imap,
    dovecot: Dovecot,
    mails: usize,
}

impl Server {
    pub(crate) fn start() -> Option<Self> {
        let dovecot = Dovecot::start()?;
        let config = serde_json::from_value(dovecot.settings(&json!({}))).unwrap();
        Some(Self { inbox: Imap::open(id(), &config).unwrap(), dovecot, mails: 0 })
    }
}

#[async_trait]
impl Mailbox for Server {
    fn inbox(&mut self) -> &mut dyn Inbox {
        &mut self.inbox
    }

    async fn arrives(&mut self) {
        self.mails += 1;
        self.dovecot.deliver(mail(self.mails).as_bytes());
    }

    async fn is_removed(&mut self, number: usize) {
        self.dovecot.expunge(u32::try_from(number).unwrap());
    }
}
