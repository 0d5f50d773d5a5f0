//! A carer as their page shows them. Read in a transaction of [`super::Store::as_colleague`], so that each row is one this
//! colleague may see.

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{
    StoreError,
    life::Recorded,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{AddressId, CarerId, LinkId, PupilId},
    people::{AddressKind, AddressStatus, UnknownWord},
    time::Timestamp,
};

/// A carer. Personal.
#[derive(Debug, Clone)]
pub struct Carer {
    /// The carer.
    pub id: CarerId,
    /// The carer's name.
    pub name: String,
    /// BCP 47 language in which they read.
    pub language: String,
    /// The form in which they read.
    pub format: String,
    /// The interpreter they need.
    pub interpreter: Option<String>,
    /// When they are best rung.
    pub best_times: Option<String>,
    /// Whether nobody may learn where they live.
    pub confidential: bool,
    /// How and when the school was told that it may write.
    pub consent: Option<String>,
    /// The day on which they died.
    pub died: Option<Recorded>,
    /// Since when they want no newsletters.
    pub no_newsletters: Option<Timestamp>,
    /// When they last said that how they are reached and want to be told is right, and which colleague heard it.
    pub checked: Option<(Timestamp, String)>,
}

/// The carer; `None` where there is none for this colleague.
pub async fn find(connection: &mut PgConnection, carer: CarerId) -> Result<Option<Carer>, StoreError> {
    let row = sqlx::query!(
        r#"select id, btrim(coalesce(title, '') || ' ' || forename || ' ' || surname) as "name!", language, format,
                  interpreter, best_times, address_confidential, consent_note, checked_at as "checked_at: Ts", checked_by,
                  newsletters_ended_at as "newsletters_ended_at: Ts",
                  died_on as "died_on: Day", died_set_by, died_set_at as "died_set_at: Ts"
           from carer where id = $1"#,
        carer.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Carer {
        id: CarerId(row.id),
        name: row.name,
        language: row.language,
        format: row.format,
        interpreter: row.interpreter,
        best_times: row.best_times,
        confidential: row.address_confidential,
        consent: row.consent_note,
        no_newsletters: row.newsletters_ended_at.map(|at| at.0),
        checked: row.checked_at.map(|at| at.0).zip(row.checked_by),
        died: Recorded::of(row.died_on, row.died_set_by, row.died_set_at),
    }))
}

/// A link between a carer and a pupil.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column that a page says in words of its own")]
pub struct LinkRow {
    /// The link.
    pub id: LinkId,
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: String,
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub pupil_name: String,
    /// The pupil's class.
    pub class: Option<String>,
    /// What the carer is to the pupil.
    pub relationship: String,
    /// Whether the pupil lives with them.
    pub lives_with: bool,
    /// Whether the school writes to them about this pupil.
    pub correspondence: bool,
    /// Whether they get reports.
    pub reports: bool,
    /// Whether they are rung in an emergency.
    pub emergency: bool,
    /// Since when the school's own file has not named the link.
    pub missing_since: Option<Timestamp>,
    /// The last day on which the link holds.
    pub ends: Option<Recorded>,
    /// Who recorded that the pupil agrees that this carer is told after 18, and when.
    pub agreed: Option<(String, Timestamp)>,
}

/// The links of a carer, or those of a pupil, in the school's order.
pub async fn links(
    connection: &mut PgConnection,
    carer: Option<CarerId>,
    pupil: Option<PupilId>,
) -> Result<Vec<LinkRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.id, l.carer_id, c.forename || ' ' || c.surname as "carer_name!", l.pupil_id,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil_name!",
                  k.name as "class?", l.relationship, l.lives_with_pupil, l.receives_correspondence, l.receives_reports,
                  l.emergency_contact, l.missing_since as "missing_since: Ts", l.ends as "ends: Day", l.ends_set_by,
                  l.ends_set_at as "ends_set_at: Ts", l.adult_agreed_by, l.adult_agreed_at as "adult_agreed_at: Ts"
           from link l
           join carer c on c.id = l.carer_id
           join pupil p on p.id = l.pupil_id
           left join class k on k.id = p.class_id
           where (l.carer_id = $1 or l.pupil_id = $2)
           order by l.priority, c.surname, p.legal_forename, l.id"#,
        carer.map(|id| id.0),
        pupil.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let links = rows.into_iter().map(|row| LinkRow {
        id: LinkId(row.id),
        carer: CarerId(row.carer_id),
        carer_name: row.carer_name,
        pupil: PupilId(row.pupil_id),
        pupil_name: row.pupil_name,
        class: row.class,
        relationship: row.relationship,
        lives_with: row.lives_with_pupil,
        correspondence: row.receives_correspondence,
        reports: row.receives_reports,
        emergency: row.emergency_contact,
        missing_since: row.missing_since.map(|at| at.0),
        ends: Recorded::of(row.ends, row.ends_set_by, row.ends_set_at),
        agreed: row.adult_agreed_by.zip(row.adult_agreed_at.map(|at| at.0)),
    });
    Ok(links.collect())
}

/// An address of a carer, in use or not any more.
#[derive(Debug, Clone)]
pub struct AddressRow {
    /// The address.
    pub id: AddressId,
    /// Its kind.
    pub kind: AddressKind,
    /// The address itself.
    pub value: Private<String>,
    /// Whether it can be used.
    pub status: AddressStatus,
    /// Since when, where that was ever another.
    pub status_since: Option<Timestamp>,
    /// Why.
    pub status_why: Option<String>,
    /// Since when the carer has it.
    pub added_at: Timestamp,
    /// When it was taken from the carer.
    pub removed_at: Option<Timestamp>,
    /// Who had the last word on it: a colleague's id or an operator's name; `None`: the school's own file.
    pub set_by: Option<String>,
    /// Whether another carer has it too.
    pub shared: bool,
}

/// Every address a carer has, in their order, and then those they had.
pub async fn addresses(connection: &mut PgConnection, carer: CarerId) -> Result<Vec<AddressRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.id, a.kind, a.value, a.status, a.status_since as "status_since: Ts", a.status_why,
                  ca.added_at as "added_at: Ts", ca.removed_at as "removed_at: Ts", ca.set_by,
                  exists (select from carer_address o
                          where o.address_id = a.id and o.carer_id <> $1 and o.removed_at is null) as "shared!"
           from carer_address ca join address a on a.id = ca.address_id
           where ca.carer_id = $1
           order by ca.removed_at desc nulls first, ca.position, a.id"#,
        carer.0
    )
    .fetch_all(connection)
    .await?;
    let bad = |column| move |why: UnknownWord| StoreError::row("address", column, carer, why);
    rows.into_iter()
        .map(|row| {
            Ok(AddressRow {
                id: AddressId(row.id),
                kind: AddressKind::parse(&row.kind).map_err(bad("kind"))?,
                value: Private::new(row.value),
                status: AddressStatus::parse(&row.status).map_err(bad("status"))?,
                status_since: row.status_since.map(|at| at.0),
                status_why: row.status_why,
                added_at: row.added_at.0,
                removed_at: row.removed_at.map(|at| at.0),
                set_by: row.set_by,
                shared: row.shared,
            })
        })
        .collect()
}
