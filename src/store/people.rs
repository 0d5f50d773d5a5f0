//! What colleagues change of a carer: how they want to be told, where they are reached, and what binds them.

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{AddressId, CarerId, LinkId, PupilId, RestrictionId, TaskId},
    people::{AddressKind, Purpose, Restriction, RestrictionKind, Route, UnknownWord},
    time::{Date, Timestamp},
};

/// Whether there is such a carer.
pub async fn carer_exists(connection: &mut PgConnection, carer: CarerId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from carer where id = $1) as "known!""#, carer.0)
        .fetch_one(connection)
        .await?)
}

/// Sets a carer's preference as a colleague's; the one before stays in the history.
pub async fn set_preference(
    connection: &mut PgConnection,
    carer: CarerId,
    purpose: Purpose,
    routes: &[Route],
    on_whose_word: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into preference (carer_id, purpose, routes, source, set_at, set_by, on_whose_word)
         values ($1, $2, $3, 'staff', $4, $5, $6)
         on conflict (carer_id, purpose) do update
         set routes = excluded.routes, source = 'staff', set_at = excluded.set_at, set_by = excluded.set_by,
             on_whose_word = excluded.on_whose_word",
        carer.0,
        purpose.as_str(),
        &routes.iter().map(|route| route.as_str()).collect::<Vec<_>>() as _,
        Ts(now) as _,
        by,
        on_whose_word,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A preference as it was set.
#[derive(Debug, Clone)]
pub struct PreferenceSet {
    /// What for.
    pub purpose: Purpose,
    /// Routes, best first.
    pub routes: Vec<Route>,
    /// `import` or `staff`.
    pub source: String,
    /// Who set it: a colleague's id, or an operator's name; `None`: the school's own file did.
    pub set_by: Option<String>,
    /// On whose word.
    pub on_whose_word: Option<String>,
    /// When.
    pub set_at: Timestamp,
}

/// Every preference a carer ever had, the newest first.
pub async fn preferences(
    connection: &mut PgConnection,
    carer: CarerId,
) -> Result<Vec<PreferenceSet>, StoreError> {
    let rows = sqlx::query!(
        r#"select purpose, routes, source, set_by, on_whose_word, set_at as "set_at: Ts"
           from preference_history where carer_id = $1 order by id desc"#,
        carer.0
    )
    .fetch_all(connection)
    .await?;
    let bad = |column| move |why: UnknownWord| StoreError::row("preference_history", column, carer, why);
    rows.into_iter()
        .map(|row| {
            let routes: Result<_, _> = row.routes.iter().map(|route| Route::parse(route)).collect();
            Ok(PreferenceSet {
                purpose: Purpose::parse(&row.purpose).map_err(bad("purpose"))?,
                routes: routes.map_err(bad("routes"))?,
                source: row.source,
                set_by: row.set_by,
                on_whose_word: row.on_whose_word,
                set_at: row.set_at.0,
            })
        })
        .collect()
}

/// Puts an address into a carer's use by a colleague's word, the last of its kind unless it is `first`. Returns the
/// address and whether the carer did not use it before.
pub async fn use_address(
    connection: &mut PgConnection,
    carer: CarerId,
    (kind, value): (AddressKind, &Private<String>),
    first: bool,
    by: &str,
    now: Timestamp,
) -> Result<(AddressId, bool), StoreError> {
    let id = sqlx::query_scalar!(
        "insert into address (id, kind, value) values ($1, $2, $3)
         on conflict (kind, value) do update set kind = excluded.kind returning id",
        Uuid::now_v7(),
        kind.as_str(),
        value.expose(),
    )
    .fetch_one(&mut *connection)
    .await?;
    let position = sqlx::query_scalar!(
        r#"select coalesce(case when $2 then min(position) - 1 else max(position) + 1 end, 1)::smallint as "position!"
           from carer_address where carer_id = $1 and removed_at is null"#,
        carer.0,
        first,
    )
    .fetch_one(&mut *connection)
    .await?;
    let used = sqlx::query!(
        "insert into carer_address (carer_id, address_id, position, added_at, set_by) values ($1, $2, $3, $4, $5)
         on conflict (carer_id, address_id) do update
         set position = excluded.position, removed_at = null, set_by = excluded.set_by, added_at = excluded.added_at
         where carer_address.removed_at is not null",
        carer.0,
        id,
        position,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok((AddressId(id), used.rows_affected() > 0))
}

/// Takes an address out of a carer's use by a colleague's word; `false` when the carer did not use it.
pub async fn stop_using(
    connection: &mut PgConnection,
    carer: CarerId,
    address: AddressId,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let stopped = sqlx::query!(
        "update carer_address set removed_at = $3, set_by = $4
         where carer_id = $1 and address_id = $2 and removed_at is null",
        carer.0,
        address.0,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(stopped.rows_affected() > 0)
}

/// Marks a failing or unconfirmed address of a carer as good; `false` when it is neither, or is not the carer's.
pub async fn mark_good(
    connection: &mut PgConnection,
    carer: CarerId,
    address: AddressId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let marked = sqlx::query!(
        "update address set status = 'good', status_since = $3, status_why = null
         where id = $2 and status in ('failing', 'unconfirmed')
           and exists (select from carer_address
                       where carer_id = $1 and address_id = $2 and removed_at is null)",
        carer.0,
        address.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// Whom a link joins.
pub async fn link(
    connection: &mut PgConnection,
    link: LinkId,
) -> Result<Option<(CarerId, PupilId)>, StoreError> {
    let row = sqlx::query!("select carer_id, pupil_id from link where id = $1", link.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (CarerId(row.carer_id), PupilId(row.pupil_id))))
}

/// Records a restriction by a colleague's word.
pub async fn insert_restriction(
    connection: &mut PgConnection,
    id: RestrictionId,
    link: LinkId,
    restriction: &Restriction,
    note_ref: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into restriction (id, link_id, kind, starts, ends, note_ref, recorded_at, recorded_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        link.0,
        restriction.kind.as_str(),
        restriction.starts.map(Day) as _,
        restriction.ends.map(Day) as _,
        note_ref,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A restriction that was just ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// What it forbade.
    pub kind: RestrictionKind,
    /// Whom it bound.
    pub carer: CarerId,
    /// About which pupil.
    pub pupil: PupilId,
}

/// Ends a restriction; `None` when there is none, or it has been ended already.
pub async fn end_restriction(
    connection: &mut PgConnection,
    restriction: RestrictionId,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<Option<Ended>, StoreError> {
    let row = sqlx::query!(
        "update restriction r set ended_at = $2, ended_by = $3, end_reason = $4
         from link l
         where r.id = $1 and r.ended_at is null and l.id = r.link_id
         returning r.kind, l.carer_id, l.pupil_id",
        restriction.0,
        Ts(now) as _,
        by,
        reason,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = RestrictionKind::parse(&row.kind)
        .map_err(|why| StoreError::row("restriction", "kind", restriction, why))?;
    Ok(Some(Ended { kind, carer: CarerId(row.carer_id), pupil: PupilId(row.pupil_id) }))
}

/// The open tasks that ask the DSL to look at the restrictions between a carer and a pupil.
pub async fn reviews(
    connection: &mut PgConnection,
    carer: CarerId,
    pupil: PupilId,
) -> Result<Vec<TaskId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from task
         where kind = 'review_restriction' and state = 'open' and carer_id = $1 and pupil_id = $2",
        carer.0,
        pupil.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TaskId).collect())
}

/// The open tasks to look into this address of a carer: at which a message failed, or from which a letter came back. That a
/// way is to be found at all is another task.
pub async fn checks(
    connection: &mut PgConnection,
    carer: CarerId,
    address: AddressId,
) -> Result<Vec<TaskId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from task
         where kind = 'check_address' and state = 'open' and carer_id = $1 and address_id = $2 order by id",
        carer.0,
        address.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TaskId).collect())
}

/// The open tasks by which teachers are told that this carer wants no more texts.
pub async fn opt_outs(connection: &mut PgConnection, carer: CarerId) -> Result<Vec<TaskId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from task where kind = 'opted_out' and state = 'open' and carer_id = $1 order by id",
        carer.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TaskId).collect())
}

/// A restriction as a page shows it.
#[derive(Debug, Clone)]
pub struct RestrictionRow {
    /// Its id.
    pub id: RestrictionId,
    /// The link it is on.
    pub link: LinkId,
    /// The pupil.
    pub pupil: PupilId,
    /// What it forbids, and from which to which day.
    pub restriction: Restriction,
    /// Who recorded it, and when.
    pub recorded: (String, Timestamp),
    /// Who lifted it, and when.
    pub ended: Option<(String, Timestamp)>,
}

impl RestrictionRow {
    /// Whether it holds on this school day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.ended.is_none() && self.restriction.holds_on(day)
    }
}

/// Every restriction that binds or bound a carer, the newest first.
pub async fn restrictions(
    connection: &mut PgConnection,
    carer: CarerId,
) -> Result<Vec<RestrictionRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.link_id, l.pupil_id, r.kind, r.starts as "starts: Day", r.ends as "ends: Day",
                  r.recorded_at as "recorded_at: Ts", r.recorded_by, r.ended_at as "ended_at: Ts", r.ended_by
           from restriction r join link l on l.id = r.link_id
           where l.carer_id = $1 order by r.id desc"#,
        carer.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = RestrictionKind::parse(&row.kind)
                .map_err(|why| StoreError::row("restriction", "kind", row.id, why))?;
            let (starts, ends) = (row.starts.map(|day| day.0), row.ends.map(|day| day.0));
            Ok(RestrictionRow {
                id: RestrictionId(row.id),
                link: LinkId(row.link_id),
                pupil: PupilId(row.pupil_id),
                restriction: Restriction { kind, starts, ends },
                recorded: (row.recorded_by, row.recorded_at.0),
                ended: row.ended_by.zip(row.ended_at.map(|at| at.0)),
            })
        })
        .collect()
}
