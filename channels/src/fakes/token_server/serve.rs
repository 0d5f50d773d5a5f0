//! One request, from the line to the answer.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{CLIENT, SECRET, Shared, TENANT, assertion};
use crate::fakes::{line::Line, stage::reply};

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
    if parts.uri.path() == "/introspect" {
        return introspect(&shared, &parts);
    }
    let _seen = shared.arrive().await;
    match shared.post_deed() {
        None => token(&shared, &parts, &body),
        Some(deed) => {
            let answer = if deed.takes() { token(&shared, &parts, &body) } else { ().into_response() };
            deed.commit(&line, answer).await
        }
    }
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.complain(what);
    reply(400, "application/json", json!({"error": "invalid_request", "error_description": what}).to_string())
}

fn token(shared: &Shared, parts: &Parts, body: &Bytes) -> Response {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if parts.method != Method::POST
        || parts.uri.query().is_some()
        || parts.headers.contains_key(header::AUTHORIZATION)
        || !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        return malformed(shared, "not a form that is posted");
    }
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return malformed(shared, "a field twice");
        }
    }
    let path = parts.uri.path();
    match path.strip_suffix("/oauth2/v2.0/token") {
        Some(tenant) => microsoft(shared, tenant.trim_start_matches('/'), &form),
        None if path == "/token" => google(shared, &form),
        None => reply(404, "text/html", "<html>Not Found</html>"),
    }
}

fn microsoft(shared: &Shared, tenant: &str, form: &BTreeMap<String, String>) -> Response {
    let refuse = |status, name, number| reply(status, "application/json", microsoft_error(name, number));
    if !form.keys().map(String::as_str).eq(["client_id", "client_secret", "grant_type", "scope"]) {
        return malformed(shared, "not the fields of client_credentials");
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return malformed(shared, "another grant");
    }
    match () {
        () if tenant != TENANT => refuse(400, "invalid_request", 90_002),
        () if field("client_id") != CLIENT => refuse(400, "unauthorized_client", 700_016),
        () if field("client_secret") != SECRET => refuse(401, "invalid_client", 7_000_215),
        () if field("scope") != "https://outlook.office365.com/.default" => {
            refuse(400, "invalid_scope", 70_011)
        }
        () => {
            let (token, lives) = new_token(shared, "ey");
            let given = json!({
                "token_type": "Bearer", "expires_in": lives, "ext_expires_in": lives, "access_token": token,
            });
            reply(200, "application/json; charset=utf-8", given.to_string())
        }
    }
}

fn google(shared: &Shared, form: &BTreeMap<String, String>) -> Response {
    if !form.keys().map(String::as_str).eq(["assertion", "grant_type"]) {
        return malformed(shared, "not the fields of jwt-bearer");
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
        return malformed(shared, "another grant");
    }
    let checked = {
        let now = shared.now().as_second();
        let state = shared.lock();
        assertion::check(field("assertion"), &state.google_url, &state.mailbox, now)
    };
    if let Err((name, words)) = checked {
        let status = if name == "unauthorized_client" { 401 } else { 400 };
        return reply(status, "application/json; charset=utf-8", google_error(name, words));
    }
    let (token, lives) = new_token(shared, "ya29.");
    let given = json!({"access_token": token, "expires_in": lives, "token_type": "Bearer"});
    reply(200, "application/json; charset=utf-8", given.to_string())
}

fn new_token(shared: &Shared, beginning: &str) -> (String, u64) {
    let mut state = shared.lock();
    state.given += 1;
    let random = uuid::Uuid::now_v7().simple().to_string();
    let mut token = format!("{beginning}{}.{random}", state.given);
    while token.len() < state.length {
        token.push_str(&random);
    }
    state.tokens.push(token.clone());
    (token, state.lives)
}

fn introspect(shared: &Shared, parts: &Parts) -> Response {
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|given| given.strip_prefix("Bearer ")).unwrap_or_default();
    let state = shared.lock();
    let active = state.tokens.iter().any(|known| known == token);
    // RFC 7662 §2.2: of a token that does not count, nothing else is told.
    let about =
        if active { json!({"active": true, "email": state.mailbox}) } else { json!({"active": false}) };
    reply(200, "application/json", about.to_string())
}

/// In the form of Microsoft's own example ("Handling error codes in your application", learn.microsoft.com).
pub(super) fn microsoft_error(name: &str, number: u64) -> String {
    json!({
        "error": name,
        "error_description": format!("AADSTS{number}: about app '{CLIENT}'. Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333"),
        "error_codes": [number], "timestamp": "2026-11-30 08:00:00Z",
        "trace_id": "0000aaaa-11bb-cccc-dd22-eeeeee333333",
        "correlation_id": "aaaa0000-bb11-2222-33cc-444444dddddd",
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    })
    .to_string()
}

pub(super) fn google_error(name: &str, words: &str) -> String {
    json!({"error": name, "error_description": words}).to_string()
}
