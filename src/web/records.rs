//! Records elsewhere: the list of key items that have no reference in the school's own recording system, and the page on which
//! one gets it, with the sheet to paste there.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use uuid::Uuid;

use super::{
    Served, Web, Who,
    cases::{READERS, restricted},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{moment_place, of_moment},
    people::who,
    post,
    sent::{Did, Fields, Refusal, Sent, once},
    week::WRITERS,
};
use crate::{
    domain::{
        ids::PupilId,
        key_item::{ItemId, System, late_before},
        time::{Date, Timestamp, moment_in_full},
    },
    flows::{
        FlowError, hand_off,
        hand_off_sheet::{self, Opened},
        record_drop,
    },
    store::{
        StoreError, desk,
        key_items::{self, Gone, KeyItem, Recorded},
        record_drops::DropRow,
    },
};

/// What the form says where no other system has it.
const NONE: &str = "none";

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/records", readers, list_page),
        get("/records/{item}", readers, item_page),
        get("/records/{item}/sheet.csv", readers, sheet_file),
        post("/records/{item}/hand-off", readers, handed_off),
        post("/records/{item}/folder", readers, to_folder),
    ]
}

/// A line of the list.
struct Line {
    item: KeyItem,
    since: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    /// Whether this is not the beginning.
    on: bool,
}

async fn list_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let late = late_before(&web.gateway.policy(), now);
    let place = after.place.as_deref().and_then(moment_place);
    let items = hand_off::open_items(&web.gateway, signed.staff(), place).await?;
    let template = RecordsPage {
        frame: Frame::of(&web, &signed, "Records elsewhere", "/records"),
        next: items.next.as_ref().map(|place| format!("/records?after={}", of_moment(place))),
        on: place.is_some(),
        lines: items
            .lines
            .into_iter()
            .map(|item| Line { since: moment_in_full(item.since, now), late: item.since < late, item })
            .collect(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// What was recorded of where an item went on, in words.
pub(super) struct Said {
    pub(super) what: String,
    pub(super) words: String,
    pub(super) who: String,
    pub(super) at: String,
}

fn said(recorded: Recorded, names: &HashMap<String, String>, now: Timestamp) -> Said {
    let (what, words) = match recorded.gone {
        Gone::To { system, reference } => (format!("In {system}:"), reference),
        Gone::Nowhere { because } => ("No record there is needed:".to_owned(), because),
    };
    Said { what, words, who: who(&recorded.by, names), at: moment_in_full(recorded.at, now) }
}

/// A key item as its own page says where it went on.
pub(super) struct Elsewhere {
    pub(super) id: Uuid,
    pub(super) topic: &'static str,
    pub(super) settled: bool,
    pub(super) late: bool,
    /// The newest first.
    pub(super) said: Vec<Said>,
}

/// Where this went on; `None` where it is no key item for this colleague.
pub(super) async fn elsewhere(web: &Web, signed: &Signed, id: Uuid) -> Result<Option<Elsewhere>, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let Some(item) = key_items::find(&mut tx, id).await? else { return Ok(None) };
    let recorded = key_items::recorded(&mut tx, item.item).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Some(Elsewhere {
        id,
        topic: item.topic.in_words(),
        settled: item.settled,
        late: item.since < late_before(&web.gateway.policy(), now),
        said: recorded.into_iter().map(|one| said(one, &names, now)).collect(),
    }))
}

/// The same of the update about a pupil's week.
pub(super) async fn of_update(
    web: &Web,
    signed: &Signed,
    (pupil, week): (PupilId, Date),
) -> Result<Option<Elsewhere>, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let update = key_items::update_of(&mut tx, pupil, week).await?;
    tx.commit().await.map_err(StoreError::from)?;
    match update {
        Some(update) => elsewhere(web, signed, update.0).await,
        None => Ok(None),
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    item: KeyItem,
    /// Its own page, where this colleague has one for it.
    path: Option<String>,
    since: String,
    late: bool,
    said: Vec<Said>,
    /// The sheet as text, where it is this colleague's.
    sheet: Option<String>,
    /// Whether there is a folder for it.
    folder: bool,
    /// How far it is on its way there, where somebody asked.
    drops: Vec<String>,
    typed: Fields,
}

/// The item, where there is one for this colleague.
async fn open(web: &Web, signed: &Signed, id: &str) -> Result<Opened, Wrong> {
    let id: Uuid = id.parse().map_err(|_| Wrong::Absent)?;
    hand_off_sheet::open(&web.gateway, signed.staff(), restricted(signed), id).await?.ok_or(Wrong::Absent)
}

async fn item_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &id).await?;
    let shown = Shown { done: after.done.as_deref(), ..Shown::default() };
    Ok(show(&web, &signed, StatusCode::OK, opened, shown))
}

/// What the page says besides.
#[derive(Default)]
struct Shown<'a> {
    done: Option<&'a str>,
    fault: Option<&'a Refusal>,
    typed: Fields,
}

fn show(web: &Web, signed: &Signed, status: StatusCode, opened: Opened, shown: Shown<'_>) -> Response {
    let now = web.gateway.now();
    let Opened { item, recorded, drops, names, sheet } = opened;
    let template = RecordPage {
        // No name and no code: a browser keeps titles, and shows them to whoever stands behind.
        frame: Frame::of(web, signed, "Record elsewhere", "/records")
            .after(shown.done)
            .refusal(shown.fault, |field| if field == "system" { "in-CPOMS" } else { field }),
        path: path_of(&item, signed),
        since: moment_in_full(item.since, now),
        late: !item.settled && item.since < late_before(&web.gateway.policy(), now),
        said: recorded.into_iter().map(|one| said(one, &names, now)).collect(),
        folder: web.gateway.sink.is_some() && sheet.is_some(),
        drops: drops.into_iter().map(|one| on_its_way(one, &names, now)).collect(),
        sheet: sheet.map(|sheet| sheet.plain()),
        typed: shown.typed,
        item,
    };
    frame::page(status, &template)
}

/// How far a sheet is on its way to the folder.
fn on_its_way(one: DropRow, names: &HashMap<String, String>, now: Timestamp) -> String {
    let asked = format!("Asked for by {}, {}", who(&one.asked_by, names), moment_in_full(one.asked_at, now));
    let ended = one.settled_at.map(|at| moment_in_full(at, now));
    match (ended, one.why) {
        (Some(at), None) => format!("{asked}: written {at}, as {}", one.id),
        (Some(_), Some(why)) => format!("{asked}: not written: {why}"),
        (None, None) => format!("{asked}: it waits to be written"),
        (None, Some(why)) => format!("{asked}: it waits, and is tried again every five minutes: {why}"),
    }
}

fn path_of(item: &KeyItem, signed: &Signed) -> Option<String> {
    match item.item {
        ItemId::Case(_) => Some(format!("/cases/{}", item.label)),
        ItemId::Contact(contact) => Some(format!("/contacts/{contact}")),
        ItemId::Update(_) => {
            let pupil = item.pupil.filter(|_| signed.is(WRITERS))?;
            Some(format!("/update/{pupil}?week={}", item.label))
        }
    }
}

/// The sheet as a file of one row.
async fn sheet_file(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let sheet = open(&web, &signed, &id).await?.sheet.ok_or(Wrong::Absent)?;
    // The file's name stays in a list of downloads: it names nobody.
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"liaison-sheet.csv\""),
    ];
    Ok((headers, sheet.csv()).into_response())
}

async fn handed_off(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    // Proved before anything is done: an item this colleague may not see does not exist.
    let opened = open(&web, &signed, &id).await?;
    let work = async {
        let (id, fields, by) = (opened.item.item.id(), &sent.fields, signed.by());
        let (system, reference) = (fields.text("system"), fields.text("reference"));
        if system == NONE {
            hand_off::not_needed_because(&web.gateway, id, restricted(&signed), reference, &by).await?;
        } else {
            hand_off::hand_off(&web.gateway, id, restricted(&signed), (system, reference), &by).await?;
        }
        Ok(format!("/records/{id}?done=handed"))
    };
    item_deed(&web, &signed, &sent, &opened, work).await
}

async fn to_folder(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &id).await?;
    let work = async {
        let id = opened.item.item.id();
        record_drop::ask(&web.gateway, id, restricted(&signed), &signed.by()).await?;
        Ok(format!("/records/{id}?done=to-folder"))
    };
    item_deed(&web, &signed, &sent, &opened, work).await
}

/// Does a deed of the page, and shows it again where it could not be done.
async fn item_deed(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    opened: &Opened,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(fault) => {
            let shown = Shown { fault: Some(&fault), typed: sent.fields.clone(), done: None };
            Ok(show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, opened.clone(), shown))
        }
    }
}
