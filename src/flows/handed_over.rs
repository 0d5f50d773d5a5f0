//! Letters that the office hands to a channel to be printed and posted: the hand-over, that one was posted, and that one came
//! back (R20). Before and after, each is a letter of the office's like any other.

use super::{
    FlowError,
    gateway::Gateway,
    letters::{LeftOut, a_letter, came_back_in},
    planning::as_json,
    tasks::{asked, close_row, no_task, open, state_in_words},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        gate::Decision,
        ids::{AddressId, DeliveryId, TaskId},
        people::Route,
        route::Fired,
        time::{Timestamp, school_date},
    },
    store::{
        StoreError, Tx, chronology, facts, letters,
        outbox::{self, NewDelivery},
        recording,
        tasks::{self, TaskRow},
    },
};

/// What became of letters that were to be handed over.
#[derive(Debug, Clone, Default)]
pub struct HandedOver {
    /// How many were.
    pub now: usize,
    /// Those that stay with the office.
    pub left_out: Vec<LeftOut>,
}

/// Hands letters to the channel that prints and posts them. The gate is asked for each of them now, and again when it leaves;
/// what the provider's printer may not do justice to stays here.
pub async fn hand_over(gateway: &Gateway, wanted: &[TaskId], by: &str) -> Result<HandedOver, FlowError> {
    let channel = gateway.carriers.letter.as_ref().ok_or_else(|| {
        FlowError::Refused("no channel that prints and posts letters is set up: print them here".to_owned())
    })?;
    // Always in one order, so that two batches that share letters wait for each other and do not lock each other out.
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut tx = gateway.store.begin().await?;
    let mut done = HandedOver::default();
    for id in wanted {
        recording::lock(&mut tx, id).await?.ok_or_else(|| no_task(id))?;
        let row = a_letter(&mut tx, id).await?;
        // Withdraws what may no longer go at all, and lets it rest on the child that gives the right to it.
        open(&mut tx, gateway, row, false).await?;
        let row = a_letter(&mut tx, id).await?;
        let stays = match may_be_handed_over(&mut tx, gateway, &row).await? {
            Ok(fired) => queue(&mut tx, gateway, &row, channel.as_str(), &fired, by).await?,
            Err(why) => Some(why),
        };
        match stays {
            None => done.now += 1,
            Some(why) => done.left_out.push(LeftOut { task: id, carer: row.carer_name, why }),
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

/// The rules that let it go, or why it stays here.
async fn may_be_handed_over(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
) -> Result<Result<Vec<Fired>, String>, FlowError> {
    if row.state != "open" {
        return Ok(Err(format!("it is {} already", state_in_words(&row.state).to_lowercase())));
    }
    let Some(carried) = row.carried else { return Ok(Err("it carries nothing of ours".to_owned())) };
    let sender = gateway.carriers.letter.as_ref().and_then(|id| gateway.senders.get(id));
    let limits = sender.map(|sender| sender.limits());
    Ok(match asked(tx, gateway, row, Route::Letter, carried, limits).await? {
        Some((Decision::Permit(permit), _)) => Ok(permit.fired().to_vec()),
        // It waits for its hour, or the rehearsal's list, where every message does.
        Some((Decision::Wait(_, _, fired) | Decision::Rehearsed(fired), _)) => Ok(fired),
        Some((Decision::NotThisWay(why, _), _)) => Err(format!("{}: print it here", why.sentence())),
        Some((Decision::NoRight(no, _), _)) => Err(no.sentence()),
        None => Err("what it was about is gone".to_owned()),
    })
}

/// Queues it, and closes the office's task; says why not, where it was handed over before.
async fn queue(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    channel: &str,
    fired: &[Fired],
    by: &str,
) -> Result<Option<String>, FlowError> {
    let now = gateway.now();
    let Some(carried) = row.carried else { return Ok(None) };
    let Some(message) = facts::message(tx, carried).await? else { return Ok(None) };
    let delivery = NewDelivery {
        id: DeliveryId::new(),
        carried,
        pupil: row.pupil,
        carer: row.carer,
        purpose: message.purpose,
        route: Route::Letter,
        channel: channel.to_owned(),
        not_before: now,
        follows: None,
        task: Some(row.id),
    };
    if outbox::insert(tx, std::slice::from_ref(&delivery), now).await?.is_empty() {
        return Ok(Some("it was handed over before and was not posted: print it here".to_owned()));
    }
    outbox::keep_choices(tx, &[(delivery.id.0, as_json(fired, &gateway.policy()))]).await?;
    let mut entry = Entry::now(now, kind::QUEUED, format!("{} queued by letter", message.purpose.in_words()))
        .by(by)
        .about(row.carer, row.pupil)
        .carrying(carried)
        .delivery(delivery.id);
    entry.task = Some(row.id);
    chronology::append(tx, &[entry]).await?;
    close_row(tx, row, true, by, &format!("handed to {channel}, to be printed and posted"), now).await?;
    Ok(None)
}

/// The channel reports that a letter was printed and posted: it stands among those posted from now on.
pub(super) async fn was_posted(
    tx: &mut Tx,
    channel: &str,
    letter: TaskId,
    address: Option<AddressId>,
    now: Timestamp,
) -> Result<(), FlowError> {
    if letters::posting(tx, letter).await?.is_none() {
        letters::insert_posting(tx, letter, school_date(now), address, channel, now).await?;
    }
    Ok(())
}

/// The channel reports that a letter came back to it: what a colleague would record of one that came back here. Says whether it
/// was news.
pub(super) async fn came_back(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    letter: TaskId,
    status: &str,
) -> Result<bool, FlowError> {
    recording::lock(tx, letter).await?;
    let Some(row) = tasks::find(tx, letter).await? else { return Ok(false) };
    let why = format!("{channel} reports that it came back: {}", status.replace('-', " "));
    came_back_in(tx, gateway, &row, &why, channel).await
}
