//! The queue as pages list it: what waits, is in doubt, or came to grief.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{ids::DeliveryId, time::Timestamp};

/// What is looked for in the queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only this state.
    pub state: Option<&'a str>,
    /// Only this channel.
    pub channel: Option<&'a str>,
    /// Only what was queued before this one.
    pub before: Option<DeliveryId>,
    /// Only this one.
    pub one: Option<DeliveryId>,
}

/// A message of the queue.
#[derive(Debug, Clone)]
pub struct QueueLine {
    /// Its id.
    pub id: DeliveryId,
    /// The carer's and the pupil's name, for those who may see them.
    pub names: Option<(String, String)>,
    /// What it is for.
    pub purpose: String,
    /// The channel.
    pub channel: String,
    /// How far it has come.
    pub state: String,
    /// Tries so far.
    pub tries: i16,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// It does not leave before.
    pub not_before: Timestamp,
    /// Since when it is on the wire or in doubt.
    pub wire_since: Option<Timestamp>,
    /// When it came to rest.
    pub settled_at: Option<Timestamp>,
    /// Why it waits, failed or was refused.
    pub reason: Option<String>,
}

/// Messages that wait, are in doubt, failed or were refused, newest first, at most `most`. Read as a colleague, and then with
/// names; or as the daemon, without names and without what belongs to a restricted case.
pub async fn lines(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    with_names: bool,
    most: i64,
) -> Result<Vec<QueueLine>, StoreError> {
    let rows = sqlx::query!(
        r#"with wanted as (
               (select id from delivery d
                where state in ('failed', 'refused') and ($1::text is null or state = $1)
                  and ($2::text is null or channel = $2) and ($3::uuid is null or id < $3)
                  and ($4::uuid is null or id = $4)
                  and ($5 or not liaison_of_restricted(d.answer_id))
                order by id desc limit $6)
               union all
               (select id from delivery d
                where state = 'queued' and ($1::text is null or state = $1)
                  and ($2::text is null or channel = $2) and ($3::uuid is null or id < $3)
                  and ($4::uuid is null or id = $4)
                  and ($5 or not liaison_of_restricted(d.answer_id))
                order by id desc limit $6)
               union all
               (select id from delivery d
                where state in ('submitting', 'unknown') and ($1::text is null or state = $1)
                  and ($2::text is null or channel = $2) and ($3::uuid is null or id < $3)
                  and ($4::uuid is null or id = $4)
                  and ($5 or not liaison_of_restricted(d.answer_id))
                order by id desc limit $6))
           select d.id as "id!", c.forename || ' ' || c.surname as carer,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as pupil,
                  d.purpose as "purpose!", d.channel as "channel!", d.state as "state!", d.tries as "tries!",
                  d.queued_at as "queued_at!: Ts", d.not_before as "not_before!: Ts", d.wire_since as "wire_since: Ts",
                  d.settled_at as "settled_at: Ts", d.reason
           from wanted join delivery d on d.id = wanted.id
           left join carer c on $5 and c.id = d.carer_id
           left join pupil p on $5 and p.id = d.pupil_id
           order by d.id desc limit $6"#,
        wanted.state,
        wanted.channel,
        wanted.before.map(|id| id.0),
        wanted.one.map(|id| id.0),
        with_names,
        most,
    )
    .fetch_all(connection)
    .await?;
    let lines = rows.into_iter().map(|row| QueueLine {
        id: DeliveryId(row.id),
        names: row.carer.zip(row.pupil),
        purpose: row.purpose,
        channel: row.channel,
        state: row.state,
        tries: row.tries,
        queued_at: row.queued_at.0,
        not_before: row.not_before.0,
        wire_since: row.wire_since.map(|at| at.0),
        settled_at: row.settled_at.map(|at| at.0),
        reason: row.reason,
    });
    Ok(lines.collect())
}

/// How many messages of each channel are in each state that needs somebody or something: channel, state, how many. Read as a
/// colleague, or as the daemon; then without `restricted` what belongs to a restricted case is not counted.
pub async fn counts(
    connection: &mut PgConnection,
    restricted: bool,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select channel as "channel!", state as "state!", count(*) as "count!"
           from (select channel, state, answer_id from delivery where state = 'queued'
                 union all select channel, state, answer_id from delivery where state in ('submitting', 'unknown')
                 union all select channel, state, answer_id from delivery where state in ('failed', 'refused')) d
           where $1 or not liaison_of_restricted(answer_id)
           group by channel, state order by channel, state"#,
        restricted,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.state, row.count)).collect())
}

/// When the server or provider last took a message of this channel: of its newest five hundred, among the newest twenty thousand
/// of all. What is told of a message later is no sign of life.
pub async fn last_taken(
    connection: &mut PgConnection,
    channel: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!(
        r#"select max(a.ended_at) as "at: Ts"
           from (select id from (select id, channel, tries from delivery order by id desc limit 20000) newest
                 where channel = $1 and tries > 0 limit 500) d
           join attempt a on a.delivery_id = d.id
           where a.outcome = 'accepted' and a.channel = $1"#,
        channel
    )
    .fetch_one(connection)
    .await?;
    Ok(at.map(|at| at.0))
}

/// What waits to leave by a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Messages that may leave now.
    pub due: i64,
    /// Messages that may not leave yet.
    pub later: i64,
    /// When the first of those may; `None`: none waits for a time, or all are held by hand.
    pub from: Option<Timestamp>,
}

/// What waits to leave by a channel, as far as a colleague may know of it; what is held by hand (put off for centuries) apart.
pub async fn waits(
    connection: &mut PgConnection,
    channel: &str,
    restricted: bool,
    now: Timestamp,
    held_until: Timestamp,
) -> Result<Waits, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where not_before <= $3) as "due!", count(*) filter (where not_before > $3) as "later!",
                  min(not_before) filter (where not_before > $3) as "from: Ts"
           from delivery
           where channel = $1 and state = 'queued' and not_before < $4 and ($2 or not liaison_of_restricted(answer_id))"#,
        channel,
        restricted,
        Ts(now) as _,
        Ts(held_until) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Waits { due: row.due, later: row.later, from: row.from.map(|at| at.0) })
}
