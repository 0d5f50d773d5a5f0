//! Through the year: which reports, newsletters and review meetings are due, done and missed, class by class, and recording
//! that one was given or held (R21).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::day,
    coverage::READERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Fields, Refusal, Sent, once},
};
use crate::{
    domain::{
        cadence::{Milestone, Standing},
        ids::{ClassId, MilestoneId, PupilId},
        time::{Date, day_in_full, school_date},
    },
    flows::{
        FlowError,
        milestones::{self, ClassYear},
    },
    store::{StoreError, desk, milestones as rows},
};

/// Stands for the pupils of no class in an address.
const NONE: &str = "none";

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/year", readers, year_page),
        get("/year/{class}", readers, class_page),
        post("/year/{class}", readers, record),
        post("/year/{class}/take-back", readers, take_back),
    ]
}

/// How something stands, in words, and whether it was missed.
struct Said {
    words: String,
    missed: bool,
}

fn said(standing: Standing, done: &str, today: Date) -> Option<Said> {
    let (words, missed) = match standing {
        Standing::NotDue => return None,
        Standing::Done(day) => (format!("{done} {}", day_in_full(day, today)), false),
        Standing::Due(day) => (format!("due by {}", day_in_full(day, today)), false),
        Standing::Missed(day) => (format!("missed: was due by {}", day_in_full(day, today)), true),
    };
    Some(Said { words, missed })
}

/// How many of a class's pupils stand how, of one kind.
struct Count {
    kind: &'static str,
    done: usize,
    due: usize,
    missed: usize,
    /// By which day, where some are due.
    by: Option<String>,
}

struct ClassLine {
    /// As it stands in the address.
    at: String,
    name: String,
    newsletters: Vec<(String, Said)>,
    counts: Vec<Count>,
}

#[derive(Template)]
#[template(path = "year.html")]
struct YearPage {
    frame: Frame,
    classes: Vec<ClassLine>,
    calendar_known: bool,
}

fn address(class: Option<ClassId>) -> String {
    class.map_or_else(|| NONE.to_owned(), |class| class.to_string())
}

fn newsletters(class: &ClassYear, today: Date) -> Vec<(String, Said)> {
    let lines = class.newsletters.iter();
    lines.filter_map(|(term, how)| Some((term.name.clone(), said(*how, "sent", today)?))).collect()
}

fn line(class: &ClassYear, today: Date) -> ClassLine {
    let counts = Milestone::ALL.iter().map(|kind| {
        let is = |is: fn(Standing) -> bool| class.of(*kind, is).count();
        let days = class.pupils.iter().flat_map(|pupil| &pupil.stands).filter_map(|(of, how)| match how {
            Standing::Due(day) if of == kind => Some(*day),
            _ => None,
        });
        Count {
            kind: kind.in_words(),
            done: is(|how| matches!(how, Standing::Done(_))),
            due: is(|how| matches!(how, Standing::Due(_))),
            missed: is(|how| matches!(how, Standing::Missed(_))),
            by: days.min().map(|day| day_in_full(day, today)),
        }
    });
    ClassLine {
        at: address(class.class),
        name: class.name.clone(),
        newsletters: newsletters(class, today),
        counts: counts.filter(|count| count.done + count.due + count.missed > 0).collect(),
    }
}

async fn year_page(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let classes = milestones::of_year(&web.gateway, signed.staff()).await?;
    let template = YearPage {
        frame: Frame::of(&web, &signed, "Through the year", "/coverage"),
        classes: classes.iter().map(|class| line(class, today)).collect(),
        calendar_known: web.gateway.policy().calendar.is_some(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

/// A pupil of a class, with each kind that is owed.
struct PupilLine {
    id: PupilId,
    name: String,
    stands: Vec<(&'static str, Said)>,
    ticked: bool,
}

/// What was recorded, with the form that takes it back.
struct Recorded {
    id: MilestoneId,
    pupil: PupilId,
    name: String,
    what: &'static str,
    done: &'static str,
    day: String,
    who: String,
}

#[derive(Template)]
#[template(path = "year_class.html")]
struct ClassPage {
    frame: Frame,
    at: String,
    newsletters: Vec<(String, Said)>,
    pupils: Vec<PupilLine>,
    kinds: &'static [Milestone],
    /// What was chosen and typed.
    kind: String,
    day: String,
    recorded: Vec<Recorded>,
    why: String,
}

async fn class_page(
    State(web): State<Web>,
    signed: Signed,
    Path(class): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, &class, after.done.as_deref(), None).await
}

fn class_at(at: &str) -> Result<Option<ClassId>, Wrong> {
    if at == NONE { Ok(None) } else { at.parse().map(Some).map_err(|_| Wrong::Absent) }
}

/// A class of which this colleague sees a pupil.
async fn class_of(web: &Web, signed: &Signed, at: &str) -> Result<ClassYear, Wrong> {
    let wanted = class_at(at)?;
    let classes = milestones::of_year(&web.gateway, signed.staff()).await?;
    classes.into_iter().find(|class| class.class == wanted).ok_or(Wrong::Absent)
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    at: &str,
    done: Option<&str>,
    refused: Option<(&Fields, &Refusal)>,
) -> Result<Response, Wrong> {
    let class = class_of(web, signed, at).await?;
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let recorded = rows::recorded(&mut tx, class.class, None).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let typed = |field: &str| refused.map_or_else(String::new, |(fields, _)| fields.raw(field).to_owned());
    let ticked = refused.map(|(fields, _)| fields.all("pupil")).unwrap_or_default();
    let template = ClassPage {
        frame: Frame::about(web, signed, "Through the year: ", &class.name, "/coverage")
            .after(done)
            .refusal(refused.map(|(_, why)| why), |field| field),
        at: address(class.class),
        newsletters: newsletters(&class, today),
        kinds: Milestone::ALL,
        kind: typed("kind"),
        day: if refused.is_some() { typed("day") } else { today.to_string() },
        why: typed("why"),
        pupils: class
            .pupils
            .iter()
            .map(|pupil| PupilLine {
                id: pupil.id,
                name: pupil.name.clone(),
                ticked: ticked.iter().any(|id| *id == pupil.id.to_string()),
                stands: pupil
                    .stands
                    .iter()
                    .filter_map(|(kind, how)| Some((kind.in_words(), said(*how, kind.done(), today)?)))
                    .collect(),
            })
            .collect(),
        recorded: recorded
            .into_iter()
            .map(|one| Recorded {
                id: one.id,
                pupil: one.pupil,
                name: one.name,
                what: one.kind.in_words(),
                done: one.kind.done(),
                day: day_in_full(one.day, today),
                who: who(&one.by, &names),
            })
            .collect(),
    };
    Ok(frame::page(status, &template))
}

async fn record(
    State(web): State<Web>,
    signed: Signed,
    Path(at): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let class = class_of(&web, &signed, &at).await?;
    let fields = &sent.fields;
    // Of the pupils on the form those of this class whom this colleague sees.
    let ticked: Vec<PupilId> = fields
        .all("pupil")
        .into_iter()
        .filter_map(|id| id.parse().ok())
        .filter(|id| class.pupils.iter().any(|pupil| pupil.id == *id))
        .collect();
    let work = async {
        let kind = Milestone::parse(fields.text("kind"))
            .map_err(|_| FlowError::at("kind", "choose what was given or held"))?;
        milestones::record(&web.gateway, kind, day(fields, "day")?, &ticked, &signed.by()).await?;
        Ok(format!("/year/{at}?done=recorded"))
    };
    answer(&web, &signed, &sent, &at, work).await
}

async fn take_back(
    State(web): State<Web>,
    signed: Signed,
    Path(at): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let class = class_of(&web, &signed, &at).await?;
    let work = async {
        let gone = || FlowError::Refused("that is not on record any more: look again".to_owned());
        let id: MilestoneId = sent.fields.parsed("milestone").ok_or_else(gone)?;
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        let seen = rows::recorded(&mut tx, class.class, Some(id)).await?;
        tx.commit().await.map_err(StoreError::from)?;
        if seen.is_empty() {
            return Err(gone());
        }
        milestones::take_back(&web.gateway, id, sent.fields.text("why"), &signed.by()).await?;
        Ok(format!("/year/{at}?done=taken-off"))
    };
    answer(&web, &signed, &sent, &at, work).await
}

async fn answer(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    at: &str,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(why) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(web, signed, status, at, None, Some((&sent.fields, &why))).await
        }
    }
}
