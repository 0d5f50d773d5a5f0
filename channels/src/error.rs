//! What can go wrong with a message, told as whose turn it is.

use std::{fmt, time::Duration};

use crate::{private::Private, wire_log::WireLog};

/// Whose turn it is after a failure.
///
/// Anything an adapter has no entry for is [`Fault::Temporary`]: ours, later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Try again later, by the retry schedule.
    Temporary,
    /// The server or provider cannot be reached, or fails before a message is spoken of: the whole channel rests, and no
    /// message's tries run out.
    Unreachable,
    /// The provider said "slow down": the whole channel waits, for as long as it named if it named a time.
    Throttled {
        /// How long the provider asked us to wait.
        wait: Option<Duration>,
    },
    /// This address cannot be reached: another route, and somebody checks the address.
    BadAddress,
    /// The recipient has opted out at the provider: another route, and the office is told.
    Stopped,
    /// This message will not be taken (content, policy): another route; the address stays good.
    Refused,
    /// Our settings are at fault (login, sender, account): the channel is held until IT mends it; no delivery fails.
    Misconfigured,
}

impl Fault {
    /// The word stored with the attempt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Unreachable => "unreachable",
            Self::Throttled { .. } => "throttled",
            Self::BadAddress => "bad_address",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Misconfigured => "misconfigured",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a failed hand-over may nevertheless have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Certainly not: safe to try again.
    No,
    /// Perhaps: the line was cut, or fell silent, after the whole message was given. Ask [`find`](crate::Sender::find).
    Perhaps,
}

/// Why a message was not handed over, or why nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{summary}")]
pub struct SendError {
    /// Whose turn it is.
    pub fault: Fault,
    /// Whether it may have gone all the same.
    pub went: Went,
    /// One sentence for staff and for the log, without personal data: what happened and what to do.
    pub summary: String,
    /// The provider's own code: `550 5.1.1`, `21610`, `HTTP 503`.
    pub code: Option<String>,
    /// The provider's own words, for the attempt's record only: they may repeat an address.
    pub said: Private<String>,
    /// What was said on the wire, struck out; empty if nothing was reached.
    pub wire: WireLog,
}

impl SendError {
    /// A failure that certainly sent nothing.
    pub fn not_sent(fault: Fault, summary: impl Into<String>) -> Self {
        Self {
            fault,
            went: Went::No,
            summary: summary.into(),
            code: None,
            said: Private::default(),
            wire: WireLog::default(),
        }
    }

    /// A failure after the whole message was given: it may have gone.
    pub fn in_doubt(summary: impl Into<String>) -> Self {
        Self { went: Went::Perhaps, ..Self::not_sent(Fault::Temporary, summary) }
    }

    /// The same, with the provider's code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same, with the provider's words.
    #[must_use]
    pub fn said(mut self, said: impl Into<String>) -> Self {
        self.said = Private::new(said.into());
        self
    }
}

/// Settings a channel cannot be opened with. The sentence says which setting and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);
