//! The one list of adapters: a new channel is its own file or folder, and one line here.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    Inbox, Sender,
    address::EmailAddress,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    inbound_reading::ReadWebhook,
    kind::{Filled, Kind},
    mail_dns::MailFrom,
    message::ChannelId,
    sender::Carries,
};

/// Makes of the list what asks for each kind by its type.
macro_rules! the_list {
    ($($module:ident::$config:ident),+ $(,)?) => {
        /// Every kind, in the order of the list.
        pub(crate) fn listed() -> impl Iterator<Item = Listed> {
            [$(Listed::of::<crate::$module::$config>()),+].into_iter()
        }

        impl ChannelConfig {
            /// Reads a section of the settings, without its `kind`, as a channel of that kind. The errors are the
            /// deserializer's own, so that it can say which setting is wrong; an unknown kind is one of them.
            pub fn read<'de, D: Deserializer<'de>>(kind: &str, section: D) -> Result<Self, D::Error> {
                $(if kind == <crate::$module::$config as Kind>::name() {
                    return crate::$module::$config::deserialize(section).map(Self::new);
                })+
                let known: Vec<_> = Self::kinds().collect();
                Err(D::Error::custom(format!("kind must be one of {}", known.join(", "))))
            }
        }

        /// The module of each kind.
        #[cfg(test)]
        const MODULES: &[&str] = &[$(stringify!($module)),+];
    };
}

the_list! {
    smtp::SmtpConfig,
    twilio::TwilioConfig,
    govuk_notify::GovukNotifyConfig,
    sinch::SinchConfig,
    vonage::VonageConfig,
    http::HttpConfig,
    folder::FolderConfig,
    imap::ImapConfig,
    inbox_maildir::MaildirConfig,
    inbox_folder::InboxFolderConfig,
}

/// What is known of a kind before any settings are read.
pub(crate) struct Listed {
    /// See [`Kind::name`].
    pub(crate) name: &'static str,
    /// See [`Kind::forms`].
    pub(crate) forms: &'static [(RawForm, ReadAgain)],
    /// See [`Kind::webhook`].
    pub(crate) webhook: Option<ReadWebhook>,
}

impl Listed {
    fn of<K: Kind>() -> Self {
        Self { name: K::name(), forms: K::forms(), webhook: K::webhook() }
    }
}

/// The settings of one channel, of whatever kind. A clone shares them.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    kind: &'static str,
    settings: Arc<dyn Kind>,
}

impl ChannelConfig {
    /// The settings of a channel, as their adapter has them.
    pub fn new<K: Kind>(settings: K) -> Self {
        Self { kind: K::name(), settings: Arc::new(settings) }
    }

    /// The words for all kinds that can stand in the settings.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        listed().map(|kind| kind.name)
    }

    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether it is read ([`open_inbox`]) rather than written to ([`open`]).
    pub fn is_inbox(&self) -> bool {
        self.carries().is_none()
    }

    /// What kind of message it takes; `None` for a mailbox, which is read.
    pub fn carries(&self) -> Option<Carries> {
        self.settings.carries()
    }

    /// Whether anything from carers can arrive by it.
    pub fn hears(&self) -> bool {
        self.settings.hears()
    }

    /// The addresses whose mail arrives in this mailbox; none for a channel that sends.
    pub fn own_addresses(&self) -> Vec<EmailAddress> {
        self.settings.own_addresses()
    }

    /// How mail comes into this mailbox.
    pub fn filled(&self) -> Filled {
        self.settings.filled()
    }

    /// The domains mail is sent for; `None` where there are none whose mail we answer for.
    pub fn mail_from(&self) -> Option<MailFrom> {
        self.settings.mail_from()
    }
}

/// Opens a channel that sends. Reaches nothing yet: `probe` and `send` do.
pub fn open(id: ChannelId, config: &ChannelConfig) -> Result<Arc<dyn Sender>, OpenError> {
    config.settings.open(id)
}

/// Opens a mailbox. Reaches nothing yet: `probe`, `standing` and `fetch` do.
pub fn open_inbox(id: ChannelId, config: &ChannelConfig) -> Result<Box<dyn Inbox>, OpenError> {
    config.settings.open_inbox(id)
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
