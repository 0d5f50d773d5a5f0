//! The school's calendar and the working-day clock that runs on it.
//!
//! A calendar is data: terms, half-terms, INSET days, closures and bank holidays, with a version. Nothing in here guesses:
//! a day outside the loaded calendar is unknown, and a clock that would need it has no date until somebody loads it.
//! Clocks that do not stop for holidays (a subject access request, a breach) are not counted here.

mod bank_holidays;
mod checks;
mod count;
mod edit;
mod file;
mod ics;
mod inspect;
mod words;

#[cfg(test)]
mod tests;

use ring::digest::{Context, SHA256};

pub use self::{
    bank_holidays::{BANK_HOLIDAYS, KNOWN_FROM, KNOWN_UNTIL},
    count::{CalendarMissing, Due, Redated, Rule, due, on_holiday, redated, warn_before},
    edit::{Edit, edited, edited_with},
    file::{EXAMPLE_FILE, read},
    ics::{Proposed, is_ics, read_ics},
    inspect::{DueReading, inspect_due},
    words::{due_words, not_counted_words},
};
use super::{
    chronology::{Digest, finish},
    seal::hex,
    time::{Date, is_weekday},
};

/// What a range of days is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pupils are at school.
    Term,
    /// The break inside a term.
    HalfTerm,
    /// Staff are at work, pupils are not.
    Inset,
    /// The school is shut on days that were to be school days: snow, boiler, poll.
    Closure,
    /// A bank holiday of England and Wales.
    BankHoliday,
}

impl Kind {
    /// Every kind, in the order in which a file would name them.
    pub const ALL: [Self; 5] = [Self::Term, Self::HalfTerm, Self::Inset, Self::Closure, Self::BankHoliday];

    /// The word that stands for it in a calendar file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::HalfTerm => "half_term",
            Self::Inset => "inset",
            Self::Closure => "closure",
            Self::BankHoliday => "bank_holiday",
        }
    }
}

/// A range of days of one kind; both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// What the days are.
    pub kind: Kind,
    /// The first day.
    pub from: Date,
    /// The last day, never before the first.
    pub until: Date,
    /// The name of the term or the reason of the closure; may be empty.
    pub reason: String,
    /// The day on which a closure was announced, where the file says it.
    pub announced: Option<Date>,
}

impl Span {
    /// Whether a day is in it.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }

    fn meets(&self, other: &Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }
}

/// What one day is, as far as counting goes. Where several things are true of a day, the widest is told: a bank holiday
/// inside half-term is half-term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// Outside the loaded calendar.
    Unknown,
    /// Between two terms.
    Holidays,
    /// In half-term.
    HalfTerm(&'a Span),
    /// A Saturday or Sunday of a term.
    Weekend,
    /// A bank holiday.
    BankHoliday(&'a Span),
    /// A closure.
    Closure(&'a Span),
    /// An INSET day.
    Inset(&'a Span),
    /// A day like any other.
    School,
}

/// Where a calendar comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The school's own file.
    School,
    /// The bank holidays that Liaison carries; every other Monday to Friday counts.
    BankHolidaysOnly,
}

/// A school's calendar, checked: each day in it has one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    source: Source,
    /// Sorted, without duplicates.
    spans: Vec<Span>,
    covers_from: Date,
    covers_until: Date,
    version: Digest,
}

impl Calendar {
    /// The calendar without any school: every Monday to Friday that is not a bank holiday of England and Wales, from
    /// [`KNOWN_FROM`] to [`KNOWN_UNTIL`].
    pub fn bank_holidays_only() -> Self {
        Self::new(Source::BankHolidaysOnly, Vec::new(), KNOWN_FROM, KNOWN_UNTIL)
    }

    /// A calendar of spans that are known to fit together; the carried bank holidays are added.
    fn new(source: Source, mut spans: Vec<Span>, covers_from: Date, covers_until: Date) -> Self {
        for (day, name) in BANK_HOLIDAYS {
            let known = spans.iter().any(|span| span.kind == Kind::BankHoliday && span.holds(day));
            if !known {
                let reason = name.to_owned();
                spans.push(Span { kind: Kind::BankHoliday, from: day, until: day, reason, announced: None });
            }
        }
        spans.sort();
        let version = version(source, &spans, covers_from, covers_until);
        Self { source, spans, covers_from, covers_until, version }
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Every range of days, by kind and then by date, the carried bank holidays included.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The first day of which the calendar knows what it is.
    pub fn covers_from(&self) -> Date {
        self.covers_from
    }

    /// The last day of which the calendar knows what it is.
    pub fn covers_until(&self) -> Date {
        self.covers_until
    }

    /// The SHA-256 of what the calendar says: the same for files that differ in the order of rows or in comments. A clock
    /// keeps it, to tell by which calendar it was set.
    pub fn version(&self) -> Digest {
        self.version
    }

    /// The version as people copy it: 64 hexadecimal digits.
    pub fn version_hex(&self) -> String {
        hex(&self.version)
    }

    /// What a day is.
    pub fn day(&self, day: Date) -> Day<'_> {
        if day < self.covers_from || day > self.covers_until {
            return Day::Unknown;
        }
        if self.source == Source::School && self.on(Kind::Term, day).is_none() {
            return Day::Holidays;
        }
        if let Some(span) = self.on(Kind::HalfTerm, day) {
            return Day::HalfTerm(span);
        }
        if !is_weekday(day) {
            return Day::Weekend;
        }
        if let Some(span) = self.on(Kind::BankHoliday, day) {
            return Day::BankHoliday(span);
        }
        if let Some(span) = self.on(Kind::Closure, day) {
            return Day::Closure(span);
        }
        self.on(Kind::Inset, day).map_or(Day::School, Day::Inset)
    }

    fn on(&self, kind: Kind, day: Date) -> Option<&Span> {
        self.spans.iter().find(|span| span.kind == kind && span.holds(day))
    }
}

/// One line per fact; a reason has no line breaks, so no two calendars share a text.
fn version(source: Source, spans: &[Span], covers_from: Date, covers_until: Date) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(format!("liaison calendar 1\n{source:?} {covers_from} {covers_until}\n").as_bytes());
    for Span { kind, from, until, reason, announced } in spans {
        let announced = announced.map_or_else(String::new, |day| day.to_string());
        hash.update(format!("{} {from} {until} [{announced}] {reason}\n", kind.word()).as_bytes());
    }
    finish(hash)
}
