//! Settles what was on the wire: the new state, the attempt, the entry, and what follows from a failure.

use liaison_channels::{
    error::{Fault, SendError, Went},
    wire_log::WireLog,
};

use super::{
    FlowError,
    deliver::Tried,
    gateway::Gateway,
    month, notices,
    planning::{check_address, next_route, opened_entry, opted_out},
    promise, receipts, salt,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::{Next, State, after, sentence},
        ids::AnswerId,
        time::Timestamp,
    },
    store::{
        Tx, addresses, chronology, clocks, daemons,
        doubt::InDoubt,
        outbox::{self, Attempt, Move},
        tasks,
    },
};

/// Settles a group in the caller's transaction. A delivery that a newer try, a receipt or another daemon has moved
/// meanwhile keeps its state; that it went is told all the same.
pub(super) async fn settle(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    group: &[Tried],
) -> Result<(), FlowError> {
    if group.is_empty() {
        return Ok(());
    }
    let now = gateway.now();
    let nexts: Vec<Next> =
        group.iter().map(|one| after(&one.outcome, one.at.tries, &gateway.policy().retry, now)).collect();
    let moves: Vec<Move> = group.iter().zip(&nexts).map(|(one, next)| as_move(one, next, now)).collect();
    let mut moved = outbox::settle(tx, &moves, &[State::Submitting, State::Unknown], now).await?;
    // Declared dead too early and queued again meanwhile: what is known to have gone must not go a second time.
    let mut gone = moves;
    gone.retain(|to| to.to == State::Submitted && !moved.contains(&to.id));
    moved.extend(outbox::settle(tx, &gone, &[State::Queued], now).await?);
    let attempts: Vec<Attempt> = group.iter().map(|one| as_attempt(one, channel)).collect();
    outbox::record_attempts(tx, &attempts).await?;
    month::give_back(tx, channel, group).await?;
    let told = |one: &Tried| one.outcome.is_ok() || moved.contains(&one.at.id);
    let entries: Vec<Entry> = group
        .iter()
        .zip(&nexts)
        .filter(|(one, _)| told(one))
        .map(|(one, next)| entry(one, next, channel, now))
        .collect();
    chronology::append(tx, &entries).await?;
    let left = group.iter().filter(|one| one.outcome.is_ok() && moved.contains(&one.at.id));
    let answers: Vec<_> = left.filter_map(|one| one.at.carried.answer()).collect();
    has_gone(tx, gateway, &answers, now).await?;
    // Only of texts a provider may report without our reference; a mail's or letter's always carries it.
    let names = group.iter().filter(|one| one.parts > 0 && moved.contains(&one.at.id));
    let names: Vec<_> =
        names.filter_map(|one| Some(one.outcome.as_ref().ok()?.reference.0.clone())).collect();
    receipts::read_early(tx, gateway, channel, &names).await?;
    for (one, next) in group.iter().zip(&nexts).filter(|(one, _)| moved.contains(&one.at.id)) {
        follow_up(tx, gateway, channel, one, next, now).await?;
    }
    Ok(())
}

/// These answers have left, or are known to have: the clocks that wait for them are met.
pub(super) async fn has_gone(
    tx: &mut Tx,
    gateway: &Gateway,
    answers: &[AnswerId],
    now: Timestamp,
) -> Result<(), FlowError> {
    clocks::meet_again(tx, answers, now).await?;
    promise::kept_for_acknowledged(tx, gateway, answers, now).await
}

async fn follow_up(
    tx: &mut Tx,
    gateway: &Gateway,
    channel: &str,
    one: &Tried,
    next: &Next,
    now: Timestamp,
) -> Result<(), FlowError> {
    match (next, &one.outcome) {
        (Next::Failed(fault), Err(error)) => {
            after_failure(tx, gateway, &one.at, *fault, &error.summary, now).await
        }
        (Next::HoldChannel, Err(error)) => hold_channel(tx, channel, error, now).await,
        _ => Ok(()),
    }
}

/// What follows when a message will not arrive by its route: the address is marked and looked into, and the next route
/// is taken the same day.
pub(super) async fn after_failure(
    tx: &mut Tx,
    gateway: &Gateway,
    failed: &InDoubt,
    fault: Fault,
    why: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let mark = match fault {
        Fault::BadAddress => Some(("failing", format!("check this address: {why}"))),
        Fault::Stopped => {
            Some(("stopped", "the carer opted out of texts: agree another way with them".to_owned()))
        }
        _ => None,
    };
    if let Some((status, task_why)) = mark
        && addresses::mark_of(tx, failed.id, status, why, now).await?
    {
        let task = check_address(&gateway.policy(), failed, &task_why, now);
        tasks::insert(tx, std::slice::from_ref(&task), now).await?;
        let marked = Entry::now(now, kind::ADDRESS_FAILING, format!("an address is now {status}: {why}"))
            .about(failed.carer, failed.pupil)
            .delivery(failed.id);
        chronology::append(tx, &[marked, opened_entry(&task, "daemon", now)]).await?;
        if fault == Fault::Stopped {
            tell_teacher(tx, gateway, failed, now).await?;
        }
    }
    reopen_clocks(tx, failed, now).await?;
    next_route(tx, gateway, failed, now).await
}

/// The provider's block is the carer's own wish, made elsewhere: the teacher is told as of a "stop" that came here.
async fn tell_teacher(
    tx: &mut Tx,
    gateway: &Gateway,
    failed: &InDoubt,
    now: Timestamp,
) -> Result<(), FlowError> {
    let task = opted_out(&gateway.policy(), (failed.carer, failed.pupil), None, now);
    tasks::insert(tx, std::slice::from_ref(&task), now).await?;
    Ok(chronology::append(tx, &[opened_entry(&task, "daemon", now)]).await?)
}

/// A reply that did not arrive answered nobody: the clocks it had stopped run again (T16).
pub(super) async fn reopen_clocks(tx: &mut Tx, failed: &InDoubt, now: Timestamp) -> Result<(), FlowError> {
    let Some(answer) = failed.carried.answer() else { return Ok(()) };
    if clocks::reopen(tx, answer).await? > 0 {
        let entry =
            Entry::now(now, kind::CLOCK, "what was sent did not arrive: the clock it had stopped runs again")
                .about(failed.carer, failed.pupil)
                .delivery(failed.id);
        chronology::append(tx, &[entry]).await?;
    }
    Ok(())
}

async fn hold_channel(
    tx: &mut Tx,
    channel: &str,
    error: &SendError,
    now: Timestamp,
) -> Result<(), FlowError> {
    if daemons::hold(tx, channel, &error.summary, "daemon", now).await? {
        tracing::error!(channel, code = error.code.as_deref(), "channel held: {}", error.summary);
        let entry = Entry::now(now, kind::OPERATOR, format!("channel {channel} held: {}", error.summary));
        chronology::append(tx, &[entry]).await?;
        notices::channel_held(tx, now).await?;
    }
    Ok(())
}

fn as_move(one: &Tried, next: &Next, now: Timestamp) -> Move {
    let state = match next {
        Next::Submitted(_) => State::Submitted,
        Next::Unknown => State::Unknown,
        Next::Again(_) | Next::HoldChannel => State::Queued,
        Next::Failed(_) => State::Failed,
    };
    let mut to = Move::to(one.at.id, one.at.tries, state);
    to.not_before = match next {
        Next::Again(at) => Some(*at),
        Next::HoldChannel => Some(now),
        _ => None,
    };
    if let Next::Submitted(reference) = next {
        to.provider_ref = Some(reference.clone());
    }
    if let Next::Failed(fault) = next {
        to.fault = Some(fault.as_str());
    }
    to.reason = one.outcome.as_ref().err().map(|error| error.summary.clone());
    to
}

/// What was said on the wire, as an attempt's record keeps it.
pub(super) fn wire_in_lines(wire: &WireLog) -> Option<String> {
    (!wire.is_empty()).then(|| wire.expose().join("\n").replace('\0', ""))
}

fn as_attempt(one: &Tried, channel: &str) -> Attempt {
    let (outcome, fault, code, said, wire) = match &one.outcome {
        Ok(accepted) => ("accepted", None, None, accepted.said.clone(), &accepted.wire),
        Err(error) => {
            let outcome = if error.went == Went::Perhaps { "in_doubt" } else { "not_sent" };
            let said = error.said.expose().clone();
            (outcome, Some(error.fault.as_str()), error.code.clone(), said, &error.wire)
        }
    };
    Attempt {
        delivery: one.at.id,
        try_no: one.at.tries,
        channel: channel.to_owned(),
        started_at: one.started_at,
        ended_at: one.ended_at,
        outcome,
        fault,
        code,
        // Postgres text holds no NUL; a provider's words might.
        said: said.replace('\0', ""),
        wire: wire_in_lines(wire),
        gate: one.gate.clone(),
    }
}

fn entry(one: &Tried, next: &Next, channel: &str, now: Timestamp) -> Entry {
    let event = match next {
        Next::Submitted(_) => kind::SUBMITTED,
        Next::Unknown => kind::IN_DOUBT,
        Next::Again(_) | Next::HoldChannel => kind::TRY_FAILED,
        Next::Failed(_) => kind::FAILED,
    };
    let mut entry = Entry::now(now, event, sentence(next, channel, one.outcome.as_ref().err()))
        .about(one.at.carer, one.at.pupil)
        .carrying(one.at.carried)
        .delivery(one.at.id);
    entry.happened_at = one.ended_at;
    match next {
        Next::Submitted(_) | Next::Unknown => entry.words(salt(), one.words.clone()),
        _ => entry,
    }
}
