//! Carers of whom nobody has heard for a year how they are reached and want to be told (R07). Read in a transaction of
//! [`super::Store::as_colleague`].

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::CarerId,
    time::{Date, Timestamp},
};

/// A carer to be asked again.
#[derive(Debug, Clone)]
pub struct Unasked {
    /// The carer.
    pub id: CarerId,
    /// The carer's name.
    pub name: String,
    /// Their pupils whom this colleague may see, by name.
    pub pupils: Vec<String>,
    /// When something of it was last said; `None`: never.
    pub last: Option<Timestamp>,
    /// The same as a place in the list.
    pub place: (Timestamp, Uuid),
}

/// Carers of pupils on roll, under no restriction there, of whom nothing was said since `before`; who has waited longest first,
/// after a place, at most `limit`.
pub async fn list(
    connection: &mut PgConnection,
    before: Timestamp,
    today: Date,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Unasked>, StoreError> {
    let rows = sqlx::query!(
        r#"with said as (
               select c.id, c.forename || ' ' || c.surname as name,
                      coalesce(greatest(c.checked_at, w.at, a.at), to_timestamp(0)) as at
               from carer c
               left join (select carer_id, max(set_at) as at from preference group by carer_id) w on w.carer_id = c.id
               left join (select carer_id, max(added_at) as at from carer_address where removed_at is null group by carer_id) a
                   on a.carer_id = c.id
               where c.died_on is null and c.id in (select carer_id from link_to_ask_of($2)))
           select id as "id!", name as "name!", at as "at!: Ts",
                  array(select coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname
                        from link l join pupil p on p.id = l.pupil_id
                        where l.carer_id = said.id order by p.legal_forename) as "pupils!"
           from said
           where at < $1 and ($3::timestamptz is null or (at, id) > ($3, $4))
           order by at, id limit $5"#,
        Ts(before) as _,
        Day(today) as _,
        after.map(|(at, _)| Ts(at)) as _,
        after.map(|(_, id)| id),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| Unasked {
        id: CarerId(row.id),
        name: row.name,
        pupils: row.pupils,
        last: Some(row.at.0).filter(|at| *at > Timestamp::UNIX_EPOCH),
        place: (row.at.0, row.id),
    });
    Ok(found.collect())
}

/// How many such carers there are.
pub async fn count(connection: &mut PgConnection, before: Timestamp, today: Date) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from carer c
           left join (select carer_id, max(set_at) as at from preference group by carer_id) w on w.carer_id = c.id
           left join (select carer_id, max(added_at) as at from carer_address where removed_at is null group by carer_id) a
               on a.carer_id = c.id
           where c.died_on is null and coalesce(greatest(c.checked_at, w.at, a.at), to_timestamp(0)) < $1
             and c.id in (select carer_id from link_to_ask_of($2))"#,
        Ts(before) as _,
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?)
}

/// Keeps that a carer has just said that all of it is right.
pub async fn answered(
    connection: &mut PgConnection,
    carer: CarerId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update carer set checked_at = $2, checked_by = $3 where id = $1",
        carer.0,
        Ts(now) as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}
