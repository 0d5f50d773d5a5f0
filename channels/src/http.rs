//! One request to a provider's web API and its whole answer. Repeats nothing, follows nothing, reads no more than it must.
//!
//! Shared by the adapters of text providers: what may have gone and what certainly has not is the same for all of them.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use serde_json::Value;
use url::Url;

use crate::error::{Fault, OpenError, SendError, Went};

/// Bytes of an answer we are willing to read; a full page of two hundred messages is a tenth of it.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Characters of the provider's words kept with an attempt.
const LONGEST_SAID: usize = 500;
/// Whatever a server asks for, a channel is tried again within the hour.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Load balancers drop idle lines after about a minute. A line dropped just as we write leaves a text in doubt, so
/// ours is given up well before.
const IDLE_LINE: Duration = Duration::from_secs(15);

/// What staff and IT are told about a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provider {
    /// Its name.
    pub(crate) name: &'static str,
    /// What to check when it refuses the login.
    pub(crate) login: &'static str,
    /// What to check when it does not know the account.
    pub(crate) account: &'static str,
}

/// Asks one provider things, with the channel's deadlines.
pub(crate) struct Http {
    client: Client,
    provider: Provider,
}

/// An answer that came in whole, whatever it says.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long the server asks us to wait, at most an hour.
    pub(crate) retry_after: Option<Duration>,
    /// The server's clock when it answered.
    pub(crate) date: Option<Timestamp>,
    body: Result<Vec<u8>, &'static str>,
    provider: Provider,
}

/// No answer came in whole.
pub(crate) struct NoReply {
    /// Whether the request may have been read.
    went: Went,
    why: String,
}

impl Http {
    pub(crate) fn new(
        provider: Provider,
        connect: Duration,
        answer: Duration,
        in_flight: usize,
    ) -> Result<Self, OpenError> {
        // reqwest takes the process's TLS provider and panics without one; whoever comes first installs it.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .user_agent(concat!("liaison/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect)
            .timeout(connect.saturating_add(answer))
            .pool_idle_timeout(IDLE_LINE)
            .pool_max_idle_per_host(in_flight)
            // One request on a line at a time: what was written, and what was not, stays plain.
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .build()
            .map_err(|_| OpenError("the TLS library cannot be set up".to_owned()))?;
        Ok(Self { client, provider })
    }

    /// A request to be completed and handed to [`Http::ask`].
    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// A question to be completed and handed to [`Http::ask`].
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Reply, NoReply> {
        let response = request.header(header::ACCEPT, "application/json").send().await;
        let response = response.map_err(|e| NoReply::new(&e, self.provider.name))?;
        Ok(Reply::read(response, self.provider).await)
    }
}

impl NoReply {
    fn new(error: &reqwest::Error, name: &str) -> Self {
        // Only a failure to build the request or to open the line proves that nothing was written.
        if error.is_builder() {
            return Self { went: Went::No, why: "the request could not be made".to_owned() };
        }
        if error.is_connect() {
            let why = if error.is_timeout() {
                format!("{name} could not be reached in time")
            } else {
                format!("{name} cannot be reached")
            };
            return Self { went: Went::No, why };
        }
        let why = if error.is_timeout() {
            format!("{name} did not answer in time")
        } else {
            format!("the line to {name} was cut")
        };
        Self { went: Went::Perhaps, why }
    }
}

impl From<NoReply> for SendError {
    fn from(none: NoReply) -> Self {
        match none.went {
            Went::No => Self::not_sent(Fault::Unreachable, none.why),
            Went::Perhaps => Self::in_doubt(none.why),
        }
    }
}

impl Reply {
    async fn read(mut response: Response, provider: Provider) -> Self {
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = text(header::RETRY_AFTER).and_then(|secs| secs.trim().parse().ok());
        let date = text(header::DATE).and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        Self {
            status: response.status(),
            retry_after: retry_after.map(|secs| Duration::from_secs(secs).min(LONGEST_WAIT)),
            date,
            body: whole_body(&mut response).await,
            provider,
        }
    }

    /// The body as JSON, or what is wrong with it.
    pub(crate) fn json(&self) -> Result<Value, &'static str> {
        let body = self.body.as_ref().map_err(|why| *why)?;
        serde_json::from_slice(body).map_err(|_| "the answer is not JSON")
    }

    /// Reads an answer that is not a success. `known` is what the provider's table makes of its code; without it the
    /// HTTP status decides. `never_taken`: the provider documents that it has not looked at the message.
    pub(crate) fn error(&self, problem: Problem, never_taken: bool) -> SendError {
        let (fault, says) = match problem.known {
            Some((fault, says)) => (fault, says.to_owned()),
            None => self.by_status(),
        };
        let fault = match fault {
            Fault::Throttled { wait } => Fault::Throttled { wait: self.retry_after.or(wait) },
            other => other,
        };
        let code = problem.code.unwrap_or_else(|| format!("HTTP {}", self.status.as_u16()));
        let said: String = problem.said.chars().take(LONGEST_SAID).collect();
        let error = SendError::not_sent(fault, says).code(code).said(said);
        // A server that failed may have failed after it took the message; so may one that gave up waiting for us.
        let unsure = self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT;
        SendError { went: if unsure && !never_taken { Went::Perhaps } else { Went::No }, ..error }
    }

    fn by_status(&self) -> (Fault, String) {
        let Provider { name, login, account } = self.provider;
        let (fault, says) = match self.status.as_u16() {
            300..=399 => (
                Fault::Misconfigured,
                format!("{name}'s address answers with a redirection: check base_url, and any proxy"),
            ),
            401 | 403 => (Fault::Misconfigured, format!("{name} refused the login: check {login}")),
            404 => (
                Fault::Misconfigured,
                format!("{name} does not know this account or address: check {account} and base_url"),
            ),
            429 => (Fault::Throttled { wait: None }, format!("{name} asked us to slow down")),
            500..=599 => (
                Fault::Temporary,
                format!(
                    "{name} failed while it had the message: whether it went is cleared up before any repeat"
                ),
            ),
            _ => {
                (Fault::Temporary, format!("{name} refused the request for a reason that has no entry here"))
            }
        };
        (fault, says)
    }
}

/// What an answer that is not a success tells, as the provider's own code and words.
#[derive(Default)]
pub(crate) struct Problem {
    /// The provider's code, if there is one.
    pub(crate) code: Option<String>,
    /// What the provider's table makes of the code.
    pub(crate) known: Option<(Fault, &'static str)>,
    /// The provider's words, which may repeat a number.
    pub(crate) said: String,
}

async fn whole_body(response: &mut Response) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "the answer was cut short")? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err("the answer is too long");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
