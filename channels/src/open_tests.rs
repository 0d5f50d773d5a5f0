//! That the list is whole, and that what comes from it holds for everything on it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use super::*;
use crate::inbound_reading::webhook_kinds;

/// Whether some file of a module is an adapter's: it fulfils the contract of what sends, or of what is read.
fn is_adapter(path: &Path) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().any(|entry| is_adapter(&entry.unwrap().path()));
    }
    let code = fs::read_to_string(path).unwrap();
    code.lines().any(|line| line.starts_with("impl Sender for ") || line.starts_with("impl Inbox for "))
}

#[test]
fn every_adapter_in_the_house_is_on_the_list_and_nothing_else_is() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let adapters: BTreeSet<String> = fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_adapter(path))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();

    assert_eq!(adapters, MODULES.iter().map(|module| (*module).to_owned()).collect());
}

#[test]
fn no_two_kinds_have_the_same_word() {
    let words: BTreeSet<_> = ChannelConfig::kinds().collect();

    assert_eq!(words.len(), MODULES.len());
}

#[test]
fn a_section_is_read_by_its_kind_and_a_setting_that_the_kind_does_not_have_is_an_error() {
    for kind in ChannelConfig::kinds() {
        let why = ChannelConfig::read(kind, json!({"pigeon": true})).unwrap_err().to_string();

        assert!(why.starts_with("unknown field `pigeon`"), "{kind}: {why}");
    }
    let folder =
        ChannelConfig::read("folder", json!({"path": "/a", "carries": "letter", "from": "Hill School"}));

    let folder = folder.unwrap();
    assert_eq!((folder.kind(), folder.carries()), ("folder", Some(Carries::Letter)));
}

#[test]
fn a_kind_that_is_not_on_the_list_is_told_those_that_are() {
    let why = ChannelConfig::read("pigeon", json!({})).unwrap_err().to_string();

    assert_eq!(
        why,
        "kind must be one of smtp, twilio, govuk_notify, sinch, vonage, http, folder, imap, maildir, inbox_folder"
    );
}

#[test]
fn requests_are_inspected_of_every_provider_that_signs_in_a_way_of_its_own() {
    assert_eq!(webhook_kinds().collect::<Vec<_>>(), ["twilio", "govuk_notify", "sinch", "vonage"]);
}

#[test]
fn a_channel_opens_one_way_only() {
    let id = || ChannelId::parse("a").unwrap();
    let home = tempfile::tempdir().unwrap();
    let sends = json!({"path": home.path().join("out"), "carries": "letter", "from": "Hill School"});
    let sends = ChannelConfig::read("folder", sends).unwrap();
    let is_read = json!({"path": home.path().join("in"), "addresses": ["parents@hill.example"]});
    let is_read = ChannelConfig::read("inbox_folder", is_read).unwrap();

    assert!(open(id(), &sends).is_ok() && open_inbox(id(), &is_read).is_ok());
    assert_eq!((sends.is_inbox(), is_read.is_inbox()), (false, true));
    let refused = open(id(), &is_read).err().unwrap();
    assert_eq!(refused.0, "channel a: it is a mailbox that is read; nothing is sent by it");
    let refused = open_inbox(id(), &sends).err().unwrap();
    assert_eq!(refused.0, "channel a: it sends; nothing is read from it");
}

#[test]
fn only_a_mailbox_that_a_mail_server_fills_can_be_proved_by_a_mail() {
    let filled = |kind, section| ChannelConfig::read(kind, section).unwrap().filled();
    let imap = |mailbox| json!({"host": "imap.hill.example", "username": "a", "password_file": "p", "addresses": [], "mailbox": mailbox});
    let folder = json!({"path": "/a", "addresses": []});

    assert_eq!(filled("imap", imap("inbox")), Filled::ByMail);
    assert_eq!(filled("imap", imap("INBOX/Carers")), Filled::ByMailElsewhere);
    assert_eq!(filled("maildir", folder.clone()), Filled::ByMail);
    assert_eq!(filled("inbox_folder", folder), Filled::Otherwise);
}
