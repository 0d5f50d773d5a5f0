//! Writing an update about one pupil's week, with the contact card first; what each carer gets of it is in `preview`.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
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
    records::{Elsewhere, of_update},
    sent::{Did, Fields, Refusal, Sent, once},
    week::{WRITERS, this_week, week_named},
};
use crate::{
    domain::{
        card::card_digest,
        ids::{ClassId, PupilId},
        plain::Advice,
        second_person::SecondFor,
        time::{Date, day_in_full, moment_in_full, school_date},
        topic::{Topic, listed, read_topic},
    },
    flows::{
        FlowError, desk as reading,
        drafts::{self, Saved, Words},
    },
    store::{
        StoreError, desk,
        drafts::{DraftRow, find},
        week::{sent_words, written as in_class},
    },
};

pub(super) fn served() -> Vec<Served> {
    let writers = Who::Holders(WRITERS);
    vec![
        get("/update/{pupil}", writers, write_page),
        post("/update/{pupil}", writers, save),
        post("/update/{pupil}/take-back", writers, take_back),
    ]
}

#[derive(Template)]
#[template(path = "write.html")]
struct WritePage {
    frame: Frame,
    pupil: PupilId,
    week: String,
    /// Its Monday, which the form carries: a week may end while somebody writes.
    monday: Date,
    /// Whether that week is over.
    past: bool,
    class: Option<ClassId>,
    cards: Vec<Card>,
    /// The card by its digest, which the form sends back: its writer had this one before their eyes.
    card: String,
    /// The words were saved before another card.
    card_changed: bool,
    /// How many of the class have words, of how many.
    progress: Option<(usize, usize)>,
    typed: Typed,
    topics: &'static [Topic],
    /// Which topics never go by text, as a sentence names them.
    never_by_text: String,
    /// Why the SLT lets what is saved go by text.
    text_because: Option<String>,
    /// How the words could be plainer.
    advice: Vec<Advice>,
    state: Stage,
    /// Where it went on, if it was sent and is a key item.
    elsewhere: Option<Elsewhere>,
}

/// What may be done with it.
#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    /// Queued, and a second person must approve it first, for this reason.
    Waits(&'static str),
    Queued(String),
    /// With the words that were sent.
    Sent(String),
}

/// What is in the boxes of the form.
#[derive(Default)]
struct Typed {
    words: String,
    sensitive: bool,
    /// The topic's word; empty where it has none.
    topic: String,
    praise: bool,
    version: i64,
    /// What another tab or colleague has saved meanwhile, and who.
    newer: Option<(String, String)>,
}

async fn write_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let at = (pupil, week_named(&web, after.week)?);
    show_write(&web, &signed, StatusCode::OK, at, None, after.done.as_deref(), None).await
}

/// The page of an update; the week stands in its address where it is not this one.
pub(super) fn page_of(web: &Web, (pupil, week): (PupilId, Date), page: &str, done: &str) -> String {
    let week = if week == this_week(web) { String::new() } else { format!("week={week}") };
    let done = if done.is_empty() { String::new() } else { format!("done={done}") };
    let asked: Vec<_> = [week, done].into_iter().filter(|part| !part.is_empty()).collect();
    let mark = if asked.is_empty() { "" } else { "?" };
    format!("/update/{pupil}{page}{mark}{}", asked.join("&"))
}

/// The week that a form carries.
pub(super) fn week_of_form(web: &Web, sent: &Sent) -> Result<Date, Wrong> {
    week_named(web, Some(sent.fields.parsed("week").ok_or(Wrong::Forged)?))
}

async fn show_write(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    (pupil, monday): (PupilId, Date),
    typed: Option<Typed>,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let family = reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let now = web.gateway.now();
    let card = card_digest(family.carers.iter().filter_map(|(_, link)| link.as_ref()), school_date(now));
    let (draft, sent) = own_draft(web, signed, (pupil, monday)).await?;
    let elsewhere = if sent.is_some() { of_update(web, signed, (pupil, monday)).await? } else { None };
    let progress = match family.pupil.class_id {
        Some(class) => {
            let written = written(web, signed, class, monday).await?;
            Some((written.iter().filter(|(_, written)| *written).count(), written.len()))
        }
        None => None,
    };
    let state = match (&sent, &draft) {
        (Some(words), _) => Stage::Sent(words.clone()),
        (None, Some(draft)) if draft.waits_for_second().is_some() => {
            Stage::Waits(draft.second_for.map(SecondFor::because).unwrap_or_default())
        }
        (None, Some(DraftRow { send_at: Some(at), .. })) => Stage::Queued(moment_in_full(*at, now)),
        (None, _) => Stage::Open,
    };
    let saved = draft.as_ref().filter(|draft| !draft.words.trim().is_empty());
    let card_changed =
        state == Stage::Open && saved.is_some_and(|draft| draft.card_seen.as_ref() != Some(&card));
    let trouble = draft.as_ref().and_then(|draft| draft.trouble.as_deref()).map(in_page_words);
    let text_because = draft.as_ref().and_then(|draft| draft.text_because.as_ref()).map(super::shown);
    let typed = typed.unwrap_or_else(|| match draft {
        Some(draft) => Typed {
            words: draft.words,
            sensitive: draft.sensitive,
            topic: draft.topic.map(Topic::as_str).unwrap_or_default().to_owned(),
            praise: draft.praise,
            version: draft.version,
            newer: None,
        },
        None => Typed::default(),
    });
    let template = WritePage {
        frame: Frame::about(web, signed, "Update about ", &family.pupil.name, "/week")
            .after(done)
            .refused(trouble)
            .refusal(fault, |field| field),
        pupil,
        week: day_in_full(monday, school_date(now)),
        monday,
        past: monday < this_week(web),
        class: family.pupil.class_id,
        cards: cards(family.carers, now),
        card,
        card_changed,
        progress,
        advice: web.gateway.policy().advice(&typed.words),
        topics: Topic::ALL,
        never_by_text: listed(&web.gateway.policy().never_by_text),
        text_because,
        typed,
        state,
        elsewhere,
    };
    Ok(frame::page(status, &template))
}

/// The draft of a week, and the words of its update where there is one already.
pub(super) async fn own_draft(
    web: &Web,
    signed: &Signed,
    (pupil, week): (PupilId, Date),
) -> Result<(Option<DraftRow>, Option<String>), Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let draft = find(&mut tx, pupil, week).await?;
    let sent = sent_words(&mut tx, pupil, week).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((draft, sent))
}

/// The pupils of a class, in its order, with whether they have words for a week.
async fn written(
    web: &Web,
    signed: &Signed,
    class: ClassId,
    week: Date,
) -> Result<Vec<(PupilId, bool)>, FlowError> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let written = in_class(&mut tx, class, week).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(written)
}

/// Where one goes on after a pupil: to the next in the class's order who has no words, from the end on to its beginning; to
/// the class where all have.
async fn next_place(
    web: &Web,
    signed: &Signed,
    (pupil, week): (PupilId, Date),
    class: Option<ClassId>,
) -> Result<String, FlowError> {
    let Some(class) = class else { return Ok(page_of(web, (pupil, week), "", "saved")) };
    let pupils = written(web, signed, class, week).await?;
    let at = pupils.iter().position(|(one, _)| *one == pupil).map_or(0, |at| at.saturating_add(1));
    let next = pupils.iter().cycle().skip(at).take(pupils.len()).find(|(one, has)| !has && *one != pupil);
    Ok(next.map_or_else(
        || format!("/week/{class}?done=all-written"),
        |(next, _)| page_of(web, (*next, week), "", "next-pupil"),
    ))
}

/// The topic that a form names, where it names one.
pub(super) fn topic_of(fields: &Fields) -> Result<Option<Topic>, FlowError> {
    read_topic(fields.text("topic"))
        .map_err(|_| FlowError::at("topic", "choose what it is about from the list"))
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
        topic: fields.text("topic").to_owned(),
        praise: fields.ticked("praise"),
        version: fields.parsed("version").unwrap_or_default(),
        newer,
    };
    if fields.text("pupil") != pupil.to_string() {
        return Err(Wrong::Forged);
    }
    let week = week_of_form(&web, &sent)?;
    let mut newer = None;
    let work = async {
        // Words of a week that is over, which nobody is to get any more.
        let drops = fields.ticked("drop");
        let words = Words {
            text: if drops { "" } else { fields.text("words") },
            sensitive: fields.ticked("sensitive"),
            topic: topic_of(fields)?,
            praise: fields.ticked("praise"),
            card: Some(fields.text("card")).filter(|card| !card.is_empty()),
        };
        let version = fields.parsed("version").unwrap_or_default();
        match drafts::save(&web.gateway, pupil, week, words, version, &signed.by()).await? {
            Saved::Kept(_) if drops => Ok(family.pupil.class_id.map_or_else(
                || page_of(&web, (pupil, week), "", "dropped"),
                |class| format!("/week/{class}?done=dropped"),
            )),
            Saved::Kept(_) if fields.ticked("preview") => Ok(page_of(&web, (pupil, week), "/preview", "")),
            Saved::Kept(_) if fields.ticked("next") => {
                next_place(&web, &signed, (pupil, week), family.pupil.class_id).await
            }
            Saved::Kept(_) => Ok(page_of(&web, (pupil, week), "", "saved")),
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
            let mut typed = typed(None);
            if let Some(row) = newer {
                let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
                let names = desk::names(&mut tx).await?;
                tx.commit().await.map_err(StoreError::from)?;
                // Saving again is then a choice made knowingly.
                typed.version = row.version;
                typed.newer = Some((who(&row.author, &names), row.words));
            }
            show_write(&web, &signed, StatusCode::CONFLICT, (pupil, week), Some(typed), None, Some(&sentence))
                .await
        }
    }
}

async fn take_back(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let week = week_of_form(&web, &sent)?;
    let work = async {
        drafts::take_back(&web.gateway, pupil, week).await?;
        Ok(page_of(&web, (pupil, week), "", "taken-back"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_write(&web, &signed, status, (pupil, week), None, None, Some(&sentence)).await
        }
    }
}
