//! Health for IT's monitoring, and the webhooks that providers post to.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use liaison_channels::{
    message::ChannelId,
    receipt::{NotBelieved, Posted},
};
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::flows::{gateway::Gateway, receipts};

/// The largest post that is read, in bytes; a status post is a few hundred.
const LARGEST_POST: usize = 64 * 1024;

/// All routes.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/webhooks/{channel}/status", post(status))
        .layer(RequestBodyLimitLayer::new(LARGEST_POST))
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
async fn status(
    State(gateway): State<Arc<Gateway>>,
    Path(channel): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let sender = ChannelId::parse(&channel).ok().and_then(|id| gateway.senders.get(&id));
    let Some(callback) = sender.and_then(|sender| sender.callback()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let path_and_query = uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let receipts = match callback.receipts(&Posted { path_and_query, headers: &headers, body: &body }) {
        Ok(receipts) => receipts,
        Err(NotBelieved::Forged) => {
            tracing::warn!(channel, "refused a webhook post: the signature is missing or wrong");
            return StatusCode::FORBIDDEN.into_response();
        }
        Err(NotBelieved::Unreadable(why)) => {
            tracing::warn!(channel, "a signed webhook post could not be read: {why}");
            return StatusCode::UNPROCESSABLE_ENTITY.into_response();
        }
    };
    match receipts::keep(&gateway, &channel, &receipts).await {
        Ok(_) => {
            let (content_type, body) = callback.answer();
            (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(error) => {
            tracing::warn!(channel, "a webhook post could not be kept: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
