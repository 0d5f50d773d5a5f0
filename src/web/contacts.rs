//! Logging a contact in under a minute: a call, a meeting, a visit, a letter, a word at the gate.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::{day, moment},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
    people::READERS,
    post,
    sent::{Did, Fields, Refusal, Sent, once},
    write::topic_of,
};
use crate::{
    domain::{
        contact::{ContactKind, Direction},
        ids::{CaseId, ContactId, PupilId, StaffId},
        key_item::KeyTopic,
        time::field_moment,
        topic::Topic,
    },
    flows::{
        FlowError,
        contacts::{self, Contact},
    },
    store::{
        StoreError,
        desk::{self, CarerOf, Named},
    },
};

/// How many colleagues besides whoever logs it can be named.
const COLLEAGUES: usize = 4;
/// The fields that are folded away until they are wanted.
const FOLDED: [&str; 5] = ["agreed", "follow_up", "place", "colleague", "alone"];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![get("/families/{pupil}/log", readers, log_page), post("/families/{pupil}/log", readers, log_form)]
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    /// Where the form is sent.
    action: String,
    /// Whether it corrects a contact that was logged.
    corrects: bool,
    carers: Vec<CarerOf>,
    /// The other colleagues: id and name.
    colleagues: Vec<(String, String)>,
    kinds: Vec<(&'static str, &'static str)>,
    topics: &'static [Topic],
    now: String,
    /// The colleagues that were chosen, with the places for more.
    others: Vec<String>,
    /// Whether what is folded away is shown: something stands in it, or is at fault.
    more: bool,
    /// What was typed that could not be taken.
    typed: Fields,
}

/// What the page needs of the records.
pub(super) struct Around {
    pub(super) pupil: PupilId,
    named: Named,
    carers: Vec<CarerOf>,
    pub(super) colleagues: Vec<(String, String)>,
}

pub(super) async fn around(web: &Web, signed: &Signed, pupil: &str) -> Result<Around, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let named = desk::pupil(&mut tx, pupil).await?.ok_or(Wrong::Absent)?;
    let carers = desk::carers_of(&mut tx, pupil).await?;
    let mut colleagues = desk::colleagues(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    colleagues.retain(|(id, _)| *id != signed.by());
    Ok(Around { pupil, named, carers, colleagues })
}

/// The element that holds a field.
fn id_of(field: &'static str) -> &'static str {
    match field {
        "kind" => "kind-call",
        "direction" => "out",
        "carer" => "with-none",
        "colleague" => "colleague-1",
        field => field,
    }
}

async fn log_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
) -> Result<Response, Wrong> {
    let around = around(&web, &signed, &pupil).await?;
    Ok(show(&web, &signed, StatusCode::OK, around, (None, None), Fields::default()))
}

/// The form, to log a contact or to correct this one.
pub(super) fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    around: Around,
    (corrects, fault): (Option<ContactId>, Option<&Refusal>),
    typed: Fields,
) -> Response {
    let what = if corrects.is_some() { "Correct" } else { "Log" };
    let template = LogPage {
        frame: Frame::about(
            web,
            signed,
            &format!("{what} a contact about "),
            &around.named.name,
            "/families",
        )
        .refusal(fault, id_of),
        action: corrects.map_or_else(
            || format!("/families/{}/log", around.pupil),
            |contact| format!("/contacts/{contact}/correct"),
        ),
        corrects: corrects.is_some(),
        carers: around.carers,
        colleagues: around.colleagues,
        kinds: ContactKind::ALL.iter().map(|kind| (kind.as_str(), name(*kind))).collect(),
        topics: Topic::ALL,
        now: field_moment(web.gateway.now()),
        others: (0..COLLEAGUES)
            .map(|at| typed.all("colleague").get(at).map(|id| (*id).to_owned()).unwrap_or_default())
            .collect(),
        more: typed.ticked("sensitive")
            || typed.text("topic") == Topic::Safeguarding.as_str()
            || FOLDED.iter().any(|field| typed.all(field).iter().any(|value| !value.trim().is_empty())),
        typed,
    };
    frame::page(status, &template)
}

/// A kind as its button says it.
pub(super) const fn name(kind: ContactKind) -> &'static str {
    match kind {
        ContactKind::Call => "Call",
        ContactKind::Meeting => "Meeting",
        ContactKind::Visit => "Home visit",
        ContactKind::Letter => "Letter",
        ContactKind::Corridor => "Word at the gate",
        ContactKind::Website => "Website post",
        ContactKind::Postcard => "Postcard home",
    }
}

async fn log_form(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let around = around(&web, &signed, &pupil).await?;
    let work = async {
        let contact = read(&sent.fields, &around, vec![signed.staff()], None)?;
        let logged = contacts::log(&web.gateway, &contact, &signed.by()).await?;
        Ok(match contact.topic.and_then(KeyTopic::of_topic) {
            Some(_) => format!("/records/{}?done=logged-key", logged.id),
            None => format!("/families/{}?done=logged", around.pupil),
        })
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(show(&web, &signed, status, around, (None, Some(&sentence)), sent.fields.clone()))
        }
    }
}

/// The contact as it was typed, with the colleagues who were there besides those who were chosen; a carer must be one of this
/// pupil's whom the colleague may see.
pub(super) fn read(
    fields: &Fields,
    around: &Around,
    mut colleagues: Vec<StaffId>,
    case: Option<CaseId>,
) -> Result<Contact, FlowError> {
    let choose = |field, what: &str| FlowError::at(field, format!("choose {what}"));
    let carer = match fields.text("carer") {
        "" => None,
        id => Some(
            around
                .carers
                .iter()
                .find(|carer| carer.id.to_string() == id)
                .map(|carer| carer.id)
                .ok_or_else(|| choose("carer", "who it was with"))?,
        ),
    };
    for other in fields.all("colleague").into_iter().map(str::trim).filter(|id| !id.is_empty()) {
        // One of those the page offers; a choice that is none of them is never dropped without a word.
        let known = around.colleagues.iter().any(|(id, _)| id == other);
        let other = Some(other).filter(|_| known).and_then(|id| id.parse().ok());
        let other = other.ok_or_else(|| choose("colleague", "from the list who else was there"))?;
        if !colleagues.contains(&other) {
            colleagues.push(other);
        }
    }
    Ok(Contact {
        kind: ContactKind::parse(fields.text("kind"))
            .map_err(|_| choose("kind", "what kind of contact it was"))?,
        direction: Direction::parse(fields.text("direction"))
            .map_err(|_| choose("direction", "who began it"))?,
        pupil: around.pupil,
        carer,
        case,
        happened_at: moment(fields, "when")?,
        place: fields.text("place").to_owned(),
        colleagues,
        facts: fields.text("facts").to_owned(),
        agreed: fields.text("agreed").to_owned(),
        topic: topic_of(fields)?,
        sensitive: fields.ticked("sensitive"),
        praise: fields.ticked("praise"),
        follow_up_due: match fields.text("follow_up") {
            "" => None,
            _ => Some(day(fields, "follow_up")?),
        },
        one_colleague_because: fields.text("alone").to_owned(),
    })
}
