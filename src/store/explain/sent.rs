//! Deliveries with their attempts and receipts, and the rules that chose them.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{CarerId, DeliveryId, PupilId},
        time::{Date, Timestamp},
    },
    store::{
        StoreError,
        types::{Day, Ts},
    },
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
    /// What was said on the wire, line by line.
    pub wire: Option<String>,
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
        r#"select try_no, started_at as "started_at: Ts", ended_at as "ended_at: Ts", outcome, fault, code, said, gate, wire
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
        wire: row.wire,
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
