//! The Complaints Procedure: the list of complaints, and a complaint with its stages. How a case is handed on to it stands with
//! what is done with a case.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::{READERS, Typed, restricted, takers},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{day_place, moment_place, of_day, of_moment},
    people::who,
    post,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{
        chronology::Visibility,
        complaint::{Number, Outcome, Stage, may_own},
        ids::{CaseId, StaffId},
        staff::Role,
        time::{Timestamp, day_in_full, moment_in_full, school_date},
    },
    flows::{
        FlowError,
        complaint::{self, Deed, NextStage},
        complaints,
    },
    store::{
        StoreError,
        complaint_lists::ComplaintRow,
        complaints::{Step, StepRow},
        desk,
    },
};

/// Who hands matters on to the Complaints Procedure, and says who has them there.
pub(super) const LEADERS: &[Role] = &[Role::Slt, Role::Dsl];

/// The papers of a complaint are for the leaders and for whoever has it, which is decided row by row.
pub(super) fn served() -> Vec<Served> {
    let (readers, leaders) = (Who::Holders(READERS), Who::Holders(LEADERS));
    vec![
        get("/complaints", readers, list_page),
        get("/complaints/{complaint}", readers, complaint_page),
        post("/complaints/{complaint}/answer", readers, answer),
        post("/complaints/{complaint}/next", leaders, next),
        post("/complaints/{complaint}/owner", leaders, give),
        post("/complaints/{complaint}/close", readers, close),
    ]
}

/// How a complaint stands, in words, and whether somebody should see to it now.
fn standing(complaint: &ComplaintRow, now: Timestamp) -> (String, bool) {
    let (stage, today) = (complaint.stage, school_date(now));
    let outcome = complaint.outcome.map_or("", Outcome::in_words);
    if let Some(at) = complaint.closed_at {
        return (format!("Closed {}: {outcome}", moment_in_full(at, now)), false);
    }
    if complaint.answered_at.is_some() {
        return (format!("The answer of {stage}: {outcome}. If the carer is satisfied, close it"), false);
    }
    match complaint.due_day.map(|day| day_in_full(day, today)) {
        None => (
            "No day can be named: the school calendar does not reach so far. Tell the office".to_owned(),
            true,
        ),
        Some(day) if complaint.is_late(today) => (format!("Late: {stage} was to be answered by {day}"), true),
        Some(day) => (format!("Answer {stage} by {day}"), false),
    }
}

/// The complaints that a case was handed on to, as far as this colleague may read their papers: number, and how far it is.
pub(super) async fn of_case(
    web: &Web,
    signed: &Signed,
    case: CaseId,
) -> Result<Vec<(String, String)>, Wrong> {
    let complaints = complaints::of_case(&web.gateway, signed.staff(), case).await?;
    let how_far = |one: &ComplaintRow| match one.outcome.filter(|_| one.closed_at.is_some()) {
        Some(outcome) => format!("closed at {}, {}", one.stage, outcome.in_words()),
        None => format!("at {}", one.stage),
    };
    Ok(complaints.iter().map(|one| (one.number.to_string(), how_far(one))).collect())
}

/// A complaint on the list.
struct Line {
    number: String,
    complaint: ComplaintRow,
    standing: String,
    late: bool,
}

fn line(complaint: ComplaintRow, now: Timestamp) -> Line {
    let (standing, late) = standing(&complaint, now);
    Line { number: complaint.number.to_string(), complaint, standing, late }
}

#[derive(Template)]
#[template(path = "complaints.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    /// Whether these are the closed ones.
    closed: bool,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
    /// Whether whoever looks hands matters on.
    leads: bool,
}

async fn list_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let (gateway, staff, place) = (&web.gateway, signed.staff(), which.place.as_deref());
    let closed = which.list.as_deref() == Some("closed");
    let (lines, next) = if closed {
        let page = complaints::closed(gateway, staff, place.and_then(moment_place)).await?;
        (page.lines, page.next.map(|place| format!("/complaints?list=closed&after={}", of_moment(&place))))
    } else {
        let page = complaints::open(gateway, staff, place.and_then(day_place)).await?;
        (page.lines, page.next.map(|place| format!("/complaints?after={}", of_day(&place))))
    };
    let now = gateway.now();
    let template = ListPage {
        frame: Frame::of(&web, &signed, "Complaints", "/complaints").after(which.done.as_deref()),
        lines: lines.into_iter().map(|complaint| line(complaint, now)).collect(),
        closed,
        next,
        first: place.is_none(),
        leads: signed.is(LEADERS),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// What was done, as the page tells it.
struct Told {
    what: String,
    words: Option<String>,
    who: String,
    at: String,
}

/// A colleague to choose: id, name, roles.
type Choice = (String, String, String);

#[derive(Template)]
#[template(path = "complaint.html")]
struct ComplaintPage {
    frame: Frame,
    number: String,
    complaint: ComplaintRow,
    standing: String,
    late: bool,
    opened: String,
    told: Vec<Told>,
    /// Whether whoever looks says who has it.
    leads: bool,
    /// The stage that comes next, if any.
    next: Option<Stage>,
    /// Whether that is the panel, and somebody else's to name.
    panel_of_others: bool,
    /// Who could have this stage instead.
    takers: Vec<Choice>,
    /// Who could have the next one.
    next_takers: Vec<Choice>,
    outcomes: [Outcome; 3],
    /// What was typed into a form that could not be done.
    typed: Typed,
    /// The words of it, where its form is not on the page any more.
    lost: Vec<String>,
}

type Opened = (ComplaintRow, Vec<StepRow>);

/// The complaint, where there is one for this colleague.
async fn open(web: &Web, signed: &Signed, word: &str) -> Result<Opened, Wrong> {
    let number = Number::parse(word).ok_or(Wrong::Absent)?;
    complaints::show(&web.gateway, signed.staff(), number).await?.ok_or(Wrong::Absent)
}

fn framed(web: &Web, signed: &Signed, complaint: &ComplaintRow) -> Frame {
    let title = format!("Complaint {}", complaint.number);
    // Nobody's name of a restricted case stands in a title, as on the case's own page.
    if complaint.visibility == Visibility::Restricted {
        return Frame::of(web, signed, &title, "/complaints");
    }
    Frame::about(web, signed, &format!("{title}: "), &complaint.carer, "/complaints")
}

async fn complaint_page(
    State(web): State<Web>,
    signed: Signed,
    Path(word): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &word).await?;
    let frame = framed(&web, &signed, &opened.0).after(after.done.as_deref());
    show(&web, &signed, StatusCode::OK, opened, frame, Typed::default()).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    (complaint, steps): Opened,
    frame: Frame,
    typed: Typed,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let leads = signed.is(LEADERS) && complaint.closed_at.is_none();
    let all = if leads { takers(web, signed, complaint.case).await? } else { Vec::new() };
    let held: Vec<_> = steps.iter().filter_map(|row| Some((row.stage, row.step.owner()?))).collect();
    let for_stage = |stage: Stage| -> Vec<Choice> {
        let may = |id: &str| id.parse::<StaffId>().is_ok_and(|id| may_own(stage, id, &held).is_ok());
        all.iter().filter(|(id, _, _)| may(id)).cloned().collect()
    };
    let next = complaint.stage.next().filter(|_| leads);
    let names_it = complaint::may_name_panel(signed.is(&[Role::Slt]), complaint.visibility);
    let mut others = for_stage(complaint.stage);
    others.retain(|(id, _, _)| *id != complaint.owner.to_string());
    let has_form = match typed.form() {
        "answer" => complaint.waits(),
        "next" => next.is_some(),
        _ => complaint.closed_at.is_none(),
    };
    let (standing, late) = standing(&complaint, now);
    let template = ComplaintPage {
        frame,
        number: complaint.number.to_string(),
        standing,
        late,
        opened: moment_in_full(complaint.opened_at, now),
        told: steps
            .into_iter()
            .map(|row| Told {
                what: done(&row, &|id| who(&id.to_string(), &names)),
                who: who(&row.by, &names),
                at: moment_in_full(row.at, now),
                words: row.words,
            })
            .collect(),
        leads,
        panel_of_others: next == Some(Stage::Panel) && !names_it,
        takers: others,
        next_takers: next.map(for_stage).unwrap_or_default(),
        next,
        outcomes: Outcome::OF_AN_ANSWER,
        lost: if has_form { Vec::new() } else { typed.words() },
        typed,
        complaint,
    };
    Ok(frame::page(status, &template))
}

fn done(row: &StepRow, name: &dyn Fn(StaffId) -> String) -> String {
    let stage = row.stage.number();
    match row.step {
        Step::Begun(owner) if row.stage == Stage::Informal => {
            format!("Handed on: stage {stage} began, with {}", name(owner))
        }
        Step::Begun(owner) => {
            format!("The carer was not satisfied: stage {stage} began, with {}", name(owner))
        }
        Step::Given(owner) => format!("{} has stage {stage} from then on", name(owner)),
        Step::Answered(outcome) => format!("Stage {stage} was answered: {}", outcome.in_words()),
        Step::Closed(outcome) => format!("Closed at stage {stage}: {}", outcome.in_words()),
    }
}

/// Does a complaint's deed, and shows the complaint again where it could not be done.
async fn do_it(
    web: &Web,
    signed: &Signed,
    word: &str,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    // Proved before anything is done: one whose papers this colleague may not read does not exist.
    drop(open(web, signed, word).await?);
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let typed = Typed::of(sent);
            let opened = open(web, signed, word).await?;
            let frame = framed(web, signed, &opened.0).refusal(Some(&sentence), |field| typed.id_of(field));
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, opened, frame, typed).await
        }
    }
}

/// The deed that a form asks for, its words being in this field.
fn asked<'a>(
    word: &str,
    signed: &Signed,
    sent: &'a Sent,
    words: &str,
    by: &'a str,
) -> Result<Deed<'a>, FlowError> {
    let number = Number::parse(word);
    let at = sent.fields.parsed("stage").and_then(Stage::of_number);
    let (number, at) = number.zip(at).ok_or_else(|| FlowError::Refused("load the page again".to_owned()))?;
    Ok(Deed { number, at, restricted: restricted(signed), words: sent.fields.text(words), by })
}

fn chosen(sent: &Sent) -> Result<StaffId, FlowError> {
    sent.fields.parsed("owner").ok_or_else(|| FlowError::at("owner", "choose who has it"))
}

async fn answer(
    State(web): State<Web>,
    signed: Signed,
    Path(word): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let by = signed.by();
        let outcome = Outcome::parse(sent.fields.text("outcome"))
            .map_err(|_| FlowError::at("outcome", "choose what came of it"))?;
        complaint::answer(&web.gateway, &asked(&word, &signed, &sent, "said", &by)?, outcome).await?;
        Ok(format!("/complaints/{word}?done=stage-answered"))
    };
    Box::pin(do_it(&web, &signed, &word, &sent, work)).await
}

async fn next(
    State(web): State<Web>,
    signed: Signed,
    Path(word): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let by = signed.by();
        let deed = asked(&word, &signed, &sent, "why", &by)?;
        let wanted = NextStage {
            owner: chosen(&sent)?,
            panel: sent.fields.text("panel"),
            by_slt: signed.is(&[Role::Slt]),
        };
        complaint::next_stage(&web.gateway, &deed, &wanted).await?;
        Ok(format!("/complaints/{word}?done=next-stage"))
    };
    Box::pin(do_it(&web, &signed, &word, &sent, work)).await
}

async fn give(
    State(web): State<Web>,
    signed: Signed,
    Path(word): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let by = signed.by();
        let deed = asked(&word, &signed, &sent, "why", &by)?;
        complaint::give(&web.gateway, &deed, chosen(&sent)?).await?;
        Ok(format!("/complaints/{word}?done=complaint-given"))
    };
    Box::pin(do_it(&web, &signed, &word, &sent, work)).await
}

async fn close(
    State(web): State<Web>,
    signed: Signed,
    Path(word): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let by = signed.by();
        complaint::close(&web.gateway, &asked(&word, &signed, &sent, "end", &by)?).await?;
        Ok(format!("/complaints/{word}?done=complaint-closed"))
    };
    Box::pin(do_it(&web, &signed, &word, &sent, work)).await
}
