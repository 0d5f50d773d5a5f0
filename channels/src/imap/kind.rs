//! What a mailbox that is read over IMAP says of itself.

use super::{Imap, ImapConfig, config::readable_addresses};
use crate::{
    Inbox,
    address::EmailAddress,
    error::OpenError,
    kind::{Filled, Kind},
    message::ChannelId,
    sender::Carries,
};

impl Kind for ImapConfig {
    fn name() -> &'static str {
        "imap"
    }

    fn carries(&self) -> Option<Carries> {
        None
    }

    fn hears(&self) -> bool {
        true
    }

    fn open_inbox(&self, id: ChannelId) -> Result<Box<dyn Inbox>, OpenError> {
        Ok(Box::new(Imap::open(id, self)?))
    }

    fn own_addresses(&self) -> Vec<EmailAddress> {
        readable_addresses(&self.addresses)
    }

    fn filled(&self) -> Filled {
        if self.mailbox.eq_ignore_ascii_case("INBOX") { Filled::ByMail } else { Filled::ByMailElsewhere }
    }
}
