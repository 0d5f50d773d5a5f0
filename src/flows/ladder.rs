//! What happens by itself to clocks: a missed one climbs from the class staff to the SLT and beyond, and a changed calendar
//! dates the open ones anew, never earlier, and forgives none that was missed.

use std::collections::BTreeMap;

use super::{
    FlowError,
    gateway::Gateway,
    notices::{self, Overdue},
    planning::as_json,
};
use crate::{
    domain::{
        calendar::{Redated, redated},
        chronology::{Entry, Visibility, kind},
        ladder::{self, Silence, Step},
        notice::Post,
        policy::Policy,
        staff::Role,
        time::{Date, Timestamp, moment_in_a_sentence},
    },
    store::{
        self, StoreError, Tx, cases, chronology,
        clocks::{self, ClockRow, WhichClocks},
        notices::Told,
        outbox,
    },
};

/// Takes each overdue clock a step up the ladder, where it is time, and tells those whom it reaches; returns how many climbed.
/// A case of the DSL's stays with the DSL.
pub async fn climb(gateway: &Gateway) -> Result<usize, FlowError> {
    let (now, policy) = (gateway.now(), gateway.policy());
    let mut tx = gateway.store.begin().await?;
    let overdue = clocks::list(&mut tx, WhichClocks::Overdue(now)).await?;
    let colleagues =
        if overdue.is_empty() { Vec::new() } else { store::notices::colleagues(&mut tx).await? };
    let mut told: BTreeMap<Overdue, u32> = BTreeMap::new();
    for clock in &overdue {
        if let Some(whom) = climb_one(&mut tx, clock, &policy, &colleagues, now).await? {
            *told.entry(whom).or_default() += 1;
        }
    }
    for (whom, count) in &told {
        notices::breach(&mut tx, *whom, *count, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(told.into_values().map(|count| count as usize).sum())
}

/// One step of one clock, and who is told.
async fn climb_one(
    tx: &mut Tx,
    clock: &ClockRow,
    policy: &Policy,
    colleagues: &[Told],
    now: Timestamp,
) -> Result<Option<Overdue>, FlowError> {
    let step = ladder::step(&Silence::from(clock), policy, now);
    let (Some(rung), Step::ToSlt(why) | Step::To(_, why)) = (step.rung(), &step) else { return Ok(None) };
    if !clocks::climb(tx, clock.id, rung).await? {
        return Ok(None);
    }
    let mut seen_by = clock.visibility;
    let restricted = clock.visibility == Visibility::Restricted || clock.role == "dsl";
    let (whom, led) = if restricted {
        (Overdue::Dsl, "it stays with the DSL".to_owned())
    } else {
        let (whom, owner, led) = upwards(&step, policy, colleagues);
        if cases::assign(tx, clock.case, "slt", owner.as_deref()).await? {
            (whom, led)
        } else {
            // It was passed to the DSL since the clocks were read.
            seen_by = Visibility::Restricted;
            (Overdue::Dsl, "it stays with the DSL".to_owned())
        }
    };
    let entry = Entry::now(now, kind::CASE_MOVED, format!("overdue: {why}; {led}"))
        .about_carer(clock.carer, clock.pupil)
        .case(clock.case)
        .received(clock.received)
        .seen_by(seen_by);
    chronology::append(tx, std::slice::from_ref(&entry)).await?;
    let fired = ladder::fired_up(&Silence::from(clock), &step, policy, now);
    outbox::keep_choices(tx, &[(entry.id.0, as_json(&fired, policy))]).await?;
    Ok(Some(whom))
}

/// Who is told, whose list the case is on then besides senior leadership's, and how the record says it.
fn upwards(step: &Step, policy: &Policy, colleagues: &[Told]) -> (Overdue, Option<String>, String) {
    let Step::To(post, _) = step else { return (Overdue::Slt, None, "passed up to the SLT".to_owned()) };
    let Some(address) = policy.notices.address(*post) else {
        let (said, word) = (post.in_words(), post.as_str());
        let led = format!("it stays with the SLT: the settings name no address for {said} (notices.{word})");
        return (Overdue::Slt, None, led);
    };
    // The chair of governors sees figures, not cases: the case stays with the headteacher, where there is one.
    let head = policy.notices.head.as_ref().filter(|_| *post == Post::Chair).unwrap_or(address);
    let owner = colleagues
        .iter()
        .find(|told| told.email.eq_ignore_ascii_case(head.expose()) && told.roles.contains(&Role::Slt));
    let led = match post {
        Post::Head => format!("passed up to {}", post.in_words()),
        Post::Chair => format!("{} is told", post.in_words()),
    };
    (Overdue::Post(*post), owner.map(|told| told.id.0.to_string()), led)
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
            clocks::redate(tx, clock.id, None, &words, (version, policy.version())).await?;
            return Ok(false);
        }
        Moves::Stands | Moves::StaysMissed if policy.calendar.is_some() => {
            return note(tx, clock, version).await;
        }
        Moves::Stands | Moves::StaysMissed => return Ok(false),
    };
    clocks::redate(tx, clock.id, Some((at, day)), &words, (version, policy.version())).await?;
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
