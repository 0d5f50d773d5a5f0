//! Changing a calendar by hand: one term, closure or INSET day at a time. What comes out is a calendar file, which is read
//! and checked like any other.

use super::{BANK_HOLIDAYS, Calendar, Date, Kind, Source, Span, file};
use crate::domain::time::day_in_words;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Something more.
    Add(Span),
    /// What is of this kind and begins on this day becomes something else of that kind.
    Change(Kind, Date, Span),
    /// What is of this kind and begins on this day was a mistake.
    Remove(Kind, Date),
}

impl Calendar {
    /// The calendar as a file; reading it gives the same calendar, with the same version. The bank holidays that Liaison
    /// carries are left out.
    pub fn csv(&self) -> String {
        let mut spans: Vec<&Span> = self.spans.iter().filter(|span| !carried(span)).collect();
        spans.sort_by_key(|span| (span.from, span.kind));
        let terms = || spans.iter().filter(|span| span.kind == Kind::Term);
        let first = terms().map(|term| term.from).min();
        let last = terms().map(|term| term.until).max();
        // Where they follow from the terms they are left out, so that a further term moves them.
        let from = Some(self.covers_from).filter(|day| first.is_some_and(|first| *day < first));
        let until = Some(self.covers_until).filter(|day| last.is_some_and(|last| *day > last));
        written(&spans, from, until)
    }

    /// The file of this calendar with one change made; `Err` holds what is wrong with it, as sentences.
    pub fn edited(&self, edit: &Edit) -> Result<String, Vec<String>> {
        edited(Some(self), edit)
    }

    /// What another calendar has and this one has not, and the other way round, as sentences.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let only = |a: &Self, b: &Self| -> Vec<Span> {
            a.spans.iter().filter(|span| !b.spans.contains(span) && !carried(span)).cloned().collect()
        };
        let gone = only(self, other).into_iter().map(|span| format!("no longer: {}", span.in_words()));
        let new = only(other, self).into_iter().map(|span| format!("new: {}", span.in_words()));
        gone.chain(new).collect()
    }
}

/// The file of a calendar, or of a new one, with one change made.
pub fn edited(calendar: Option<&Calendar>, edit: &Edit) -> Result<String, Vec<String>> {
    let ours = calendar.filter(|calendar| calendar.source == Source::School);
    let mut spans: Vec<Span> = ours
        .map(|calendar| calendar.spans.iter().filter(|span| !carried(span)).cloned().collect())
        .unwrap_or_default();
    let is = |span: &Span, kind: Kind, from: Date| span.kind == kind && span.from == from;
    let gone = || vec!["that is not in the calendar any more: load the page again".to_owned()];
    match edit {
        Edit::Add(span) => spans.push(span.clone()),
        Edit::Change(kind, from, span) => {
            let place = spans.iter_mut().find(|there| is(there, *kind, *from)).ok_or_else(gone)?;
            // When a closure was announced stays as it was.
            let announced = place.announced.or(span.announced);
            *place = Span { announced, ..span.clone() };
        }
        Edit::Remove(kind, from) => {
            let at = spans.iter().position(|there| is(there, *kind, *from)).ok_or_else(gone)?;
            spans.remove(at);
        }
    }
    let terms = |spans: &[Span]| -> Vec<(Date, Date)> {
        let terms = spans.iter().filter(|span| span.kind == Kind::Term);
        terms.map(|term| (term.from, term.until)).collect()
    };
    let now = terms(&spans);
    let first = now.iter().map(|(from, _)| *from).min();
    let last = now.iter().map(|(_, until)| *until).max();
    // Days before the first term and after the last one that are known to be holidays stay known.
    let from = ours.map(Calendar::covers_from).filter(|day| first.is_some_and(|first| *day < first));
    let until = ours.map(Calendar::covers_until).filter(|day| last.is_some_and(|last| *day > last));
    spans.sort_by_key(|span| (span.from, span.kind));
    let csv = written(&spans.iter().collect::<Vec<_>>(), from, until);
    match file::read(csv.as_bytes()) {
        Ok(_) => Ok(csv),
        Err(problems) => Err(problems.into_iter().map(|problem| without_line(&problem.sentence)).collect()),
    }
}

/// The same with all of these days added, terms first, for the other days stand in one; what is there already is left as it is.
pub fn edited_with(calendar: Option<&Calendar>, spans: &[Span]) -> Result<String, Vec<String>> {
    let mut spans: Vec<&Span> = spans.iter().collect();
    spans.sort_by_key(|span| (span.kind, span.from));
    let mut now = calendar.cloned();
    let mut csv = Err(vec!["all of it is in the calendar already".to_owned()]);
    for span in spans {
        let is = |there: &Span| (there.kind, there.from, there.until) == (span.kind, span.from, span.until);
        if now.as_ref().is_some_and(|calendar| calendar.spans.iter().any(is)) {
            continue;
        }
        let next = edited(now.as_ref(), &Edit::Add(span.clone())).map_err(|faults| {
            faults.into_iter().map(|fault| format!("{}: {fault}", span.in_words())).collect::<Vec<_>>()
        })?;
        now = file::read(next.as_bytes()).ok();
        csv = Ok(next);
    }
    csv
}

/// A sentence about a file, for somebody who has not seen that file: its line numbers say nothing.
fn without_line(sentence: &str) -> String {
    let Some((before, after)) = sentence.split_once(" on line ") else { return sentence.to_owned() };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{}{after}", before.replace("with the one", "with another"))
}

fn carried(span: &Span) -> bool {
    let known = BANK_HOLIDAYS.iter().any(|(day, name)| span.from == *day && span.reason == *name);
    span.kind == Kind::BankHoliday && span.from == span.until && known
}

fn written(spans: &[&Span], from: Option<Date>, until: Option<Date>) -> String {
    let mut rows = vec!["kind,from,until,reason,announced".to_owned()];
    rows.extend(from.map(|day| format!("covers_from,{day},,,")));
    rows.extend(until.map(|day| format!("covers_until,{day},,,")));
    rows.extend(spans.iter().map(|span| {
        let announced = span.announced.map(|day| day.to_string()).unwrap_or_default();
        let until = if span.from == span.until { String::new() } else { span.until.to_string() };
        format!("{},{},{until},{},{announced}", span.kind.word(), span.from, quoted(&span.reason))
    }));
    rows.join("\n") + "\n"
}

/// A cell as RFC 4180 has it, always between marks where it holds anything but plain letters.
fn quoted(cell: &str) -> String {
    let plain = cell.chars().all(|c| c.is_alphanumeric() || c == ' ') && cell.trim() == cell;
    if plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
}

impl Kind {
    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Term => "Term",
            Self::HalfTerm => "Half-term",
            Self::Inset => "INSET day",
            Self::Closure => "Closure",
            Self::BankHoliday => "Bank holiday",
        }
    }

    /// Reads the word of a calendar file.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Span {
    /// `Closure, Snow: Thursday 26 November 2026`.
    pub fn in_words(&self) -> String {
        let named = if self.reason.is_empty() { String::new() } else { format!(", {}", self.reason) };
        format!("{}{named}: {}", self.kind.in_words(), self.days_in_words())
    }

    /// `Thursday 26 November 2026`, or `Monday 26 October to Friday 30 October 2026`.
    pub fn days_in_words(&self) -> String {
        let dated = |day: Date| day.strftime("%A %-d %B %Y").to_string();
        match (self.from == self.until, self.from.year() == self.until.year()) {
            (true, _) => dated(self.from),
            (false, true) => format!("{} to {}", day_in_words(self.from), dated(self.until)),
            (false, false) => format!("{} to {}", dated(self.from), dated(self.until)),
        }
    }
}
