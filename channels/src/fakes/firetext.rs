//! A strict stand-in for FireText: its form for sending, its receipts and its received texts.
//!
//! Shapes as GOV.UK Notify's client has them (`app/clients/sms/firetext.py` and `app/notifications`, as read in 2026-11).
//! The codes of refusals and the question for the credit are not checked against anything.

use std::{collections::BTreeMap, io, ops::Deref, sync::Arc};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    line::Line,
    stage::{Deed, Server, Stage, reply},
};
use crate::fakes::post::Post;

const LARGEST_REQUEST: usize = 64 * 1024;
const FIELDS: [&str; 6] = ["apiKey", "from", "message", "receipt", "reference", "to"];

/// A text it has: the fields it was posted with.
pub type Taken = BTreeMap<String, String>;

type Shared = super::stage::Shared<Deed, Vec<Taken>>;

/// The running stand-in; it stops when dropped. How it behaves is set on its [`Stage`].
#[derive(Debug)]
pub struct FireTextFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for FireTextFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl FireTextFake {
    /// The account's key.
    pub const KEY: &'static str = "firetext-api-key";
    /// The password of its posts, which the school chose, for the user `firetext`.
    pub const PASSWORD: &'static str = "chosen-by-the-school";
    /// The school's number there.
    pub const NUMBER: &'static str = "447700900456";

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let shared = Shared::new(Vec::new());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        Ok(Self { server: Server::start(router)?, shared })
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Every text it has, in the order it took them.
    pub fn texts(&self) -> Vec<Taken> {
        self.shared.lock().clone()
    }

    /// A deed that answers with a code of its own, and HTTP 200. The words repeat a number, so that leaks are found.
    pub fn refusal(code: u32) -> Deed {
        let body = json!({"code": code, "description": "447700900123 was not taken"}).to_string();
        Deed::Answer { status: 200, content_type: "application/json", body }
    }

    /// The post that tells how a text of ours fares.
    pub fn receipt(reference: &str, status: &str, code: &str) -> Post {
        let fields =
            [("status", status), ("code", code), ("reference", reference), ("time", "2026-11-23 17:15:30")];
        Self::post("status", &fields)
    }

    /// The post that tells of a text from a carer.
    pub fn text_post(from: &str, words: &str, time: &str) -> Post {
        let from = from.trim_start_matches('+');
        let fields = [("source", from), ("destination", Self::NUMBER), ("message", words), ("time", time)];
        Self::post("text", &fields)
    }

    /// Any form, posted with the login that the school chose.
    pub fn post(what: &str, fields: &[(&str, &str)]) -> Post {
        let login = STANDARD.encode(format!("firetext:{}", Self::PASSWORD));
        let header = |name: &str, value: String| (name.to_owned(), value);
        Post {
            path_and_query: format!("/webhooks/firetext/{what}"),
            headers: vec![
                header("content-type", "application/x-www-form-urlencoded".to_owned()),
                header("authorization", format!("Basic {login}")),
            ],
            body: url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish()
                .into_bytes(),
        }
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return malformed(&shared, "unreadable body");
    };
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/api/sendsms/json") => {
            let _seen = shared.arrive().await;
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if kind != Some("application/x-www-form-urlencoded") || parts.uri.query().is_some() {
                return malformed(&shared, "content type or query");
            }
            send(&shared, &line, &body).await
        }
        (&Method::GET, "/api/credit/json") => {
            if let Some(deed) = shared.question_deed() {
                return deed.commit(&line, said(0, "")).await;
            }
            match parts.uri.query() {
                Some(query) if query == format!("apiKey={}", FireTextFake::KEY) => said(0, "100 credits"),
                _ => said(1, "Authentication error"),
            }
        }
        _ => malformed(&shared, "no such address"),
    }
}

fn said(code: u32, description: &str) -> Response {
    reply(200, "application/json", json!({"code": code, "description": description}).to_string())
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.complain(what);
    said(99, what)
}

async fn send(shared: &Shared, line: &Line, body: &Bytes) -> Response {
    let mut taken = Taken::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if taken.insert(name.into_owned(), value.into_owned()).is_some() {
            return malformed(shared, "a field is there twice");
        }
    }
    if !taken.keys().map(String::as_str).eq(FIELDS) {
        return malformed(shared, "the fields are not the documented ones");
    }
    let field = |name: &str| taken.get(name).map(String::as_str).unwrap_or_default();
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if field("apiKey") != FireTextFake::KEY {
        return said(1, "Authentication error");
    }
    if !digits(field("to")) || !field("to").starts_with("447") {
        shared.complain("to is not a number without its plus");
        return said(2, "Destination number(s) error");
    }
    if field("from") != FireTextFake::NUMBER {
        shared.complain("from is not ours");
        return said(3, "From error");
    }
    if field("message").is_empty() || field("reference").is_empty() {
        return malformed(shared, "message or reference is empty");
    }
    let deed = shared.post_deed();
    let answer = if deed.as_ref().is_none_or(Deed::takes) {
        shared.lock().push(taken);
        said(0, "SMS successfully queued")
    } else {
        ().into_response()
    };
    match deed {
        Some(deed) => deed.commit(line, answer).await,
        None => answer,
    }
}
