//! Packs that were made for audits, and when the record was verified: kept, never changed.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    figures::DrawnRow,
    types::{Day, Ts},
};
use crate::domain::{
    audit::{Figures, Masked},
    ids::{PackId, StaffId},
    time::{Date, Timestamp},
};

/// A pack.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Its id, which is also the seed of its sample.
    pub id: PackId,
    /// When it was made: its figures are as of then.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: StaffId,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// How many were to be drawn.
    pub sample: i16,
    /// What was counted.
    pub figures: Figures,
}

/// Keeps a pack with its sample, each line beside what it was drawn from.
pub async fn insert(
    connection: &mut PgConnection,
    pack: &Pack,
    lines: &[(Masked, DrawnRow)],
) -> Result<(), StoreError> {
    let json = |bad: serde_json::Error| StoreError::row("audit_pack", "figures", pack.id, bad);
    sqlx::query!(
        "insert into audit_pack (id, made_at, made_by, from_day, until_day, sample, figures) values ($1, $2, $3, $4, $5, $6, $7)",
        pack.id.0,
        Ts(pack.made_at) as _,
        pack.made_by.0,
        Day(pack.from) as _,
        Day(pack.until) as _,
        pack.sample,
        serde_json::to_string(&pack.figures).map_err(json)?,
    )
    .execute(&mut *connection)
    .await?;
    let about = lines.iter().map(|(line, _)| serde_json::to_string(line).map_err(json));
    sqlx::query!(
        "insert into audit_sample (pack_id, line, about, pupil_id, carer_id, case_id, contact_id)
         select $1, line, about, pupil_id, carer_id, case_id, contact_id
         from unnest($2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[])
              with ordinality as s (about, pupil_id, carer_id, case_id, contact_id, line)",
        pack.id.0,
        &about.collect::<Result<Vec<_>, _>>()?,
        &lines.iter().map(|(_, row)| row.drawn.pupil).collect::<Vec<_>>(),
        &lines.iter().map(|(_, row)| row.drawn.carer).collect::<Vec<_>>() as _,
        &lines.iter().map(|(_, row)| row.case).collect::<Vec<_>>() as _,
        &lines.iter().map(|(_, row)| row.contact).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest packs, or the one with this id; those that the reader may see.
pub async fn packs(
    connection: &mut PgConnection,
    one: Option<PackId>,
    limit: i64,
) -> Result<Vec<Pack>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, made_at as "made_at: Ts", made_by, from_day as "from: Day", until_day as "until: Day", sample, figures
           from audit_pack where $1::uuid is null or id = $1 order by made_at desc, id desc limit $2"#,
        one.map(|id| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let figures = serde_json::from_str(&row.figures)
                .map_err(|bad| StoreError::row("audit_pack", "figures", row.id, bad))?;
            Ok(Pack {
                id: PackId(row.id),
                made_at: row.made_at.0,
                made_by: StaffId(row.made_by),
                from: row.from.0,
                until: row.until.0,
                sample: row.sample,
                figures,
            })
        })
        .collect()
}

/// The lines of a pack's sample with their numbers; those of the reader's own family are not there.
pub async fn sample(connection: &mut PgConnection, pack: PackId) -> Result<Vec<(i16, Masked)>, StoreError> {
    let rows = sqlx::query!("select line, about from audit_sample where pack_id = $1 order by line", pack.0)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let line = serde_json::from_str(&row.about)
                .map_err(|bad| StoreError::row("audit_sample", "about", pack, bad))?;
            Ok((row.line, line))
        })
        .collect()
}

/// The cases that lines of a pack were drawn from: as the daemon, for a page that then asks which of them its reader may see.
pub async fn sampled_cases(
    connection: &mut PgConnection,
    pack: PackId,
) -> Result<Vec<(i16, Uuid)>, StoreError> {
    let rows = sqlx::query!(
        r#"select line, case_id as "case_id!" from audit_sample where pack_id = $1 and case_id is not null order by line"#,
        pack.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line, row.case_id)).collect())
}

/// The codes of these cases that the reader may see.
pub async fn codes(connection: &mut PgConnection, cases: &[Uuid]) -> Result<Vec<(Uuid, String)>, StoreError> {
    let rows = sqlx::query!("select id, code from carer_case where id = any($1)", cases)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.code)).collect())
}

/// One time the record was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When it began.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// Entries that were read.
    pub entries: i64,
    /// Of those, entries closed by seals.
    pub sealed: i64,
    /// Of those, entries that waited for the next seal.
    pub waiting: i64,
    /// Seals that were read.
    pub seals: i64,
    /// Entries whose words were erased.
    pub erased: i64,
    /// The newest seal: `number:hash`.
    pub newest_seal: Option<String>,
    /// The first fault, as a sentence; `None`: everything is as it was written.
    pub first_fault: Option<String>,
}

/// The key of the advisory lock that lets one verification run at a time.
const VERIFIER: i64 = 0x4c49_5645_5249;

/// Takes the verifier's lock until the transaction ends; `false` when another verification is running.
pub async fn lock_verifier(connection: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, VERIFIER)
        .fetch_one(connection)
        .await?)
}

/// Keeps what verifying found.
pub async fn keep_verification(
    connection: &mut PgConnection,
    found: &Verification,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into verification (id, at, by, took_ms, entries, sealed, waiting, seals, erased, newest_seal, good, first_fault)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        Uuid::now_v7(),
        Ts(found.at) as _,
        found.by,
        found.took_ms,
        found.entries,
        found.sealed,
        found.waiting,
        found.seals,
        found.erased,
        found.newest_seal,
        found.first_fault.is_none(),
        found.first_fault,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The last verification.
pub async fn last_verification(connection: &mut PgConnection) -> Result<Option<Verification>, StoreError> {
    let row = sqlx::query!(
        r#"select at as "at: Ts", by, took_ms, entries, sealed, waiting, seals, erased, newest_seal, first_fault
           from verification order by at desc, id desc limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Verification {
        at: row.at.0,
        by: row.by,
        took_ms: row.took_ms,
        entries: row.entries,
        sealed: row.sealed,
        waiting: row.waiting,
        seals: row.seals,
        erased: row.erased,
        newest_seal: row.newest_seal,
        first_fault: row.first_fault,
    }))
}
