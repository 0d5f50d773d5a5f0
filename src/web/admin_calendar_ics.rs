//! Another program's calendar as a proposal: a colleague says of each of its events what it is, or that it is nothing that
//! counts days. What comes of it is looked at like any other change before it is adopted.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    admin_calendar::{KEEPERS, look_at},
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    guard::Signed,
    post,
    sent::{Fields, Sent},
};
use crate::domain::{
    calendar::{Calendar, Kind, Proposed, Span, edited_with},
    time::Date,
};

pub(super) fn served() -> Vec<Served> {
    vec![post("/admin/calendar/picked", Who::Holders(KEEPERS), picked)]
}

/// What may be days of the calendar, with what a colleague says it is.
struct Row {
    title: String,
    from: Date,
    until: Date,
    in_words: String,
    /// What it is; `None`: left out.
    kind: Option<Kind>,
    known: bool,
    repeats: bool,
}

impl Row {
    fn of(proposed: Proposed, present: Option<&Calendar>) -> Self {
        let is = |span: &Span| {
            span.from == proposed.from && span.until == proposed.until && Some(span.kind) == proposed.kind
        };
        let known = present.is_some_and(|calendar| calendar.spans().iter().any(is));
        Self {
            in_words: proposed.span(Kind::Term).days_in_words(),
            kind: proposed.kind.filter(|_| !known),
            title: proposed.title,
            from: proposed.from,
            until: proposed.until,
            known,
            repeats: proposed.repeats,
        }
    }

    /// As a form has the rows, one after the other.
    fn all(fields: &Fields) -> Vec<Self> {
        let row = |n: usize| {
            let (from, until) = (fields.parsed(&format!("from-{n}"))?, fields.parsed(&format!("until-{n}"))?);
            let title = fields.text(&format!("title-{n}")).to_owned();
            let kind = Kind::parse(fields.text(&format!("kind-{n}")));
            let proposed =
                Proposed { title, from, until, kind, repeats: fields.ticked(&format!("repeats-{n}")) };
            (from <= until).then(|| Self::of(proposed, None))
        };
        (0..).map_while(row).collect()
    }

    fn span(&self) -> Option<Span> {
        let kind = self.kind?;
        Some(Span { kind, from: self.from, until: self.until, reason: self.title.clone(), announced: None })
    }
}

#[derive(Template)]
#[template(path = "admin_calendar_ics.html")]
struct IcsPage {
    frame: Frame,
    rows: Vec<Row>,
    kinds: [Kind; 4],
    base: String,
}

/// The events of a file, each to be said what it is.
pub(super) fn show_proposed(web: &Web, signed: &Signed, proposed: Vec<Proposed>) -> Response {
    let policy = web.gateway.policy();
    let rows = proposed.into_iter().map(|one| Row::of(one, policy.calendar.as_ref())).collect();
    show(web, signed, StatusCode::OK, rows, None)
}

fn show(web: &Web, signed: &Signed, status: StatusCode, rows: Vec<Row>, fault: Option<&str>) -> Response {
    let template = IcsPage {
        frame: Frame::of(web, signed, "What these days are", "/admin").refused(fault.map(in_page_words)),
        rows,
        kinds: [Kind::Term, Kind::HalfTerm, Kind::Inset, Kind::Closure],
        base: web.gateway.policy().calendar_version(),
    };
    frame::page(status, &template)
}

async fn picked(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let rows = Row::all(&sent.fields);
    let spans: Vec<Span> = rows.iter().filter_map(Row::span).collect();
    let policy = web.gateway.policy();
    let refused = if sent.fields.text("base") != policy.calendar_version() {
        "another calendar was adopted since you chose the file: look at the days again".to_owned()
    } else if spans.is_empty() {
        "every event is left out: say of at least one what it is".to_owned()
    } else {
        match edited_with(policy.calendar.as_ref(), &spans) {
            Ok(csv) => {
                return look_at(&web, &signed, csv.as_bytes(), "From the school's own calendar", sent.fields)
                    .await;
            }
            Err(faults) => faults.join("; "),
        }
    };
    Ok(show(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, rows, Some(&refused)))
}
