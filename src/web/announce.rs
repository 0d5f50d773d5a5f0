//! Notices and newsletters: the list of them, and writing one.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::SignedDuration;

use super::{
    Served, Web, Who,
    announce_one::{APPROVERS, open},
    announce_to::{Choice, choices, may_announce, may_write_to, to_words, writes_urgent},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Fields, Refusal, Sent, once},
};
use crate::{
    domain::{
        announcement::{Announcement, Audience, LONGEST_TITLE, Stage, Written},
        ids::AnnouncementId,
        people::Purpose,
        staff::Role,
        time::moment_in_full,
    },
    flows::{self, FlowError, announcements},
    store::{
        StoreError,
        announced::{self, Progress},
        announcements::{list, to_decide as announcements_to_decide},
        desk,
    },
};

/// Who announces: a teacher to their own classes, the others to anybody.
pub(super) const WRITERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

/// For so long the list tells how far one is.
const LATELY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How many are on a page of the list.
const A_PAGE: i64 = 10;

pub(super) fn served() -> Vec<Served> {
    let writers = Who::Holders(WRITERS);
    vec![
        get("/announce", writers, list_page),
        get("/announce/new", writers, new_page),
        post("/announce/new", writers, create),
        get("/announce/{announcement}/change", writers, change_page),
        post("/announce/{announcement}/change", writers, change),
    ]
}

/// An announcement on the list.
struct Line {
    id: AnnouncementId,
    title: String,
    what: &'static str,
    to: String,
    state: String,
    progress: Option<Progress>,
}

#[derive(Template)]
#[template(path = "announce.html")]
struct ListPage {
    frame: Frame,
    /// Those that wait for this colleague's approval.
    to_decide: Vec<Line>,
    lines: Vec<Line>,
    /// The last one of the page, where older ones follow.
    older: Option<AnnouncementId>,
    first_page: bool,
}

async fn list_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let mut all = list(&mut tx, after.before.map(AnnouncementId), A_PAGE + 1).await?;
    let mut to_decide = Vec::new();
    if after.before.is_none() && signed.is(APPROVERS) {
        to_decide = announcements_to_decide(&mut tx, &signed.by()).await?;
    }
    let classes = announced::class_names(&mut tx).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let more = all.len() > usize::try_from(A_PAGE).unwrap_or_default();
    all.truncate(usize::try_from(A_PAGE).unwrap_or_default());
    let under_way: Vec<AnnouncementId> =
        all.iter().filter(|one| is_under_way(&web, one)).map(|one| one.id).collect();
    let progress = flows::announced::progress(&web.gateway, &under_way).await?;
    let line = |one: &Announcement| Line {
        id: one.id,
        title: one.written.title.expose().clone(),
        what: what(one.written.purpose),
        to: to_words(&one.written.audience, &classes),
        state: state(&web, one, &names),
        progress: progress.get(&one.id).copied(),
    };
    let template = ListPage {
        frame: Frame::of(&web, &signed, "Announce", "/announce").after(after.done.as_deref()),
        to_decide: to_decide.iter().map(line).collect(),
        lines: all.iter().map(line).collect(),
        older: all.last().map(|last| last.id).filter(|_| more),
        first_page: after.before.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// Whether its messages were made so lately that the list tells how far they are; of an older one its own page does.
fn is_under_way(web: &Web, one: &Announcement) -> bool {
    match &one.stage {
        Stage::Sent { at } | Stage::Cancelled { at } => web.gateway.now().duration_since(*at) < LATELY,
        Stage::Draft
        | Stage::Asked
        | Stage::Approved
        | Stage::Declined
        | Stage::Queued { .. }
        | Stage::Dropped { .. } => false,
    }
}

/// What it is, as a page says it.
pub(super) const fn what(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Newsletter => "Newsletter",
        Purpose::Urgent => "Urgent notice",
        Purpose::Report => "Reports are given",
        _ => "Notice",
    }
}

/// How far it is, in a sentence.
pub(super) fn state(web: &Web, one: &Announcement, names: &HashMap<String, String>) -> String {
    let now = web.gateway.now();
    let named = |by: Option<&String>| by.map_or_else(|| "a colleague".to_owned(), |by| who(by, names));
    let decided = one.decision.as_ref().map(|decision| who(&decision.by, names)).unwrap_or_default();
    match &one.stage {
        Stage::Draft => format!("Draft by {}. Nothing is sent.", who(&one.author, names)),
        Stage::Asked => {
            format!("Sent for approval by {}. Nothing is sent until then.", named(one.asked_by.as_ref()))
        }
        Stage::Approved => format!("Approved by {decided}. Not queued yet."),
        Stage::Declined => format!("Declined by {decided}. Nothing is sent."),
        Stage::Queued { send_at } => format!(
            "Queued by {}. It can be taken back until {}.",
            named(one.queued_by.as_ref()),
            moment_in_full(*send_at, now)
        ),
        Stage::Sent { at } => {
            format!("Sent on its way {} by {}.", moment_in_full(*at, now), named(one.queued_by.as_ref()))
        }
        Stage::Cancelled { at } => format!(
            "Taken back {} by {}: what had not left does not leave.",
            moment_in_full(*at, now),
            named(one.cancelled_by.as_ref())
        ),
        Stage::Dropped { at } => {
            let by = named(one.cancelled_by.as_ref());
            format!("Dropped {} by {by}. Nobody was told anything of it.", moment_in_full(*at, now))
        }
    }
}

#[derive(Template)]
#[template(path = "announce_write.html")]
struct WritePage {
    frame: Frame,
    /// Where the form goes.
    action: String,
    choices: Vec<Choice>,
    /// Whether this colleague may write an urgent one.
    may_urgent: bool,
    /// What is in the boxes.
    purpose: Purpose,
    because: String,
    title: String,
    words: String,
    audience: String,
    version: i64,
    /// Its title and words as a colleague has saved them meanwhile.
    newer: Option<(String, String)>,
    longest: usize,
    /// What changing it means, where somebody has been asked or has decided.
    warning: Option<&'static str>,
    /// Why it was declined.
    declined: Option<String>,
}

async fn new_page(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    show_write(&web, &signed, StatusCode::OK, None, None, None).await
}

async fn change_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    if let Err(why) = one.may_be_changed() {
        return Err(FlowError::from(why).into());
    }
    show_write(&web, &signed, StatusCode::OK, Some(&one), None, None).await
}

async fn show_write(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    one: Option<&Announcement>,
    typed: Option<&Fields>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let choices = choices(&mut tx, signed).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let written = one.map(|one| &one.written);
    let kept = |typed: Option<String>, kept: Option<String>| typed.or(kept).unwrap_or_default();
    let only = match choices.as_slice() {
        [only] => Some(only.value.to_string()),
        _ => None,
    };
    let template = WritePage {
        frame: Frame::of(web, signed, if one.is_some() { "Change it" } else { "Write to many" }, "/announce")
            .refusal(fault, |field| field),
        action: one.map_or_else(|| "/announce/new".to_owned(), |one| format!("/announce/{}/change", one.id)),
        may_urgent: writes_urgent(signed),
        purpose: typed
            .and_then(|typed| Purpose::parse(typed.text("purpose")).ok())
            .or_else(|| written.map(|written| written.purpose))
            .unwrap_or(Purpose::Notice),
        because: kept(
            typed.map(|typed| typed.raw("because").to_owned()),
            written.and_then(|written| written.urgent_because.as_ref()).map(|why| why.expose().clone()),
        ),
        title: kept(
            typed.map(|typed| typed.raw("title").to_owned()),
            written.map(|written| written.title.expose().clone()),
        ),
        words: kept(
            typed.map(|typed| typed.raw("words").to_owned()),
            written.map(|written| written.words.expose().clone()),
        ),
        audience: kept(
            typed.map(|typed| typed.text("audience").to_owned()),
            written.map(|written| written.audience.to_string()).or(only),
        ),
        // What somebody saved meanwhile is shown beside: only then is sending it again a choice made knowingly.
        version: one.map_or(0, |one| one.version),
        newer: one
            .filter(|one| typed.is_some_and(|typed| typed.parsed("version") != Some(one.version)))
            .map(|one| (one.written.title.expose().clone(), one.written.words.expose().clone())),
        longest: LONGEST_TITLE,
        warning: one.and_then(|one| match one.stage {
            Stage::Asked => Some("It waits for approval. Changing it takes it back from there."),
            Stage::Approved => Some("It is approved as it stands. Changing it makes the approval void."),
            _ => None,
        }),
        declined: one.and_then(super::announce_one::declined),
        choices,
    };
    Ok(frame::page(status, &template))
}

/// What was typed, where it can be taken and this colleague may announce it.
async fn typed(web: &Web, signed: &Signed, fields: &Fields) -> Result<Written, FlowError> {
    let audience: Audience =
        fields.text("audience").parse().map_err(|_| FlowError::at("audience", "choose for whom it is"))?;
    let purpose = Purpose::parse(fields.text("purpose")).map_err(|_| {
        FlowError::at("notice", "say whether it is a notice, an urgent one, a newsletter or about reports")
    })?;
    match may_write_to(web, signed, &audience).await {
        Ok(()) => {}
        Err(Wrong::Absent) => return Err(FlowError::at("audience", "choose for whom it is from the list")),
        Err(_) => {
            let why = "it could not be looked up whom you may write to: try again";
            return Err(FlowError::Refused(why.to_owned()));
        }
    }
    let (title, words) = (fields.text("title"), fields.text("words"));
    let read = match purpose {
        Purpose::Urgent if !writes_urgent(signed) => {
            let why = "only the office, senior leadership and the safeguarding lead send at any hour: ring the office";
            return Err(FlowError::at("notice", why));
        }
        Purpose::Urgent => Written::read_urgent(fields.text("because"), title, words, audience),
        _ => Written::read(purpose, title, words, audience),
    };
    read.map_err(|wrong| FlowError::at(wrong.field, wrong.sentence))
}

async fn create(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let work = async {
        let written = typed(&web, &signed, &sent.fields).await?;
        let id = announcements::write(&web.gateway, &written, &signed.by()).await?;
        Ok(format!("/announce/{id}/preview"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_write(&web, &signed, status, None, Some(&sent.fields), Some(&sentence)).await
        }
    }
}

async fn change(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        let written = typed(&web, &signed, &sent.fields).await?;
        let seen = sent.fields.parsed("version").unwrap_or_default();
        announcements::change(&web.gateway, one.id, seen, &written, &signed.by()).await?;
        Ok(format!("/announce/{}/preview", one.id))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let one = open(&web, &signed, &id).await?;
            show_write(&web, &signed, status, Some(&one), Some(&sent.fields), Some(&sentence)).await
        }
    }
}
