//! The school's calendar, changed by a colleague: which open clocks would move is shown first, then it is adopted and they
//! do (R39, R40). An adopted calendar counts over the settings file, in every daemon.

use std::collections::{BTreeSet, HashMap};

use super::{
    FlowError, complaint,
    current::{refresh, refresh_soon},
    desk::note_cases,
    gateway::Gateway,
    ladder::{self, Moves},
    salt,
};
use crate::{
    domain::{
        calendar::{Calendar, read},
        chronology::{Entry, Visibility, kind},
        ids::{CaseId, StaffId},
        policy::Policy,
        time::{Date, Timestamp},
    },
    store::{
        StoreError, chronology,
        clocks::{self, ClockRow, WhichClocks},
        versions,
    },
};

/// An open clock that would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// The case's code.
    pub case: String,
    /// When it is due now; `None`: no date could be named until now.
    pub old: Option<Timestamp>,
    /// When it would be due.
    pub new: Timestamp,
    /// Why, in words.
    pub words: String,
}

/// What adopting a calendar would do, as far as this colleague may see it.
#[derive(Debug)]
pub struct Look {
    /// The file to adopt, as it is kept.
    pub csv: String,
    /// The last day it knows.
    pub covers_until: Date,
    /// What it says otherwise than the present one, as sentences.
    pub differences: Vec<String>,
    /// Open clocks that move, the first due first.
    pub moving: Vec<Moving>,
    /// The cases whose clock would be later now, but was missed before: they stay missed.
    pub missed: Vec<String>,
}

/// What adopting this file would do; the inner `Err` holds what is wrong with it, as sentences.
pub async fn look(
    gateway: &Gateway,
    staff: StaffId,
    file: &[u8],
) -> Result<Result<Look, Vec<String>>, FlowError> {
    let calendar = match read(file) {
        Ok(calendar) => calendar,
        Err(problems) => {
            let told = problems.iter().map(|problem| format!("line {}: {}", problem.line, problem.sentence));
            return Ok(Err(told.collect()));
        }
    };
    refresh(gateway).await?;
    let (before, now) = (gateway.policy(), gateway.now());
    let policy = with(&before, calendar.clone());
    // As the colleague: a case they may not see is not there.
    let mut tx = gateway.store.as_colleague(staff).await?;
    let open = clocks::list(&mut tx, WhichClocks::CountedBefore(&policy.calendar_version())).await?;
    let cases: Vec<CaseId> = open.iter().map(|clock| clock.case).collect();
    let codes = clocks::codes(&mut tx, &cases).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let restricted =
        |clock: &&ClockRow| clock.visibility == Visibility::Restricted && codes.contains_key(&clock.case);
    let read: BTreeSet<CaseId> = open
        .iter()
        .filter(restricted)
        .filter(|clock| matches!(ladder::moves(&policy, clock, now), Moves::To { .. } | Moves::StaysMissed))
        .map(|clock| clock.case)
        .collect();
    note_cases(gateway, staff, read, "a list with this case was read").await?;
    let (moving, missed) = sort_out(&policy, &open, &codes, now);
    let differences = match &before.calendar {
        Some(present) => present.differences(&calendar),
        None => vec!["there is no calendar yet: this is the first".to_owned()],
    };
    Ok(Ok(Look { csv: calendar.csv(), covers_until: calendar.covers_until(), differences, moving, missed }))
}

fn sort_out(
    policy: &Policy,
    open: &[ClockRow],
    codes: &HashMap<CaseId, String>,
    now: Timestamp,
) -> (Vec<Moving>, Vec<String>) {
    let (mut moving, mut missed) = (Vec::new(), Vec::new());
    for clock in open {
        let Some(case) = codes.get(&clock.case).cloned() else { continue };
        match ladder::moves(policy, clock, now) {
            Moves::To { at, words, .. } => moving.push(Moving { case, old: clock.due_at, new: at, words }),
            Moves::StaysMissed => missed.push(case),
            Moves::Stands | Moves::StaysUndated(_) => {}
        }
    }
    (moving, missed)
}

fn with(policy: &Policy, calendar: Calendar) -> Policy {
    Policy { calendar: Some(calendar), ..policy.clone() }
}

/// Adopts a calendar, and dates open clocks by it, in one transaction. `base` is the version it was made from: another one
/// that was adopted meanwhile is not undone unseen. The entry tells what changed; `why` stands beside it.
pub async fn adopt(gateway: &Gateway, file: &[u8], base: &str, why: &str, by: &str) -> Result<(), FlowError> {
    let why = why.trim();
    if why.is_empty() {
        return Err(FlowError::Refused(
            "say in a few words why the calendar changes; it stands on the record".to_owned(),
        ));
    }
    let calendar = read(file)
        .map_err(|_| FlowError::Refused("that is not a good calendar: choose it again".to_owned()))?;
    let now = gateway.now();
    refresh(gateway).await?;
    let mut tx = gateway.store.begin().await?;
    versions::lock(&mut tx).await?;
    let before = gateway.policy();
    let known = gateway.current.versions().calendar;
    if before.calendar_version() != base || versions::newest(&mut tx).await?.calendar != known {
        return Err(FlowError::Refused(
            "another calendar was adopted since you began: look at it, then make your change again"
                .to_owned(),
        ));
    }
    let policy = with(&before, calendar.clone());
    if policy.calendar_version() == base {
        return Err(FlowError::Refused("that is what the calendar says already".to_owned()));
    }
    versions::adopt_calendar(&mut tx, &calendar.csv(), &policy.calendar_version(), why, by, now).await?;
    let differences =
        before.calendar.as_ref().map(|present| present.differences(&calendar)).unwrap_or_default();
    let said = format!(
        "another calendar was adopted; it reaches to {}",
        calendar.covers_until().strftime("%A %-d %B %Y")
    );
    let words = std::iter::once(why.to_owned()).chain(differences).collect::<Vec<_>>().join("\n");
    let entry = Entry::now(now, kind::CALENDAR, said).by(by).words(salt(), words.into());
    chronology::append(&mut tx, &[entry]).await?;
    ladder::redate_all(&mut tx, &policy, now).await?;
    complaint::redate_all(&mut tx, &policy, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    refresh_soon(gateway).await;
    Ok(())
}
