//! Dates and their reasons in plain words: for the chronology, for staff, and for a carer.

use super::{
    Calendar, Date, Day, Due, Rule, Source, Span,
    count::{CalendarMissing, moved},
};
use crate::domain::time::{Timestamp, day_in_words, school_date, school_zone};

/// With more counted days than this, only the first and the last are named.
const MOST_COUNTED: usize = 10;

/// With more reasons than this, the rest are numbered.
const MOST_REASONS: usize = 12;

/// One plain sentence, without a full stop, that tells why something is due when it is: what was counted, what was not and
/// why. `due` is what [`super::due`] gave for the same arguments.
pub fn due_words(due: &Due, received: Timestamp, calendar: &Calendar, rule: &Rule) -> String {
    let start = school_date(received);
    let year = start.year();
    let received_words = match moved(received, calendar, rule) {
        Some((zero, why)) => format!(
            "received {}, {why}, so treated as received on {}, day 0",
            with_year(start, year),
            with_year(zero, year)
        ),
        None => format!("received {}, so day 0", with_year(start, year)),
    };
    format!(
        "{received_words}; counted {}{}; due {}, {}",
        counted(due, calendar, year),
        not_counted_words(due, received, calendar, rule),
        with_year(due.day, year),
        rule.day_end.strftime("%H:%M")
    )
}

/// `; not counted: half-term 26–30 October, weekends`: the days until something is due that do not count, and why; nothing
/// where all do.
pub fn not_counted_words(due: &Due, received: Timestamp, calendar: &Calendar, rule: &Rule) -> String {
    match passed_over(due, school_date(received), calendar, rule).as_slice() {
        [] => String::new(),
        reasons => format!("; not counted: {}", short(reasons)),
    }
}

/// Why the day of receipt is not taken as day 0.
pub(super) fn after_words(received: Timestamp, calendar: &Calendar, rule: &Rule) -> String {
    if rule.counts(calendar, school_date(received)) == Some(false) {
        return "a day that does not count".to_owned();
    }
    let at = received.to_zoned_datetime(school_zone()).time();
    let hour = rule.after_hours.unwrap_or(rule.day_end);
    format!("{}, after {}", at.strftime("%H:%M"), hour.strftime("%H:%M"))
}

/// What is missing and what to do.
pub(super) fn missing_words(missing: &CalendarMissing) -> String {
    let day = dated(missing.first_missing);
    let Some(until) = missing.covers_until else {
        return "no school calendar is loaded, so no date can be counted: load the term dates".to_owned();
    };
    let past = missing.first_missing > until;
    match missing.source {
        Source::School if past => format!(
            "the school calendar ends on {} and {day} would be needed to count: add the next term dates to it",
            dated(until)
        ),
        Source::School => {
            format!(
                "the school calendar begins after {day}, which would be needed to count: add the earlier term dates to it"
            )
        }
        Source::BankHolidaysOnly if past => format!(
            "the bank holidays are known until {} and {day} would be needed to count: load a school calendar that has them",
            dated(until)
        ),
        Source::BankHolidaysOnly => {
            format!(
                "the bank holidays are not known for {day}, which would be needed to count: check the date"
            )
        }
    }
}

fn counted(due: &Due, calendar: &Calendar, year: i16) -> String {
    if due.counted.len() > MOST_COUNTED {
        let first = due.counted.first().copied().unwrap_or(due.day);
        let (first, last) = (with_year(first, year), with_year(due.day, year));
        return format!("{} days from {first} to {last}", due.counted.len());
    }
    let days: Vec<String> = due
        .counted
        .iter()
        .map(|day| match calendar.day(*day) {
            Day::Inset(_) => format!("{} (INSET)", with_year(*day, year)),
            _ => with_year(*day, year),
        })
        .collect();
    days.join(", ")
}

/// Each reason for not counting a day between receipt and due day, once, in order; weekends last.
fn passed_over(due: &Due, start: Date, calendar: &Calendar, rule: &Rule) -> Vec<String> {
    let (mut reasons, mut weekends) = (Vec::new(), 0_usize);
    let mut day = start;
    while let Ok(next) = day.tomorrow()
        && next < due.day
    {
        day = next;
        let Some(reason) = reason(day, calendar, rule, start.year()) else { continue };
        match reason {
            Reason::Weekend if day.weekday() == jiff::civil::Weekday::Saturday => weekends += 1,
            Reason::Weekend => weekends = weekends.max(1),
            Reason::Named(words) if !reasons.contains(&words) => reasons.push(words),
            Reason::Named(_) => {}
        }
    }
    match weekends {
        0 => {}
        1 => reasons.push("the weekend".to_owned()),
        _ => reasons.push("weekends".to_owned()),
    }
    reasons
}

enum Reason {
    Weekend,
    Named(String),
}

/// Why a day does not count; `None`: it does, or it is simply day 0 that was moved to it.
fn reason(day: Date, calendar: &Calendar, rule: &Rule, year: i16) -> Option<Reason> {
    let with = |words: &str| format!("{} ({words})", with_year(day, year));
    Some(Reason::Named(match calendar.day(day) {
        Day::Unknown | Day::School => return None,
        Day::Inset(_) if rule.inset_counts => return None,
        Day::Weekend => return Some(Reason::Weekend),
        Day::Holidays => {
            let (from, until) = holidays_around(day, calendar);
            format!("holidays {}", range(from, until, year))
        }
        Day::HalfTerm(span) => format!("half-term {}", range(span.from, span.until, year)),
        Day::Inset(_) => with("INSET"),
        Day::BankHoliday(span) if span.reason.is_empty() => with("bank holiday"),
        Day::BankHoliday(span) => with(&span.reason),
        Day::Closure(span) => with(&closed(span)),
    }))
}

fn closed(span: &Span) -> String {
    if span.reason.is_empty() { "closed".to_owned() } else { format!("closed: {}", span.reason) }
}

/// The whole time between two terms that a day is in, as far as the calendar reaches.
fn holidays_around(day: Date, calendar: &Calendar) -> (Date, Date) {
    let terms = || calendar.spans().iter().filter(|span| span.kind == super::Kind::Term);
    let before = terms().map(|term| term.until).filter(|end| *end < day).max();
    let after = terms().map(|term| term.from).filter(|start| *start > day).min();
    let from = before.and_then(|end| end.tomorrow().ok()).unwrap_or(calendar.covers_from());
    let until = after.and_then(|start| start.yesterday().ok()).unwrap_or(calendar.covers_until());
    (from, until)
}

fn short(reasons: &[String]) -> String {
    let shown: Vec<&str> = reasons.iter().take(MOST_REASONS).map(String::as_str).collect();
    let shown = shown.join(", ");
    match reasons.len().saturating_sub(MOST_REASONS) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `26–30 October`, `31 May–4 June`, `19 December–3 January 2027`.
fn range(from: Date, until: Date, year: i16) -> String {
    let same_month = (from.year(), from.month()) == (until.year(), until.month());
    let end = until.strftime(if until.year() == year { "%-d %B" } else { "%-d %B %Y" });
    match from {
        _ if from == until => end.to_string(),
        _ if same_month => format!("{}–{end}", from.day()),
        _ => format!("{}–{end}", from.strftime("%-d %B")),
    }
}

fn with_year(day: Date, year: i16) -> String {
    if day.year() == year { day_in_words(day) } else { dated(day) }
}

fn dated(day: Date) -> String {
    day.strftime("%A %-d %B %Y").to_string()
}
