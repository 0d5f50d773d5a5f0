//! What a Maildir that is read says of itself.

use super::{Maildir, MaildirConfig};
use crate::{
    Inbox,
    address::EmailAddress,
    error::OpenError,
    imap::readable_addresses,
    kind::{Filled, Kind},
    message::ChannelId,
    sender::Carries,
};

impl Kind for MaildirConfig {
    fn name() -> &'static str {
        "maildir"
    }

    fn carries(&self) -> Option<Carries> {
        None
    }

    fn hears(&self) -> bool {
        true
    }

    fn open_inbox(&self, id: ChannelId) -> Result<Box<dyn Inbox>, OpenError> {
        Ok(Box::new(Maildir::open(id, self)?))
    }

    fn own_addresses(&self) -> Vec<EmailAddress> {
        readable_addresses(&self.addresses)
    }

    fn filled(&self) -> Filled {
        Filled::ByMail
    }
}
