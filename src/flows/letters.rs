//! Letters: printed in a batch, recorded as posted, and begun again another way when one comes back (R20).

use super::{
    FlowError,
    gateway::Gateway,
    planning::{Whose, another_way, as_json, check, opened_entry},
    salt,
    tasks::{close_row, no_task, open, state_in_words, words_now},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::{AddressId, TaskId},
        people::{AddressKind, AddressStatus, Purpose},
        time::{Date, Time, Timestamp, day_in_words, school_date, school_zone},
        wording::Sheet,
    },
    store::{
        StoreError, Tx, addresses, chronology, clocks, facts, letters, outbox,
        recording::{self, TaskFacts},
        tasks::{self, TaskRow},
    },
};

/// A letter to print. Personal: for whoever posts it.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its task.
    pub task: TaskId,
    /// The carer's name.
    pub carer: String,
    /// Where it goes, a line each.
    pub to: String,
    /// The letter in its parts: the words that the chronology keeps when it is posted.
    pub sheet: Sheet,
}

/// A letter that is not to be posted now.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// Its task.
    pub task: TaskId,
    /// The carer's name.
    pub carer: String,
    /// Why: withdrawn, done already, or without an address at present.
    pub why: String,
}

/// What is to be printed, and what is not any more.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The letters, in the order asked for.
    pub pages: Vec<Page>,
    /// Those that are not to be posted now.
    pub left_out: Vec<LeftOut>,
}

/// Letters to print: the gate is asked for each of them now, and withdraws what may no longer go.
pub async fn batch(gateway: &Gateway, wanted: &[TaskId]) -> Result<Batch, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut batch = Batch::default();
    for id in wanted {
        let row = a_letter(&mut tx, *id).await?;
        let Some(listed) = open(&mut tx, gateway, row, true).await? else { continue };
        let carer = listed.carer;
        match listed.needs.and_then(|needs| needs.to.zip(needs.sheet)) {
            Some((to, sheet)) => batch.pages.push(Page { task: *id, carer, to, sheet }),
            None if listed.state == "open" => {
                batch.left_out.push(LeftOut { task: *id, carer, why: listed.why });
            }
            None => {
                let why = listed.outcome.unwrap_or(listed.state);
                batch.left_out.push(LeftOut { task: *id, carer, why });
            }
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(batch)
}

/// What became of a batch that was posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posted {
    /// Recorded as posted now.
    pub now: usize,
    /// Recorded as posted before; nothing was changed.
    pub before: usize,
}

/// Records letters as posted on a day. All or none; saying it twice changes nothing.
pub async fn mark_posted(
    gateway: &Gateway,
    posted: &[TaskId],
    posted_on: Date,
    by: &str,
) -> Result<Posted, FlowError> {
    let now = gateway.now();
    if posted_on > school_date(now) {
        return Err(FlowError::at("day", "a letter cannot have been posted in the future: mend the date"));
    }
    // Always in one order, so that two batches that share letters wait for each other and do not lock each other out.
    let mut posted = posted.to_vec();
    posted.sort_unstable();
    posted.dedup();
    let mut tx = gateway.store.begin().await?;
    let mut counted = Posted::default();
    for id in posted {
        let facts = recording::lock(&mut tx, id).await?.ok_or_else(|| no_task(id))?;
        let row = a_letter(&mut tx, id).await?;
        if letters::posting(&mut tx, id).await?.is_some() {
            counted.before += 1;
            continue;
        }
        post_one(&mut tx, gateway, &row, &facts, posted_on, by).await?;
        counted.now += 1;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(counted)
}

async fn post_one(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    facts: &TaskFacts,
    posted_on: Date,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    if row.state != "open" {
        let state = state_in_words(&row.state).to_lowercase();
        let why = format!("one of these letters is {state} already: choose again from those that still wait");
        return Err(FlowError::Refused(why));
    }
    if posted_on < school_date(facts.created_at) {
        let why = "one of these letters was not there yet on that day: mend the date, or leave it out";
        return Err(FlowError::at("day", why));
    }
    let address = postal(tx, row).await?;
    letters::insert_posting(tx, row.id, posted_on, address, by, now).await?;
    let mut entry = entry(tx, row, facts, kind::POSTED, "the letter was posted", by, now).await?;
    entry.happened_at = midday(posted_on, now).max(facts.created_at);
    if let Some((words, fired)) = words_now(tx, gateway, row).await? {
        entry = entry.words(salt(), words);
        outbox::keep_choices(tx, &[(entry.id.0, as_json(&fired, &gateway.policy()))]).await?;
    }
    chronology::append(tx, &[entry]).await?;
    close_row(tx, row, true, by, &format!("posted on {}", day_in_words(posted_on)), now).await
}

/// A letter came back: the address is marked and looked into, and the carer is told another way.
pub async fn returned(gateway: &Gateway, task: TaskId, why: &str, by: &str) -> Result<(), FlowError> {
    let why = why.trim();
    if why.is_empty() {
        return Err(FlowError::at("why", "say why it came back: the envelope usually tells"));
    }
    let mut tx = gateway.store.begin().await?;
    recording::lock(&mut tx, task).await?.ok_or_else(|| no_task(task))?;
    let row = a_letter(&mut tx, task).await?;
    if row.state != "done" {
        return Err(FlowError::Refused("only a letter that was posted can come back".to_owned()));
    }
    if !came_back_in(&mut tx, gateway, &row, why, by).await? {
        return Err(FlowError::Refused("it is recorded already that this letter came back".to_owned()));
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The same in the caller's transaction, which has locked the task; `false` when it was recorded before.
pub(super) async fn came_back_in(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    why: &str,
    by: &str,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let facts = recording::lock(tx, row.id).await?.ok_or_else(|| no_task(row.id))?;
    if !letters::insert_returned(tx, row.id, why, by, now).await? {
        return Ok(false);
    }
    let came_back = entry(tx, row, &facts, kind::LETTER_RETURNED, "the letter came back", by, now).await?;
    chronology::append(tx, &[came_back.words(salt(), why.into())]).await?;
    mark_address(tx, gateway, row, &facts, by, now).await?;
    begin_again(tx, gateway, row, &facts, by, now).await?;
    Ok(true)
}

async fn mark_address(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    facts: &TaskFacts,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let address = match letters::posting(tx, row.id).await?.flatten() {
        Some(address) => Some(address),
        None => postal(tx, row).await?,
    };
    let Some(address) = address else { return Ok(()) };
    if !addresses::mark(tx, address, "failing", "a letter came back", now).await? {
        return Ok(());
    }
    let why = "check this address: a letter came back";
    let task = check(&gateway.policy(), (row.carer, row.pupil), Some(address), why, now);
    tasks::insert(tx, std::slice::from_ref(&task), now).await?;
    let said = "an address is now failing: a letter came back";
    let marked = entry(tx, row, facts, kind::ADDRESS_FAILING, said, by, now).await?;
    Ok(chronology::append(tx, &[marked, opened_entry(&task, by, now)]).await?)
}

/// What the letter was to do is still to be done; a reply in it answered nobody (T16).
async fn begin_again(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    facts: &TaskFacts,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let Some(carried) = row.carried else { return Ok(()) };
    if let Some(answer) = carried.answer()
        && clocks::reopen(tx, answer).await? > 0
    {
        let said = "the reply came back: the clock it had stopped runs again";
        let entry = entry(tx, row, facts, kind::CLOCK, said, by, now).await?;
        chronology::append(tx, &[entry]).await?;
    }
    let whose = Whose { carried, carer: row.carer, pupil: row.pupil };
    another_way(tx, gateway, whose, facts.delivery, by, now).await
}

pub(super) async fn a_letter(tx: &mut Tx, id: TaskId) -> Result<TaskRow, FlowError> {
    let row = tasks::find(tx, id).await?.ok_or_else(|| no_task(id))?;
    if row.kind == "letter" {
        return Ok(row);
    }
    Err(FlowError::Refused(format!("task {id} is no letter: take it out of the batch")))
}

/// Where a letter to this carer goes now.
async fn postal(tx: &mut Tx, row: &TaskRow) -> Result<Option<AddressId>, FlowError> {
    let link = facts::of_link(tx, row.carer, row.pupil, Purpose::WeeklyUpdate).await?;
    let addresses = link.map(|link| link.addresses).unwrap_or_default();
    let good = |address: &&_| {
        let address: &crate::domain::rights::KnownAddress = address;
        address.kind == AddressKind::Postal && address.status == AddressStatus::Good
    };
    Ok(addresses.iter().find(good).map(|address| address.id))
}

async fn entry(
    tx: &mut Tx,
    row: &TaskRow,
    facts: &TaskFacts,
    kind: &str,
    sentence: &str,
    by: &str,
    now: Timestamp,
) -> Result<Entry, FlowError> {
    let mut entry = Entry::now(now, kind, sentence)
        .by(by)
        .about(row.carer, row.pupil)
        .task(row.id)
        .carrying_any(row.carried)
        .seen_by(recording::visibility(tx, row.id).await?);
    entry.case = facts.case;
    Ok(entry)
}

/// Midday of that day in school time, and never later than now: people know the day a letter went, not the minute.
fn midday(day: Date, now: Timestamp) -> Timestamp {
    let noon = day.to_datetime(Time::constant(12, 0, 0, 0)).to_zoned_datetime(school_zone());
    noon.map_or(now, |noon| noon.timestamp().min(now))
}
