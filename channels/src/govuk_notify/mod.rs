//! Texts, emails and letters through GOV.UK Notify (REST API v2, as documented in 2026-11).
//!
//! Notify serves state-funded schools only. It makes every message from a template that is stored there; ours holds one
//! placeholder, which takes the words. It knows no idempotency key, but keeps our reference with each message: so one is
//! posted once, whatever happens, and one whose answer was lost is asked for by its reference.
//!
//! Notify tidies what it sends (spaces, blank lines, curly quotes), and puts the service's name in front unless that is
//! switched off there. What it says it really sent is kept with the attempt.
//!
//! * [`errors`]: errors, as a table; `key`: the API key and the token of each request; `config`: settings;
//! * `wire`: one request and its answer; `find`: the look-up; `template`: the probe;
//! * `mail`: emails, and what is lost of them; `letter`: letters, and which addresses they go to;
//! * `statuses`: words for how far a message has come, as tables; `callback`: posts; `receipts`: the same from the list;
//! * `arrived`: texts from carers; `received`: catching up on them.

mod arrived;
mod callback;
mod config;
pub mod errors;
mod find;
mod key;
mod kind;
mod letter;
mod mail;
mod receipts;
mod received;
mod statuses;
mod template;
mod wire;

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use self::{
    callback::Posts,
    config::Settings,
    letter::{NewLetter, Window, letter_of},
    mail::{NewMail, mail_of},
    wire::Wire,
};
use crate::{
    Sender,
    error::{Fault, OpenError, SendError},
    inbound::KeptText,
    message::{ChannelId, Outgoing, ProviderRef, Text},
    pace::Pace,
    receipt::{Callback, Receipt},
    sender::{Accepted, Carries, Finding, Limits, Lookup},
    text::Alphabet,
    texting::{closed, text_of, to_a_mobile},
    wire::Reply,
    wire_log::Recorder,
};

pub use arrived::{LISTED, POSTED};
pub use config::GovukNotifyConfig;

/// Letters of a text at most, whatever its alphabet (provider's pricing page and `SMS_CHAR_COUNT_LIMIT` of its utilities,
/// as read in 2026-11).
const LONGEST: usize = 918;

/// First digits, after +44, of mobiles of Jersey, Guernsey and the Isle of Man, which Notify counts as international
/// (`CROWN_DEPENDENCY_RANGES` of its utilities, as read in 2026-11).
const ISLANDS: &[&str] =
    &["7509", "7524", "7624", "7700", "7781", "7797", "7829", "7839", "7911", "7924", "7937"];
/// Of these, numbers for films and tests are nobody's and no island's.
const DRAMA: &str = "7700900";

/// A channel of texts, emails or letters that sends through one service of GOV.UK Notify.
pub struct GovukNotify {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    settings: Settings,
    wire: Wire,
    places: Semaphore,
    callback: Option<Posts>,
}

impl fmt::Debug for GovukNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GovukNotify").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A text as Notify wants it. It refuses members that it does not know.
#[derive(Serialize)]
struct NewText<'a> {
    phone_number: &'a str,
    template_id: Uuid,
    personalisation: BTreeMap<&'a str, &'a str>,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_sender_id: Option<Uuid>,
}

impl GovukNotify {
    /// Checks the settings and reads the secrets from their files. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &GovukNotifyConfig) -> Result<Self, OpenError> {
        let of_channel = |e: OpenError| OpenError(format!("channel {id}: {e}"));
        let settings = config.check().map_err(of_channel)?;
        let wire = Wire::new(&settings).map_err(of_channel)?;
        let pace = config.pace().map_err(of_channel)?;
        let limits = Limits {
            cost: settings.cost,
            carries: settings.carries,
            in_flight: settings.patience.in_flight,
            // Letters beyond the GSM alphabet are sent as they are, in shorter parts.
            alphabet: (settings.carries == Carries::Text).then_some(Alphabet::Unicode),
            can_be_answered: settings.can_be_answered,
        };
        let callback =
            settings.callback_token.as_ref().map(|token| Posts::new(token, Some(settings.carries)));
        let places = Semaphore::new(settings.patience.in_flight);
        Ok(Self { id, limits, pace, settings, wire, places, callback })
    }

    /// Refuses what Notify would refuse with an answer that blames our settings, and so would hold the whole channel.
    fn check(&self, text: &Text) -> Result<(), SendError> {
        let refused = |fault, why: &str| Err(SendError::not_sent(fault, why));
        to_a_mobile(text)?;
        if !self.settings.international && is_of_the_islands(text.to.expose()) {
            return refused(
                Fault::Refused,
                "this is a mobile of Jersey, Guernsey or the Isle of Man, which our service at Notify may not text: switch \
                 on international texts there and set international = true, or reach the carer another way",
            );
        }
        let words = text.body.expose();
        if words.trim().is_empty() {
            return refused(Fault::Refused, "the text is empty");
        }
        if words.chars().count() > LONGEST {
            return refused(Fault::Refused, "the text is longer than 918 characters: shorten it");
        }
        Ok(())
    }

    /// Reads a refusal, and pauses the channel if a time is known.
    fn pausing(&self, error: SendError) -> SendError {
        if let Fault::Throttled { wait: Some(wait) } = error.fault {
            self.pace.pause(wait);
        }
        error
    }

    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let (settings, reference) = (&self.settings, message.reference());
        match settings.carries {
            Carries::Text => self.post(&self.new_text(message)?, recorder).await,
            Carries::Mail => {
                self.post(&NewMail::new(settings, mail_of(message)?, reference)?, recorder).await
            }
            Carries::Letter => {
                let letter = letter_of(message)?;
                let window = Window::read(letter.to.expose())?;
                self.post(&NewLetter::new(settings, &window, letter, reference)?, recorder).await
            }
        }
    }

    fn new_text<'a>(&'a self, message: &'a Outgoing) -> Result<NewText<'a>, SendError> {
        let text = text_of(message)?;
        self.check(text)?;
        Ok(NewText {
            phone_number: text.to.expose(),
            template_id: self.settings.template,
            personalisation: BTreeMap::from([(
                self.settings.placeholder.as_str(),
                text.body.expose().as_str(),
            )]),
            reference: message.reference().to_string(),
            sms_sender_id: self.settings.sender,
        })
    }

    async fn post(&self, new: &impl Serialize, recorder: &Recorder) -> Result<Accepted, SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let url = self.wire.at(&format!("notifications/{}", kind(self.settings.carries)));
        let reply = self.wire.post(&self.settings.key, url, new, recorder).await?;
        if reply.status.is_success() {
            accepted(&reply)
        } else {
            Err(self.pausing(errors::read(&reply, Timestamp::now())))
        }
    }

    /// Asks a question, in one of the channel's places.
    async fn ask(&self, url: Url, recorder: &Recorder) -> Result<(Value, Reply), SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        self.wire.get(&self.settings.key, url, recorder).await.map_err(|error| self.pausing(error))
    }
}

#[async_trait]
impl Sender for GovukNotify {
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

    async fn probe(&self) -> Result<String, SendError> {
        self.probe_template().await
    }

    async fn received(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        self.catch_up(since).await
    }

    async fn receipts(&self, since: Timestamp) -> Result<Option<Vec<Receipt>>, SendError> {
        self.how_far(since).await.map(Some)
    }

    fn callback(&self) -> Option<&dyn Callback> {
        self.callback.as_ref().map(|callback| callback as &dyn Callback)
    }
}

/// Notify's word for what a channel carries, in its addresses, its lists and its templates.
const fn kind(carries: Carries) -> &'static str {
    match carries {
        Carries::Text => "sms",
        Carries::Mail => "email",
        Carries::Letter => "letter",
    }
}

/// Notify has the message once it has given it an id. A success without one proves nothing.
fn accepted(reply: &Reply) -> Result<Accepted, SendError> {
    let status = reply.status.as_u16();
    let in_doubt = |why: &str| {
        SendError::in_doubt(format!("Notify seems to have taken the message, but {why}"))
            .code(format!("HTTP {status}"))
    };
    let body = reply.json().map_err(in_doubt)?;
    let id = body.get("id").and_then(Value::as_str).and_then(notification_id);
    let id = id.ok_or_else(|| in_doubt("its answer names no message"))?;
    let really = body.get("content").and_then(|content| content.get("body")).and_then(Value::as_str);
    let sent = really
        .map_or_else(|| "without saying what it sent".to_owned(), |words| format!("as: {}", shown(words)));
    Ok(Accepted::new(ProviderRef(id), format!("HTTP {status} {sent}")))
}

/// All of a text, and the beginning of a mail or a letter.
fn shown(words: &str) -> String {
    words.chars().take(LONGEST + 1).collect()
}

/// Notify's name for a message, sent or received, in one spelling.
fn notification_id(text: &str) -> Option<String> {
    Uuid::try_parse(text).ok().map(|id| id.hyphenated().to_string())
}

fn is_of_the_islands(number: &str) -> bool {
    let national = number.strip_prefix("+44").unwrap_or_default();
    !national.starts_with(DRAMA) && ISLANDS.iter().any(|range| national.starts_with(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_islands_mobiles_are_told_from_britains_and_from_the_films() {
        for (number, island) in [
            ("+447624123456", true),
            ("+447797123456", true),
            ("+447700123456", true),
            ("+447700900123", false),
            ("+447400123456", false),
            ("+337624123456", false),
        ] {
            assert_eq!(is_of_the_islands(number), island, "{number}");
        }
    }
}
