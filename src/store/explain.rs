//! Reads for people: deliveries, their attempts, and the chronology with names joined in.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{CarerId, DeliveryId, PupilId},
    time::{Date, Timestamp},
};

/// A delivery as it stands, with names.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// The carer.
    pub carer: String,
    /// The pupil.
    pub pupil: String,
    /// The pupil's class.
    pub class: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// The week, where it is a weekly update.
    pub week: Option<Date>,
    /// The route.
    pub route: String,
    /// The channel.
    pub channel: String,
    /// The state.
    pub state: String,
    /// Tries so far.
    pub tries: i16,
    /// Not before this.
    pub not_before: Timestamp,
    /// When it came to rest.
    pub settled_at: Option<Timestamp>,
    /// Why it waits, failed or was refused.
    pub reason: Option<String>,
    /// It may have arrived twice.
    pub maybe_twice: bool,
    /// The delivery whose failure led to it.
    pub follows: Option<DeliveryId>,
    /// What the provider calls it.
    pub provider_ref: Option<String>,
    #[serde(skip)]
    /// The carer.
    pub carer_id: CarerId,
    #[serde(skip)]
    /// The pupil.
    pub pupil_id: PupilId,
}

/// Which deliveries.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this one.
    pub id: Option<DeliveryId>,
    /// Only this state.
    pub state: Option<String>,
    /// Only this channel.
    pub channel: Option<String>,
    /// At most so many, newest first; 0 for all.
    pub limit: i64,
}

/// Deliveries, newest first.
pub async fn deliveries(
    connection: &mut PgConnection,
    filter: &Filter,
) -> Result<Vec<DeliveryView>, StoreError> {
    let rows = sqlx::query!(
        r#"select d.id, d.carer_id, d.pupil_id, c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!",
                  k.name as "class?", d.purpose, u.week as "week?: Day", d.route, d.channel, d.state, d.tries,
                  d.not_before as "not_before: Ts", d.settled_at as "settled_at: Ts", d.reason, d.maybe_twice,
                  d.follows, d.provider_ref
           from delivery d
           left join pupil_update u on u.id = d.update_id
           join carer c on c.id = d.carer_id
           join pupil p on p.id = d.pupil_id
           left join class k on k.id = p.class_id
           where ($1::uuid is null or d.id = $1) and ($2::text is null or d.state = $2)
             and ($3::text is null or d.channel = $3)
           order by d.id desc limit nullif($4::bigint, 0)"#,
        filter.id.map(|id| id.0),
        filter.state,
        filter.channel,
        filter.limit,
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| DeliveryView {
        id: DeliveryId(row.id),
        carer: row.carer,
        pupil: row.pupil,
        class: row.class,
        purpose: row.purpose,
        week: row.week.map(|week| week.0),
        route: row.route,
        channel: row.channel,
        state: row.state,
        tries: row.tries,
        not_before: row.not_before.0,
        settled_at: row.settled_at.map(|at| at.0),
        reason: row.reason,
        maybe_twice: row.maybe_twice,
        follows: row.follows.map(DeliveryId),
        provider_ref: row.provider_ref,
        carer_id: CarerId(row.carer_id),
        pupil_id: PupilId(row.pupil_id),
    });
    Ok(views.collect())
}

/// How many deliveries are in each state, by channel.
pub async fn counts(connection: &mut PgConnection) -> Result<Vec<(String, String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select channel, state, count(*) as "count!" from delivery group by channel, state order by channel, state"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.state, row.count)).collect())
}

/// One attempt, as it was recorded.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptView {
    /// Which try.
    pub try_no: i16,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// `accepted`, `not_sent`, `in_doubt`, `refused`.
    pub outcome: String,
    /// Whose turn it was.
    pub fault: Option<String>,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's words.
    pub said: Option<String>,
    /// JSON of the rules that let or stopped it.
    #[serde(skip)]
    pub gate: String,
}

/// A delivery's attempts, in order.
pub async fn attempts(
    connection: &mut PgConnection,
    delivery: DeliveryId,
) -> Result<Vec<AttemptView>, StoreError> {
    let rows = sqlx::query!(
        r#"select try_no, started_at as "started_at: Ts", ended_at as "ended_at: Ts", outcome, fault, code, said, gate
           from attempt where delivery_id = $1 order by try_no"#,
        delivery.0
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| AttemptView {
        try_no: row.try_no,
        started_at: row.started_at.0,
        ended_at: row.ended_at.0,
        outcome: row.outcome,
        fault: row.fault,
        code: row.code,
        said: row.said.filter(|said| !said.is_empty()),
        gate: row.gate.unwrap_or_default(),
    });
    Ok(views.collect())
}

/// The receipts of a delivery: provider's word, code and when.
pub async fn receipts(
    connection: &mut PgConnection,
    delivery: DeliveryId,
) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select status, code, received_at as "at: Ts" from receipt where delivery_id = $1 order by received_at"#,
        delivery.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.code, row.at.0)).collect())
}

/// The rules that chose the route of a delivery or task, as JSON.
pub async fn choice(connection: &mut PgConnection, subject: Uuid) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select rules from choice where subject_id = $1", subject)
        .fetch_optional(connection)
        .await?)
}

/// An entry of the chronology as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryView {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What kind of event.
    pub kind: String,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// The delivery.
    pub delivery: Option<Uuid>,
    /// The task.
    pub task: Option<Uuid>,
    /// One sentence.
    pub sentence: String,
    /// The words that were sent.
    pub words: Option<String>,
    /// The carer's id.
    pub carer_id: Option<Uuid>,
    /// The pupil's id.
    pub pupil_id: Option<Uuid>,
    /// The update's id.
    pub update_id: Option<Uuid>,
    /// The case's id.
    pub case_id: Option<Uuid>,
    /// The id of the message that arrived.
    pub received_id: Option<Uuid>,
    /// The announcement's id.
    pub announcement_id: Option<Uuid>,
    /// `ordinary` or `restricted`.
    pub visibility: String,
    /// The digest of the words, in hexadecimal, also when the words were erased.
    pub body_digest: Option<String>,
    /// The digest over all of it but the names, in hexadecimal.
    pub digest: String,
}

/// Which entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose {
    /// About this pupil.
    pub pupil: Option<PupilId>,
    /// About this carer.
    pub carer: Option<CarerId>,
}

/// The chronology in order of recording, restricted entries left out.
pub async fn chronology(connection: &mut PgConnection, whose: Whose) -> Result<Vec<EntryView>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.kind,
                  e.delivery_id, e.task_id, e.sentence, b.body as "words?", encode(e.digest, 'hex') as "digest!",
                  e.carer_id, e.pupil_id, e.update_id, e.case_id, e.received_id, e.announcement_id, e.visibility, encode(e.body_digest, 'hex') as body_digest,
                  c.forename || ' ' || c.surname as "carer?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?"
           from chronology_entry e
           left join chronology_body b on b.entry_id = e.id
           left join carer c on c.id = e.carer_id
           left join pupil p on p.id = e.pupil_id
           left join delivery d on d.id = e.delivery_id
           left join answer a on a.id = d.answer_id
           left join task t on t.id = e.task_id
           left join reading g on g.received_id = e.received_id
           where e.visibility = 'ordinary'
             and not exists (select from entry_hidden h where h.entry_id = e.id)
             and coalesce(g.visibility, 'ordinary') = 'ordinary'
             and not exists (select from carer_case k
                             where k.id in (e.case_id, a.case_id, t.case_id, g.case_id) and k.visibility = 'restricted')
             and ($1::uuid is null or e.pupil_id = $1) and ($2::uuid is null or e.carer_id = $2)
           order by e.id"#,
        whose.pupil.map(|id| id.0),
        whose.carer.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| EntryView {
        id: row.id,
        happened_at: row.happened_at.0,
        recorded_at: row.recorded_at.0,
        actor: row.actor,
        kind: row.kind,
        carer: row.carer,
        pupil: row.pupil,
        delivery: row.delivery_id,
        task: row.task_id,
        sentence: row.sentence,
        words: row.words,
        carer_id: row.carer_id,
        pupil_id: row.pupil_id,
        update_id: row.update_id,
        case_id: row.case_id,
        received_id: row.received_id,
        announcement_id: row.announcement_id,
        visibility: row.visibility,
        body_digest: row.body_digest,
        digest: row.digest,
    });
    Ok(views.collect())
}

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
