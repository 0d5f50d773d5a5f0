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
    cases::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{day_place, of_day},
    people::who,
    post,
    sent::{Did, Fields, Sent, done_before, once},
    todo::{ON_A_LIST, note_tasks},
    translation::may_translate,
};
use crate::{
    domain::{
        contact::CallOutcome,
        ids::TaskId,
        staff::Role,
        time::{day_in_full, field_moment, moment_in_full, school_date},
        wording::interpreter_for,
    },
    flows::{
        FlowError,
        calls::{self, Attempt, Led},
        lists::{page, wanted},
        tasks::{self, Listed, Needs},
    },
    store::{
        self, StoreError,
        desk::{TaskLine, WhichTasks},
        recording,
    },
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
    /// Whose list it is on.
    role: &'static str,
    interpreter: Option<String>,
    /// How often it was tried, in words.
    tried: Option<String>,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    frame: Frame,
    calls: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
}

async fn calls_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let place = after.place.as_deref().and_then(day_place);
    let which = WhichTasks { kind: Some("call"), mine: false, after: place, limit: wanted() };
    let calls = store::desk::tasks(&mut tx, &which).await?;
    let ids: Vec<TaskId> = calls.iter().map(|call| call.id).collect();
    let facts = recording::of_calls(&mut tx, &ids).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let calls = page(
        calls
            .into_iter()
            .map(|call| {
                let place = (call.due, call.id.0);
                (call, place)
            })
            .collect(),
    );
    let shown: Vec<TaskId> = calls.lines.iter().map(|call| call.id).collect();
    note_tasks(&web, &signed, &shown, ON_A_LIST).await?;
    let line = |call: TaskLine| {
        let facts = facts.get(&call.id);
        Line {
            due: day_in_full(call.due, school_date(web.gateway.now())),
            late: call.due < today,
            interpreter: facts
                .and_then(|facts| interpreter_for(facts.interpreter.as_deref(), &facts.language)),
            tried: facts.and_then(|facts| times(facts.tried)),
            role: Role::parse(&call.role).map_or("", Role::in_words),
            call,
        }
    };
    let template = CallsPage {
        frame: Frame::of(&web, &signed, "Calls", "/calls").after(after.done.as_deref()),
        calls: calls.lines.into_iter().map(line).collect(),
        next: calls.next.as_ref().map(|place| format!("/calls?after={}", of_day(place))),
        first: place.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

fn times(tried: i64) -> Option<String> {
    match tried {
        0 => None,
        1 => Some("once".to_owned()),
        tried => Some(format!("{tried} times")),
    }
}

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    frame: Frame,
    call: Listed,
    /// Whether its words may be translated instead.
    foreign: bool,
    needs: Needs,
    interpreter: Option<String>,
    due: String,
    /// What was typed that could not be taken.
    typed: Fields,
    now: String,
    /// What was tried so far.
    attempts: Vec<Tried>,
    /// After so many that reach nobody it goes up.
    tries: u8,
    outcomes: Vec<(&'static str, &'static str)>,
}

/// A call that was tried, in words.
struct Tried {
    when: String,
    /// When it was written down, where that was later.
    recorded: Option<String>,
    by: String,
    outcome: &'static str,
    words: Option<String>,
}

async fn tried(web: &Web, signed: &Signed, task: TaskId) -> Result<Vec<Tried>, FlowError> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let attempts = recording::attempts(&mut tx, task).await?;
    let names = store::desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let tried = attempts.into_iter().map(|one| {
        let later = one.recorded_at.duration_since(one.happened_at).as_secs() >= 60;
        Tried {
            when: moment_in_full(one.happened_at, now),
            recorded: later.then(|| moment_in_full(one.recorded_at, now)),
            by: who(&one.by, &names),
            outcome: one.outcome.in_words(),
            words: one.words,
        }
    });
    Ok(tried.collect())
}

/// The call, where there is one for this colleague. The gate is asked: one that may no longer be made is withdrawn.
async fn open(web: &Web, signed: &Signed, task: &str) -> Result<Listed, Wrong> {
    let task: TaskId = task.parse().map_err(|_| Wrong::Absent)?;
    seen(web, signed, task).await?;
    let call = tasks::show(&web.gateway, task).await?;
    // It may rest on another child of the carer's now, who is of no class of this colleague's.
    seen(web, signed, task).await?;
    note_tasks(web, signed, &[task], "a call of this case was read").await?;
    Ok(call)
}

async fn seen(web: &Web, signed: &Signed, task: TaskId) -> Result<(), Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = store::tasks::find(&mut tx, task).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if seen.is_some_and(|seen| seen.kind == "call") { Ok(()) } else { Err(Wrong::Absent) }
}

async fn call_page(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
) -> Result<Response, Wrong> {
    let call = open(&web, &signed, &task).await?;
    let frame = Frame::about(&web, &signed, "Call ", &call.carer, "/calls");
    let attempts = tried(&web, &signed, call.id).await?;
    let translates = may_translate(&signed, &call.role);
    Ok(show(&web, StatusCode::OK, call, attempts, frame, Fields::default(), translates))
}

fn show(
    web: &Web,
    status: StatusCode,
    call: Listed,
    attempts: Vec<Tried>,
    frame: Frame,
    typed: Fields,
    may_translate: bool,
) -> Response {
    let needs = call.needs.clone().unwrap_or_default();
    let foreign = call.foreign && may_translate;
    let template = CallPage {
        frame,
        interpreter: needs.interpreter.clone(),
        foreign,
        needs,
        due: day_in_full(call.due, school_date(web.gateway.now())),
        call,
        typed,
        now: field_moment(web.gateway.now()),
        attempts,
        tries: web.gateway.policy().call_tries,
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
            .map_err(|_| FlowError::at("outcome", "choose what came of it"))?;
        let attempt = Attempt {
            outcome,
            words: sent.fields.text("words").to_owned(),
            happened_at: moment(&sent.fields, "when")?,
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
            let frame = Frame::about(&web, &signed, "Call ", &call.carer, "/calls");
            let frame =
                frame.refusal(Some(&sentence), |field| if field == "outcome" { "o-spoke" } else { field });
            let attempts = tried(&web, &signed, call.id).await?;
            let translates = may_translate(&signed, &call.role);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(show(&web, status, call, attempts, frame, sent.fields.clone(), translates))
        }
    }
}
