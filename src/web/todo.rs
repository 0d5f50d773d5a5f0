//! The to-do list: what a person must do by a date, a page at a time.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    cases::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{day_place, of_day},
};
use crate::{
    domain::{
        ids::TaskId,
        staff::Role,
        time::{Date, day_in_full, school_date},
    },
    flows::lists::{page, wanted},
    store::{
        StoreError,
        desk::{self, TaskLine, WhichTasks},
    },
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/to-do", Who::Holders(READERS), to_do_page)]
}

/// A task on a list.
pub(super) struct Todo {
    pub(super) kind: &'static str,
    /// Where it is done, where there is a page for that.
    pub(super) path: Option<String>,
    pub(super) line: TaskLine,
    /// Whether it is about the pupil alone.
    pub(super) of_pupil: bool,
    /// Whose list it is on.
    pub(super) role: &'static str,
    pub(super) due: String,
    pub(super) late: bool,
}

impl Todo {
    /// The interpreter to book first, where somebody speaks with the carer.
    pub(super) fn interpreter(&self) -> Option<&str> {
        self.line.interpreter.as_deref().filter(|_| is_spoken(&self.line.kind))
    }
}

/// Whether a task is to speak with the carer: a call, or what may be one or a meeting.
pub(super) fn is_spoken(kind: &str) -> bool {
    ["call", "follow_up", "did_it_arrive", "check_address", "opted_out"].contains(&kind)
}

/// A task as a list shows it to this colleague.
pub(super) fn to_do(line: TaskLine, today: Date, signed: &Signed) -> Todo {
    Todo {
        path: match line.kind.as_str() {
            "call" => Some(format!("/calls/{}", line.id)),
            "letter" if signed.is(super::letters::POSTERS) => Some("/letters".to_owned()),
            "letter" => None,
            _ => Some(format!("/tasks/{}", line.id)),
        },
        kind: task_in_words(&line.kind),
        of_pupil: asks_pupil(&line.kind),
        role: Role::parse(&line.role).map_or("", Role::in_words),
        due: day_in_full(line.due, today),
        late: line.due < today,
        line,
    }
}

/// Notes what a list of tasks has told of restricted cases: only a DSL reads of those (R55).
pub(super) async fn note_tasks(
    web: &Web,
    signed: &Signed,
    tasks: &[TaskId],
    said: &str,
) -> Result<(), Wrong> {
    if signed.is(&[Role::Dsl]) {
        crate::flows::desk::note_tasks(&web.gateway, signed.staff(), tasks, said).await?;
    }
    Ok(())
}

/// What a list is that shows a task of a restricted case.
pub(super) const ON_A_LIST: &str = "a list with a task of this case was read";

/// A task's kind as a page says it.
pub(super) fn task_in_words(kind: &str) -> &'static str {
    match kind {
        "call" => "Call",
        "letter" => "Letter",
        "check_address" => "Check an address",
        "did_it_arrive" => "Ask whether it arrived",
        "follow_up" => "Confirm in writing",
        "review_restriction" => "Look at a restriction",
        "opted_out" => "A carer wants no more texts",
        "turns_16" => "A pupil turns 16",
        "turns_18" => "A pupil turns 18",
        _ => "Task",
    }
}

/// Whether a task is to ask a pupil whom the school may tell.
pub(super) fn asks_pupil(kind: &str) -> bool {
    ["turns_16", "turns_18"].contains(&kind)
}

#[derive(Template)]
#[template(path = "todo.html")]
struct TodoPage {
    frame: Frame,
    tasks: Vec<Todo>,
    /// All that the colleague may see, and not only their own lists'.
    all: bool,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
}

async fn to_do_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let all = which.list.as_deref() == Some("all");
    let after = which.place.as_deref().and_then(day_place);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let tasks = desk::tasks(&mut tx, &WhichTasks { kind: None, mine: !all, after, limit: wanted() }).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let tasks = page(
        tasks
            .into_iter()
            .map(|task| {
                let place = (task.due, task.id.0);
                (task, place)
            })
            .collect(),
    );
    let shown: Vec<TaskId> = tasks.lines.iter().map(|task| task.id).collect();
    note_tasks(&web, &signed, &shown, ON_A_LIST).await?;
    let list = if all { "all" } else { "mine" };
    let template = TodoPage {
        frame: Frame::of(&web, &signed, "To do", "/to-do").after(which.done.as_deref()),
        next: tasks.next.as_ref().map(|place| format!("/to-do?list={list}&after={}", of_day(place))),
        tasks: tasks.lines.into_iter().map(|task| to_do(task, today, &signed)).collect(),
        all,
        first: after.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}
