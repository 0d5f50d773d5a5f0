//! A message that was put with the wrong carer or child: it is taken out, and asked about (T29).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::{READERS, open, restricted},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
    post,
    sent::{Did, Refusal, Sent, done_before, once},
};
use crate::{
    domain::{ids::ReceivedId, time::moment_in_full},
    flows::{
        FlowError,
        desk::{Opened, Words},
        questions::{self, Mistake},
    },
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/cases/{case}/messages/{received}", readers, wrong_page),
        post("/cases/{case}/messages/{received}", readers, take_out),
    ]
}

#[derive(Template)]
#[template(path = "put_wrongly.html")]
struct WrongPage {
    frame: Frame,
    code: String,
    received: ReceivedId,
    carer: String,
    pupil: Option<String>,
    words: String,
    /// When it came.
    at: String,
    /// What was typed and could not be taken.
    wrong: String,
    reason: String,
}

/// A message of a case that this colleague may see.
pub(super) async fn message(
    web: &Web,
    signed: &Signed,
    code: &str,
    received: ReceivedId,
) -> Result<(Opened, Words), Wrong> {
    let opened = open(web, signed, code).await?;
    let words = opened.messages.iter().find(|words| words.message.id == received).cloned();
    Ok((opened, words.ok_or(Wrong::Absent)?))
}

async fn wrong_page(
    State(web): State<Web>,
    signed: Signed,
    Path((code, received)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    let received: ReceivedId = received.parse().map_err(|_| Wrong::Absent)?;
    let found = message(&web, &signed, &code, received).await?;
    Ok(show(&web, &signed, StatusCode::OK, found, ("", ""), None))
}

fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    (opened, words): (Opened, Words),
    (wrong, reason): (&str, &str),
    fault: Option<&Refusal>,
) -> Response {
    let frame = Frame::of(web, signed, "Put with the wrong carer or child", "/cases");
    frame::page(
        status,
        &WrongPage {
            frame: frame.refusal(fault, |field| if field == "wrong" { "wrong-carer" } else { field }),
            code: opened.case.code,
            received: words.message.id,
            carer: opened.case.carer,
            pupil: opened.case.pupil,
            at: moment_in_full(words.message.received_at, web.gateway.now()),
            words: words.words,
            wrong: wrong.to_owned(),
            reason: reason.to_owned(),
        },
    )
}

async fn take_out(
    State(web): State<Web>,
    signed: Signed,
    Path((code, received)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let received: ReceivedId = received.parse().map_err(|_| Wrong::Absent)?;
    let Ok(found) = message(&web, &signed, &code, received).await else {
        // It has left the case when the button is pressed twice.
        return done_before(&web, &signed, &sent).await?.ok_or(Wrong::Absent);
    };
    let (wrong, reason) = (sent.fields.text("wrong"), sent.fields.raw("reason"));
    let work = async {
        let mistake = match wrong {
            "carer" => Mistake::Carer,
            "child" => Mistake::Child,
            _ => return Err(FlowError::at("wrong", "say what is wrong with it")),
        };
        let (dsl, by) = (restricted(&signed), signed.by());
        questions::unmatch(&web.gateway, (&code, received), dsl, mistake, reason, &by).await?;
        Ok(format!("/cases/{code}?done=asked-again"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(show(&web, &signed, status, found, (wrong, reason), Some(&sentence)))
        }
    }
}
