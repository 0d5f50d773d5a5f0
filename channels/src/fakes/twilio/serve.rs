//! One request, from the line to the answer.

use std::{collections::HashMap, future::pending, sync::Arc};

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Deed, Shape, Shared, Taken, TwilioFake,
    post::{MALFORMED, Post},
    show,
};
use crate::fakes::{
    line::Line,
    stage::{cut_short, endless, redirect, reply},
};

const LARGEST_REQUEST: usize = 64 * 1024;

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
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else { return malformed(shared, "unreadable body") };
    let messages = format!("/2010-04-01/Accounts/{}/Messages.json", TwilioFake::ACCOUNT);
    let account = format!("/2010-04-01/Accounts/{}.json", TwilioFake::ACCOUNT);
    let Some(login) = login(shared, &parts) else {
        return show::error(401, 20_003, Shape::Classic, "Authenticate");
    };
    let path = parts.uri.path();
    if parts.method == Method::POST && path == messages {
        let _seen = shared.arrive().await;
        return post(shared, line, &parts, &body).await;
    }
    if parts.method != Method::GET {
        return malformed(shared, "method");
    }
    let deed = shared.question_deed();
    if let Some(deed) = deed {
        return misbehave(deed, line, show::json_answer(200, &json!({"messages": []}))).await;
    }
    match path {
        p if p == messages => list(shared, &parts),
        p if p == account && login == Login::Token => {
            let state = shared.lock();
            show::json_answer(200, &show::account(&state.account_status, &state.account_type))
        }
        // A standard API key may do everything but look at the account itself.
        p if p == account => show::error(401, 20_003, Shape::Classic, "Authenticate"),
        _ => show::error(404, 20_404, Shape::Classic, "The requested resource was not found"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    Token,
    Key,
}

fn login(shared: &Shared, parts: &Parts) -> Option<Login> {
    let given = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let given = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    let state = shared.lock();
    if state.logins_refused {
        None
    } else if given == format!("{}:{}", TwilioFake::ACCOUNT, TwilioFake::TOKEN) {
        Some(Login::Token)
    } else if given == format!("{}:{}", TwilioFake::KEY, TwilioFake::KEY_SECRET) {
        Some(Login::Key)
    } else {
        None
    }
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.complain(what);
    show::error(400, MALFORMED, Shape::Classic, what)
}

async fn post(shared: &Shared, line: &Line, parts: &Parts, body: &Bytes) -> Response {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return malformed(shared, "content type");
    }
    if parts.uri.query().is_some() {
        return malformed(shared, "query");
    }
    let post = match Post::read(body) {
        Ok(post) => post,
        Err((code, words)) => {
            shared.complain(words.clone());
            return show::error(show::status_of(code), code, Shape::Classic, &words);
        }
    };
    let deed = shared.post_deed();
    let answer = shared.lock().answers.get(post.to()).copied();
    if let Some((code, shape)) = answer {
        let words = format!("Message to {} was not taken", post.to());
        return show::error(show::status_of(code), code, shape, &words);
    }
    let Some(deed) = deed else { return taken(shared, post) };
    let answer = if deed.takes() { taken(shared, post) } else { ().into_response() };
    misbehave(deed, line, answer).await
}

fn taken(shared: &Shared, post: Post) -> Response {
    show::json_answer(201, &show::message(&shared.take(post)))
}

async fn misbehave(deed: Deed, line: &Line, answer: Response) -> Response {
    match deed {
        Deed::Throttle { retry_after } => {
            let mut response = show::error(429, 20_429, Shape::Classic, "Too Many Requests");
            if let Some(secs) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, secs.into());
            }
            response
        }
        Deed::Fail { status, .. } => reply(status, "text/html", "<html>upstream</html>"),
        Deed::Refuse { status, code, shape } => show::error(status, code, shape, "Not taken"),
        Deed::Cut { .. } => {
            line.cut();
            answer
        }
        Deed::CutShort => cut_short(answer),
        Deed::Hang { .. } => pending().await,
        Deed::Redirect => redirect(),
        Deed::Nameless => show::json_answer(201, &json!({"status": "queued"})),
        Deed::Garbled => reply(201, "application/json", "{\"sid\": \"SM"),
        Deed::Endless => endless(201),
    }
}

fn list(shared: &Shared, parts: &Parts) -> Response {
    let query = parts.uri.query().unwrap_or_default();
    let mut asked = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !["To", "From", "DateSent>", "DateSent<", "PageSize", "Page", "PageToken"].contains(&name.as_ref())
        {
            return malformed(shared, "list filter");
        }
        if asked.insert(name.to_string(), value.into_owned()).is_some() {
            return malformed(shared, "list filter twice");
        }
    }
    let number =
        |name: &str, default| asked.get(name).map_or(Some(default), |value| value.parse::<usize>().ok());
    let (Some(size @ 1..=1_000), Some(page)) = (number("PageSize", 50), number("Page", 0)) else {
        return malformed(shared, "page");
    };
    let midnight = |name: &str| asked.get(name).map(|day| show::midnight(day));
    let (sent_from, sent_to) = match (midnight("DateSent>"), midnight("DateSent<")) {
        (Some(None), _) | (_, Some(None)) => return malformed(shared, "DateSent is not a day"),
        (from, to) => (from.flatten(), to.flatten()),
    };
    let sent_within = |message: &Taken| {
        (sent_from.is_none() && sent_to.is_none())
            || (show::is_sent(message)
                && sent_from.is_none_or(|from| message.created >= from)
                && sent_to.is_none_or(|to| message.created <= to))
    };
    let state = shared.lock();
    let fits = |name: &str, value: Option<&str>| asked.get(name).is_none_or(|asked| value == Some(asked));
    let mut messages: Vec<_> = state
        .messages
        .iter()
        .filter(|m| fits("To", Some(&m.to)) && fits("From", m.from.as_deref()))
        .filter(|message| sent_within(message))
        .collect();
    messages.reverse();
    messages.sort_by_key(|message| std::cmp::Reverse(message.created));
    let uri = |page: usize| {
        let kept = asked.iter().filter(|(name, _)| !name.starts_with("Page"));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(kept)
            .append_pair("PageSize", &size.to_string())
            .append_pair("Page", &page.to_string());
        format!("{}{}?{}", state.pages_at, parts.uri.path(), query.finish())
    };
    show::json_answer(200, &show::page(&messages, size, page, uri))
}
