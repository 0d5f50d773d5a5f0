//! What an operator does to the queue by hand: hold, release, retry, cancel. Each is told in the chronology.

use liaison_channels::message::ChannelId;

use super::{
    FlowError,
    gateway::Gateway,
    month::{self, CAP},
    planning::print_here,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::State,
        ids::DeliveryId,
        people::Route,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, chronology, daemons,
        explain::{self, DeliveryView, Filter},
        letters,
        outbox::{self, Move},
        texts_of_month,
    },
};

/// Holds all sending when the database is not where it was: a restored backup would send again what has left since.
/// Asked by a daemon before it claims anything; `true` when it is held for that now.
pub async fn hold_if_moved(gateway: &Gateway) -> Result<bool, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let moved = daemons::has_moved(&mut tx).await?;
    if moved {
        let reason = "this database was restored or copied; look at what it would send, then `liaison queue release all`";
        daemons::hold(&mut tx, daemons::ALL_CHANNELS, reason, "restore", now).await?;
        let entry = Entry::now(
            now,
            kind::OPERATOR,
            "all sending held: the database is on another server than before",
        );
        chronology::append(&mut tx, &[entry]).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(moved)
}

/// Holds everything, one channel, or one message by its id: it does not leave until it is released. `false` when it was
/// held already.
pub async fn hold(gateway: &Gateway, scope: &str, reason: &str, by: &str) -> Result<bool, FlowError> {
    if let Ok(id) = scope.parse() {
        return postpone(gateway, id, Some(reason), by).await;
    }
    known_scope(gateway, scope)?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    if !daemons::hold(&mut tx, scope, reason, by, now).await? {
        return Ok(false);
    }
    let entry = Entry::now(now, kind::OPERATOR, format!("{} held", scope_in_words(scope))).by(by);
    chronology::append(&mut tx, &[entry.words(super::salt(), reason.into())]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// Lifts a hold; `false` when there was none.
pub async fn release(gateway: &Gateway, scope: &str, by: &str) -> Result<bool, FlowError> {
    if let Ok(id) = scope.parse() {
        return postpone(gateway, id, None, by).await;
    }
    known_scope(gateway, scope)?;
    lift(gateway, scope, None, by).await
}

/// Lifts a hold that the daemon itself had set on a channel, when its settings work again.
pub async fn healed(gateway: &Gateway, channel: &str) -> Result<bool, FlowError> {
    lift(gateway, channel, Some("daemon"), "daemon").await
}

/// Lifts the holds of channels whose month is no longer used up: another has begun, or the settings allow more.
pub async fn end_full_months(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let first = month::first_day(gateway.now());
    let mut lifted = 0;
    for hold in daemons::holds(&mut connection).await?.iter().filter(|hold| hold.set_by == CAP) {
        let sender = ChannelId::parse(&hold.scope).ok().and_then(|id| gateway.senders.get(&id));
        let Some(sender) = sender else { continue };
        let used = texts_of_month::month(&mut connection, &hold.scope, first).await?.parts;
        let cap = sender.limits().cost.parts_per_month;
        // The last few parts do not do for every text; more than those are worth going on for.
        let free =
            cap.is_none_or(|cap| u64::from(cap).saturating_sub(used) >= u64::from((cap / 10).clamp(1, 10)));
        lifted += usize::from(free && lift(gateway, &hold.scope, Some(CAP), "daemon").await?);
    }
    Ok(lifted)
}

async fn lift(gateway: &Gateway, scope: &str, only_by: Option<&str>, by: &str) -> Result<bool, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let capped = daemons::holds(&mut tx).await?.iter().any(|hold| hold.scope == scope && hold.set_by == CAP);
    if !daemons::lift(&mut tx, scope, only_by).await? {
        return Ok(false);
    }
    if capped && by != "daemon" {
        month::let_on(&mut tx, scope, by, gateway.now()).await?;
    }
    let entry =
        Entry::now(gateway.now(), kind::OPERATOR, format!("{} released", scope_in_words(scope))).by(by);
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// Puts one waiting message off until it is released, or (without a reason to hold it) lets it go now.
async fn postpone(
    gateway: &Gateway,
    id: DeliveryId,
    reason: Option<&str>,
    by: &str,
) -> Result<bool, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let (view, state) = delivery(&mut tx, id).await?;
    if state != State::Queued {
        return Err(FlowError::Refused(format!(
            "delivery {id} is {}: only what waits can be held",
            view.state
        )));
    }
    if (view.not_before >= HELD_UNTIL) == reason.is_some() {
        return Ok(false);
    }
    let mut to = Move::to(id, tries(&view), State::Queued);
    to.not_before = Some(if reason.is_some() { HELD_UNTIL } else { gateway.now() });
    to.reason = reason.map(|reason| format!("held: {reason}"));
    let sentence = if reason.is_some() { "held by hand" } else { "released by hand" };
    change(&mut tx, gateway, &view, to, state, by, sentence).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// The time a message waits for that is held by itself: 1 January 3000.
pub const HELD_UNTIL: Timestamp = Timestamp::constant(32_503_680_000, 0);

fn scope_in_words(scope: &str) -> String {
    if scope == daemons::ALL_CHANNELS { "all sending".to_owned() } else { format!("channel {scope}") }
}

fn known_scope(gateway: &Gateway, scope: &str) -> Result<(), FlowError> {
    let channels: Vec<_> = gateway.carriers.all().collect();
    if scope == daemons::ALL_CHANNELS || channels.iter().any(|channel| channel.as_str() == scope) {
        return Ok(());
    }
    let names: Vec<_> = channels.iter().map(|channel| channel.as_str()).collect();
    Err(FlowError::Refused(format!("there is no channel {scope}: say all, or one of {}", names.join(", "))))
}

/// Sends a message back to the queue that failed, was refused or was cancelled. One in doubt only when `even_if_twice`:
/// it may then arrive twice, and the chronology says who decided that.
pub async fn retry(
    gateway: &Gateway,
    id: DeliveryId,
    even_if_twice: bool,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let (view, state) = delivery(&mut tx, id).await?;
    if view.route == Route::Letter.as_str() && !matches!(state, State::Queued | State::Unknown) {
        return Err(FlowError::Refused(format!(
            "delivery {id} is a letter that the office has on its list again: print it there, or it is posted twice"
        )));
    }
    match state {
        State::Failed | State::Refused | State::Cancelled | State::Queued => {}
        State::Unknown if even_if_twice => {}
        State::Unknown => {
            return Err(FlowError::Refused(format!(
                "delivery {id} may have gone: ask the carer first; to send it all the same, add --even-if-twice"
            )));
        }
        State::Submitting | State::Submitted | State::Delivered => {
            return Err(FlowError::Refused(format!(
                "delivery {id} is {}: it cannot be sent again",
                view.state
            )));
        }
    }
    let mut to = Move::to(id, tries(&view), State::Queued);
    to.not_before = Some(now);
    to.maybe_twice = state == State::Unknown;
    let twice = if to.maybe_twice { ", though it may arrive twice" } else { "" };
    change(&mut tx, gateway, &view, to, state, by, &format!("sent back to the queue by hand{twice}")).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Takes a message back before it leaves; one in doubt is thereby not sent again.
pub async fn cancel(gateway: &Gateway, id: DeliveryId, by: &str) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let (view, state) = delivery(&mut tx, id).await?;
    if !matches!(state, State::Queued | State::Unknown) {
        return Err(FlowError::Refused(format!(
            "delivery {id} is {}: only what waits can be cancelled",
            view.state
        )));
    }
    let mut to = Move::to(id, tries(&view), State::Cancelled);
    to.reason = Some("cancelled by hand".to_owned());
    change(&mut tx, gateway, &view, to, state, by, "cancelled by hand").await?;
    // What may have gone is not printed again by that.
    if state == State::Queued
        && let Some(letter) = letters::to_print_again(&mut tx, id).await?
    {
        print_here(&mut tx, letter, id, (view.carer_id, view.pupil_id), None, gateway.now()).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn delivery(tx: &mut Tx, id: DeliveryId) -> Result<(DeliveryView, State), FlowError> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    let view = explain::deliveries(tx, &filter).await?.pop();
    let view = view.ok_or_else(|| {
        FlowError::Refused(format!("there is no delivery {id}; `liaison queue list` shows them"))
    })?;
    let state = State::parse(&view.state)
        .ok_or_else(|| StoreError::row("delivery", "state", id, "an unknown word"))?;
    Ok((view, state))
}

fn tries(view: &DeliveryView) -> u16 {
    u16::try_from(view.tries).unwrap_or_default()
}

async fn change(
    tx: &mut Tx,
    gateway: &Gateway,
    view: &DeliveryView,
    to: Move,
    from: State,
    by: &str,
    sentence: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    if outbox::settle(tx, &[to], &[from], now).await?.is_empty() {
        return Err(FlowError::Refused(format!("delivery {} has just moved on: look again", view.id)));
    }
    let entry = Entry::now(now, kind::OPERATOR, sentence)
        .by(by)
        .about(view.carer_id, view.pupil_id)
        .delivery(view.id);
    chronology::append(tx, &[entry]).await?;
    Ok(())
}
