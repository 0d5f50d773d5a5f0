//! Staff pages, health for IT's monitoring, and the webhooks that providers post to.
//!
//! Pages are rendered here and work without scripts. What a person may see is decided in Postgres: a page reads in a
//! transaction of [`crate::store::Store::as_colleague`]; what it changes, it changes by flows. Every page stands in
//! [`routes`] with who may open it.

mod admin;
mod admin_calendar;
mod admin_calendar_ics;
mod admin_channels;
mod admin_import;
mod admin_queue;
mod admin_staff;
mod admin_wording;
mod admin_words;
mod announce;
mod announce_deeds;
mod announce_one;
mod announce_to;
mod approve;
mod ask_again;
mod attachments;
mod audit;
mod away;
mod calls;
mod carer_deeds;
mod carers;
mod case_deeds;
mod cases;
mod channel_lines;
mod chronology;
mod complaints;
mod contact;
mod contacts;
mod coverage;
mod english;
mod entry;
mod frame;
mod guard;
mod health;
mod home;
mod hooks;
mod inbox;
mod letters;
mod life;
mod newsletters;
mod paging;
mod people;
mod play;
mod preview;
mod put_wrongly;
mod questions;
mod records;
mod restrictions;
mod safeguarding;
mod search;
mod sent;
mod tasks;
mod throttle;
mod todo;
mod translation;
mod upload;
mod week;
mod why;
mod working;
mod write;
mod year;

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::MethodRouter};
use liaison_channels::private::Private;

use crate::{
    domain::staff::Role,
    flows::{gateway::Gateway, play::Play},
};

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where people reach the pages, such as `https://liaison.ourschool.example`; without it, only that they do by TLS is
    /// taken for granted.
    pub public_url: Option<String>,
    /// Roles that must set up a second factor.
    pub second_factor: Vec<Role>,
    /// The demo: invented people, one-press sign-in.
    pub demo: bool,
    /// In the demo, where its carers' mail and texts lie.
    pub play: Option<Play>,
    /// How long a browser waits for what a form does before it is shown how far that is.
    pub patience: Duration,
}

impl Default for Site {
    fn default() -> Self {
        let (public_url, second_factor, demo, play) = (None, Vec::new(), false, None);
        Self { public_url, second_factor, demo, play, patience: working::PATIENCE }
    }
}

/// What every page stands on.
pub(crate) struct Pages {
    gateway: Arc<Gateway>,
    site: Site,
    throttle: throttle::Throttle,
    working: working::Working,
}

/// What every page stands on, shared.
pub(crate) type Web = Arc<Pages>;

/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 256 * 1024;

/// Who may open a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody, signed in or not.
    Anyone,
    /// Every colleague who is signed in.
    Colleagues,
    /// Colleagues who hold one of these roles.
    Holders(&'static [Role]),
}

/// A page or a deed of one.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path, with `{…}` for what varies.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
}

type Served = (Route, MethodRouter<Web>);

/// A page to look at.
fn get<H, T>(path: &'static str, who: Who, handler: H) -> Served
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    (Route { method: "GET", path, who }, axum::routing::get(handler))
}

/// A deed.
fn post<H, T>(path: &'static str, who: Who, handler: H) -> Served
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    (Route { method: "POST", path, who }, axum::routing::post(handler))
}

fn served() -> Vec<Served> {
    [
        entry::served(),
        home::served(),
        inbox::served(),
        attachments::served(),
        cases::served(),
        case_deeds::served(),
        complaints::served(),
        records::served(),
        questions::served(),
        people::served(),
        restrictions::served(),
        carers::served(),
        carer_deeds::served(),
        search::served(),
        safeguarding::served(),
        week::served(),
        year::served(),
        write::served(),
        preview::served(),
        put_wrongly::served(),
        english::served(),
        calls::served(),
        letters::served(),
        life::served(),
        play::served(),
        announce::served(),
        announce_one::served(),
        announce_deeds::served(),
        contact::served(),
        contacts::served(),
        health::served(),
        away::served(),
        coverage::served(),
        approve::served(),
        ask_again::served(),
        audit::served(),
        todo::served(),
        translation::served(),
        tasks::served(),
        why::served(),
        working::served(),
        admin::served(),
        admin_calendar::served(),
        admin_calendar_ics::served(),
        admin_channels::served(),
        admin_queue::served(),
        admin_wording::served(),
        admin_words::served(),
        admin_staff::served(),
        admin_import::served(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every page and deed with who may; the router is made of nothing else.
pub fn routes() -> Vec<Route> {
    served().into_iter().map(|(route, _)| route).collect()
}

/// All routes: pages, health and webhooks.
pub fn router(gateway: Arc<Gateway>, site: Site) -> Router {
    let web: Web = Arc::new(Pages {
        gateway: Arc::clone(&gateway),
        site,
        throttle: throttle::Throttle::default(),
        working: working::Working::default(),
    });
    let mut pages = Router::new();
    for (route, handler) in served() {
        let guard = middleware::from_fn_with_state((Arc::clone(&web), route.who), guard::let_in);
        pages = pages.route(route.path, handler.route_layer(guard));
    }
    let pages = pages
        .merge(newsletters::router())
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::nothing_here)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(middleware::from_fn_with_state(Arc::clone(&web), guard::headers))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(|_| frame::panicked()))
        .with_state(web);
    hooks::router(gateway).merge(pages)
}

/// Words that are shown to the person they are for.
fn shown(words: &Private<String>) -> String {
    words.expose().clone()
}
