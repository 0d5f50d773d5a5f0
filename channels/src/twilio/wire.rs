//! One request to Twilio and its whole answer. Repeats nothing, follows nothing, reads no more than it must.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::{
    codes,
    config::{Login, Settings},
};
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

/// Asks Twilio things, with the channel's login and deadlines.
pub(super) struct Wire {
    client: Client,
    login: Login,
    messages: Url,
    account: Url,
}

/// An answer that came in whole, whatever it says.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    retry_after: Option<Duration>,
    /// The server's clock when it answered.
    pub(super) date: Option<Timestamp>,
    body: Result<Vec<u8>, &'static str>,
}

/// No answer came in whole.
pub(super) struct NoReply {
    /// Whether the request may have been read.
    went: Went,
    why: &'static str,
}

impl Wire {
    pub(super) fn new(settings: &Settings, login: Login) -> Result<Self, OpenError> {
        // reqwest takes the process's TLS provider and panics without one; whoever comes first installs it.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .user_agent(concat!("liaison/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect)
            .timeout(settings.connect.saturating_add(settings.answer))
            .pool_idle_timeout(IDLE_LINE)
            .pool_max_idle_per_host(settings.in_flight)
            // One request on a line at a time: what was written, and what was not, stays plain.
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .build()
            .map_err(|_| OpenError("the TLS library cannot be set up".to_owned()))?;
        let at = |rest: &str| {
            let path = format!(
                "{}/2010-04-01/Accounts/{}{rest}",
                settings.base.path().trim_end_matches('/'),
                settings.account
            );
            let mut url = settings.base.clone();
            url.set_path(&path);
            url
        };
        Ok(Self { client, login, messages: at("/Messages.json"), account: at(".json") })
    }

    /// The list of messages, and where new ones are posted.
    pub(super) fn messages(&self) -> Url {
        self.messages.clone()
    }

    /// The account's own record.
    pub(super) fn account(&self) -> Url {
        self.account.clone()
    }

    /// Whether the account's own record may be read with our login.
    pub(super) const fn may_read_account(&self) -> bool {
        matches!(self.login, Login::Account(_))
    }

    pub(super) async fn post(&self, url: Url, form: &[(&str, String)]) -> Result<Reply, NoReply> {
        self.ask(self.client.post(url).form(form)).await
    }

    pub(super) async fn get(&self, url: Url) -> Result<Reply, NoReply> {
        self.ask(self.client.get(url)).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Reply, NoReply> {
        let request = match &self.login {
            Login::Account(token) => request.basic_auth(self.account_sid(), Some(token.expose_secret())),
            Login::Key { sid, secret } => request.basic_auth(sid, Some(secret.expose_secret())),
        };
        let response = request.header(header::ACCEPT, "application/json").send().await;
        Ok(Reply::read(response.map_err(|e| NoReply::from(&e))?).await)
    }

    fn account_sid(&self) -> &str {
        let last = self.account.path_segments().and_then(Iterator::last).unwrap_or_default();
        last.strip_suffix(".json").unwrap_or(last)
    }
}

impl From<&reqwest::Error> for NoReply {
    fn from(error: &reqwest::Error) -> Self {
        // Only a failure to build the request or to open the line proves that nothing was written.
        if error.is_builder() {
            return Self { went: Went::No, why: "the request could not be made" };
        }
        if error.is_connect() {
            let why = if error.is_timeout() {
                "Twilio could not be reached in time"
            } else {
                "Twilio cannot be reached"
            };
            return Self { went: Went::No, why };
        }
        let why =
            if error.is_timeout() { "Twilio did not answer in time" } else { "the line to Twilio was cut" };
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
    async fn read(mut response: Response) -> Self {
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = text(header::RETRY_AFTER).and_then(|secs| secs.trim().parse().ok());
        let date = text(header::DATE).and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        Self {
            status: response.status(),
            retry_after: retry_after.map(|secs| Duration::from_secs(secs).min(LONGEST_WAIT)),
            date,
            body: whole_body(&mut response).await,
        }
    }

    /// The body as JSON, or what is wrong with it.
    pub(super) fn json(&self) -> Result<Value, &'static str> {
        let body = self.body.as_ref().map_err(|why| *why)?;
        serde_json::from_slice(body).map_err(|_| "the answer is not JSON")
    }

    /// Reads an answer that is not a success: by Twilio's code where we know it, else by the HTTP status.
    pub(super) fn error(&self) -> SendError {
        let problem = Problem::read(&self.json().unwrap_or_default());
        let known = problem.code.and_then(codes::find);
        let (fault, says) = known.map_or_else(|| by_status(self.status), |entry| (entry.fault, entry.says));
        let code =
            problem.code.map_or_else(|| format!("HTTP {}", self.status.as_u16()), |code| code.to_string());
        let fault = match fault {
            Fault::Throttled { wait } => Fault::Throttled { wait: self.retry_after.or(wait) },
            other => other,
        };
        let error = SendError::not_sent(fault, says).code(code).said(problem.said);
        SendError { went: self.went(problem.code), ..error }
    }

    /// A server that failed may have failed after it took the message; so may one that gave up waiting for us.
    fn went(&self, code: Option<u32>) -> Went {
        let unsure = self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT;
        if unsure && code != Some(codes::TOO_MANY_REQUESTS) { Went::Perhaps } else { Went::No }
    }
}

fn by_status(status: StatusCode) -> (Fault, &'static str) {
    match status.as_u16() {
        300..=399 => (
            Fault::Misconfigured,
            "Twilio's address answers with a redirection: check base_url, and any proxy",
        ),
        401 | 403 => (
            Fault::Misconfigured,
            "Twilio refused the login: check the account SID, and the token or API key",
        ),
        404 => (
            Fault::Misconfigured,
            "Twilio does not know this account or address: check the account SID and base_url",
        ),
        429 => (Fault::Throttled { wait: None }, "Twilio asked us to slow down"),
        500..=599 => {
            (Fault::Temporary, "Twilio failed while it had the message: it is looked up before any repeat")
        }
        _ => (Fault::Temporary, "Twilio refused the request for a reason that has no entry here"),
    }
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

/// What both of Twilio's error shapes tell: the old `{code, message, …}` and RFC 9457 problem details.
struct Problem {
    code: Option<u32>,
    said: String,
}

impl Problem {
    fn read(body: &Value) -> Self {
        let code = body.get("code").or_else(|| body.get("error_code")).and_then(number);
        let words = ["message", "title", "detail"].iter().filter_map(|name| body.get(name)?.as_str());
        let said = words.collect::<Vec<_>>().join(": ").chars().take(LONGEST_SAID).collect();
        Self { code, said }
    }
}

/// A code, whether it is written as a number or as a string.
pub(super) fn number(value: &Value) -> Option<u32> {
    let plain = value.as_u64().and_then(|n| u32::try_from(n).ok());
    plain.or_else(|| value.as_str()?.trim().parse().ok()).filter(|code| *code > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_error_shapes_give_code_and_words() {
        for (body, code, said) in [
            (
                json!({"code": 21610, "message": "opted out", "more_info": "x", "status": 400}),
                Some(21610),
                "opted out",
            ),
            (
                json!({"type": "x", "title": "T", "status": 400, "code": 21211, "detail": "d"}),
                Some(21211),
                "T: d",
            ),
            (json!({"title": "T", "code": "30007"}), Some(30007), "T"),
            (json!({"code": 0}), None, ""),
            (json!({"code": -1}), None, ""),
            (json!(["code"]), None, ""),
            (json!(null), None, ""),
        ] {
            let problem = Problem::read(&body);

            assert_eq!((problem.code, problem.said.as_str()), (code, said), "{body}");
        }
    }
}
