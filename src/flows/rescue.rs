//! Takes over what a dead daemon had: its claims go back, what it had on the wire is in doubt.

use jiff::SignedDuration;

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::chronology::{Entry, kind},
    store::{StoreError, chronology, doubt},
};

/// Takes over from the daemons that have not been seen for the lease. Returns how many messages are in doubt.
pub async fn rescue(gateway: &Gateway) -> Result<usize, FlowError> {
    let now = gateway.now();
    let lease = SignedDuration::try_from(gateway.patience.lease).unwrap_or(SignedDuration::MAX);
    let cutoff = now.saturating_sub(lease).unwrap_or(now);
    let mut tx = gateway.store.begin().await?;
    let orphans = doubt::rescue(&mut tx, cutoff, now).await?;
    let entries: Vec<Entry> = orphans
        .iter()
        .map(|orphan| {
            let sentence = format!("on the wire by {} when a daemon died: it may have gone", orphan.channel);
            Entry::now(now, kind::IN_DOUBT, sentence)
                .about(orphan.carer, orphan.pupil)
                .carrying(orphan.carried)
                .delivery(orphan.id)
        })
        .collect();
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if !orphans.is_empty() {
        tracing::warn!(in_doubt = orphans.len(), "took over from a daemon that died");
    }
    Ok(orphans.len())
}
