//! How many parts of texts a channel has had in a month, kept where all daemons count together.

use sqlx::PgConnection;

use super::{StoreError, types::Day};
use crate::domain::time::Date;

/// A channel's month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Month {
    /// Parts that left, or may have.
    pub parts: u64,
    /// Who let texts go on beyond the cap: a colleague's id or an operator's name.
    pub let_on_by: Option<String>,
}

/// The channel's month that has this first day.
pub async fn month(connection: &mut PgConnection, channel: &str, first: Date) -> Result<Month, StoreError> {
    let row = sqlx::query!(
        "select parts, let_on_by from texts_of_month where channel = $1 and month = $2",
        channel,
        Day(first) as _,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or_else(Month::default, |row| Month {
        parts: u64::try_from(row.parts).unwrap_or_default(),
        let_on_by: row.let_on_by,
    }))
}

/// The same, locked until the transaction ends: whoever would send waits for whoever is counting.
pub async fn month_locked(
    connection: &mut PgConnection,
    channel: &str,
    first: Date,
) -> Result<Month, StoreError> {
    sqlx::query!(
        "insert into texts_of_month (channel, month) values ($1, $2) on conflict do nothing",
        channel,
        Day(first) as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "select from texts_of_month where channel = $1 and month = $2 for update",
        channel,
        Day(first) as _,
    )
    .fetch_all(&mut *connection)
    .await?;
    month(connection, channel, first).await
}

/// Counts parts that are about to leave; negative where they certainly did not.
pub async fn count(
    connection: &mut PgConnection,
    channel: &str,
    first: Date,
    parts: i64,
) -> Result<(), StoreError> {
    if parts == 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into texts_of_month (channel, month, parts) values ($1, $2, greatest($3::bigint, 0))
         on conflict (channel, month) do update set parts = greatest(texts_of_month.parts + $3, 0)",
        channel,
        Day(first) as _,
        parts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets texts go on beyond the cap until the month ends.
pub async fn let_on(
    connection: &mut PgConnection,
    channel: &str,
    first: Date,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into texts_of_month (channel, month, let_on_by) values ($1, $2, $3)
         on conflict (channel, month) do update set let_on_by = $3",
        channel,
        Day(first) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(())
}
