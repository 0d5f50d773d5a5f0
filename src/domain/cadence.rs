//! What carers are owed through the year besides the weekly update (R21): a report at Christmas and one in summer, a newsletter
//! each term, and a review meeting each year. When each is due, and whether it was missed.
//!
//! Nothing is owed for a term that ended before the school began to use Liaison: what was done then is not on record here.

use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, Kind},
    people::{UnknownWord, words},
    time::Date,
};

/// So many days before a review is due, it is said to be.
const REVIEW_AHEAD: i64 = 60;

words! {
    /// What a colleague records of a pupil through the year.
    Milestone, "a report or review is one of:" {
        /// The report of the term before Christmas.
        ChristmasReport = "christmas_report",
        /// The report of the summer term.
        SummerReport = "summer_report",
        /// The yearly review meeting with the carers.
        AnnualReview = "annual_review",
    }
}

impl Milestone {
    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::ChristmasReport => "Christmas report",
            Self::SummerReport => "Summer report",
            Self::AnnualReview => "annual review meeting",
        }
    }

    /// What was done when it is recorded.
    pub const fn done(self) -> &'static str {
        match self {
            Self::ChristmasReport | Self::SummerReport => "given",
            Self::AnnualReview => "held",
        }
    }
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As the calendar names it, `Autumn 2026`; its last day where it has no name.
    pub name: String,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub until: Date,
}

/// The terms that have begun by `today`, the newest first, of those that ended on `since` or later.
pub fn terms(calendar: &Calendar, since: Date, today: Date) -> Vec<Term> {
    let spans = calendar.spans().iter().filter(|span| span.kind == Kind::Term);
    let mut terms: Vec<Term> = spans
        .filter(|span| span.from <= today && span.until >= since)
        .map(|span| Term {
            name: if span.reason.trim().is_empty() {
                format!("the term until {}", super::time::dated(span.until))
            } else {
                span.reason.trim().to_owned()
            },
            from: span.from,
            until: span.until,
        })
        .collect();
    terms.sort_by_key(|term| std::cmp::Reverse(term.from));
    terms
}

/// How something that is owed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is owed now.
    NotDue,
    /// Done on this day.
    Done(Date),
    /// To be done by this day.
    Due(Date),
    /// It was to be done by this day, and was not.
    Missed(Date),
}

/// A pupil as far as the year asks.
#[derive(Debug, Clone, Default)]
pub struct OnRoll {
    /// From which day they are at the school; `None`: not known.
    pub from: Option<Date>,
    /// The last day at the school.
    pub until: Option<Date>,
    /// What was recorded of them, and for which day.
    pub done: Vec<(Milestone, Date)>,
}

impl OnRoll {
    fn here_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| until >= day)
    }

    fn done(&self, kind: Milestone, from: Date) -> Option<Date> {
        self.done.iter().filter(|(done, day)| *done == kind && *day >= from).map(|(_, day)| *day).max()
    }

    /// How what is owed to this pupil's carers stands. `terms` are those of [`terms`]; `since` is when the school began.
    pub fn standing(&self, kind: Milestone, terms: &[Term], since: Date, today: Date) -> Standing {
        match kind {
            Milestone::ChristmasReport => self.report(kind, terms.iter().find(|term| is_autumn(term)), today),
            Milestone::SummerReport => self.report(kind, terms.iter().find(|term| is_summer(term)), today),
            Milestone::AnnualReview => self.review(since, today),
        }
    }

    fn report(&self, kind: Milestone, term: Option<&Term>, today: Date) -> Standing {
        let Some(term) = term else { return Standing::NotDue };
        match self.done(kind, term.from) {
            Some(day) => Standing::Done(day),
            None if !self.here_on(term.until) || !self.here_on(today) => Standing::NotDue,
            None => by(term.until, today),
        }
    }

    fn review(&self, since: Date, today: Date) -> Standing {
        if !self.here_on(today) {
            return Standing::NotDue;
        }
        let last = self.done(Milestone::AnnualReview, Date::MIN);
        let from = last.unwrap_or_else(|| self.from.filter(|from| *from > since).unwrap_or(since));
        let due = from.saturating_add(1.year());
        match (by(due, today), last) {
            (Standing::Due(due), Some(last)) if today < due.saturating_sub(REVIEW_AHEAD.days()) => {
                Standing::Done(last)
            }
            (Standing::Due(due), None) if today < due.saturating_sub(REVIEW_AHEAD.days()) => Standing::NotDue,
            (standing, _) => standing,
        }
    }
}

/// How a class's newsletter of a term stands, which was last sent on that day.
pub fn newsletter(term: &Term, sent: Option<Date>, today: Date) -> Standing {
    match sent.filter(|day| term.from <= *day) {
        Some(day) => Standing::Done(day),
        None => by(term.until, today),
    }
}

fn by(due: Date, today: Date) -> Standing {
    if today <= due { Standing::Due(due) } else { Standing::Missed(due) }
}

/// The term before Christmas: the one that has 1 December, whether a school has three terms or six.
fn is_autumn(term: &Term) -> bool {
    has(term, 12, 1)
}

/// The summer term: the one that has 15 June, which is after half-term.
fn is_summer(term: &Term) -> bool {
    has(term, 6, 15)
}

fn has(term: &Term, month: i8, day: i8) -> bool {
    Date::new(term.from.year(), month, day).is_ok_and(|day| term.from <= day && day <= term.until)
}

#[cfg(test)]
#[path = "cadence_tests.rs"]
mod tests;
