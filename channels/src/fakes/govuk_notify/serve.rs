//! One request, from the line to the answer.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{GovukNotifyFake, Shared, auth, letters, post, show};
use crate::fakes::line::Line;

const LARGEST_REQUEST: usize = 4 * 1024 * 1024;
/// Elements of a page of any list.
const PAGE: usize = 250;

pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let response = handle(&shared, &line, request).await;
    shared.dated(response)
}

async fn handle(shared: &Shared, line: &Line, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return refused(shared, "the body is unreadable");
    };
    if let Err((status, error, message)) = auth::check(&parts.headers, shared.now()) {
        return show::refusal(status, error, message);
    }
    if shared.lock().keys_revoked {
        return show::refusal(403, "AuthError", "Invalid token: API key revoked");
    }
    let path = parts.uri.path().to_owned();
    let read = match path.as_str() {
        "/v2/notifications/sms" => Some(post::read as Read),
        "/v2/notifications/email" => Some(post::read_mail as Read),
        "/v2/notifications/letter" => Some(letters::read as Read),
        _ => None,
    };
    if let Some(read) = read.filter(|_| parts.method == Method::POST) {
        let _seen = shared.arrive().await;
        return message(shared, line, &parts, &body, read).await;
    }
    if parts.method != Method::GET {
        return refused(shared, "the method is not documented");
    }
    if let Some(deed) = shared.question_deed() {
        return deed.commit(line, show::json_answer(200, &json!({"notifications": [], "links": {}}))).await;
    }
    match (path.as_str(), query(&parts)) {
        ("/v2/notifications", Some(query)) => notifications(shared, &query),
        ("/v2/received-text-messages", Some(query)) => received(shared, &query),
        (path, Some(query)) if query.is_empty() => template(shared, path),
        _ => refused(shared, "the query is not documented"),
    }
}

/// A request that the adapter should never have made.
fn refused(shared: &Shared, what: &str) -> Response {
    shared.complain(what);
    show::refusal(400, "ValidationError", what)
}

/// A query's parameters, each once.
fn query(parts: &Parts) -> Option<HashMap<String, String>> {
    let mut asked = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        if asked.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(asked)
}

/// Reads a posted message.
type Read = fn(&[u8], &super::State) -> Result<post::New, post::Refusal>;

async fn message(shared: &Shared, line: &Line, parts: &Parts, body: &Bytes, read: Read) -> Response {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some("application/json") || parts.uri.query().is_some() {
        return refused(shared, "a message is posted as JSON, without a query");
    }
    let read = read(body, &shared.lock());
    let new = match read {
        Ok(new) => new,
        Err((status, error, message)) => {
            shared.complain(message.clone());
            return show::refusal(status, error, &message);
        }
    };
    let answer = shared.lock().answers.get(&new.to).cloned();
    if let Some((status, error)) = answer {
        return show::refusal(status, &error, &format!("{} was not taken", new.to));
    }
    let deed = shared.post_deed();
    let takes = deed.as_ref().is_none_or(super::Deed::takes);
    let answer =
        if takes { show::json_answer(201, &show::created(&shared.take(new))) } else { ().into_response() };
    match deed {
        Some(deed) => deed.commit(line, answer).await,
        None => answer,
    }
}

/// A page of a list that runs from new to old, from after `older_than` on. An id that is not there ends it.
fn page<'a, T>(all: &'a [T], older_than: Option<&String>, id: impl Fn(&T) -> &String) -> Vec<&'a T> {
    let newest_first = all.iter().rev();
    match older_than {
        None => newest_first.take(PAGE).collect(),
        Some(older) => newest_first.skip_while(|one| id(one) != older).skip(1).take(PAGE).collect(),
    }
}

fn notifications(shared: &Shared, query: &HashMap<String, String>) -> Response {
    if query.keys().any(|name| {
        !["reference", "template_type", "status", "older_than", "include_jobs"].contains(&name.as_str())
    }) {
        return refused(shared, "Additional properties are not allowed");
    }
    let kind = query.get("template_type");
    if kind.is_none_or(|kind| !["sms", "email", "letter"].contains(&kind.as_str())) {
        return refused(shared, "texts, emails and letters are asked for apart");
    }
    if query.get("older_than").is_some_and(|id| Uuid::try_parse(id).is_err()) {
        return refused(shared, "older_than is not a valid UUID");
    }
    let state = shared.lock();
    let reference = query.get("reference");
    let fits = |text: &&super::Taken| {
        Some(text.kind) == kind.map(String::as_str)
            && (reference.is_none() || text.reference.as_ref() == reference)
    };
    let texts: Vec<_> = state.texts.iter().filter(fits).collect();
    let page = page(&texts, query.get("older_than"), |text| &text.id);
    let shown: Vec<_> = page.into_iter().map(|text| show::notification(text)).collect();
    list("notifications", "notifications", &shown)
}

fn received(shared: &Shared, query: &HashMap<String, String>) -> Response {
    if query.keys().any(|name| name != "older_than") {
        return refused(shared, "Additional properties are not allowed");
    }
    let mut state = shared.lock();
    let with_space = state.dates_with_space;
    state.received.sort_by_key(|received| received.created);
    let shown = page(&state.received, query.get("older_than"), |text| &text.id);
    let shown: Vec<_> = shown.into_iter().map(|text| show::received(text, with_space)).collect();
    list("received_text_messages", "received-text-messages", &shown)
}

/// A list names a next page whenever this one has anything on it.
fn list(name: &str, path: &str, shown: &[Value]) -> Response {
    let base = format!("https://api.notifications.service.gov.uk/v2/{path}");
    let last = shown.last().and_then(|last| last.get("id")).and_then(Value::as_str);
    let links = match last {
        Some(id) => json!({"current": base, "next": format!("{base}?older_than={id}")}),
        None => json!({"current": base}),
    };
    show::json_answer(200, &json!({name: shown, "links": links}))
}

fn template(shared: &Shared, path: &str) -> Response {
    match path.strip_prefix("/v2/template/") {
        Some(GovukNotifyFake::TEMPLATE) => {
            let state = shared.lock();
            show::json_answer(200, &show::whole_template(&state.template, state.contact_block.as_deref()))
        }
        _ => show::refusal(404, "NoResultFound", "No result found"),
    }
}
