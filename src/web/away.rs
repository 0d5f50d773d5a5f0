//! Who is away, and who covers for them.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::day,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Fields, Refusal, Sent, once},
};
use crate::{
    domain::{
        absence::days_in_words,
        ids::{AbsenceId, StaffId},
        staff::Role,
        time::school_date,
    },
    flows::{FlowError, absences as deeds},
    store::{
        StoreError,
        absences::{self, Absence},
        desk,
    },
};

/// Who says of anybody that they are away; everybody else of themself.
const KEEPERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(super::cases::READERS);
    vec![
        get("/away", readers, away_page),
        post("/away", readers, record),
        post("/away/{absence}/back", readers, back),
    ]
}

/// An absence as the page tells it.
struct Line {
    id: AbsenceId,
    name: String,
    cover: String,
    days: String,
    running: bool,
    /// Whether the cover may no longer sign in.
    uncovered: bool,
    /// Whether this colleague may end it.
    may_end: bool,
}

#[derive(Template)]
#[template(path = "away.html")]
struct AwayPage {
    frame: Frame,
    lines: Vec<Line>,
    /// Of whom this colleague may say it.
    whom: Vec<(String, String)>,
    covers: Vec<(String, String)>,
    staff: String,
    cover: String,
    from: String,
    until: String,
}

async fn away_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, &Fields::default(), after.done.as_deref(), None).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    typed: &Fields,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let open = absences::open(&mut tx).await?;
    let covers = desk::colleagues(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let (keeps, me) = (signed.is(KEEPERS), signed.staff());
    let line = |absence: Absence| Line {
        days: days_in_words(absence.from, absence.until),
        may_end: keeps || absence.staff == me,
        id: absence.id,
        name: absence.name,
        cover: absence.cover_name,
        running: absence.running,
        uncovered: absence.uncovered,
    };
    let today = school_date(web.gateway.now()).to_string();
    let or_today =
        |name: &str| Some(typed.text(name)).filter(|text| !text.is_empty()).unwrap_or(&today).to_owned();
    let chosen = typed.text("staff");
    let template = AwayPage {
        frame: Frame::of(web, signed, "Who is away", "/away").after(done).refusal(fault, |field| field),
        lines: open.into_iter().map(line).collect(),
        whom: covers.iter().filter(|(id, _)| keeps || *id == me.to_string()).cloned().collect(),
        covers,
        staff: if chosen.is_empty() { me.to_string() } else { chosen.to_owned() },
        cover: typed.text("cover").to_owned(),
        from: or_today("from"),
        until: or_today("until"),
    };
    Ok(frame::page(status, &template))
}

async fn record(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let work = async {
        let fields = &sent.fields;
        let staff: StaffId =
            fields.parsed("staff").ok_or_else(|| FlowError::at("staff", "say who is away"))?;
        let cover: StaffId =
            fields.parsed("cover").ok_or_else(|| FlowError::at("cover", "say who covers"))?;
        let days = (day(fields, "from")?, day(fields, "until")?);
        deeds::record(&web.gateway, &staff.to_string(), days, &cover.to_string(), &signed.by()).await?;
        Ok("/away?done=away".to_owned())
    };
    finish(&web, &signed, &sent, work).await
}

async fn back(
    State(web): State<Web>,
    signed: Signed,
    Path(absence): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id: AbsenceId = absence.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    // Proved before anything is done: the colleague sees it.
    let seen = absences::find(&mut tx, id).await?.is_some();
    tx.commit().await.map_err(StoreError::from)?;
    if !seen {
        return Err(Wrong::Absent);
    }
    let work = async {
        deeds::end(&web.gateway, id, &signed.by()).await?;
        Ok("/away?done=back".to_owned())
    };
    finish(&web, &signed, &sent, work).await
}

async fn finish(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match Box::pin(once(web, signed, sent, work)).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(fault) => {
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, &sent.fields, None, Some(&fault)).await
        }
    }
}
