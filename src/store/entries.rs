//! The chronology of a pupil or of a carer as a page tells it, narrowed to what is looked for. Read in a transaction of
//! [`super::Store::as_colleague`], so that each entry is one this colleague may see.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    groups::Group,
    ids::{CarerId, PupilId},
    time::Timestamp,
};

/// Whose chronology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A pupil's, or what concerns this pupil and one carer.
    Pupil(PupilId, Option<CarerId>),
    /// A carer's, or what concerns this carer and one pupil.
    Carer(CarerId, Option<PupilId>),
}

/// Which of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrow {
    /// Of these kinds.
    pub group: Option<Group>,
    /// What happened at this instant or later.
    pub from: Option<Timestamp>,
    /// What happened before this instant.
    pub until: Option<Timestamp>,
    /// What was recorded before this entry.
    pub before: Option<Uuid>,
}

/// An entry as a page tells it. Personal.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its id, which is its place.
    pub id: Uuid,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who did it: a colleague's id, `daemon`, `operator` or `import`.
    pub actor: String,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// One sentence.
    pub sentence: String,
    /// The words beside it.
    pub words: Option<String>,
    /// Whether it tells of something that can say why it is so.
    pub explains: bool,
    /// Whether it is the DSL's: as it was written, by a divert since, or by what it is about.
    pub restricted: bool,
}

/// Entries, the last recorded first; at most `limit`.
pub async fn list(
    connection: &mut PgConnection,
    of: Of,
    narrow: &Narrow,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    let sought = narrow.group.map(Group::sought);
    let (kinds, all_but) =
        (sought.as_ref().map(|(kinds, _)| kinds), sought.as_ref().is_some_and(|(_, but)| *but));
    let (from, until) = (narrow.from.map(Ts), narrow.until.map(Ts));
    let rows = match of {
        // Two questions, so that each has its index.
        Of::Pupil(pupil, carer) => {
            sqlx::query_as!(
                Row,
                r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.sentence,
                          b.body as "words?", c.forename || ' ' || c.surname as "carer?", null as pupil,
                          (num_nonnulls(e.delivery_id, e.task_id, e.received_id, e.case_id) > 0 or e.kind = 'left_out') as "explains!"
                   from chronology_entry e
                   left join chronology_body b on b.entry_id = e.id
                   left join carer c on c.id = e.carer_id
                   where e.pupil_id = $1 and ($2::uuid is null or e.carer_id = $2)
                     and e.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                     and ($4::text[] is null or (e.kind = any($4)) <> $5)
                     and ($6::timestamptz is null or e.happened_at >= $6)
                     and ($7::timestamptz is null or e.happened_at < $7)
                   order by e.id desc
                   limit $8"#,
                pupil.0,
                carer.map(|id| id.0),
                narrow.before,
                kinds as _,
                all_but,
                from as _,
                until as _,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Of::Carer(carer, pupil) => {
            sqlx::query_as!(
                Row,
                r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.sentence,
                          b.body as "words?", null as carer,
                          coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                          (num_nonnulls(e.delivery_id, e.task_id, e.received_id, e.case_id) > 0 or e.kind = 'left_out') as "explains!"
                   from chronology_entry e
                   left join chronology_body b on b.entry_id = e.id
                   left join pupil p on p.id = e.pupil_id
                   where e.carer_id = $1 and ($2::uuid is null or e.pupil_id = $2)
                     and e.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                     and ($4::text[] is null or (e.kind = any($4)) <> $5)
                     and ($6::timestamptz is null or e.happened_at >= $6)
                     and ($7::timestamptz is null or e.happened_at < $7)
                   order by e.id desc
                   limit $8"#,
                carer.0,
                pupil.map(|id| id.0),
                narrow.before,
                kinds as _,
                all_but,
                from as _,
                until as _,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
    };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let dsls = of_the_dsl(connection, &ids).await?;
    let told = rows.into_iter().map(|row| Told { restricted: dsls.contains(&row.id), ..row.into() });
    Ok(told.collect())
}

/// Of these entries those that are the DSL's; for whoever is no DSL, none.
pub(super) async fn of_the_dsl(
    connection: &mut PgConnection,
    entries: &[Uuid],
) -> Result<HashSet<Uuid>, StoreError> {
    let dsls = sqlx::query_scalar!(r#"select id as "id!" from liaison_dsls_entries($1) as id"#, entries)
        .fetch_all(connection)
        .await?;
    Ok(dsls.into_iter().collect())
}

struct Row {
    id: Uuid,
    happened_at: Ts,
    recorded_at: Ts,
    actor: String,
    sentence: String,
    words: Option<String>,
    carer: Option<String>,
    pupil: Option<String>,
    explains: bool,
}

impl From<Row> for Told {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            happened_at: row.happened_at.0,
            recorded_at: row.recorded_at.0,
            actor: row.actor,
            carer: row.carer,
            pupil: row.pupil,
            sentence: row.sentence,
            words: row.words,
            explains: row.explains,
            restricted: false,
        }
    }
}
