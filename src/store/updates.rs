//! Updates as they are queued: which pupils a file means, and which weeks they have already.

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{ClassId, PupilId, UpdateId},
    time::{Date, Timestamp},
    topic::Topic,
};

/// A pupil as a file names it.
#[derive(Debug, Clone)]
pub struct PupilRef {
    /// The school's own reference.
    pub reference: String,
    /// The pupil.
    pub id: PupilId,
    /// The pupil's class.
    pub class: Option<ClassId>,
}

/// The pupils with these references; those that do not exist are not in the answer.
pub async fn pupils(
    connection: &mut PgConnection,
    references: &[String],
) -> Result<Vec<PupilRef>, StoreError> {
    let rows =
        sqlx::query!("select pupil_ref, id, class_id from pupil where pupil_ref = any($1)", references)
            .fetch_all(connection)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| PupilRef {
            reference: row.pupil_ref,
            id: PupilId(row.id),
            class: row.class_id.map(ClassId),
        })
        .collect())
}

/// An update that exists already.
#[derive(Debug)]
pub struct Existing {
    /// The pupil.
    pub pupil: PupilId,
    /// The week.
    pub week: Date,
    /// Its words.
    pub body: String,
    /// Whether it is marked sensitive.
    pub sensitive: bool,
    /// What it is about, where that was said.
    pub topic: Option<Topic>,
}

/// The updates these pupils have for these weeks.
pub async fn existing(
    connection: &mut PgConnection,
    pupils: &[PupilId],
    weeks: &[Date],
) -> Result<Vec<Existing>, StoreError> {
    let pupils: Vec<_> = pupils.iter().map(|id| id.0).collect();
    let weeks: Vec<_> = weeks.iter().copied().map(Day).collect();
    let rows = sqlx::query!(
        r#"select pupil_id, week as "week: Day", body, sensitive, topic from pupil_update
           where pupil_id = any($1) and week = any($2::date[])"#,
        &pupils,
        &weeks as _,
    )
    .fetch_all(connection)
    .await?;
    let existing = rows.into_iter().map(|row| {
        let topic = topic("pupil_update", row.pupil_id, row.topic.as_deref())?;
        let (pupil, week) = (PupilId(row.pupil_id), row.week.0);
        Ok(Existing { pupil, week, body: row.body, sensitive: row.sensitive, topic })
    });
    existing.collect()
}

/// A new update.
#[derive(Debug)]
pub struct NewUpdate {
    /// Its id.
    pub id: UpdateId,
    /// The pupil.
    pub pupil: PupilId,
    /// The week's Monday.
    pub week: Date,
    /// The words.
    pub body: String,
    /// Marked sensitive.
    pub sensitive: bool,
    /// What it is about, where that was said.
    pub topic: Option<Topic>,
    /// Why the SLT lets it go by text all the same.
    pub text_because: Option<Private<String>>,
}

/// Writes updates.
pub async fn insert(
    connection: &mut PgConnection,
    updates: &[NewUpdate],
    author: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into pupil_update (id, pupil_id, week, body, sensitive, topic, text_because, author, queued_at)
         select id, pupil_id, week, body, sensitive, topic, text_because, $6, $7
         from unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::boolean[], $8::text[], $9::text[])
              as u (id, pupil_id, week, body, sensitive, topic, text_because)",
        &updates.iter().map(|update| update.id.0).collect::<Vec<_>>(),
        &updates.iter().map(|update| update.pupil.0).collect::<Vec<_>>(),
        &updates.iter().map(|update| Day(update.week)).collect::<Vec<_>>() as _,
        &updates.iter().map(|update| update.body.as_str()).collect::<Vec<_>>() as _,
        &updates.iter().map(|update| update.sensitive).collect::<Vec<_>>(),
        author,
        Ts(now) as _,
        &updates.iter().map(|update| update.topic.map(Topic::as_str)).collect::<Vec<_>>() as _,
        &updates.iter().map(|update| update.text_because.as_ref().map(|why| why.expose().as_str())).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The topic of a row of `table`, by its word.
pub(super) fn topic(
    table: &'static str,
    row: uuid::Uuid,
    word: Option<&str>,
) -> Result<Option<Topic>, StoreError> {
    word.map(|word| Topic::parse(word).map_err(|why| StoreError::row(table, "topic", row, why))).transpose()
}
