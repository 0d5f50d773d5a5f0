//! What providers reported, every status once.

use liaison_channels::{
    message::ProviderRef,
    private::Private,
    receipt::{Progress, Receipt},
};
use sqlx::PgConnection;

use super::{
    StoreError,
    doubt::{InDoubt, carried},
    types::Ts,
};
use crate::domain::{
    delivery::State,
    ids::{AddressId, CarerId, DeliveryId, PupilId, TaskId},
    time::Timestamp,
};

/// The delivery a receipt is about.
#[derive(Debug)]
pub struct Target {
    /// Which one, and whose.
    pub at: InDoubt,
    /// Its state, locked until the transaction ends.
    pub state: State,
    /// Whether the provider has told its name for it before.
    pub named: bool,
    /// The letter it was made from, and the address it went to.
    pub letter: Option<(TaskId, Option<AddressId>)>,
}

/// The delivery a receipt means: by our own reference where the provider carried it back, else by the provider's. One
/// of another channel is never meant, nor a text that the provider calls by another name. A mail is meant by our own
/// reference alone, which a bounce carries in the Message-ID of what it returns.
pub async fn target(
    connection: &mut PgConnection,
    channel: &str,
    provider_ref: &str,
    ours: Option<DeliveryId>,
) -> Result<Option<Target>, StoreError> {
    let row = sqlx::query!(
        r#"select id, update_id, answer_id, announcement_id, standard_id, pupil_id, carer_id, tries, state, queued_at as "queued_at: Ts",
                  provider_ref is not null as "named!", task_id, address_id
           from delivery
           where channel = $1
             and ((route <> 'email' and provider_ref = $2)
                  or (id = $3 and (provider_ref is null or route = 'email')))
           for update"#,
        channel,
        provider_ref,
        ours.map(|id| id.0),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let state = State::parse(&row.state)
        .ok_or_else(|| StoreError::row("delivery", "state", row.id, "an unknown word"))?;
    let at = InDoubt {
        id: DeliveryId(row.id),
        carried: carried(row.id, row.update_id, row.answer_id, row.announcement_id, row.standard_id)?,
        pupil: PupilId(row.pupil_id),
        carer: CarerId(row.carer_id),
        channel: channel.to_owned(),
        tries: u16::try_from(row.tries).unwrap_or_default(),
        since: row.queued_at.0,
        wire_body: None,
        to: None,
        reason: None,
    };
    let letter = row.task_id.map(|task| (TaskId(task), row.address_id.map(AddressId)));
    Ok(Some(Target { at, state, named: row.named, letter }))
}

/// A mail that was sent, as a bounce may name it.
#[derive(Debug)]
pub struct Sent {
    /// The delivery.
    pub id: DeliveryId,
    /// The carer it was for.
    pub carer: CarerId,
    /// The pupil it was about.
    pub pupil: PupilId,
    /// The channel that sent it.
    pub channel: String,
    /// Its Message-ID.
    pub provider_ref: String,
    /// The address it went to.
    pub to: Option<Private<String>>,
}

/// The mail with this id, if it was handed over.
pub async fn sent(connection: &mut PgConnection, delivery: DeliveryId) -> Result<Option<Sent>, StoreError> {
    let row = sqlx::query!(
        r#"select d.id, d.carer_id, d.pupil_id, d.channel, d.provider_ref as "provider_ref!", a.value as "to?"
           from delivery d left join address a on a.id = d.address_id
           where d.id = $1 and d.route = 'email' and d.provider_ref is not null"#,
        delivery.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Sent {
        id: DeliveryId(row.id),
        carer: CarerId(row.carer_id),
        pupil: PupilId(row.pupil_id),
        channel: row.channel,
        provider_ref: row.provider_ref,
        to: row.to.map(Private::new),
    }))
}

/// A receipt to be kept.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The channel it came by.
    pub channel: &'a str,
    /// What the provider calls the message.
    pub provider_ref: &'a str,
    /// The provider's word.
    pub status: &'a str,
    /// The provider's code.
    pub code: Option<&'a str>,
    /// How far the message has come.
    pub progress: Progress,
    /// The delivery it means, where one is known.
    pub delivery: Option<DeliveryId>,
    /// Whether it moves that delivery.
    pub moved: bool,
}

/// Keeps a receipt; `false` when the very same is kept already.
pub async fn keep(
    connection: &mut PgConnection,
    kept: &Kept<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into receipt (channel, provider_ref, status, code, delivery_id, received_at, moved, progress)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        kept.channel,
        kept.provider_ref,
        kept.status,
        kept.code.unwrap_or_default(),
        kept.delivery.map(|id| id.0),
        Ts(now) as _,
        kept.moved,
        kept.progress.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The receipts that came before the messages of these names were known to us, in the order they came.
pub async fn early(
    connection: &mut PgConnection,
    channel: &str,
    names: &[String],
) -> Result<Vec<Receipt>, StoreError> {
    let rows = sqlx::query!(
        r#"select provider_ref, status, code, progress as "progress!" from receipt
           where channel = $1 and provider_ref = any($2) and delivery_id is null and progress is not null
           order by received_at, status, code for update"#,
        channel,
        names,
    )
    .fetch_all(connection)
    .await?;
    let receipts = rows.into_iter().filter_map(|row| {
        Some(Receipt {
            reference: ProviderRef(row.provider_ref),
            ours: None,
            progress: Progress::parse(&row.progress)?,
            status: row.status,
            code: Some(row.code).filter(|code| !code.is_empty()),
        })
    });
    Ok(receipts.collect())
}

/// Notes which delivery an early receipt was about, and whether it moved it.
pub async fn place(connection: &mut PgConnection, kept: &Kept<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "update receipt set delivery_id = $5, moved = $6
         where channel = $1 and provider_ref = $2 and status = $3 and code = $4",
        kept.channel,
        kept.provider_ref,
        kept.status,
        kept.code.unwrap_or_default(),
        kept.delivery.map(|id| id.0),
        kept.moved,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these receipts, by their places, are news: not kept yet, and about a message of ours of which nothing final is known.
/// One query for however many a provider lists.
pub async fn news(
    connection: &mut PgConnection,
    channel: &str,
    told: &[Receipt],
) -> Result<Vec<usize>, StoreError> {
    let places = sqlx::query_scalar!(
        r#"select n.place as "place!" from unnest($2::text[], $3::text[], $4::text[], $5::uuid[])
               with ordinality as n (provider_ref, status, code, ours, place)
           where not exists (select from receipt r where r.channel = $1 and r.provider_ref = n.provider_ref
                             and r.status = n.status and r.code = n.code)
             and (exists (select from delivery d where d.provider_ref = n.provider_ref and d.route <> 'email'
                          and d.channel = $1 and d.state in ('queued', 'submitting', 'unknown', 'submitted'))
                  or exists (select from delivery d where d.id = n.ours and d.channel = $1
                             and d.state in ('queued', 'submitting', 'unknown', 'submitted')))
           order by n.place"#,
        channel,
        &told.iter().map(|one| one.reference.0.as_str()).collect::<Vec<_>>() as _,
        &told.iter().map(|one| one.status.as_str()).collect::<Vec<_>>() as _,
        &told.iter().map(|one| one.code.as_deref().unwrap_or_default()).collect::<Vec<_>>() as _,
        &told.iter().map(|one| one.ours.map(|ours| ours.0)).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(places.into_iter().filter_map(|place| usize::try_from(place).ok()?.checked_sub(1)).collect())
}

/// Since when messages of this channel have waited to be told of: the oldest that its provider has taken within this time and
/// of which nothing final is known. `None`: there is none.
pub async fn untold_since(
    connection: &mut PgConnection,
    channel: &str,
    from: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let oldest = sqlx::query_scalar!(
        r#"select min(queued_at) as "at: Ts" from delivery
           where channel = $1 and state = 'submitted' and settled_at >= $2"#,
        channel,
        Ts(from) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(oldest.map(|at| at.0))
}
