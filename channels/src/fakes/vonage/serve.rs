//! One request, from the line to the answer.

use std::sync::Arc;

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shared, Taken, VonageFake, text::Posted};
use crate::{
    fakes::{
        deed::{json_reply, nothing},
        line::Line,
        stage::reply,
    },
    text::measure,
};

const LARGEST_REQUEST: usize = 64 * 1024;

pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return malformed(&shared, "unreadable body");
    };
    let known = is_login(&parts) && !shared.lock().logins_refused;
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/sms/json") => {
            let _here = shared.stage.arrive().await;
            // The provider says so of a text like of anything else: with 200.
            if known {
                post(&shared, &line, &parts, &body).await
            } else {
                refusal(200, "4", "Bad Credentials")
            }
        }
        (&Method::GET, "/account/get-balance") if known => {
            if let Some(deed) = shared.stage.question_deed() {
                return deed
                    .perform(&line, nothing(), |status, code| refusal(status, code, "Not told"))
                    .await;
            }
            let (value, refills) = shared.lock().balance;
            json_reply(200, &json!({"value": value, "autoReload": refills}))
        }
        (&Method::GET, "/account/get-balance") => {
            json_reply(401, &json!({"error-code": "401", "error-code-label": "authentication failed"}))
        }
        _ => {
            shared.stage.complain("no such operation");
            reply(404, "text/html", "")
        }
    }
}

fn is_login(parts: &Parts) -> bool {
    let login = STANDARD.encode(format!("{}:{}", VonageFake::KEY, VonageFake::SECRET));
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| given.strip_prefix("Basic ") == Some(&login))
}

/// The provider's answer about a text, nothing of which was taken.
fn refusal(http: u16, status: &str, words: &str) -> Response {
    let element = json!({"status": status, "error-text": words});
    json_reply(http, &json!({"message-count": "1", "messages": [element]}))
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.stage.complain(what);
    refusal(200, "3", what)
}

async fn post(shared: &Shared, line: &Line, parts: &Parts, body: &Bytes) -> Response {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return malformed(shared, "content type");
    }
    if parts.uri.query().is_some() {
        return malformed(shared, "query");
    }
    let posted = match Posted::read(body) {
        Ok(posted) => posted,
        Err((status, words)) => {
            shared.stage.complain(words.clone());
            return refusal(200, &status.to_string(), &words);
        }
    };
    let Some(deed) = shared.stage.post_deed() else { return taken(shared, posted) };
    // Repeats the number, so that leaks are found.
    let words = format!("The message to {} was not taken", posted.to);
    let proper = if deed.takes() { taken(shared, posted) } else { nothing() };
    deed.perform(line, proper, |status, code| refusal(status, code, &words)).await
}

fn taken(shared: &Shared, posted: Posted) -> Response {
    let mut state = shared.lock();
    let tear = state.tear.take();
    let reference = posted.fields.get("client-ref").cloned();
    let mut ids = Vec::new();
    let elements: Vec<Value> = (0..measure(&posted.body).parts)
        .map(|part| match tear {
            Some((torn, status)) if torn == part => {
                json!({"to": posted.to.trim_start_matches('+'), "status": status.to_string(), "error-text": "torn"})
            }
            _ => {
                let id = Uuid::now_v7().simple().to_string().to_uppercase();
                ids.push(id.clone());
                json!({"to": posted.to.trim_start_matches('+'), "message-id": id, "status": "0",
                    "remaining-balance": "12.50000000", "message-price": "0.03330000", "network": "23410",
                    "client-ref": reference})
            }
        })
        .collect();
    if !ids.is_empty() {
        state.messages.push(Taken { ids, to: posted.to, body: posted.body, fields: posted.fields });
    }
    json_reply(200, &json!({"message-count": elements.len().to_string(), "messages": elements}))
}
