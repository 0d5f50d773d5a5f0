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
        match kind.as_str() {
            "smtp" => self.table(&rest, &section).map(ChannelConfig::Smtp),
            "twilio" => self.table(&rest, &section).map(ChannelConfig::Twilio),
            "govuk_notify" => self.table(&rest, &section).map(ChannelConfig::GovukNotify),
            "http" => self.table(&rest, &section).map(Box::new).map(ChannelConfig::Http),
            "sinch" => self.table(&rest, &section).map(ChannelConfig::Sinch),
            "vonage" => self.table(&rest, &section).map(ChannelConfig::Vonage),
            "folder" => self.table(&rest, &section).map(ChannelConfig::Folder),
            "imap" => self.table(&rest, &section).map(ChannelConfig::Imap),
            "maildir" => self.table(&rest, &section).map(ChannelConfig::Maildir),
            "inbox_folder" => self.table(&rest, &section).map(ChannelConfig::InboxFolder),
            _ => {
                self.0.push(format!(
                    "[{section}]: kind must be one of smtp, twilio, govuk_notify, sinch, vonage, http, folder, imap, maildir, inbox_folder"
                ));
                None
            }
        }
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

            assert!(matches!(settings.channels.values().next(), Some(ChannelConfig::Http(_))));
        }
    }
}
