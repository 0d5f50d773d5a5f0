//! Announcements on their way: how far each is with whom, what can still be stopped, and what a page needs to write one.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{AnnouncementId, CarerId, ClassId, DeliveryId, PupilId, TaskId},
    time::Timestamp,
};

/// How far an announcement is, in carers: each is counted once, by the last step that was taken towards them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Their message waits, or is on the wire.
    pub waits: i64,
    /// Their message was taken by the mail server or provider.
    pub sent: i64,
    /// Their message arrived.
    pub arrived: i64,
    /// They were rung, or a letter was posted to them.
    pub told: i64,
    /// No way to them has worked; somebody looks for one.
    pub not_reached: i64,
    /// A colleague is to ring them.
    pub to_ring: i64,
    /// A letter is to be posted to them.
    pub to_post: i64,
    /// They may not be told.
    pub left_out: i64,
    /// Their message was taken back before it left.
    pub taken_back: i64,
}

impl Progress {
    /// How many carers in all.
    pub const fn all(&self) -> i64 {
        self.waits
            + self.sent
            + self.arrived
            + self.told
            + self.not_reached
            + self.to_ring
            + self.to_post
            + self.left_out
            + self.taken_back
    }

    const fn of(&mut self, stage: &str) -> Option<&mut i64> {
        Some(match stage.as_bytes() {
            b"waits" => &mut self.waits,
            b"sent" => &mut self.sent,
            b"arrived" => &mut self.arrived,
            b"told" => &mut self.told,
            b"not_reached" => &mut self.not_reached,
            b"to_ring" => &mut self.to_ring,
            b"to_post" => &mut self.to_post,
            b"left_out" => &mut self.left_out,
            b"taken_back" => &mut self.taken_back,
            _ => return None,
        })
    }
}

/// How far these announcements are; those of which nothing was made are not in the answer.
pub async fn progress(
    connection: &mut PgConnection,
    announcements: &[AnnouncementId],
) -> Result<HashMap<AnnouncementId, Progress>, StoreError> {
    let rows = sqlx::query!(
        r#"select announcement_id as "announcement_id!", stage as "stage!", count(*) as "carers!"
           from (select distinct on (announcement_id, carer_id) announcement_id, stage from announcement_step
                 where announcement_id = any($1)
                 order by announcement_id, carer_id, id desc) last
           group by announcement_id, stage"#,
        &announcements.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<AnnouncementId, Progress> = HashMap::new();
    for row in rows {
        let progress = found.entry(AnnouncementId(row.announcement_id)).or_default();
        let count = progress.of(&row.stage).ok_or_else(|| {
            StoreError::row("announcement_step", "stage", row.announcement_id, "an unknown word")
        })?;
        *count = row.carers;
    }
    Ok(found)
}

/// A carer whom an announcement has not reached. Personal.
#[derive(Debug, Clone)]
pub struct Untold {
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub name: String,
    /// `to_ring`, `to_post`, `not_reached`, `left_out` or `taken_back`.
    pub stage: String,
    /// Why, as a sentence.
    pub why: String,
    /// The message, task or entry that says so, which can say why.
    pub by: Uuid,
}

/// The carers whom an announcement has not reached, as far as whoever reads may see them: by name, after the carer
/// `after`, at most `limit`.
pub async fn untold(
    connection: &mut PgConnection,
    announcement: AnnouncementId,
    after: Option<CarerId>,
    limit: i64,
) -> Result<Vec<Untold>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.forename || ' ' || c.surname as "name!", last.stage as "stage!", coalesce(last.why, '') as "why!", last.id as "by!"
           from (select distinct on (carer_id) carer_id, stage, why, id from announcement_step
                 where announcement_id = $1
                 order by carer_id, id desc) last
           join carer c on c.id = last.carer_id
           where last.stage not in ('waits', 'sent', 'arrived', 'told')
             and ($2::uuid is null
                  or (c.surname, c.forename, c.id) > (select a.surname, a.forename, a.id from carer a where a.id = $2))
           order by c.surname, c.forename, c.id limit $3"#,
        announcement.0,
        after.map(|carer| carer.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let untold = rows.into_iter().map(|row| Untold {
        carer: CarerId(row.id),
        name: row.name,
        stage: row.stage,
        why: row.why,
        by: row.by,
    });
    Ok(untold.collect())
}

/// A message or task that was stopped, and whose it was.
#[derive(Debug)]
pub struct Stopped {
    /// The message, with its tries so far, where it was one.
    pub delivery: Option<(DeliveryId, u16)>,
    /// The task, where it was one.
    pub task: Option<TaskId>,
    /// The carer.
    pub carer: CarerId,
    /// The pupil it rested on.
    pub pupil: PupilId,
}

/// The messages of an announcement that wait or are in doubt, locked until the transaction ends.
pub async fn waiting(
    connection: &mut PgConnection,
    announcement: AnnouncementId,
) -> Result<Vec<Stopped>, StoreError> {
    let rows = sqlx::query!(
        "select id, tries, carer_id, pupil_id from delivery
         where announcement_id = $1 and state in ('queued', 'unknown') order by id for update",
        announcement.0
    )
    .fetch_all(connection)
    .await?;
    let waiting = rows.into_iter().map(|row| Stopped {
        delivery: Some((DeliveryId(row.id), u16::try_from(row.tries).unwrap_or_default())),
        task: None,
        carer: CarerId(row.carer_id),
        pupil: PupilId(row.pupil_id),
    });
    Ok(waiting.collect())
}

/// Withdraws the open tasks of an announcement.
pub async fn withdraw_tasks(
    connection: &mut PgConnection,
    announcement: AnnouncementId,
    by: &str,
    outcome: &str,
    now: Timestamp,
) -> Result<Vec<Stopped>, StoreError> {
    let rows = sqlx::query!(
        "update task set state = 'withdrawn', closed_at = $2, closed_by = $3, outcome = $4
         where announcement_id = $1 and state = 'open' returning id, carer_id, pupil_id",
        announcement.0,
        Ts(now) as _,
        by,
        outcome,
    )
    .fetch_all(connection)
    .await?;
    let withdrawn = rows.into_iter().map(|row| Stopped {
        delivery: None,
        task: Some(TaskId(row.id)),
        carer: CarerId(row.carer_id),
        pupil: PupilId(row.pupil_id),
    });
    Ok(withdrawn.collect())
}

/// The year groups in which the colleague sees a pupil.
pub async fn years(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select distinct year_group as "year!" from pupil where btrim(year_group) <> '' order by 1"#
    )
    .fetch_all(connection)
    .await?)
}

/// The classes' names.
pub async fn class_names(connection: &mut PgConnection) -> Result<HashMap<ClassId, String>, StoreError> {
    let rows = sqlx::query!("select id, name from class").fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (ClassId(row.id), row.name)).collect())
}

/// The carers whom the colleague may see: all, for asking of each of thousands takes longer.
pub async fn seen(connection: &mut PgConnection) -> Result<HashSet<CarerId>, StoreError> {
    let seen = sqlx::query_scalar!(r#"select coalesce(array_agg(id), '{}') as "seen!" from carer"#)
        .fetch_one(connection)
        .await?;
    Ok(seen.into_iter().map(CarerId).collect())
}

/// How many pupils whom the colleague may see are named in full in a text.
pub async fn named_in(connection: &mut PgConnection, text: &str) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from pupil p, (select lower($1) as said offset 0) t
           -- Most surnames do not stand in it: the rest is not asked of them.
           where position(lower(p.legal_surname) in t.said) > 0
             and (position(lower(coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname)
                           in t.said) > 0
                  or position(lower(p.legal_forename || ' ' || p.legal_surname) in t.said) > 0)"#,
        text
    )
    .fetch_one(connection)
    .await?)
}
