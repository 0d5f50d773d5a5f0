//! Daemons and holds: who is alive, and what must not leave.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{ids::DaemonId, time::Timestamp};

/// The scope that holds every channel.
pub const ALL_CHANNELS: &str = "all";

/// Says that this daemon is alive; the first call enters it.
pub async fn beat(connection: &mut PgConnection, daemon: DaemonId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into daemon (id, started_at, seen_at) values ($1, $2, $2)
         on conflict (id) do update set seen_at = excluded.seen_at, stopped_at = null",
        daemon.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says that this daemon has stopped and holds nothing any more.
pub async fn stopped(
    connection: &mut PgConnection,
    daemon: DaemonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!("update daemon set stopped_at = $2 where id = $1", daemon.0, Ts(now) as _)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether this database has moved to another server since it was last asked (restored from a backup, copied): the
/// server's own identifier is compared with the one on record, which is then brought up to date.
pub async fn has_moved(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let server = sqlx::query_scalar!(
        r#"select system_identifier::text || '/' || (select oid from pg_database where datname = current_database())
               as "server!" from pg_control_system()"#
    )
    .fetch_one(&mut *connection)
    .await?;
    let known =
        sqlx::query_scalar!("select server from home for update").fetch_optional(&mut *connection).await?;
    if known.as_ref() != Some(&server) {
        sqlx::query!(
            "insert into home (here, server) values (true, $1) on conflict (here) do update set server = excluded.server",
            server
        )
        .execute(connection)
        .await?;
    }
    Ok(known.is_some_and(|known| known != server))
}

/// Why nothing may leave: a hold on everything, or on one channel.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Hold {
    /// `all`, or the channel.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Who set it: `daemon`, or a person.
    pub set_by: String,
    /// When.
    pub set_at: String,
}

/// Every hold.
pub async fn holds(connection: &mut PgConnection) -> Result<Vec<Hold>, StoreError> {
    let rows =
        sqlx::query!(r#"select scope, reason, set_by, set_at as "set_at: Ts" from hold order by scope"#)
            .fetch_all(connection)
            .await?;
    let hold = rows.into_iter().map(|row| Hold {
        scope: row.scope,
        reason: row.reason,
        set_by: row.set_by,
        set_at: row.set_at.0.to_string(),
    });
    Ok(hold.collect())
}

/// Why this channel may not send now, if it may not. Locks the holds against being lifted or set meanwhile is not
/// needed: a hold set a moment later stops the next group.
pub async fn hold_on(connection: &mut PgConnection, channel: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select reason from hold where scope in ('all', $1) order by scope limit 1",
        channel
    )
    .fetch_optional(connection)
    .await?)
}

/// Sets a hold; `false` when there is one on this scope already, which is left as it is.
pub async fn hold(
    connection: &mut PgConnection,
    scope: &str,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "insert into hold (scope, reason, set_by, set_at) values ($1, $2, $3, $4) on conflict do nothing",
        scope,
        reason,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() > 0)
}

/// Lifts a hold; `false` when there was none. With `only_by`, only one set by that actor.
pub async fn lift(
    connection: &mut PgConnection,
    scope: &str,
    only_by: Option<&str>,
) -> Result<bool, StoreError> {
    let lifted = sqlx::query!(
        "delete from hold where scope = $1 and ($2::text is null or set_by = $2)",
        scope,
        only_by
    )
    .execute(connection)
    .await?;
    Ok(lifted.rows_affected() > 0)
}
