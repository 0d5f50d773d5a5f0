//! A task that is no call and no letter: what it is about, and how it was ended, once.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    Served, Web, Who,
    cases::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Fields, Sent, once},
    todo::{asks_pupil, is_spoken, note_tasks, task_in_words},
    translation::may_translate,
};
use crate::{
    domain::{
        ids::TaskId,
        staff::Role,
        time::{day_in_full, moment_in_full, school_date},
    },
    flows::{FlowError, tasks},
    store::{StoreError, desk},
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![get("/tasks/{task}", readers, task_page), post("/tasks/{task}", readers, close)]
}

#[derive(Template)]
#[template(path = "task.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a paragraph of its own")]
struct TaskPage {
    frame: Frame,
    task: desk::OneTask,
    /// What it asks for, where that can be done on a page of the carer's.
    mends_address: bool,
    /// Whether it carries words that can be put into the carer's language.
    foreign: bool,
    /// Whether it is to ask the pupil whom the school may tell.
    asks_pupil: bool,
    /// The interpreter to book first.
    interpreter: Option<String>,
    due: String,
    late: bool,
    role: &'static str,
    /// How it was ended, by whom and when.
    ended: Option<(&'static str, String, String)>,
    typed: Fields,
}

/// The task, where there is one for this colleague.
async fn open(web: &Web, signed: &Signed, task: &str) -> Result<(desk::OneTask, bool), Wrong> {
    let task: TaskId = task.parse().map_err(|_| Wrong::Absent)?;
    let mut found = seen(web, signed, task).await?;
    let mut foreign = false;
    // The gate is asked first: nobody looks for a way to somebody who may not be told any more.
    if found.as_ref().is_some_and(|found| found.kind == "check_address" && found.state == "open") {
        foreign = tasks::show(&web.gateway, task).await?.foreign;
        found = seen(web, signed, task).await?;
    }
    note_tasks(web, signed, &[task], "a task of this case was read").await?;
    found.map(|found| (found, foreign)).ok_or(Wrong::Absent)
}

async fn seen(web: &Web, signed: &Signed, task: TaskId) -> Result<Option<desk::OneTask>, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = desk::task(&mut tx, task).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(found)
}

async fn task_page(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let (task, foreign) = open(&web, &signed, &task).await?;
    // These have pages of their own.
    match task.kind.as_str() {
        "call" => return Ok(Redirect::to(&format!("/calls/{}", task.id)).into_response()),
        "letter" => return Ok(Redirect::to("/letters").into_response()),
        _ => {}
    }
    let frame = Frame::of(&web, &signed, task_in_words(&task.kind), "/to-do").after(after.done.as_deref());
    show(&web, &signed, StatusCode::OK, (task, foreign), frame, Fields::default()).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    (task, foreign): (desk::OneTask, bool),
    frame: Frame,
    typed: Fields,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let today = school_date(now);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let template = TaskPage {
        frame,
        foreign: foreign && task.state == "open" && may_translate(signed, &task.role),
        mends_address: task.kind == "check_address",
        asks_pupil: asks_pupil(&task.kind),
        interpreter: task.interpreter.clone().filter(|_| is_spoken(&task.kind)),
        due: day_in_full(task.due, today),
        late: task.state == "open" && task.due < today,
        role: Role::parse(&task.role).map_or("", Role::in_words),
        ended: task
            .closed
            .as_ref()
            .map(|(by, at)| (tasks::state_in_words(&task.state), who(by, &names), moment_in_full(*at, now))),
        task,
        typed,
    };
    Ok(frame::page(status, &template))
}

async fn close(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (task, _) = open(&web, &signed, &task).await?;
    // What was said on the phone or posted is recorded where calls and letters are.
    if ["call", "letter"].contains(&task.kind.as_str()) {
        return Err(Wrong::Absent);
    }
    let work = async {
        let done = match sent.fields.text("became") {
            "done" => true,
            "given_up" => false,
            _ => return Err(FlowError::at("became", "say whether it is done or given up")),
        };
        tasks::close(&web.gateway, task.id, done, &signed.by(), sent.fields.text("outcome")).await?;
        Ok("/to-do?done=task-closed".to_owned())
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame = Frame::of(&web, &signed, task_in_words(&task.kind), "/to-do")
                .refusal(Some(&sentence), |field| if field == "became" { "became-done" } else { field });
            let task = open(&web, &signed, &task.id.to_string()).await?;
            show(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, task, frame, sent.fields.clone()).await
        }
    }
}
