//! Families: the contact card that is read before writing, and the chronology of a pupil.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::Sent,
};
use crate::{
    domain::{
        ids::PupilId,
        rights::{LinkFacts, may_be_told},
        staff::Role,
        time::{Timestamp, day_in_words, moment_in_full, school_date},
        wording::{interpreter_for, language_in_words},
    },
    flows::desk::{self, Family},
    store::{
        StoreError,
        desk::{CarerOf, EntryLine, FoundPupil, find_pupils},
    },
};

/// Who may look at families: each those they may see.
pub(super) const READERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    vec![
        get("/families", Who::Holders(READERS), search_page),
        // What is looked for stands in no address and no log.
        post("/families", Who::Holders(READERS), search_form),
        get("/families/{pupil}", Who::Holders(READERS), family_page),
    ]
}

#[derive(Template)]
#[template(path = "families.html")]
struct SearchPage {
    frame: Frame,
    words: String,
    found: Option<Vec<FoundPupil>>,
}

async fn search_page(State(web): State<Web>, signed: Signed) -> Response {
    let frame = Frame::of(&web, &signed, "Families", "/families");
    frame::page(StatusCode::OK, &SearchPage { frame, words: String::new(), found: None })
}

async fn search_form(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let words = sent.fields.text("words").to_owned();
    let mut frame = Frame::of(&web, &signed, "Families", "/families");
    if words.chars().count() < 2 {
        frame =
            frame.refused(Some("Type at least two letters of a name, or a pupil's reference.".to_owned()));
        return Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &SearchPage { frame, words, found: None }));
    }
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = find_pupils(&mut tx, &words).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(frame::page(StatusCode::OK, &SearchPage { frame, words, found: Some(found) }))
}

/// A carer on the contact card.
pub(super) struct Card {
    pub(super) carer: CarerOf,
    /// May be told, or the reason why not.
    pub(super) rights: String,
    pub(super) may: bool,
    pub(super) responsibility: &'static str,
    pub(super) language: Option<String>,
    pub(super) interpreter: Option<String>,
    pub(super) format: Option<String>,
    pub(super) routes: String,
}

/// A line of the chronology.
struct Line {
    entry: EntryLine,
    who: String,
    happened: String,
    /// When it was written down, where that was later.
    recorded: Option<String>,
}

#[derive(Template)]
#[template(path = "family.html")]
struct FamilyPage {
    frame: Frame,
    class: String,
    cards: Vec<Card>,
    lines: Vec<Line>,
    older: Option<String>,
    /// Where a contact is logged.
    log: String,
}

async fn family_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    page: After,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let family =
        desk::family(&web.gateway, signed.staff(), pupil, page.before).await?.ok_or(Wrong::Absent)?;
    let now = web.gateway.now();
    let older = family.older.map(|id| format!("/families/{pupil}?before={id}"));
    let class =
        [family.card.pupil.class.clone(), family.card.pupil.year.clone().map(|year| format!("year {year}"))];
    let template = FamilyPage {
        frame: Frame::of(&web, &signed, &family.card.pupil.name, "/families").after(page.done.as_deref()),
        class: class.into_iter().flatten().collect::<Vec<_>>().join(", "),
        lines: lines(&family, now),
        cards: cards(family.card.carers, now),
        older,
        log: format!("/families/{pupil}/log"),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

fn lines(family: &Family, now: Timestamp) -> Vec<Line> {
    let line = |entry: &EntryLine| {
        let late = entry.recorded_at.duration_since(entry.happened_at).as_secs() >= 60;
        Line {
            who: who(&entry.actor, &family.names),
            happened: moment_in_full(entry.happened_at, now),
            recorded: late.then(|| moment_in_full(entry.recorded_at, now)),
            entry: entry.clone(),
        }
    };
    family.entries.iter().map(line).collect()
}

/// Who did something, as a page says it.
pub(super) fn who(actor: &str, names: &std::collections::HashMap<String, String>) -> String {
    match actor {
        "daemon" => "Liaison".to_owned(),
        "operator" => "IT".to_owned(),
        "import" => "an import".to_owned(),
        other => names.get(other).cloned().unwrap_or_else(|| other.to_owned()),
    }
}

/// The contact card: who must, may and must not be told, how, and in what language (R08).
pub(super) fn cards(carers: Vec<(CarerOf, Option<LinkFacts>)>, now: Timestamp) -> Vec<Card> {
    carers.into_iter().map(|(carer, facts)| card(carer, facts.as_ref(), now)).collect()
}

fn card(carer: CarerOf, facts: Option<&LinkFacts>, now: Timestamp) -> Card {
    let today = school_date(now);
    let told = facts.map(|facts| may_be_told(facts, today));
    let until = facts.and_then(|facts| {
        facts
            .restrictions
            .iter()
            .filter(|restriction| restriction.holds_on(today))
            .filter_map(|r| r.ends)
            .max()
    });
    let (may, mut rights) = match told {
        Some(Ok(())) => (true, "May be told about this pupil.".to_owned()),
        Some(Err(why)) => (false, format!("Must not be told: {}.", why.sentence())),
        None => (false, "Must not be told: not linked to this pupil.".to_owned()),
    };
    if let Some(until) = until.filter(|_| !may) {
        rights = format!("{rights} Until {}.", day_in_words(until));
    }
    let english = carer.language.split('-').next() == Some("en");
    Card {
        may,
        rights,
        responsibility: match facts.map(|facts| facts.responsibility.as_str()) {
            Some("yes") => "has parental responsibility",
            Some("no") => "no parental responsibility",
            _ => "parental responsibility not known: please find out",
        },
        language: (!english).then(|| language_in_words(&carer.language)),
        interpreter: interpreter_for(carer.interpreter.as_deref(), &carer.language),
        format: Some(carer.format.replace('_', " ")).filter(|format| format != "standard"),
        routes: facts.map_or_else(String::new, |facts| {
            facts.preference.iter().map(|route| route.as_str()).collect::<Vec<_>>().join(", then ")
        }),
        carer,
    }
}
