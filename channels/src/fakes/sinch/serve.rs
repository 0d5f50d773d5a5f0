//! One request, from the line to the answer.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::Response,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Shared, SinchFake, Taken, batch::Batch, new_id};
use crate::{
    fakes::{
        deed::{json_reply, nothing},
        line::Line,
        stage::reply,
    },
    text::{Encoding, measure},
};

const LARGEST_REQUEST: usize = 64 * 1024;

pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let response = handle(&shared, &line, request).await;
    shared.stage.dated(response)
}

async fn handle(shared: &Shared, line: &Line, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else { return malformed(shared, "unreadable body") };
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shared.lock().logins_refused || token != Some(&format!("Bearer {}", SinchFake::TOKEN)) {
        // The provider says so with nothing but the status.
        return reply(401, "application/json", "");
    }
    let plan = format!("/xms/v1/{}", SinchFake::PLAN);
    let Some(path) = parts.uri.path().strip_prefix(&plan) else { return reply(404, "text/html", "") };
    match (&parts.method, path) {
        (&Method::POST, "/batches") => {
            let _here = shared.stage.arrive().await;
            post(shared, line, &parts, &body).await
        }
        (&Method::POST, "/batches/dry_run") => match shared.stage.question_deed() {
            Some(deed) => {
                deed.perform(line, nothing(), |status, code| refusal(status, code, "Not taken")).await
            }
            None => dry_run(shared, &parts, &body),
        },
        (&Method::GET, "/batches" | "/inbounds") => match shared.stage.question_deed() {
            Some(deed) => {
                deed.perform(line, nothing(), |status, code| refusal(status, code, "Not taken")).await
            }
            None => list(shared, &parts, path),
        },
        _ => malformed(shared, "no such operation"),
    }
}

/// An error answer as the provider writes it.
fn refusal(status: u16, code: &str, words: &str) -> Response {
    json_reply(status, &json!({"code": code, "text": words}))
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.stage.complain(what);
    refusal(400, "syntax_constraint_violation", what)
}

fn read(shared: &Shared, parts: &Parts, body: &Bytes) -> Result<Batch, Box<Response>> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type != Some("application/json") {
        return Err(malformed(shared, "content type").into());
    }
    if parts.uri.query().is_some() {
        return Err(malformed(shared, "query").into());
    }
    Batch::read(body, shared.stage.now()).map_err(|(code, words)| {
        shared.stage.complain(words.clone());
        refusal(if code.starts_with("syntax") { 400 } else { 403 }, code, &words).into()
    })
}

async fn post(shared: &Shared, line: &Line, parts: &Parts, body: &Bytes) -> Response {
    let batch = match read(shared, parts, body) {
        Ok(batch) => batch,
        Err(refused) => return *refused,
    };
    let Some(deed) = shared.stage.post_deed() else { return taken(shared, batch) };
    // Repeats the number, so that leaks are found.
    let blamed = shared.lock().blamed.map(|member| format!("'{member}': ")).unwrap_or_default();
    let words = format!("{blamed}The message to {} was not taken", batch.to);
    let proper = if deed.takes() { taken(shared, batch) } else { nothing() };
    deed.perform(line, proper, |status, code| refusal(status, code, &words)).await
}

fn taken(shared: &Shared, batch: Batch) -> Response {
    let taken = Taken {
        id: new_id(),
        to: batch.to,
        body: batch.body,
        created: shared.stage.now(),
        fields: batch.fields,
    };
    let told = show(&taken);
    shared.lock().batches.push(taken);
    json_reply(201, &told)
}

/// A batch as the provider tells of it: numbers without `+`, whatever they were posted with.
fn show(taken: &Taken) -> Value {
    let mut told = taken.fields.clone();
    told.insert("id".to_owned(), taken.id.clone().into());
    told.insert("to".to_owned(), json!([taken.to.trim_start_matches('+')]));
    told.insert("canceled".to_owned(), false.into());
    told.insert("created_at".to_owned(), date(taken.created).into());
    told.insert("modified_at".to_owned(), date(taken.created).into());
    told.into()
}

pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn dry_run(shared: &Shared, parts: &Parts, body: &Bytes) -> Response {
    let batch = match read(shared, parts, body) {
        Ok(batch) => batch,
        Err(refused) => return *refused,
    };
    let measure = measure(&batch.body);
    let encoding = if measure.encoding == Encoding::Gsm7 { "text" } else { "unicode" };
    json_reply(
        200,
        &json!({"number_of_recipients": 1, "number_of_messages": measure.parts, "per_recipient": [
            {"recipient": batch.to, "body": batch.body, "number_of_parts": measure.parts, "encoding": encoding}
        ]}),
    )
}

fn list(shared: &Shared, parts: &Parts, path: &str) -> Response {
    let mut asked = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        let known = ["page", "page_size", "start_date", "end_date", "client_reference", "from", "to"];
        if !known.contains(&name.as_ref()) || asked.insert(name.to_string(), value.into_owned()).is_some() {
            return malformed(shared, "list filter");
        }
    }
    let number =
        |name: &str, default| asked.get(name).map_or(Some(default), |value| value.parse::<usize>().ok());
    let (Some(page), Some(size @ 1..=100)) = (number("page", 0), number("page_size", 30)) else {
        return malformed(shared, "page");
    };
    // Without a date, only the last day.
    let day = jiff::SignedDuration::from_hours(24);
    let since = match asked.get("start_date").map(|date| (date.len() == 24, date.parse::<Timestamp>())) {
        None => shared.stage.now().saturating_sub(day).unwrap_or(Timestamp::MIN),
        Some((true, Ok(since))) => since,
        Some(_) => return malformed(shared, "start_date"),
    };
    let state = shared.lock();
    let mut found: Vec<(Timestamp, Value)> = if path == "/batches" {
        let reference = asked.get("client_reference").filter(|_| !state.filter_unheeded);
        let told = state.batches.iter().map(|taken| (taken.created, show(taken)));
        told.filter(|(_, told)| {
            reference.is_none_or(|asked| told.get("client_reference") == Some(&Value::from(asked.as_str())))
        })
        .collect()
    } else {
        state.arrived.iter().map(|arrived| (arrived.received, arrived.told.clone())).collect()
    };
    found.retain(|(at, _)| *at >= since);
    // From new to old; of one moment, the later first.
    found.reverse();
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let size = size.min(state.largest_page.unwrap_or(usize::MAX));
    let shown: Vec<_> = found.iter().skip(page * size).take(size).map(|(_, told)| told.clone()).collect();
    let mut answer = json!({"page": page, "page_size": shown.len()});
    if let (Some(answer), false) = (answer.as_object_mut(), state.count_untold) {
        answer.insert("count".to_owned(), found.len().into());
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(path.trim_start_matches('/').to_owned(), shown.into());
    }
    json_reply(200, &answer)
}
