//! Seals, and the chronology read back row by row for verifying.

use futures_util::TryStreamExt as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    chronology::{Digest, Digested, body_digest},
    ids::EntryId,
    time::Timestamp,
};

/// A seal as it is stored.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Its number, from 1 without gaps.
    pub no: i64,
    /// The hash of the seal before.
    pub previous: Vec<u8>,
    /// The sealed entries, in order.
    pub entries: Vec<Uuid>,
    /// Their digests, in the same order.
    pub digests: Vec<Vec<u8>>,
    /// Merkle root over the digests.
    pub root: Vec<u8>,
    /// When.
    pub sealed_at: Timestamp,
    /// The hash over all of it.
    pub hash: Vec<u8>,
}

/// The key of the advisory lock that lets one sealer work at a time.
const SEALER: i64 = 0x4c49_5345_414c;

/// Takes up to `limit` entries that wait, oldest first, with their digests; holds the sealer's lock until the
/// transaction ends. Empty also when another sealer is at work.
pub async fn take_unsealed(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    let free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, SEALER)
        .fetch_one(&mut *connection)
        .await?;
    if !free {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select u.entry_id, e.digest from chronology_unsealed u join chronology_entry e on e.id = u.entry_id
         order by u.entry_id limit $1",
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.entry_id).collect();
    sqlx::query!("delete from chronology_unsealed where entry_id = any($1)", &ids)
        .execute(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.entry_id, row.digest)).collect())
}

/// The number and hash of the newest seal.
pub async fn newest(connection: &mut PgConnection) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let row = sqlx::query!("select no, hash from chronology_seal order by no desc limit 1")
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (row.no, row.hash)))
}

/// Writes a seal.
pub async fn insert(connection: &mut PgConnection, seal: &Seal) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into chronology_seal (no, previous, entries, digests, root, sealed_at, hash)
         values ($1, $2, $3, $4, $5, $6, $7)",
        seal.no,
        seal.previous,
        &seal.entries,
        &seal.digests,
        seal.root,
        Ts(seal.sealed_at) as _,
        seal.hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every seal, in order, handed to `each`.
pub async fn each_seal(connection: &mut PgConnection, mut each: impl FnMut(Seal)) -> Result<(), StoreError> {
    let mut rows = sqlx::query!(
        r#"select no, previous, entries, digests, root, sealed_at as "sealed_at: Ts", hash
           from chronology_seal order by no"#
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(Seal {
            no: row.no,
            previous: row.previous,
            entries: row.entries,
            digests: row.digests,
            root: row.root,
            sealed_at: row.sealed_at.0,
            hash: row.hash,
        });
    }
    Ok(())
}

/// An entry's row, recomputed.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four independent findings about one row")]
pub struct Recomputed {
    /// The entry.
    pub id: EntryId,
    /// Its digest, computed from the row as it is now.
    pub computed: Digest,
    /// Whether the stored digest is that one.
    pub stored_agrees: bool,
    /// Whether its words, if it has any, still have the digest the entry names. Words that were lawfully erased are
    /// simply not there.
    pub words_agree: bool,
    /// Its words were there and are gone: erased.
    pub words_gone: bool,
    /// Whether it waits for the next seal.
    pub waits: bool,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// Every entry in order of recording, recomputed and handed to `each`.
pub async fn each_entry(
    connection: &mut PgConnection,
    mut each: impl FnMut(Recomputed),
) -> Result<(), StoreError> {
    let mut rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.kind,
                  e.carer_id, e.pupil_id, e.update_id, e.delivery_id, e.task_id, e.case_id, e.received_id, e.announcement_id,
                  e.visibility, e.sentence,
                  e.body_digest, e.digest, b.salt as "salt?", b.body as "body?", w.entry_id is not null as "waits!"
           from chronology_entry e
           left join chronology_body b on b.entry_id = e.id
           left join chronology_unsealed w on w.entry_id = e.id
           order by e.id"#
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let id = EntryId(row.id);
        let computed = Digested {
            id,
            happened_at: row.happened_at.0,
            recorded_at: row.recorded_at.0,
            actor: &row.actor,
            kind: &row.kind,
            subjects: [row.carer_id, row.pupil_id, row.update_id, row.delivery_id, row.task_id],
            added: [row.case_id, row.received_id, row.announcement_id],
            visibility: &row.visibility,
            sentence: &row.sentence,
            body_digest: row.body_digest.as_deref(),
        }
        .digest();
        let words_agree = match (&row.salt, &row.body) {
            (Some(salt), Some(body)) => {
                row.body_digest.as_deref() == Some(body_digest(salt, body).as_slice())
            }
            _ => true,
        };
        each(Recomputed {
            id,
            computed,
            stored_agrees: row.digest == computed,
            words_agree,
            words_gone: row.body_digest.is_some() && row.body.is_none(),
            waits: row.waits,
            recorded_at: row.recorded_at.0,
        });
    }
    Ok(())
}

/// Entries that were to be sealed and are not there, up to `limit`.
pub async fn waiting_in_vain(connection: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select u.entry_id from chronology_unsealed u
         where not exists (select from chronology_entry e where e.id = u.entry_id)
         order by u.entry_id limit $1",
        limit
    )
    .fetch_all(connection)
    .await?)
}
