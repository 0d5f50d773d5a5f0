//! Writing an update about one pupil's week, with the contact card first and what each carer gets last.

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
    week::{WRITERS, this_week},
};
use crate::{
    domain::{
        card::card_digest,
        ids::{ClassId, PupilId},
        time::{day_in_words, moment_in_full, school_date},
    },
    flows::{
        FlowError, desk as reading,
        drafts::{self, Saved, Words},
        preview::{self, Gets, PreviewFor},
    },
    store::{
        StoreError, desk,
        drafts::{DraftRow, find},
        week,
    },
};

pub(super) fn served() -> Vec<Served> {
    let writers = Who::Holders(WRITERS);
    vec![
        get("/update/{pupil}", writers, write_page),
        post("/update/{pupil}", writers, save),
        get("/update/{pupil}/preview", writers, preview_page),
        post("/update/{pupil}/take-back", writers, take_back),
    ]
}

#[derive(Template)]
#[template(path = "write.html")]
struct WritePage {
    frame: Frame,
    pupil: PupilId,
    week: String,
    class: Option<ClassId>,
    cards: Vec<Card>,
    /// The card by its digest, which the form sends back: its writer had this one before their eyes.
    card: String,
    /// The words were saved before another card.
    card_changed: bool,
    /// How many of the class have words, of how many.
    progress: Option<(usize, usize)>,
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
    let card = card_digest(family.carers.iter().filter_map(|(_, link)| link.as_ref()), school_date(now));
    let (draft, sent) = own_draft(web, signed, pupil).await?;
    let progress = match family.pupil.class_id {
        Some(class) => {
            let written = written(web, signed, class).await?;
            Some((written.iter().filter(|(_, written)| *written).count(), written.len()))
        }
        None => None,
    };
    let state = match (&sent, &draft) {
        (Some(words), _) => Stage::Sent(words.clone()),
        (None, Some(DraftRow { send_at: Some(at), .. })) => Stage::Queued(moment_in_full(*at, now)),
        (None, _) => Stage::Open,
    };
    let saved = draft.as_ref().filter(|draft| !draft.words.trim().is_empty());
    let card_changed =
        state == Stage::Open && saved.is_some_and(|draft| draft.card_seen.as_ref() != Some(&card));
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
        card,
        card_changed,
        progress,
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

/// The pupils of a class, in its order, with whether they have words for this week.
async fn written(web: &Web, signed: &Signed, class: ClassId) -> Result<Vec<(PupilId, bool)>, FlowError> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let written = week::written(&mut tx, class, this_week(web)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(written)
}

/// Where one goes on after a pupil: to the next in the class's order who has no words, from the end on to its beginning; to
/// the class where all have.
async fn next_place(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
    class: Option<ClassId>,
) -> Result<String, FlowError> {
    let Some(class) = class else { return Ok(format!("/update/{pupil}?done=saved")) };
    let pupils = written(web, signed, class).await?;
    let at = pupils.iter().position(|(one, _)| *one == pupil).map_or(0, |at| at.saturating_add(1));
    let next = pupils.iter().cycle().skip(at).take(pupils.len()).find(|(one, has)| !has && *one != pupil);
    Ok(next.map_or_else(
        || format!("/week/{class}?done=all-written"),
        |(next, _)| format!("/update/{next}?done=next-pupil"),
    ))
}

/// The draft is bound to the pupil in the address: a form of one child cannot reach another (T27).
async fn save(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let family = reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
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
            card: Some(fields.text("card")).filter(|card| !card.is_empty()),
        };
        let version = fields.parsed("version").unwrap_or_default();
        match drafts::save(&web.gateway, pupil, this_week(&web), words, version, &signed.by()).await? {
            Saved::Kept(_) if fields.ticked("preview") => Ok(format!("/update/{pupil}/preview")),
            Saved::Kept(_) if fields.ticked("next") => {
                next_place(&web, &signed, pupil, family.pupil.class_id).await
            }
            Saved::Kept(_) => Ok(format!("/update/{pupil}?done=saved")),
            Saved::Conflict(row) => {
                newer = Some(row);
                Err(FlowError::Refused(
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
