//! Playing a carer, in the demo only. Anywhere else these pages do not exist.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use uuid::Uuid;

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::After,
    post,
    sent::{Fields, Open},
};
use crate::{
    domain::{
        ids::CarerId,
        time::{Date, day_in_words},
    },
    flows::{
        FlowError,
        play::{self, Play, Reached, Task, Writer},
        salt,
    },
    store::play::{Carer, carers},
};

pub(super) fn served() -> Vec<Served> {
    vec![
        get("/play", Who::Anyone, list_page),
        get("/play/stranger", Who::Anyone, stranger_page),
        post("/play/stranger", Who::Anyone, stranger_writes),
        get("/play/{carer}", Who::Anyone, carer_page),
        post("/play/{carer}", Who::Anyone, carer_writes),
    ]
}

/// The demo's folders; outside the demo there is nothing here.
fn in_demo(web: &Web) -> Result<&Play, Wrong> {
    web.site.play.as_ref().filter(|_| web.site.demo).ok_or(Wrong::Absent)
}

#[derive(Template)]
#[template(path = "play.html")]
struct ListPage {
    frame: Frame,
    carers: Vec<Carer>,
}

async fn list_page(State(web): State<Web>) -> Result<Response, Wrong> {
    in_demo(&web)?;
    let carers = carers(&mut *web.gateway.store.acquire().await?, None).await?;
    let frame = Frame::open(&web, "Play a carer");
    Ok(frame::page(StatusCode::OK, &ListPage { frame, carers }))
}

#[derive(Template)]
#[template(path = "play_carer.html")]
struct CarerPage {
    frame: Frame,
    /// Where its forms go.
    action: String,
    writer: Writer,
    /// What they are to whom; nothing for a stranger.
    of: Vec<String>,
    shared_with: Vec<String>,
    reached: Reached,
    by_hand: Vec<Task>,
    typed: Fields,
}

impl CarerPage {
    /// A fresh key for a form, by which it is done once.
    #[expect(clippy::unused_self, reason = "a template calls methods of its own")]
    fn once(&self) -> String {
        Uuid::from_bytes(salt()).to_string()
    }

    #[expect(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        reason = "a template calls methods of its own"
    )]
    fn day(&self, day: &Date) -> String {
        day_in_words(*day)
    }

    /// What stands in the box of a form that was refused.
    fn words(&self, by: &str) -> &str {
        if self.typed.text("by") == by { self.typed.raw("words") } else { "" }
    }
}

/// Somebody who is played.
struct Played {
    carer: Option<Carer>,
    writer: Writer,
}

async fn find(web: &Web, carer: &str) -> Result<Played, Wrong> {
    let id: CarerId = carer.parse().map_err(|_| Wrong::Absent)?;
    let carer =
        carers(&mut *web.gateway.store.acquire().await?, Some(id)).await?.pop().ok_or(Wrong::Absent)?;
    Ok(Played { writer: Writer::from(&carer), carer: Some(carer) })
}

fn stranger() -> Played {
    Played { writer: Writer::stranger(), carer: None }
}

async fn show(
    web: &Web,
    status: StatusCode,
    played: Played,
    frame: Frame,
    typed: Fields,
) -> Result<Response, Wrong> {
    let (email, mobile) = (played.writer.email.as_deref(), played.writer.mobile.as_deref());
    let reached = play::reached(in_demo(web)?, email, mobile).await?;
    let by_hand = match &played.carer {
        Some(carer) => play::by_hand(&web.gateway, carer.id).await?,
        None => Vec::new(),
    };
    let action = path(&played);
    let (of, shared_with) = played.carer.map(|carer| (carer.of, carer.shared_with)).unwrap_or_default();
    let template =
        CarerPage { frame, action, writer: played.writer, of, shared_with, reached, by_hand, typed };
    Ok(frame::page(status, &template))
}

fn path(played: &Played) -> String {
    played.carer.as_ref().map_or_else(|| "/play/stranger".to_owned(), |carer| format!("/play/{}", carer.id))
}

fn around(web: &Web, played: &Played) -> Frame {
    match &played.carer {
        Some(carer) => Frame::open(web, &format!("You play {}", carer.name)),
        None => Frame::open(web, "You play a stranger"),
    }
}

async fn carer_page(
    State(web): State<Web>,
    Path(carer): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    in_demo(&web)?;
    let played = find(&web, &carer).await?;
    let frame = around(&web, &played).after(after.done.as_deref());
    show(&web, StatusCode::OK, played, frame, Fields::default()).await
}

async fn stranger_page(State(web): State<Web>, after: After) -> Result<Response, Wrong> {
    in_demo(&web)?;
    let frame = around(&web, &stranger()).after(after.done.as_deref());
    show(&web, StatusCode::OK, stranger(), frame, Fields::default()).await
}

async fn carer_writes(
    State(web): State<Web>,
    Path(carer): Path<String>,
    Open(fields): Open,
) -> Result<Response, Wrong> {
    in_demo(&web)?;
    let played = find(&web, &carer).await?;
    write(&web, played, fields).await
}

async fn stranger_writes(State(web): State<Web>, Open(fields): Open) -> Result<Response, Wrong> {
    in_demo(&web)?;
    write(&web, stranger(), fields).await
}

async fn write(web: &Web, played: Played, fields: Fields) -> Result<Response, Wrong> {
    let play = in_demo(web)?;
    let once: Uuid = fields.parsed("once").ok_or(Wrong::Forged)?;
    let (writer, words) = (&played.writer, fields.raw("words"));
    let written = match fields.text("by") {
        "email" => {
            let answers = Some(fields.text("answers")).filter(|answers| !answers.is_empty());
            play::email(&web.gateway, play, writer, answers, words, once).await
        }
        "text" => play::text(&web.gateway, play, writer, words, once).await,
        _ => return Err(Wrong::Forged),
    };
    match written {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=played", path(&played))).into_response()),
        Err(FlowError::Refused(sentence) | FlowError::At { sentence, .. }) => {
            let frame = around(web, &played).refused(Some(in_page_words(&sentence)));
            show(web, StatusCode::UNPROCESSABLE_ENTITY, played, frame, fields).await
        }
        Err(error) => Err(error.into()),
    }
}
