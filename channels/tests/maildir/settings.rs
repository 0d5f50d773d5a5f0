//! What can be set, and what cannot.

use liaison_channels::{
    ChannelConfig, inbox_maildir::Maildir, inbox_maildir::MaildirConfig, message::ChannelId, open_inbox,
};
use serde_json::json;

use crate::kit::Mailbox;

#[test]
fn all_problems_are_told_at_once() {
    let maildir = Mailbox::new();
    let config = maildir.config(&json!({
        "path": "Maildir", "addresses": [], "state_dir": "state", "folders": ["Parents", ".Sent"],
    }));

    let told = Maildir::open(ChannelId::parse("parents-inbox").unwrap(), &config).unwrap_err().to_string();

    for key in ["channel parents-inbox", "path:", "addresses:", "state_dir:", "\".Sent\""] {
        assert!(told.contains(key), "{key} in {told}");
    }
}

#[test]
fn a_folder_below_cannot_lead_elsewhere() {
    let maildir = Mailbox::new();
    for name in ["", "../other", "a/b", ".", "a\nb"] {
        let config = maildir.config(&json!({"folders": [name]}));

        assert!(Maildir::open(ChannelId::parse("a").unwrap(), &config).is_err(), "{name:?}");
    }
}

#[test]
fn an_unknown_key_is_an_error() {
    let settings = json!({"path": "/a", "addresses": [], "mark_read": true});

    assert!(serde_json::from_value::<MaildirConfig>(settings).is_err());
}

#[test]
fn it_is_on_the_list_of_mailboxes_with_its_addresses() {
    let config = ChannelConfig::new(Mailbox::new().config(&json!({})));

    let inbox = open_inbox(ChannelId::parse("parents-inbox").unwrap(), &config).unwrap();

    assert_eq!(inbox.id().as_str(), "parents-inbox");
    assert!(config.is_inbox() && config.hears());
    assert_eq!(config.own_addresses().len(), 1);
    assert!(liaison_channels::open(ChannelId::parse("a").unwrap(), &config).is_err());
}
