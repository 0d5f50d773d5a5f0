//! Long texts whose provider posts them part by part: the parts are joined when all are there, or when the wait is over. Every part
//! stays kept as it came, and the joined text holds the bytes of all of them.

use jiff::SignedDuration;
use liaison_channels::inbound::{ArrivedText, RawForm, joined, read_text};

use super::{
    FlowError,
    gateway::Gateway,
    keep::{hex, sha256},
};
use crate::{
    domain::{ids::ReceivedId, time::Timestamp},
    store::{
        StoreError, Tx,
        inbox::{self, NewReceived, Part},
        text_parts::{self, Kept},
    },
};

/// So long the parts of one text wait for each other. A provider uses its marks again, so older ones are another text's.
const WAIT: SignedDuration = SignedDuration::from_mins(15);

/// Which part of which text this is; the mark is a digest, so that no number stands where it is kept.
pub(super) fn of(channel: &str, text: &ArrivedText) -> Option<Part> {
    let part = text.part.as_ref().filter(|part| (1..=part.total).contains(&part.number))?;
    let said = [channel, text.from.expose(), text.to.expose(), &part.of, &part.total.to_string()].join("\n");
    Some(Part { of: hex(&sha256(said.as_bytes())), number: part.number, total: part.total })
}

/// Joins a text if its last part has just come.
pub(super) async fn join_whole(
    tx: &mut Tx,
    channel: &str,
    of: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let since = now.saturating_sub(WAIT).unwrap_or(now);
    let parts = text_parts::take_whole(tx, of, since).await?;
    if parts.is_empty() {
        return Ok(());
    }
    put(tx, channel, &parts, now).await
}

/// Joins what came of texts that waited too long for the rest; where a part is missing, the words say so. Returns how many.
pub async fn join_overdue(gateway: &Gateway) -> Result<usize, FlowError> {
    let now = gateway.now();
    let before = now.saturating_sub(WAIT).unwrap_or(now);
    let mut tx = gateway.store.begin().await?;
    let overdue = text_parts::overdue(&mut tx, before).await?;
    for (channel, of, since) in &overdue {
        text_parts::lock(&mut tx, of).await?;
        // What came later under the same mark is another text's.
        let until = since.saturating_add(WAIT).unwrap_or(now);
        let parts = text_parts::take(&mut tx, of, (*since, Some(until))).await?;
        if !parts.is_empty() {
            put(&mut tx, channel, &parts, now).await?;
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(overdue.len())
}

/// Puts the parts before the reader as one message; where they do not fit together, each by itself.
async fn put(tx: &mut Tx, channel: &str, parts: &[Kept], now: Timestamp) -> Result<(), FlowError> {
    let raws: Vec<(RawForm, &[u8])> =
        parts.iter().map(|part| (part.form, part.raw.expose().as_slice())).collect();
    let raw = joined(&raws);
    let Some(text) = read_text(RawForm::JOINED_TEXT, &raw) else {
        let each: Vec<ReceivedId> = parts.iter().map(|part| part.id).collect();
        return Ok(text_parts::put_before_reader(tx, &each).await?);
    };
    let row = NewReceived {
        id: ReceivedId::new(),
        form: RawForm::JOINED_TEXT,
        once: format!("joined {}", text.reference.0),
        digest: sha256(&raw),
        raw: &raw,
        left_out: 0,
        place: None,
        received_at: parts.iter().map(|part| part.received_at).min().unwrap_or(now),
        trouble: None,
        part: None,
    };
    inbox::keep(tx, channel, &[row], now).await?;
    Ok(())
}
