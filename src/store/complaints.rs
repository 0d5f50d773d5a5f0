//! Complaints: what changes them, and the steps that are kept of it. How they are read is beside, in `complaint_lists`.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    complaint::{Number, Outcome, Stage, StageDue},
    ids::{CaseId, ComplaintId, EntryId, StaffId, StepId},
    time::{Date, Timestamp},
};

/// Two complaints that begin at once do not get the same number.
const NUMBER_LOCK: i64 = 0x6c69_6169_636f_6d70;

/// The next running number, held for this transaction.
pub async fn next_number(connection: &mut PgConnection, of_the_dsl: bool) -> Result<Number, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", NUMBER_LOCK).execute(&mut *connection).await?;
    let no = sqlx::query_scalar!(
        r#"select coalesce(max(no), 0) + 1 as "no!" from complaint where of_the_dsl = $1"#,
        of_the_dsl
    )
    .fetch_one(connection)
    .await?;
    Ok(Number { of_the_dsl, no })
}

/// A stage that begins.
#[derive(Debug, Clone)]
pub struct Begun<'a> {
    /// Which.
    pub stage: Stage,
    /// Who has it.
    pub owner: StaffId,
    /// When.
    pub at: Timestamp,
    /// By when it is due.
    pub due: &'a StageDue,
    /// How many school days were counted.
    pub days: u8,
    /// The calendar's version.
    pub calendar: &'a str,
}

/// Opens a complaint at its first stage.
pub async fn insert(
    connection: &mut PgConnection,
    (id, number, case): (ComplaintId, Number, CaseId),
    begun: &Begun<'_>,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into complaint (id, no, of_the_dsl, case_id, opened_at, opened_by, stage, owner, began_at, due_day, due_words,
                                days, calendar)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $5, $9, $10, $11, $12)",
        id.0,
        number.no,
        number.of_the_dsl,
        case.0,
        Ts(begun.at) as _,
        by,
        begun.stage.number(),
        begun.owner.0,
        begun.due.day.map(Day) as _,
        begun.due.words,
        i16::from(begun.days),
        begun.calendar,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Begins a further stage.
pub async fn begin(
    connection: &mut PgConnection,
    id: ComplaintId,
    begun: &Begun<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update complaint
         set stage = $2, owner = $3, began_at = $4, due_day = $5, due_words = $6, days = $7, calendar = $8,
             answered_at = null, outcome = null
         where id = $1",
        id.0,
        begun.stage.number(),
        begun.owner.0,
        Ts(begun.at) as _,
        begun.due.day.map(Day) as _,
        begun.due.words,
        i16::from(begun.days),
        begun.calendar,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a complaint to another colleague.
pub async fn give(connection: &mut PgConnection, id: ComplaintId, owner: StaffId) -> Result<(), StoreError> {
    sqlx::query!("update complaint set owner = $2 where id = $1", id.0, owner.0).execute(connection).await?;
    Ok(())
}

/// Notes that the present stage is answered.
pub async fn answer(
    connection: &mut PgConnection,
    id: ComplaintId,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update complaint set outcome = $2, answered_at = $3 where id = $1",
        id.0,
        outcome.as_str(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes a complaint.
pub async fn close(
    connection: &mut PgConnection,
    id: ComplaintId,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update complaint set outcome = $2, closed_at = $3 where id = $1",
        id.0,
        outcome.as_str(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Names another day for the present stage, or only notes by which calendar it was looked at.
pub async fn redate(
    connection: &mut PgConnection,
    id: ComplaintId,
    day: Option<Date>,
    words: &str,
    calendar: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update complaint set due_day = $2, due_words = $3, calendar = $4 where id = $1",
        id.0,
        day.map(Day) as _,
        words,
        calendar,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says in a case which complaint runs in it, or that none does.
pub async fn say_in_case(
    connection: &mut PgConnection,
    case: CaseId,
    running: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!("update carer_case set complaint = $2 where id = $1", case.0, running)
        .execute(connection)
        .await?;
    Ok(())
}

/// What runs in these cases, as everybody who sees the case may know it: `C-7, stage 1`.
pub async fn running_in(
    connection: &mut PgConnection,
    cases: &[CaseId],
) -> Result<HashMap<CaseId, String>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, complaint as "complaint!" from carer_case where id = any($1) and complaint is not null"#,
        &cases.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId(row.id), row.complaint)).collect())
}

/// What was done with a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A stage began, with this colleague.
    Begun(StaffId),
    /// Another colleague has it.
    Given(StaffId),
    /// The stage was answered.
    Answered(Outcome),
    /// It was closed.
    Closed(Outcome),
}

impl Step {
    const fn word(self) -> &'static str {
        match self {
            Self::Begun(_) => "begun",
            Self::Given(_) => "given",
            Self::Answered(_) => "answered",
            Self::Closed(_) => "closed",
        }
    }

    /// The colleague who has it from then on.
    pub const fn owner(self) -> Option<StaffId> {
        match self {
            Self::Begun(owner) | Self::Given(owner) => Some(owner),
            Self::Answered(_) | Self::Closed(_) => None,
        }
    }

    /// What came of it.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Answered(outcome) | Self::Closed(outcome) => Some(outcome),
            Self::Begun(_) | Self::Given(_) => None,
        }
    }

    fn read(word: &str, owner: Option<Uuid>, outcome: Option<&str>) -> Option<Self> {
        let outcome = outcome.and_then(|word| Outcome::parse(word).ok());
        match word {
            "begun" => owner.map(|id| Self::Begun(StaffId(id))),
            "given" => owner.map(|id| Self::Given(StaffId(id))),
            "answered" => outcome.map(Self::Answered),
            "closed" => outcome.map(Self::Closed),
            _ => None,
        }
    }
}

/// Keeps a step, with the entry that tells of it.
pub async fn step(
    connection: &mut PgConnection,
    (complaint, stage): (ComplaintId, Stage),
    step: Step,
    entry: EntryId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into complaint_step (id, complaint_id, stage, kind, owner, outcome, at, by, entry_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        StepId::new().0,
        complaint.0,
        stage.number(),
        step.word(),
        step.owner().map(|id| id.0),
        step.outcome().map(Outcome::as_str),
        Ts(now) as _,
        by,
        entry.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A step as it is read.
#[derive(Debug, Clone)]
pub struct StepRow {
    /// The stage it was done at.
    pub stage: Stage,
    /// What it was.
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// By whom: a colleague's id, or another actor of the record.
    pub by: String,
    /// What was said, where the reader may read it and it was not erased.
    pub words: Option<String>,
}

/// What was done with a complaint, the oldest first.
pub async fn steps(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Vec<StepRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.id, s.stage, s.kind, s.owner, s.outcome, s.at as "at: Ts", s.by, b.body as "words?"
           from complaint_step s left join chronology_body b on b.entry_id = s.entry_id
           where s.complaint_id = $1
           order by s.id"#,
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bad = |column| StoreError::row("complaint_step", column, row.id, "no such word");
            Ok(StepRow {
                stage: Stage::of_number(row.stage).ok_or_else(|| bad("stage"))?,
                step: Step::read(&row.kind, row.owner, row.outcome.as_deref()).ok_or_else(|| bad("kind"))?,
                at: row.at.0,
                by: row.by,
                words: row.words,
            })
        })
        .collect()
}
