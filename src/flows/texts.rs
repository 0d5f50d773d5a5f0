//! Finds the texts whose webhook call was missed, in the provider's own list.

use jiff::SignedDuration;
use liaison_channels::Sender;

use super::{FlowError, gateway::Gateway, keep};
use crate::{
    domain::time::Timestamp,
    store::{
        StoreError,
        inbox::{self, Place},
    },
};

/// How far back each look goes beyond the last: a provider's list may lag, and what is there twice is kept once.
const OVERLAP: SignedDuration = SignedDuration::from_hours(6);

/// One look at a channel's list: keeps what no webhook call has brought. The first look only notes the present. Returns
/// how many texts were missing here; `None` where the provider keeps no list.
pub async fn catch_up(gateway: &Gateway, sender: &dyn Sender) -> Result<Option<u64>, FlowError> {
    let channel = sender.id().as_str();
    let now = gateway.now();
    let known = inbox::place(&mut *gateway.store.acquire().await?, channel).await?;
    let place = Place {
        generation: 0,
        taken_to: 0,
        since: known.map_or(now, |place| place.since),
        looked_at: now,
        renumbered: false,
    };
    let since = known.map_or(now, |place| from(&place));
    let Some(texts) = sender.received(since).await.map_err(unread)? else { return Ok(None) };
    let first = place.since.saturating_sub(SignedDuration::from_mins(5)).unwrap_or(place.since);
    let ours: Vec<_> =
        texts.into_iter().filter(|text| text.text.sent_at.is_none_or(|sent_at| sent_at >= first)).collect();
    let new = keep::texts(gateway, channel, &ours).await?;
    let mut tx = gateway.store.begin().await?;
    inbox::note(&mut tx, channel, &place).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Some(new))
}

/// From when on to look: a little before the last good look, never before the first connection.
fn from(place: &Place) -> Timestamp {
    place.looked_at.saturating_sub(OVERLAP).unwrap_or(place.since).max(place.since)
}

pub(super) fn unread(error: liaison_channels::error::SendError) -> FlowError {
    FlowError::Fetch(liaison_channels::inbox::FetchError { fault: error.fault, summary: error.summary })
}
