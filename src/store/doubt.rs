//! Deliveries in doubt, and what is taken over: from a daemon that died, or by a lane after a lost commit.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    delivery::Carried,
    ids::{CarerId, DaemonId, DeliveryId, PupilId},
    time::Timestamp,
};

/// Why a message is in doubt whose daemon died, as the query below writes it.
pub const DAEMON_DIED: &str = "on the wire when the daemon died";

/// A delivery in doubt, or just found to be.
#[derive(Debug, Clone)]
pub struct InDoubt {
    /// The delivery.
    pub id: DeliveryId,
    /// What it carries.
    pub carried: Carried,
    /// The pupil.
    pub pupil: PupilId,
    /// The carer.
    pub carer: CarerId,
    /// The channel that had it.
    pub channel: String,
    /// Tries, the one in doubt included.
    pub tries: u16,
    /// On the wire since.
    pub since: Timestamp,
    /// The words of a text as they were submitted.
    pub wire_body: Option<String>,
    /// The address it was submitted to.
    pub to: Option<String>,
    /// What is known of it so far.
    pub reason: Option<String>,
}

/// Declares the daemons not seen since `cutoff` dead: what they had claimed goes back, what they had on the wire is in
/// doubt and returned.
pub async fn rescue(
    connection: &mut PgConnection,
    cutoff: Timestamp,
    now: Timestamp,
) -> Result<Vec<InDoubt>, StoreError> {
    let dead = sqlx::query_scalar!(
        "update daemon set stopped_at = $2 where stopped_at is null and seen_at < $1 returning id",
        Ts(cutoff) as _,
        Ts(now) as _,
    )
    .fetch_all(&mut *connection)
    .await?;
    if dead.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query!("update delivery set holder = null where state = 'queued' and holder = any($1)", &dead)
        .execute(&mut *connection)
        .await?;
    let orphans = sqlx::query_scalar!(
        "update delivery set state = 'unknown', reason = 'on the wire when the daemon died'
         where state = 'submitting' and holder = any($1) returning id",
        &dead
    )
    .fetch_all(&mut *connection)
    .await?;
    in_doubt(connection, now, Some(&orphans), i64::MAX).await
}

/// Deliveries in doubt since `before` or longer, oldest first; with `only`, those among them. What a person has been asked
/// about comes last: an answer that comes after all still settles it, and it cannot stand in the way of newer doubts.
pub async fn in_doubt(
    connection: &mut PgConnection,
    before: Timestamp,
    only: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<InDoubt>, StoreError> {
    let rows = sqlx::query!(
        r#"select d.id, d.update_id, d.answer_id, d.announcement_id, d.standard_id, d.pupil_id, d.carer_id, d.channel, d.tries, d.wire_since as "since!: Ts",
                  d.wire_body, d.reason, a.value as "to?"
           from delivery d left join address a on a.id = d.address_id
           where d.state = 'unknown' and d.wire_since <= $1 and ($2::uuid[] is null or d.id = any($2))
           order by exists (select from task t where t.delivery_id = d.id and t.kind = 'did_it_arrive'), d.wire_since, d.id
           limit $3"#,
        Ts(before) as _,
        only,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let doubt = rows.into_iter().map(|row| {
        Ok(InDoubt {
            id: DeliveryId(row.id),
            carried: carried(row.id, row.update_id, row.answer_id, row.announcement_id, row.standard_id)?,
            pupil: PupilId(row.pupil_id),
            carer: CarerId(row.carer_id),
            channel: row.channel,
            tries: u16::try_from(row.tries).unwrap_or_default(),
            since: row.since.0,
            wire_body: row.wire_body,
            to: row.to,
            reason: row.reason,
        })
    });
    doubt.collect()
}

/// What a row carries; the database lets it be one thing.
pub(super) fn carried(
    id: Uuid,
    update: Option<Uuid>,
    answer: Option<Uuid>,
    announcement: Option<Uuid>,
    standard: Option<Uuid>,
) -> Result<Carried, StoreError> {
    Carried::of(update, answer, announcement, standard)
        .ok_or_else(|| StoreError::row("delivery", "update_id", id, "it carries nothing"))
}

/// What the provider calls the other deliveries that went to this number since `since`.
pub async fn known_references(
    connection: &mut PgConnection,
    number: &str,
    since: Timestamp,
    except: DeliveryId,
) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select d.provider_ref as "provider_ref!" from delivery d join address a on a.id = d.address_id
           where a.kind = 'mobile' and a.value = $1 and d.route = 'text' and d.provider_ref is not null
             and d.settled_at >= $2 and d.id <> $3"#,
        number,
        Ts(since) as _,
        except.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// After a lost commit: what this lane marked as submitting but never put on the wire goes back to the queue, uncounted,
/// and all it still holds of this channel is returned, so that nothing it had claimed is forgotten.
pub async fn recover(
    connection: &mut PgConnection,
    channel: &str,
    holder: DaemonId,
) -> Result<Vec<DeliveryId>, StoreError> {
    sqlx::query!(
        "update delivery set state = 'queued', tries = tries - 1, wire_since = null
         where state = 'submitting' and holder = $1",
        holder.0
    )
    .execute(&mut *connection)
    .await?;
    let held = sqlx::query_scalar!(
        "select id from delivery where state = 'queued' and channel = $1 and holder = $2 order by not_before, id",
        channel,
        holder.0
    )
    .fetch_all(connection)
    .await?;
    Ok(held.into_iter().map(DeliveryId).collect())
}
