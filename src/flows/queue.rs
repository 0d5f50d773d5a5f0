//! Queues a teacher's updates: the update, a delivery or a task for each carer, and an entry for each carer, also for
//! each one left out; all in one transaction.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{
    FlowError,
    gateway::Gateway,
    planning::{Planned, Telling},
    second_person::asked_for,
};
use crate::{
    domain::{
        delivery::Carried,
        ids::{PupilId, UpdateId},
        people::{Purpose, Route},
        rights::LinkFacts,
        route::{About, MessageFacts, Plan},
        second_person::speaks_of_updates,
        time::{Date, Timestamp, school_date},
        translation::Translations,
        update::{RowProblem, UpdateRow, read},
    },
    store::{
        facts,
        updates::{self, Existing, NewUpdate},
    },
};

/// What became of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// Updates that are new.
    pub updates: usize,
    /// Updates that were queued before, word for word.
    pub already: usize,
    /// Emails queued.
    pub email: usize,
    /// Texts queued.
    pub text: usize,
    /// Calls for a colleague to make.
    pub call: usize,
    /// Letters for the office to post.
    pub letter: usize,
    /// Carers left out, by the reason's word.
    pub left_out: std::collections::BTreeMap<&'static str, usize>,
    /// Carers nobody knows how to reach; a task was opened for each.
    pub no_way: usize,
    /// Pupils in the file without any carer on record.
    pub without_carers: Vec<String>,
}

/// Why nothing of a file was queued.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Lines of the file have problems; all of them are told.
    #[error("nothing was queued: {} line(s) of the file need mending", .0.len())]
    Lines(Vec<RowProblem>),
    /// The database said no.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<crate::store::StoreError> for QueueError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Queues an updates file (see [`read`] for its form) for `author`. The same file twice queues nothing new.
pub async fn updates(gateway: &Gateway, file: &[u8], author: &str) -> Result<Queued, QueueError> {
    let now = gateway.now();
    let rows = read(file, school_date(now)).map_err(QueueError::Lines)?;
    let mut tx = gateway.store.begin().await?;
    let report = put(&mut tx, gateway, &rows, author, author, now).await?;
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    Ok(report)
}

/// Queues rows in the caller's transaction: who wrote them, and who sends them.
pub(super) async fn put(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    rows: &[UpdateRow],
    author: &str,
    by: &str,
    now: Timestamp,
) -> Result<Queued, QueueError> {
    let known = known_pupils(tx, rows).await?;
    let (new, already) = sort_out(tx, rows, &known).await?;
    let mut report = Queued { updates: new.len(), already, ..Queued::default() };
    if new.is_empty() {
        return Ok(report);
    }
    updates::insert(tx, &new, author, now).await?;
    let pupils: Vec<PupilId> = new.iter().map(|update| update.pupil).collect();
    let links = facts::of_links(tx, &pupils, None, Purpose::WeeklyUpdate).await?;
    refuse_unapproved(gateway, rows, &known, &links)?;
    let planned = plan_all(gateway, &new, &links, by, now, &mut report);
    let references: HashMap<_, _> = known.iter().map(|(reference, id)| (*id, reference)).collect();
    let with_carers: HashSet<_> = links.iter().map(|link| link.pupil).collect();
    report.without_carers = pupils
        .iter()
        .filter(|id| !with_carers.contains(id))
        .filter_map(|id| references.get(id))
        .map(|r| (*r).clone())
        .collect();
    planned.write(tx, by, now).await?;
    Ok(report)
}

/// What a second person must approve is not sent from a file: nobody could.
fn refuse_unapproved(
    gateway: &Gateway,
    rows: &[UpdateRow],
    known: &HashMap<String, PupilId>,
    links: &[LinkFacts],
) -> Result<(), QueueError> {
    if !speaks_of_updates(&gateway.policy().approval) {
        return Ok(());
    }
    let links = by_pupil(links);
    let unapproved = |row: &UpdateRow| {
        let pupil = known.get(&row.pupil_ref).filter(|_| !row.approved)?;
        let why = asked_for(gateway, &said(row), links.get(pupil))?;
        let sentence = format!(
            "a second person must approve this update, because {}: write it on the pupil's page, where they are asked",
            why.because()
        );
        Some(RowProblem::new(row.line, sentence))
    };
    let problems: Vec<RowProblem> = rows.iter().filter_map(unapproved).collect();
    if problems.is_empty() { Ok(()) } else { Err(QueueError::Lines(problems)) }
}

fn said(row: &UpdateRow) -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: row.text.clone(),
        sensitive: row.sensitive,
        topic: row.topic,
        text_because: row.text_because.clone(),
        about: About::Week(row.week),
    }
}

async fn known_pupils(
    tx: &mut crate::store::Tx,
    rows: &[UpdateRow],
) -> Result<HashMap<String, PupilId>, QueueError> {
    let references: Vec<String> = rows.iter().map(|row| row.pupil_ref.clone()).collect();
    let pupils = updates::pupils(tx, &references).await?;
    let known: HashMap<_, _> = pupils.into_iter().map(|pupil| (pupil.reference, pupil.id)).collect();
    let unknown: Vec<_> = rows
        .iter()
        .filter(|row| !known.contains_key(&row.pupil_ref))
        .map(|row| {
            let sentence =
                format!("no pupil has the reference {}: check it, or import the pupils first", row.pupil_ref);
            RowProblem::new(row.line, sentence)
        })
        .collect();
    if unknown.is_empty() { Ok(known) } else { Err(QueueError::Lines(unknown)) }
}

/// The rows that are new, and how many are there already. Other words for the same pupil and week are a problem: what
/// was sent cannot be unsent by queueing it differently.
async fn sort_out(
    tx: &mut crate::store::Tx,
    rows: &[UpdateRow],
    known: &HashMap<String, PupilId>,
) -> Result<(Vec<NewUpdate>, usize), QueueError> {
    let pupils: Vec<PupilId> = known.values().copied().collect();
    let weeks: Vec<Date> = rows.iter().map(|row| row.week).collect::<HashSet<_>>().into_iter().collect();
    let existing = updates::existing(tx, &pupils, &weeks).await?;
    let existing: HashMap<_, _> = existing.iter().map(|e| ((e.pupil, e.week), e)).collect();
    let (mut new, mut already, mut problems) = (Vec::new(), 0, Vec::new());
    for row in rows {
        let Some(pupil) = known.get(&row.pupil_ref).copied() else { continue };
        match existing.get(&(pupil, row.week)) {
            Some(e) if is_said(e, row) => already += 1,
            Some(_) => problems.push(RowProblem::new(
                row.line,
                format!(
                    "pupil {} already has an update for this week, in other words: leave this line out",
                    row.pupil_ref
                ),
            )),
            None => new.push(NewUpdate {
                id: UpdateId::new(),
                pupil,
                week: row.week,
                body: row.text.expose().clone(),
                sensitive: row.sensitive,
                topic: row.topic,
                text_because: row.text_because.clone(),
            }),
        }
    }
    if problems.is_empty() { Ok((new, already)) } else { Err(QueueError::Lines(problems)) }
}

fn is_said(before: &Existing, row: &UpdateRow) -> bool {
    before.body == *row.text.expose() && before.sensitive == row.sensitive && before.topic == row.topic
}

/// Links by the pupil they are to.
pub(super) fn by_pupil(links: &[LinkFacts]) -> HashMap<PupilId, Vec<&LinkFacts>> {
    let mut by_pupil: HashMap<PupilId, Vec<&LinkFacts>> = HashMap::new();
    for link in links {
        by_pupil.entry(link.pupil).or_default().push(link);
    }
    by_pupil
}

fn plan_all(
    gateway: &Gateway,
    new: &[NewUpdate],
    links: &[LinkFacts],
    actor: &str,
    now: Timestamp,
    report: &mut Queued,
) -> Planned {
    let links = by_pupil(links);
    let mut planned = Planned::default();
    for update in new {
        let message = MessageFacts {
            translations: Translations::default(),
            purpose: Purpose::WeeklyUpdate,
            words: update.body.clone().into(),
            sensitive: update.sensitive,
            topic: update.topic,
            text_because: update.text_because.clone(),
            about: About::Week(update.week),
        };
        for link in links.get(&update.pupil).into_iter().flatten().copied() {
            let telling = Telling {
                carried: Carried::Update(update.id),
                case: None,
                message: &message,
                link,
                tried: &[],
                follows: None,
                actor,
                now,
            };
            match planned.add(gateway, &telling) {
                Plan::Send(Route::Email) => report.email += 1,
                Plan::Send(_) => report.text += 1,
                Plan::Task(Route::Letter) => report.letter += 1,
                Plan::Task(_) => report.call += 1,
                Plan::LeftOut(word, _) => *report.left_out.entry(word).or_default() += 1,
                Plan::NoWay => report.no_way += 1,
            }
        }
    }
    planned
}
