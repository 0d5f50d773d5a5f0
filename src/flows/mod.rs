//! What Liaison does: one file per deed. Each flow owns its transactions; nothing else begins one.

pub mod absences;
pub mod announced;
pub mod announcements;
mod announcing;
pub mod attachments;
pub mod audit;
pub mod calendar;
pub mod calls;
pub mod carers;
mod case_deeds;
pub mod cases;
pub mod channels;
pub mod clock;
pub mod colleagues;
pub mod complaint;
pub mod complaints;
mod confirming;
pub mod contacts;
pub mod coverage;
pub mod current;
pub mod deliver;
pub mod desk;
pub mod divert;
pub mod drafts;
mod elsewhere;
pub mod explain;
pub mod gateway;
pub mod give;
pub mod hand_off;
pub mod hand_off_sheet;
pub mod handed_over;
pub mod import;
pub mod keep;
pub mod kinds;
pub mod ladder;
pub mod letters;
pub mod life;
pub mod lists;
pub mod mailbox;
pub mod milestones;
pub mod month;
pub mod newsletters;
pub mod notices;
pub mod operate;
pub mod parts;
pub mod people;
mod planning;
pub mod play;
pub mod preview;
pub mod probe;
pub mod progress;
mod promise;
pub mod proposals;
pub mod questions;
pub mod queue;
pub mod receipts;
pub mod receive;
pub mod record_drop;
pub mod refused;
mod reply;
pub mod rescue;
pub mod resolve;
pub mod seal;
pub mod search;
pub mod second_person;
mod settle;
pub mod sign_in;
mod stopped;
pub mod tasks;
pub mod texts;
pub mod translating;
mod undo;
pub mod verify;
pub mod wording;

pub use clock::{Clock, SystemClock};

use liaison_channels::{error::Fault, inbox::FetchError};

use crate::store::StoreError;

/// Why a flow could not be carried out. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The database said no, or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mailbox or provider could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was asked cannot be done; the sentence says what to do instead.
    #[error("{0}")]
    Refused(String),
    /// The same, where one field of what was filled in is at fault.
    #[error("{sentence}")]
    At {
        /// The field, as forms name it.
        field: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
}

impl FlowError {
    /// What was filled in here cannot be taken; the sentence says what to do instead.
    pub fn at(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::At { field, sentence: sentence.into() }
    }

    /// The same refusal, naming the field that is at fault where none was named.
    #[must_use]
    pub fn or_at(self, field: &'static str) -> Self {
        match self {
            Self::Refused(sentence) => Self::At { field, sentence },
            other => other,
        }
    }

    /// Whether trying again later may help.
    pub const fn is_away(&self) -> bool {
        match self {
            Self::Store(error) => error.is_away(),
            Self::Fetch(error) => !matches!(error.fault, Fault::Misconfigured),
            Self::Refused(_) | Self::At { .. } => false,
        }
    }
}

/// 16 random bytes for the digest of a body.
#[expect(clippy::expect_used, reason = "a machine without randomness must not go on")]
pub(crate) fn salt() -> [u8; 16] {
    let random =
        ring::rand::generate(&ring::rand::SystemRandom::new()).expect("the system gives random bytes");
    random.expose()
}
