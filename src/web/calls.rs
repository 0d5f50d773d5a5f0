//! Calls to make: whom, why, which number, what to say, and what came of it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::moment,
    cases::{READERS, in_page_words},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Fields, Sent, done_before, once},
};
use crate::{
    domain::{
        contact::CallOutcome,
        ids::TaskId,
        time::{day_in_words, field_moment, school_date},
        wording::language_in_words,
    },
    flows::{
        FlowError,
        calls::{self, Attempt, Led},
        tasks::{self, Listed, Needs},
    },
    store::{self, StoreError, desk::TaskLine},
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/calls", readers, calls_page),
        get("/calls/{task}", readers, call_page),
        post("/calls/{task}/attempt", readers, attempt),
    ]
}

struct Line {
    call: TaskLine,
    due: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    frame: Frame,
    calls: Vec<Line>,
}

async fn calls_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let calls = store::desk::tasks(&mut tx, Some("call")).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let calls =
        calls.into_iter().map(|call| Line { due: day_in_words(call.due), late: call.due < today, call });
    let frame = Frame::of(&web, &signed, "Calls", "/calls").after(after.done.as_deref());
    Ok(frame::page(StatusCode::OK, &CallsPage { frame, calls: calls.collect() }))
}

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    frame: Frame,
    call: Listed,
    needs: Needs,
    interpreter: Option<String>,
    due: String,
    /// What was typed that could not be taken.
    typed: Fields,
    now: String,
    outcomes: Vec<(&'static str, &'static str)>,
}

/// The call, where there is one for this colleague. The gate is asked: one that may no longer be made is withdrawn.
async fn open(web: &Web, signed: &Signed, task: &str) -> Result<Listed, Wrong> {
    let task: TaskId = task.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = store::tasks::find(&mut tx, task).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if seen.is_none_or(|seen| seen.kind != "call") {
        return Err(Wrong::Absent);
    }
    Ok(tasks::show(&web.gateway, task).await?)
}

async fn call_page(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
) -> Result<Response, Wrong> {
    let call = open(&web, &signed, &task).await?;
    let frame = Frame::of(&web, &signed, &format!("Call {}", call.carer), "/calls");
    Ok(show(&web, StatusCode::OK, call, frame, Fields::default()))
}

fn show(web: &Web, status: StatusCode, call: Listed, frame: Frame, typed: Fields) -> Response {
    let needs = call.needs.clone().unwrap_or_default();
    let template = CallPage {
        frame,
        interpreter: needs.interpreter.as_deref().map(language_in_words),
        needs,
        due: day_in_words(call.due),
        call,
        typed,
        now: field_moment(web.gateway.now()),
        outcomes: vec![
            (CallOutcome::Spoke.as_str(), "I spoke to them"),
            (CallOutcome::LeftSafeMessage.as_str(), "I left the safe message, and nothing else"),
            (CallOutcome::NoAnswer.as_str(), "Nobody answered"),
            (CallOutcome::WrongNumber.as_str(), "The number is somebody else's"),
        ],
    };
    frame::page(status, &template)
}

async fn attempt(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    if let Some(done) = done_before(&web, &signed, &sent).await? {
        return Ok(done);
    }
    let call = open(&web, &signed, &task).await?;
    let work = async {
        let outcome = CallOutcome::parse(sent.fields.text("outcome"))
            .map_err(|_| FlowError::Refused("choose what came of it".to_owned()))?;
        let attempt = Attempt {
            outcome,
            words: sent.fields.text("words").to_owned(),
            happened_at: moment(sent.fields.text("when"))?,
            recorded_later: sent.fields.ticked("later"),
        };
        let led = calls::attempt(&web.gateway, call.id, &attempt, &signed.by()).await?;
        Ok(match led {
            Led::Done => "/calls?done=spoke",
            Led::StaysOpen => "/calls?done=ring-again",
            Led::PassedUp => "/calls?done=passed-up",
            Led::AnotherWay => "/calls?done=another-way",
        }
        .to_owned())
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame = Frame::of(&web, &signed, &format!("Call {}", call.carer), "/calls");
            let frame = frame.refused(Some(in_page_words(&sentence)));
            Ok(show(&web, StatusCode::UNPROCESSABLE_ENTITY, call, frame, sent.fields.clone()))
        }
    }
}
