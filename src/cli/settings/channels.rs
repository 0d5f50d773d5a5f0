//! The sections of channels: each of a kind that is known, and nothing else. Consumer chat and personal mail have none.

use std::collections::{BTreeMap, BTreeSet};

use config::Value;
use liaison_channels::{ChannelConfig, address::is_personal_mail, message::ChannelId};

use super::Problems;

/// Chats and mailboxes that people have for themselves, by the words that one might try: IT has no say over any of them, and no
/// record of what is said there (R70).
const CONSUMER: &[(&[&str], &str)] = &[
    (
        &[
            "whatsapp",
            "signal",
            "telegram",
            "messenger",
            "facebook",
            "instagram",
            "snapchat",
            "discord",
            "viber",
            "wechat",
            "imessage",
            "tiktok",
            "twitter",
        ],
        "is a consumer chat: nothing about a child goes by one. Carers are reached by email, text, phone call and letter",
    ),
    (
        &["gmail", "googlemail", "hotmail", "outlook", "live", "yahoo", "icloud", "aol", "protonmail"],
        "is personal mail: the school's mail goes by the school's own mail server, kind = \"smtp\", and is read from its own mailbox, \
         kind = \"imap\"; both serve Microsoft 365 and Google Workspace as well",
    ),
];

impl Problems {
    pub(super) fn channels(&mut self, value: Option<&Value>) -> BTreeMap<ChannelId, ChannelConfig> {
        let tables = value.and_then(|value| value.clone().into_table().ok()).unwrap_or_default();
        let mut channels = BTreeMap::new();
        for (name, value) in tables {
            let id = match ChannelId::parse(&name) {
                Ok(id) => id,
                Err(error) => {
                    self.0.push(error.to_string());
                    continue;
                }
            };
            if id.as_str() == crate::store::daemons::ALL_CHANNELS {
                self.0.push("a channel cannot be called all: that word means every channel".to_owned());
                continue;
            }
            if let Some(channel) = self.one_channel(&name, value) {
                channels.insert(id, channel);
            }
        }
        channels
    }

    fn one_channel(&mut self, name: &str, value: Value) -> Option<ChannelConfig> {
        let section = format!("channels.{name}");
        let mut table = value.into_table().unwrap_or_default();
        let kind = table.remove("kind").and_then(|kind| kind.into_string().ok()).unwrap_or_default();
        let rest = Value::new(None, config::ValueKind::Table(table));
        let word = kind.to_lowercase().replace(['_', '-', ' '], "");
        if let Some((_, why)) = CONSUMER.iter().find(|(words, _)| words.contains(&word.as_str())) {
            self.0.push(format!("[{section}]: {kind} {why}"));
            return None;
        }
        let channel = self.table_by(&rest, &section, |rest| ChannelConfig::read(&kind, rest))?;
        for domain in domains_of(&channel).into_iter().filter(|domain| is_personal_mail(domain)) {
            self.0.push(format!(
                "[{section}]: {domain} is personal mail, over which the school has no say: use an address of the school's own domain"
            ));
        }
        Some(channel)
    }

    pub(super) fn channel(
        &mut self,
        setting: &str,
        name: Option<&str>,
        channels: &BTreeMap<ChannelId, ChannelConfig>,
    ) -> Option<ChannelId> {
        let name = name?;
        let id = ChannelId::parse(name).ok().filter(|id| channels.contains_key(id));
        if id.is_none() {
            self.0.push(format!("sending.{setting} names {name}, but there is no section [channels.{name}]"));
        }
        id
    }
}

/// The domains that a channel sends mail for, or reads the mail of, each once.
fn domains_of(channel: &ChannelConfig) -> BTreeSet<String> {
    let sends = channel.mail_from().into_iter().flat_map(|mail| [mail.from, mail.envelope]);
    let reads = channel.own_addresses().into_iter().map(|address| address.domain().to_lowercase());
    sends.chain(reads).collect()
}

#[cfg(test)]
mod tests {
    use liaison_channels::ChannelConfig;

    use super::super::{DEFAULTS, read_text};

    #[test]
    fn a_channel_that_is_named_must_exist() {
        let told = read_text("[sending]\nemail_channel = \"school-mail\"\n").expect_err("a problem");

        assert!(told.to_string().contains("[channels.school-mail]"));
    }

    #[test]
    fn what_is_wrong_with_a_channel_is_told_in_the_same_words_whatever_its_kind() {
        let told = read_text(
            "[channels.a]\nkind = \"pigeon\"\n[channels.b]\npath = \"/b\"\n[channels.c]\nkind = \"folder\"\npath = \"/c\"\n\
             from = \"c\"\ncarries = \"text\"\npth = 1\nform = 2\n[channels.d]\nkind = \"imap\"\nhost = \"d\"\nport = \"x\"\n",
        );

        let mut told = told.expect_err("problems").0;
        told.sort();
        let kinds = "kind must be one of smtp, twilio, govuk_notify, sinch, vonage, http, folder, imap, maildir, inbox_folder";
        assert_eq!(
            told,
            [
                format!("[channels.a]: {kinds}"),
                format!("[channels.b]: {kinds}"),
                "[channels.c]: unknown field `form`, expected one of `path`, `carries`, `from`, `per_minute`, `cost`".to_owned(),
                "[channels.c]: unknown field `pth`, expected one of `path`, `carries`, `from`, `per_minute`, `cost`".to_owned(),
                "[channels.d]: invalid type: string \"x\", expected an integer for key `port`".to_owned(),
            ]
        );
    }

    #[test]
    fn consumer_chat_and_personal_mail_are_refused_with_what_to_use_instead() {
        for (settings, told) in [
            ("kind = \"whatsapp\"", "[channels.a]: whatsapp is a consumer chat"),
            ("kind = \"Facebook_Messenger\"", "[channels.a]: kind must be one of"),
            ("kind = \"gmail\"", "[channels.a]: gmail is personal mail"),
            (
                "kind = \"smtp\"\nhost = \"smtp.gmail.com\"\nfrom = \"Northfield <northfield@Gmail.com>\"",
                "[channels.a]: gmail.com is personal mail",
            ),
            (
                "kind = \"imap\"\nhost = \"imap.mail.me.com\"\nusername = \"n\"\npassword_file = \"/n\"\naddresses = [\"n@icloud.com\"]",
                "[channels.a]: icloud.com is personal mail",
            ),
        ] {
            let found = read_text(&format!("[channels.a]\n{settings}\n")).expect_err("a problem").0;

            assert!(matches!(found.as_slice(), [one] if one.starts_with(told)), "{found:?}");
        }
    }

    #[test]
    fn every_example_in_the_manual_is_valid_when_uncommented() {
        let (_, examples) = DEFAULTS.split_once("# [channels.school-mail]").expect("examples");
        let toml =
            format!("[channels.school-mail]{}", examples.replace("\n# # ", "\n").replace("\n# ", "\n"));

        let settings = read_text(&toml.replace("\n#\n", "\n")).expect("valid examples");

        assert_eq!(settings.channels.len(), 12);
    }

    #[test]
    fn every_shipped_description_of_a_provider_is_valid() {
        for shipped in [
            include_str!("../../../deploy/providers/esendex.toml"),
            include_str!("../../../deploy/providers/firetext.toml"),
        ] {
            let settings = read_text(shipped).expect("a valid description");

            assert_eq!(settings.channels.values().next().map(ChannelConfig::kind), Some("http"));
        }
    }
}
