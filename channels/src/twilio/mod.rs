//! Texts through Twilio (API 2010-04-01, as documented in 2026-07).
//!
//! Twilio knows no idempotency key: a request that is sent twice is two texts. So a text is posted once, whatever
//! happens, and a text whose answer was lost is looked for in Twilio's own list before anybody thinks of another.
//!
//! * [`codes`]: error codes, as a table; [`signature`]: proof of what is posted to us;
//! * `config`: settings; `wire`: one request and its answer; `list`: pages; `find`: the look-up;
//! * `callback`: posts; `arrived`: texts from carers; `received` and `fared`: catching up on them, and on our own.

mod arrived;
mod callback;
pub mod codes;
mod config;
mod fared;
mod find;
mod kind;
mod list;
mod received;
pub mod signature;
mod wire;

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;

use self::{
    callback::Posts,
    config::{Origin, Settings},
    wire::Wire,
};
use crate::{
    Sender,
    error::{Fault, OpenError, SendError},
    inbound::KeptText,
    message::{ChannelId, OurRef, Outgoing, ProviderRef, Text},
    pace::Pace,
    receipt::{Callback, Receipt},
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::{Alphabet, measure},
    texting::{closed, text_of, to_a_mobile},
    wire::Reply,
    wire_log::Recorder,
};

pub use arrived::{LISTED, POSTED};
pub use config::TwilioConfig;

/// A text channel that sends through one Twilio account from one sender.
pub struct Twilio {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    settings: Settings,
    wire: Wire,
    places: Semaphore,
    callback: Option<Posts>,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Twilio {
    /// Checks the settings and reads the secrets from their files. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &TwilioConfig) -> Result<Self, OpenError> {
        let of_channel = |e: OpenError| OpenError(format!("channel {id}: {e}"));
        let (settings, login) = config.check().map_err(of_channel)?;
        let wire = Wire::new(&settings, login).map_err(of_channel)?;
        let limits = Limits {
            cost: settings.cost,
            carries: Carries::Text,
            in_flight: settings.patience.in_flight,
            alphabet: Some(Alphabet::Unicode),
            // Which sender a messaging service picks is set up at Twilio; schools use one to share numbers.
            can_be_answered: !matches!(settings.from, Origin::Name(_)),
        };
        let callback = settings
            .public
            .clone()
            .map(|public| Posts::new(settings.keys.clone(), settings.account.clone(), public, id.clone()));
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

    /// What is to be entered at Twilio as the address for texts that arrive; `None` without `public_url`.
    pub fn inbound_address(&self) -> Option<String> {
        self.callback.as_ref().map(Posts::text_address)
    }

    /// `MaxPrice` is not among them: since June 2024 it does nothing (provider's page on error 21627, as read in 2026-11).
    fn form(&self, reference: OurRef, text: &Text) -> Vec<(&'static str, String)> {
        let sender = match &self.settings.from {
            Origin::Number(from) | Origin::Name(from) => ("From", from.clone()),
            Origin::Service(sid) => ("MessagingServiceSid", sid.clone()),
        };
        let mut form =
            vec![("To", text.to.expose().to_owned()), sender, ("Body", text.body.expose().clone())];
        // A messaging service may turn curly quotes into straight ones. What was counted is what is to be sent, and what is
        // looked up after a cut line must be what was sent. Ours are tidied before they come here.
        form.push(("SmartEncoded", "false".to_owned()));
        form.extend(
            self.callback.as_ref().map(|callback| ("StatusCallback", callback.status_address(reference))),
        );
        form.extend(self.settings.validity.map(|secs| ("ValidityPeriod", secs.to_string())));
        if !self.settings.retain_content {
            form.push(("ContentRetention", "discard".to_owned()));
        }
        if !self.settings.retain_address {
            form.push(("AddressRetention", "obfuscate".to_owned()));
        }
        form
    }
}

#[async_trait]
impl Sender for Twilio {
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
        // Our reference rides in the address that Twilio calls about each text.
        let found = found.map(|found| match found {
            Found::CannotTell if self.callback.is_some() => Found::NotYet,
            found => found,
        });
        recorder.log(&[]).on(found.map(Finding::from))
    }

    async fn probe(&self) -> Result<String, SendError> {
        if self.wire.may_read_account() { self.probe_account().await } else { self.probe_list().await }
    }

    async fn received(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        self.catch_up(since).await
    }

    async fn receipts(&self, since: Timestamp) -> Result<Option<Vec<Receipt>>, SendError> {
        self.fared(since).await.map(Some)
    }

    fn callback(&self) -> Option<&dyn Callback> {
        self.callback.as_ref().map(|callback| callback as &dyn Callback)
    }
}

impl Twilio {
    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let text = text_of(message)?;
        to_a_mobile(text)?;
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        // Twilio counts each part against the sender's rate, and queues what is too fast until it is worth nothing.
        self.pace.spend(measure(text.body.expose()).parts.saturating_sub(1));
        let form = self.form(message.reference(), text);
        let reply = self.wire.post(self.wire.messages(), &form, recorder).await?;
        if reply.status.is_success() { accepted(&reply) } else { Err(self.refused(&reply)) }
    }

    /// Reads a refusal, and pauses the channel if Twilio named a time.
    fn refused(&self, reply: &Reply) -> SendError {
        let error = wire::error(reply);
        if let Fault::Throttled { wait: Some(wait) } = error.fault {
            self.pace.pause(wait);
        }
        error
    }

    async fn probe_account(&self) -> Result<String, SendError> {
        let account = self.read(self.wire.account()).await?;
        let word = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default();
        match (word("status"), word("type")) {
            ("active", "Trial") => {
                Ok("Twilio: the login works; the account is a trial and reaches verified \
                                       numbers only"
                    .to_owned())
            }
            ("active", _) => Ok("Twilio: the login works and the account is active".to_owned()),
            _ => Err(SendError::not_sent(
                Fault::Misconfigured,
                "the login works, but Twilio says the account is not active: see the account's console",
            )),
        }
    }

    /// An API key may not read the account's own record, but may list what it sent.
    async fn probe_list(&self) -> Result<String, SendError> {
        let mut url = self.wire.messages();
        url.query_pairs_mut().append_pair("PageSize", "1");
        self.read(url).await?;
        Ok("Twilio: the API key works; whether the account is active cannot be read with a key".to_owned())
    }

    async fn read(&self, url: url::Url) -> Result<Value, SendError> {
        let reply = self.wire.get(url, &Recorder::default()).await?;
        if !reply.status.is_success() {
            return Err(wire::error(&reply));
        }
        reply
            .json()
            .map_err(|why| SendError::not_sent(Fault::Temporary, format!("Twilio answered, but {why}")))
    }
}

/// Twilio has the text once it has given it a SID. A success without one proves nothing.
fn accepted(reply: &Reply) -> Result<Accepted, SendError> {
    let status = reply.status.as_u16();
    let in_doubt = |why: &str| {
        SendError::in_doubt(format!("Twilio seems to have taken the text, but {why}"))
            .code(format!("HTTP {status}"))
    };
    let body = reply.json().map_err(in_doubt)?;
    let sid = body.get("sid").and_then(Value::as_str).filter(|sid| is_message_sid(sid));
    let sid = sid.ok_or_else(|| in_doubt("its answer names no message"))?;
    let word = body
        .get("status")
        .and_then(Value::as_str)
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
    Ok(Accepted::new(ProviderRef(sid.to_owned()), format!("HTTP {status} {}", word.unwrap_or("taken"))))
}

fn is_message_sid(text: &str) -> bool {
    config::is_sid("SM", text) || config::is_sid("MM", text)
}
