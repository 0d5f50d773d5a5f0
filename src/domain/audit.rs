//! What an audit is told (R54, R56): counts and times, never a name or a word that anybody wrote. Restricted cases are in none
//! of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    coverage::Tally,
    time::{Date, Timestamp, day_in_words, moment_in_full},
};

/// The figures of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// What is counted the same whenever it is counted again as of that moment, unless the records were corrected.
    pub counted: Counted,
    /// How things stood at that moment, and have moved on since.
    pub found: Found,
}

/// Counts over the period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Messages from carers that belong to a case.
    pub messages: u64,
    /// Cases opened.
    pub opened: u64,
    /// How carers' messages were answered.
    pub answers: Timeliness,
    /// How promises of a full answer were kept.
    pub promises: Timeliness,
    /// Answers by the pupil's class.
    pub by_class: BTreeMap<String, Timeliness>,
    /// Answers by how the message came: email or text.
    pub by_channel: BTreeMap<String, Timeliness>,
    /// Weekly updates by class.
    pub updates: BTreeMap<String, Tally>,
    /// Contacts that were logged, by kind.
    pub contacts: BTreeMap<String, u64>,
}

/// How things stood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Cases of the period by kind of matter.
    pub kinds: BTreeMap<String, u64>,
    /// Cases of the period that were closed.
    pub closed: u64,
    /// Messages of the period to carers, by route and by how far they had come.
    pub sent: BTreeMap<String, Sent>,
    /// Carers whom the newest updates had not reached, by class.
    pub not_reached: BTreeMap<String, u64>,
    /// Cases overdue at that moment, whenever they were opened.
    pub overdue: Overdue,
    /// The chronology itself.
    pub record: Record,
}

/// How far messages had come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Went, or arrived.
    pub told: u64,
    /// Did not arrive by this route.
    pub failed: u64,
    /// Anything else: waiting, in doubt, stopped.
    pub other: u64,
}

/// What is overdue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    /// Cases.
    pub cases: u64,
    /// When the oldest of their answers was due.
    pub oldest: Option<Timestamp>,
}

/// How far the chronology is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Entries.
    pub entries: u64,
    /// Of those, entries that waited for the next seal.
    pub waiting: u64,
    /// The newest seal.
    pub seal: Option<SealSeen>,
}

/// A seal, as it is noted down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealSeen {
    /// Its number.
    pub no: i64,
    /// Its root, in hexadecimal digits.
    pub root: String,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
    /// When it was closed.
    pub at: Timestamp,
}

/// A clock, as far as counting asks.
#[derive(Debug, Clone)]
pub struct Counting {
    /// A promise, and not the first answer.
    pub promise: bool,
    /// The pupil's class.
    pub class: String,
    /// How the message came.
    pub came_by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was due; `None`: no date could be named.
    pub due_at: Option<Timestamp>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// It stopped by an answer of a colleague.
    pub answered: bool,
    /// The message was acknowledged automatically, and that went.
    pub acknowledged: bool,
}

/// How clocks stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeliness {
    /// Clocks that began.
    pub asked: u64,
    /// Acknowledged automatically.
    pub acknowledged: u64,
    /// Answered by a person in time.
    pub in_time: u64,
    /// Answered by a person, late.
    pub late: u64,
    /// Still running, not yet due.
    pub waiting: u64,
    /// Still running, overdue.
    pub overdue: u64,
    /// Closed without an answer from here.
    pub ended: u64,
    /// Without a date, for the calendar did not reach so far; answered or not.
    pub undated: u64,
    /// The median of the seconds until a person answered.
    pub median_secs: Option<i64>,
}

impl Timeliness {
    /// Counts clocks as they stood at a moment; those that began later are left out.
    pub fn of<'a>(clocks: impl IntoIterator<Item = &'a Counting>, as_of: Timestamp) -> Self {
        let mut all = Self::default();
        let mut waits = Vec::new();
        for clock in clocks.into_iter().filter(|clock| clock.started_at <= as_of) {
            all.asked += 1;
            all.acknowledged += u64::from(clock.acknowledged);
            let stopped = clock.stopped_at.filter(|at| *at <= as_of);
            if let Some(at) = stopped.filter(|_| clock.answered) {
                waits.push(at.duration_since(clock.started_at).as_secs());
            }
            *match (stopped, clock.answered, clock.due_at) {
                (Some(_), false, _) => &mut all.ended,
                (_, _, None) => &mut all.undated,
                (Some(at), true, Some(due)) if at <= due => &mut all.in_time,
                (Some(_), true, Some(_)) => &mut all.late,
                (None, _, Some(due)) if due < as_of => &mut all.overdue,
                (None, _, Some(_)) => &mut all.waiting,
            } += 1;
        }
        all.median_secs = median(waits);
        all
    }

    /// The share answered in time of those whose time is over, in whole per cent, rounded down; `None` where there is none.
    pub fn percent_in_time(&self) -> Option<u64> {
        let over = self.in_time + self.late + self.overdue;
        (self.in_time * 100).checked_div(over)
    }

    /// The median in words.
    pub fn median_in_words(&self) -> String {
        self.median_secs.map_or_else(|| "none yet".to_owned(), duration_in_words)
    }
}

/// The middle one; of two in the middle the mean.
fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(half.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2)
}

/// `1.5 days`, `3 hours`, `20 minutes`.
fn duration_in_words(secs: i64) -> String {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let several = |count: i64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match secs {
        ..HOUR => several(secs.max(0) / 60, "minute"),
        HOUR..DAY => several(secs / HOUR, "hour"),
        _ => {
            let tenths = secs / (DAY / 10);
            match tenths % 10 {
                0 => several(tenths / 10, "day"),
                rest => format!("{}.{rest} days", tenths / 10),
            }
        }
    }
}

impl Counted {
    /// Fills in all that is counted from clocks.
    pub fn count(&mut self, clocks: &[Counting], as_of: Timestamp) {
        let answers = || clocks.iter().filter(|clock| !clock.promise);
        self.answers = Timeliness::of(answers(), as_of);
        self.promises = Timeliness::of(clocks.iter().filter(|clock| clock.promise), as_of);
        let apart = |by: fn(&Counting) -> &String| {
            let mut groups: BTreeMap<String, Vec<&Counting>> = BTreeMap::new();
            answers().for_each(|clock| groups.entry(by(clock).clone()).or_default().push(clock));
            groups.into_iter().map(|(name, clocks)| (name, Timeliness::of(clocks, as_of))).collect()
        };
        self.by_class = apart(|clock| &clock.class);
        self.by_channel = apart(|clock| &clock.came_by);
    }
}

/// What was drawn for a sample, as far as it may be told.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The carer, to be masked.
    pub carer: Option<uuid::Uuid>,
    /// The pupil, to be masked.
    pub pupil: uuid::Uuid,
    /// The pupil's class.
    pub class: String,
    /// What it is.
    pub what: Event,
}

/// A case or a contact.
#[derive(Debug, Clone)]
pub enum Event {
    /// A case.
    Case {
        /// `email` or `text`.
        came_by: String,
        /// The kind of matter.
        kind: String,
        /// When its first message came.
        opened_at: Timestamp,
        /// How many messages it holds.
        messages: i64,
        /// When it was acknowledged automatically.
        acknowledged_at: Option<Timestamp>,
        /// Its first clock.
        clock: Option<Counting>,
        /// The route of the answer that stopped the clock.
        answered_by: Option<String>,
        /// When it was closed.
        closed_at: Option<Timestamp>,
    },
    /// A contact that was logged.
    Contact {
        /// The kind, as a sentence calls it.
        kind: String,
        /// Whether the school sought it.
        from_school: bool,
        /// When it happened.
        happened_at: Timestamp,
        /// When it was written down.
        recorded_at: Timestamp,
        /// Good news.
        praise: bool,
        /// When a follow-up is due.
        follow_up: Option<Date>,
    },
}

/// A line of a sample: nobody's name, nobody's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// What it is.
    pub title: String,
    /// `Carer A about Pupil 1 of Oak`.
    pub who: String,
    /// What is known of it, one sentence each.
    pub facts: Vec<String>,
}

/// The lines of a sample in the order in which they were drawn. Carers become letters and pupils numbers within their class,
/// the same person the same throughout.
pub fn masked(drawn: &[Drawn], now: Timestamp) -> Vec<Masked> {
    let mut carers: Vec<uuid::Uuid> = Vec::new();
    let mut pupils: BTreeMap<&str, Vec<uuid::Uuid>> = BTreeMap::new();
    let mut lines = Vec::new();
    for one in drawn {
        let number = place(pupils.entry(&one.class).or_default(), one.pupil) + 1;
        let pupil = format!("Pupil {number} of {}", one.class);
        let who = match one.carer {
            Some(carer) => format!("Carer {} about {pupil}", letters(place(&mut carers, carer))),
            None => pupil,
        };
        let (title, facts) = told(&one.what, now);
        lines.push(Masked { title, who, facts });
    }
    lines
}

fn place(known: &mut Vec<uuid::Uuid>, one: uuid::Uuid) -> usize {
    known.iter().position(|id| *id == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// A to Z, then AA, AB and on.
fn letters(mut place: usize) -> String {
    let mut word = String::new();
    loop {
        let letter = u8::try_from(place % 26).unwrap_or_default();
        word.insert(0, char::from(b'A' + letter));
        match place / 26 {
            0 => return word,
            more => place = more - 1,
        }
    }
}

fn told(what: &Event, now: Timestamp) -> (String, Vec<String>) {
    let at = |moment: Timestamp| moment_in_full(moment, now);
    match what {
        Event::Case {
            came_by,
            kind,
            opened_at,
            messages,
            acknowledged_at,
            clock,
            answered_by,
            closed_at,
        } => {
            let mut facts = vec![
                format!("First message {}; messages so far: {messages}", at(*opened_at)),
                acknowledged_at.map_or_else(
                    || "Not acknowledged automatically".to_owned(),
                    |when| format!("Acknowledged automatically {}", at(when)),
                ),
            ];
            facts.extend(clock.as_ref().map(|clock| clock_in_words(clock, answered_by.as_deref(), now)));
            facts.push(closed_at.map_or_else(|| "Open".to_owned(), |when| format!("Closed {}", at(when))));
            (format!("Case by {came_by}: {kind}"), facts)
        }
        Event::Contact { kind, from_school, happened_at, recorded_at, praise, follow_up } => {
            let who = if *from_school { "begun by the school" } else { "begun by the family" };
            let mut facts =
                vec![format!("{}, {who}", at(*happened_at)), format!("Written down {}", at(*recorded_at))];
            facts.extend(praise.then(|| "Good news".to_owned()));
            facts.extend(follow_up.map(|day| format!("To be confirmed in writing by {}", day_in_words(day))));
            (format!("Contact: {kind}"), facts)
        }
    }
}

/// How the first clock of a sampled case stood.
fn clock_in_words(clock: &Counting, by: Option<&str>, now: Timestamp) -> String {
    let due = clock.due_at.map_or_else(
        || "No date could be named for the answer".to_owned(),
        |due| format!("Answer due {}", moment_in_full(due, now)),
    );
    let by = by.map_or_else(|| "as recorded by a colleague".to_owned(), |route| format!("by {route}"));
    let how = match (clock.stopped_at, clock.answered, clock.due_at) {
        (Some(at), true, Some(limit)) => {
            let late = if at <= limit { "in time" } else { "late" };
            format!("answered {by} {}, {late}", moment_in_full(at, now))
        }
        (Some(at), true, None) => format!("answered {by} {}", moment_in_full(at, now)),
        (Some(at), false, _) => format!("closed {} without an answer from here", moment_in_full(at, now)),
        (None, _, Some(limit)) if limit < now => "not answered, overdue".to_owned(),
        (None, _, _) => "not answered yet".to_owned(),
    };
    format!("{due}; {how}")
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that panics has found something")]
#[path = "audit_tests.rs"]
mod tests;
