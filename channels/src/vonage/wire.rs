//! Requests to Vonage, and what its answers say: HTTP 200 even where nothing was taken.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{codes, config::Settings};
use crate::{
    error::{Fault, OpenError, SendError, Went},
    wire::{Line, NoReply, Problem, Reply},
    wire_log::Recorder,
};

/// What to check where Vonage refuses the login.
const LOGIN: &str = "api_key and the API secret";
/// Characters of the provider's words kept with an attempt.
const LONGEST_SAID: usize = 500;

/// Asks Vonage things, with the account's login and deadlines.
pub(super) struct Wire {
    line: Line,
    key: String,
    secret: SecretString,
    base: Url,
}

impl Wire {
    pub(super) fn new(settings: &Settings, secret: SecretString) -> Result<Self, OpenError> {
        let line = Line::new("Vonage", settings.patience)?;
        Ok(Self { line, key: settings.key.clone(), secret, base: settings.base.clone() })
    }

    /// Hands a text over.
    pub(super) async fn post(&self, form: &[(&str, String)], recorder: &Recorder) -> Result<Reply, NoReply> {
        let request = self.line.client().post(self.at("/sms/json")).form(form);
        self.line.ask(request.basic_auth(&self.key, Some(self.secret.expose_secret())), recorder).await
    }

    /// Asks what the account has left, which writes to nobody.
    pub(super) async fn balance(&self) -> Result<Reply, NoReply> {
        let request = self.line.client().get(self.at("/account/get-balance"));
        let request = request.basic_auth(&self.key, Some(self.secret.expose_secret()));
        self.line.ask(request, &Recorder::default()).await
    }

    fn at(&self, rest: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&[url.path().trim_end_matches('/'), rest].concat());
        url
    }
}

/// Reads an answer whose HTTP status is not a success: then the status decides.
pub(super) fn error(reply: &Reply) -> SendError {
    reply.error(Problem::default(), "Vonage", LOGIN)
}

/// What Vonage says of each part of a text, in order.
pub(super) struct Parts(Vec<Part>);

struct Part {
    status: Option<u32>,
    id: Option<String>,
    said: String,
}

/// What the parts come to.
pub(super) enum Verdict {
    /// Every part was taken; the first part's name, and how many they are.
    Taken { first: String, parts: usize },
    /// Some were, and some were not.
    Torn(SendError),
    /// None was.
    Refused(SendError),
}

impl Parts {
    /// Reads an answer whose HTTP status is a success.
    pub(super) fn read(reply: &Reply) -> Result<Self, &'static str> {
        let body = reply.json()?;
        let elements = body.get("messages").and_then(Value::as_array).filter(|elements| !elements.is_empty());
        Ok(Self(elements.ok_or("its answer names no message")?.iter().map(Part::read).collect()))
    }

    /// A long text travels in parts, each of which may be refused by itself.
    pub(super) fn verdict(self) -> Verdict {
        let parts = self.0.len();
        let mut bad = self.0.iter().filter(|part| part.status != Some(0)).peekable();
        let Some(worst) = bad.peek() else {
            let first = self.0.into_iter().next().and_then(|part| part.id);
            return match first {
                Some(first) => Verdict::Taken { first, parts },
                None => Verdict::Refused(SendError::in_doubt(
                    "Vonage seems to have taken the text, but its answer names no message",
                )),
            };
        };
        let error = worst.error();
        let unsure = bad.clone().any(|part| matches!(part.status, None | Some(codes::INTERNAL_ERROR)));
        let taken = parts.saturating_sub(bad.count());
        if taken > 0 {
            // Sent again, the carer has the beginning twice; not sent again, half a text. A person decides which is worse.
            let why = format!(
                "Vonage took {taken} of the {parts} parts of a long text and refused the others: the carer may get a \
                 fragment. {}",
                error.summary
            );
            return Verdict::Torn(SendError {
                fault: Fault::Temporary,
                went: Went::Perhaps,
                summary: why,
                ..error
            });
        }
        Verdict::Refused(SendError { went: if unsure { Went::Perhaps } else { Went::No }, ..error })
    }
}

impl Part {
    fn read(element: &Value) -> Self {
        let word = |name: &str| element.get(name).and_then(Value::as_str);
        let number = element.get("status").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let is_id = |id: &&str| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        Self {
            status: number.or_else(|| word("status")?.parse().ok()),
            id: word("message-id").filter(is_id).map(str::to_owned),
            said: word("error-text").unwrap_or_default().chars().take(LONGEST_SAID).collect(),
        }
    }

    fn error(&self) -> SendError {
        let known = self.status.and_then(codes::find);
        let fault = known.map_or(Fault::Temporary, |entry| entry.fault);
        let says =
            known.map_or("Vonage refused the text for a reason that has no entry here", |entry| entry.says);
        let code = self.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        SendError::not_sent(fault, says).code(code).said(self.said.clone())
    }
}
