//! Putting a colleague's words into a carer's language, instead of ringing with an interpreter (R47).

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
    post,
    sent::{Did, Fields, Sent, done_before, once},
    todo::note_tasks,
};
use crate::{
    domain::{ids::TaskId, staff::Role, translation},
    flows::{
        tasks,
        translating::{self, ToTranslate},
    },
    store::{self, StoreError},
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/tasks/{task}/translation", readers, translation_page),
        post("/tasks/{task}/translation", readers, translate),
    ]
}

#[derive(Template)]
#[template(path = "translation.html")]
struct TranslationPage {
    frame: Frame,
    task: TaskId,
    asked: ToTranslate,
    dir: &'static str,
    /// What was typed that could not be taken; at first the translation that is there already.
    typed: Fields,
    first: bool,
}

/// What is to be translated, where there is such a task for this colleague. The gate is asked: one that may no longer be told is
/// withdrawn.
async fn open(web: &Web, signed: &Signed, task: &str) -> Result<(TaskId, ToTranslate), Wrong> {
    let task: TaskId = task.parse().map_err(|_| Wrong::Absent)?;
    seen(web, signed, task).await?;
    tasks::show(&web.gateway, task).await?;
    seen(web, signed, task).await?;
    note_tasks(web, signed, &[task], "a task of this case was read").await?;
    let asked = translating::asked(&web.gateway, task).await?;
    Ok((task, asked.ok_or(Wrong::Absent)?))
}

async fn seen(web: &Web, signed: &Signed, task: TaskId) -> Result<(), Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = store::tasks::find(&mut tx, task).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if seen.is_some_and(|seen| may_translate(signed, &seen.role)) { Ok(()) } else { Err(Wrong::Absent) }
}

/// Whether this colleague may translate what a task on this list carries. A translation goes to all who read the language: what
/// was announced to more than a class is the office's, whose list its calls are on.
pub(super) fn may_translate(signed: &Signed, role: &str) -> bool {
    role == Role::Teacher.as_str() || signed.is(&[Role::Office, Role::Slt, Role::Dsl])
}

async fn translation_page(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
) -> Result<Response, Wrong> {
    let (task, asked) = open(&web, &signed, &task).await?;
    let frame = Frame::of(&web, &signed, "Translate", "/calls");
    Ok(show(StatusCode::OK, task, asked, frame, Fields::default(), true))
}

fn show(
    status: StatusCode,
    task: TaskId,
    asked: ToTranslate,
    frame: Frame,
    typed: Fields,
    first: bool,
) -> Response {
    let dir = if translation::is_rtl(&asked.language) { "rtl" } else { "ltr" };
    frame::page(status, &TranslationPage { frame, task, asked, dir, typed, first })
}

async fn translate(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    if let Some(done) = done_before(&web, &signed, &sent).await? {
        return Ok(done);
    }
    let (task, asked) = open(&web, &signed, &task).await?;
    let work = async {
        let typed = translation::Typed {
            words: sent.fields.raw("words").to_owned(),
            title: sent.fields.text("title").to_owned(),
            by_machine: sent.fields.text("made") == "machine",
            checked_by: sent.fields.text("checked_by").to_owned(),
        };
        let written = translating::translate(&web.gateway, task, &typed, &signed.by()).await?;
        Ok(if written > 0 { "/calls?done=translated" } else { "/calls?done=translated-rung" }.to_owned())
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame =
                Frame::of(&web, &signed, "Translate", "/calls").refusal(Some(&sentence), |field| field);
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, task, asked, frame, sent.fields.clone(), false))
        }
    }
}
