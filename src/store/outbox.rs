//! The outbox: deliveries as they are queued, claimed, submitted and settled, always in batches.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    delivery::{Carried, State},
    ids::{AddressId, CarerId, DaemonId, DeliveryId, PupilId, TaskId},
    people::{Purpose, Route},
    time::Timestamp,
};

/// A message to be queued.
#[derive(Debug)]
pub struct NewDelivery {
    /// Its id, which is also its reference on the wire.
    pub id: DeliveryId,
    /// What it carries.
    pub carried: Carried,
    /// The pupil on whose link the right to it rests.
    pub pupil: PupilId,
    /// The carer it is for.
    pub carer: CarerId,
    /// What it is for.
    pub purpose: Purpose,
    /// Email or text; letter, where one was handed over.
    pub route: Route,
    /// The channel that sends it.
    pub channel: String,
    /// Not before this.
    pub not_before: Timestamp,
    /// The delivery whose failure led to it.
    pub follows: Option<DeliveryId>,
    /// The letter that a colleague handed over; for a letter alone.
    pub task: Option<TaskId>,
}

/// Queues messages, and wakes the worker when the transaction commits. A carer who already has a message about the same
/// update by the same route gets no second one; the ids that were new are returned.
pub async fn insert(
    connection: &mut PgConnection,
    deliveries: &[NewDelivery],
    now: Timestamp,
) -> Result<Vec<DeliveryId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "insert into delivery (id, update_id, pupil_id, carer_id, purpose, route, channel, state, not_before, follows,
                               queued_at, answer_id, announcement_id, standard_id, task_id)
         select id, update_id, pupil_id, carer_id, purpose, route, channel, 'queued', not_before, follows, $10, answer_id,
                announcement_id, standard_id, task_id
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::uuid[], $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[])
              as n (id, update_id, pupil_id, carer_id, purpose, route, channel, not_before, follows, answer_id,
                    announcement_id, standard_id, task_id)
         on conflict do nothing
         returning id",
        &deliveries.iter().map(|d| d.id.0).collect::<Vec<_>>(),
        &deliveries.iter().map(|d| d.carried.update().map(|id| id.0)).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.pupil.0).collect::<Vec<_>>(),
        &deliveries.iter().map(|d| d.carer.0).collect::<Vec<_>>(),
        &deliveries.iter().map(|d| d.purpose.as_str()).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.route.as_str()).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.channel.as_str()).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| Ts(d.not_before)).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.follows.map(|id| id.0)).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &deliveries.iter().map(|d| d.carried.answer().map(|id| id.0)).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.carried.announcement().map(|id| id.0)).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.carried.standard().map(|id| id.0)).collect::<Vec<_>>() as _,
        &deliveries.iter().map(|d| d.task.map(|id| id.0)).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(DeliveryId).collect())
}

/// Keeps the rules that chose routes: pairs of a delivery's or task's id and their JSON.
pub async fn keep_choices(
    connection: &mut PgConnection,
    choices: &[(Uuid, String)],
) -> Result<(), StoreError> {
    if choices.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into choice (subject_id, rules) select * from unnest($1::uuid[], $2::text[])",
        &choices.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        &choices.iter().map(|(_, rules)| rules.as_str()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims up to `limit` due messages of a channel for this daemon, oldest due first. A claim is only a lease: it can be
/// given back, or taken over when the daemon is dead, without harm.
pub async fn claim(
    connection: &mut PgConnection,
    channel: &str,
    holder: DaemonId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<DeliveryId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "with due as (
             select id from delivery
             where state = 'queued' and channel = $1 and not_before <= $2 and holder is null
             order by not_before, id limit $3 for update skip locked)
         update delivery d set holder = $4 from due where d.id = due.id returning d.id",
        channel,
        Ts(now) as _,
        i64::try_from(limit).unwrap_or(i64::MAX),
        holder.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(DeliveryId).collect())
}

/// Gives claims back.
pub async fn give_back(
    connection: &mut PgConnection,
    ids: &[DeliveryId],
    holder: DaemonId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update delivery set holder = null where id = any($1) and holder = $2 and state = 'queued'",
        &raw(ids),
        holder.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One message about to be put on the wire.
#[derive(Debug)]
pub struct Submit {
    /// The delivery.
    pub id: DeliveryId,
    /// The address the gate chose.
    pub address: AddressId,
    /// The words of a text, so that the provider can be asked about exactly these.
    pub wire_body: Option<String>,
}

/// Counts the try and marks the messages as on the wire. To be committed before the first byte is sent.
pub async fn submit(
    connection: &mut PgConnection,
    group: &[Submit],
    holder: DaemonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let moved = sqlx::query!(
        "update delivery d
         set state = 'submitting', tries = d.tries + 1, wire_since = $5, address_id = s.address_id,
             wire_body = s.wire_body, reason = null
         from unnest($1::uuid[], $2::uuid[], $3::text[]) as s (id, address_id, wire_body)
         where d.id = s.id and d.holder = $4 and d.state = 'queued'",
        &group.iter().map(|s| s.id.0).collect::<Vec<_>>(),
        &group.iter().map(|s| s.address.0).collect::<Vec<_>>(),
        &group.iter().map(|s| s.wire_body.as_deref()).collect::<Vec<_>>() as _,
        holder.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    // The rows were read under lock in this transaction, so each must still be there.
    if moved.rows_affected() != group.len() as u64 {
        return Err(StoreError::row("delivery", "state", "of a group", "changed under its own lock"));
    }
    Ok(())
}

/// Where a delivery goes, and from which states it may go there.
#[derive(Debug)]
pub struct Move {
    /// The delivery.
    pub id: DeliveryId,
    /// The try this is about: a later try makes it void.
    pub tries: u16,
    /// The new state.
    pub to: State,
    /// For `Queued`: not before this.
    pub not_before: Option<Timestamp>,
    /// What the provider calls it.
    pub provider_ref: Option<String>,
    /// For `Failed`: whose turn it is.
    pub fault: Option<&'static str>,
    /// One plain sentence.
    pub reason: Option<String>,
    /// It may arrive twice.
    pub maybe_twice: bool,
}

impl Move {
    /// A move with nothing more to say.
    pub const fn to(id: DeliveryId, tries: u16, to: State) -> Self {
        Self {
            id,
            tries,
            to,
            not_before: None,
            provider_ref: None,
            fault: None,
            reason: None,
            maybe_twice: false,
        }
    }
}

/// Moves deliveries that are in one of `from` and at the same try; returns those that moved. A late worker, or a
/// receipt after the fact, moves nothing.
pub async fn settle(
    connection: &mut PgConnection,
    moves: &[Move],
    from: &[State],
    now: Timestamp,
) -> Result<Vec<DeliveryId>, StoreError> {
    if moves.is_empty() {
        return Ok(Vec::new());
    }
    let moved = sqlx::query_scalar!(
        "update delivery d
         set state = m.state,
             not_before = coalesce(m.not_before, d.not_before),
             provider_ref = coalesce(m.provider_ref, d.provider_ref),
             fault = m.fault,
             reason = m.reason,
             maybe_twice = d.maybe_twice or m.maybe_twice,
             holder = case when m.state = 'unknown' then d.holder end,
             wire_since = case when m.state = 'unknown' then d.wire_since end,
             settled_at = case when m.state in ('queued', 'unknown') then null else $9::timestamptz end
         from unnest($1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                     $8::boolean[])
              as m (id, tries, state, not_before, provider_ref, fault, reason, maybe_twice)
         where d.id = m.id and d.tries = m.tries and d.state = any($10)
         returning d.id",
        &moves.iter().map(|m| m.id.0).collect::<Vec<_>>(),
        &moves.iter().map(|m| i16::try_from(m.tries).unwrap_or(i16::MAX)).collect::<Vec<_>>(),
        &moves.iter().map(|m| m.to.as_str()).collect::<Vec<_>>() as _,
        &moves.iter().map(|m| m.not_before.map(Ts)).collect::<Vec<_>>() as _,
        &moves.iter().map(|m| m.provider_ref.as_deref()).collect::<Vec<_>>() as _,
        &moves.iter().map(|m| m.fault).collect::<Vec<_>>() as _,
        &moves.iter().map(|m| m.reason.as_deref()).collect::<Vec<_>>() as _,
        &moves.iter().map(|m| m.maybe_twice).collect::<Vec<_>>(),
        Ts(now) as _,
        &from.iter().map(|state| state.as_str()).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(moved.into_iter().map(DeliveryId).collect())
}

/// What was tried and what came of it.
#[derive(Debug)]
pub struct Attempt {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Which try, from 1.
    pub try_no: u16,
    /// The channel.
    pub channel: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// `accepted`, `not_sent`, `in_doubt` or `refused`.
    pub outcome: &'static str,
    /// Whose turn it is, when it failed.
    pub fault: Option<&'static str>,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's words.
    pub said: String,
    /// What was said on the wire, line by line.
    pub wire: Option<String>,
    /// JSON of the rules that let or stopped it.
    pub gate: String,
}

/// Keeps attempts. A refusal that a person sent back to the queue is overwritten by the try that follows it.
pub async fn record_attempts(connection: &mut PgConnection, attempts: &[Attempt]) -> Result<(), StoreError> {
    if attempts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into attempt (delivery_id, try_no, channel, started_at, ended_at, outcome, fault, code, said, gate, wire)
         select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
         on conflict (delivery_id, try_no) do update
         set channel = excluded.channel, started_at = excluded.started_at, ended_at = excluded.ended_at,
             outcome = excluded.outcome, fault = excluded.fault, code = excluded.code, said = excluded.said,
             gate = excluded.gate, wire = excluded.wire",
        &attempts.iter().map(|a| a.delivery.0).collect::<Vec<_>>(),
        &attempts.iter().map(|a| i16::try_from(a.try_no).unwrap_or(i16::MAX)).collect::<Vec<_>>(),
        &attempts.iter().map(|a| a.channel.as_str()).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| Ts(a.started_at)).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| Ts(a.ended_at)).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.outcome).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.fault).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.code.as_deref()).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.said.as_str()).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.gate.as_str()).collect::<Vec<_>>() as _,
        &attempts.iter().map(|a| a.wire.as_deref()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds what was said when the channel was asked whether a try had gone.
pub async fn add_wire(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    try_no: u16,
    wire: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update attempt set wire = concat_ws(E'\\n', wire, $3::text) where delivery_id = $1 and try_no = $2",
        delivery.0,
        i16::try_from(try_no).unwrap_or(i16::MAX),
        wire,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these tries are recorded as made. What the gate stopped has the number of the try that it stopped, and is
/// not meant.
pub async fn recorded(
    connection: &mut PgConnection,
    tries: &[(DeliveryId, u16)],
) -> Result<Vec<DeliveryId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select a.delivery_id from attempt a
           join unnest($1::uuid[], $2::smallint[]) as t (id, try_no) on a.delivery_id = t.id and a.try_no = t.try_no
           where a.outcome <> 'refused'"#,
        &tries.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &tries.iter().map(|(_, try_no)| i16::try_from(*try_no).unwrap_or(i16::MAX)).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(DeliveryId).collect())
}

/// The routes already used or being used for what is carried and this carer.
pub async fn routes_tried(
    connection: &mut PgConnection,
    carried: Carried,
    carer: CarerId,
) -> Result<Vec<Route>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select route as "route!" from delivery
           where carer_id = $2 and (update_id = $1 or answer_id = $3 or announcement_id = $4 or standard_id = $5)
           union select kind from task
           where carer_id = $2 and (update_id = $1 or answer_id = $3 or announcement_id = $4) and kind in ('call', 'letter')
             and state <> 'withdrawn'"#,
        carried.update().map(|id| id.0),
        carer.0,
        carried.answer().map(|id| id.0),
        carried.announcement().map(|id| id.0),
        carried.standard().map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|route| Route::parse(route).map_err(|why| StoreError::row("delivery", "route", carer, why)))
        .collect()
}

/// Lets a message rest on another of the carer's pupils. Only what is the same for all of them may.
pub async fn rest_on(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    pupil: PupilId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update delivery set pupil_id = $2 where id = $1 and announcement_id is not null",
        delivery.0,
        pupil.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many attempts began since `since`: what the breaker starts from after a restart.
pub async fn attempts_since(connection: &mut PgConnection, since: Timestamp) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from delivery where settled_at >= $1 and tries > 0"#,
        Ts(since) as _
    )
    .fetch_one(connection)
    .await?)
}

/// To which addresses messages left since `since`, and when: what [`Lately`](crate::domain::lately::Lately) starts from after
/// a restart.
pub async fn left_since(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Result<Vec<(AddressId, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select address_id as "address_id!", settled_at as "at!: Ts" from delivery
           where settled_at >= $1 and tries > 0 and address_id is not null order by settled_at"#,
        Ts(since) as _
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (AddressId(row.address_id), row.at.0)).collect())
}

fn raw(ids: &[DeliveryId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
