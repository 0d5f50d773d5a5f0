//! Families: the pupils by class, the contact card that is read before writing, and a pupil's page with the chronology.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::SignedDuration;

use super::{
    Served, Web, Who,
    cases::in_page_words,
    chronology::{Asked, Chronology, On, chronology},
    contact, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    life::{Life, life},
    post,
    restrictions::{Bound, KEEPERS, LIFTERS, bound},
    sent::{Did, Fields, Sent, once},
};
use crate::{
    domain::{
        calendar::{Calendar, Kind},
        contact::{ContactKind, Direction},
        ids::{CarerId, ClassId, PupilId},
        people::RestrictionKind,
        rights::{LinkFacts, NoRight, may_be_told, told_until},
        staff::Role,
        time::{Date, Timestamp, day_begins, day_in_full, school_date},
        wording::{interpreter_for, language_in_words},
    },
    flows::{
        FlowError,
        contacts::{Contact, log},
        desk,
    },
    store::{
        StoreError,
        contacts::Balance,
        desk::CarerOf,
        search::{FoundPupil, of_class},
        week::{self, Class},
    },
};

/// Who may look at families: each those they may see.
pub(super) const READERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/families", readers, families_page),
        get("/families/{pupil}", readers, family_page),
        post("/families/{pupil}/praise", readers, praise),
    ]
}

#[derive(Template)]
#[template(path = "families.html")]
struct FamiliesPage {
    frame: Frame,
    classes: Vec<(Class, bool)>,
    /// The class whose pupils are shown.
    chosen: Option<String>,
    pupils: Vec<FoundPupil>,
    /// Whether this colleague keeps how carers are reached.
    keeps: bool,
}

async fn families_page(State(web): State<Web>, signed: Signed, which: After) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let mut classes = week::classes(&mut tx).await?;
    let wanted: Option<ClassId> = which.list.as_deref().and_then(|id| id.parse().ok());
    let at = classes.iter().position(|class| Some(class.id) == wanted);
    // Whoever has one class needs not choose it.
    let chosen = at.or_else(|| (classes.len() == 1).then_some(0)).and_then(|at| classes.get(at).cloned());
    let pupils = match &chosen {
        Some(class) => of_class(&mut tx, class.id).await?,
        None => Vec::new(),
    };
    tx.commit().await.map_err(StoreError::from)?;
    let here = chosen.as_ref().map(|class| class.id);
    let template = FamiliesPage {
        frame: Frame::of(&web, &signed, "Families", "/families").after(which.done.as_deref()),
        classes: classes
            .drain(..)
            .map(|class| (Some(class.id) == here, class))
            .map(|(is, class)| (class, is))
            .collect(),
        chosen: chosen.map(|class| class.name),
        pupils,
        keeps: signed.is(KEEPERS),
    };
    Ok(frame::page(StatusCode::OK, &template))
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
    /// The first of them, for where there is little room.
    pub(super) first_route: &'static str,
}

#[derive(Template)]
#[template(path = "family.html")]
struct FamilyPage {
    frame: Frame,
    pupil: PupilId,
    class: String,
    cards: Vec<Card>,
    /// How good news and concerns stand.
    balance: String,
    /// The last contacts that were logged.
    contacts: Vec<contact::Line>,
    chronology: Chronology,
    /// The restrictions of each carer; none for those whose work they are not.
    bound: Vec<Bound>,
    keeps: bool,
    lifts: bool,
    /// The day on which the pupil died.
    died: Option<String>,
    /// What ends and when, for those whose work that is.
    life: Option<Life>,
    kinds: Vec<(&'static str, &'static str)>,
    /// What was typed that could not be taken.
    typed: Fields,
}

async fn family_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    after: After,
    asked: Asked,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let shown = Shown { asked, done: after.done, fault: None, typed: Fields::default() };
    show_family(&web, &signed, pupil, shown).await
}

/// How a family's page is shown.
pub(super) struct Shown {
    pub(super) asked: Asked,
    pub(super) done: Option<String>,
    /// What could not be done.
    pub(super) fault: Option<String>,
    pub(super) typed: Fields,
}

impl Shown {
    /// After a refusal.
    pub(super) fn refused(sentence: &str, typed: Fields) -> Self {
        Self { asked: Asked::default(), done: None, fault: Some(in_page_words(sentence)), typed }
    }
}

pub(super) async fn show_family(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
    shown: Shown,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let today = school_date(now);
    let policy = web.gateway.policy();
    let (since, period) = period(policy.calendar.as_ref(), now);
    let asked = shown.asked;
    let whom = (pupil, asked.who.map(CarerId));
    let (narrow, limit) = (asked.narrow(), asked.limit());
    let family = desk::family(&web.gateway, signed.staff(), whom, &narrow, limit, since)
        .await?
        .ok_or(Wrong::Absent)?;
    let keeps = signed.is(KEEPERS);
    let bound =
        if keeps && !asked.print { bound(web, signed, pupil, &family.names).await? } else { Vec::new() };
    let life = if keeps && !asked.print {
        Some(life(web, signed, (pupil, &family.card.pupil), &family.names).await?)
    } else {
        None
    };
    let named = family.card.pupil;
    let class = [named.class, named.year.map(|year| format!("year {year}"))];
    let on = On {
        path: format!("/families/{pupil}"),
        others_are: "With",
        others: family.card.carers.iter().map(|(carer, _)| (carer.id.0, carer.name.clone())).collect(),
        names: &family.names,
    };
    let chronology = chronology(web, signed, asked, on, family.entries);
    let status = if shown.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let template = FamilyPage {
        frame: Frame::about(web, signed, "", &named.name, "/families")
            .after(shown.done.as_deref())
            .refused(shown.fault),
        pupil,
        class: class.into_iter().flatten().collect::<Vec<_>>().join(", "),
        cards: cards(family.card.carers, now),
        balance: balance(&family.balance, period, today),
        contacts: family.contacts.iter().map(|row| contact::line(row, now)).collect(),
        chronology,
        bound,
        keeps,
        lifts: signed.is(LIFTERS),
        died: named.died.as_ref().map(|died| day_in_full(died.day, today)),
        life,
        kinds: RestrictionKind::ALL.iter().rev().map(|kind| (kind.as_str(), forbids(*kind))).collect(),
        typed: shown.typed,
    };
    Ok(frame::page(status, &template))
}

/// What a restriction forbids, as a page says it.
pub(super) const fn forbids(kind: RestrictionKind) -> &'static str {
    match kind {
        RestrictionKind::NoContact => "No contact at all about this pupil",
        RestrictionKind::NoInformation => "No information about this pupil",
        RestrictionKind::SeeDsl => "Ask the safeguarding lead first",
        RestrictionKind::Supervised => "Contact is supervised",
    }
}

/// Since when good news is counted: this term, or where the calendar has none, the last 90 days.
fn period(calendar: Option<&Calendar>, now: Timestamp) -> (Timestamp, &'static str) {
    let today = school_date(now);
    let terms = calendar.into_iter().flat_map(Calendar::spans).filter(|span| span.kind == Kind::Term);
    let last = terms.filter(|term| term.from <= today).max_by_key(|term| term.from);
    let known = last.filter(|_| calendar.is_some_and(|calendar| today <= calendar.covers_until()));
    let ninety = now.saturating_sub(SignedDuration::from_hours(90 * 24)).unwrap_or(now);
    match known {
        Some(term) if term.holds(today) => (day_begins(term.from).unwrap_or(ninety), "this term"),
        Some(term) => (day_begins(term.from).unwrap_or(ninety), "since last term began"),
        None => (ninety, "in the last 90 days"),
    }
}

/// `Good news: 3 this term, last Friday 20 November. Concerns and complaints: 2.`
fn balance(balance: &Balance, period: &str, today: Date) -> String {
    let last = balance.last_praise.map(|at| day_in_full(school_date(at), today));
    let good = match (balance.praise, last) {
        (0, None) => "none yet".to_owned(),
        (0, Some(last)) => format!("none {period}, last {last}"),
        (some, last) => format!("{some} {period}, last {}", last.unwrap_or_default()),
    };
    format!("Good news: {good}. Concerns and complaints: {} {period}.", balance.concerns)
}

/// Good news in one press: a postcard or a call home.
async fn praise(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = crate::store::desk::pupil(&mut tx, pupil).await?;
    tx.commit().await.map_err(StoreError::from)?;
    seen.ok_or(Wrong::Absent)?;
    let work = async {
        let kind = ContactKind::parse(sent.fields.text("kind")).ok();
        let kind = kind.filter(|kind| matches!(kind, ContactKind::Postcard | ContactKind::Call));
        let kind = kind.ok_or_else(|| FlowError::Refused("choose a postcard or a call home".to_owned()))?;
        log(&web.gateway, &good_news(&web, &signed, pupil, kind), &signed.by()).await?;
        Ok(format!("/families/{pupil}?done=praised"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            show_family(&web, &signed, pupil, Shown::refused(&sentence, Fields::default())).await
        }
    }
}

fn good_news(web: &Web, signed: &Signed, pupil: PupilId, kind: ContactKind) -> Contact {
    Contact {
        kind,
        direction: Direction::Out,
        pupil,
        carer: None,
        case: None,
        happened_at: web.gateway.now(),
        place: String::new(),
        colleagues: vec![signed.staff()],
        facts: String::new(),
        agreed: String::new(),
        topic: None,
        sensitive: false,
        praise: true,
        follow_up_due: None,
        one_colleague_because: String::new(),
    }
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

/// Whether a carer may be told today, and the sentence that says so.
pub(super) fn rights(facts: Option<&LinkFacts>, today: Date) -> (bool, String) {
    let told = facts.map(|facts| may_be_told(facts, today));
    let bound = matches!(told, Some(Err(NoRight::Restricted(_))));
    // One of them that has no end holds on, whatever the others say.
    let until = facts.filter(|_| bound).and_then(|facts| {
        let holding = facts.restrictions.iter().filter(|restriction| restriction.holds_on(today));
        holding.map(|restriction| restriction.ends).collect::<Option<Vec<_>>>()?.into_iter().max()
    });
    let (may, mut rights) = match told {
        Some(Ok(())) => {
            let last = facts.and_then(|facts| told_until(facts, today));
            let until = last.map(|last| format!(", until {}", day_in_full(last, today)));
            (true, format!("May be told about this pupil{}.", until.unwrap_or_default()))
        }
        Some(Err(why @ (NoRight::PupilDied | NoRight::CarerDied))) => {
            (false, format!("Nothing is sent: {}.", why.sentence()))
        }
        Some(Err(why)) => (false, format!("Must not be told: {}.", why.sentence())),
        None => (false, "Must not be told: not linked to this pupil.".to_owned()),
    };
    if let Some(until) = until {
        rights = format!("{rights} Until {}.", day_in_full(until, today));
    }
    (may, rights)
}

/// Whether a carer holds parental responsibility, as a page says it.
pub(super) fn responsibility(facts: Option<&LinkFacts>) -> &'static str {
    match facts.map(|facts| facts.responsibility.as_str()) {
        Some("yes") => "has parental responsibility",
        Some("no") => "no parental responsibility",
        _ => "parental responsibility not known: please find out",
    }
}

/// A language that is not English, in words.
pub(super) fn foreign(language: &str) -> Option<String> {
    let english = language.split('-').next() == Some("en");
    (!english).then(|| language_in_words(language))
}

/// A form of reading that is not the usual one, in words.
pub(super) fn unusual(format: &str) -> Option<String> {
    Some(format.replace('_', " ")).filter(|format| format != "standard")
}

fn card(carer: CarerOf, facts: Option<&LinkFacts>, now: Timestamp) -> Card {
    let (may, rights) = rights(facts, school_date(now));
    Card {
        may,
        rights,
        responsibility: responsibility(facts),
        language: foreign(&carer.language),
        interpreter: interpreter_for(carer.interpreter.as_deref(), &carer.language),
        format: unusual(&carer.format),
        first_route: facts.and_then(|facts| facts.preference.first()).map_or("", |route| route.as_str()),
        routes: facts.map_or_else(String::new, |facts| {
            facts.preference.iter().map(|route| route.as_str()).collect::<Vec<_>>().join(", then ")
        }),
        carer,
    }
}
