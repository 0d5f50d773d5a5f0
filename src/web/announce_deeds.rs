//! What is done with an announcement: sent for approval, approved or declined, queued, taken back, cancelled.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    announce::WRITERS,
    announce_one::{APPROVERS, open, show_one, show_preview},
    announce_to::may_announce,
    cases::in_page_words,
    frame::Wrong,
    guard::{After, Signed},
    post,
    sent::{Did, Sent, once},
};
use crate::flows::{FlowError, announcements};

pub(super) fn served() -> Vec<Served> {
    let (writers, approvers) = (Who::Holders(WRITERS), Who::Holders(APPROVERS));
    vec![
        post("/announce/{announcement}/ask", writers, ask),
        post("/announce/{announcement}/approve", approvers, approve),
        post("/announce/{announcement}/decline", approvers, decline),
        post("/announce/{announcement}/queue", writers, queue),
        post("/announce/{announcement}/take-back", writers, take_back),
        post("/announce/{announcement}/cancel", writers, cancel),
        post("/announce/{announcement}/drop", writers, drop_it),
    ]
}

/// The version that the page showed.
fn seen(sent: &Sent) -> i64 {
    sent.fields.parsed("version").unwrap_or_default()
}

/// What is shown when it could not be done: the page on which the button stands.
async fn answer(web: &Web, signed: &Signed, id: &str, sent: &Sent, did: Did) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let (status, fault) = (StatusCode::UNPROCESSABLE_ENTITY, Some(in_page_words(&sentence)));
            if sent.fields.ticked("preview") {
                return show_preview(web, signed, id, &After::default(), status, fault).await;
            }
            show_one(web, signed, id, &After::default(), status, fault, sent.fields.raw("why")).await
        }
    }
}

async fn ask(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        announcements::ask(&web.gateway, one.id, seen(&sent), &signed.by()).await?;
        Ok(format!("/announce/{}?done=asked", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn approve(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    let work = async {
        announcements::approve(&web.gateway, one.id, seen(&sent), &signed.by()).await?;
        Ok(format!("/announce/{}?done=approved", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn decline(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    let work = async {
        let why = sent.fields.text("why");
        announcements::decline(&web.gateway, one.id, seen(&sent), why, &signed.by()).await?;
        Ok(format!("/announce/{}?done=declined", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn queue(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        announcements::queue(&web.gateway, one.id, seen(&sent), &signed.by()).await?;
        Ok(format!("/announce/{}?done=announced", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn take_back(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        announcements::take_back(&web.gateway, one.id, &signed.by()).await?;
        Ok(format!("/announce/{}?done=taken-back", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn drop_it(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        announcements::drop(&web.gateway, one.id, seen(&sent), &signed.by()).await?;
        Ok("/announce?done=dropped-announcement".to_owned())
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}

async fn cancel(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let one = open(&web, &signed, &id).await?;
    may_announce(&web, &signed, &one.written).await?;
    let work = async {
        if !sent.fields.ticked("sure") {
            let why = "tick the box to say that what still waits is to be taken back";
            return Err(FlowError::at("sure", why));
        }
        announcements::cancel(&web.gateway, one.id, &signed.by()).await?;
        Ok(format!("/announce/{}?done=cancelled", one.id))
    };
    let did = once(&web, &signed, &sent, work).await?;
    answer(&web, &signed, &id, &sent, did).await
}
