//! The contract of a mailbox that is read.
//!
//! Reading changes nothing in a mailbox: nothing is deleted, moved or marked, and whether somebody has read a mail says
//! nothing about whether we have. Where we stand is a [`Position`], which the caller keeps beside the mails themselves.
//! Only once a mail is kept may it be marked for those who look into the mailbox too ([`Inbox::kept`]).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{error::Fault, message::ChannelId, private::Private};

/// Where a mailbox stands now (RFC 9051 §2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// `UIDVALIDITY`: when it changes, every earlier UID is void.
    pub generation: u32,
    /// `UIDNEXT`: the next mail to arrive has this UID or a later one.
    pub next: u32,
}

/// How far a mailbox has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The `UIDVALIDITY` under which `after` was true.
    pub generation: u32,
    /// The last UID that was taken; 0: none.
    pub after: u32,
}

/// How much one fetch may bring.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Mails.
    pub mails: usize,
    /// Bytes. One mail always comes, however large it is.
    pub bytes: usize,
}

/// A mail as it lay in the mailbox.
#[derive(Debug, Clone)]
pub struct ArrivedMail {
    /// Its UID; rises within a generation.
    pub uid: u32,
    /// `INTERNALDATE`: when the server took it; `None` where it does not say.
    pub arrived_at: Option<Timestamp>,
    /// Its bytes, unchanged. Cut short where `left_out` is more than zero.
    pub raw: Private<Vec<u8>>,
    /// Bytes beyond the largest mail that is taken.
    pub left_out: u64,
    /// Why it could not be taken as it is: then `raw` holds what could be had, perhaps nothing, and a person looks.
    pub trouble: Option<String>,
}

/// What one fetch brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of their UIDs, every UID above the position and none twice.
    pub mails: Vec<ArrivedMail>,
    /// Everything up to this UID has been looked at: gaps are mails that were deleted by others.
    pub up_to: u32,
    /// Whether there may be more at once.
    pub more: bool,
}

/// Why a mailbox could not be read. The text holds neither an address nor a word of a mail.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{summary}")]
pub struct FetchError {
    /// Whose turn it is: `Misconfigured` is IT's, everything else is ours, later.
    pub fault: Fault,
    /// One sentence for staff and for the log: what happened and what to do.
    pub summary: String,
}

/// A mailbox that is read by one task at a time. Every method keeps its own deadlines and may be cancelled: the line is
/// then dropped and made anew at the next call.
#[async_trait]
pub trait Inbox: Send {
    /// The configured name.
    fn id(&self) -> &ChannelId;

    /// Whether a mailbox that is seen for the first time is read from its beginning, as a folder is, and not from now on.
    fn starts_at_the_beginning(&self) -> bool {
        false
    }

    /// Where the mailbox stands; connects where there is no connection.
    async fn standing(&mut self) -> Result<Standing, FetchError>;

    /// The mails after `position`, oldest first. Fails with [`Fault::Temporary`] when the generation is another by now:
    /// ask [`standing`](Self::standing) again.
    async fn fetch(&mut self, position: Position, most: Most) -> Result<Batch, FetchError>;

    /// The UIDs of the mails that lie here now, above `after`'s and at most `up_to`, rising, so that a caller can see whether
    /// it has them all: a mail that others deleted hides none that was passed over. Takes nothing and changes nothing. Fails
    /// as [`fetch`](Self::fetch) does.
    async fn listed(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, FetchError>;

    /// Everything up to `position` is kept for good: a mailbox whose settings ask for it marks those mails as read now.
    /// Nothing else may hang on it, for it may never be called, and may be called again. Fails when mails could not be
    /// marked; they are kept all the same, and it is tried again at the next call. The same failure is told once.
    async fn kept(&mut self, _position: Position) -> Result<(), FetchError> {
        Ok(())
    }

    /// Returns when something may have arrived, and after `limit` at the latest, by the wall clock. It proves nothing:
    /// fetch in any case.
    async fn wait(&mut self, limit: Duration) -> Result<(), FetchError>;

    /// Proves the settings: reach, login, mailbox. `Ok` is a sentence for `liaison check`.
    async fn probe(&mut self) -> Result<String, FetchError>;

    /// Says goodbye; called once at a soft stop.
    async fn close(&mut self) {}
}
