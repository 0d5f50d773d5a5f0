//! Imports that wait for a colleague's approval, and those that were decided.

use std::collections::{HashMap, HashSet};

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{ids::ImportId, import::Diff, time::Timestamp};

/// An import to be kept until it is decided.
#[derive(Debug)]
pub struct NewProposal<'a> {
    /// Its id.
    pub id: ImportId,
    /// The bytes of `pupils.csv` and `contacts.csv`.
    pub files: [&'a [u8]; 2],
    /// The SHA-256 of each.
    pub sha256: [&'a str; 2],
    /// What it would change.
    pub diff: &'a Diff,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Keeps it; `false` when another one waits.
pub async fn insert(connection: &mut PgConnection, new: &NewProposal<'_>) -> Result<bool, StoreError> {
    let [pupils, contacts] = new.files;
    let [pupils_sha256, contacts_sha256] = new.sha256;
    let done = sqlx::query!(
        "insert into import_proposal
             (id, pupils, contacts, pupils_sha256, contacts_sha256, diff, state, proposed_by, proposed_at)
         values ($1, $2, $3, $4, $5, $6, 'proposed', $7, $8)
         on conflict do nothing",
        new.id.0,
        pupils,
        contacts,
        pupils_sha256,
        contacts_sha256,
        as_json(new.diff),
        new.by,
        Ts(new.at) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn as_json(diff: &Diff) -> String {
    serde_json::to_string(diff).unwrap_or_default()
}

/// The bytes of `pupils.csv` and `contacts.csv`, and what was last shown of them, where it still waits. Nobody else decides
/// on it until the transaction ends.
pub async fn claim(
    connection: &mut PgConnection,
    id: ImportId,
) -> Result<Option<(Private<Vec<u8>>, Private<Vec<u8>>, Diff)>, StoreError> {
    let row = sqlx::query!(
        r#"select pupils as "pupils!", contacts as "contacts!", diff from import_proposal
           where id = $1 and state = 'proposed' for update"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let diff = read(id, &row.diff)?;
        Ok((Private::new(row.pupils), Private::new(row.contacts), diff))
    })
    .transpose()
}

fn read(id: ImportId, json: &str) -> Result<Diff, StoreError> {
    serde_json::from_str(json)
        .map_err(|_| StoreError::row("import_proposal", "diff", id, "not the changes of an import"))
}

/// Notes that other changes are shown now.
pub async fn shown(connection: &mut PgConnection, id: ImportId, diff: &Diff) -> Result<(), StoreError> {
    sqlx::query!("update import_proposal set diff = $2 where id = $1", id.0, as_json(diff))
        .execute(connection)
        .await?;
    Ok(())
}

/// Decides it, and erases both files. `done`, or withdrawn.
pub async fn decide(
    connection: &mut PgConnection,
    id: ImportId,
    done: bool,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = if done { "done" } else { "withdrawn" };
    sqlx::query!(
        "update import_proposal
         set state = $2, pupils = null, contacts = null, decided_by = $3, decided_at = $4
         where id = $1 and state = 'proposed'",
        id.0,
        state,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An import as a list shows it.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// Its id.
    pub id: ImportId,
    /// `proposed`, `done` or `withdrawn`.
    pub state: String,
    /// Who put it up.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Timestamp,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What it changes.
    pub diff: Diff,
}

/// The newest imports, at most `most`, or the one. Read as a colleague.
pub async fn list(
    connection: &mut PgConnection,
    one: Option<ImportId>,
    most: i64,
) -> Result<Vec<ProposalRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, state, proposed_by, proposed_at as "proposed_at: Ts", decided_by, decided_at as "decided_at: Ts", diff
           from import_proposal where $1::uuid is null or id = $1
           order by proposed_at desc, id desc limit $2"#,
        one.map(|id| id.0),
        most,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = ImportId(row.id);
            Ok(ProposalRow {
                id,
                state: row.state,
                proposed_by: row.proposed_by,
                proposed_at: row.proposed_at.0,
                decided_by: row.decided_by,
                decided_at: row.decided_at.map(|at| at.0),
                diff: read(id, &row.diff)?,
            })
        })
        .collect()
}

/// The names behind refs: of pupils by `pupil_ref` (`p:P1`) and of carers by `contact_ref` (`c:C1`).
pub type Names = HashMap<String, String>;

/// The names behind these refs of whoever the colleague may see. Read as a colleague.
pub async fn names(
    connection: &mut PgConnection,
    pupils: &[String],
    contacts: &[String],
) -> Result<Names, StoreError> {
    let rows = sqlx::query!(
        r#"select 'p:' || pupil_ref as "key!",
                  coalesce(nullif(preferred_name, ''), legal_forename) || ' ' || legal_surname as "name!"
           from pupil where pupil_ref = any($1)
           union all
           select 'c:' || contact_ref, forename || ' ' || surname from carer where contact_ref = any($2)"#,
        pupils,
        contacts,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.name)).collect())
}

/// Those of these refs that are on record, whoever may see them; in the form of [`Names`].
pub async fn on_record(
    connection: &mut PgConnection,
    pupils: &[String],
    contacts: &[String],
) -> Result<HashSet<String>, StoreError> {
    let known = names(connection, pupils, contacts).await?;
    Ok(known.into_keys().collect())
}

/// Whether the colleague has a family of their own at the school. Read as a colleague.
pub async fn has_family(connection: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select cardinality(liaison_own_family()) > 0 as "has!""#)
        .fetch_one(connection)
        .await?)
}
