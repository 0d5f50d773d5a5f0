//! Texts through Vonage's SMS API (formerly Nexmo; provider's pages and SDKs, as read in 2026-11).
//!
//! Vonage has no idempotency key and no list to ask, but it carries a reference of ours with each message and tells it in
//! every receipt. So a text is posted once, whatever happens, and a text whose answer was lost is cleared up by its
//! receipt, or by a person.
//!
//! Long texts fall into parts both ways. Of ours, each part may be refused, and is reported on, by itself: our reference
//! tells how many there are, and a text is delivered when its last part is. Of carers', each part is posted by itself, and
//! is told as [`TextPart`](crate::inbound::TextPart): [`join`](crate::inbound::join) joins them once they are kept.
//!
//! * [`codes`]: statuses and receipts' codes, as tables; [`signature`]: proof of what is posted to us;
//! * `config`: settings; `wire`: requests and answers;
//! * `callback`: posts; `told`: what one tells of; `seen`: what is remembered of them.

mod callback;
pub mod codes;
mod config;
mod kind;
mod seen;
pub mod signature;
mod told;
mod wire;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Semaphore;

use self::{
    callback::Posts,
    config::Settings,
    seen::Seen,
    told::{Told, read},
    wire::{Parts, Verdict, Wire},
};
use crate::{
    Sender,
    error::{Fault, OpenError, SendError, Went},
    inbound::{ArrivedText, RawForm},
    message::{ChannelId, Outgoing, ProviderRef, Text},
    pace::Pace,
    receipt::Callback,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::{Alphabet, Encoding, measure},
    texting::{closed, text_of, to_a_mobile},
    wire_log::Recorder,
};

pub use config::VonageConfig;

/// A text channel that sends through one Vonage account from one sender.
pub struct Vonage {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    settings: Settings,
    wire: Wire,
    places: Semaphore,
    seen: Arc<Seen>,
    callback: Option<Posts>,
}

impl fmt::Debug for Vonage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vonage").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Vonage {
    /// Checks the settings and reads the secrets from their files. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &VonageConfig) -> Result<Self, OpenError> {
        let of_channel = |e: OpenError| OpenError(format!("channel {id}: {e}"));
        let (settings, secret) = config.check().map_err(of_channel)?;
        let wire = Wire::new(&settings, secret).map_err(of_channel)?;
        let limits = Limits {
            cost: settings.cost,
            carries: Carries::Text,
            in_flight: settings.patience.in_flight,
            alphabet: Some(Alphabet::Unicode),
            can_be_answered: settings.is_number,
        };
        let seen = Arc::new(Seen::new());
        let callback = settings
            .posts
            .clone()
            .map(|proof| Posts::new(proof, settings.key.clone(), id.clone(), Arc::clone(&seen)));
        if callback.as_ref().is_some_and(|callback| callback.status_address().len() > LONGEST_CALLBACK) {
            return Err(of_channel(OpenError(format!(
                "public_url is too long: Vonage takes {LONGEST_CALLBACK} characters with /webhooks/{id}/status behind it"
            ))));
        }
        let pace = config.pace().map_err(of_channel)?;
        let places = Semaphore::new(settings.patience.in_flight);
        Ok(Self { id, limits, pace, settings, wire, places, seen, callback })
    }

    /// What is to be entered at Vonage as the address for texts that arrive; `None` without `public_url`.
    pub fn inbound_address(&self) -> Option<String> {
        self.callback.as_ref().map(Posts::text_address)
    }

    fn form(&self, client_ref: &str, text: &Text, encoding: Encoding) -> Vec<(&'static str, String)> {
        let words = text.body.expose();
        // With "text" Vonage turns every letter that is not in the alphabet into a question mark.
        let kind = if encoding == Encoding::Gsm7 { "text" } else { "unicode" };
        let mut form = vec![
            ("from", self.settings.from.clone()),
            ("to", text.to.expose().trim_start_matches('+').to_owned()),
            ("text", words.clone()),
            ("type", kind.to_owned()),
            ("client-ref", client_ref.to_owned()),
        ];
        form.extend(self.callback.as_ref().map(|callback| ("callback", callback.status_address())));
        // Milliseconds.
        form.extend(self.settings.validity_secs.map(|secs| ("ttl", format!("{secs}000"))));
        form
    }

    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let text = text_of(message)?;
        to_a_mobile(text)?;
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let measure = measure(text.body.expose());
        let client_ref = told::write_client_ref(message.reference(), measure.parts);
        let reply = self.wire.post(&self.form(&client_ref, text, measure.encoding), recorder).await?;
        if !reply.status.is_success() {
            return Err(self.slowed(wire::error(&reply)));
        }
        let parts = Parts::read(&reply).map_err(|why| {
            SendError::in_doubt(format!("Vonage seems to have answered a text, but {why}"))
                .code(format!("HTTP {}", reply.status.as_u16()))
        })?;
        self.settle(parts.verdict(), &client_ref, measure.parts)
    }

    /// What an answer comes to, and what is remembered of it.
    fn settle(&self, verdict: Verdict, client_ref: &str, counted: usize) -> Result<Accepted, SendError> {
        match verdict {
            Verdict::Taken { first, parts } => {
                self.seen.taken_in(client_ref, parts);
                let said = format!("HTTP 200, {parts} parts, the first is {first}");
                // Each part has a name of its own and is reported on by it; our reference is what they share.
                let name = if counted > 1 { client_ref.to_owned() } else { first };
                Ok(Accepted::new(ProviderRef(name), said))
            }
            Verdict::Torn(error) => {
                self.seen.torn(client_ref);
                Err(error)
            }
            Verdict::Refused(error) => Err(self.slowed(error)),
        }
    }

    /// Pauses the channel if Vonage named a time.
    fn slowed(&self, error: SendError) -> SendError {
        if let Fault::Throttled { wait: Some(wait) } = error.fault {
            self.pace.pause(wait);
        }
        error
    }
}

/// What Vonage takes as `callback`.
const LONGEST_CALLBACK: usize = 100;

#[async_trait]
impl Sender for Vonage {
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

    /// Vonage's SMS API keeps no list that could be asked: the receipt, which carries our reference, tells. Of a text of
    /// which some parts were refused no receipt tells all.
    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        let text = text_of(lookup.message)?;
        let client_ref = told::write_client_ref(lookup.reference, measure(text.body.expose()).parts);
        let will_tell = self.callback.is_some() && !self.seen.is_torn(&client_ref);
        Ok(if will_tell { Found::NotYet } else { Found::CannotTell }.into())
    }

    async fn probe(&self) -> Result<String, SendError> {
        let unsent = |error: SendError| SendError { went: Went::No, ..error };
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let reply = self.wire.balance().await.map_err(|none| unsent(none.into()))?;
        if !reply.status.is_success() {
            return Err(unsent(self.slowed(wire::error(&reply))));
        }
        let unread =
            || SendError::not_sent(Fault::Temporary, "Vonage answered, but not with the account's balance");
        let body = reply.json().map_err(|_| unread())?;
        let value = body.get("value").and_then(Value::as_f64).ok_or_else(unread)?;
        let refills = body.get("autoReload").and_then(Value::as_bool).unwrap_or_default();
        if value <= 0.0 && !refills {
            return Err(SendError::not_sent(
                Fault::Misconfigured,
                "the login works, but the account at Vonage has no credit left: top it up",
            ));
        }
        let weak = self.settings.posts.as_ref().map(|proof| proof.method).filter(|method| method.is_weak());
        let warning = weak.map(|method| {
            format!(
                "; warning: by weak_signature its posts are believed though {method} can be forged: have Vonage sign with \
                 SHA-256 HMAC, and take the setting out"
            )
        });
        Ok(format!(
            "Vonage: the login works and the account has credit; whether the sender may be used is not told{}",
            warning.unwrap_or_default()
        ))
    }

    fn callback(&self) -> Option<&dyn Callback> {
        self.callback.as_ref().map(|callback| callback as &dyn Callback)
    }
}

/// Vonage's post about one text, or one part of a long one: a form, JSON, or what stood behind the `?` of its address.
pub const POSTED: RawForm = RawForm::new("vonage_post");

/// Reads a kept post about a text, or a kept part of one, as it was read when it came.
fn read_kept(raw: &[u8]) -> Option<ArrivedText> {
    match read(&signature::fields("", raw)?).ok()? {
        Told::Text(text) => Some(text),
        Told::Receipt(_) => None,
    }
}

#[cfg(test)]
mod tests;
