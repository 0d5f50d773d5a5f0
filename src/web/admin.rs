//! Where the school's own people look after Liaison: an index of the pages behind it, each for the roles it is for.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
};
use crate::domain::staff::Role;

/// Who finds anything here.
pub(super) const READERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl, Role::It];

/// The pages behind the index: path, name, what is done there, and for whom.
const PAGES: &[(&str, &str, &str, &[Role])] = &[
    (
        "/admin/calendar",
        "Calendar",
        "Terms, INSET days and closures, and which answers a change would put off.",
        super::admin_calendar::KEEPERS,
    ),
    (
        "/admin/wording",
        "Wording",
        "Every message the school sends, as it reads now, and the words that are the school's own.",
        super::admin_wording::EDITORS,
    ),
    (
        "/admin/channels",
        "Channels",
        "What messages leave and arrive by, how it is, and pausing one or all of it.",
        super::admin_channels::READERS,
    ),
    (
        "/admin/queue",
        "Queue",
        "Messages that wait, failed, were refused, or may have gone.",
        super::admin_queue::READERS,
    ),
    (
        "/admin/import",
        "Import",
        "Contact data from the school's own system: see what would change, then approve it.",
        super::admin_import::IMPORTERS,
    ),
    (
        "/admin/staff",
        "Staff",
        "Who may sign in, as what, and with which classes.",
        super::admin_staff::MANAGERS,
    ),
];

pub(super) fn served() -> Vec<Served> {
    vec![get("/admin", Who::Holders(READERS), index_page)]
}

#[derive(Template)]
#[template(path = "admin.html")]
struct IndexPage {
    frame: Frame,
    pages: Vec<(&'static str, &'static str, &'static str)>,
}

async fn index_page(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    let pages = PAGES.iter().filter(|(_, _, _, roles)| signed.is(roles));
    let template = IndexPage {
        frame: Frame::of(&web, &signed, "Admin", "/admin"),
        pages: pages.map(|(path, name, what, _)| (*path, *name, *what)).collect(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}
