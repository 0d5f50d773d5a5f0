//! Addresses as they fare: whether each can be used.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{AddressId, DeliveryId},
    time::Timestamp,
};

/// Marks the address a delivery went to as failing or stopped; `false` when it was already.
pub async fn mark_of(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    status: &str,
    why: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let address = sqlx::query_scalar!("select address_id from delivery where id = $1", delivery.0)
        .fetch_optional(&mut *connection)
        .await?
        .flatten();
    match address {
        Some(address) => mark(connection, AddressId(address), status, why, now).await,
        None => Ok(false),
    }
}

/// Marks an address as failing or stopped; `false` when it was already. One that was stopped stays stopped: only its
/// owner starts it again.
pub async fn mark(
    connection: &mut PgConnection,
    address: AddressId,
    status: &str,
    why: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let marked = sqlx::query!(
        "update address set status = $2, status_since = $3, status_why = $4
         where id = $1 and status <> $2 and status <> 'stopped'",
        address.0,
        status,
        Ts(now) as _,
        why,
    )
    .execute(connection)
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// Takes back an opt-out; `false` when there was none.
pub async fn start_again(
    connection: &mut PgConnection,
    address: AddressId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let started = sqlx::query!(
        "update address set status = 'good', status_since = $2, status_why = null where id = $1 and status = 'stopped'",
        address.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(started.rows_affected() > 0)
}
