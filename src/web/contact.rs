//! A contact as those it is for read it back, and its correction.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    contacts::{Around, around, name, read, show},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::{READERS, who},
    post,
    records::{Elsewhere, elsewhere},
    sent::{Did, Fields, Sent, done_before, once},
};
use crate::{
    domain::{
        contact::Direction,
        ids::StaffId,
        time::{Timestamp, day_in_full, field_moment, moment_in_full, school_date},
    },
    flows::{FlowError, contacts, desk},
    store::contacts::ContactRow,
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/contacts/{contact}", readers, contact_page),
        get("/contacts/{contact}/correct", readers, correct_page),
        post("/contacts/{contact}/correct", readers, correct),
    ]
}

/// A contact of a list, in words.
pub(super) struct Line {
    pub(super) path: String,
    pub(super) what: &'static str,
    pub(super) when: String,
    pub(super) carer: Option<String>,
    pub(super) sensitive: bool,
}

/// A contact as the page of its pupil lists it.
pub(super) fn line(row: &ContactRow, now: Timestamp) -> Line {
    Line {
        path: format!("/contacts/{}", row.id),
        what: name(row.kind),
        when: moment_in_full(row.happened_at, now),
        carer: row.carer_name.clone(),
        sensitive: row.sensitive,
    }
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    frame: Frame,
    row: ContactRow,
    pupil: String,
    what: &'static str,
    began: &'static str,
    happened: String,
    recorded: String,
    by: String,
    /// Who was there of the school.
    there: Vec<String>,
    follow_up: Option<String>,
    /// Where it went on, if it is a key item.
    elsewhere: Option<Elsewhere>,
}

/// The contact, where there is one for this colleague.
async fn open(web: &Web, signed: &Signed, id: &str) -> Result<desk::ContactRead, Wrong> {
    let id = id.parse().map_err(|_| Wrong::Absent)?;
    desk::contact(&web.gateway, signed.staff(), id).await?.ok_or(Wrong::Absent)
}

async fn contact_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let desk::ContactRead { row, pupil, names } = open(&web, &signed, &id).await?;
    let now = web.gateway.now();
    let elsewhere = elsewhere(&web, &signed, row.id.0).await?;
    let template = ContactPage {
        elsewhere,
        frame: Frame::of(&web, &signed, name(row.kind), "/families").after(after.done.as_deref()),
        pupil: pupil.name,
        what: name(row.kind),
        began: match row.direction {
            Direction::Out => "The school",
            Direction::In => "The family",
        },
        happened: moment_in_full(row.happened_at, now),
        recorded: moment_in_full(row.recorded_at, now),
        by: who(&row.recorded_by, &names),
        there: row.colleagues.iter().map(|one| named(*one, &names)).collect(),
        follow_up: row.follow_up_due.map(|due| day_in_full(due, school_date(now))),
        row,
    };
    Ok(frame::page(StatusCode::OK, &template))
}

fn named(one: StaffId, names: &HashMap<String, String>) -> String {
    names
        .get(&one.to_string())
        .cloned()
        .unwrap_or_else(|| "a colleague who is not on record any more".to_owned())
}

/// Whom the form offers as second colleague, and who was there besides: whoever logged it first.
async fn around_it(web: &Web, signed: &Signed, row: &ContactRow) -> Result<(Around, Vec<StaffId>), Wrong> {
    let mut around = around(web, signed, &row.pupil.to_string()).await?;
    let second = row.colleagues.get(1).copied();
    let there: Vec<StaffId> = row.colleagues.iter().copied().filter(|one| Some(*one) != second).collect();
    around.colleagues.push((signed.by(), signed.session.name.clone()));
    around.colleagues.retain(|(id, _)| !there.iter().any(|one| one.to_string() == *id));
    Ok((around, there))
}

/// The form as it was filled in when the contact was logged.
fn as_typed(row: &ContactRow) -> Fields {
    let mut typed = Fields::default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for (field, value) in [
        ("kind", row.kind.as_str().to_owned()),
        ("direction", row.direction.as_str().to_owned()),
        ("carer", row.carer.map(|id| id.to_string()).unwrap_or_default()),
        ("when", field_moment(row.happened_at)),
        ("facts", row.facts.clone()),
        ("agreed", text(&row.agreed)),
        ("follow_up", row.follow_up_due.map(|due| due.to_string()).unwrap_or_default()),
        ("place", text(&row.place)),
        ("colleague", row.colleagues.get(1).map(ToString::to_string).unwrap_or_default()),
        ("alone", text(&row.one_colleague_because)),
        ("topic", row.topic.map(|topic| topic.as_str().to_owned()).unwrap_or_default()),
    ] {
        typed.push(field, &value);
    }
    for (box_, ticked) in [("praise", row.praise), ("sensitive", row.sensitive)] {
        if ticked {
            typed.push(box_, "on");
        }
    }
    typed
}

async fn correct_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let row = open(&web, &signed, &id).await?.row;
    let (around, _) = around_it(&web, &signed, &row).await?;
    let typed = as_typed(&row);
    Ok(show(&web, &signed, StatusCode::OK, around, (Some(row.id), None), typed))
}

async fn correct(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    if let Some(done) = done_before(&web, &signed, &sent).await? {
        return Ok(done);
    }
    let row = open(&web, &signed, &id).await?.row;
    let (around, there) = around_it(&web, &signed, &row).await?;
    let work = async {
        let contact = read(&sent.fields, &around, there, row.case)?;
        let why = sent.fields.text("correction");
        let kept = contacts::correct(&web.gateway, row.id, &contact, why, &signed.by()).await?;
        Ok::<_, FlowError>(format!("/contacts/{}?done=corrected", kept.id))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(show(&web, &signed, status, around, (Some(row.id), Some(&sentence)), sent.fields.clone()))
        }
    }
}
