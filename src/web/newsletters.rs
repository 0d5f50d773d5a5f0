//! The one page that carers reach: it ends newsletters, and nothing else (RFC 8058).
//!
//! Mail programs press the button themselves, with a bare POST from anywhere and without a cookie, so this page has neither
//! session nor form mark: the link's own mark is all there is to prove. Looking changes nothing, for scanners of mail follow
//! every link. Neither page names anybody.

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    Web, frame,
    frame::{Frame, Wrong},
};
use crate::{domain::tag::NEWSLETTERS, flows::newsletters};

/// What a mail program posts is two dozen bytes.
const LARGEST: usize = 4096;

/// The page's routes.
pub(super) fn router() -> Router<Web> {
    Router::new()
        .route(&format!("{NEWSLETTERS}{{mark}}"), get(ask).post(end))
        .layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Template)]
#[template(path = "newsletters.html")]
struct NewslettersPage {
    frame: Frame,
    office: String,
    /// The link's own path, to be posted to; `None` once they are ended.
    asks: Option<String>,
}

fn page(web: &Web, title: &str, asks: Option<String>) -> Response {
    let office = web.gateway.policy().school.office_phone.clone();
    frame::page(StatusCode::OK, &NewslettersPage { frame: Frame::open(web, title), office, asks })
}

async fn ask(State(web): State<Web>, Path(mark): Path<String>) -> Result<Response, Wrong> {
    if !newsletters::known(&web.gateway, &mark).await? {
        return Err(Wrong::Absent);
    }
    Ok(page(&web, "No more newsletters?", Some(format!("{NEWSLETTERS}{mark}"))))
}

async fn end(State(web): State<Web>, Path(mark): Path<String>) -> Result<Response, Wrong> {
    if !newsletters::end(&web.gateway, &mark).await? {
        return Err(Wrong::Absent);
    }
    Ok(page(&web, "No more newsletters", None))
}
