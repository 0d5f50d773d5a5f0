//! The chronology's rows: appended, never changed.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::chronology::{Body, Digest, Entry};

/// Writes entries with their bodies and queues them for the next seal, in one statement, in the order given; the
/// caller's transaction holds the change they tell.
pub async fn append(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let body_digests: Vec<_> = entries.iter().map(|entry| entry.body.as_ref().map(Body::digest)).collect();
    let digests: Vec<Digest> =
        entries.iter().zip(&body_digests).map(|(entry, body)| entry.digest(body.as_ref())).collect();
    sqlx::query!(
        r#"with given as (
             select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[],
                                  $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::text[],
                                  $13::bytea[], $14::bytea[], $15::bytea[], $16::text[], $17::uuid[], $18::uuid[], $19::uuid[])
                    as g (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id, delivery_id, task_id,
                          visibility, sentence, body_digest, digest, salt, body, case_id, received_id, announcement_id)),
           written as (
             insert into chronology_entry (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id,
                                           delivery_id, task_id, visibility, sentence, body_digest, digest, case_id,
                                           received_id, announcement_id)
             select id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id, delivery_id, task_id,
                    visibility, sentence, body_digest, digest, case_id, received_id, announcement_id
             from given),
           words as (
             insert into chronology_body (entry_id, salt, body) select id, salt, body from given where body is not null)
           insert into chronology_unsealed (entry_id) select id from given"#,
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
        &body_digests.iter().map(|digest| digest.as_ref().map(<[u8; 32]>::as_slice)).collect::<Vec<_>>() as _,
        &digests.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.body.as_ref().map(|body| body.salt.as_slice())).collect::<Vec<_>>() as _,
        &entries.iter().map(|e| e.body.as_ref().map(|body| body.words.expose().as_str())).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.case.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.received.map(|id| id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.announcement.map(|id| id.0)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
