//! A class's week: for each pupil what is written, queued, sent, and whom it did not reach. Read as the colleague.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{ClassId, PupilId, UpdateId},
    time::{Date, Timestamp},
};

/// A class whose pupils the colleague may see.
#[derive(Debug, Clone)]
pub struct Class {
    /// Its id.
    pub id: ClassId,
    /// Its name.
    pub name: String,
}

/// The classes in which the colleague sees a pupil, by name.
pub async fn classes(connection: &mut PgConnection) -> Result<Vec<Class>, StoreError> {
    let rows = sqlx::query!(
        "select k.id, k.name from class k where exists (select from pupil p where p.class_id = k.id) order by k.name"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| Class { id: ClassId(row.id), name: row.name }).collect())
}

/// The words of the update about a pupil's week, where there is one, from a page or a file.
pub async fn sent_words(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select body from pupil_update where pupil_id = $1 and week = $2",
        pupil.0,
        Day(week) as _
    )
    .fetch_optional(connection)
    .await?)
}

/// A pupil's week.
#[derive(Debug, Clone)]
pub struct PupilWeek {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub name: String,
    /// The draft's version; 0 where there is none.
    pub version: i64,
    /// Whether the draft has words.
    pub written: bool,
    /// The contact card that its writer saw, by its digest.
    pub card_seen: Option<String>,
    /// Queued: it leaves from then on.
    pub send_at: Option<Timestamp>,
    /// Queued, and a second person must approve it first.
    pub waits_for_second: bool,
    /// Whether it has become messages, from a page or a file.
    pub sent: bool,
    /// The update that it has become.
    pub update: Option<UpdateId>,
    /// Why the draft could not become an update.
    pub trouble: Option<String>,
    /// Messages that went, or arrived.
    pub told: i64,
    /// Messages that wait or are on the wire.
    pub waiting: i64,
    /// The carers whom it has not reached by any way so far, by name.
    pub not_reached: Vec<String>,
    /// Calls and letters that colleagues have still to do.
    pub to_do: i64,
}

/// The pupils of a class with their week, by surname; at most 200. Those who have left are not among them.
///
/// A carer counts as not reached from a failure on, or from when nobody knew a way, until some message or colleague has
/// told them; one who may not be told is not missed.
pub async fn of_class(
    connection: &mut PgConnection,
    class: ClassId,
    week: Date,
) -> Result<Vec<PupilWeek>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  coalesce(d.version, 0) as "version!", coalesce(btrim(d.words) <> '', false) as "written!", d.card_seen,
                  d.send_at as "send_at: Ts", d.second_for is not null and d.approved_by is null as "waits_for_second!", d.trouble, u.id is not null as "sent!", u.id as "update?",
                  m.told as "told!", m.waiting as "waiting!", t.to_do as "to_do!", n.names as "not_reached!"
           from pupil p
           left join draft d on d.pupil_id = p.id and d.week = $2
           left join pupil_update u on u.pupil_id = p.id and u.week = $2
           cross join lateral (
               select count(*) filter (where state in ('submitted', 'delivered')) as told,
                      count(*) filter (where state in ('queued', 'submitting', 'unknown')) as waiting
               from delivery x where x.update_id = u.id) m
           cross join lateral (select count(*) as to_do from task x where x.update_id = u.id and x.state = 'open') t
           cross join lateral (
               select coalesce(array_agg(c.forename || ' ' || c.surname order by c.surname, c.forename, c.id), '{}') as names
               from carer c
               where c.died_on is null and c.id in (
                   select x.carer_id from delivery x where x.update_id = u.id and x.state = 'failed'
                   union
                   select x.carer_id from task x
                   where x.update_id = u.id
                     and (x.state = 'given_up' or (x.kind = 'check_address' and x.state = 'open')))
                 and not exists (
                   select from delivery x
                   where x.update_id = u.id and x.carer_id = c.id and x.state in ('submitted', 'delivered'))
                 and not exists (
                   select from task x
                   where x.update_id = u.id and x.carer_id = c.id and x.kind in ('call', 'letter') and x.state = 'done'
                     and not exists (select from returned_letter r where r.task_id = x.id))) n
           where p.class_id = $1 and (p.leaving_date is null or p.leaving_date >= $2) and p.died_on is null
           order by p.legal_surname, p.legal_forename, p.id
           limit 200"#,
        class.0,
        Day(week) as _,
    )
    .fetch_all(connection)
    .await?;
    let pupils = rows.into_iter().map(|row| PupilWeek {
        pupil: PupilId(row.id),
        name: row.name,
        version: row.version,
        written: row.written,
        card_seen: row.card_seen,
        send_at: row.send_at.map(|at| at.0),
        waits_for_second: row.waits_for_second,
        sent: row.sent,
        update: row.update.map(UpdateId),
        trouble: row.trouble,
        told: row.told,
        waiting: row.waiting,
        not_reached: row.not_reached,
        to_do: row.to_do,
    });
    Ok(pupils.collect())
}

/// Words of an earlier week that were written and have not been sent.
#[derive(Debug, Clone)]
pub struct Unsent {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub name: String,
    /// The week's Monday.
    pub week: Date,
    /// Queued: it leaves from then on.
    pub send_at: Option<Timestamp>,
    /// Queued, and a second person must approve it first.
    pub waits_for_second: bool,
}

/// Of a class the words of weeks from `since` on and before `week` that were written and have not been sent, the latest week
/// first; at most 200.
pub async fn unsent(
    connection: &mut PgConnection,
    class: ClassId,
    since: Date,
    week: Date,
) -> Result<Vec<Unsent>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  d.week as "week: Day", d.send_at as "send_at: Ts",
                  d.second_for is not null and d.approved_by is null as "waits_for_second!"
           from draft d join pupil p on p.id = d.pupil_id
           where p.class_id = $1 and p.died_on is null and d.week >= $2 and d.week < $3 and d.update_id is null and btrim(d.words) <> ''
             and not exists (select from pupil_update u where u.pupil_id = d.pupil_id and u.week = d.week)
           order by d.week desc, p.legal_surname, p.legal_forename, p.id
           limit 200"#,
        class.0,
        Day(since) as _,
        Day(week) as _,
    )
    .fetch_all(connection)
    .await?;
    let unsent = rows.into_iter().map(|row| Unsent {
        pupil: PupilId(row.id),
        name: row.name,
        week: row.week.0,
        send_at: row.send_at.map(|at| at.0),
        waits_for_second: row.waits_for_second,
    });
    Ok(unsent.collect())
}

/// The pupils of a class in the same order, with whether words are there for the week: a draft's, or those that were sent.
pub async fn written(
    connection: &mut PgConnection,
    class: ClassId,
    week: Date,
) -> Result<Vec<(PupilId, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(btrim(d.words) <> '', false) or u.id is not null as "written!"
           from pupil p
           left join draft d on d.pupil_id = p.id and d.week = $2
           left join pupil_update u on u.pupil_id = p.id and u.week = $2
           where p.class_id = $1 and (p.leaving_date is null or p.leaving_date >= $2) and p.died_on is null
           order by p.legal_surname, p.legal_forename, p.id
           limit 200"#,
        class.0,
        Day(week) as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (PupilId(row.id), row.written)).collect())
}
