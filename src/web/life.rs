//! What ends whom the school may tell, on a pupil's page: the last day of an arrangement, and that a pupil agrees after 18. A
//! death has a page of its own, so that nobody records one by a slip.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{OriginalUri, Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::day,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
    people::who,
    post,
    restrictions::{KEEPERS, LIFTERS, finish, link_of, optional_day},
    sent::{Did, Fields, Refusal, Sent, once},
};
use crate::{
    domain::{
        age::{ADULT_AT, ASKED_AT, reminded_until, turns},
        ids::{LinkId, PupilId},
        time::{Date, Timestamp, day_in_full, school_date},
    },
    flows::{
        FlowError,
        life::{self as deeds, Person},
    },
    store::{
        StoreError, carers,
        desk::{self, Named},
        life::Recorded,
    },
};

pub(super) fn served() -> Vec<Served> {
    let (keepers, lifters) = (Who::Holders(KEEPERS), Who::Holders(LIFTERS));
    vec![
        post("/families/{pupil}/ends", keepers, ends),
        post("/families/{pupil}/ends-later", lifters, ends_later),
        post("/families/{pupil}/agrees", lifters, agrees),
        post("/families/{pupil}/agrees-no-more", keepers, agrees_no_more),
        get("/families/{pupil}/death", keepers, death_page),
        post("/families/{pupil}/death", keepers, record),
        post("/families/{pupil}/death/undo", lifters, undo),
        get("/carers/{carer}/death", keepers, death_page),
        post("/carers/{carer}/death", keepers, record),
        post("/carers/{carer}/death/undo", lifters, undo),
    ]
}

/// What ends for a pupil's carers, and when.
pub(super) struct Life {
    pub(super) links: Vec<Lasts>,
    /// What is known of the birthdays that matter.
    pub(super) birthday: Option<String>,
    /// Whether the pupil is old enough to be asked.
    pub(super) may_agree: bool,
}

/// How long one of them is told.
pub(super) struct Lasts {
    pub(super) link: LinkId,
    pub(super) carer: String,
    /// The last day in words, and by whom it was recorded.
    pub(super) ends: Option<(String, String)>,
    /// By whom it was recorded that the pupil agrees.
    pub(super) agreed: Option<String>,
}

/// The last day on which a link holds, in words.
pub(super) fn ends_in_words(last: Date, today: Date) -> String {
    let what = if last < today { "This arrangement ended on" } else { "This arrangement ends on" };
    format!("{what} {}", day_in_full(last, today))
}

/// What ends for the carers of a pupil, as far as the colleague may see them.
pub(super) async fn life(
    web: &Web,
    signed: &Signed,
    (pupil, named): (PupilId, &Named),
    names: &HashMap<String, String>,
) -> Result<Life, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let links = carers::links(&mut tx, None, Some(pupil)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let by = |actor: &str, at| recorded_in_words(actor, at, names, today);
    let links = links.into_iter().map(|link| Lasts {
        link: link.id,
        carer: link.carer_name,
        ends: link.ends.map(|ends| (ends_in_words(ends.day, today), by(&ends.by, ends.at))),
        agreed: link.agreed.map(|(actor, at)| by(&actor, at)),
    });
    let asked = named.born.filter(|born| turns(*born, ASKED_AT) <= reminded_until(today));
    Ok(Life {
        links: links.collect(),
        birthday: asked.map(|born| birthday(born, today)),
        may_agree: asked.is_some(),
    })
}

fn recorded_in_words(actor: &str, at: Timestamp, names: &HashMap<String, String>, today: Date) -> String {
    format!("by {} on {}", who(actor, names), day_in_full(school_date(at), today))
}

fn birthday(born: Date, today: Date) -> String {
    let adult = turns(born, ADULT_AT);
    if adult <= today {
        return "This pupil is 18: a carer is told only where it is recorded that the pupil agrees."
            .to_owned();
    }
    format!(
        "This pupil turns 18 on {}. From then on a carer is told only where it is recorded that the pupil agrees.",
        day_in_full(adult, today)
    )
}

async fn ends(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let link = link_of(&web, &signed, pupil, &sent.fields).await?;
    let work = async {
        deeds::end_link(&web.gateway, link, day(&sent.fields, "last")?, &signed.by()).await?;
        Ok(format!("/families/{pupil}?done=ends"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

async fn ends_later(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let link = link_of(&web, &signed, pupil, &sent.fields).await?;
    let work = async {
        let (last, reason) = (optional_day(&sent.fields, "last")?, sent.fields.text("reason"));
        deeds::move_end(&web.gateway, link, last, reason, &signed.by(), &roles(&signed)).await?;
        Ok(format!("/families/{pupil}?done=ends-later"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

async fn agrees(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let link = link_of(&web, &signed, pupil, &sent.fields).await?;
    let work = async {
        deeds::agree(&web.gateway, link, sent.fields.text("how"), &signed.by(), &roles(&signed)).await?;
        Ok(format!("/families/{pupil}?done=agrees"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

async fn agrees_no_more(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let link = link_of(&web, &signed, pupil, &sent.fields).await?;
    let work = async {
        deeds::agree_no_more(&web.gateway, link, &signed.by()).await?;
        Ok(format!("/families/{pupil}?done=agrees-no-more"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

fn roles(signed: &Signed) -> Vec<&'static str> {
    signed.session.roles.iter().map(|role| role.as_str()).collect()
}

/// Whose death a page is about.
struct Whose {
    person: Person,
    name: String,
    died: Option<Recorded>,
    /// Their own page.
    back: String,
}

/// The pupil or carer, where there is one for this colleague.
async fn whose(web: &Web, signed: &Signed, uri: &OriginalUri, id: &str) -> Result<Whose, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let whose = if uri.path().starts_with("/carers/") {
        let carer = id.parse().map_err(|_| Wrong::Absent)?;
        carers::find(&mut tx, carer).await?.map(|known| Whose {
            person: Person::Carer(carer),
            name: known.name,
            died: known.died,
            back: format!("/carers/{carer}"),
        })
    } else {
        let pupil = id.parse().map_err(|_| Wrong::Absent)?;
        desk::pupil(&mut tx, pupil).await?.map(|named| Whose {
            person: Person::Pupil(pupil),
            name: named.name,
            died: named.died,
            back: format!("/families/{pupil}"),
        })
    };
    tx.commit().await.map_err(StoreError::from)?;
    whose.ok_or(Wrong::Absent)
}

#[derive(Template)]
#[template(path = "death.html")]
struct DeathPage {
    frame: Frame,
    name: String,
    pupil: bool,
    back: String,
    /// The day, and by whom it was recorded.
    died: Option<(String, String)>,
    lifts: bool,
    typed: Fields,
}

async fn death_page(
    State(web): State<Web>,
    signed: Signed,
    uri: OriginalUri,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let whose = whose(&web, &signed, &uri, &id).await?;
    show(&web, &signed, whose, None, Fields::default()).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    whose: Whose,
    fault: Option<&Refusal>,
    typed: Fields,
) -> Result<Response, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let template = DeathPage {
        frame: Frame::about(web, signed, "A death: ", &whose.name, "/families").refusal(fault, |field| field),
        pupil: matches!(whose.person, Person::Pupil(_)),
        died: whose
            .died
            .map(|died| (day_in_full(died.day, today), recorded_in_words(&died.by, died.at, &names, today))),
        name: whose.name,
        back: whose.back,
        lifts: signed.is(LIFTERS),
        typed,
    };
    Ok(frame::page(status, &template))
}

async fn record(
    State(web): State<Web>,
    signed: Signed,
    uri: OriginalUri,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let whose = whose(&web, &signed, &uri, &id).await?;
    let work = async {
        let day = day(&sent.fields, "day")?;
        if !sent.fields.ticked("certain") {
            return Err(FlowError::at("certain", "say that you are certain: nothing was recorded"));
        }
        deeds::record_death(&web.gateway, whose.person, day, &signed.by()).await?;
        Ok(format!("{}?done=death", whose.back))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(fault) => show(&web, &signed, whose, Some(&fault), sent.fields.clone()).await,
    }
}

async fn undo(
    State(web): State<Web>,
    signed: Signed,
    uri: OriginalUri,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let whose = whose(&web, &signed, &uri, &id).await?;
    let work = async {
        let reason = sent.fields.text("reason");
        deeds::undo_death(&web.gateway, whose.person, reason, &signed.by(), &roles(&signed)).await?;
        Ok(format!("{}?done=no-death", whose.back))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(fault) => show(&web, &signed, whose, Some(&fault), sent.fields.clone()).await,
    }
}
