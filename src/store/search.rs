//! What a search finds. Read in a transaction of [`super::Store::as_colleague`]: the functions that look through words answer
//! with candidates (`migrations/0014_search.sql`), and what comes of them here is what this colleague may see.

use sqlx::PgConnection;

use super::{StoreError, types::Day, types::Ts};
use crate::domain::{
    chronology::Visibility,
    ids::{CarerId, CaseId, ClassId, PupilId},
    people::AddressKind,
    time::{Date, Timestamp},
};

/// A pupil that was found.
#[derive(Debug, Clone)]
pub struct FoundPupil {
    /// The pupil.
    pub id: PupilId,
    /// The pupil's name.
    pub name: String,
    /// The class.
    pub class: Option<String>,
    /// The carers this colleague may see, by name.
    pub carers: Vec<String>,
}

/// Pupils in whose name every typed word stands, or whose reference it is, by name; at most `limit`.
pub async fn pupils(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundPupil>, StoreError> {
    let rows = sqlx::query!(
        r#"with found as materialized (
               select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as name,
                      p.class_id, p.legal_surname, p.legal_forename
               from pupil p
               where lower(p.pupil_ref) = lower($1)
                  or not exists (
                      select from unnest(string_to_array((select liaison_plain($1)), ' ')) as word
                      where position(word in p.name_plain) = 0)
               order by p.legal_surname, p.legal_forename, p.id
               limit $2)
           select f.id, f.name as "name!", k.name as "class?",
                  array(select c.forename || ' ' || c.surname from link l join carer c on c.id = l.carer_id
                        where l.pupil_id = f.id order by l.priority, c.surname) as "carers!: Vec<String>"
           from found f left join class k on k.id = f.class_id
           order by f.legal_surname, f.legal_forename, f.id"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundPupil {
        id: PupilId(row.id),
        name: row.name,
        class: row.class,
        carers: row.carers,
    });
    Ok(found.collect())
}

/// The pupils of a class, by name.
pub async fn of_class(connection: &mut PgConnection, class: ClassId) -> Result<Vec<FoundPupil>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  array(select c.forename || ' ' || c.surname from link l join carer c on c.id = l.carer_id
                        where l.pupil_id = p.id order by l.priority, c.surname) as "carers!: Vec<String>"
           from pupil p where p.class_id = $1
           order by p.legal_surname, p.legal_forename, p.id"#,
        class.0,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundPupil {
        id: PupilId(row.id),
        name: row.name,
        class: None,
        carers: row.carers,
    });
    Ok(found.collect())
}

/// A carer that was found.
#[derive(Debug, Clone)]
pub struct FoundCarer {
    /// The carer.
    pub id: CarerId,
    /// The carer's name.
    pub name: String,
    /// The pupils this colleague may see, by name.
    pub pupils: Vec<String>,
    /// Whether it was by the address that was typed.
    pub by_address: bool,
}

/// Carers in whose name every typed word stands, whose reference it is, or who use the address that was typed; those found by
/// the address first, then by name; at most `limit`.
pub async fn carers(
    connection: &mut PgConnection,
    typed: &str,
    address: Option<(AddressKind, &str)>,
    limit: i64,
) -> Result<Vec<FoundCarer>, StoreError> {
    let rows = sqlx::query!(
        r#"with found as materialized (
               select c.id, c.forename || ' ' || c.surname as name, c.surname, c.forename,
                      c.id = any (array(select ca.carer_id from address a join carer_address ca on ca.address_id = a.id
                                        where a.kind = $2 and a.value = $3 and ca.removed_at is null)) as by_address
               from carer c
               where lower(c.contact_ref) = lower($1)
                  or not exists (
                      select from unnest(string_to_array((select liaison_plain($1)), ' ')) as word
                      where position(word in c.name_plain) = 0)
                  or c.id = any (array(select ca.carer_id from address a join carer_address ca on ca.address_id = a.id
                                       where a.kind = $2 and a.value = $3 and ca.removed_at is null))
               order by 5 desc, c.surname, c.forename, c.id
               limit $4)
           select f.id, f.name as "name!", f.by_address as "by_address!",
                  array(select coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname
                        from link l join pupil p on p.id = l.pupil_id
                        where l.carer_id = f.id order by p.legal_forename) as "pupils!: Vec<String>"
           from found f
           order by f.by_address desc, f.surname, f.forename, f.id"#,
        typed,
        address.map(|(kind, _)| kind.as_str()),
        address.map(|(_, value)| value),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundCarer {
        id: CarerId(row.id),
        name: row.name,
        pupils: row.pupils,
        by_address: row.by_address,
    });
    Ok(found.collect())
}

/// A case that was found.
#[derive(Debug, Clone)]
pub struct FoundCase {
    /// The case.
    pub id: CaseId,
    /// For people to say.
    pub code: String,
    /// Its subject.
    pub subject: String,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name, where it is known which it is about.
    pub pupil: Option<String>,
    /// Whether it is open.
    pub open: bool,
    /// For whose eyes.
    pub visibility: Visibility,
    /// When its last message came.
    pub last_at: Timestamp,
}

/// Cases with this code, or in whose subject the words stand, the latest first; at most `limit`.
pub async fn cases(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundCase>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.code, c.subject, k.forename || ' ' || k.surname as "carer!", c.state, c.visibility,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  c.last_at as "last_at: Ts"
           from carer_case c
           join carer k on k.id = c.carer_id
           left join pupil p on p.id = c.pupil_id
           where c.code = upper($1) or c.id = any (array(select liaison_cases_with($1)))
           order by c.last_at desc, c.id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundCase {
        id: CaseId(row.id),
        code: row.code,
        subject: row.subject,
        carer: row.carer,
        pupil: row.pupil,
        open: row.state == "open",
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
        last_at: row.last_at.0,
    });
    Ok(found.collect())
}

/// An update that was found. Personal.
#[derive(Debug, Clone)]
pub struct FoundUpdate {
    /// The pupil it is about.
    pub pupil: PupilId,
    /// The pupil's name.
    pub pupil_name: String,
    /// Its week.
    pub week: Date,
    /// Its words.
    pub words: String,
}

/// Updates in which the words stand, the latest first; at most `limit`.
pub async fn updates(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundUpdate>, StoreError> {
    let rows = sqlx::query!(
        r#"select u.pupil_id, u.week as "week: Day", u.body,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from pupil_update u join pupil p on p.id = u.pupil_id
           where u.id = any (array(select liaison_updates_with($1)))
           order by u.queued_at desc, u.id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundUpdate {
        pupil: PupilId(row.pupil_id),
        pupil_name: row.pupil,
        week: row.week.0,
        words: row.body,
    });
    Ok(found.collect())
}

/// A reply that was found. Personal.
#[derive(Debug, Clone)]
pub struct FoundReply {
    /// The case it is in.
    pub case: CaseId,
    /// That case's code.
    pub code: String,
    /// The carer's name.
    pub carer: String,
    /// Its words.
    pub words: String,
    /// When it was written.
    pub at: Timestamp,
    /// For whose eyes.
    pub visibility: Visibility,
}

/// Replies in which the words stand, the latest first; at most `limit`.
pub async fn replies(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundReply>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.case_id, c.code, k.forename || ' ' || k.surname as "carer!", a.words as "words!",
                  a.written_at as "written_at: Ts", c.visibility
           from answer a
           join carer_case c on c.id = a.case_id
           join carer k on k.id = c.carer_id
           where a.words is not null and a.id = any (array(select liaison_answers_with($1)))
           order by a.written_at desc, a.id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundReply {
        case: CaseId(row.case_id),
        code: row.code,
        carer: row.carer,
        words: row.words,
        at: row.written_at.0,
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
    });
    Ok(found.collect())
}

/// A contact that was found. Personal.
#[derive(Debug, Clone)]
pub struct FoundContact {
    /// The pupil it was about.
    pub pupil: PupilId,
    /// The pupil's name.
    pub pupil_name: String,
    /// Who it was with.
    pub carer: Option<CarerId>,
    /// Its kind.
    pub kind: String,
    /// What happened, and what was agreed.
    pub words: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it is for few eyes.
    pub sensitive: bool,
    /// The case it belongs to, where that is restricted.
    pub restricted_case: Option<CaseId>,
}

/// Contacts in which the words stand, the latest first; at most `limit`.
pub async fn contacts(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundContact>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.pupil_id, k.carer_id, k.kind, k.facts || coalesce(' ' || k.agreed, '') as "words!",
                  k.happened_at as "happened_at: Ts", k.sensitive, c.id as "restricted_case?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from contact k
           join pupil p on p.id = k.pupil_id
           left join carer_case c on c.id = k.case_id and c.visibility = 'restricted'
           where k.id = any (array(select liaison_contacts_with($1)))
           order by k.happened_at desc, k.id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundContact {
        pupil: PupilId(row.pupil_id),
        pupil_name: row.pupil,
        carer: row.carer_id.map(CarerId),
        kind: row.kind,
        words: row.words,
        at: row.happened_at.0,
        sensitive: row.sensitive,
        restricted_case: row.restricted_case.map(CaseId),
    });
    Ok(found.collect())
}
