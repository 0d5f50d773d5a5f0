//! Keeps what a provider tells us later, and moves the delivery: once, in any order, never backwards.

use liaison_channels::receipt::{Progress, Receipt};

use super::{FlowError, gateway::Gateway, settle::after_failure};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::DeliveryId,
    },
    store::{
        StoreError, chronology,
        outbox::{self, Move},
        receipts::{self, Kept},
    },
};

/// Keeps receipts in one transaction, committed when this returns; only then may the provider be answered. Repeats
/// change nothing. Returns how many moved a delivery.
pub async fn keep(gateway: &Gateway, channel: &str, receipts: &[Receipt]) -> Result<usize, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut moved = 0;
    for receipt in receipts {
        moved += usize::from(keep_in(&mut tx, gateway, channel, receipt).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(moved)
}

/// Keeps one receipt in the caller's transaction; says whether it moved a delivery.
pub(super) async fn keep_in(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    channel: &str,
    receipt: &Receipt,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let ours = receipt.ours.map(|ours| DeliveryId(ours.0));
    let target = receipts::target(tx, channel, &receipt.reference.0, ours).await?;
    let next = target.as_ref().and_then(|target| target.state.on_receipt(receipt.progress, target.named));
    let kept = Kept {
        channel,
        provider_ref: &receipt.reference.0,
        status: &receipt.status,
        code: receipt.code.as_deref(),
        delivery: target.as_ref().map(|target| target.at.id),
        moved: next.is_some(),
    };
    if !receipts::keep(tx, &kept, now).await? {
        return Ok(false);
    }
    let (Some(target), Some(next)) = (target, next) else { return Ok(false) };
    let code = receipt.code.as_deref().map(|code| format!(" (code {code})")).unwrap_or_default();
    let mut to = Move::to(target.at.id, target.at.tries, next);
    to.provider_ref = Some(receipt.reference.0.clone());
    let (event, sentence) = match receipt.progress {
        Progress::Accepted | Progress::Sent => {
            (kind::DOUBT_RESOLVED, format!("{channel} reports that it has it"))
        }
        Progress::Delivered => (kind::DELIVERED, format!("{channel} reports that it arrived")),
        Progress::Failed(failed) => {
            let fault = liaison_channels::error::Fault::from(failed);
            let why = format!("{channel} reports that it did not arrive: {}{code}", receipt.status);
            to.fault = Some(fault.as_str());
            to.reason = Some(why.clone());
            (kind::FAILED, why)
        }
    };
    if outbox::settle(tx, &[to], &[target.state], now).await?.is_empty() {
        return Ok(false);
    }
    let entry = Entry::now(now, event, sentence.clone())
        .by(channel)
        .about(target.at.carer, target.at.pupil)
        .carrying(target.at.carried)
        .delivery(target.at.id);
    chronology::append(tx, &[entry]).await?;
    if let Progress::Failed(failed) = receipt.progress {
        after_failure(tx, gateway, &target.at, failed.into(), &sentence, now).await?;
    }
    Ok(true)
}
