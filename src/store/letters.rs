//! Letters: which wait to be posted, which went, and which came back.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{AddressId, DeliveryId, TaskId},
    time::{Date, Timestamp},
};

/// A letter that waits to be posted. Personal: for those who may see it.
#[derive(Debug, Clone)]
pub struct OpenLetter {
    /// Its task.
    pub task: TaskId,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// The class's name.
    pub class: Option<String>,
    /// Why it is to be posted.
    pub why: String,
    /// By when.
    pub due: Date,
    /// Whether that day has passed.
    pub overdue: bool,
    /// The form in which the carer reads.
    pub format: String,
    /// Where it goes, a line each, and since when the school has known that address; the best one there is.
    pub to: Option<(String, Timestamp)>,
    /// Whether that address can be used.
    pub good: bool,
}

/// Letters that wait, by due date; `after` is the due date and task of the last one seen.
pub async fn open(
    connection: &mut PgConnection,
    today: Date,
    after: Option<(Date, TaskId)>,
    limit: i64,
) -> Result<Vec<OpenLetter>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, t.why, t.due as "due: Day", t.due < $1 as "overdue!", k.name as "class?",
                  c.forename || ' ' || c.surname as "carer!", c.format,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!",
                  h.value as "to?", h.added_at as "since?: Ts", coalesce(h.status = 'good', false) as "good!"
           from task t
           join carer c on c.id = t.carer_id
           join pupil p on p.id = t.pupil_id
           left join class k on k.id = coalesce(t.class_id, p.class_id)
           left join lateral (
               select a.value, a.status, ca.added_at
               from carer_address ca join address a on a.id = ca.address_id
               where ca.carer_id = t.carer_id and ca.removed_at is null and a.kind = 'postal'
               order by a.status <> 'good', ca.position, a.id limit 1) h on true
           where t.state = 'open' and t.kind = 'letter' and ($2::date is null or (t.due, t.id) > ($2, $3::uuid))
           order by t.due, t.id limit $4"#,
        Day(today) as _,
        after.map(|(due, _)| Day(due)) as _,
        after.map(|(_, task)| task.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let letters = rows.into_iter().map(|row| OpenLetter {
        task: TaskId(row.id),
        carer: row.carer,
        pupil: row.pupil,
        class: row.class,
        why: row.why,
        due: row.due.0,
        overdue: row.overdue,
        format: row.format,
        to: row.to.zip(row.since.map(|since| since.0)),
        good: row.good,
    });
    Ok(letters.collect())
}

/// Of these tasks the letters that whoever reads may see, whatever became of them, the soonest due first.
pub async fn among(connection: &mut PgConnection, tasks: &[TaskId]) -> Result<Vec<TaskId>, StoreError> {
    let tasks: Vec<Uuid> = tasks.iter().map(|task| task.0).collect();
    let found = sqlx::query_scalar!(
        "select id from task where id = any($1) and kind = 'letter' order by due, id",
        &tasks
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(TaskId).collect())
}

/// A letter that was posted.
#[derive(Debug, Clone)]
pub struct PostedLetter {
    /// Its task.
    pub task: TaskId,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// The day it was posted.
    pub posted_on: Date,
    /// Who posted it: a colleague's id, or an operator's name.
    pub posted_by: String,
    /// When that was written down.
    pub recorded_at: Timestamp,
    /// When it was written down that it came back, and why it did.
    pub returned: Option<(Timestamp, String)>,
}

/// Letters that were posted, the last recorded first; `before` is that of the last one seen.
pub async fn posted(
    connection: &mut PgConnection,
    before: Option<(Timestamp, TaskId)>,
    limit: i64,
) -> Result<Vec<PostedLetter>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, g.posted_on as "posted_on: Day", g.posted_by, g.recorded_at as "recorded_at: Ts",
                  r.returned_at as "returned_at?: Ts", r.why as "returned_why?",
                  c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from posting g
           join task t on t.id = g.task_id
           join carer c on c.id = t.carer_id
           join pupil p on p.id = t.pupil_id
           left join returned_letter r on r.task_id = t.id
           where $1::timestamptz is null or (g.recorded_at, g.task_id) < ($1, $2::uuid)
           order by g.recorded_at desc, g.task_id desc limit $3"#,
        before.map(|(at, _)| Ts(at)) as _,
        before.map(|(_, task)| task.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let letters = rows.into_iter().map(|row| PostedLetter {
        task: TaskId(row.id),
        carer: row.carer,
        pupil: row.pupil,
        posted_on: row.posted_on.0,
        posted_by: row.posted_by,
        recorded_at: row.recorded_at.0,
        returned: row.returned_at.map(|at| at.0).zip(row.returned_why),
    });
    Ok(letters.collect())
}

/// Whether a letter is recorded as posted, and where it went where that was known.
pub async fn posting(
    connection: &mut PgConnection,
    task: TaskId,
) -> Result<Option<Option<AddressId>>, StoreError> {
    let row: Option<Option<Uuid>> =
        sqlx::query_scalar!("select address_id from posting where task_id = $1", task.0)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|address| address.map(AddressId)))
}

/// Records a letter as posted.
pub async fn insert_posting(
    connection: &mut PgConnection,
    task: TaskId,
    posted_on: Date,
    address: Option<AddressId>,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into posting (task_id, posted_on, posted_by, recorded_at, address_id) values ($1, $2, $3, $4, $5)",
        task.0,
        Day(posted_on) as _,
        by,
        Ts(now) as _,
        address.map(|id| id.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a letter as returned; `false` when it was already.
pub async fn insert_returned(
    connection: &mut PgConnection,
    task: TaskId,
    why: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let returned = sqlx::query!(
        "insert into returned_letter (task_id, returned_at, recorded_by, why) values ($1, $2, $3, $4)
         on conflict do nothing",
        task.0,
        Ts(now) as _,
        by,
        why,
    )
    .execute(connection)
    .await?;
    Ok(returned.rows_affected() > 0)
}

/// A letter that was handed over and of which it is not yet known that it was posted.
#[derive(Debug, Clone)]
pub struct HandedLetter {
    /// Its task.
    pub task: TaskId,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// The channel that prints and posts it.
    pub channel: String,
    /// When it was handed over by the colleague.
    pub at: Timestamp,
    /// Whether the provider has taken it.
    pub taken: bool,
}

/// Letters on their way to the post, the last handed over first.
pub async fn handed_over(connection: &mut PgConnection, limit: i64) -> Result<Vec<HandedLetter>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, d.channel, d.queued_at as "at: Ts", d.state = 'submitted' as "taken!",
                  c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from delivery d
           join task t on t.id = d.task_id
           join carer c on c.id = t.carer_id
           join pupil p on p.id = t.pupil_id
           where d.task_id is not null and d.state in ('queued', 'submitting', 'unknown', 'submitted')
           order by d.queued_at desc, d.id limit $1"#,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let letters = rows.into_iter().map(|row| HandedLetter {
        task: TaskId(row.id),
        carer: row.carer,
        pupil: row.pupil,
        channel: row.channel,
        at: row.at.0,
        taken: row.taken,
    });
    Ok(letters.collect())
}

/// The letter that a delivery was made from, where another print of it can help: not where its address was at fault.
pub async fn to_print_again(
    connection: &mut PgConnection,
    delivery: DeliveryId,
) -> Result<Option<TaskId>, StoreError> {
    let task = sqlx::query_scalar!(
        r#"select task_id as "task!" from delivery
           where id = $1 and task_id is not null and fault is distinct from 'bad_address'"#,
        delivery.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(task.map(TaskId))
}
