//! The one list of adapters: a new channel touches its own file and this one.

use std::sync::Arc;

use crate::{
    Sender,
    error::OpenError,
    folder::{Folder, FolderConfig},
    message::ChannelId,
    smtp::{Smtp, SmtpConfig},
    twilio::{Twilio, TwilioConfig},
};

/// The settings of one channel, by its `kind`.
#[derive(Debug, Clone)]
pub enum ChannelConfig {
    /// `kind = "smtp"`.
    Smtp(SmtpConfig),
    /// `kind = "twilio"`.
    Twilio(TwilioConfig),
    /// `kind = "folder"`.
    Folder(FolderConfig),
}

/// Opens a channel. Reaches nothing yet: `probe` and `send` do.
pub fn open(id: ChannelId, config: &ChannelConfig) -> Result<Arc<dyn Sender>, OpenError> {
    Ok(match config {
        ChannelConfig::Smtp(config) => Arc::new(Smtp::open(id, config)?),
        ChannelConfig::Twilio(config) => Arc::new(Twilio::open(id, config)?),
        ChannelConfig::Folder(config) => Arc::new(Folder::open(id, config)?),
    })
}
