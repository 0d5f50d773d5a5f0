//! Health for IT's monitoring, and the webhooks that providers post to.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, OriginalUri, Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use liaison_channels::{
    inbound::{Event, KeptText, RawForm},
    message::ChannelId,
    receipt::{NotBelieved, Posted, Receipt},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    flows::{FlowError, gateway::Gateway, keep, receipts},
    store::{explain, inbox},
};

/// The largest post that is read, in bytes; a status post is a few hundred.
const LARGEST_POST: usize = 64 * 1024;

/// The routes that machines use.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/webhooks/{channel}/{what}", post(posted).get(posted))
        .route("/metrics", get(metrics))
        .layer(DefaultBodyLimit::max(LARGEST_POST))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(10)))
        .layer(CatchPanicLayer::new())
        .with_state(gateway)
}

/// 200 when the database answers and is migrated; 503 with a sentence otherwise.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    match gateway.store.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")).into_response(),
    }
}

/// A provider reports on a message: verify, keep, commit, and only then answer 2xx. While the database is away the
/// answer is 503, so that a provider that repeats will. A forged post is refused and nothing of it is kept.
async fn posted(
    State(gateway): State<Arc<Gateway>>,
    Path((channel, what)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !matches!(what.as_str(), "status" | "text") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let sender = ChannelId::parse(&channel).ok().and_then(|id| gateway.senders.get(&id));
    let Some(callback) = sender.and_then(|sender| sender.callback()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match body {
        Ok(body) => body,
        Err(why) => {
            tracing::warn!(channel, status = %why.status(), "a webhook post was not read: it is over 64 KiB, or broke off");
            return why.into_response();
        }
    };
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let path_and_query = uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let events = match callback.events(&Posted { path_and_query, headers: &headers, body: &body }) {
        Ok(events) => Ok(events),
        Err(NotBelieved::Forged(why)) => {
            gateway.refused.count(&channel, why);
            return StatusCode::FORBIDDEN.into_response();
        }
        Err(NotBelieved::Unreadable(why)) => {
            tracing::warn!(channel, "a signed webhook post could not be read: {why}");
            Err(why)
        }
    };
    // Some providers can be set to call us by GET: then all of it stands in the address.
    let told = if body.is_empty() { uri.query().unwrap_or_default().as_bytes() } else { &body };
    match keep_events(&gateway, &channel, events, callback.form(), told).await {
        Ok(()) => {
            let (content_type, body) = callback.answer();
            (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(error) => {
            tracing::warn!(channel, "a webhook post could not be kept: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Keeps what a post told: texts first, for they exist nowhere else, then receipts. A signed post that cannot be read is
/// kept as it is, for a person: answering an error would make the provider give up on it.
async fn keep_events(
    gateway: &Gateway,
    channel: &str,
    events: Result<Vec<Event>, &'static str>,
    form: RawForm,
    body: &[u8],
) -> Result<(), FlowError> {
    let events = match events {
        Ok(events) => events,
        Err(why) => {
            keep::unreadable_post(gateway, channel, form, body, why).await?;
            return Ok(());
        }
    };
    let (mut texts, mut told): (Vec<KeptText>, Vec<Receipt>) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Text(text) => texts.push(*text),
            Event::Receipt(receipt) => told.push(receipt),
        }
    }
    if !texts.is_empty() {
        keep::texts(gateway, channel, &texts).await?;
    }
    if !told.is_empty() {
        receipts::keep(gateway, channel, &told).await?;
    }
    Ok(())
}

/// Counts for IT's monitoring, in Prometheus's text form. No names, no addresses.
async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    match counts(&gateway).await {
        Ok(mut text) => {
            let _ = writeln!(text, "# TYPE liaison_webhook_refused_total counter");
            for (channel, why, count) in gateway.refused.all() {
                let _ = writeln!(
                    text,
                    "liaison_webhook_refused_total{{channel=\"{channel}\",reason=\"{why}\"}} {count}"
                );
            }
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")).into_response(),
    }
}

async fn counts(gateway: &Gateway) -> Result<String, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let mut text = String::from("# TYPE liaison_deliveries gauge\n");
    for (channel, state, count) in explain::counts(&mut connection).await? {
        let _ = writeln!(text, "liaison_deliveries{{channel=\"{channel}\",state=\"{state}\"}} {count}");
    }
    let unread = inbox::unread(&mut connection).await?;
    let _ = writeln!(text, "# TYPE liaison_received_unread gauge\nliaison_received_unread {unread}");
    Ok(text)
}
