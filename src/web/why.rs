//! "Why?": what was decided about anything that has an id, by which rules and settings, as its colleagues may read it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
};
use crate::{
    domain::{
        explain::{Explains, asked, capital, said},
        time::{Timestamp, day_in_full, moment_in_full, school_date},
    },
    flows::explain::{self, Decision, Explained, See, Version},
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/why/{id}", Who::Holders(READERS), why_page)]
}

/// A rule as a person reads it: what it asks, what it said, what it saw.
struct Rule {
    asked: String,
    said: String,
    saw: String,
}

/// A decision as a person reads it.
struct Decided {
    title: String,
    at: Option<String>,
    result: String,
    rules: Vec<Rule>,
    /// By which settings and calendar.
    versions: Vec<String>,
    /// What was said on the wire, line by line.
    wire: Vec<String>,
}

#[derive(Template)]
#[template(path = "why.html")]
struct WhyPage {
    frame: Frame,
    what: String,
    stands: String,
    carer: Option<String>,
    pupil: Option<String>,
    decisions: Vec<Decided>,
    see: Vec<See>,
    /// Its own page, where it has one.
    own: Option<String>,
}

async fn why_page(State(web): State<Web>, signed: Signed, Path(id): Path<String>) -> Result<Response, Wrong> {
    // Any word a link may hold: it must look like an id or a code before the database is asked.
    if id.len() > 40 || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Wrong::Absent);
    }
    let explained = explain::for_colleague(&web.gateway, signed.staff(), &id).await?;
    let Explained { kind, id, what, stands, carer, pupil, decisions, see } =
        explained.ok_or(Wrong::Absent)?;
    let now = web.gateway.now();
    let own = match kind {
        Explains::Case => Some(format!("/cases/{id}")),
        Explains::Complaint => Some(format!("/complaints/{id}")),
        Explains::Announcement => Some(format!("/announce/{id}")),
        _ => None,
    };
    let template = WhyPage {
        // No name stands in a title that the browser keeps: the thing may be restricted.
        frame: Frame::of(&web, &signed, &format!("Why? {}", capital(kind.in_words())), "/"),
        what: capital(&what),
        stands: sentence(&stands),
        carer,
        pupil,
        decisions: decisions.into_iter().map(|one| decided(one, now)).collect(),
        see,
        own,
    };
    Ok(frame::page(StatusCode::OK, &template))
}

fn decided(decision: Decision, now: Timestamp) -> Decided {
    let rules = decision.rules.into_iter().map(|rule| Rule {
        asked: asked(&rule.rule),
        said: said(&rule.verdict),
        saw: sentence(&rule.saw),
    });
    let versions = [("settings", decision.settings), ("calendar", decision.calendar)];
    Decided {
        title: decision.title,
        at: decision.at.map(|at| moment_in_full(at, now)),
        result: sentence(&decision.result),
        rules: rules.collect(),
        wire: decision.wire,
        versions: versions
            .into_iter()
            .filter_map(|(what, version)| Some(dated(what, &version?, now)))
            .collect(),
    }
}

/// With a capital letter, and without the full stop that the page writes.
fn sentence(said: &str) -> String {
    capital(said.trim_end_matches('.'))
}

fn dated(what: &str, version: &Version, now: Timestamp) -> String {
    let Version { digest, since } = version;
    match since {
        Some(since) => {
            let day = day_in_full(school_date(*since), school_date(now));
            format!("{what} version {digest}, in force since {day}")
        }
        None => format!("{what} version {digest}"),
    }
}
