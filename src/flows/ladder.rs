//! What happens by itself to clocks: a missed one climbs from the class staff to the SLT, and a changed calendar dates
//! the open ones anew, never earlier, and forgives none that was missed.

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{
        calendar::{Redated, redated},
        chronology::{Entry, Visibility, kind},
        policy::Policy,
        time::{Date, Timestamp, moment_in_a_sentence},
    },
    store::{
        StoreError, Tx, cases, chronology,
        clocks::{self, ClockRow, WhichClocks},
    },
};

/// The first rung above the class staff.
const SLT: i16 = 1;

/// Passes up the cases whose clock has run out; returns how many. A case of the DSL's stays with the DSL.
pub async fn climb(gateway: &Gateway) -> Result<usize, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let overdue = clocks::list(&mut tx, WhichClocks::Overdue(now)).await?;
    let mut climbed = 0;
    for clock in &overdue {
        climbed += usize::from(climb_one(&mut tx, clock, now).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(climbed)
}

async fn climb_one(tx: &mut Tx, clock: &ClockRow, now: Timestamp) -> Result<bool, FlowError> {
    if !clocks::climb(tx, clock.id, SLT).await? {
        return Ok(false);
    }
    let by = clock.due_at.map(moment_in_a_sentence).unwrap_or_default();
    let (said, seen_by) = if clock.visibility == Visibility::Restricted || clock.role == "dsl" {
        (format!("overdue: no answer by {by}; it stays with the DSL"), clock.visibility)
    } else if cases::assign(tx, clock.case, "slt", None).await? {
        (format!("overdue: no answer by {by}; passed up to the SLT"), clock.visibility)
    } else {
        // It was passed to the DSL since the clocks were read.
        (format!("overdue: no answer by {by}; it stays with the DSL"), Visibility::Restricted)
    };
    let entry = Entry::now(now, kind::CASE_MOVED, said)
        .about_carer(clock.carer, clock.pupil)
        .case(clock.case)
        .received(clock.received)
        .seen_by(seen_by);
    chronology::append(tx, &[entry]).await?;
    Ok(true)
}

/// Counts every open clock anew that was counted by another calendar; returns how many moved or got their first date.
pub async fn redate(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let moved = redate_all(&mut tx, &gateway.policy(), gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(moved)
}

/// The same in the caller's transaction, by this policy.
pub(super) async fn redate_all(tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<usize, FlowError> {
    let version = policy.calendar_version();
    let open = clocks::list(tx, WhichClocks::CountedBefore(&version)).await?;
    let mut moved = 0;
    for clock in &open {
        moved += usize::from(redate_one(tx, policy, clock, &version, now).await?);
    }
    Ok(moved)
}

/// What a policy's calendar makes of an open clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moves {
    /// It stands: the calendar gives the same or an earlier date, or does not reach.
    Stands,
    /// The calendar would give a later date, but it was missed before anybody said so: it stays missed.
    StaysMissed,
    /// No date can be named, as before; in words why.
    StaysUndated(String),
    /// It is due later, or gets its first date.
    To {
        /// When.
        at: Timestamp,
        /// The day of it.
        day: Date,
        /// Why, in words.
        words: String,
    },
}

/// What becomes of an open clock by this policy, if it is announced now. Never an earlier date: a promise was made.
pub fn moves(policy: &Policy, clock: &ClockRow, now: Timestamp) -> Moves {
    let fresh = policy.answer_due(clock.started_at);
    let words = policy.due_words(clock.started_at, &fresh);
    match (clock.due_at, &policy.calendar, fresh) {
        (None, _, Err(_)) => Moves::StaysUndated(words),
        (None, _, Ok(due)) => Moves::To { at: due.at, day: due.day, words },
        // Without a calendar nothing is counted anew: the dates that were named stand.
        (Some(_), None, _) => Moves::Stands,
        (Some(old), Some(calendar), _) => {
            match redated(clock.started_at, old, now, calendar, &policy.clock) {
                Redated::Later(due) => Moves::To { at: due.at, day: due.day, words },
                Redated::Missed => Moves::StaysMissed,
                // A date that was named stands, also where the new calendar ends too early to name it.
                Redated::Same | Redated::Missing(_) => Moves::Stands,
            }
        }
    }
}

async fn redate_one(
    tx: &mut Tx,
    policy: &Policy,
    clock: &ClockRow,
    version: &str,
    now: Timestamp,
) -> Result<bool, FlowError> {
    let (at, day, words) = match moves(policy, clock, now) {
        Moves::To { at, day, words } => (at, day, words),
        Moves::StaysUndated(words) => {
            clocks::redate(tx, clock.id, None, &words, version).await?;
            return Ok(false);
        }
        Moves::Stands | Moves::StaysMissed if policy.calendar.is_some() => {
            return note(tx, clock, version).await;
        }
        Moves::Stands | Moves::StaysMissed => return Ok(false),
    };
    clocks::redate(tx, clock.id, Some((at, day)), &words, version).await?;
    let said = match clock.due_at {
        None => format!("the calendar reaches that far now: due {}", moment_in_a_sentence(at)),
        Some(old) => {
            format!(
                "the calendar changed: due {} instead of {}",
                moment_in_a_sentence(at),
                moment_in_a_sentence(old)
            )
        }
    };
    let entry = Entry::now(now, kind::CLOCK, said)
        .about_carer(clock.carer, clock.pupil)
        .case(clock.case)
        .received(clock.received)
        .seen_by(clock.visibility)
        .words(super::salt(), words.into());
    chronology::append(tx, &[entry]).await?;
    Ok(true)
}

/// Notes that a clock was looked at under this calendar and stands.
async fn note(tx: &mut Tx, clock: &ClockRow, version: &str) -> Result<bool, FlowError> {
    clocks::counted_by(tx, clock.id, version).await?;
    Ok(false)
}
