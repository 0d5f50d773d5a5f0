//! Updates that wait for a second person: the list of them, and what that person decides beside what each carer would get
//! (R17).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    announce_one::APPROVERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    preview::{Typed, show_preview},
    sent::{Did, Sent, once},
    write::week_of_form,
};
use crate::{
    domain::{
        ids::PupilId,
        time::{Date, day_in_full, school_date},
    },
    flows::{FlowError, desk as reading, second_person},
    store::{
        StoreError, announcements, desk,
        second_person::{Waiting, waiting_for},
    },
};

pub(super) fn served() -> Vec<Served> {
    let approvers = Who::Holders(APPROVERS);
    vec![
        get("/approve", approvers, list_page),
        post("/update/{pupil}/approve", approvers, approve),
        post("/update/{pupil}/decline", approvers, decline),
    ]
}

/// An update on the list.
struct Line {
    update: Waiting,
    /// Its week, in words.
    week: String,
    /// Who wrote it.
    author: String,
}

#[derive(Template)]
#[template(path = "approve.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    /// How many announcements wait besides.
    announcements: usize,
}

async fn list_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let waiting = waiting_for(&mut tx, signed.staff()).await?;
    let announcements = announcements::to_decide(&mut tx, &signed.by()).await?.len();
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let line = |update: Waiting| Line {
        week: day_in_full(update.week, today),
        author: who(&update.author, &names),
        update,
    };
    let template = ListPage {
        frame: Frame::of(&web, &signed, "To approve", "/week").after(after.done.as_deref()),
        lines: waiting.into_iter().map(line).collect(),
        announcements,
    };
    Ok(frame::page(StatusCode::OK, &template))
}

async fn approve(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (pupil, week, version) = decided(&web, &signed, &pupil, &sent).await?;
    let work = async {
        second_person::approve(&web.gateway, pupil, week, version, &signed.by()).await?;
        Ok("/approve?done=update-approved".to_owned())
    };
    answer(&web, &signed, &sent, (pupil, week), work).await
}

async fn decline(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (pupil, week, version) = decided(&web, &signed, &pupil, &sent).await?;
    let work = async {
        let why = sent.fields.raw("declined");
        second_person::decline(&web.gateway, pupil, week, version, why, &signed.by()).await?;
        Ok("/approve?done=declined".to_owned())
    };
    answer(&web, &signed, &sent, (pupil, week), work).await
}

/// Which version of which update a form decides about: one of a pupil whom this colleague may see.
async fn decided(
    web: &Web,
    signed: &Signed,
    pupil: &str,
    sent: &Sent,
) -> Result<(PupilId, Date, i64), Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    Ok((pupil, week_of_form(web, sent)?, sent.fields.parsed("version").unwrap_or_default()))
}

async fn answer(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    at: (PupilId, Date),
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let typed = Typed { declined: sent.fields.raw("declined"), ..Typed::default() };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_preview(web, signed, status, at, None, (typed, Some(&sentence))).await
        }
    }
}
