//! What providers reported, every status once.

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{
    StoreError,
    doubt::{InDoubt, carried},
    types::Ts,
};
use crate::domain::{
    delivery::State,
    ids::{CarerId, DeliveryId, PupilId},
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
                  provider_ref is not null as "named!"
           from delivery
           where channel = $1
             and ((route = 'text' and provider_ref = $2)
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
    Ok(Some(Target { at, state, named: row.named }))
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
        "insert into receipt (channel, provider_ref, status, code, delivery_id, received_at, moved)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        kept.channel,
        kept.provider_ref,
        kept.status,
        kept.code.unwrap_or_default(),
        kept.delivery.map(|id| id.0),
        Ts(now) as _,
        kept.moved,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
