//! The contract of a place that takes records for the school's own recording system (CPOMS, Engage): a folder that somebody
//! or something picks them up from, or one day a partner's feed.
//!
//! What a sink promises, and the conformance kit checks:
//!
//! * When [`RecordSink::take`] has answered `Ok`, the record is there, whole, and stays there after a power cut.
//! * A record is there once, by its id: the same one again is the same one, not a second.
//! * When it answers with an error, nothing is there that somebody could take for the record; the error says whose turn it is,
//!   and taking it again later is safe. A sink that does not answer in time may still take it: taking it again is safe then too.
//! * Neither what a record is called there nor an error holds anything of what is in it.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{error::Fault, private::Private};

/// A record to be taken.
#[derive(Debug, Clone)]
pub struct Record {
    /// By which it is there once.
    pub id: Uuid,
    /// As text, ready to paste.
    pub plain: Private<String>,
    /// As CSV: a head and one row.
    pub csv: Private<String>,
}

/// Why a record was not taken. The text holds nothing of the record.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{summary}")]
pub struct SinkError {
    /// Whose turn it is: `Misconfigured` is IT's, everything else is ours, later.
    pub fault: Fault,
    /// One sentence for staff and for the log: what happened and what to do.
    pub summary: String,
}

/// A place that takes records.
#[async_trait]
pub trait RecordSink: Send + Sync {
    /// Takes a record. Keeps its own deadline.
    async fn take(&self, record: &Record) -> Result<(), SinkError>;

    /// Proves the settings and leaves nothing behind; a sentence of what was found.
    async fn probe(&self) -> Result<String, SinkError>;
}
