//! Parts of long texts that wait for each other.

use liaison_channels::{inbound::RawForm, private::Private};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{ids::ReceivedId, time::Timestamp};

/// A part as it came.
#[derive(Debug)]
pub struct Kept {
    /// Its id.
    pub id: ReceivedId,
    /// How its bytes are to be read.
    pub form: RawForm,
    /// Its bytes.
    pub raw: Private<Vec<u8>>,
    /// When the school had it.
    pub received_at: Timestamp,
}

/// Lets nobody else keep or join parts of this text until the transaction ends.
pub async fn lock(connection: &mut PgConnection, of: &str) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 42))", of).fetch_one(connection).await?;
    Ok(())
}

/// Takes the parts of a text that came since `since` out of those that wait, if all of them are there; empty otherwise. In their
/// order.
pub async fn take_whole(
    connection: &mut PgConnection,
    of: &str,
    since: Timestamp,
) -> Result<Vec<Kept>, StoreError> {
    let whole = sqlx::query_scalar!(
        r#"select count(distinct number) >= max(total) as "whole!" from text_part where part_of = $1 and kept_at >= $2
           having count(*) > 0"#,
        of,
        Ts(since) as _,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if whole != Some(true) {
        return Ok(Vec::new());
    }
    take(connection, of, (since, None)).await
}

/// Takes the parts of a text that came since then, and before then, out of those that wait, in their order.
pub async fn take(
    connection: &mut PgConnection,
    of: &str,
    (since, before): (Timestamp, Option<Timestamp>),
) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query!(
        r#"with taken as (
               delete from text_part where part_of = $1 and kept_at >= $2 and ($3::timestamptz is null or kept_at < $3)
               returning received_id, number)
           select r.id, r.form, r.raw, r.received_at as "received_at: Ts"
           from taken join received r on r.id = taken.received_id order by taken.number, r.id"#,
        of,
        Ts(since) as _,
        before.map(Ts) as _,
    )
    .fetch_all(connection)
    .await?;
    let parts = rows.into_iter().map(|row| {
        let form = RawForm::parse(&row.form)
            .ok_or_else(|| StoreError::row("received", "form", row.id, "an unknown word"))?;
        Ok(Kept { id: ReceivedId(row.id), form, raw: Private::new(row.raw), received_at: row.received_at.0 })
    });
    parts.collect()
}

/// The texts of which a part has waited since before `before`: their channel, their mark and since when; at most 100.
pub async fn overdue(
    connection: &mut PgConnection,
    before: Timestamp,
) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.channel, p.part_of, min(p.kept_at) as "since!: Ts"
           from text_part p join received r on r.id = p.received_id
           group by r.channel, p.part_of having min(p.kept_at) < $1 limit 100"#,
        Ts(before) as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.part_of, row.since.0)).collect())
}

/// Puts messages before the reader as they are.
pub async fn put_before_reader(
    connection: &mut PgConnection,
    messages: &[ReceivedId],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = messages.iter().map(|id| id.0).collect();
    sqlx::query!("insert into received_unread (received_id) select * from unnest($1::uuid[])", &ids)
        .execute(connection)
        .await?;
    Ok(())
}
