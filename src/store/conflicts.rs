//! Which pupils are of a colleague's own family, and hidden from them (T30).

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{PupilId, StaffId},
    time::Timestamp,
};

/// Notes that a pupil is of a colleague's own family.
pub async fn add(
    connection: &mut PgConnection,
    staff: StaffId,
    pupil: PupilId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into conflict_of_interest (staff_id, pupil_id, recorded_at, recorded_by) values ($1, $2, $3, $4)
         on conflict do nothing",
        staff.0,
        pupil.0,
        Ts(now) as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The pupils that are hidden from a colleague as their own family, each with who recorded it.
pub async fn of(connection: &mut PgConnection, staff: StaffId) -> Result<Vec<(PupilId, String)>, StoreError> {
    let rows = sqlx::query!(
        "select pupil_id, recorded_by from conflict_of_interest where staff_id = $1 order by recorded_at, pupil_id",
        staff.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (PupilId(row.pupil_id), row.recorded_by)).collect())
}

/// Forgets that a pupil is of a colleague's own family; `false` where nothing said so.
pub async fn remove(
    connection: &mut PgConnection,
    staff: StaffId,
    pupil: PupilId,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "delete from conflict_of_interest where staff_id = $1 and pupil_id = $2",
        staff.0,
        pupil.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
