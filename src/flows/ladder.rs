//! What happens by itself to clocks: a missed one climbs from the class staff to the SLT, and a changed calendar dates
//! the open ones anew, never earlier, and forgives none that was missed.

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{
        calendar::{Redated, redated},
        chronology::{Entry, Visibility, kind},
        time::{Timestamp, moment_in_words},
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
    let by = clock.due_at.map(moment_in_words).unwrap_or_default();
    let said = if clock.visibility == Visibility::Restricted || clock.role == "dsl" {
        format!("overdue: no answer by {by}; it stays with the DSL")
    } else {
        cases::assign(tx, clock.case, "slt", None).await?;
        format!("overdue: no answer by {by}; passed up to the SLT")
    };
    let entry = Entry::now(now, kind::CASE_MOVED, said)
        .about_carer(clock.carer, clock.pupil)
        .case(clock.case)
        .received(clock.received)
        .seen_by(clock.visibility);
    chronology::append(tx, &[entry]).await?;
    Ok(true)
}

/// Counts every open clock anew that was counted by another calendar; returns how many moved or got their first date.
pub async fn redate(gateway: &Gateway) -> Result<usize, FlowError> {
    let version = gateway.policy.calendar_version();
    let mut tx = gateway.store.begin().await?;
    let open = clocks::list(&mut tx, WhichClocks::CountedBefore(&version)).await?;
    let mut moved = 0;
    for clock in &open {
        moved += usize::from(redate_one(&mut tx, gateway, clock, &version).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(moved)
}

async fn redate_one(
    tx: &mut Tx,
    gateway: &Gateway,
    clock: &ClockRow,
    version: &str,
) -> Result<bool, FlowError> {
    let (policy, now) = (&gateway.policy, gateway.now());
    let fresh = policy.answer_due(clock.started_at);
    let words = policy.due_words(clock.started_at, &fresh);
    let old = clock.due_at;
    let (due, said) = match (old, &policy.calendar, &fresh) {
        (None, _, Err(_)) => (None, None),
        (None, _, Ok(due)) => (
            Some((due.at, due.day)),
            Some(format!("the calendar reaches that far now: due {}", moment_in_words(due.at))),
        ),
        // Without a calendar nothing is counted anew: the dates that were named stand.
        (Some(_), None, _) => return Ok(false),
        (Some(old), Some(calendar), _) => {
            match redated(clock.started_at, old, now, calendar, &policy.clock) {
                Redated::Later(due) => (
                    Some((due.at, due.day)),
                    Some(format!(
                        "the calendar changed: due {} instead of {}",
                        moment_in_words(due.at),
                        moment_in_words(old)
                    )),
                ),
                // A date that was named stands, also where the new calendar ends too early to name it.
                Redated::Same | Redated::Missed | Redated::Missing(_) => {
                    return note(tx, clock, version).await;
                }
            }
        }
    };
    clocks::redate(tx, clock.id, due, &words, version).await?;
    let Some(said) = said else { return Ok(false) };
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
