//! A carer's page: who they are, their pupils, how they are reached and want to be told, and their chronology. What is
//! changed of it is beside, in `carer_deeds`.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::in_page_words,
    chronology::{Asked, Chronology, On, chronology},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    life::ends_in_words,
    people::{READERS, foreign, responsibility, rights, unusual, who},
    restrictions::{KEEPERS, Told, told},
    sent::Fields,
    shown,
};
use crate::{
    domain::{
        ids::{CarerId, PupilId},
        people::{AddressKind, AddressStatus, Purpose, Route},
        time::{Date, day_in_full, is_a_year_old, school_date},
        wording::language_in_words,
    },
    flows::carers::{self, Record},
    store::{
        carers::{AddressRow, Carer, LinkRow},
        people::PreferenceSet,
    },
};

pub(super) fn served() -> Vec<Served> {
    vec![get("/carers/{carer}", Who::Holders(READERS), carer_page)]
}

/// A pupil of the carer.
struct Pupil {
    link: LinkRow,
    may: bool,
    rights: String,
    responsibility: &'static str,
    /// For those whose work they are.
    restrictions: Vec<Told>,
    missing: Option<String>,
    /// The last day on which the link holds, in words.
    ends: Option<String>,
}

/// An address as the page tells it.
struct Address {
    id: String,
    kind: &'static str,
    value: String,
    /// Why it is not used, where it is not.
    trouble: Option<String>,
    failing: bool,
    /// How long it has been known, and by whose word.
    known: String,
    removed: Option<String>,
    shared: bool,
}

/// A route as a list offers it: its word, what it is called, and whether it is chosen.
type RouteChoice = (&'static str, &'static str, bool);

/// What the carer wants for a purpose.
struct Wish {
    purpose: &'static str,
    said: &'static str,
    /// Routes in words; empty where nothing was said.
    routes: String,
    /// The four lists: each its number, its name, and its choices.
    lists: Vec<(usize, &'static str, Vec<RouteChoice>)>,
    /// When it was last said, and whether that is a year ago.
    confirmed: Option<(String, bool)>,
    word: String,
    open: bool,
}

/// A preference as it was set.
struct Set {
    said: &'static str,
    routes: String,
    when: String,
    by: String,
    word: Option<String>,
}

#[derive(Template)]
#[template(path = "carer.html")]
struct CarerPage {
    frame: Frame,
    carer: Carer,
    /// The day on which they died.
    died: Option<String>,
    language: String,
    interpreter: Option<String>,
    format: Option<String>,
    pupils: Vec<Pupil>,
    keeps: bool,
    /// Whether addresses are shown: to whoever keeps them, and where the carer may be told at all.
    reached: bool,
    addresses: Vec<Address>,
    removed: Vec<Address>,
    kinds: Vec<(&'static str, &'static str)>,
    wishes: Vec<Wish>,
    /// Since when they want no newsletters.
    no_newsletters: Option<String>,
    /// When they last said that all of it is right, and who heard it.
    checked: Option<String>,
    history: Vec<Set>,
    chronology: Chronology,
    typed: Fields,
}

async fn carer_page(
    State(web): State<Web>,
    signed: Signed,
    Path(carer): Path<String>,
    after: After,
    asked: Asked,
) -> Result<Response, Wrong> {
    let carer: CarerId = carer.parse().map_err(|_| Wrong::Absent)?;
    let record = open(&web, &signed, carer, asked).await?;
    let frame = frame_of(&web, &signed, &record).after(after.done.as_deref());
    Ok(show(&web, &signed, record, asked, frame, Fields::default()))
}

/// The carer's record, where there is one for this colleague.
async fn open(web: &Web, signed: &Signed, carer: CarerId, asked: Asked) -> Result<Record, Wrong> {
    let whom = (carer, asked.who.map(PupilId));
    let record = carers::record(&web.gateway, signed.staff(), whom, &asked.narrow(), asked.limit()).await?;
    record.ok_or(Wrong::Absent)
}

fn frame_of(web: &Web, signed: &Signed, record: &Record) -> Frame {
    Frame::about(web, signed, "", &record.carer.name, "/families")
}

/// The page again, with what could not be done and what was typed.
pub(super) async fn show_refused(
    web: &Web,
    signed: &Signed,
    carer: CarerId,
    sentence: &str,
    typed: Fields,
) -> Result<Response, Wrong> {
    let asked = Asked::default();
    let record = open(web, signed, carer, asked).await?;
    let frame = frame_of(web, signed, &record).refused(Some(in_page_words(sentence)));
    Ok(show(web, signed, record, asked, frame, typed))
}

fn show(web: &Web, signed: &Signed, record: Record, asked: Asked, frame: Frame, typed: Fields) -> Response {
    let today = school_date(web.gateway.now());
    let keeps = signed.is(KEEPERS);
    let names = &record.names;
    let on = On {
        path: format!("/carers/{}", record.carer.id),
        others_are: "About",
        others: record.links.iter().map(|(link, _)| (link.pupil.0, link.pupil_name.clone())).collect(),
        names,
    };
    let chronology = chronology(web, signed, asked, on, record.entries.clone());
    let pupils: Vec<Pupil> =
        record.links.iter().map(|(link, facts)| pupil(link, facts.as_ref(), &record, keeps, today)).collect();
    let (gone, used): (Vec<_>, Vec<_>) = record.addresses.iter().partition(|row| row.removed_at.is_some());
    let told = |rows: Vec<&AddressRow>| rows.into_iter().map(|row| address(row, names, today)).collect();
    let status = if frame.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let purposes = Purpose::ALL.iter().filter(|purpose| **purpose != Purpose::Acknowledgement);
    let template = CarerPage {
        frame,
        died: record.carer.died.as_ref().map(|died| day_in_full(died.day, today)),
        language: foreign(&record.carer.language).unwrap_or_else(|| "English".to_owned()),
        interpreter: record.carer.interpreter.as_deref().map(language_in_words),
        format: unusual(&record.carer.format),
        keeps,
        reached: keeps || pupils.iter().any(|pupil| pupil.may),
        pupils,
        addresses: told(used),
        removed: told(gone),
        kinds: AddressKind::ALL.iter().map(|kind| (kind.as_str(), kind_in_words(*kind))).collect(),
        wishes: purposes.map(|purpose| wish(*purpose, &record.preferences, &typed, today)).collect(),
        no_newsletters: record.carer.no_newsletters.map(|at| day_in_full(school_date(at), today)),
        checked: record
            .carer
            .checked
            .as_ref()
            .map(|(at, by)| format!("{}, by {}", day_in_full(school_date(*at), today), who(by, names))),
        history: record.preferences.iter().map(|set| history(set, names, today)).collect(),
        chronology,
        carer: record.carer,
        typed,
    };
    frame::page(status, &template)
}

fn pupil(
    link: &LinkRow,
    facts: Option<&crate::domain::rights::LinkFacts>,
    record: &Record,
    keeps: bool,
    today: Date,
) -> Pupil {
    let (may, rights) = rights(facts, today);
    let own = record.restrictions.iter().filter(|row| keeps && row.link == link.id);
    Pupil {
        may,
        rights,
        responsibility: responsibility(facts),
        restrictions: own.map(|row| told(row, &record.names, today)).collect(),
        missing: link.missing_since.map(|at| day_in_full(school_date(at), today)),
        ends: link.ends.as_ref().map(|ends| ends_in_words(ends.day, today)),
        link: link.clone(),
    }
}

const fn kind_in_words(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Email => "Email",
        AddressKind::Mobile => "Mobile",
        AddressKind::Landline => "Other phone",
        AddressKind::Postal => "Post",
    }
}

fn address(row: &AddressRow, names: &HashMap<String, String>, today: Date) -> Address {
    let day = |at| day_in_full(school_date(at), today);
    let by = match row.set_by.as_deref() {
        Some(actor) => format!("by {}", who(actor, names)),
        None => "by the school\u{2019}s own file".to_owned(),
    };
    let since = row.status_since.map(|at| format!(" since {}", day(at))).unwrap_or_default();
    let why = row.status_why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let trouble = match row.status {
        AddressStatus::Good => None,
        AddressStatus::Failing => Some(format!("Failing{since}{why}")),
        AddressStatus::Unconfirmed => Some(format!(
            "New{since}: nothing is written to it until whoever has it, who is asked, says that it is theirs"
        )),
        AddressStatus::Stopped => {
            Some(format!("Stopped by its owner{since}{why}. Only they start it again, by START"))
        }
    };
    Address {
        id: row.id.to_string(),
        kind: kind_in_words(row.kind),
        value: shown(&row.value),
        failing: matches!(row.status, AddressStatus::Failing | AddressStatus::Unconfirmed),
        trouble,
        known: match row.removed_at {
            Some(_) => format!("Known since {}", day(row.added_at)),
            None => format!("Known since {}, {by}", day(row.added_at)),
        },
        removed: row.removed_at.map(|at| format!("removed on {}, {by}", day(at))),
        shared: row.shared,
    }
}

/// A route as a page says it.
pub(super) const fn route_in_words(route: Route) -> &'static str {
    match route {
        Route::Email => "email",
        Route::Text => "text",
        Route::Call => "phone call",
        Route::Letter => "letter",
    }
}

fn in_order(routes: &[Route]) -> String {
    routes.iter().map(|route| route_in_words(*route)).collect::<Vec<_>>().join(", then ")
}

/// The names of the four lists, and of their fields.
pub(super) const PLACES: [(&str, &str); 4] =
    [("first", "First"), ("second", "Second"), ("third", "Third"), ("fourth", "Fourth")];

fn wish(purpose: Purpose, all: &[PreferenceSet], typed: &Fields, today: Date) -> Wish {
    let now = all.iter().find(|set| set.purpose == purpose);
    let open = typed.text("purpose") == purpose.as_str();
    let chosen = |place: usize, field: &str| match (open, now) {
        (true, _) => Route::parse(typed.text(field)).ok(),
        (false, now) => now.and_then(|set| set.routes.get(place).copied()),
    };
    let list = |(place, (field, name)): (usize, (&str, &'static str))| {
        let chosen = chosen(place, field);
        let choices =
            Route::ALL.iter().map(|route| (route.as_str(), route_in_words(*route), chosen == Some(*route)));
        (place, name, choices.collect())
    };
    Wish {
        purpose: purpose.as_str(),
        said: purpose.in_words(),
        routes: now.map(|set| in_order(&set.routes)).unwrap_or_default(),
        lists: PLACES.into_iter().enumerate().map(list).collect(),
        confirmed: now.map(|set| {
            let day = school_date(set.set_at);
            (day_in_full(day, today), is_a_year_old(day, today))
        }),
        word: if open { typed.raw("word").to_owned() } else { String::new() },
        open,
    }
}

fn history(set: &PreferenceSet, names: &HashMap<String, String>, today: Date) -> Set {
    Set {
        said: set.purpose.in_words(),
        routes: in_order(&set.routes),
        when: day_in_full(school_date(set.set_at), today),
        by: match set.set_by.as_deref() {
            Some(actor) => who(actor, names),
            None => "the school\u{2019}s own file".to_owned(),
        },
        word: set.on_whose_word.clone(),
    }
}
