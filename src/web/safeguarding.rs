//! The DSL's closed door: restricted cases, and those without a reference in the school's safeguarding system.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{case_place, moment_place, of_case, of_moment},
};
use crate::{
    domain::{staff::Role, time::moment_in_full},
    flows::{desk::note_cases, lists},
    store::{
        StoreError,
        case_lists::List,
        diverted::{self, Unreferenced},
    },
};

/// Nobody else.
pub(super) const READERS: &[Role] = &[Role::Dsl];
/// The word by which an address says that it is the second list which goes on.
const MISSING: &str = "missing";

pub(super) fn served() -> Vec<Served> {
    vec![get("/safeguarding", Who::Holders(READERS), safeguarding_page)]
}

struct Missing {
    case: Unreferenced,
    since: String,
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
    missing: Vec<Missing>,
    open: Vec<Open>,
    /// Where the open ones go on.
    next: Option<String>,
    /// Where those without a reference go on.
    more: Option<String>,
    /// Whether these are not the first of them.
    on_missing: bool,
}

async fn safeguarding_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let on_missing = which.list.as_deref() == Some(MISSING);
    let after = which.place.as_deref().filter(|_| on_missing).and_then(moment_place);
    let missing = diverted::without_reference(&mut tx, after, lists::wanted()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let missing = lists::page(
        missing
            .into_iter()
            .map(|case| {
                let place = (case.opened_at, case.case);
                (case, place)
            })
            .collect(),
    );
    note_cases(
        &web.gateway,
        signed.staff(),
        missing.lines.iter().map(|case| case.case),
        "a list with this case was read",
    )
    .await?;
    let more =
        missing.next.as_ref().map(|place| format!("/safeguarding?list={MISSING}&after={}", of_moment(place)));
    // Notes each restricted case that is shown as read.
    let after = which.place.as_deref().filter(|_| !on_missing).and_then(case_place);
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
        missing: missing
            .lines
            .into_iter()
            .map(|case| Missing { since: moment_in_full(case.opened_at, now), case })
            .collect(),
        open: open.collect(),
        next,
        more,
        on_missing,
    };
    Ok(frame::page(StatusCode::OK, &template))
}
