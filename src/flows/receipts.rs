//! Keeps what a provider tells us later, and moves the delivery: once, in any order, never backwards.

use jiff::SignedDuration;
use liaison_channels::{
    Sender,
    receipt::{Progress, Receipt},
    sender::Carries,
};

use super::{
    FlowError,
    gateway::Gateway,
    handed_over,
    settle::{after_failure, has_gone},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::State,
        ids::DeliveryId,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, chronology,
        outbox::{self, Move},
        receipts::{self, Kept, Target},
    },
};

/// How long a provider is asked about a message that it has taken: networks try for three days, and a letter is printed and posted
/// within a week. After that nothing more is to be expected.
const fn asked_for(carries: Carries) -> SignedDuration {
    SignedDuration::from_hours(match carries {
        Carries::Mail | Carries::Text => 24 * 3,
        Carries::Letter => 24 * 10,
    })
}

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

/// Asks a provider how far the messages have come of which nothing final is known: a post may have been missed, and some
/// providers post nothing. Returns how many moved; `None` where the provider keeps no list.
pub async fn catch_up(gateway: &Gateway, sender: &dyn Sender) -> Result<Option<usize>, FlowError> {
    let (channel, now) = (sender.id().as_str(), gateway.now());
    let from = now.saturating_sub(asked_for(sender.limits().carries)).unwrap_or(now);
    let since = receipts::untold_since(&mut *gateway.store.acquire().await?, channel, from).await?;
    // Where nothing waits to be told of, the provider is asked for nothing old.
    let since = since.map_or(now, |oldest| oldest.max(from));
    let Some(told) = sender.receipts(since).await.map_err(super::texts::unread)? else { return Ok(None) };
    let news = receipts::news(&mut *gateway.store.acquire().await?, channel, &told).await?;
    let news: Vec<_> = news.into_iter().filter_map(|place| told.get(place).cloned()).collect();
    let mut moved = 0;
    for some in news.chunks(100) {
        moved += keep(gateway, channel, some).await?;
    }
    Ok(Some(moved))
}

/// Keeps one receipt in the caller's transaction; says whether it moved a delivery.
pub(super) async fn keep_in(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    receipt: &Receipt,
) -> Result<bool, FlowError> {
    let ours = receipt.ours.map(|ours| DeliveryId(ours.0));
    let target = receipts::target(tx, channel, &receipt.reference.0, ours).await?;
    let kept = kept(channel, receipt, target.as_ref());
    if !receipts::keep(tx, &kept, gateway.now()).await? {
        return Ok(false);
    }
    follow(tx, gateway, channel, receipt, target).await
}

/// Reads what was told of messages before their names were known to us: a provider may post a receipt before we have read its
/// answer to the message.
pub(super) async fn read_early(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    names: &[String],
) -> Result<(), FlowError> {
    if names.is_empty() {
        return Ok(());
    }
    for receipt in receipts::early(tx, channel, names).await? {
        let target = receipts::target(tx, channel, &receipt.reference.0, None).await?;
        receipts::place(tx, &kept(channel, &receipt, target.as_ref())).await?;
        follow(tx, gateway, channel, &receipt, target).await?;
    }
    Ok(())
}

fn kept<'a>(channel: &'a str, receipt: &'a Receipt, target: Option<&Target>) -> Kept<'a> {
    Kept {
        channel,
        provider_ref: &receipt.reference.0,
        status: &receipt.status,
        code: receipt.code.as_deref(),
        progress: receipt.progress,
        delivery: target.map(|target| target.at.id),
        moved: target.is_some_and(|target| target.state.on_receipt(receipt.progress, target.named).is_some()),
    }
}

/// Moves the delivery that a receipt means, and does what follows from that.
async fn follow(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    receipt: &Receipt,
    target: Option<Target>,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let Some(target) = target else { return Ok(false) };
    if let (Some((letter, _)), State::Delivered, Progress::Failed(_)) =
        (target.letter, target.state, receipt.progress)
    {
        return handed_over::came_back(tx, gateway, channel, letter, &receipt.status).await;
    }
    let Some(next) = target.state.on_receipt(receipt.progress, target.named) else { return Ok(false) };
    let code = receipt.code.as_deref().map(|code| format!(" (code {code})")).unwrap_or_default();
    let mut to = Move::to(target.at.id, target.at.tries, next);
    to.provider_ref = Some(receipt.reference.0.clone());
    let (event, sentence) = match receipt.progress {
        Progress::Accepted | Progress::Sent => {
            (kind::DOUBT_RESOLVED, format!("{channel} reports that it has it"))
        }
        Progress::Delivered if target.letter.is_some() => {
            (kind::DELIVERED, format!("{channel} reports that it is printed and posted"))
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
    came_to(tx, gateway, channel, receipt.progress, &target, &sentence, now).await?;
    Ok(true)
}

async fn came_to(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    progress: Progress,
    target: &Target,
    sentence: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    match progress {
        Progress::Failed(failed) => {
            after_failure(tx, gateway, &target.at, failed.into(), sentence, now).await
        }
        Progress::Accepted | Progress::Sent | Progress::Delivered => {
            if let (Progress::Delivered, Some((letter, address))) = (progress, target.letter) {
                handed_over::was_posted(tx, channel, letter, address, now).await?;
            }
            // Whoever tells first that it went, the clock that waits for it is met.
            let answers: Vec<_> = target.at.carried.answer().into_iter().collect();
            has_gone(tx, gateway, &answers, now).await
        }
    }
}
