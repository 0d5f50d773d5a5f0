//! One request over HTTP and its whole answer, for providers of texts. Repeats nothing, follows nothing, reads no more
//! than it must.
//!
//! No provider studied knows an idempotency key: a request that is sent twice is two texts. So the line repeats nothing
//! by itself, and [`NoReply`] tells whether the request may have been read.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use serde_json::Value;

use crate::{
    error::{Fault, OpenError, SendError, Went},
    wire_log::{
        Recorder,
        http::{Shown, answered, asked},
    },
};

/// Bytes of an answer we are willing to read, unless a provider's lists hold whole messages: the longest page of any other is a
/// tenth of it.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Characters of the provider's words kept with an attempt.
const LONGEST_SAID: usize = 500;
/// Whatever a server asks for, a channel is tried again within the hour.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Load balancers drop idle lines after about a minute. A line dropped just as we write leaves a text in doubt, so
/// ours is given up well before.
const IDLE_LINE: Duration = Duration::from_secs(15);

/// How long a provider may take, and how many requests are on the wire at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// To reach it: name, line and TLS together.
    pub(crate) connect: Duration,
    /// For the whole answer once it is reached.
    pub(crate) answer: Duration,
    /// Requests at once.
    pub(crate) in_flight: usize,
}

/// Asks one provider things.
pub(crate) struct Line {
    client: Client,
    /// The provider's name in sentences for staff.
    provider: String,
    /// Whose values the record of an attempt shows.
    shown: Shown,
    /// Bytes of an answer at most.
    largest: usize,
}

/// An answer that came in whole, whatever it says.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// For how long the server asked us to wait, at most an hour.
    pub(crate) retry_after: Option<Duration>,
    /// The server's clock when it answered.
    pub(crate) date: Option<Timestamp>,
    body: Result<Vec<u8>, &'static str>,
}

/// No answer came in whole.
pub(crate) struct NoReply {
    /// Whether the request may have been read.
    went: Went,
    why: String,
}

impl Line {
    /// Sets up the line. Reaches nothing yet.
    pub(crate) fn new(provider: impl Into<String>, patience: Patience) -> Result<Self, OpenError> {
        // reqwest takes the process's TLS provider and panics without one; whoever comes first installs it.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .user_agent(concat!("liaison/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(patience.connect)
            .timeout(patience.connect.saturating_add(patience.answer))
            .pool_idle_timeout(IDLE_LINE)
            .pool_max_idle_per_host(patience.in_flight)
            // One request on a line at a time: what was written, and what was not, stays plain.
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .build()
            .map_err(|_| OpenError("the TLS library cannot be set up".to_owned()))?;
        Ok(Self { client, provider: provider.into(), shown: Shown::Known, largest: LARGEST_ANSWER })
    }

    /// The same, for a provider whose names are its own: in the record of an attempt it shows the values of these alone.
    pub(crate) fn showing(self, names: Vec<String>) -> Self {
        Self { shown: Shown::Only(names), ..self }
    }

    /// The same, for a provider whose answers may be as long as this, in bytes.
    pub(crate) fn reading(self, largest: usize) -> Self {
        Self { largest, ..self }
    }

    /// Makes requests, to be given to [`Line::ask`].
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends one request, once, and reads its answer. What is said is written down, struck out.
    pub(crate) async fn ask(&self, request: RequestBuilder, recorder: &Recorder) -> Result<Reply, NoReply> {
        let sent = self.send(request, recorder).await;
        sent.inspect_err(|none| recorder.broke(&none.why))
    }

    async fn send(&self, request: RequestBuilder, recorder: &Recorder) -> Result<Reply, NoReply> {
        let request = request.build().map_err(|error| self.no_reply(&error))?;
        asked(recorder, &self.shown, &request);
        let response = self.client.execute(request).await.map_err(|error| self.no_reply(&error))?;
        let head = response.headers().clone();
        let reply = Reply::read(response, self.largest).await;
        answered(recorder, &self.shown, reply.status, &head, reply.body());
        Ok(reply)
    }

    fn no_reply(&self, error: &reqwest::Error) -> NoReply {
        let provider = &self.provider;
        // Only a failure to build the request or to open the line proves that nothing was written.
        let (went, why) = if error.is_builder() {
            (Went::No, "the request could not be made".to_owned())
        } else if error.is_connect() {
            let why = if error.is_timeout() { "could not be reached in time" } else { "cannot be reached" };
            (Went::No, format!("{provider} {why}"))
        } else if error.is_timeout() {
            (Went::Perhaps, format!("{provider} did not answer in time"))
        } else {
            (Went::Perhaps, format!("the line to {provider} was cut"))
        };
        NoReply { went, why }
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
    async fn read(mut response: Response, largest: usize) -> Self {
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = text(header::RETRY_AFTER).and_then(|secs| secs.trim().parse().ok());
        let date = text(header::DATE).and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        Self {
            status: response.status(),
            retry_after: retry_after.map(|secs| Duration::from_secs(secs).min(LONGEST_WAIT)),
            date,
            body: whole_body(&mut response, largest).await,
        }
    }

    /// The whole body, or what is wrong with it.
    pub(crate) fn body(&self) -> Result<&[u8], &'static str> {
        self.body.as_deref().map_err(|why| *why)
    }

    /// The body as JSON, or what is wrong with it.
    pub(crate) fn json(&self) -> Result<Value, &'static str> {
        crate::json::read(self.body()?).ok_or("the answer is not JSON")
    }

    /// Whether a request that was answered so may have been done all the same: a server that failed may have failed
    /// after it took the message; so may one that gave up waiting for us.
    pub(crate) fn went(&self) -> Went {
        let unsure = self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT;
        if unsure { Went::Perhaps } else { Went::No }
    }

    /// Reads an answer that is not a success: by the provider's table where that knows the code, else by the HTTP status.
    pub(crate) fn error(&self, problem: Problem, provider: &str, login: &str) -> SendError {
        let (fault, says) = match problem.known {
            Some((fault, says)) => (fault, says.to_owned()),
            None => by_status(self.status, provider, login),
        };
        let fault = match fault {
            Fault::Throttled { wait } => Fault::Throttled { wait: self.retry_after.or(wait) },
            other => other,
        };
        let code = problem.code.unwrap_or_else(|| format!("HTTP {}", self.status.as_u16()));
        let error = SendError::not_sent(fault, says).code(code).said(said(&problem.said));
        SendError { went: self.went(), ..error }
    }

    /// By how much the server's clock is ahead of ours; `None` if the answer has no date.
    pub(crate) fn clock_ahead(&self) -> Option<SignedDuration> {
        let ours = Timestamp::try_from(SystemTime::now()).ok()?;
        self.date.map(|theirs| theirs.duration_since(ours))
    }

    /// The same, for reading lists: what we ask for is by our clock, what is listed by theirs. A machine that runs fast
    /// would else overlook its own text and send it twice. Zero if the answer has no date.
    pub(crate) fn skew(&self) -> SignedDuration {
        self.clock_ahead().unwrap_or(SignedDuration::ZERO)
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

/// Whose turn it is after an answer that is no success and says nothing we have an entry for.
/// `login` is what is to be checked where the login was refused.
pub(crate) fn by_status(status: StatusCode, provider: &str, login: &str) -> (Fault, String) {
    let (fault, says) = match status.as_u16() {
        300..=399 => (
            Fault::Misconfigured,
            format!("{provider}'s address answers with a redirection: check base_url, and any proxy"),
        ),
        401 | 403 => (Fault::Misconfigured, format!("{provider} refused the login: check {login}")),
        404 => (
            Fault::Misconfigured,
            format!("{provider} does not know this account or address: check {login} and base_url"),
        ),
        429 => (Fault::Throttled { wait: None }, format!("{provider} asked us to slow down")),
        500..=599 => (
            Fault::Temporary,
            format!(
                "{provider} failed while it had the message: whether it went is cleared up before any repeat"
            ),
        ),
        _ => {
            (Fault::Temporary, format!("{provider} refused the request for a reason that has no entry here"))
        }
    };
    (fault, says)
}

/// The provider's words, as far as they are kept with an attempt.
pub(crate) fn said(words: &str) -> String {
    words.chars().take(LONGEST_SAID).collect()
}

async fn whole_body(response: &mut Response, largest: usize) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "the answer was cut short")? {
        if body.len() + chunk.len() > largest {
            return Err("the answer is too long");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
