//! What there is to do today.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::SignedDuration;

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
};
use crate::{
    domain::time::{day_in_words, school_date},
    store::{
        StoreError,
        desk::{self, TaskLine, Waiting},
    },
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/", Who::Colleagues, home_page)]
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    today: String,
    waiting: Waiting,
    tasks: Vec<Todo>,
    /// Whether this colleague meets carers' messages at all.
    sees_cases: bool,
    /// Whether they post letters.
    posts: bool,
}

struct Todo {
    kind: String,
    line: TaskLine,
    due: String,
    late: bool,
}

async fn home_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let week_ago = now.saturating_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(now);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let waiting = desk::waiting(&mut tx, week_ago, now).await?;
    let lines = desk::tasks(&mut tx, None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let today = school_date(now);
    let tasks = lines.into_iter().map(|line| Todo {
        kind: task_in_words(&line.kind).to_owned(),
        due: day_in_words(line.due),
        late: line.due < today,
        line,
    });
    let template = HomePage {
        frame: Frame::of(&web, &signed, "Today", "/").after(after.done.as_deref()),
        today: day_in_words(today),
        waiting,
        tasks: tasks.collect(),
        sees_cases: signed.is(super::cases::READERS),
        posts: signed.is(super::letters::POSTERS),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// A task's kind as a page says it.
fn task_in_words(kind: &str) -> &'static str {
    match kind {
        "call" => "Call",
        "letter" => "Letter",
        "check_address" => "Check an address",
        "did_it_arrive" => "Ask whether it arrived",
        "follow_up" => "Confirm in writing",
        "review_restriction" => "Look at a restriction",
        _ => "Task",
    }
}
