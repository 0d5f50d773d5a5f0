//! Tasks as a colleague may see them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{CarerId, PupilId, TaskId},
    people::Format,
    time::{Date, Timestamp},
    wording::interpreter_for,
};

/// A task on a list.
#[derive(Debug, Clone)]
pub struct TaskLine {
    /// Its id.
    pub id: TaskId,
    /// Its kind.
    pub kind: String,
    /// Whose list.
    pub role: String,
    /// The carer's name.
    pub carer: String,
    /// The interpreter they need, in whose language.
    pub interpreter: Option<String>,
    /// The pupil's name.
    pub pupil: String,
    /// The pupil.
    pub pupil_id: PupilId,
    /// Why.
    pub why: String,
    /// By when.
    pub due: Date,
}

/// One task, as its page shows it.
#[derive(Debug, Clone)]
pub struct OneTask {
    /// Its id.
    pub id: TaskId,
    /// Its kind.
    pub kind: String,
    /// Whose list.
    pub role: String,
    /// The carer.
    pub carer_id: CarerId,
    /// The carer's name.
    pub carer: String,
    /// The interpreter they need, in whose language.
    pub interpreter: Option<String>,
    /// The pupil.
    pub pupil_id: PupilId,
    /// The pupil's name.
    pub pupil: String,
    /// Why.
    pub why: String,
    /// By when.
    pub due: Date,
    /// `open`, `done`, `given_up` or `withdrawn`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Who closed it, and when.
    pub closed: Option<(String, Timestamp)>,
}

/// A task, whatever its state; `None` where there is none for this colleague.
pub async fn task(connection: &mut PgConnection, task: TaskId) -> Result<Option<OneTask>, StoreError> {
    let row = sqlx::query!(
        r#"select t.id, t.kind, t.role, t.why, t.due as "due: Day", t.state, t.outcome, t.closed_by,
                  t.closed_at as "closed_at: Ts", t.pupil_id, t.carer_id,
                  c.forename || ' ' || c.surname as "carer!", c.language, c.interpreter, c.format,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from task t join carer c on c.id = t.carer_id join pupil p on p.id = t.pupil_id
           where t.id = $1"#,
        task.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| OneTask {
        id: TaskId(row.id),
        kind: row.kind,
        role: row.role,
        carer_id: CarerId(row.carer_id),
        carer: row.carer,
        interpreter: interpreter(row.interpreter.as_deref(), &row.language, &row.format),
        pupil_id: PupilId(row.pupil_id),
        pupil: row.pupil,
        why: row.why,
        due: row.due.0,
        state: row.state,
        outcome: row.outcome,
        closed: row.closed_by.zip(row.closed_at.map(|at| at.0)),
    }))
}

/// In which language somebody interprets between this carer and the school; who signs, signs.
fn interpreter(recorded: Option<&str>, language: &str, format: &str) -> Option<String> {
    if format == Format::Bsl.as_str() {
        return Some("British Sign Language".to_owned());
    }
    interpreter_for(recorded, language)
}

/// Which open tasks.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhichTasks<'a> {
    /// Only of this kind.
    pub kind: Option<&'a str>,
    /// Only on the lists of roles that the colleague holds, a teacher's for their classes, and what is kept for them by name.
    pub mine: bool,
    /// Only those after this due date and id.
    pub after: Option<(Date, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

/// Open tasks, the soonest due first.
pub async fn tasks(
    connection: &mut PgConnection,
    which: &WhichTasks<'_>,
) -> Result<Vec<TaskLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, t.kind, t.role, t.why, t.due as "due: Day", t.pupil_id, c.forename || ' ' || c.surname as "carer!", c.language, c.interpreter, c.format,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from task t join carer c on c.id = t.carer_id join pupil p on p.id = t.pupil_id
           where t.state = 'open' and ($1::text is null or t.kind = $1)
             and (not $2 or case when t.role = 'teacher' then p.class_id = any ((select liaison_my_classes())::uuid[])
                                 else (select liaison_is(t.role)) end
                  or (select liaison_me()) = any (t.only_for))
             and ($3::date is null or (t.due, t.id) > ($3, $4::uuid))
           order by t.due, t.id limit $5"#,
        which.kind,
        which.mine,
        which.after.map(|(due, _)| Day(due)) as _,
        which.after.map(|(_, id)| id),
        which.limit,
    )
    .fetch_all(connection)
    .await?;
    let tasks = rows.into_iter().map(|row| TaskLine {
        id: TaskId(row.id),
        kind: row.kind,
        role: row.role,
        carer: row.carer,
        interpreter: interpreter(row.interpreter.as_deref(), &row.language, &row.format),
        pupil: row.pupil,
        pupil_id: PupilId(row.pupil_id),
        why: row.why,
        due: row.due.0,
    });
    Ok(tasks.collect())
}
