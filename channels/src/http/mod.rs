//! Texts through a provider that is described in the settings, and has no code here.
//!
//! A description says how a text is posted, how the answer is read, and what the provider posts to us; `tests/http` holds
//! two that work, for FireText and Esendex. A provider that keeps a list of what it took is not asked for it: a text in
//! doubt waits for its receipt, where receipts carry our reference, or for a person. So whoever sends much is better served by an adapter of its own.
//!
//! * [`config`]: the description; `plan`: its check; `template`: bodies with placeholders;
//! * `document`: values in forms, JSON and XML; `answer`: what an answer means; `posts` and `proof`: what is posted to us.

mod answer;
pub mod config;
mod document;
mod kind;
mod plan;
mod posts;
mod proof;
mod template;

use std::fmt;

use async_trait::async_trait;
use reqwest::{RequestBuilder, header};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use self::{
    answer::Reading,
    config::{Letters, Method, Number},
    plan::{Body, Plan, Ready},
    posts::Posts,
    template::{Pattern, Slot, Unwritable},
};
use crate::{
    Sender,
    error::{Fault, OpenError, SendError},
    message::{ChannelId, Outgoing, Text},
    pace::Pace,
    receipt::Callback,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::Alphabet,
    texting::{closed, text_of, to_a_mobile},
    wire::{Line, Reply},
    wire_log::Recorder,
};

pub(crate) use config::Form;
pub use config::HttpConfig;
pub(crate) use document::Document;
pub use posts::POSTED;

/// A text channel through a described provider.
pub struct Http {
    id: ChannelId,
    limits: Limits,
    provider: String,
    plan: Plan,
    line: Line,
    places: Semaphore,
    callback: Option<Posts>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Http {
    /// Checks the description and reads the secrets from their files. Reaches nothing yet. What is wrong is told all at
    /// once.
    pub fn open(id: ChannelId, config: &HttpConfig) -> Result<Self, OpenError> {
        let of_channel = |e: OpenError| OpenError(format!("channel {id}: {e}"));
        let mut plan = config.check().map_err(of_channel)?;
        let line = Line::new(config.provider.clone(), plan.patience).map_err(of_channel)?;
        let line = line.showing(config.shown());
        let limits = Limits {
            carries: Carries::Text,
            in_flight: plan.patience.in_flight,
            alphabet: Some(match config.alphabet {
                Letters::Unicode => Alphabet::Unicode,
                Letters::Gsm7 => Alphabet::Gsm7,
            }),
            can_be_answered: config.can_be_answered,
            cost: plan.cost,
        };
        let (receipts, texts) = (plan.receipts.take(), plan.texts.take());
        let callback = plan.proof.take().map(|proof| Posts { id: id.clone(), proof, receipts, texts });
        let places = Semaphore::new(plan.patience.in_flight);
        Ok(Self { id, limits, provider: config.provider.clone(), plan, line, places, callback })
    }

    /// The request, written; nothing has been sent.
    fn written(&self, message: &Outgoing, text: &Text) -> Result<RequestBuilder, Unwritable> {
        let number = text.to.expose();
        let to = match self.plan.number {
            Number::Plus => number,
            Number::Plain => number.trim_start_matches('+'),
        };
        let reference = message.reference().to_string();
        let from = match self.plan.number {
            Number::Plus => self.plan.from.as_str(),
            Number::Plain => self.plan.from.trim_start_matches('+'),
        };
        let value = |slot| match slot {
            Slot::To => to,
            Slot::From => from,
            Slot::Text => text.body.expose().as_str(),
            Slot::Reference => reference.as_str(),
            Slot::Secret => self.secret(),
        };
        let client = self.line.client();
        let request = match self.plan.method {
            Method::Post => client.post(self.plan.url.clone()),
            Method::Put => client.put(self.plan.url.clone()),
        };
        let request = request.headers(self.plan.headers.clone());
        Ok(match &self.plan.body {
            Body::Form(fields) => request.form(&filled(fields, value)?),
            Body::Text(form, pattern) => {
                let kind = match form {
                    Form::Xml => "application/xml; charset=utf-8",
                    Form::Json | Form::Form => "application/json",
                };
                request.header(header::CONTENT_TYPE, kind).body(pattern.fill(*form, value)?)
            }
        })
    }

    async fn hand_over(&self, message: &Outgoing, recorder: &Recorder) -> Result<Accepted, SendError> {
        let text = text_of(message)?;
        to_a_mobile(text)?;
        let request = self.written(message, text).map_err(|Unwritable| {
            SendError::not_sent(
                Fault::Refused,
                "the text holds a control character that XML cannot: take it out",
            )
        })?;
        let reply = self.ask(request, recorder).await?;
        self.reading(&reply).of_a_text(message.reference()).map_err(|error| self.pausing(error))
    }

    fn secret(&self) -> &str {
        match &self.plan.login {
            Ready::Field(secret) => secret.expose_secret(),
            _ => "",
        }
    }

    async fn ask(&self, request: RequestBuilder, recorder: &Recorder) -> Result<Reply, SendError> {
        let request = match &self.plan.login {
            Ready::None | Ready::Field(_) => request,
            Ready::Basic(username, password) => request.basic_auth(username, Some(password.expose_secret())),
            Ready::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Ready::Header(name, value) => request.header(name, value),
        };
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        Ok(self.line.ask(request, recorder).await?)
    }

    fn reading<'a>(&'a self, reply: &'a Reply) -> Reading<'a> {
        Reading { provider: &self.provider, answer: &self.plan.answer, reply }
    }

    /// Pauses the channel if the provider named a time.
    fn pausing(&self, error: SendError) -> SendError {
        if let Fault::Throttled { wait: Some(wait) } = error.fault {
            self.plan.pace.pause(wait);
        }
        error
    }
}

fn filled<'a>(
    fields: &'a [(String, Pattern)],
    value: impl Fn(Slot) -> &'a str,
) -> Result<Vec<(&'a str, String)>, Unwritable> {
    let filled =
        |(name, pattern): &'a (String, Pattern)| Ok((name.as_str(), pattern.fill(Form::Form, &value)?));
    fields.iter().map(filled).collect()
}

#[async_trait]
impl Sender for Http {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.plan.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let recorder = Recorder::default();
        let sent = self.hand_over(message, &recorder).await;
        recorder.log(&[]).on(sent)
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        text_of(lookup.message)?;
        let will_tell = self.callback.as_ref().is_some_and(Posts::tell_our_reference);
        Ok(if will_tell { Found::NotYet } else { Found::CannotTell }.into())
    }

    async fn probe(&self) -> Result<String, SendError> {
        let provider = &self.provider;
        let Some(question) = &self.plan.probe else {
            return Ok(format!(
                "{provider}: its description is complete; no probe is described, so the login is untried"
            ));
        };
        let mut url = question.url.clone();
        let fields = filled(&question.fields, |_| self.secret()).map_err(|Unwritable| closed())?;
        if !fields.is_empty() {
            url.query_pairs_mut().extend_pairs(fields);
        }
        let request = self.line.client().get(url).headers(self.plan.headers.clone());
        let reply = self.ask(request, &Recorder::default()).await?;
        self.reading(&reply).success().map_err(|error| self.pausing(error))?;
        Ok(format!("{provider}: the login works"))
    }

    fn callback(&self) -> Option<&dyn Callback> {
        self.callback.as_ref().map(|callback| callback as &dyn Callback)
    }
}
