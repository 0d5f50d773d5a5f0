//! A carer's message in English, beneath the words as they came (R47).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::{READERS, restricted},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
    post,
    put_wrongly::message,
    sent::{Did, Fields, Sent, done_before, once},
};
use crate::{
    domain::{ids::ReceivedId, time::moment_in_full, translation::Typed},
    flows::{
        desk::{Opened, Words},
        translating,
    },
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/cases/{case}/messages/{received}/english", readers, english_page),
        post("/cases/{case}/messages/{received}/english", readers, put),
    ]
}

#[derive(Template)]
#[template(path = "english.html")]
struct EnglishPage {
    frame: Frame,
    code: String,
    received: ReceivedId,
    words: String,
    /// When it came.
    at: String,
    /// What was typed that could not be taken; at first the English that is there already.
    english: String,
    typed: Fields,
}

async fn english_page(
    State(web): State<Web>,
    signed: Signed,
    Path((code, received)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    let received: ReceivedId = received.parse().map_err(|_| Wrong::Absent)?;
    let found = message(&web, &signed, &code, received).await?;
    let frame = Frame::of(&web, &signed, "Put into English", "/cases");
    let english = found.1.english.as_ref().map_or(String::new(), |english| english.words.expose().clone());
    Ok(show(&web, StatusCode::OK, found, frame, english, Fields::default()))
}

fn show(
    web: &Web,
    status: StatusCode,
    (opened, words): (Opened, Words),
    frame: Frame,
    english: String,
    typed: Fields,
) -> Response {
    let at = moment_in_full(words.message.received_at, web.gateway.now());
    let (code, received, words) = (opened.case.code, words.message.id, words.words);
    frame::page(status, &EnglishPage { frame, code, received, words, at, english, typed })
}

async fn put(
    State(web): State<Web>,
    signed: Signed,
    Path((code, received)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    if let Some(done) = done_before(&web, &signed, &sent).await? {
        return Ok(done);
    }
    let received: ReceivedId = received.parse().map_err(|_| Wrong::Absent)?;
    let found = message(&web, &signed, &code, received).await?;
    let work = async {
        let typed = Typed {
            words: sent.fields.raw("words").to_owned(),
            title: String::new(),
            by_machine: sent.fields.text("made") == "machine",
            checked_by: sent.fields.text("checked_by").to_owned(),
        };
        let (dsl, by) = (restricted(&signed), signed.by());
        translating::into_english(&web.gateway, (&code, received), dsl, (&typed, &found.1.words), &by)
            .await?;
        Ok(format!("/cases/{code}?done=english"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame = Frame::of(&web, &signed, "Put into English", "/cases")
                .refusal(Some(&sentence), |field| field);
            let english = sent.fields.raw("words").to_owned();
            Ok(show(&web, StatusCode::UNPROCESSABLE_ENTITY, found, frame, english, sent.fields.clone()))
        }
    }
}
