//! What an adapter says of itself, beside what it does: the contract of a kind of channel.
//!
//! Whatever the rest of Liaison wants to know of a provider, it asks here. So an adapter is its own file or folder and one
//! line in the list of `open.rs`, and nothing elsewhere asks which provider a channel uses.

use std::{fmt, sync::Arc};

use crate::{
    Inbox, Sender,
    address::EmailAddress,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    inbound_reading::ReadWebhook,
    mail_dns::MailFrom,
    message::ChannelId,
    sender::Carries,
};

/// How mail comes into a mailbox that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// By a mail server, and new mail to its addresses arrives here.
    ByMail,
    /// By a mail server, but new mail arrives in another folder of the account.
    ByMailElsewhere,
    /// Not by mail: what is sent to its addresses need not come.
    Otherwise,
}

/// A kind of channel, implemented by the settings of its adapter: one section of the school's settings.
///
/// The settings also read themselves ([`Deserialize`](serde::Deserialize), with `deny_unknown_fields`), and hold no
/// secret, for they can be printed: secrets are named by file.
pub trait Kind: fmt::Debug + Send + Sync + 'static {
    /// The word for it in the settings: `kind = "twilio"`.
    fn name() -> &'static str
    where
        Self: Sized;

    /// The forms in which texts that came by it are kept, and how each is read again, for as long as a school keeps them.
    /// None for a kind that takes no texts; mail has a form of its own, [`RawForm::MAIL`].
    fn forms() -> &'static [(RawForm, ReadAgain)]
    where
        Self: Sized,
    {
        &[]
    }

    /// How `liaison inspect webhook` reads a request of the provider's, with everything given by hand; `None` where it
    /// cannot.
    fn webhook() -> Option<ReadWebhook>
    where
        Self: Sized,
    {
        None
    }

    /// What kind of message it takes; `None` for a mailbox, which is read.
    fn carries(&self) -> Option<Carries>;

    /// Whether anything from carers can arrive by it.
    fn hears(&self) -> bool;

    /// Opens it to send, as the channel `id`. Reaches nothing yet. A mailbox keeps the refusal.
    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Err(OpenError(format!("channel {id}: it is a mailbox that is read; nothing is sent by it")))
    }

    /// Opens it to read, as the channel `id`. Reaches nothing yet. What sends keeps the refusal.
    fn open_inbox(&self, id: ChannelId) -> Result<Box<dyn Inbox>, OpenError> {
        Err(OpenError(format!("channel {id}: it sends; nothing is read from it")))
    }

    /// The addresses whose mail arrives in this mailbox; those that cannot be read are left out, for opening refuses them.
    /// None for a channel that sends.
    fn own_addresses(&self) -> Vec<EmailAddress> {
        Vec::new()
    }

    /// How mail comes into this mailbox: only where a mail server fills it can a mail that is sent to it prove it.
    fn filled(&self) -> Filled {
        Filled::Otherwise
    }

    /// The domains mail is sent for, of which `liaison check` looks up SPF, DKIM and DMARC; `None` where nothing is sent by
    /// mail, or by somebody else's domain, or where the settings do not read.
    fn mail_from(&self) -> Option<MailFrom> {
        None
    }
}
