//! A pack: the same figures and the same sample whenever it is opened, and counted again when somebody asks.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{Seal, period, seal};
use crate::{
    domain::{
        audit::{Counted, Figures, Masked, Timeliness},
        contact::ContactKind,
        coverage::Tally,
        ids::PackId,
        time::moment_in_full,
    },
    flows::audit::{self, Opened},
    web::{
        Web, frame,
        frame::{Frame, Wrong},
        guard::{After, Signed},
        sent::Sent,
    },
};

/// How a figure was, and how it is when it is counted again.
struct Compared {
    name: String,
    then: String,
    now: String,
}

/// A class's figures.
struct ClassLine {
    name: String,
    answers: Timeliness,
    updates: Tally,
    not_reached: u64,
}

/// A line of the sample.
struct Line {
    number: i16,
    masked: Masked,
    /// Where those who may see it find the case.
    case: Option<String>,
}

#[derive(Template)]
#[template(path = "pack.html")]
struct PackPage {
    frame: Frame,
    id: PackId,
    period: String,
    made_at: String,
    made_by: String,
    figures: Figures,
    oldest: Option<String>,
    seal: Option<Seal>,
    classes: Vec<ClassLine>,
    channels: Vec<(String, Timeliness)>,
    contacts: Vec<(String, u64)>,
    wanted: i16,
    lines: Vec<Line>,
    /// The figures that differ when they are counted again; `None`: they were not.
    again: Option<Vec<Compared>>,
}

async fn open(web: &Web, signed: &Signed, id: &str) -> Result<Opened, Wrong> {
    let id: PackId = id.parse().map_err(|_| Wrong::Absent)?;
    audit::open(&web.gateway, signed.staff(), id).await?.ok_or(Wrong::Absent)
}

pub(super) async fn pack_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &id).await?;
    Ok(show(&web, &signed, opened, after.done.as_deref(), None))
}

/// Counts again. Nothing is changed by it.
pub(super) async fn again(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    _: Sent,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &id).await?;
    let now = audit::again(&web.gateway, &opened.pack).await?;
    let differences = differences(&opened.pack.figures.counted, &now);
    Ok(show(&web, &signed, opened, None, Some(differences)))
}

fn show(
    web: &Web,
    signed: &Signed,
    opened: Opened,
    done: Option<&str>,
    again: Option<Vec<Compared>>,
) -> Response {
    let (now, pack) = (web.gateway.now(), opened.pack);
    let figures = pack.figures;
    let contact = |kind: &String| {
        ContactKind::parse(kind).map_or_else(|_| kind.clone(), |kind| kind.in_words().to_owned())
    };
    let template = PackPage {
        frame: Frame::of(web, signed, "Audit pack", "/audit").after(done),
        id: pack.id,
        period: period(pack.from, pack.until),
        made_at: moment_in_full(pack.made_at, now),
        made_by: opened.made_by,
        oldest: figures.found.overdue.oldest.map(|due| moment_in_full(due, now)),
        seal: figures.found.record.seal.as_ref().map(|seen| seal(seen, now)),
        classes: classes(&figures),
        channels: figures.counted.by_channel.clone().into_iter().collect(),
        contacts: figures.counted.contacts.iter().map(|(kind, count)| (contact(kind), *count)).collect(),
        wanted: pack.sample,
        lines: opened.lines.into_iter().map(|(number, masked, case)| Line { number, masked, case }).collect(),
        figures,
        again,
    };
    frame::page(StatusCode::OK, &template)
}

/// Every class that has any figure, by name.
fn classes(figures: &Figures) -> Vec<ClassLine> {
    let mut lines: BTreeMap<&String, ClassLine> = BTreeMap::new();
    let (counted, found) = (&figures.counted, &figures.found);
    for name in counted.by_class.keys().chain(counted.updates.keys()).chain(found.not_reached.keys()) {
        lines.entry(name).or_insert_with(|| ClassLine {
            name: name.clone(),
            answers: counted.by_class.get(name).copied().unwrap_or_default(),
            updates: counted.updates.get(name).copied().unwrap_or_default(),
            not_reached: found.not_reached.get(name).copied().unwrap_or_default(),
        });
    }
    lines.into_values().collect()
}

/// The figures that are others now.
fn differences(then: &Counted, now: &Counted) -> Vec<Compared> {
    let then: BTreeMap<String, String> = flat(then).into_iter().collect();
    let mut now: BTreeMap<String, String> = flat(now).into_iter().collect();
    let none = || "none".to_owned();
    let mut lines = Vec::new();
    for (name, was) in then {
        let is = now.remove(&name).unwrap_or_else(none);
        if was != is {
            lines.push(Compared { name, then: was, now: is });
        }
    }
    lines.extend(now.into_iter().map(|(name, is)| Compared { name, then: none(), now: is }));
    lines
}

/// Every figure with its name.
fn flat(counted: &Counted) -> Vec<(String, String)> {
    let mut lines = vec![
        ("Messages from carers".to_owned(), counted.messages.to_string()),
        ("Cases opened".to_owned(), counted.opened.to_string()),
    ];
    lines.extend(of_clocks("Answers", &counted.answers));
    lines.extend(of_clocks("Promises", &counted.promises));
    for (name, clocks) in counted.by_class.iter().chain(&counted.by_channel) {
        lines.extend(of_clocks(name, clocks));
    }
    for (name, tally) in &counted.updates {
        lines.push((format!("{name}: updates due"), tally.due.to_string()));
        lines.push((format!("{name}: updates done"), tally.done.to_string()));
        lines.push((format!("{name}: updates missed"), tally.missed.to_string()));
    }
    lines.extend(
        counted.contacts.iter().map(|(kind, count)| (format!("Contacts: {kind}"), count.to_string())),
    );
    lines
}

fn of_clocks(name: &str, clocks: &Timeliness) -> Vec<(String, String)> {
    let figures = [
        ("asked", clocks.asked),
        ("acknowledged automatically", clocks.acknowledged),
        ("in time", clocks.in_time),
        ("late", clocks.late),
        ("waiting", clocks.waiting),
        ("overdue", clocks.overdue),
        ("closed without an answer", clocks.ended),
        ("without a date", clocks.undated),
    ];
    let mut lines: Vec<_> =
        figures.into_iter().map(|(what, count)| (format!("{name}: {what}"), count.to_string())).collect();
    lines.push((format!("{name}: median"), clocks.median_in_words()));
    lines
}
