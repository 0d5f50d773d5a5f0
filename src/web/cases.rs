//! The inbox: cases by clock, and a case with its story. What is done with one is beside, in `case_deeds`.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
};
use crate::{
    domain::{
        staff::Role,
        time::{Timestamp, day_in_words, moment_in_full},
    },
    flows::{
        cases::{KINDS, Listed},
        desk::{self, Opened, Words},
    },
    store::{self, StoreError, answers::AnswerView, desk::EntryLine},
};

/// Who meets what carers wrote: each what they may see.
pub(super) const READERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![get("/cases", readers, inbox_page), get("/cases/{case}", readers, case_page)]
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
    /// On this colleague's own list.
    mine: Vec<Line>,
    /// The others they may see.
    others: Vec<Line>,
    closed: bool,
}

async fn inbox_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let closed = which.list.as_deref() == Some("closed");
    let now = web.gateway.now();
    let mut listed = desk::cases(&web.gateway, signed.staff(), closed).await?;
    // By clock: what is due first stands first; what has no clock running stands last.
    listed.sort_by_key(|case| (case.due.is_none(), case.due, case.opened_at));
    let (mine, others): (Vec<_>, Vec<_>) =
        listed.into_iter().map(|case| line(case, now)).partition(|line| is_mine(&signed, &line.case));
    let title = if closed { "Closed cases" } else { "Inbox" };
    let frame = Frame::of(&web, &signed, title, "/cases").after(which.done.as_deref());
    Ok(frame::page(StatusCode::OK, &InboxPage { frame, mine, others, closed }))
}

fn line(case: Listed, now: Timestamp) -> Line {
    Line {
        due: case.due.map(|due| moment_in_full(due, now)),
        opened: moment_in_full(case.opened_at, now),
        case,
    }
}

/// Whether a case is on this colleague's own list: given to them by name, or to nobody and their role has it. A teacher
/// sees no other class's.
fn is_mine(signed: &Signed, case: &Listed) -> bool {
    match &case.owner {
        Some(owner) => *owner == signed.by() || *owner == signed.session.name,
        None => signed.session.roles.iter().any(|role| role.as_str() == case.role),
    }
}

/// A message as the case's page tells it.
struct Told {
    words: Words,
    at: String,
}

/// An answer as the case's page tells it.
struct Said {
    answer: AnswerView,
    at: String,
    who: String,
    how_far: String,
    due: Option<String>,
}

/// What was done with a case, as its page tells it.
struct Deed {
    entry: EntryLine,
    at: String,
    who: String,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    frame: Frame,
    case: Listed,
    pupil: String,
    owner: Option<String>,
    role: &'static str,
    due: Option<String>,
    told: Vec<Told>,
    said: Vec<Said>,
    /// What was typed into the reply that could not be sent.
    draft: String,
    /// The roles a case can be given to.
    roles: Vec<(&'static str, &'static str)>,
    /// What was done with it, the oldest first.
    done: Vec<Deed>,
    /// The kinds of matter a case can be.
    kinds: Vec<&'static str>,
    /// Whether the hand-off to another system is this colleague's to record.
    hands_off: bool,
}

async fn case_page(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &code).await?;
    let frame = case_frame(&web, &signed, &opened).after(after.done.as_deref());
    show_case(&web, &signed, StatusCode::OK, opened, frame, String::new()).await
}

/// The case, where there is one for this colleague.
pub(super) async fn open(web: &Web, signed: &Signed, code: &str) -> Result<Opened, Wrong> {
    // Any word a link may hold: it must look like a code before the database is asked.
    if code.len() > 40 || !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Wrong::Absent);
    }
    desk::case(&web.gateway, signed.staff(), code).await?.ok_or(Wrong::Absent)
}

pub(super) fn case_frame(web: &Web, signed: &Signed, opened: &Opened) -> Frame {
    Frame::of(web, signed, &format!("Case {}: {}", opened.case.code, opened.case.carer), "/cases")
}

pub(super) async fn show_case(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    opened: Opened,
    frame: Frame,
    draft: String,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = store::desk::names(&mut tx).await?;
    let done = store::desk::entries_of_case(&mut tx, opened.case.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let said = opened.answers.into_iter().map(|answer| Said {
        at: moment_in_full(answer.written_at, now),
        who: if answer.purpose == "acknowledgement" {
            "Liaison, by itself".to_owned()
        } else {
            who(&answer.author, &names)
        },
        how_far: how_far(&answer),
        due: answer.due_day.map(day_in_words),
        answer,
    });
    let told = opened
        .messages
        .into_iter()
        .map(|words| Told { at: moment_in_full(words.message.received_at, now), words });
    let template = CasePage {
        frame,
        pupil: opened.pupil.to_string(),
        owner: opened.case.owner.as_deref().map(|owner| who(owner, &names)),
        role: Role::parse(&opened.case.role).map_or("", Role::in_words),
        due: opened.case.due.map(|due| moment_in_full(due, now)),
        told: told.collect(),
        said: said.collect(),
        draft,
        done: done
            .into_iter()
            .map(|entry| Deed {
                at: moment_in_full(entry.happened_at, now),
                who: who(&entry.actor, &names),
                entry,
            })
            .collect(),
        kinds: KINDS.to_vec(),
        hands_off: signed.is(&[Role::Dsl]) && opened.case.visibility == "restricted",
        roles: [Role::Teacher, Role::Office, Role::Slt].map(|role| (role.as_str(), role.in_words())).to_vec(),
        case: opened.case,
    };
    Ok(frame::page(status, &template))
}

/// How far an answer has come, in words.
fn how_far(answer: &AnswerView) -> String {
    let route = answer.route.as_deref().unwrap_or("no route");
    let why = answer.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    match answer.state.as_deref() {
        Some("queued") => format!("waits to be sent by {route}{why}"),
        Some("submitting") => format!("is being sent by {route}"),
        Some("submitted") => format!("sent by {route}"),
        Some("delivered") => format!("arrived by {route}"),
        Some("unknown") => format!("it is not known whether it went by {route}"),
        Some(state) => format!("{state}{why}"),
        None => "for a colleague to say or post".to_owned(),
    }
}

/// A flow's sentence without the commands that only an operator has.
pub(super) fn in_page_words(sentence: &str) -> String {
    let plain = sentence
        .replace("(`liaison questions list`)", "under \u{201c}Who is this?\u{201d}")
        .replace("; `liaison cases list` shows them", "");
    let mut letters = plain.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".")
        .unwrap_or_default()
}

pub(super) fn restricted(signed: &Signed) -> bool {
    signed.is(&[Role::Dsl])
}
