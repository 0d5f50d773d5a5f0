//! My week, class by class: what is written, queued, sent and not reached, and queueing what is ready.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use jiff::ToSpan as _;

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{
        ids::{ClassId, PupilId},
        staff::Role,
        time::{Date, day_in_full, moment_in_full, school_date, week_of},
    },
    flows::drafts,
    store::{
        StoreError,
        week::{self, Class, PupilWeek, Unsent},
    },
};

/// Who writes updates: each about the pupils they may see.
pub(super) const WRITERS: &[Role] = &[Role::Teacher, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let writers = Who::Holders(WRITERS);
    vec![
        get("/week", writers, first_class),
        get("/week/{class}", writers, class_page),
        post("/week/{class}/queue", writers, queue),
    ]
}

/// The Monday of the week that is written about now.
pub(super) fn this_week(web: &Web) -> Date {
    week_of(school_date(web.gateway.now()))
}

/// For so many weeks words that were not sent can still be.
const WEEKS_BACK: i64 = 8;

/// The week that a form or an address names: this one, or one that is not long over.
pub(super) fn week_named(web: &Web, named: Option<Date>) -> Result<Date, Wrong> {
    let now = this_week(web);
    let week = named.unwrap_or(now);
    let near = week_of(week) == week && week <= now && week >= earliest(now);
    if near { Ok(week) } else { Err(Wrong::Absent) }
}

fn earliest(now: Date) -> Date {
    now.saturating_sub(WEEKS_BACK.weeks())
}

async fn first_class(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let classes = week::classes(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if let Some(class) = classes.first() {
        return Ok(Redirect::to(&format!("/week/{}", class.id)).into_response());
    }
    let frame = Frame::of(&web, &signed, "My week", "/week");
    Ok(frame::page(StatusCode::OK, &NoClassPage { frame }))
}

#[derive(Template)]
#[template(path = "week_none.html")]
struct NoClassPage {
    frame: Frame,
}

/// A pupil's line.
struct Line {
    pupil: PupilWeek,
    stage: Stage,
}

/// How far a pupil's update has come.
#[derive(PartialEq, Eq)]
enum Stage {
    Blank,
    /// Its words were saved before another contact card than the one that stands now.
    CardChanged,
    Ready,
    /// Queued, and a second person must approve it first.
    Waits,
    /// Until when it can be taken back.
    Queued(String),
    Sent,
}

/// A class's week in numbers.
#[derive(Default)]
struct Count {
    pupils: usize,
    written: usize,
    ready: usize,
    queued: usize,
    sent: usize,
    not_reached: usize,
}

impl Count {
    fn of(lines: &[Line]) -> Self {
        let at = |stage: fn(&Stage) -> bool| lines.iter().filter(|line| stage(&line.stage)).count();
        Self {
            pupils: lines.len(),
            written: at(|stage| *stage != Stage::Blank),
            ready: at(|stage| *stage == Stage::Ready),
            queued: at(|stage| matches!(stage, Stage::Queued(_) | Stage::Waits)),
            sent: at(|stage| *stage == Stage::Sent),
            not_reached: lines.iter().map(|line| line.pupil.not_reached.len()).sum(),
        }
    }
}

#[derive(Template)]
#[template(path = "week.html")]
struct WeekPage {
    frame: Frame,
    week: String,
    /// Its Monday, which the forms carry.
    monday: Date,
    class: ClassId,
    classes: Vec<Class>,
    /// Words of earlier weeks that have not been sent: the pupil, the week, and until when they can be taken back.
    unsent: Vec<(Unsent, String, Option<String>)>,
    lines: Vec<Line>,
    count: Count,
}

async fn class_page(
    State(web): State<Web>,
    signed: Signed,
    Path(class): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let class: ClassId = class.parse().map_err(|_| Wrong::Absent)?;
    show_class(&web, &signed, StatusCode::OK, class, after.done.as_deref(), None).await
}

async fn show_class(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    class: ClassId,
    done: Option<&str>,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let (monday, now) = (this_week(web), web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let classes = week::classes(&mut tx).await?;
    let pupils = week::of_class(&mut tx, class, monday).await?;
    let unsent = week::unsent(&mut tx, class, earliest(monday), monday).await?;
    let drafts: Vec<PupilId> =
        pupils.iter().filter(|one| one.written && !one.sent).map(|one| one.pupil).collect();
    let cards = drafts::cards_now(&mut tx, &drafts, school_date(now)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let name = classes.iter().find(|one| one.id == class).map(|one| one.name.clone()).ok_or(Wrong::Absent)?;
    let stage = |pupil: &PupilWeek| match pupil.send_at {
        _ if pupil.sent => Stage::Sent,
        Some(_) if pupil.waits_for_second => Stage::Waits,
        Some(at) => Stage::Queued(moment_in_full(at, now)),
        None if !pupil.written => Stage::Blank,
        None if pupil.card_seen.as_ref() != cards.get(&pupil.pupil) => Stage::CardChanged,
        None => Stage::Ready,
    };
    let lines: Vec<Line> = pupils.into_iter().map(|pupil| Line { stage: stage(&pupil), pupil }).collect();
    let template = WeekPage {
        frame: Frame::about(web, signed, "My week: ", &name, "/week").after(done).refused(fault),
        week: day_in_full(monday, school_date(now)),
        monday,
        unsent: unsent
            .into_iter()
            .map(|one| {
                let week = day_in_full(one.week, school_date(now));
                let until = one.send_at.map(|at| moment_in_full(at, now));
                (one, week, until)
            })
            .collect(),
        class,
        classes,
        count: Count::of(&lines),
        lines,
    };
    Ok(frame::page(status, &template))
}

async fn queue(
    State(web): State<Web>,
    signed: Signed,
    Path(class): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let class: ClassId = class.parse().map_err(|_| Wrong::Absent)?;
    // The week that was looked at, which may be over by now.
    let monday = sent.fields.parsed("week").ok_or(Wrong::Forged)?;
    let monday = week_named(&web, Some(monday))?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = week::of_class(&mut tx, class, monday).await?;
    tx.commit().await.map_err(StoreError::from)?;
    // Of the drafts on the form those of pupils whom this colleague sees in this class, at the versions that were shown.
    let chosen: Vec<(PupilId, i64)> = sent
        .fields
        .all("draft")
        .into_iter()
        .filter_map(|draft| {
            let (pupil, version) = draft.split_once('/')?;
            Some((pupil.parse::<PupilId>().ok()?, version.parse().ok()?))
        })
        .filter(|(pupil, _)| seen.iter().any(|one| one.pupil == *pupil))
        .collect();
    let work = async {
        drafts::queue_drafts(&web.gateway, monday, &chosen, signed.staff()).await?;
        Ok(format!("/week/{class}?done=queued"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            show_class(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, class, None, fault).await
        }
    }
}
