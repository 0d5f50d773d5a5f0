//! One request to Notify, with a token of its own.

use jiff::Timestamp;
use reqwest::{RequestBuilder, header};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::{config::Settings, errors, key::ApiKey};
use crate::{
    error::{Fault, OpenError, SendError},
    wire::{Line, NoReply, Reply},
    wire_log::Recorder,
};

/// Bytes of an answer at most: a page of its list is 250 messages with all their words, and a letter beyond ASCII is written
/// in six bytes.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Asks Notify things, with the channel's key and deadlines.
pub(super) struct Wire {
    line: Line,
    base: Url,
}

impl Wire {
    pub(super) fn new(settings: &Settings) -> Result<Self, OpenError> {
        Ok(Self {
            line: Line::new("Notify", settings.patience)?.reading(LARGEST_ANSWER),
            base: settings.base.clone(),
        })
    }

    /// An address of the API, such as `notifications/sms`.
    pub(super) fn at(&self, rest: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/v2/{rest}", self.base.path().trim_end_matches('/')));
        url
    }

    pub(super) async fn post(
        &self,
        key: &ApiKey,
        url: Url,
        body: &impl Serialize,
        recorder: &Recorder,
    ) -> Result<Reply, NoReply> {
        self.ask(key, self.line.client().post(url).json(body), recorder).await
    }

    /// Asks a question and reads the answer, which must be a success and JSON.
    pub(super) async fn get(
        &self,
        key: &ApiKey,
        url: Url,
        recorder: &Recorder,
    ) -> Result<(Value, Reply), SendError> {
        let reply = self.ask(key, self.line.client().get(url), recorder).await?;
        if !reply.status.is_success() {
            return Err(errors::read(&reply, Timestamp::now()));
        }
        let body = reply
            .json()
            .map_err(|why| SendError::not_sent(Fault::Temporary, format!("Notify answered, but {why}")))?;
        Ok((body, reply))
    }

    async fn ask(
        &self,
        key: &ApiKey,
        request: RequestBuilder,
        recorder: &Recorder,
    ) -> Result<Reply, NoReply> {
        let request = request.bearer_auth(key.token(Timestamp::now()));
        self.line.ask(request.header(header::ACCEPT, "application/json"), recorder).await
    }
}
