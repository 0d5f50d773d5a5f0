//! Requests to Sinch: where they go, with which token, and what its error answers say.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{codes, config::Settings};
use crate::{
    error::{OpenError, SendError},
    wire::{Line, NoReply, Problem, Reply},
    wire_log::Recorder,
};

/// What to check where Sinch refuses the login.
const LOGIN: &str = "the service plan ID, its API token and the region";

/// Asks Sinch things, with the channel's token and deadlines.
pub(super) struct Wire {
    line: Line,
    token: SecretString,
    plan: Url,
}

impl Wire {
    pub(super) fn new(settings: &Settings, token: SecretString) -> Result<Self, OpenError> {
        let line = Line::new("Sinch", settings.patience)?;
        let mut plan = settings.base.clone();
        plan.set_path(&format!("{}/xms/v1/{}", plan.path().trim_end_matches('/'), settings.plan));
        Ok(Self { line, token, plan })
    }

    /// The list of batches, and where new ones are posted.
    pub(super) fn batches(&self) -> Url {
        self.at("/batches")
    }

    /// Where a batch is only counted.
    pub(super) fn dry_run(&self) -> Url {
        self.at("/batches/dry_run")
    }

    /// The list of texts that arrived.
    pub(super) fn inbounds(&self) -> Url {
        self.at("/inbounds")
    }

    fn at(&self, rest: &str) -> Url {
        let mut url = self.plan.clone();
        url.set_path(&[url.path(), rest].concat());
        url
    }

    pub(super) async fn post(&self, url: Url, body: &Value, recorder: &Recorder) -> Result<Reply, NoReply> {
        let request = self.line.client().post(url).bearer_auth(self.token.expose_secret());
        self.line.ask(request.json(body), recorder).await
    }

    pub(super) async fn get(&self, url: Url, recorder: &Recorder) -> Result<Reply, NoReply> {
        self.line.ask(self.line.client().get(url).bearer_auth(self.token.expose_secret()), recorder).await
    }
}

/// A moment as Sinch writes it: `YYYY-MM-DDThh:mm:ss.SSSZ`.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads an answer that is not a success: by Sinch's code where we know it, else by the HTTP status.
pub(super) fn error(reply: &Reply) -> SendError {
    let body = reply.json().unwrap_or_default();
    let word = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    // Codes are small words. Anything else might repeat what was in the request, and is not for the log.
    let is_code = |text: &&str| {
        (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let code = Some(word("code")).filter(is_code);
    let known = code.and_then(|code| codes::find(code, word("text"))).map(|entry| (entry.fault, entry.says));
    reply.error(
        Problem { code: code.map(str::to_owned), known, said: word("text").to_owned() },
        "Sinch",
        LOGIN,
    )
}
