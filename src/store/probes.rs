//! Mails that Liaison sends to itself, to prove that mail leaves and comes in.

use std::collections::HashSet;

use jiff::SignedDuration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::ProbeId,
    time::{Date, Timestamp},
};

/// Notes a probe that is about to leave; `false` where the day has one. One that did not leave is tried again with a new id once
/// `rest` is over: also one of which a daemon that died never said whether it left.
pub async fn begin(
    connection: &mut PgConnection,
    probe: ProbeId,
    mailbox: &str,
    day: Date,
    now: Timestamp,
    rest: SignedDuration,
) -> Result<bool, StoreError> {
    let before = now.saturating_sub(rest).unwrap_or(now);
    let begun = sqlx::query!(
        "insert into probe (id, channel, day, first_at, sent_at) values ($1, $2, $3, $4, $4)
         on conflict (channel, day) do update set id = $1, sent_at = $4, went = 'no'
         where probe.went <> 'taken' and probe.came_at is null and probe.alarmed_at is null and probe.sent_at <= $5",
        probe.0,
        mailbox,
        Day(day) as _,
        Ts(now) as _,
        Ts(before) as _,
    )
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// Notes whether the server took it.
pub async fn went(connection: &mut PgConnection, probe: ProbeId, taken: bool) -> Result<(), StoreError> {
    sqlx::query!(
        "update probe set went = $2 where id = $1",
        probe.0,
        if taken { "taken" } else { "refused" }
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that these came back, of those that are probes.
pub async fn came(
    connection: &mut PgConnection,
    mails: &[(Uuid, String)],
    now: Timestamp,
) -> Result<u64, StoreError> {
    if mails.is_empty() {
        return Ok(0);
    }
    let came = sqlx::query!(
        "update probe p set came_at = $3, came_by = m.channel
         from unnest($1::uuid[], $2::text[]) as m (id, channel) where p.id = m.id and p.came_at is null",
        &mails.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        &mails.iter().map(|(_, channel)| channel.as_str()).collect::<Vec<_>>() as _,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(came.rows_affected())
}

/// A probe that has not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The probe.
    pub id: ProbeId,
    /// The mailbox it is to prove.
    pub mailbox: String,
    /// Since when it is waited for: when it left, or, where it could not, when that was tried first.
    pub since: Timestamp,
    /// Whether it left.
    pub left: bool,
}

/// Probes that have not come back, and of which nobody was told.
pub async fn open(connection: &mut PgConnection) -> Result<Vec<Open>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, channel, went = 'taken' as "left!",
                  case when went = 'taken' then sent_at else first_at end as "since!: Ts"
           from probe where came_at is null and alarmed_at is null order by sent_at"#
    )
    .fetch_all(connection)
    .await?;
    let open = rows.into_iter().map(|row| Open {
        id: ProbeId(row.id),
        mailbox: row.channel,
        since: row.since.0,
        left: row.left,
    });
    Ok(open.collect())
}

/// Which of these are probes of ours.
pub async fn known(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let known =
        sqlx::query_scalar!("select id from probe where id = any($1)", ids).fetch_all(connection).await?;
    Ok(known.into_iter().collect())
}

/// Notes that colleagues were told of it; `false` where they were.
pub async fn alarmed(
    connection: &mut PgConnection,
    probe: ProbeId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let told = sqlx::query!(
        "update probe set alarmed_at = $2 where id = $1 and came_at is null and alarmed_at is null",
        probe.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// The newest probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it came back.
    pub came_at: Option<Timestamp>,
    /// Whether the server refused it.
    pub refused: bool,
}

/// The newest probe of a mailbox, if there ever was one.
pub async fn newest(connection: &mut PgConnection, mailbox: &str) -> Result<Option<Newest>, StoreError> {
    let row = sqlx::query!(
        r#"select sent_at as "sent_at: Ts", came_at as "came_at: Ts", went from probe
           where channel = $1 order by sent_at desc limit 1"#,
        mailbox
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Newest {
        sent_at: row.sent_at.0,
        came_at: row.came_at.map(|at| at.0),
        refused: row.went == "refused",
    }))
}
