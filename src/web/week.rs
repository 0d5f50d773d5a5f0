//! My week: pupil by pupil what is written, queued, sent and not reached; writing an update, and what each carer gets of it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::{Card, cards, who},
    post,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{
        ids::{ClassId, PupilId},
        staff::Role,
        time::{Date, day_in_words, moment_in_full, school_date, week_of},
    },
    flows::{
        desk as reading,
        drafts::{self, Saved, Words},
        preview::{self, Gets, PreviewFor},
    },
    store::{
        StoreError, desk,
        drafts::{DraftRow, find},
        week::{self, Class, PupilWeek},
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
        get("/update/{pupil}", writers, write_page),
        post("/update/{pupil}", writers, save),
        get("/update/{pupil}/preview", writers, preview_page),
        post("/update/{pupil}/take-back", writers, take_back),
    ]
}

fn this_week(web: &Web) -> Date {
    week_of(school_date(web.gateway.now()))
}

async fn first_class(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let classes = week::classes(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    match classes.first() {
        Some(class) => Ok(Redirect::to(&format!("/week/{}", class.id)).into_response()),
        None => Err(Wrong::Refused(
            "You have no class yet. IT gives you yours: liaison staff classes.".to_owned(),
        )),
    }
}

/// A pupil's line.
struct Line {
    pupil: PupilWeek,
    /// Until when it can be taken back.
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "week.html")]
struct WeekPage {
    frame: Frame,
    week: String,
    class: ClassId,
    classes: Vec<Class>,
    lines: Vec<Line>,
    /// How many wait to be queued.
    ready: usize,
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
    let monday = this_week(web);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let classes = week::classes(&mut tx).await?;
    let pupils = week::of_class(&mut tx, class, monday).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let name = classes.iter().find(|one| one.id == class).map(|one| one.name.clone()).ok_or(Wrong::Absent)?;
    let now = web.gateway.now();
    let lines: Vec<Line> = pupils
        .into_iter()
        .map(|pupil| Line {
            until: pupil.send_at.filter(|_| !pupil.sent).map(|at| moment_in_full(at, now)),
            pupil,
        })
        .collect();
    let template = WeekPage {
        frame: Frame::of(web, signed, &format!("My week: {name}"), "/week").after(done).refused(fault),
        week: day_in_words(monday),
        class,
        classes,
        ready: lines.iter().filter(|line| is_ready(&line.pupil)).count(),
        lines,
    };
    Ok(frame::page(status, &template))
}

/// Whether a draft can be queued.
fn is_ready(pupil: &PupilWeek) -> bool {
    pupil.written && !pupil.sent && pupil.send_at.is_none()
}

async fn queue(
    State(web): State<Web>,
    signed: Signed,
    Path(class): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let class: ClassId = class.parse().map_err(|_| Wrong::Absent)?;
    let monday = this_week(&web);
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
        drafts::queue_drafts(&web.gateway, monday, &chosen, &signed.by()).await?;
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

#[derive(Template)]
#[template(path = "write.html")]
struct WritePage {
    frame: Frame,
    pupil: PupilId,
    week: String,
    class: Option<ClassId>,
    cards: Vec<Card>,
    words: String,
    sensitive: bool,
    praise: bool,
    version: i64,
    /// What another tab or colleague has saved meanwhile, and who.
    newer: Option<(String, String)>,
    state: Stage,
}

/// What may be done with it.
#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    Queued(String),
    /// With the words that were sent.
    Sent(String),
}

/// What is in the boxes of the form.
struct Typed {
    words: String,
    sensitive: bool,
    praise: bool,
    version: i64,
    newer: Option<(String, String)>,
}

async fn write_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    show_write(&web, &signed, StatusCode::OK, pupil, None, after.done.as_deref(), None).await
}

async fn show_write(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    pupil: PupilId,
    typed: Option<Typed>,
    done: Option<&str>,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let family = reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let (monday, now) = (this_week(web), web.gateway.now());
    let (draft, sent) = own_draft(web, signed, pupil).await?;
    let state = match (&sent, &draft) {
        (Some(words), _) => Stage::Sent(words.clone()),
        (None, Some(DraftRow { send_at: Some(at), .. })) => Stage::Queued(moment_in_full(*at, now)),
        (None, _) => Stage::Open,
    };
    let trouble = draft.as_ref().and_then(|draft| draft.trouble.as_deref()).map(in_page_words);
    let typed = typed.unwrap_or_else(|| match draft {
        Some(draft) => Typed {
            words: draft.words,
            sensitive: draft.sensitive,
            praise: draft.praise,
            version: draft.version,
            newer: None,
        },
        None => Typed { words: String::new(), sensitive: false, praise: false, version: 0, newer: None },
    });
    let template = WritePage {
        frame: Frame::of(web, signed, &format!("Update about {}", family.pupil.name), "/week")
            .after(done)
            .refused(fault.or(trouble)),
        pupil,
        week: day_in_words(monday),
        class: family.pupil.class_id,
        cards: cards(family.carers, now),
        words: typed.words,
        sensitive: typed.sensitive,
        praise: typed.praise,
        version: typed.version,
        newer: typed.newer,
        state,
    };
    Ok(frame::page(status, &template))
}

/// The draft of this week, and the words of its update where there is one already.
async fn own_draft(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
) -> Result<(Option<DraftRow>, Option<String>), Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let draft = find(&mut tx, pupil, this_week(web)).await?;
    let sent = week::sent_words(&mut tx, pupil, this_week(web)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((draft, sent))
}

/// The draft is bound to the pupil in the address: a form of one child cannot reach another (T27).
async fn save(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let fields = &sent.fields;
    let typed = |newer| Typed {
        words: fields.raw("words").to_owned(),
        sensitive: fields.ticked("sensitive"),
        praise: fields.ticked("praise"),
        version: fields.parsed("version").unwrap_or_default(),
        newer,
    };
    if fields.text("pupil") != pupil.to_string() {
        return Err(Wrong::Forged);
    }
    let mut newer = None;
    let work = async {
        let words = Words {
            text: fields.text("words"),
            sensitive: fields.ticked("sensitive"),
            praise: fields.ticked("praise"),
        };
        let version = fields.parsed("version").unwrap_or_default();
        match drafts::save(&web.gateway, pupil, this_week(&web), words, version, &signed.by()).await? {
            Saved::Kept(_) if fields.ticked("preview") => Ok(format!("/update/{pupil}/preview")),
            Saved::Kept(_) => Ok(format!("/update/{pupil}?done=saved")),
            Saved::Conflict(row) => {
                newer = Some(row);
                Err(crate::flows::FlowError::Refused(
                    "this update was saved elsewhere since you opened it: nothing was overwritten; both are below".to_owned(),
                ))
            }
        }
    };
    match Box::pin(once(&web, &signed, &sent, work)).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            let mut typed = typed(None);
            if let Some(row) = newer {
                let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
                let names = desk::names(&mut tx).await?;
                tx.commit().await.map_err(StoreError::from)?;
                // Saving again is then a choice made knowingly.
                typed.version = row.version;
                typed.newer = Some((who(&row.author, &names), row.words));
            }
            show_write(&web, &signed, StatusCode::CONFLICT, pupil, Some(typed), None, fault).await
        }
    }
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    pupil: PupilId,
    class: Option<ClassId>,
    previews: Vec<PreviewFor>,
    draft: String,
    queued: bool,
}

async fn preview_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let family = reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let Some(draft) = own_draft(&web, &signed, pupil).await?.0.filter(|draft| !draft.words.trim().is_empty())
    else {
        return Ok(Redirect::to(&format!("/update/{pupil}")).into_response());
    };
    let (staff, monday) = (signed.staff(), this_week(&web));
    let previews = preview::of(&web.gateway, staff, pupil, monday, &draft.words, draft.sensitive).await?;
    let template = PreviewPage {
        frame: Frame::of(&web, &signed, &format!("What each carer of {} gets", family.pupil.name), "/week"),
        pupil,
        class: family.pupil.class_id,
        previews: previews.ok_or(Wrong::Absent)?,
        draft: format!("{pupil}/{}", draft.version),
        queued: draft.send_at.is_some(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

async fn take_back(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let work = async {
        drafts::take_back(&web.gateway, pupil, this_week(&web)).await?;
        Ok(format!("/update/{pupil}?done=taken-back"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            show_write(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, pupil, None, None, fault).await
        }
    }
}
