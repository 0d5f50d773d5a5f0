//! Sheets on their way to the folder of records.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{CaseId, ContactId, RecordDropId, UpdateId},
    key_item::ItemId,
    time::Timestamp,
};

/// Queues the sheet of an item; `None`: it waits already.
pub async fn ask(
    connection: &mut PgConnection,
    item: ItemId,
    for_dsl: bool,
    by: &str,
    now: Timestamp,
) -> Result<Option<RecordDropId>, StoreError> {
    let (case, contact, update) = item.columns();
    let id = sqlx::query_scalar!(
        "insert into record_drop (id, case_id, contact_id, update_id, for_dsl, asked_by, asked_at, not_before)
         values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (coalesce(case_id, contact_id, update_id)) where state = 'queued' do nothing
         returning id",
        RecordDropId::new().0,
        case,
        contact,
        update,
        for_dsl,
        by,
        Ts(now) as _,
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(RecordDropId))
}

/// A sheet whose time has come.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Its id, which names its files.
    pub id: RecordDropId,
    /// Whose sheet.
    pub item: ItemId,
    /// Whether a DSL asked for it.
    pub for_dsl: bool,
}

/// Sheets whose time has come, the oldest first.
pub async fn due(connection: &mut PgConnection, limit: i64, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query!(
        "select id, case_id, contact_id, update_id, for_dsl from record_drop
         where state = 'queued' and not_before <= $1 order by not_before, id limit $2",
        Ts(now) as _,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().filter_map(|row| {
        let case = row.case_id.map(|id| ItemId::Case(CaseId(id)));
        let contact = row.contact_id.map(|id| ItemId::Contact(ContactId(id)));
        let item = case.or(contact).or(row.update_id.map(|id| ItemId::Update(UpdateId(id))))?;
        Some(Due { id: RecordDropId(row.id), item, for_dsl: row.for_dsl })
    });
    Ok(due.collect())
}

/// Ends one: written, or `Err` with why it is not. `false`: another daemon has ended it.
pub async fn settle(
    connection: &mut PgConnection,
    id: RecordDropId,
    came: Result<(), &str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let settled = sqlx::query!(
        "update record_drop set state = $2, why = $3, settled_at = $4 where id = $1 and state = 'queued'",
        id.0,
        if came.is_ok() { "written" } else { "cancelled" },
        came.err(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// Has one wait, and says why.
pub async fn wait(
    connection: &mut PgConnection,
    id: RecordDropId,
    why: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update record_drop set why = $2, not_before = $3 where id = $1 and state = 'queued'",
        id.0,
        why,
        Ts(until) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A sheet that somebody asked for.
#[derive(Debug, Clone)]
pub struct DropRow {
    /// Its id.
    pub id: RecordDropId,
    /// Who asked: a colleague's id.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it was written, or was given up.
    pub settled_at: Option<Timestamp>,
    /// Why it waits or was given up.
    pub why: Option<String>,
}

/// The sheets of an item that somebody asked for, the newest first.
pub async fn of_item(connection: &mut PgConnection, item: ItemId) -> Result<Vec<DropRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, asked_by, asked_at as "asked_at: Ts", settled_at as "settled_at: Ts", why
           from record_drop where coalesce(case_id, contact_id, update_id) = $1 order by id desc"#,
        item.id(),
    )
    .fetch_all(connection)
    .await?;
    let drops = rows.into_iter().map(|row| DropRow {
        id: RecordDropId(row.id),
        asked_by: row.asked_by,
        asked_at: row.asked_at.0,
        settled_at: row.settled_at.map(|at| at.0),
        why: row.why,
    });
    Ok(drops.collect())
}
