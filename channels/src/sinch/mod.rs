//! Texts through Sinch's SMS REST API ("xms", v1; provider's API reference and SDKs, as read in 2026-11).
//!
//! Sinch has no idempotency key, but it carries a reference of ours with each message and can be asked for it. So a text
//! is posted once, whatever happens, and a text whose answer was lost is asked for by our reference.
//!
//! What Sinch calls a batch is here always one text to one number.
//!
//! * [`codes`]: error codes and receipts' codes, as tables; [`signature`]: proof of what is posted to us;
//! * `config`: settings; `wire`: one request and its answer; `find`: the look-up;
//! * `callback`: posts; `arrived`: texts from carers; `received`: catching up on them.

mod arrived;
mod callback;
pub mod codes;
mod config;
mod find;
mod kind;
mod received;
pub mod signature;
mod wire;

use std::{fmt, time::SystemTime};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use self::{callback::Posts, config::Settings, wire::Wire};
use crate::{
    Sender,
    address::PhoneNumber,
    error::{Fault, OpenError, SendError},
    inbound::KeptText,
    message::{ChannelId, OurRef, Outgoing, ProviderRef},
    pace::Pace,
    receipt::Callback,
    sender::{Accepted, Carries, Finding, Limits, Lookup},
    text::{Alphabet, measure},
    texting::{closed, text_of, to_a_mobile},
    wire::Reply,
    wire_log::Recorder,
};

pub use arrived::TEXT;
pub use config::SinchConfig;

/// Nobody's number (Ofcom's range for drama), for rehearsals that reach nobody.
const NOBODY: &str = "+447700900000";

/// A text channel that sends through one service plan of Sinch's from one sender.
pub struct Sinch {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    settings: Settings,
    wire: Wire,
    places: Semaphore,
    callback: Option<Posts>,
}

impl fmt::Debug for Sinch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sinch").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Sinch {
    /// Checks the settings and reads the secrets from their files. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &SinchConfig) -> Result<Self, OpenError> {
        let of_channel = |e: OpenError| OpenError(format!("channel {id}: {e}"));
        let (settings, token) = config.check().map_err(of_channel)?;
        let wire = Wire::new(&settings, token).map_err(of_channel)?;
        let limits = Limits {
            cost: settings.cost,
            carries: Carries::Text,
            in_flight: settings.patience.in_flight,
            alphabet: Some(Alphabet::Unicode),
            can_be_answered: settings.is_number,
        };
        let callback = settings.posts.clone().map(|proof| Posts::new(proof, id.clone()));
        let pace = config.pace().map_err(of_channel)?;
        Ok(Self {
            places: Semaphore::new(settings.patience.in_flight),
            id,
            limits,
            pace,
            settings,
            wire,
            callback,
        })
    }

    /// What is to be entered at Sinch as the callback address of the service plan; `None` without `public_url`.
    pub fn inbound_address(&self) -> Option<String> {
        self.callback.as_ref().map(Posts::text_address)
    }

    /// A batch of one text.
    fn batch(&self, to: &PhoneNumber, words: &str) -> Value {
        json!({
            "type": "mt_text",
            "to": [to.expose()],
            "from": self.settings.from,
            "body": words,
            // Above it Sinch aborts the text instead of cutting it, which could turn its sense round.
            "max_number_of_message_parts": self.settings.max_parts,
        })
    }

    fn message(&self, reference: OurRef, to: &PhoneNumber, words: &str) -> Value {
        let mut batch = self.batch(to, words);
        let Some(fields) = batch.as_object_mut() else { return batch };
        fields.insert("client_reference".to_owned(), reference.to_string().into());
        let report = if self.callback.is_some() { "per_recipient" } else { "none" };
        fields.insert("delivery_report".to_owned(), report.into());
        if let Some(callback) = &self.callback {
            fields.insert("callback_url".to_owned(), callback.status_address().into());
        }
        if let Some(until) = self.settings.validity.and_then(expire_at) {
            fields.insert("expire_at".to_owned(), until.into());
        }
        batch
    }

    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let text = text_of(message)?;
        to_a_mobile(text)?;
        let words = text.body.expose();
        if measure(words).parts > usize::from(self.settings.max_parts) {
            return Err(SendError::not_sent(
                Fault::Refused,
                format!(
                    "the text is longer than the {} parts of max_parts: shorten it",
                    self.settings.max_parts
                ),
            ));
        }
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let body = self.message(message.reference(), &text.to, words);
        let reply = self.wire.post(self.wire.batches(), &body, recorder).await?;
        if reply.status.is_success() { accepted(&reply) } else { Err(self.refused(&reply)) }
    }

    /// Reads a refusal, and pauses the channel if Sinch named a time.
    fn refused(&self, reply: &Reply) -> SendError {
        let error = wire::error(reply);
        if let Fault::Throttled { wait: Some(wait) } = error.fault {
            self.pace.pause(wait);
        }
        error
    }
}

#[async_trait]
impl Sender for Sinch {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let recorder = Recorder::default();
        let sent = self.hand_over(message, &recorder).await;
        recorder.log(&[]).on(sent)
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        let recorder = Recorder::default();
        let found = self.look_up(lookup, &recorder).await;
        recorder.log(&[]).on(found.map(Finding::from))
    }

    /// Lets Sinch count the parts of a text that is never sent (`dry_run`).
    async fn probe(&self) -> Result<String, SendError> {
        let nobody = PhoneNumber::parse(NOBODY)
            .map_err(|_| SendError::not_sent(Fault::Temporary, "the rehearsal's number is not good"))?;
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let reply = self
            .wire
            .post(self.wire.dry_run(), &self.batch(&nobody, "Liaison: a test"), &Recorder::default())
            .await;
        let reply = reply.map_err(|none| rehearsed(none.into()))?;
        if !reply.status.is_success() {
            return Err(rehearsed(self.refused(&reply)));
        }
        let counted = reply.json().ok().and_then(|body| body.get("number_of_messages")?.as_u64());
        counted.ok_or_else(|| {
            SendError::not_sent(Fault::Temporary, "Sinch answered, but not as it does to a rehearsal")
        })?;
        Ok("Sinch: the login works and a rehearsal with our sender was taken; whether the account has credit is not told"
            .to_owned())
    }

    async fn received(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        self.catch_up(since).await
    }

    fn callback(&self) -> Option<&dyn Callback> {
        self.callback.as_ref().map(|callback| callback as &dyn Callback)
    }
}

/// A rehearsal reaches nobody, so however it fails, nothing is in doubt.
fn rehearsed(error: SendError) -> SendError {
    SendError { went: crate::error::Went::No, ..error }
}

/// Sinch has the text once it has given the batch an id. A success without one proves nothing.
fn accepted(reply: &Reply) -> Result<Accepted, SendError> {
    let status = reply.status.as_u16();
    let in_doubt = |why: &str| {
        SendError::in_doubt(format!("Sinch seems to have taken the text, but {why}"))
            .code(format!("HTTP {status}"))
    };
    let body = reply.json().map_err(in_doubt)?;
    let id = body.get("id").and_then(Value::as_str).filter(|id| is_id(id));
    let id = id.ok_or_else(|| in_doubt("its answer names no batch"))?;
    Ok(Accepted::new(ProviderRef(id.to_owned()), format!("HTTP {status} taken")))
}

/// Sinch's names for batches and texts are ULIDs today; nothing else about them is relied on.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The end of a text's time, by this machine's clock.
fn expire_at(validity: SignedDuration) -> Option<String> {
    let now = Timestamp::try_from(SystemTime::now()).ok()?;
    Some(wire::date(now.checked_add(validity).ok()?))
}
