//! Cases: inbound matters of one carer each.

use std::collections::HashMap;

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    chronology::Visibility,
    delivery::Carried,
    ids::{CarerId, CaseId, ClassId, PupilId, UpdateId},
    matching::Known,
    people::Route,
    time::Timestamp,
};

/// A case to be opened.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Its id.
    pub id: CaseId,
    /// For people to say, and for subject lines.
    pub code: String,
    /// Whose it is and what it is about.
    pub known: Known,
    /// `query` or `thanks`.
    pub kind: &'static str,
    /// Email or text.
    pub came_by: Route,
    /// For whose eyes.
    pub visibility: Visibility,
    /// The first message's subject, or the first words of a text.
    pub subject: Private<String>,
    /// Whose list it is on.
    pub role: &'static str,
    /// When its first message came.
    pub at: Timestamp,
}

/// Opens cases.
pub async fn insert(connection: &mut PgConnection, cases: &[NewCase]) -> Result<(), StoreError> {
    if cases.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into carer_case (id, code, carer_id, pupil_id, link_pupil, update_id, kind, came_by, visibility, subject,
                                 role, class_id, state, opened_at, last_at)
         select id, code, carer_id, pupil_id, link_pupil, update_id, kind, came_by, visibility, subject, role, class_id,
                'open', at, at
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::uuid[], $13::timestamptz[])
              as c (id, code, carer_id, pupil_id, link_pupil, update_id, kind, came_by, visibility, subject, role,
                    class_id, at)",
        &cases.iter().map(|c| c.id.0).collect::<Vec<_>>(),
        &cases.iter().map(|c| c.code.as_str()).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.known.carer.0).collect::<Vec<_>>(),
        &cases.iter().map(|c| c.known.pupil.map(|id| id.0)).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.known.link_pupil.0).collect::<Vec<_>>(),
        &cases.iter().map(|c| c.known.update.map(|id| id.0)).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.kind).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.came_by.as_str()).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.visibility.as_str()).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.subject.expose().as_str()).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.role).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| c.known.class.map(|id| id.0)).collect::<Vec<_>>() as _,
        &cases.iter().map(|c| Ts(c.at)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes a further message in each of these cases; a closed one is opened again where `reopen` says so. Returns the
/// reopened.
pub async fn join(
    connection: &mut PgConnection,
    joined: &[(CaseId, bool, Timestamp)],
) -> Result<Vec<CaseId>, StoreError> {
    if joined.is_empty() {
        return Ok(Vec::new());
    }
    let reopened = sqlx::query_scalar!(
        r#"with given as (select id, bool_or(reopen) as reopen, max(at) as at
                          from unnest($1::uuid[], $2::boolean[], $3::timestamptz[]) as g (id, reopen, at) group by id),
                before as (select id, state from carer_case where id in (select id from given) for update)
           update carer_case c
           set last_at = greatest(c.last_at, g.at),
               state = case when g.reopen then 'open' else c.state end,
               closed_at = case when g.reopen then null else c.closed_at end,
               closed_by = case when g.reopen then null else c.closed_by end,
               outcome = case when g.reopen then null else c.outcome end
           from given g join before b on b.id = g.id
           where c.id = g.id
           returning case when b.state = 'closed' and g.reopen then c.id end as "id""#,
        &joined.iter().map(|(id, _, _)| id.0).collect::<Vec<_>>(),
        &joined.iter().map(|(_, reopen, _)| *reopen).collect::<Vec<_>>(),
        &joined.iter().map(|(_, _, at)| Ts(*at)).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(reopened.into_iter().flatten().map(CaseId).collect())
}

/// The newest case of each carer about each of these updates: "the same matter".
pub async fn of_updates(
    connection: &mut PgConnection,
    matters: &[(CarerId, UpdateId)],
) -> Result<HashMap<(CarerId, UpdateId), CaseId>, StoreError> {
    if matters.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select c.id as "id!", m.carer_id as "carer_id!", m.update_id as "update_id!"
           from unnest($1::uuid[], $2::uuid[]) as m (carer_id, update_id)
           cross join lateral (select id from carer_case
                               where carer_id = m.carer_id and update_id = m.update_id
                               order by opened_at desc limit 1) c"#,
        &matters.iter().map(|(carer, _)| carer.0).collect::<Vec<_>>(),
        &matters.iter().map(|(_, update)| update.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let cases =
        rows.into_iter().map(|row| ((CarerId(row.carer_id), UpdateId(row.update_id)), CaseId(row.id)));
    Ok(cases.collect())
}

/// The case that what is carried is said in.
pub async fn answered_in(
    connection: &mut PgConnection,
    carried: Carried,
) -> Result<Option<CaseId>, StoreError> {
    let Carried::Answer(answer) = carried else { return Ok(None) };
    let case = sqlx::query_scalar!("select case_id from answer where id = $1", answer.0)
        .fetch_optional(connection)
        .await?;
    Ok(case.map(CaseId))
}

/// A case as it stands, with names.
#[derive(Debug, Clone)]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// Its code.
    pub code: String,
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: String,
    /// The pupil, where it is known which.
    pub pupil: Option<PupilId>,
    /// The pupil's name.
    pub pupil_name: Option<String>,
    /// The pupil on whose link the right to be answered rests.
    pub link_pupil: PupilId,
    /// The word of a [`CaseKind`](crate::domain::case_kind::CaseKind).
    pub kind: String,
    /// The route by which the carer wrote.
    pub came_by: Route,
    /// For whose eyes.
    pub visibility: Visibility,
    /// Its subject.
    pub subject: String,
    /// Whose list it is on.
    pub role: String,
    /// The class whose staff own it.
    pub class: Option<ClassId>,
    /// The class's name.
    pub class_name: Option<String>,
    /// The name of the colleague it was given to.
    pub owner: Option<String>,
    /// Whether it is open.
    pub open: bool,
    /// When its first message came.
    pub opened_at: Timestamp,
    /// When its last message came.
    pub last_at: Timestamp,
    /// What came of it.
    pub outcome: Option<String>,
}

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct WhichCases<'a> {
    /// Only the one with this code or id.
    pub named: Option<&'a str>,
    /// Closed ones too.
    pub closed: bool,
    /// Restricted ones too.
    pub restricted: bool,
}

/// A case of a row that has its columns; an error names the column that makes no sense.
macro_rules! case_row {
    ($row:expr) => {{
        let row = $row;
        let came_by =
            Route::parse(&row.came_by).map_err(|why| StoreError::row("carer_case", "came_by", row.id, why));
        came_by.map(|came_by| CaseRow {
            id: CaseId(row.id),
            code: row.code,
            carer: CarerId(row.carer_id),
            carer_name: row.carer_name,
            pupil: row.pupil_id.map(PupilId),
            pupil_name: row.pupil_name,
            link_pupil: PupilId(row.link_pupil),
            kind: row.kind,
            came_by,
            visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
            subject: row.subject,
            role: row.role,
            class: row.class_id.map(ClassId),
            class_name: row.class_name,
            owner: row.owner,
            open: row.open,
            opened_at: row.opened_at.0,
            last_at: row.last_at.0,
            outcome: row.outcome,
        })
    }};
}
pub(super) use case_row;

/// Cases, the one that has waited longest first.
pub async fn list(connection: &mut PgConnection, which: &WhichCases<'_>) -> Result<Vec<CaseRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.code, c.carer_id, r.forename || ' ' || r.surname as "carer_name!", c.pupil_id, c.link_pupil,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as pupil_name,
                  c.kind, c.came_by, c.visibility, c.subject, c.role, c.class_id, k.name as "class_name?",
                  coalesce((select s.name from staff s where s.id::text = c.owner), c.owner) as owner,
                  c.state = 'open' as "open!", c.opened_at as "opened_at: Ts", c.last_at as "last_at: Ts", c.outcome
           from carer_case c
           join carer r on r.id = c.carer_id
           left join pupil p on p.id = c.pupil_id
           left join class k on k.id = c.class_id
           where ($1::text is null or c.code = upper($1) or c.id = $4)
             and ($2 or c.state = 'open') and ($3 or c.visibility = 'ordinary')
           order by c.opened_at, c.id"#,
        which.named,
        which.closed,
        which.restricted,
        which.named.and_then(|named| named.parse::<Uuid>().ok()),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| case_row!(row)).collect()
}

/// Holds the case of this code or id for this transaction; does nothing where there is none.
pub async fn lock(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    let id = name.parse::<Uuid>().ok();
    sqlx::query!("select from carer_case where code = upper($1) or id = $2 for update", name, id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The case with this code.
pub async fn id_of(connection: &mut PgConnection, code: &str) -> Result<Option<CaseId>, StoreError> {
    let id = sqlx::query_scalar!("select id from carer_case where code = upper($1)", code)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(CaseId))
}

/// Gives a case to a role, and to a colleague by name or to nobody in particular. `false`: it is restricted, by a divert of this
/// very moment too, and stays with the DSL.
pub async fn assign(
    connection: &mut PgConnection,
    case: CaseId,
    role: &str,
    owner: Option<&str>,
) -> Result<bool, StoreError> {
    let given = sqlx::query!(
        "update carer_case set role = $2, owner = $3
         where id = $1 and (visibility = 'ordinary' or $2 = 'dsl')",
        case.0,
        role,
        owner
    )
    .execute(connection)
    .await?;
    Ok(given.rows_affected() > 0)
}

/// A case that has no colleague of its own any more.
#[derive(Debug, Clone)]
pub struct Left {
    /// The case.
    pub id: CaseId,
    /// Its code.
    pub code: String,
    /// The carer.
    pub carer: CarerId,
    /// The pupil, where it is known which.
    pub pupil: Option<PupilId>,
    /// For whose eyes.
    pub visibility: Visibility,
    /// Whose list it is on.
    pub role: String,
    /// Whether it is open; a closed one would come back to whoever had it.
    pub open: bool,
}

/// Takes the cases given to any of these names from them, the closed ones too; each stays on its list.
pub async fn leave(connection: &mut PgConnection, owners: &[String]) -> Result<Vec<Left>, StoreError> {
    let rows = sqlx::query!(
        r#"update carer_case set owner = null where owner = any($1)
           returning id, code, carer_id, pupil_id, visibility, role, state = 'open' as "open!""#,
        owners
    )
    .fetch_all(connection)
    .await?;
    let left = rows.into_iter().map(|row| Left {
        id: CaseId(row.id),
        code: row.code,
        carer: CarerId(row.carer_id),
        pupil: row.pupil_id.map(PupilId),
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
        role: row.role,
        open: row.open,
    });
    Ok(left.collect())
}

/// Says which pupil a case is about.
pub async fn about(
    connection: &mut PgConnection,
    case: CaseId,
    pupil: PupilId,
    class: Option<ClassId>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update carer_case set pupil_id = $2, link_pupil = $2, class_id = coalesce($3, class_id) where id = $1",
        case.0,
        pupil.0,
        class.map(|id| id.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes an open case; `false` when it was not open.
pub async fn close(
    connection: &mut PgConnection,
    case: CaseId,
    by: &str,
    outcome: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let closed = sqlx::query!(
        "update carer_case set state = 'closed', closed_at = $2, closed_by = $3, outcome = $4
         where id = $1 and state = 'open'",
        case.0,
        Ts(now) as _,
        by,
        outcome,
    )
    .execute(connection)
    .await?;
    Ok(closed.rows_affected() > 0)
}

/// Makes cases the DSL's, and hides them from everybody else: a restriction now binds their carer. Notes since when.
pub async fn restrict(
    connection: &mut PgConnection,
    cases: &[CaseId],
    now: Timestamp,
) -> Result<(), StoreError> {
    if cases.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update carer_case
         set restricted_at = case when visibility = 'ordinary' then $2 else restricted_at end,
             visibility = 'restricted', role = 'dsl', owner = null
         where id = any($1)",
        &cases.iter().map(|id| id.0).collect::<Vec<_>>(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
