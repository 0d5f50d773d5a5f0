//! Which carers want no newsletters.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{CarerId, DeliveryId},
    time::Timestamp,
};

/// Whom a newsletter was for; `None` where the delivery is no newsletter.
pub async fn whose(
    connection: &mut PgConnection,
    newsletter: DeliveryId,
) -> Result<Option<CarerId>, StoreError> {
    let carer = sqlx::query_scalar!(
        "select carer_id from delivery where id = $1 and purpose = 'newsletter'",
        newsletter.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(carer.map(CarerId))
}

/// Ends newsletters for a carer; `false` where that was so before.
pub async fn end(connection: &mut PgConnection, carer: CarerId, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update carer set newsletters_ended_at = $2 where id = $1 and newsletters_ended_at is null",
        carer.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Lets newsletters go to a carer again; `false` where they did.
pub async fn begin_again(connection: &mut PgConnection, carer: CarerId) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update carer set newsletters_ended_at = null where id = $1 and newsletters_ended_at is not null",
        carer.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
