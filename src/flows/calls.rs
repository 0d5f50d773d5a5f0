//! Calls: each one tried is told, and what follows from it happens by itself (R19, T34).

use super::{
    FlowError,
    gateway::Gateway,
    planning::{Whose, another_way, check, opened_entry},
    salt,
    tasks::{close_row, no_task},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        contact::CallOutcome,
        ids::{AddressId, TaskId},
        people::{AddressKind, AddressStatus, Purpose},
        rights::LinkFacts,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, addresses, chronology, facts,
        recording::{self, NewAttempt, TaskFacts},
        tasks::{self, TaskRow},
    },
};

/// A call that was tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What came of it.
    pub outcome: CallOutcome,
    /// What the colleague adds; may be empty.
    pub words: String,
    /// When the phone rang.
    pub happened_at: Timestamp,
    /// The colleague says that the call was before its task was opened, and is written down later.
    pub recorded_later: bool,
}

/// What an attempt led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Led {
    /// The carer was told: the task is done.
    Done,
    /// The task stays where it is: ring again.
    StaysOpen,
    /// It has been tried often enough: the task is the SLT's now.
    PassedUp,
    /// No number is left: the task is closed, and another way was taken.
    AnotherWay,
}

/// Records a call that was tried, and does what follows from it.
pub async fn attempt(gateway: &Gateway, task: TaskId, attempt: &Attempt, by: &str) -> Result<Led, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let facts = recording::lock(&mut tx, task).await?.ok_or_else(|| no_task(task))?;
    let row = tasks::find(&mut tx, task).await?.ok_or_else(|| no_task(task))?;
    may_be_recorded(&row, &facts, attempt, now)?;
    let calling = Calling { gateway, row: &row, facts: &facts, attempt, by, now };
    let numbers = calling.numbers(&mut tx).await?;
    calling.tell(&mut tx, numbers.first().copied()).await?;
    let led = calling.follow(&mut tx, &numbers).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(led)
}

fn may_be_recorded(
    row: &TaskRow,
    facts: &TaskFacts,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(), FlowError> {
    let refused = |why: String| Err(FlowError::Refused(why));
    if row.kind != "call" {
        return refused(format!("task {} is no call: log what happened as a contact", row.id));
    }
    if row.state != "open" {
        return refused(format!("task {} is {} already: log the call as a contact", row.id, row.state));
    }
    if attempt.happened_at > now {
        return refused("a call cannot be in the future: give the time at which you rang".to_owned());
    }
    if attempt.happened_at < facts.created_at && !attempt.recorded_later {
        let why = "this is before the call was asked for: mend the time, or say that it is recorded later";
        return refused(why.to_owned());
    }
    Ok(())
}

struct Calling<'a> {
    gateway: &'a Gateway,
    row: &'a TaskRow,
    facts: &'a TaskFacts,
    attempt: &'a Attempt,
    by: &'a str,
    now: Timestamp,
}

impl Calling<'_> {
    /// The numbers that can be rung, the one that is shown to the colleague first.
    async fn numbers(&self, tx: &mut Tx) -> Result<Vec<AddressId>, FlowError> {
        let link = facts::of_link(tx, self.row.carer, self.row.pupil, Purpose::WeeklyUpdate).await?;
        Ok(link.iter().flat_map(ringable).collect())
    }

    async fn tell(&self, tx: &mut Tx, number: Option<AddressId>) -> Result<(), FlowError> {
        let words = self.attempt.words.trim();
        let new = NewAttempt {
            task: self.row.id,
            happened_at: self.attempt.happened_at,
            recorded_at: self.now,
            by: self.by,
            outcome: self.attempt.outcome,
            address: number,
            words: (!words.is_empty()).then_some(words),
        };
        recording::insert_attempt(tx, &new).await?;
        let mut entry = self.entry(tx, kind::CALLED, self.attempt.outcome.in_words()).await?;
        entry.happened_at = self.attempt.happened_at;
        if !words.is_empty() {
            entry = entry.words(salt(), words.into());
        }
        Ok(chronology::append(tx, &[entry]).await?)
    }

    async fn entry(&self, tx: &mut Tx, kind: &str, sentence: impl Into<String>) -> Result<Entry, FlowError> {
        let mut entry = Entry::now(self.now, kind, sentence)
            .by(self.by)
            .about(self.row.carer, self.row.pupil)
            .task(self.row.id)
            .carrying_any(self.row.carried)
            .seen_by(recording::visibility(tx, self.row.id).await?);
        entry.case = self.facts.case;
        Ok(entry)
    }

    async fn follow(&self, tx: &mut Tx, numbers: &[AddressId]) -> Result<Led, FlowError> {
        match self.attempt.outcome {
            CallOutcome::Spoke => {
                let words = self.attempt.words.trim();
                let outcome = if words.is_empty() { "spoke on the phone" } else { words };
                close_row(tx, self.row, true, self.by, outcome, self.now).await?;
                Ok(Led::Done)
            }
            CallOutcome::LeftSafeMessage | CallOutcome::NoAnswer => self.climb(tx).await,
            CallOutcome::WrongNumber => self.wrong_number(tx, numbers).await,
        }
    }

    async fn climb(&self, tx: &mut Tx) -> Result<Led, FlowError> {
        let tried = recording::unreached(tx, self.row.id).await?;
        if tried < i64::from(self.gateway.policy().call_tries)
            || !recording::pass_to(tx, self.row.id, "slt").await?
        {
            return Ok(Led::StaysOpen);
        }
        let said = format!("{tried} calls reached nobody: passed up to the SLT");
        let mut entry = self.entry(tx, kind::TASK_MOVED, said).await?;
        "daemon".clone_into(&mut entry.actor);
        chronology::append(tx, &[entry]).await?;
        Ok(Led::PassedUp)
    }

    /// The number is marked and looked into by the office. With another one the call stays; with none it is another way's.
    async fn wrong_number(&self, tx: &mut Tx, numbers: &[AddressId]) -> Result<Led, FlowError> {
        let why = "a colleague rang, and the number is not the carer's";
        if let Some(number) = numbers.first() {
            addresses::mark(tx, *number, "failing", why, self.now).await?;
            let task = check(
                &self.gateway.policy(),
                (self.row.carer, self.row.pupil),
                Some(*number),
                &format!("check this number: {why}"),
                self.now,
            );
            tasks::insert(tx, std::slice::from_ref(&task), self.now).await?;
            let marked = self
                .entry(tx, kind::ADDRESS_FAILING, "a number is now failing: it is not the carer's")
                .await?;
            let opened = opened_entry(&task, self.by, self.now);
            chronology::append(tx, &[marked, opened]).await?;
        }
        if numbers.len() > 1 {
            return Ok(Led::StaysOpen);
        }
        close_row(tx, self.row, false, self.by, "no number of this carer is left to ring", self.now).await?;
        if let Some(carried) = self.row.carried {
            let whose = Whose { carried, carer: self.row.carer, pupil: self.row.pupil };
            another_way(tx, self.gateway, whose, self.facts.delivery, self.by, self.now).await?;
        }
        Ok(Led::AnotherWay)
    }
}

/// The numbers a person may ring, in the order the gate would give them. STOP is about texts: it may still be rung.
fn ringable(link: &LinkFacts) -> impl Iterator<Item = AddressId> + '_ {
    link.addresses
        .iter()
        .filter(|address| matches!(address.kind, AddressKind::Mobile | AddressKind::Landline))
        .filter(|address| address.status != AddressStatus::Failing)
        .map(|address| address.id)
}
