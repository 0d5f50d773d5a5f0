//! What staff pages read. Every function is given a transaction of [`super::Store::as_colleague`], so that each row it
//! finds is one this colleague may see.

mod questions;
mod tasks;

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

pub use self::{
    questions::{Decided, Message, WhichQuestions, decided, messages, questions, questions_of_case},
    tasks::{OneTask, TaskLine, WhichTasks, task, tasks},
};
use super::{
    StoreError, entries,
    life::Recorded,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{CarerId, CaseId, ClassId, PupilId},
    time::{Date, Timestamp},
};

/// Colleagues' names by their id as text, which is how the record names who did something.
pub async fn names(connection: &mut PgConnection) -> Result<HashMap<String, String>, StoreError> {
    let rows =
        sqlx::query!(r#"select id::text as "id!", name as "name!" from staff"#).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The colleagues who may have been at a contact: those who sign in and work with families, by name.
pub async fn colleagues(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id::text as "id!", name as "name!" from staff
           where disabled_at is null and roles && array['teacher', 'office', 'slt', 'dsl']
           order by name, id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The names of these pupils, of those whom the colleague may see.
pub async fn pupils_named(
    connection: &mut PgConnection,
    pupils: &[PupilId],
) -> Result<HashMap<PupilId, String>, StoreError> {
    let ids: Vec<Uuid> = pupils.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select id, coalesce(nullif(preferred_name, ''), legal_forename) || ' ' || legal_surname as "name!"
           from pupil where id = any($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (PupilId(row.id), row.name)).collect())
}

/// A pupil as the head of a page names them.
#[derive(Debug, Clone)]
pub struct Named {
    /// The pupil's name.
    pub name: String,
    /// The class.
    pub class: Option<String>,
    /// The class's id.
    pub class_id: Option<ClassId>,
    /// The year group.
    pub year: Option<String>,
    /// When they were born, where that is known.
    pub born: Option<Date>,
    /// The day on which they died.
    pub died: Option<Recorded>,
}

/// The pupil's name and class; `None` where there is no such pupil for this colleague.
pub async fn pupil(connection: &mut PgConnection, pupil: PupilId) -> Result<Option<Named>, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  k.name as "class?", p.class_id, p.year_group,
                  p.date_of_birth as "born: Day", p.died_on as "died_on: Day", p.died_set_by, p.died_set_at as "died_set_at: Ts"
           from pupil p left join class k on k.id = p.class_id where p.id = $1"#,
        pupil.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Named {
        name: row.name,
        class: row.class,
        class_id: row.class_id.map(ClassId),
        year: row.year_group,
        born: row.born.map(|day| day.0),
        died: Recorded::of(row.died_on, row.died_set_by, row.died_set_at),
    }))
}

/// A carer of a pupil, with all that a colleague must know before writing.
#[derive(Debug, Clone)]
pub struct CarerOf {
    /// The carer.
    pub id: CarerId,
    /// The carer's name.
    pub name: String,
    /// What they are to the pupil.
    pub relationship: String,
    /// Whether the pupil lives with them.
    pub lives_with: bool,
    /// BCP 47 language in which they read.
    pub language: String,
    /// The form in which they read.
    pub format: String,
    /// The interpreter they need on the phone.
    pub interpreter: Option<String>,
    /// When they are best rung.
    pub best_times: Option<String>,
    /// Whether nobody may learn where they live.
    pub confidential: bool,
    /// Their addresses this colleague may see: kind, value, status.
    pub addresses: Vec<(String, String, String)>,
}

/// The carers of a pupil in the school's order.
pub async fn carers_of(connection: &mut PgConnection, pupil: PupilId) -> Result<Vec<CarerOf>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.forename || ' ' || c.surname as "name!", l.relationship, l.lives_with_pupil, c.language, c.format,
                  c.interpreter, c.best_times, c.address_confidential,
                  coalesce(a.kinds, '{}') as "kinds!", coalesce(a.values, '{}') as "values!",
                  coalesce(a.statuses, '{}') as "statuses!"
           from link l
           join carer c on c.id = l.carer_id
           cross join lateral (
               select array_agg(a.kind order by ca.position, a.id) as kinds,
                      array_agg(a.value order by ca.position, a.id) as values,
                      array_agg(a.status order by ca.position, a.id) as statuses
               from carer_address ca join address a on a.id = ca.address_id
               where ca.carer_id = c.id and ca.removed_at is null) a
           where l.pupil_id = $1
           order by l.priority, c.surname, c.id"#,
        pupil.0,
    )
    .fetch_all(connection)
    .await?;
    let carers = rows.into_iter().map(|row| CarerOf {
        id: CarerId(row.id),
        name: row.name,
        relationship: row.relationship,
        lives_with: row.lives_with_pupil,
        language: row.language,
        format: row.format,
        interpreter: row.interpreter,
        best_times: row.best_times,
        confidential: row.address_confidential,
        addresses: row
            .kinds
            .into_iter()
            .zip(row.values)
            .zip(row.statuses)
            .map(|((kind, value), status)| (kind, value, status))
            .collect(),
    });
    Ok(carers.collect())
}

/// An entry of a case.
#[derive(Debug, Clone)]
pub struct EntryLine {
    /// Its id, which is its place.
    pub id: Uuid,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who did it: a colleague's id, `daemon`, `operator` or `import`.
    pub actor: String,
    /// The carer's name.
    pub carer: Option<String>,
    /// One sentence.
    pub sentence: String,
    /// The words beside it.
    pub words: Option<String>,
    /// Whether rules decided it: it can say why it is so.
    pub explains: bool,
    /// Whether it is restricted.
    pub restricted: bool,
}

/// What was done with a case, the oldest first; at most 200 entries.
pub async fn entries_of_case(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Vec<EntryLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.sentence,
                  b.body as "words?", exists (select from choice c where c.subject_id = e.id) as "explains!"
           from chronology_entry e
           left join chronology_body b on b.entry_id = e.id
           where e.case_id = $1 and e.kind in ('case_moved', 'note', 'answered_elsewhere', 'clock', 'question', 'hand_off', 'diverted', 'complaint', 'text_allowed')
           order by e.id
           limit 200"#,
        case.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let dsls = entries::of_the_dsl(connection, &ids).await?;
    let lines = rows.into_iter().map(|row| EntryLine {
        restricted: dsls.contains(&row.id),
        explains: row.explains,
        id: row.id,
        happened_at: row.happened_at.0,
        recorded_at: row.recorded_at.0,
        actor: row.actor,
        carer: None,
        sentence: row.sentence,
        words: row.words,
    });
    Ok(lines.collect())
}

/// A hold on sending.
#[derive(Debug, Clone)]
pub struct HoldLine {
    /// `all`, or a channel.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// What is held.
pub async fn holds(connection: &mut PgConnection) -> Result<Vec<HoldLine>, StoreError> {
    let rows = sqlx::query!(r#"select scope, reason, set_at as "set_at: Ts" from hold order by set_at"#)
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| HoldLine { scope: row.scope, reason: row.reason, since: row.set_at.0 })
        .collect())
}

/// When each mailbox or list of texts was last read well.
pub async fn inboxes(connection: &mut PgConnection) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let rows = sqlx::query!(r#"select channel, looked_at as "looked_at: Ts" from inbox order by channel"#)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.looked_at.0)).collect())
}
