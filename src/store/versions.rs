//! The calendars and words that colleagues adopted. Versions are only added; the newest counts.

use serde::Serialize;
use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::time::Timestamp;

/// Any fixed number: what adoptions hold so that two of them do not cross. "liaison" on a telephone's keys, and 7.
const ADOPT_LOCK: i64 = 54_247_667;

/// The newest version of each; `None`: the settings count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Newest {
    /// The calendar's number.
    pub calendar: Option<i64>,
    /// The wording's.
    pub wording: Option<i64>,
    /// That of the school's own words for parts of messages.
    pub templates: Option<i64>,
    /// That of the marks that words were checked.
    pub reviews: Option<i64>,
}

/// The newest numbers.
pub async fn newest(connection: &mut PgConnection) -> Result<Newest, StoreError> {
    let row = sqlx::query!(
        "select (select max(number) from calendar_version) as calendar,
                (select max(number) from wording_version) as wording,
                (select max(number) from template_version) as templates,
                (select max(number) from template_review) as reviews"
    )
    .fetch_one(connection)
    .await?;
    Ok(Newest {
        calendar: row.calendar,
        wording: row.wording,
        templates: row.templates,
        reviews: row.reviews,
    })
}

/// Waits until nobody else adopts anything, and keeps the next one waiting until the transaction ends.
pub async fn lock(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", ADOPT_LOCK).execute(connection).await?;
    Ok(())
}

/// The file of a calendar.
pub async fn calendar_csv(connection: &mut PgConnection, number: i64) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!("select csv from calendar_version where number = $1", number)
        .fetch_one(connection)
        .await?)
}

/// A calendar as it was adopted.
#[derive(Debug, Clone, Serialize)]
pub struct CalendarVersion {
    /// Its number.
    pub number: i64,
    /// When.
    pub adopted_at: Timestamp,
    /// By whom.
    pub adopted_by: String,
    /// Why.
    pub why: String,
}

/// The newest calendars, at most `most`.
pub async fn calendars(connection: &mut PgConnection, most: i64) -> Result<Vec<CalendarVersion>, StoreError> {
    let rows = sqlx::query!(
        r#"select number, adopted_at as "adopted_at: Ts", adopted_by, why from calendar_version
           order by number desc limit $1"#,
        most
    )
    .fetch_all(connection)
    .await?;
    let versions = rows.into_iter().map(|row| CalendarVersion {
        number: row.number,
        adopted_at: row.adopted_at.0,
        adopted_by: row.adopted_by,
        why: row.why,
    });
    Ok(versions.collect())
}

/// Adds a calendar; returns its number.
pub async fn adopt_calendar(
    connection: &mut PgConnection,
    csv: &str,
    digest: &str,
    why: &str,
    by: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        "insert into calendar_version (csv, digest, adopted_at, adopted_by, why) values ($1, $2, $3, $4, $5)
         returning number",
        csv,
        digest,
        Ts(now) as _,
        by,
        why,
    )
    .fetch_one(connection)
    .await?)
}

/// The school's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordingVersion {
    /// Where to turn if it cannot wait; empty: the usual sentence.
    pub urgent: String,
    /// What every acknowledgement by email says besides; may be empty.
    pub more: String,
    /// When they were set.
    pub set_at: Timestamp,
    /// By whom.
    pub set_by: String,
}

/// The words of this version.
pub async fn wording(connection: &mut PgConnection, number: i64) -> Result<WordingVersion, StoreError> {
    let row = sqlx::query!(
        r#"select urgent, more, set_at as "set_at: Ts", set_by from wording_version where number = $1"#,
        number
    )
    .fetch_one(connection)
    .await?;
    Ok(WordingVersion { urgent: row.urgent, more: row.more, set_at: row.set_at.0, set_by: row.set_by })
}

/// Adds words; returns their number.
pub async fn set_wording(connection: &mut PgConnection, words: &WordingVersion) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        "insert into wording_version (urgent, more, set_at, set_by) values ($1, $2, $3, $4) returning number",
        words.urgent,
        words.more,
        Ts(words.set_at) as _,
        words.set_by,
    )
    .fetch_one(connection)
    .await?)
}

/// A version of the settings, and since when it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The first 12 digits of the digest: what decisions name.
    pub digest: String,
    /// The calendar's version.
    pub calendar: String,
    /// When a program first worked by it.
    pub first_used_at: Timestamp,
}

/// Keeps the settings of this version where they are new.
pub async fn keep_policy(
    connection: &mut PgConnection,
    version: &PolicyVersion,
    settings: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into policy_version (digest, settings, calendar, first_used_at) values ($1, $2, $3, $4)
         on conflict (digest) do nothing",
        version.digest,
        settings,
        version.calendar,
        Ts(version.first_used_at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The version with this digest.
pub async fn policy(
    connection: &mut PgConnection,
    digest: &str,
) -> Result<Option<PolicyVersion>, StoreError> {
    let row = sqlx::query!(
        r#"select digest, calendar, first_used_at as "first_used_at: Ts" from policy_version where digest = $1"#,
        digest
    )
    .fetch_optional(connection)
    .await?;
    let version = row.map(|row| PolicyVersion {
        digest: row.digest,
        calendar: row.calendar,
        first_used_at: row.first_used_at.0,
    });
    Ok(version)
}

/// What the settings of this version said, as JSON. As the daemon: no page reads it.
pub async fn settings(connection: &mut PgConnection, digest: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select settings from policy_version where digest = $1", digest)
        .fetch_optional(connection)
        .await?)
}

/// When the calendar of this version was last adopted by a colleague; `None`: it stands in the settings.
pub async fn calendar_adopted(
    connection: &mut PgConnection,
    version: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!(
        r#"select adopted_at as "at: Ts" from calendar_version where digest = $1 order by number desc limit 1"#,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(at.map(|at| at.0))
}
