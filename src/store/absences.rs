//! Absences and who covers.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{AbsenceId, StaffId},
    time::{Date, Timestamp},
};

/// An absence, with the colleagues' names.
#[derive(Debug, Clone)]
pub struct Absence {
    /// Its id.
    pub id: AbsenceId,
    /// Who is away.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// Who covers.
    pub cover: StaffId,
    /// Their name.
    pub cover_name: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// Whether it has begun.
    pub running: bool,
    /// Whether nobody covers, for the cover may no longer sign in.
    pub uncovered: bool,
}

/// Absences that are not over, the first to begin first; of those that whoever asks may see.
pub async fn open(connection: &mut PgConnection) -> Result<Vec<Absence>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.id, a.staff_id, s.name, a.cover, c.name as cover_name, a.from_day as "from: Day", a.until_day as "until: Day",
                  a.state = 'running' as "running!", c.disabled_at is not null as "uncovered!"
           from absence a join staff s on s.id = a.staff_id join staff c on c.id = a.cover
           where a.state <> 'over'
           order by a.from_day, s.name, a.id"#
    )
    .fetch_all(connection)
    .await?;
    let absences = rows.into_iter().map(|row| Absence {
        id: AbsenceId(row.id),
        staff: StaffId(row.staff_id),
        name: row.name,
        cover: StaffId(row.cover),
        cover_name: row.cover_name,
        from: row.from.0,
        until: row.until.0,
        running: row.running,
        uncovered: row.uncovered,
    });
    Ok(absences.collect())
}

/// An absence whether or not it is over, where whoever asks may see it: its id again.
pub async fn find(connection: &mut PgConnection, id: AbsenceId) -> Result<Option<AbsenceId>, StoreError> {
    let found =
        sqlx::query_scalar!("select id from absence where id = $1", id.0).fetch_optional(connection).await?;
    Ok(found.map(AbsenceId))
}

/// Locks what says who is away, so that two colleagues who record at once cannot contradict each other.
pub async fn lock(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("lock table absence in share row exclusive mode").execute(connection).await?;
    Ok(())
}

/// Records an absence.
pub async fn insert(
    connection: &mut PgConnection,
    (staff, cover): (StaffId, StaffId),
    (from, until): (Date, Date),
    by: &str,
    now: Timestamp,
) -> Result<AbsenceId, StoreError> {
    let id = AbsenceId::new();
    sqlx::query!(
        "insert into absence (id, staff_id, cover, from_day, until_day, recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        staff.0,
        cover.0,
        Day(from) as _,
        Day(until) as _,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Begins or ends an absence; `false` where it is in that state already.
pub async fn turn(connection: &mut PgConnection, id: AbsenceId, state: &str) -> Result<bool, StoreError> {
    let turned = sqlx::query!("update absence set state = $2 where id = $1 and state <> $2", id.0, state)
        .execute(connection)
        .await?;
    Ok(turned.rows_affected() > 0)
}
