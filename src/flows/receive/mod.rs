//! Makes cases of what has arrived: reads the kept bytes, matches, opens or joins the carer's own case, starts its clock
//! and queues the acknowledgement, all in the transaction that takes the message from those that wait.
//!
//! * `understand`: from bytes to what they say; * `known`: what the record knows of a batch;
//! * `decide`: what is made of one message; `acknowledging`: its acknowledgement; * `outcome`: the rows, written at once;
//! * `bounce`, `confirm` and `wish`: messages about our own messages, answers of new addresses, and opt-outs by text.

mod acknowledging;
mod bounce;
mod confirm;
mod decide;
mod known;
mod outcome;
mod owed;
mod understand;
mod wish;

use std::sync::Arc;

use liaison_channels::{inbound::OptOut, reading::Hints};

use self::{
    decide::Deciding,
    known::Known,
    outcome::Outcome,
    understand::{Message, understand},
};
use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{
        ids::ReceivedId,
        opt_out::{Wish, text_wish},
        people::Route,
    },
    store::{
        StoreError, Tx, attachments,
        inbox::{self, Waiting},
        probes,
    },
};

/// One batch: as many messages, and as many bytes, as are read at once.
const MOST_MESSAGES: i64 = 250;
const MOST_BYTES: i64 = 6 * 1024 * 1024;
/// After so many tries a message is put before a person as it is.
const MOST_TRIES: i16 = 3;

/// Understands the next batch of what waits; returns how many messages that was. A message that cannot be dealt with is
/// tried by itself, and after that goes to a person: it never holds up the others.
pub async fn step(gateway: &Gateway) -> Result<usize, FlowError> {
    match batch(gateway, MOST_MESSAGES).await {
        Ok(done) => Ok(done),
        Err(error) if error.is_away() => Err(error),
        Err(error) => {
            tracing::warn!("a batch of arrived messages is gone through one by one: {error}");
            one_by_one(gateway).await
        }
    }
}

/// The same, message by message, until one more batch is through.
async fn one_by_one(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut done = 0;
    for _ in 0..MOST_MESSAGES {
        match batch(gateway, 1).await {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.is_away() => return Err(error),
            Err(error) => {
                put_back_first(gateway).await?;
                tracing::error!(
                    "an arrived message could not be dealt with and will be tried again: {error}"
                );
                done += 1;
            }
        }
    }
    Ok(done)
}

async fn put_back_first(gateway: &Gateway) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let first: Vec<_> = inbox::waiting(&mut tx, 1, MOST_BYTES).await?.iter().map(|one| one.id).collect();
    inbox::put_back(&mut tx, &first).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn batch(gateway: &Gateway, most: i64) -> Result<usize, FlowError> {
    let mut tx = gateway.store.begin().await?;
    inbox::one_reader(&mut tx).await?;
    let waiting = inbox::waiting(&mut tx, most, MOST_BYTES).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let count = waiting.len();
    let hints = Arc::new(Hints { own: gateway.own.clone(), envelope_from: None });
    let (worn_out, fresh): (Vec<Waiting>, Vec<Waiting>) =
        waiting.into_iter().partition(|one| one.tries >= MOST_TRIES);
    let key = gateway.reply_key(&mut tx).await?;
    let messages = understand(fresh, hints, gateway.reading, &key).await;
    let mut messages = messages.ok_or_else(|| {
        FlowError::Refused("a batch of messages took too long to read; each is read alone".to_owned())
    })?;
    messages.extend(worn_out.iter().map(Message::given_up));
    let back = come_back(&messages);
    let known = probes::known(&mut tx, &back.iter().map(|(_, id, _)| *id).collect::<Vec<_>>()).await?;
    let back: Vec<_> = back.into_iter().filter(|(_, id, _)| known.contains(id)).collect();
    for message in messages.iter_mut().filter(|message| back.iter().any(|(one, ..)| *one == message.id)) {
        // However its headers came out of the relay: it is nobody's but ours.
        message.kind = "own";
    }
    decide_all(&mut tx, gateway, &messages).await?;
    let back: Vec<_> = back.into_iter().map(|(_, id, channel)| (id, channel)).collect();
    probes::came(&mut tx, &back, gateway.now()).await?;
    attachments::put_due(&mut tx, &with_files(&messages)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(count)
}

/// Mails that may be probes of ours, come back: each with the mailbox that brought it. A bounce may carry a probe's subject, and
/// proves the contrary.
fn come_back(messages: &[Message]) -> Vec<(ReceivedId, uuid::Uuid, String)> {
    let others =
        messages.iter().filter(|message| message.came_by == Route::Email && message.kind != "bounce");
    others
        .filter_map(|message| {
            let probe = super::probe::named(message.message_id.as_deref(), message.subject.expose())?;
            Some((message.id, probe, message.channel.clone()))
        })
        .collect()
}

/// Mails with files, of those that people look at.
fn with_files(messages: &[Message]) -> Vec<ReceivedId> {
    let looked_at = |kind| matches!(kind, "human" | "calendar" | "report" | "unreadable");
    let with_files = messages.iter().filter(|message| {
        message.came_by == Route::Email
            && looked_at(message.kind)
            && (message.attachments > 0 || message.kind == "unreadable")
    });
    with_files.map(|message| message.id).collect()
}

/// What a text wishes of texts: what its provider has acted on already, by words of its own choosing, or what its words say.
fn wish_of(message: &Message) -> Option<Wish> {
    match message.opt_out {
        Some(OptOut::Stop) => Some(Wish::Stop),
        Some(OptOut::Start) => Some(Wish::Start),
        Some(OptOut::Help) | None => text_wish(message.words.expose()),
    }
}

async fn decide_all(tx: &mut Tx, gateway: &Gateway, messages: &[Message]) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut known = Known::of(tx, messages, now).await?;
    let mut outcome = Outcome::default();
    let mut about_ours = Vec::new();
    for message in messages {
        let deciding = Deciding { gateway, known: &known, message, now };
        if message.kind == "bounce" {
            bounce::note(tx, &deciding, &mut outcome, &mut about_ours).await?;
            continue;
        }
        if message.kind == "human" && confirm::take(tx, &deciding, &mut outcome).await? {
            continue;
        }
        let wish =
            (message.came_by == Route::Text && message.kind == "human").then(|| wish_of(message)).flatten();
        if let Some(wish) = wish
            && wish::take(tx, &deciding, wish, &mut outcome).await?
        {
            continue;
        }
        let learnt = deciding.decide(&mut outcome);
        known.learn(message, &learnt);
    }
    outcome.write(tx, now).await?;
    // After the rest: what a failed message leads to stands on its own rows.
    for receipt in &about_ours {
        super::receipts::keep_in(tx, gateway, &receipt.channel, &receipt.receipt).await?;
    }
    Ok(())
}
