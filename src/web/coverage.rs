//! Coverage: which weekly updates are due, done and missed, class by class, and whom none has reached. Of classes, never of
//! colleagues.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
};
use crate::{
    domain::{
        coverage::{SchoolWeek, Tally},
        staff::Role,
        time::{Date, day_in_words, school_date, week_of},
    },
    flows::coverage::{self, ClassWeek, Coverage},
    store::coverage::NotReached,
};

/// Each for the pupils they may see.
pub(super) const READERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    vec![get("/coverage", Who::Holders(READERS), coverage_page)]
}

/// A week one can look at.
struct WeekLine {
    monday: Date,
    name: String,
    tally: Tally,
    here: bool,
}

/// A carer not reached.
struct CarerLine {
    carer: NotReached,
    /// The week's name, where it is another than the one that is shown.
    week: Option<String>,
    /// What is being done.
    doing: String,
}

struct ClassLine {
    class: ClassWeek,
    carers: Vec<CarerLine>,
}

#[derive(Template)]
#[template(path = "coverage.html")]
struct CoveragePage {
    frame: Frame,
    /// `None`: the calendar has no school week up to now.
    week: Option<String>,
    /// Whether the week is over.
    over: bool,
    tally: Tally,
    weeks: Vec<WeekLine>,
    classes: Vec<ClassLine>,
    /// Whether there is a calendar at all.
    calendar_known: bool,
}

async fn coverage_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let found = coverage::of_week(&web.gateway, signed.staff(), which.week).await?;
    if found.is_none() && which.week.is_some() {
        return Err(Wrong::Absent);
    }
    let frame = Frame::of(&web, &signed, "Coverage", "/coverage");
    let calendar_known = web.gateway.policy().calendar.is_some();
    let template = match found {
        Some(found) => page_of(frame, found, today),
        None => CoveragePage {
            frame,
            week: None,
            over: false,
            tally: Tally::default(),
            weeks: Vec::new(),
            classes: Vec::new(),
            calendar_known,
        },
    };
    Ok(frame::page(StatusCode::OK, &template))
}

fn page_of(frame: Frame, found: Coverage, today: Date) -> CoveragePage {
    let shown = found.shown;
    let tally = found.weeks.iter().find(|(week, _)| *week == shown).map(|(_, tally)| *tally);
    // Weeks before anybody was on roll say nothing.
    let told = found.weeks.iter().filter(|(week, tally)| tally.due > 0 || *week == shown);
    let weeks = told.map(|(week, tally)| WeekLine {
        monday: week.monday,
        name: name(week.monday, today),
        tally: *tally,
        here: *week == shown,
    });
    CoveragePage {
        frame,
        week: Some(name(shown.monday, today)),
        over: is_over(&shown, today),
        tally: tally.unwrap_or_default(),
        weeks: weeks.collect(),
        classes: found.classes.into_iter().map(|class| class_line(class, &shown, today)).collect(),
        calendar_known: true,
    }
}

fn is_over(week: &SchoolWeek, today: Date) -> bool {
    week_of(today) > week.monday
}

/// `Monday 23 November`, with the year where it is another.
fn name(monday: Date, today: Date) -> String {
    let year = if monday.year() == today.year() { String::new() } else { format!(" {}", monday.year()) };
    format!("{}{year}", day_in_words(monday))
}

fn class_line(mut class: ClassWeek, shown: &SchoolWeek, today: Date) -> ClassLine {
    let carers = std::mem::take(&mut class.not_reached).into_iter().map(|carer| CarerLine {
        week: (carer.unreached.week != shown.monday).then(|| name(carer.unreached.week, today)),
        doing: doing(&carer),
        carer,
    });
    ClassLine { carers: carers.collect(), class }
}

/// What is being done to reach a carer.
fn doing(carer: &NotReached) -> String {
    match (&carer.unreached.on_its_way, &carer.unreached.task) {
        (Some(route), _) => format!("the message is on its way by {route} now"),
        (None, Some((kind, due))) => {
            let what = match kind.as_str() {
                "call" => "a call is on the list",
                "letter" => "a letter is to be posted",
                _ => "the office looks for another way",
            };
            format!("{what}, by {}", day_in_words(*due))
        }
        (None, None) => "nothing is under way: ring, and log it with the family".to_owned(),
    }
}
