//! Pupils, carers, links and addresses, as imports read and write them: whole tables at a time, never row by row.

mod load;
mod write;

pub use load::load;
use sqlx::PgConnection;
pub use write::write;

use super::StoreError;

/// Any fixed number: what imports hold so that two of them do not interleave. "liaison" on a telephone's keys, and 1.
const IMPORT_LOCK: i64 = 54_247_661;

/// Waits until no other import is going on, and keeps the next one waiting until the transaction ends.
pub async fn lock(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", IMPORT_LOCK).execute(connection).await?;
    Ok(())
}
