//! Whom to ask again how they are reached and want to be told: carers of whom nothing of it was said for a year (R07).

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{moment_place, of_moment},
    restrictions::KEEPERS,
};
use crate::{
    domain::time::{a_year_before, day_in_full, school_date},
    flows::lists::{page, wanted},
    store::{StoreError, ask_again},
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/ask-again", Who::Holders(KEEPERS), ask_again_page)]
}

/// A carer on the list.
struct Line {
    carer: ask_again::Unasked,
    /// When something was last said, in words; `None`: never.
    last: Option<String>,
}

#[derive(Template)]
#[template(path = "ask_again.html")]
struct AskAgainPage {
    frame: Frame,
    lines: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
}

async fn ask_again_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let after = which.place.as_deref().and_then(moment_place);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = ask_again::list(&mut tx, a_year_before(today), today, after, wanted()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let found = page(found.into_iter().map(|carer| (carer.clone(), carer.place)).collect());
    let template = AskAgainPage {
        frame: Frame::of(&web, &signed, "Ask again", "/families"),
        next: found.next.as_ref().map(|place| format!("/ask-again?after={}", of_moment(place))),
        lines: found
            .lines
            .into_iter()
            .map(|carer| Line { last: carer.last.map(|at| day_in_full(school_date(at), today)), carer })
            .collect(),
        first: after.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}
