//! The contract of a channel that sends.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    cost::Cost,
    error::SendError,
    inbound::KeptText,
    message::{ChannelId, OurRef, Outgoing, ProviderRef},
    pace::Pace,
    receipt::{Callback, Receipt},
    text::Alphabet,
    wire_log::WireLog,
};

/// What kind of address a channel writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carries {
    /// Email.
    Mail,
    /// Texts.
    Text,
    /// Letters, printed and posted by the provider.
    Letter,
}

impl Carries {
    /// What it carries, in the plural.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Text => "texts",
            Self::Letter => "letters",
        }
    }
}

/// What a channel can do, fixed while it is open.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Mail, texts or letters.
    pub carries: Carries,
    /// How many messages may be on the wire at once. At least 1.
    pub in_flight: usize,
    /// Which letters a text may hold; `None` for mail and letters.
    pub alphabet: Option<Alphabet>,
    /// Whether a carer can answer to what this channel sends from (a name as sender cannot be answered).
    pub can_be_answered: bool,
    /// What its texts cost, and how many may leave in a month: the gateway's to keep to.
    pub cost: Cost,
}

/// A message was taken by the server or the provider. It is not yet delivered.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the provider calls it.
    pub reference: ProviderRef,
    /// The provider's words, such as the final SMTP reply, for the attempt's record only: they may repeat the message.
    pub said: String,
    /// What was said on the wire, struck out.
    pub wire: WireLog,
}

impl Accepted {
    /// A message that was taken, without what was said on the wire: see [`WireLog::on`].
    pub fn new(reference: ProviderRef, said: impl Into<String>) -> Self {
        Self { reference, said: said.into(), wire: WireLog::default() }
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// The answer to "did you take it?"
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Yes, and this is what it is called there.
    Yes(ProviderRef),
    /// No: it was never taken; a new attempt cannot double it.
    No,
    /// It cannot be asked now, but the provider reports on every message under our reference: wait for that, and ask a person
    /// only if none comes within some minutes.
    NotYet,
    /// This channel has no way of knowing.
    CannotTell,
}

/// What a look-up found, with what was said on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The answer.
    pub found: Found,
    /// What was said on the wire, struck out; empty where nobody can be asked.
    pub wire: WireLog,
}

impl From<Found> for Finding {
    fn from(found: Found) -> Self {
        Self { found, wire: WireLog::default() }
    }
}

/// The question "did you take it?", asked after a crash or a cut line.
#[derive(Debug, Clone)]
pub struct Lookup<'a> {
    /// Our reference.
    pub reference: OurRef,
    /// The message as it was, to compare with what the provider lists.
    pub message: &'a Outgoing,
    /// When the attempt began: nothing older can be it.
    pub since: Timestamp,
    /// Messages of the provider's that are known to be other deliveries of ours (two carers may share a number and
    /// be told the same words).
    pub known: &'a [ProviderRef],
}

/// A channel that sends. Every adapter keeps these promises, and `conformance` checks them:
///
/// * `send` hands one message over once; it never repeats by itself, and it always returns, within the deadlines of
///   its settings;
/// * `Ok` means the other side said it has the message; [`Went::No`](crate::error::Went::No) means it certainly has
///   not; everything else is [`Went::Perhaps`](crate::error::Went::Perhaps);
/// * cancelling a `send` (dropping its future) harms no later one;
/// * no more than [`Limits::in_flight`] messages are on the wire at once;
/// * what was said on the wire rides on what `send` and `find` return, on failures too, without a secret or a word of the
///   message ([`wire_log`](crate::wire_log));
/// * neither an error's `Display` nor its `Debug`, nor a log line, holds an address, a name or a word of the message.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The configured name.
    fn id(&self) -> &ChannelId;

    /// What it can do.
    fn limits(&self) -> &Limits;

    /// How fast it may go, and whether it has been told to wait. Asked by the worker before each group.
    fn pace(&self) -> &Pace;

    /// Hands the message over, once.
    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError>;

    /// Asks whether a message in doubt was taken.
    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError>;

    /// Proves the settings (reach, login, sender) without writing to anybody. `Ok` is a sentence for `liaison check`.
    async fn probe(&self) -> Result<String, SendError>;

    /// Closes parked connections politely; called once at a soft stop.
    async fn close(&self) {}

    /// The texts that arrived since, from the provider's own list, oldest first; `None` where it keeps no list. It
    /// closes the hole that a missed post leaves.
    async fn received(&self, _since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        Ok(None)
    }

    /// How far the messages have come that were handed over since, from the provider's own list; `None` where it keeps
    /// none. It closes the hole that a missed post leaves, and is all there is where the provider posts nothing.
    async fn receipts(&self, _since: Timestamp) -> Result<Option<Vec<Receipt>>, SendError> {
        Ok(None)
    }

    /// Reads what the provider posts to us: how messages fare that it took, and texts that arrived; `None` when it posts
    /// nothing.
    fn callback(&self) -> Option<&dyn Callback> {
        None
    }
}
