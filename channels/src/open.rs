//! The one list of adapters: a new channel touches its own file and this one.

use std::sync::Arc;

use crate::{
    Inbox, Sender,
    address::EmailAddress,
    error::OpenError,
    folder::{Folder, FolderConfig},
    govuk_notify::{GovukNotify, GovukNotifyConfig},
    http::{Http, HttpConfig},
    imap::{Imap, ImapConfig},
    inbox_folder::{InboxFolder, InboxFolderConfig},
    inbox_maildir::{Maildir, MaildirConfig},
    message::ChannelId,
    sender::Carries,
    sinch::{Sinch, SinchConfig},
    smtp::{Smtp, SmtpConfig},
    twilio::{Twilio, TwilioConfig},
    vonage::{Vonage, VonageConfig},
};

/// The settings of one channel, by its `kind`.
#[derive(Debug, Clone)]
pub enum ChannelConfig {
    /// `kind = "smtp"`.
    Smtp(SmtpConfig),
    /// `kind = "twilio"`.
    Twilio(TwilioConfig),
    /// `kind = "govuk_notify"`.
    GovukNotify(GovukNotifyConfig),
    /// `kind = "http"`: a provider that is described in the settings.
    Http(Box<HttpConfig>),
    /// `kind = "sinch"`.
    Sinch(SinchConfig),
    /// `kind = "vonage"`.
    Vonage(VonageConfig),
    /// `kind = "folder"`.
    Folder(FolderConfig),
    /// `kind = "imap"`: a mailbox that is read.
    Imap(ImapConfig),
    /// `kind = "maildir"`: a mail server's mailbox on this machine.
    Maildir(MaildirConfig),
    /// `kind = "inbox_folder"`: a folder that is read as a mailbox.
    InboxFolder(InboxFolderConfig),
}

impl ChannelConfig {
    /// Whether it is read ([`open_inbox`]) rather than written to ([`open`]).
    pub const fn is_inbox(&self) -> bool {
        matches!(self, Self::Imap(_) | Self::Maildir(_) | Self::InboxFolder(_))
    }

    /// What kind of address it writes to; `None` for a mailbox, which is read.
    pub const fn carries(&self) -> Option<Carries> {
        match self {
            Self::Smtp(_) => Some(Carries::Mail),
            Self::Twilio(_) | Self::Sinch(_) | Self::Vonage(_) | Self::Http(_) => Some(Carries::Text),
            Self::GovukNotify(config) => Some(config.carries),
            Self::Folder(config) => Some(config.carries),
            Self::Imap(_) | Self::Maildir(_) | Self::InboxFolder(_) => None,
        }
    }

    /// Whether anything from carers can arrive by it.
    pub const fn hears(&self) -> bool {
        match self {
            Self::Imap(_)
            | Self::Maildir(_)
            | Self::InboxFolder(_)
            | Self::Twilio(_)
            | Self::Sinch(_)
            | Self::Vonage(_) => true,
            Self::GovukNotify(config) => config.can_be_answered && matches!(config.carries, Carries::Text),
            Self::Http(config) => config.texts.is_some(),
            Self::Smtp(_) | Self::Folder(_) => false,
        }
    }

    /// The addresses whose mail arrives in this mailbox; none for a channel that sends.
    pub fn own_addresses(&self) -> Vec<EmailAddress> {
        match self {
            Self::Imap(config) => config.own_addresses(),
            Self::Maildir(config) => config.own_addresses(),
            Self::InboxFolder(config) => config.own_addresses(),
            Self::Smtp(_)
            | Self::Twilio(_)
            | Self::GovukNotify(_)
            | Self::Http(_)
            | Self::Sinch(_)
            | Self::Vonage(_)
            | Self::Folder(_) => Vec::new(),
        }
    }
}

/// Opens a channel that sends. Reaches nothing yet: `probe` and `send` do.
pub fn open(id: ChannelId, config: &ChannelConfig) -> Result<Arc<dyn Sender>, OpenError> {
    Ok(match config {
        ChannelConfig::Smtp(config) => Arc::new(Smtp::open(id, config)?),
        ChannelConfig::Twilio(config) => Arc::new(Twilio::open(id, config)?),
        ChannelConfig::GovukNotify(config) => Arc::new(GovukNotify::open(id, config)?),
        ChannelConfig::Http(config) => Arc::new(Http::open(id, config)?),
        ChannelConfig::Sinch(config) => Arc::new(Sinch::open(id, config)?),
        ChannelConfig::Vonage(config) => Arc::new(Vonage::open(id, config)?),
        ChannelConfig::Folder(config) => Arc::new(Folder::open(id, config)?),
        ChannelConfig::Imap(_) | ChannelConfig::Maildir(_) | ChannelConfig::InboxFolder(_) => {
            return Err(OpenError(format!(
                "channel {id}: it is a mailbox that is read; nothing is sent by it"
            )));
        }
    })
}

/// Opens a mailbox. Reaches nothing yet: `probe`, `standing` and `fetch` do.
pub fn open_inbox(id: ChannelId, config: &ChannelConfig) -> Result<Box<dyn Inbox>, OpenError> {
    Ok(match config {
        ChannelConfig::Imap(config) => Box::new(Imap::open(id, config)?),
        ChannelConfig::Maildir(config) => Box::new(Maildir::open(id, config)?),
        ChannelConfig::InboxFolder(config) => Box::new(InboxFolder::open(id, config)?),
        ChannelConfig::Smtp(_)
        | ChannelConfig::Twilio(_)
        | ChannelConfig::GovukNotify(_)
        | ChannelConfig::Http(_)
        | ChannelConfig::Sinch(_)
        | ChannelConfig::Vonage(_)
        | ChannelConfig::Folder(_) => {
            return Err(OpenError(format!("channel {id}: it sends; nothing is read from it")));
        }
    })
}
