//! What there is to do today, by what a colleague is.

mod lines;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use self::lines::{Line, lines_of};
use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    todo::{ON_A_LIST, Todo, note_tasks, to_do},
};
use crate::{
    domain::time::{day_in_words, school_date},
    store::{
        StoreError,
        desk::{self, WhichTasks},
    },
};

/// How many tasks stand on this page; the others stand on their own.
const TASKS: i64 = 20;

pub(super) fn served() -> Vec<Served> {
    vec![get("/", Who::Colleagues, home_page)]
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    today: String,
    lines: Vec<Line>,
    tasks: Vec<Todo>,
    /// Whether there are more tasks than these.
    more: bool,
    /// Whether this colleague meets carers' messages at all.
    sees_cases: bool,
}

async fn home_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let frame = Frame::of(&web, &signed, "Today", "/").after(after.done.as_deref());
    let lines = lines_of(&web, &signed, &frame).await?;
    let sees_cases = signed.is(super::cases::READERS);
    let mut tasks = Vec::new();
    if sees_cases {
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        let which = WhichTasks { kind: None, mine: true, after: None, limit: TASKS + 1 };
        tasks = desk::tasks(&mut tx, &which).await?;
        tx.commit().await.map_err(StoreError::from)?;
    }
    let shown = usize::try_from(TASKS).unwrap_or_default();
    let listed: Vec<_> = tasks.iter().take(shown).map(|task| task.id).collect();
    note_tasks(&web, &signed, &listed, ON_A_LIST).await?;
    let template = HomePage {
        today: day_in_words(today),
        lines,
        more: tasks.len() > shown,
        tasks: tasks.into_iter().take(shown).map(|task| to_do(task, today, &signed)).collect(),
        sees_cases,
        frame,
    };
    Ok(frame::page(StatusCode::OK, &template))
}
