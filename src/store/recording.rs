//! What colleagues do with a task: the calls they try, and to whom it goes up.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    chronology::Visibility,
    contact::CallOutcome,
    ids::{AddressId, CaseId, DeliveryId, TaskId},
    time::Timestamp,
};

/// What a deed on a task depends on.
#[derive(Debug, Clone)]
pub struct TaskFacts {
    /// When it was opened.
    pub created_at: Timestamp,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// The delivery that led to it.
    pub delivery: Option<DeliveryId>,
}

/// A task, locked until the transaction ends: two colleagues who do it at once do it one after the other.
pub async fn lock(connection: &mut PgConnection, task: TaskId) -> Result<Option<TaskFacts>, StoreError> {
    let row = sqlx::query!(
        r#"select created_at as "created_at: Ts", case_id, delivery_id from task where id = $1 for update"#,
        task.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| TaskFacts {
        created_at: row.created_at.0,
        case: row.case_id.map(CaseId),
        delivery: row.delivery_id.map(DeliveryId),
    }))
}

/// Who may see what is told of a task: whoever may see its case; of one that is kept for few, the DSL.
pub async fn visibility(connection: &mut PgConnection, task: TaskId) -> Result<Visibility, StoreError> {
    let word = sqlx::query_scalar!(
        "select case when t.only_for is not null then 'restricted' else c.visibility end
         from task t left join carer_case c on c.id = t.case_id where t.id = $1",
        task.0
    )
    .fetch_optional(connection)
    .await?
    .flatten();
    match word {
        None => Ok(Visibility::Ordinary),
        Some(word) => Visibility::parse(&word)
            .ok_or_else(|| StoreError::row("carer_case", "visibility", task, "an unknown word")),
    }
}

/// A call that was tried.
#[derive(Debug)]
pub struct NewAttempt<'a> {
    /// The task.
    pub task: TaskId,
    /// When the phone rang.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who rang.
    pub by: &'a str,
    /// What came of it.
    pub outcome: CallOutcome,
    /// The number that was rung, where one is known.
    pub address: Option<AddressId>,
    /// What the colleague adds.
    pub words: Option<&'a str>,
}

/// Keeps a call that was tried.
pub async fn insert_attempt(connection: &mut PgConnection, new: &NewAttempt<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into call_attempt (id, task_id, happened_at, recorded_at, by, outcome, address_id, words)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        new.task.0,
        Ts(new.happened_at) as _,
        Ts(new.recorded_at) as _,
        new.by,
        new.outcome.as_str(),
        new.address.map(|id| id.0),
        new.words,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many calls of a task reached nobody.
pub async fn unreached(connection: &mut PgConnection, task: TaskId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from call_attempt
           where task_id = $1 and outcome in ('no_answer', 'left_safe_message')"#,
        task.0
    )
    .fetch_one(connection)
    .await?)
}

/// Puts an open task on another list; `false` when it is there already, or the DSL's, who keeps it.
pub async fn pass_to(connection: &mut PgConnection, task: TaskId, role: &str) -> Result<bool, StoreError> {
    let moved = sqlx::query!(
        "update task set role = $2 where id = $1 and state = 'open' and role not in ($2, 'dsl')",
        task.0,
        role,
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() > 0)
}

/// A call that was tried, as a list shows it. Personal: for those who may see the task.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// When the phone rang.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who rang: a colleague's id, or an operator's name.
    pub by: String,
    /// What came of it.
    pub outcome: CallOutcome,
    /// What the colleague added.
    pub words: Option<String>,
}

/// What a list tells of a call beside whom and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFacts {
    /// How often it has been tried.
    pub tried: i64,
    /// The language in which the carer reads.
    pub language: String,
    /// The interpreter on record.
    pub interpreter: Option<String>,
}

/// What a list of calls tells of each of these.
pub async fn of_calls(
    connection: &mut PgConnection,
    calls: &[TaskId],
) -> Result<HashMap<TaskId, CallFacts>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, c.language, c.interpreter, a.tried as "tried!"
           from task t join carer c on c.id = t.carer_id
           cross join lateral (select count(*) as tried from call_attempt x where x.task_id = t.id) a
           where t.id = any($1)"#,
        &calls.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let facts = rows.into_iter().map(|row| {
        (TaskId(row.id), CallFacts { tried: row.tried, language: row.language, interpreter: row.interpreter })
    });
    Ok(facts.collect())
}

/// The calls of a task, oldest first.
pub async fn attempts(connection: &mut PgConnection, task: TaskId) -> Result<Vec<AttemptRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, happened_at as "happened_at: Ts", recorded_at as "recorded_at: Ts", by, outcome, words
           from call_attempt where task_id = $1 order by happened_at, id"#,
        task.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let outcome = CallOutcome::parse(&row.outcome)
                .map_err(|why| StoreError::row("call_attempt", "outcome", row.id, why))?;
            Ok(AttemptRow {
                happened_at: row.happened_at.0,
                recorded_at: row.recorded_at.0,
                by: row.by,
                outcome,
                words: row.words,
            })
        })
        .collect()
}
