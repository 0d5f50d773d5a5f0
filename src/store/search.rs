//! What a search finds. Read in a transaction of [`super::Store::as_colleague`]: the functions that look through words answer
//! with candidates (`migrations/0014_search.sql`), and what comes of them here is what this colleague may see.

use sqlx::PgConnection;
use uuid::Uuid;

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
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  k.name as "class?"
           from pupil p left join class k on k.id = p.class_id
           where p.id = any (array(select liaison_pupils_named($1)))
           order by p.legal_surname, p.legal_forename, p.id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let found = rows.into_iter().map(|row| (PupilId(row.id), row.name, row.class)).collect();
    with_carers(connection, found).await
}

/// Pupils with their carers' names. Asked apart: policies within one question are planned anew for each table in it.
async fn with_carers(
    connection: &mut PgConnection,
    pupils: Vec<(PupilId, String, Option<String>)>,
) -> Result<Vec<FoundPupil>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.pupil_id, c.forename || ' ' || c.surname as "name!"
           from link l join carer c on c.id = l.carer_id
           where l.pupil_id = any ($1) order by l.priority, c.surname"#,
        &pupils.iter().map(|(id, ..)| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let found = pupils.into_iter().map(|(id, name, class)| FoundPupil {
        id,
        name,
        class,
        carers: rows.iter().filter(|row| row.pupil_id == id.0).map(|row| row.name.clone()).collect(),
    });
    Ok(found.collect())
}

/// The pupils of a class, by name.
pub async fn of_class(connection: &mut PgConnection, class: ClassId) -> Result<Vec<FoundPupil>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!"
           from pupil p where p.class_id = $1
           order by p.legal_surname, p.legal_forename, p.id"#,
        class.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    let found = rows.into_iter().map(|row| (PupilId(row.id), row.name, None)).collect();
    with_carers(connection, found).await
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
    let users = match address {
        Some((kind, value)) => using(connection, kind, value).await?,
        None => Vec::new(),
    };
    let rows = sqlx::query!(
        r#"select c.id, c.forename || ' ' || c.surname as "name!", c.id = any ($2) as "by_address!"
           from carer c
           where c.id = any (array(select liaison_carers_named($1)) || $2)
           order by c.id = any ($2) desc, c.surname, c.forename, c.id
           limit $3"#,
        typed,
        &users,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let pupils = sqlx::query!(
        r#"select l.carer_id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!"
           from link l join pupil p on p.id = l.pupil_id
           where l.carer_id = any ($1) order by p.legal_forename"#,
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundCarer {
        id: CarerId(row.id),
        name: row.name,
        pupils: pupils.iter().filter(|one| one.carer_id == row.id).map(|one| one.name.clone()).collect(),
        by_address: row.by_address,
    });
    Ok(found.collect())
}

/// The carers who use an address this colleague may see.
async fn using(
    connection: &mut PgConnection,
    kind: AddressKind,
    value: &str,
) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select ca.carer_id from address a join carer_address ca on ca.address_id = a.id
         where a.kind = $1 and a.value = $2 and ca.removed_at is null",
        kind.as_str(),
        value,
    )
    .fetch_all(connection)
    .await?)
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

/// A message of a carer's that was found. Personal.
#[derive(Debug, Clone)]
pub struct FoundMessage {
    /// The case it is in.
    pub case: CaseId,
    /// That case's code.
    pub code: String,
    /// The carer's name.
    pub carer: String,
    /// What they wrote.
    pub words: String,
    /// When the school had it.
    pub at: Timestamp,
    /// For whose eyes.
    pub visibility: Visibility,
}

/// Messages of carers in which the words stand, the latest first; at most `limit`. What nobody has yet said whose it is, is
/// not among them.
pub async fn messages(
    connection: &mut PgConnection,
    typed: &str,
    limit: i64,
) -> Result<Vec<FoundMessage>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.case_id as "case_id!", c.code, k.forename || ' ' || k.surname as "carer!", g.said as "said!",
                  g.read_at as "read_at: Ts",
                  case when g.visibility = 'restricted' then g.visibility else c.visibility end as "visibility!"
           from reading g
           join carer_case c on c.id = g.case_id
           join carer k on k.id = c.carer_id
           where g.said is not null and g.received_id = any (array(select liaison_messages_with($1)))
           order by g.read_at desc, g.received_id
           limit $2"#,
        typed,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| FoundMessage {
        case: CaseId(row.case_id),
        code: row.code,
        carer: row.carer,
        words: row.said,
        at: row.read_at.0,
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
