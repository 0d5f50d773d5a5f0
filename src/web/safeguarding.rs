//! The DSL's closed door: restricted cases, and how many key items have no reference in the school's recording system.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{case_place, of_case},
};
use crate::{
    domain::{key_item::late_before, staff::Role, time::moment_in_full},
    flows::lists,
    store::{StoreError, case_lists::List, key_items},
};

/// Nobody else.
pub(super) const READERS: &[Role] = &[Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    vec![get("/safeguarding", Who::Holders(READERS), safeguarding_page)]
}

struct Open {
    code: String,
    carer: String,
    subject: String,
    due: Option<String>,
    late: bool,
}

#[derive(Template)]
#[template(path = "safeguarding.html")]
struct SafeguardingPage {
    frame: Frame,
    /// Key items without a reference, and how many of them are late.
    missing: (i64, i64),
    open: Vec<Open>,
    /// Where the open ones go on.
    next: Option<String>,
}

async fn safeguarding_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let missing = key_items::count(&mut tx, late_before(&web.gateway.policy(), now)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    // Notes each restricted case that is shown as read.
    let after = which.place.as_deref().and_then(case_place);
    let (cases, _) = lists::open_cases(&web.gateway, signed.staff(), List::Restricted, after).await?;
    let next = cases.next.as_ref().map(|place| format!("/safeguarding?after={}", of_case(place)));
    let open = cases.lines.into_iter().map(|case| Open {
        due: case.due.map(|due| moment_in_full(due, now)),
        late: case.overdue,
        code: case.code,
        carer: case.carer,
        subject: case.subject,
    });
    let template = SafeguardingPage {
        frame: Frame::of(&web, &signed, "Safeguarding", "/safeguarding"),
        missing,
        open: open.collect(),
        next,
    };
    Ok(frame::page(StatusCode::OK, &template))
}
