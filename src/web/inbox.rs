//! The inbox: cases mine, of my classes and of the school, what is due first standing first; and the closed ones.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    cases::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{case_place, moment_place, of_case, of_moment},
};
use crate::{
    domain::{
        staff::Role,
        time::{Timestamp, moment_in_full},
    },
    flows::{
        cases::Listed,
        lists::{self, MOST_CLOSED},
    },
    store::case_lists::{Counts, List},
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/cases", Who::Holders(READERS), inbox_page)]
}

/// A list one can go to.
struct Tab {
    word: &'static str,
    name: &'static str,
    count: String,
    here: bool,
}

/// A case on a list.
struct Line {
    case: Listed,
    due: Option<String>,
    opened: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    frame: Frame,
    tabs: Vec<Tab>,
    list: &'static str,
    lines: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
    /// How many more there are with colleagues.
    elsewhere: i64,
}

/// The lists of a colleague, the first one being where the inbox opens.
fn lists_of(signed: &Signed) -> Vec<(&'static str, &'static str)> {
    let mut lists = vec![("mine", "Mine")];
    if signed.is(&[Role::Teacher]) {
        lists.push(("classes", "My classes"));
    }
    if signed.is(&[Role::Office, Role::Slt, Role::Dsl]) {
        lists.push(("school", "School"));
    }
    lists.push(("closed", "Closed"));
    lists
}

async fn inbox_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let lists = lists_of(&signed);
    let wanted = lists.iter().map(|(word, _)| *word).find(|word| which.list.as_deref() == Some(word));
    let list = wanted.unwrap_or("mine");
    let (listed, next, counts) = read(&web, &signed, list, which.place.as_deref()).await?;
    let now = web.gateway.now();
    let elsewhere = match list {
        "mine" if signed.is(&[Role::Office, Role::Slt, Role::Dsl]) => counts.school - counts.mine,
        "mine" => counts.classes - counts.mine,
        _ => 0,
    };
    let title = if list == "closed" { "Closed cases" } else { "Inbox" };
    let template = InboxPage {
        frame: Frame::of(&web, &signed, title, "/cases").after(which.done.as_deref()),
        tabs: lists
            .into_iter()
            .map(|(word, name)| Tab { word, name, count: count(word, &counts), here: word == list })
            .collect(),
        list,
        lines: listed.into_iter().map(|case| line(case, now)).collect(),
        next: next.map(|place| format!("/cases?list={list}&after={place}")),
        first: which.place.is_none(),
        elsewhere,
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// A page of a list, and where it goes on.
async fn read(
    web: &Web,
    signed: &Signed,
    list: &str,
    after: Option<&str>,
) -> Result<(Vec<Listed>, Option<String>, Counts), Wrong> {
    let open = match list {
        "closed" => {
            let before = after.and_then(moment_place);
            let (page, counts) = lists::closed_cases(&web.gateway, signed.staff(), before).await?;
            return Ok((page.lines, page.next.as_ref().map(of_moment), counts));
        }
        "classes" => List::Classes,
        "school" => List::School,
        _ => List::Mine,
    };
    let after = after.and_then(case_place);
    let (page, counts) = lists::open_cases(&web.gateway, signed.staff(), open, after).await?;
    Ok((page.lines, page.next.as_ref().map(of_case), counts))
}

fn count(word: &str, counts: &Counts) -> String {
    match word {
        "mine" => counts.mine.to_string(),
        "classes" => counts.classes.to_string(),
        "school" => counts.school.to_string(),
        _ if counts.closed > MOST_CLOSED => format!("more than {MOST_CLOSED}"),
        _ => counts.closed.to_string(),
    }
}

fn line(case: Listed, now: Timestamp) -> Line {
    Line {
        due: case.due.map(|due| moment_in_full(due, now)),
        opened: moment_in_full(case.opened_at, now),
        case,
    }
}
