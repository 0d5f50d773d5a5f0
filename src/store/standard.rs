//! Notices that Liaison words itself.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{AddressId, CarerId, StandardId, TaskId},
    standard::{StandardFacts, StandardKind},
    time::Timestamp,
};

/// A notice to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewStandard {
    /// Its id.
    pub id: StandardId,
    /// Whom it is for.
    pub carer: CarerId,
    /// What it is about.
    pub about: StandardOf,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy)]
pub enum StandardOf {
    /// Whether this address is the carer's.
    Address(AddressId),
    /// That a colleague will do this, and ring.
    Task(TaskId),
}

/// Keeps notices.
pub async fn insert(
    connection: &mut PgConnection,
    notices: &[NewStandard],
    now: Timestamp,
) -> Result<(), StoreError> {
    let of = |about: &StandardOf| match about {
        StandardOf::Address(address) => (StandardKind::ConfirmAddress, Some(address.0), None),
        StandardOf::Task(task) => (StandardKind::Meanwhile, None, Some(task.0)),
    };
    sqlx::query!(
        "insert into standard_notice (id, kind, carer_id, address_id, task_id, made_at)
         select id, kind, carer_id, address_id, task_id, $6
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[]) as n (id, kind, carer_id, address_id, task_id)",
        &notices.iter().map(|one| one.id.0).collect::<Vec<_>>(),
        &notices.iter().map(|one| of(&one.about).0.as_str()).collect::<Vec<_>>() as _,
        &notices.iter().map(|one| one.carer.0).collect::<Vec<_>>(),
        &notices.iter().map(|one| of(&one.about).1).collect::<Vec<_>>() as _,
        &notices.iter().map(|one| of(&one.about).2).collect::<Vec<_>>() as _,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What these notices need to know, as it is now.
pub async fn of(
    connection: &mut PgConnection,
    notices: &[StandardId],
) -> Result<HashMap<StandardId, StandardFacts>, StoreError> {
    if notices.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select s.id as "id!", s.kind as "kind!", s.address_id,
                  coalesce(a.status <> 'unconfirmed' or ca.removed_at is not null, t.state <> 'open', true) as "over!"
           from standard_notice s
           left join address a on a.id = s.address_id
           left join carer_address ca on ca.address_id = s.address_id and ca.carer_id = s.carer_id
           left join task t on t.id = s.task_id
           where s.id = any($1)"#,
        &notices.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let facts = rows.into_iter().map(|row| {
        let kind = StandardKind::parse(&row.kind)
            .map_err(|why| StoreError::row("standard_notice", "kind", row.id, why))?;
        let facts = StandardFacts { kind, only_to: row.address_id.map(AddressId), over: row.over };
        Ok((StandardId(row.id), facts))
    });
    facts.collect()
}

/// An address that waits to be confirmed, of one carer.
#[derive(Debug, Clone, Copy)]
pub struct Unconfirmed {
    /// The address.
    pub address: AddressId,
    /// Whose it is said to be.
    pub carer: CarerId,
    /// Whether a restriction binds the carer, or another of the carers it is said to be of.
    pub restricted: bool,
}

/// Those of these addresses that wait to be confirmed, by address.
pub async fn unconfirmed(
    connection: &mut PgConnection,
    values: &[String],
) -> Result<HashMap<String, Vec<Unconfirmed>>, StoreError> {
    let mut found: HashMap<String, Vec<Unconfirmed>> = HashMap::new();
    if values.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        r#"select a.value, a.id, ca.carer_id,
                  exists (select from link l join restriction r on r.link_id = l.id
                          where l.carer_id = ca.carer_id and r.ended_at is null) as "restricted!"
           from address a join carer_address ca on ca.address_id = a.id and ca.removed_at is null
           where a.kind in ('email', 'mobile') and a.value = any($1) and a.status = 'unconfirmed'
           order by ca.carer_id"#,
        values,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        found.entry(row.value).or_default().push(Unconfirmed {
            address: AddressId(row.id),
            carer: CarerId(row.carer_id),
            restricted: row.restricted,
        });
    }
    Ok(found)
}

/// Has an address that nobody used before wait until it is confirmed.
pub async fn ask(
    connection: &mut PgConnection,
    address: AddressId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update address set status = 'unconfirmed', status_since = $2, status_why = null where id = $1",
        address.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whoever has an address says that it is theirs; `false` when it does not wait for that.
pub async fn confirm(
    connection: &mut PgConnection,
    address: AddressId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let confirmed = sqlx::query!(
        "update address set status = 'good', status_since = $2, status_why = null
         where id = $1 and status = 'unconfirmed'",
        address.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(confirmed.rows_affected() > 0)
}

/// Whether an address is known already: another carer uses it, or something was sent to it before.
pub async fn is_known(
    connection: &mut PgConnection,
    address: AddressId,
    carer: CarerId,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select a.status <> 'unconfirmed'
               and (exists (select from carer_address ca where ca.address_id = a.id and ca.carer_id <> $2)
                    or a.status_since is not null) as "known!"
           from address a where a.id = $1"#,
        address.0,
        carer.0,
    )
    .fetch_one(connection)
    .await?)
}
