//! What matching asks: whose address wrote, and what the message answers. Each question once for a whole batch.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{AddressId, CarerId, CaseId, ClassId, DeliveryId, PupilId, UpdateId},
    matching::{By, Proposal, Writer, WriterLink},
    people::AddressKind,
    time::{Date, Timestamp},
};

/// The carers who have these addresses, by address.
pub async fn writers(
    connection: &mut PgConnection,
    kind: AddressKind,
    values: &[String],
    today: Date,
) -> Result<HashMap<String, Vec<Writer>>, StoreError> {
    let mut found: HashMap<String, Vec<Writer>> = HashMap::new();
    if values.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        r#"select a.value, a.id as address_id, a.status = 'good' as "reachable!", ca.carer_id, l.pupil_id as "pupil_id?", p.class_id as "class_id?",
                  c.died_on is not null as "carer_died!", p.died_on is not null as "pupil_died!",
                  coalesce(p.leaving_date < $3, false) or p.died_on is not null as "left!", coalesce(l.ends < $3, false) as "ended!",
                  exists (select from restriction r
                          where r.link_id = l.id and r.ended_at is null and (r.starts is null or r.starts <= $3)
                            and (r.ends is null or $3 <= r.ends)) as "restricted!"
           from address a
           join carer_address ca on ca.address_id = a.id and ca.removed_at is null
           join carer c on c.id = ca.carer_id
           left join link l on l.carer_id = ca.carer_id
           left join pupil p on p.id = l.pupil_id
           where a.kind = $1 and a.value = any($2) and a.status <> 'unconfirmed'
           order by a.value, ca.carer_id, l.priority, l.pupil_id"#,
        kind.as_str(),
        values,
        Day(today) as _,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let writers = found.entry(row.value).or_default();
        let carer = CarerId(row.carer_id);
        if writers.last().is_none_or(|writer| writer.carer != carer) {
            writers.push(Writer {
                carer,
                address: AddressId(row.address_id),
                reachable: row.reachable,
                died: row.carer_died,
                links: Vec::new(),
            });
        }
        if let (Some(writer), Some(pupil)) = (writers.last_mut(), row.pupil_id) {
            writer.links.push(WriterLink {
                pupil: PupilId(pupil),
                class: row.class_id.map(ClassId),
                restricted: row.restricted,
                ended: row.ended,
                left: row.left,
                died: row.pupil_died,
            });
        }
    }
    Ok(found)
}

/// What messages of ours propose that are answered, by delivery.
pub async fn answered(
    connection: &mut PgConnection,
    deliveries: &[DeliveryId],
) -> Result<HashMap<DeliveryId, Proposal>, StoreError> {
    if deliveries.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select d.id as "id!", d.carer_id as "carer_id!", d.pupil_id as "pupil_id!", d.update_id, d.announcement_id, c.id as "case_id?",
                  c.pupil_id as case_pupil
           from delivery d
           left join answer a on a.id = d.answer_id
           left join carer_case c on c.id = a.case_id
           where d.id = any($1)"#,
        &deliveries.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let proposals = rows.into_iter().map(|row| {
        // An answer in a case is about the case's pupil, not about whose link let it go; an announcement is about none.
        let pupil = match (row.case_id, row.announcement_id) {
            (Some(_), _) => row.case_pupil,
            (None, Some(_)) => None,
            (None, None) => Some(row.pupil_id),
        };
        let proposal = Proposal {
            by: By::Reference,
            carer: CarerId(row.carer_id),
            pupil: pupil.map(PupilId),
            case: row.case_id.map(CaseId),
            update: row.update_id.map(UpdateId),
            delivery: Some(DeliveryId(row.id)),
            restricted: false,
        };
        (DeliveryId(row.id), proposal)
    });
    Ok(proposals.collect())
}

/// What earlier messages propose, by Message-ID: those that are in a case.
pub async fn threads(
    connection: &mut PgConnection,
    message_ids: &[String],
) -> Result<HashMap<String, Vec<Proposal>>, StoreError> {
    let mut found: HashMap<String, Vec<Proposal>> = HashMap::new();
    if message_ids.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        r#"select g.message_id as "message_id!", c.id, c.carer_id, c.pupil_id, c.update_id
           from reading g join carer_case c on c.id = g.case_id
           where g.message_id = any($1)"#,
        message_ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let proposal = in_case(By::Thread, row.id, row.carer_id, row.pupil_id, row.update_id);
        found.entry(row.message_id).or_default().push(proposal);
    }
    Ok(found)
}

/// Which of these Message-IDs have been read before, each with the digest of the words it had.
pub async fn seen(
    connection: &mut PgConnection,
    message_ids: &[String],
) -> Result<HashSet<(String, Vec<u8>)>, StoreError> {
    let rows = sqlx::query!(
        r#"select message_id as "message_id!", words as "words!" from reading
           where message_id = any($1) and words is not null"#,
        message_ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.message_id, row.words)).collect())
}

/// What codes of cases propose.
pub async fn codes(
    connection: &mut PgConnection,
    codes: &[String],
) -> Result<HashMap<String, Proposal>, StoreError> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select code, id, carer_id, pupil_id, update_id from carer_case where code = any($1)",
        codes
    )
    .fetch_all(connection)
    .await?;
    let proposals = rows
        .into_iter()
        .map(|row| (row.code, in_case(By::Code, row.id, row.carer_id, row.pupil_id, row.update_id)));
    Ok(proposals.collect())
}

/// The case by text that each of these carers has open since `since` or later: a further text belongs to it. A carer
/// with several has none here.
pub async fn recent_by_text(
    connection: &mut PgConnection,
    carers: &[CarerId],
    since: Timestamp,
) -> Result<HashMap<CarerId, Proposal>, StoreError> {
    if carers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select id as "id!", carer_id as "carer_id!", pupil_id, update_id
           from (select id, carer_id, pupil_id, update_id, count(*) over (partition by carer_id) as open
                 from carer_case
                 where carer_id = any($1) and state = 'open' and came_by = 'text' and last_at >= $2) c
           where open = 1"#,
        &carers.iter().map(|id| id.0).collect::<Vec<_>>(),
        Ts(since) as _,
    )
    .fetch_all(connection)
    .await?;
    let proposals = rows.into_iter().map(|row| {
        (CarerId(row.carer_id), in_case(By::Recent, row.id, row.carer_id, row.pupil_id, row.update_id))
    });
    Ok(proposals.collect())
}

fn in_case(by: By, case: Uuid, carer: Uuid, pupil: Option<Uuid>, update: Option<Uuid>) -> Proposal {
    Proposal {
        by,
        carer: CarerId(carer),
        pupil: pupil.map(PupilId),
        case: Some(CaseId(case)),
        update: update.map(UpdateId),
        delivery: None,
        restricted: false,
    }
}

/// Which of these carers a restriction binds today, for any pupil.
pub async fn restricted(
    connection: &mut PgConnection,
    carers: &[CarerId],
    today: Date,
) -> Result<HashSet<CarerId>, StoreError> {
    if carers.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query_scalar!(
        "select distinct l.carer_id from link l join restriction r on r.link_id = l.id
         where l.carer_id = any($1) and r.ended_at is null and (r.starts is null or r.starts <= $2) and (r.ends is null or $2 <= r.ends)",
        &carers.iter().map(|id| id.0).collect::<Vec<_>>(),
        Day(today) as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(CarerId).collect())
}

/// A carer and a pupil of theirs, as a colleague chooses between them.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: String,
    /// What they are to the pupil.
    pub relationship: String,
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub pupil_name: String,
    /// The pupil's class.
    pub class: Option<String>,
}

/// Carers with their pupils where either's name holds these words, or either's reference is these; of those whom the reading
/// colleague may see, at most `limit`, by the pupil's surname.
pub async fn pairs_named(
    connection: &mut PgConnection,
    words: &str,
    limit: i64,
) -> Result<Vec<Pair>, StoreError> {
    pairs(connection, Some(words), None, limit).await
}

/// The carer with this pupil, where the reading colleague may see both and they are linked.
pub async fn pair(
    connection: &mut PgConnection,
    carer: CarerId,
    pupil: PupilId,
) -> Result<Option<Pair>, StoreError> {
    Ok(pairs(connection, None, Some((carer, pupil)), 1).await?.pop())
}

async fn pairs(
    connection: &mut PgConnection,
    words: Option<&str>,
    ids: Option<(CarerId, PupilId)>,
    limit: i64,
) -> Result<Vec<Pair>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id as carer_id, c.forename || ' ' || c.surname as "carer!", l.relationship, p.id as pupil_id,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!",
                  k.name as "class?"
           from link l
           join carer c on c.id = l.carer_id
           join pupil p on p.id = l.pupil_id
           left join class k on k.id = p.class_id
           where ($2::uuid is null or (l.carer_id = $2 and l.pupil_id = $3))
             and ($1::text is null or p.pupil_ref = $1 or c.contact_ref = $1
                  or position(lower($1) in lower(c.forename || ' ' || c.surname)) > 0
                  or position(lower($1) in lower(coalesce(p.preferred_name, '') || ' ' || p.legal_forename || ' '
                                                 || p.legal_surname)) > 0
                  or position(lower($1) in lower(coalesce(p.preferred_name, '') || ' ' || p.legal_surname)) > 0)
           order by p.legal_surname, p.legal_forename, p.id, l.priority, c.id
           limit $4"#,
        words,
        ids.map(|(carer, _)| carer.0),
        ids.map(|(_, pupil)| pupil.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let pairs = rows.into_iter().map(|row| Pair {
        carer: CarerId(row.carer_id),
        carer_name: row.carer,
        relationship: row.relationship,
        pupil: PupilId(row.pupil_id),
        pupil_name: row.pupil,
        class: row.class,
    });
    Ok(pairs.collect())
}
