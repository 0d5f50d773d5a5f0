//! What a provider tells us later about a message it took.

use std::fmt;

use crate::{
    error::Fault,
    inbound::{Event, RawForm},
    message::ProviderRef,
};

/// How far a message has come, in the only order in which a delivery may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// The provider has it and is working on it.
    Accepted,
    /// Handed to the carrier; not yet a receipt.
    Sent,
    /// Final: the handset or mailbox has it.
    Delivered,
    /// Final: it will not arrive.
    Failed(FailedAs),
}

/// Why a message the provider took did not arrive. A small `Ord` copy of [`Fault`] without its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailedAs {
    /// Try again later.
    Temporary,
    /// The address is at fault.
    BadAddress,
    /// The recipient opted out.
    Stopped,
    /// Not carried (filtered, blocked).
    Refused,
    /// Our account or settings.
    Misconfigured,
}

impl Progress {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Failed(FailedAs::Temporary),
        Self::Failed(FailedAs::BadAddress),
        Self::Failed(FailedAs::Stopped),
        Self::Failed(FailedAs::Refused),
        Self::Failed(FailedAs::Misconfigured),
    ];

    /// The word stored beside a receipt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed(FailedAs::Temporary) => "failed_temporary",
            Self::Failed(FailedAs::BadAddress) => "failed_bad_address",
            Self::Failed(FailedAs::Stopped) => "failed_stopped",
            Self::Failed(FailedAs::Refused) => "failed_refused",
            Self::Failed(FailedAs::Misconfigured) => "failed_misconfigured",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.as_str() == word)
    }
}

impl From<FailedAs> for Fault {
    fn from(failed: FailedAs) -> Self {
        match failed {
            FailedAs::Temporary => Self::Temporary,
            FailedAs::BadAddress => Self::BadAddress,
            FailedAs::Stopped => Self::Stopped,
            FailedAs::Refused => Self::Refused,
            FailedAs::Misconfigured => Self::Misconfigured,
        }
    }
}

/// One receipt, from an authenticated callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's name for the message.
    pub reference: ProviderRef,
    /// Our own reference, where the provider carries it back (in the callback's address).
    pub ours: Option<crate::message::OurRef>,
    /// How far it has come.
    pub progress: Progress,
    /// The provider's word for it, such as `undelivered`.
    pub status: String,
    /// The provider's error code, if it gave one.
    pub code: Option<String>,
}

/// A request as it reached our webhook.
#[derive(Debug, Clone)]
pub struct Posted<'a> {
    /// Path and query as they were called, starting with `/`.
    pub path_and_query: &'a str,
    /// Header names in lower case, with values.
    pub headers: &'a [(String, String)],
    /// The raw body.
    pub body: &'a [u8],
}

/// What is wrong with the proof of a post: what a count of refused posts is told by. Many that miss it are a setting at the
/// provider or a proxy of ours; many that are wrong, another secret or address; stale ones, a clock; any other, somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forgery {
    /// It has no proof.
    Missing,
    /// Its proof does not fit, is of a kind that is not accepted, or is there twice.
    Wrong,
    /// It was signed too long ago, or in our future.
    Stale,
    /// It uses what may be used once, such as a nonce, a second time, and is not the same post again.
    Replayed,
}

impl Forgery {
    /// The word for a count.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
            Self::Replayed => "replayed",
        }
    }
}

impl fmt::Display for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a posted request was not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    /// Nothing proves that it is the provider's. Answer 403, count it by its reason; keep nothing of the body.
    #[error("the proof of who sent this is {0}")]
    Forged(Forgery),
    /// Signed, but not in the provider's documented form.
    #[error("the request is signed but is not in the provider's documented form: {0}")]
    Unreadable(&'static str),
}

/// Reads a provider's posts.
pub trait Callback: Send + Sync {
    /// Checks the signature and returns what the post tells: receipts of messages we sent, and texts that arrived.
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved>;

    /// How the body of a post is to be read again, also of one that could not be read now.
    fn form(&self) -> RawForm;

    /// What to answer when all is kept: content type and body.
    fn answer(&self) -> (&'static str, &'static str) {
        ("text/plain; charset=utf-8", "")
    }
}

/// A header's one value. Two of them are ambiguous, and so forged.
pub(crate) fn only_header<'a>(
    headers: &'a [(String, String)],
    name: &str,
) -> Result<Option<&'a str>, NotBelieved> {
    let mut values = headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.next().is_some() { Err(NotBelieved::Forged(Forgery::Wrong)) } else { Ok(first) }
}
