//! Tasks: what a person must do by a date.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    delivery::Carried,
    ids::{AddressId, CarerId, CaseId, ClassId, DeliveryId, PupilId, StaffId, TaskId},
    time::{Date, Timestamp},
};

/// A task to be opened.
#[derive(Debug)]
pub struct NewTask {
    /// Its id.
    pub id: TaskId,
    /// `call`, `letter`, `check_address`, `did_it_arrive`, `review_restriction`, `follow_up`, `turns_16`, `turns_18` or `opted_out`.
    pub kind: &'static str,
    /// Whose list it is on.
    pub role: &'static str,
    /// The class whose staff it is for.
    pub class: Option<ClassId>,
    /// The carer.
    pub carer: CarerId,
    /// The pupil.
    pub pupil: PupilId,
    /// What it carries.
    pub carried: Option<Carried>,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// The delivery that led to it.
    pub delivery: Option<DeliveryId>,
    /// The address it is to look into, where that is not the one at which the delivery failed.
    pub address: Option<AddressId>,
    /// One neutral sentence.
    pub why: String,
    /// To be done by.
    pub due: Date,
}

/// Opens tasks; those that exist already for the same update, carer and kind are left as they are. Returns the new. What
/// belongs to a restricted case is the DSL's to do, on whosever list it would have been.
pub async fn insert(
    connection: &mut PgConnection,
    tasks: &[NewTask],
    now: Timestamp,
) -> Result<Vec<TaskId>, StoreError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let ids = sqlx::query_scalar!(
        "insert into task (id, kind, role, class_id, carer_id, pupil_id, update_id, delivery_id, why, due, state,
                           created_at, answer_id, case_id, announcement_id, address_id)
         select t.id, t.kind, case when k.visibility = 'restricted' then 'dsl' else t.role end, t.class_id, t.carer_id,
                t.pupil_id, t.update_id, t.delivery_id, t.why, t.due, 'open', $11, t.answer_id, t.case_id, t.announcement_id,
                -- What carries something is done when that is told, whatever becomes of an address.
                case when t.kind = 'check_address' and num_nonnulls(t.update_id, t.answer_id, t.announcement_id) = 0
                     then coalesce(t.address_id, d.address_id) end
         from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                     $9::text[], $10::date[], $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[])
              as t (id, kind, role, class_id, carer_id, pupil_id, update_id, delivery_id, why, due, answer_id, case_id,
                    announcement_id, address_id)
         left join delivery d on d.id = t.delivery_id
         left join answer a on a.id = coalesce(t.answer_id, d.answer_id)
         -- Held, so that a divert of this very moment is either seen here or finds the task.
         left join lateral (select c.visibility from carer_case c
                            where c.id = coalesce(t.case_id, a.case_id) for share) k on true
         on conflict do nothing
         returning id",
        &tasks.iter().map(|t| t.id.0).collect::<Vec<_>>(),
        &tasks.iter().map(|t| t.kind).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.role).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.class.map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.carer.0).collect::<Vec<_>>(),
        &tasks.iter().map(|t| t.pupil.0).collect::<Vec<_>>(),
        &tasks.iter().map(|t| t.carried.and_then(Carried::update).map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.delivery.map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.why.as_str()).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| Day(t.due)).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &tasks.iter().map(|t| t.carried.and_then(Carried::answer).map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.case.map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.carried.and_then(Carried::announcement).map(|id| id.0)).collect::<Vec<_>>() as _,
        &tasks.iter().map(|t| t.address.map(|id| id.0)).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TaskId).collect())
}

/// A task as it stands.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// Its id.
    pub id: TaskId,
    /// Its kind.
    pub kind: String,
    /// Whose list it is on.
    pub role: String,
    /// The carer.
    pub carer: CarerId,
    /// The pupil.
    pub pupil: PupilId,
    /// The carer's name.
    pub carer_name: String,
    /// What the pupil is called.
    pub pupil_name: String,
    /// The class's name.
    pub class: Option<String>,
    /// What it carries.
    pub carried: Option<Carried>,
    /// Why it exists.
    pub why: String,
    /// To be done by.
    pub due: Date,
    /// `open`, `done`, `given_up` or `withdrawn`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
}

/// Tasks: the open ones, or all, by due date.
pub async fn list(connection: &mut PgConnection, open_only: bool) -> Result<Vec<TaskRow>, StoreError> {
    rows(connection, open_only, None).await
}

/// One task.
pub async fn find(connection: &mut PgConnection, task: TaskId) -> Result<Option<TaskRow>, StoreError> {
    Ok(rows(connection, false, Some(task)).await?.pop())
}

async fn rows(
    connection: &mut PgConnection,
    open_only: bool,
    one: Option<TaskId>,
) -> Result<Vec<TaskRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, t.kind, t.role, t.carer_id, t.pupil_id, t.update_id, t.answer_id, t.announcement_id, t.why, t.due as "due: Day", t.state,
                  t.outcome, k.name as "class?",
                  c.forename || ' ' || c.surname as "carer_name!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil_name!"
           from task t
           join carer c on c.id = t.carer_id
           join pupil p on p.id = t.pupil_id
           left join class k on k.id = coalesce(t.class_id, p.class_id)
           where (not $1 or t.state = 'open') and ($2::uuid is null or t.id = $2)
           order by t.due, t.id"#,
        open_only,
        one.map(|task| task.0),
    )
    .fetch_all(connection)
    .await?;
    let tasks = rows.into_iter().map(|row| TaskRow {
        id: TaskId(row.id),
        kind: row.kind,
        role: row.role,
        carer: CarerId(row.carer_id),
        pupil: PupilId(row.pupil_id),
        carer_name: row.carer_name,
        pupil_name: row.pupil_name,
        class: row.class,
        carried: Carried::of(row.update_id, row.answer_id, row.announcement_id, None),
        why: row.why,
        due: row.due.0,
        state: row.state,
        outcome: row.outcome,
    });
    Ok(tasks.collect())
}

/// Keeps a task for these colleagues, the SLT and the DSL, and puts it on the SLT's list; the DSL's stays theirs.
pub async fn keep_for(
    connection: &mut PgConnection,
    task: TaskId,
    colleagues: &[StaffId],
) -> Result<(), StoreError> {
    sqlx::query!(
        "update task set only_for = $2, class_id = null, role = case when role = 'dsl' then role else 'slt' end
         where id = $1",
        task.0,
        &colleagues.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a task rest on another of the carer's pupils. Only what is the same for all of them may.
pub async fn rest_on(connection: &mut PgConnection, task: TaskId, pupil: PupilId) -> Result<(), StoreError> {
    sqlx::query!(
        "update task t set pupil_id = $2, class_id = p.class_id from pupil p
         where t.id = $1 and p.id = $2 and t.announcement_id is not null",
        task.0,
        pupil.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens a task again that was done, and says why beside why it was there; `false` when it was not done.
pub async fn reopen(connection: &mut PgConnection, task: TaskId, why: &str) -> Result<bool, StoreError> {
    let opened = sqlx::query!(
        "update task set state = 'open', closed_at = null, closed_by = null, outcome = null, why = why || ': ' || $2::text
         where id = $1 and state = 'done'",
        task.0,
        why,
    )
    .execute(connection)
    .await?;
    Ok(opened.rows_affected() > 0)
}

/// Closes an open task; `false` when it was not open.
pub async fn close(
    connection: &mut PgConnection,
    task: TaskId,
    state: &str,
    by: &str,
    outcome: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let closed = sqlx::query!(
        "update task set state = $2, closed_by = $3, outcome = $4, closed_at = $5 where id = $1 and state = 'open'",
        task.0,
        state,
        by,
        outcome,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(closed.rows_affected() > 0)
}
