//! The sections of channels: each of a kind that is known, and nothing else. Consumer chat and personal mail have none.

use std::collections::BTreeMap;

use config::Value;
use liaison_channels::{ChannelConfig, message::ChannelId};

use super::Problems;

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
        self.table_by(&rest, &section, |rest| ChannelConfig::read(&kind, rest))
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
    fn every_example_in_the_manual_is_valid_when_uncommented() {
        let (_, examples) = DEFAULTS.split_once("# [channels.school-mail]").expect("examples");
        let toml =
            format!("[channels.school-mail]{}", examples.replace("\n# # ", "\n").replace("\n# ", "\n"));

        let settings = read_text(&toml.replace("\n#\n", "\n")).expect("valid examples");

        assert_eq!(settings.channels.len(), 11);
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
