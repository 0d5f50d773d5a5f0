//! Audit, for governors: counts and times, the record itself, and packs that stay as they were made. Nobody's name, nobody's
//! words, and nothing of safeguarding.

mod pack;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use self::pack::{again, pack_page};
use super::{
    Served, Web, Who,
    case_deeds::day,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Fields, Sent, once},
};
use crate::{
    domain::{
        audit::SealSeen,
        calendar::{Calendar, Kind},
        staff::Role,
        time::{Date, Timestamp, day_in_words, moment_in_full, school_date},
    },
    flows::{
        FlowError,
        audit::{self, Asked, LARGEST_SAMPLE, Now},
    },
    store::audits::Verification,
};

/// Who audits, and who answers for it.
pub(super) const READERS: &[Role] = &[Role::Governor, Role::Slt, Role::Dsl];
/// How many packs the page lists.
const PACKS: i64 = 20;
/// How many terms one can choose from.
const TERMS: usize = 6;

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/audit", readers, audit_page),
        post("/audit/verify", readers, verify),
        post("/audit/packs", readers, make),
        get("/audit/{pack}", readers, pack_page),
        post("/audit/{pack}/again", readers, again),
    ]
}

/// A seal as a page says it.
pub(super) struct Seal {
    no: i64,
    /// The first digits of its root.
    root: String,
    at: String,
    /// As it is noted down elsewhere: `number:hash`.
    noted: String,
}

fn seal(seen: &SealSeen, now: Timestamp) -> Seal {
    Seal {
        no: seen.no,
        root: seen.root.chars().take(16).collect(),
        at: moment_in_full(seen.at, now),
        noted: format!("{}:{}", seen.no, seen.hash),
    }
}

/// A verification as a page says it.
struct Verified {
    found: Verification,
    at: String,
    took: String,
}

/// A pack on the list.
struct PackLine {
    id: String,
    period: String,
    made: String,
}

/// A term one can choose.
struct Term {
    value: String,
    name: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    now: Now,
    oldest: Option<String>,
    seal: Option<Seal>,
    verified: Option<Verified>,
    packs: Vec<PackLine>,
    terms: Vec<Term>,
    typed: Fields,
}

async fn audit_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let frame = Frame::of(&web, &signed, "Audit", "/audit").after(after.done.as_deref());
    show(&web, &signed, StatusCode::OK, frame, Fields::default()).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    frame: Frame,
    typed: Fields,
) -> Result<Response, Wrong> {
    let at = web.gateway.now();
    let now = audit::now(&web.gateway, signed.staff(), PACKS).await?;
    let verified = now.verified.clone().map(|found| Verified {
        at: moment_in_full(found.at, at),
        took: format!("{:.1}", std::time::Duration::from_millis(found.took_ms.unsigned_abs()).as_secs_f64()),
        found,
    });
    let packs = now.packs.iter().map(|pack| PackLine {
        id: pack.id.to_string(),
        period: period(pack.from, pack.until),
        made: moment_in_full(pack.made_at, at),
    });
    let template = AuditPage {
        frame,
        oldest: now.overdue.oldest.map(|due| moment_in_full(due, at)),
        seal: now.record.seal.as_ref().map(|seen| seal(seen, at)),
        verified,
        packs: packs.collect(),
        terms: terms(web, school_date(at)),
        typed,
        now,
    };
    Ok(frame::page(status, &template))
}

/// `Tuesday 1 September to Friday 27 November 2026`.
pub(super) fn period(from: Date, until: Date) -> String {
    let year = if from.year() == until.year() { String::new() } else { format!(" {}", from.year()) };
    format!("{}{year} to {} {}", day_in_words(from), day_in_words(until), until.year())
}

/// The terms that have begun, the newest first.
fn terms(web: &Web, today: Date) -> Vec<Term> {
    let policy = web.gateway.policy();
    let spans = policy.calendar.iter().flat_map(Calendar::spans);
    let mut terms: Vec<_> = spans.filter(|span| span.kind == Kind::Term && span.from <= today).collect();
    terms.sort_by_key(|span| std::cmp::Reverse(span.from));
    let terms = terms.into_iter().take(TERMS).map(|span| {
        let name = if span.reason.is_empty() { "Term" } else { &span.reason };
        Term {
            value: format!("{}/{}", span.from, span.until),
            name: format!("{name}: {}", period(span.from, span.until)),
        }
    });
    terms.collect()
}

/// The period of the form: a term, or two days.
fn asked(fields: &Fields) -> Result<Asked, FlowError> {
    let (from, until) = match fields.text("term").split_once('/') {
        Some((from, until)) => {
            let unknown = |_| FlowError::at("term", "choose a term from the list");
            (from.parse().map_err(unknown)?, until.parse().map_err(unknown)?)
        }
        None => (day(fields, "from")?, day(fields, "until")?),
    };
    let sample = match fields.text("sample") {
        "" => 10,
        text => text.parse().map_err(|_| {
            FlowError::at("sample", format!("a sample draws a number from 0 to {LARGEST_SAMPLE}"))
        })?,
    };
    Ok(Asked { from, until, sample })
}

async fn make(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let work = async {
        let id = audit::make(&web.gateway, &asked(&sent.fields)?, signed.staff()).await?;
        Ok(format!("/audit/{id}?done=pack"))
    };
    let did = Box::pin(once(&web, &signed, &sent, work)).await?;
    answer(&web, &signed, did, sent.fields.clone()).await
}

async fn verify(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let work = async {
        let found = audit::verify_now(&web.gateway, &signed.by()).await?;
        let done = if found.first_fault.is_none() { "verified" } else { "altered" };
        Ok(format!("/audit?done={done}"))
    };
    let did = Box::pin(once(&web, &signed, &sent, work)).await?;
    answer(&web, &signed, did, Fields::default()).await
}

async fn answer(web: &Web, signed: &Signed, did: Did, typed: Fields) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame = Frame::of(web, signed, "Audit", "/audit").refusal(Some(&sentence), |field| field);
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, frame, typed).await
        }
    }
}
