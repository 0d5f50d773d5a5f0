//! Key items, and where each went on. Read as the colleague, whose rights decide what is a row; or as the daemon.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    contact::ContactKind,
    ids::{CarerId, CaseId, ContactId, HandOffId, PupilId, UpdateId},
    key_item::{ItemId, KeyTopic, System},
    time::{Date, Timestamp, day_in_words},
};

/// A key item. Personal.
#[derive(Debug, Clone)]
pub struct KeyItem {
    /// What it is.
    pub item: ItemId,
    /// As a line names it: `case K7Q2`, `a call`, `weekly update of Monday 23 November`.
    pub called: String,
    /// A case's code, the word of a contact's kind, an update's Monday.
    pub label: String,
    /// The pupil, where it is known which.
    pub pupil: Option<PupilId>,
    /// The pupil's name.
    pub pupil_name: Option<String>,
    /// The carer, where it is one carer's.
    pub carer: Option<CarerId>,
    /// The carer's name.
    pub carer_name: Option<String>,
    /// What makes it one.
    pub topic: KeyTopic,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is the DSL's alone.
    pub restricted: bool,
    /// Whether it is for few eyes.
    pub sensitive: bool,
    /// Whether it has a reference, or a reason why it needs none.
    pub settled: bool,
}

/// Which key items.
#[derive(Debug, Clone, Copy)]
enum Which {
    One(Uuid),
    Open(Option<(Timestamp, Uuid)>, i64),
}

/// Items without a reference and without a reason to need none, the oldest first: at most `limit` of those after the one with
/// this time and id.
pub async fn open(
    connection: &mut PgConnection,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<KeyItem>, StoreError> {
    list(connection, Which::Open(after, limit)).await
}

/// One item, settled or not; `None` where there is no such key item.
pub async fn find(connection: &mut PgConnection, id: Uuid) -> Result<Option<KeyItem>, StoreError> {
    Ok(list(connection, Which::One(id)).await?.pop())
}

async fn list(connection: &mut PgConnection, which: Which) -> Result<Vec<KeyItem>, StoreError> {
    let (one, after, limit) = match which {
        Which::One(id) => (Some(id), None, 1),
        Which::Open(after, limit) => (None, after, limit),
    };
    let rows = sqlx::query!(
        r#"select i.id as "id!", i.item as "item!", i.label as "label!", i.pupil_id, i.carer_id, i.topic as "topic!",
                  i.since as "since!: Ts", i.restricted as "restricted!", i.sensitive as "sensitive!", i.settled as "settled!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  c.forename || ' ' || c.surname as "carer?"
           from key_item i
           left join pupil p on p.id = i.pupil_id
           left join carer c on c.id = i.carer_id
           where (($1::uuid is null and not i.settled) or i.id = $1)
             and ($2::timestamptz is null or (i.since, i.id) > ($2, $3::uuid))
           order by i.since, i.id
           limit $4"#,
        one,
        after.map(|(at, _)| Ts(at)) as _,
        after.map(|(_, id)| id),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let items = rows.into_iter().map(|row| {
        let bad = |column| {
            move |why: crate::domain::people::UnknownWord| StoreError::row("key_item", column, row.id, why)
        };
        let (item, called) = match row.item.as_str() {
            "case" => (ItemId::Case(CaseId(row.id)), format!("case {}", row.label)),
            "contact" => {
                let kind = ContactKind::parse(&row.label).map_err(bad("label"))?;
                (ItemId::Contact(ContactId(row.id)), kind.in_words().to_owned())
            }
            _ => {
                let week: Date =
                    row.label.parse().map_err(|why| StoreError::row("key_item", "label", row.id, why))?;
                (ItemId::Update(UpdateId(row.id)), format!("weekly update of {}", day_in_words(week)))
            }
        };
        Ok(KeyItem {
            item,
            called,
            label: row.label,
            topic: KeyTopic::parse(&row.topic).map_err(bad("topic"))?,
            pupil: row.pupil_id.map(PupilId),
            pupil_name: row.pupil,
            carer: row.carer_id.map(CarerId),
            carer_name: row.carer,
            since: row.since.0,
            restricted: row.restricted,
            sensitive: row.sensitive,
            settled: row.settled,
        })
    });
    items.collect()
}

/// How many items have neither a reference nor a reason to need none, and how many of those became key items before an
/// instant.
pub async fn count(connection: &mut PgConnection, late_before: Timestamp) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where since < $1) as "late!" from key_item where not settled"#,
        Ts(late_before) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.all, row.late))
}

/// The same for an audit, as the daemon: nothing that is restricted, for few eyes or about safeguarding is counted.
pub async fn count_open_to_all(
    connection: &mut PgConnection,
    late_before: Timestamp,
) -> Result<(u64, u64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where since < $1) as "late!"
           from key_item where not settled and not restricted and not sensitive and topic <> 'safeguarding'"#,
        Ts(late_before) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.all.unsigned_abs(), row.late.unsigned_abs()))
}

/// Where an item went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Gone {
    /// In another system.
    To {
        /// Which.
        system: System,
        /// What that system calls it.
        reference: String,
    },
    /// In none.
    Nowhere {
        /// Why.
        because: String,
    },
}

/// Keeps where an item went on. The last one counts; all stay.
pub async fn hand_off(
    connection: &mut PgConnection,
    item: ItemId,
    gone: &Gone,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (system, reference, not_needed) = match gone {
        Gone::To { system, reference } => (Some(system.as_str()), Some(reference.as_str()), None),
        Gone::Nowhere { because } => (None, None, Some(because.as_str())),
    };
    let (case, contact, update) = item.columns();
    sqlx::query!(
        "insert into hand_off (id, case_id, contact_id, update_id, system, reference, not_needed, recorded_at, recorded_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        HandOffId::new().0,
        case,
        contact,
        update,
        system,
        reference,
        not_needed,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A correction of a contact takes along where the contact went on.
pub async fn carry_over(
    connection: &mut PgConnection,
    corrected: ContactId,
    correction: ContactId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into hand_off (id, contact_id, system, reference, not_needed, recorded_at, recorded_by)
         select $3, $2, system, reference, not_needed, recorded_at, recorded_by
         from hand_off where contact_id = $1 order by recorded_at desc, id desc limit 1",
        corrected.0,
        correction.0,
        HandOffId::new().0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was recorded of where an item went on.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Where.
    pub gone: Gone,
    /// When.
    pub at: Timestamp,
    /// By whom: a colleague's id, or an operator's name.
    pub by: String,
}

/// What was recorded of where an item went on, the newest first.
pub async fn recorded(connection: &mut PgConnection, item: ItemId) -> Result<Vec<Recorded>, StoreError> {
    let (case, contact, update) = item.columns();
    let rows = sqlx::query!(
        r#"select id, system, reference, not_needed, recorded_at as "recorded_at: Ts", recorded_by
           from hand_off where case_id = $1 or contact_id = $2 or update_id = $3
           order by recorded_at desc, id desc"#,
        case,
        contact,
        update,
    )
    .fetch_all(connection)
    .await?;
    let recorded = rows.into_iter().map(|row| {
        let gone = match (row.system, row.reference, row.not_needed) {
            (Some(system), Some(reference), _) => {
                let system = System::parse(&system)
                    .map_err(|why| StoreError::row("hand_off", "system", row.id, why))?;
                Gone::To { system, reference }
            }
            (_, _, because) => Gone::Nowhere { because: because.unwrap_or_default() },
        };
        Ok(Recorded { gone, at: row.recorded_at.0, by: row.recorded_by })
    });
    recorded.collect()
}

/// What the sheet of an update needs of it. Personal.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its words.
    pub words: String,
    /// Who wrote it: a colleague's id, or an operator's name.
    pub author: String,
    /// When it was queued.
    pub at: Timestamp,
    /// The names of the carers to whom a message of it was made, of those that may be seen.
    pub carers: Vec<String>,
}

/// An update by its id.
pub async fn update(connection: &mut PgConnection, update: UpdateId) -> Result<Option<Sent>, StoreError> {
    let row = sqlx::query!(
        r#"select u.body, u.author, u.queued_at as "queued_at: Ts",
                  (select coalesce(array_agg(distinct c.forename || ' ' || c.surname), '{}')
                   from delivery d join carer c on c.id = d.carer_id where d.update_id = u.id) as "carers!"
           from pupil_update u where u.id = $1"#,
        update.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Sent { words: row.body, author: row.author, at: row.queued_at.0, carers: row.carers }))
}

/// A pupil by name, unique pupil number, and id in the school's own system.
pub async fn pupil(
    connection: &mut PgConnection,
    pupil: PupilId,
) -> Result<Option<(String, Option<String>, String)>, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(nullif(preferred_name, ''), legal_forename) || ' ' || legal_surname as "name!",
                  nullif(upn, '') as upn, pupil_ref
           from pupil where id = $1"#,
        pupil.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.name, row.upn, row.pupil_ref)))
}

/// The update about a pupil's week.
pub async fn update_of(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
) -> Result<Option<UpdateId>, StoreError> {
    let id = sqlx::query_scalar!(
        "select id from pupil_update where pupil_id = $1 and week = $2",
        pupil.0,
        super::types::Day(week) as _,
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(UpdateId))
}
