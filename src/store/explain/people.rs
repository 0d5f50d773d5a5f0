//! Pupils and carers by what people call them.

use sqlx::PgConnection;

use crate::{
    domain::ids::{CarerId, PupilId},
    store::StoreError,
};

/// The pupil with this reference or id.
pub async fn pupil_named(connection: &mut PgConnection, name: &str) -> Result<Option<PupilId>, StoreError> {
    let id = sqlx::query_scalar!("select id from pupil where pupil_ref = $1 or id::text = lower($1)", name)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(PupilId))
}

/// The carer with this reference or id.
pub async fn carer_named(connection: &mut PgConnection, name: &str) -> Result<Option<CarerId>, StoreError> {
    let id = sqlx::query_scalar!("select id from carer where contact_ref = $1 or id::text = lower($1)", name)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(CarerId))
}

/// A carer's name.
pub async fn carer_name(connection: &mut PgConnection, carer: CarerId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select forename || ' ' || surname as "name!" from carer where id = $1"#,
        carer.0
    )
    .fetch_optional(connection)
    .await?)
}

/// A pupil's name.
pub async fn pupil_name(connection: &mut PgConnection, pupil: PupilId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(nullif(preferred_name, ''), legal_forename) || ' ' || legal_surname as "name!"
           from pupil where id = $1"#,
        pupil.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The carers who have this address, of whatever kind, without those who have died.
pub async fn carers_at(connection: &mut PgConnection, value: &str) -> Result<Vec<CarerId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select ca.carer_id from address a join carer_address ca on ca.address_id = a.id and ca.removed_at is null
         join carer c on c.id = ca.carer_id and c.died_on is null
         where a.value = $1",
        value
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(CarerId).collect())
}

/// The pupils a carer is linked to.
pub async fn pupils_of(connection: &mut PgConnection, carer: CarerId) -> Result<Vec<PupilId>, StoreError> {
    let ids = sqlx::query_scalar!("select pupil_id from link where carer_id = $1 order by pupil_id", carer.0)
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(PupilId).collect())
}

/// Each pupil with an update and each of that pupil's carers, by name: everybody who must be told or left out for a
/// reason.
pub async fn carers_of_updated(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from pupil_update u
           join pupil p on p.id = u.pupil_id
           join link l on l.pupil_id = p.id
           join carer c on c.id = l.carer_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.pupil, row.carer)).collect())
}
