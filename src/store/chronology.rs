//! The chronology's rows: appended, never changed.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::chronology::Entry;

/// Writes entries and queues them for the next seal, in one statement for the entries and one for their bodies.
/// In the order given; the caller's transaction holds the change they tell.
pub async fn append(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let body_digests: Vec<Option<[u8; 32]>> = entries
        .iter()
        .map(|entry| entry.body.as_ref().map(crate::domain::chronology::Body::digest))
        .collect();
    let digests: Vec<Vec<u8>> =
        entries.iter().zip(&body_digests).map(|(entry, body)| entry.digest(body.as_ref()).to_vec()).collect();
    let body_digests: Vec<Option<Vec<u8>>> =
        body_digests.into_iter().map(|digest| digest.map(|digest| digest.to_vec())).collect();
    sqlx::query!(
        r#"with written as (
             insert into chronology_entry (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id,
                                           delivery_id, task_id, visibility, sentence, body_digest, digest)
             select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[],
                                  $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::text[],
                                  $13::bytea[], $14::bytea[])
             returning id)
           insert into chronology_unsealed (entry_id) select id from written"#,
        &entries.iter().map(|entry| entry.id.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| Ts(entry.happened_at)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| Ts(entry.recorded_at)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.actor.as_str()).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.carer.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.pupil.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.update.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.delivery.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.task.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.visibility.as_str()).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.sentence.as_str()).collect::<Vec<_>>() as _,
        &body_digests as _,
        &digests,
    )
    .execute(&mut *connection)
    .await?;
    append_bodies(connection, entries).await
}

async fn append_bodies(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    let bodies: Vec<_> =
        entries.iter().filter_map(|entry| Some((entry.id.0, entry.body.as_ref()?))).collect();
    if bodies.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into chronology_body (entry_id, salt, body)
         select * from unnest($1::uuid[], $2::bytea[], $3::text[])",
        &bodies.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        &bodies.iter().map(|(_, body)| body.salt.to_vec()).collect::<Vec<_>>(),
        &bodies.iter().map(|(_, body)| body.words.expose().as_str()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
