//! Whether the rows of a calendar file make sense together.

use super::{
    Calendar, Date, Kind, Source, Span,
    bank_holidays::{KNOWN_FROM, KNOWN_UNTIL},
    file::{Row, What},
};
use crate::domain::{
    time::{day_in_words, is_weekday},
    update::RowProblem,
};

/// A longer term is two terms, or a year mistyped.
const LONGEST_TERM_DAYS: i32 = 200;

/// The calendar that rows make, or every problem of rows and file, by line. Rows that had a problem of their own are not
/// among `rows`; what depends on them is then not told, so that one slip is one sentence.
pub(super) fn calendar(rows: Vec<Row>, mut problems: Vec<RowProblem>) -> Result<Calendar, Vec<RowProblem>> {
    let whole = problems.is_empty();
    let (mut spans, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for Row { line, what } in rows {
        match what {
            What::Span(span) => spans.push((line, span)),
            What::CoversFrom(day) => starts.push((line, day)),
            What::CoversUntil(day) => ends.push((line, day)),
        }
    }
    same_kind_twice(&spans, &mut problems);
    for list in [&starts, &ends] {
        let again = "this kind of row is there already: keep one of them";
        problems.extend(list.iter().skip(1).map(|(line, _)| RowProblem::new(*line, again)));
    }
    for (line, span) in &spans {
        problems.extend(alone(span).map(|sentence| RowProblem::new(*line, sentence)));
        if whole {
            problems.extend(in_term(span, &spans).map(|sentence| RowProblem::new(*line, sentence)));
        }
    }
    let covered = if whole { cover(&spans, starts.first(), ends.first(), &mut problems) } else { None };
    problems.sort_by_key(|problem| problem.line);
    match covered {
        Some((from, until)) if problems.is_empty() => {
            let spans = spans.into_iter().map(|(_, span)| span).collect();
            Ok(Calendar::new(Source::School, spans, from, until))
        }
        _ => Err(problems),
    }
}

/// Rows of one kind may not share a day: a term over another, the same closure twice.
fn same_kind_twice(spans: &[(u64, Span)], problems: &mut Vec<RowProblem>) {
    for (at, (line, span)) in spans.iter().enumerate() {
        let mut earlier = spans.iter().take(at);
        let Some((before, other)) = earlier.find(|(_, other)| other.kind == span.kind && other.meets(span))
        else {
            continue;
        };
        let sentence = if (other.from, other.until) == (span.from, span.until) {
            format!("this {} is there already on line {before}: keep one of them", name(span.kind))
        } else {
            format!(
                "this {} shares days with the one on line {before}: correct the dates of one",
                name(span.kind)
            )
        };
        problems.push(RowProblem::new(*line, sentence));
    }
}

/// What is wrong with a span whatever the others say.
fn alone(span: &Span) -> Option<String> {
    let days = span.from.until(span.until).map_or(i32::MAX, |length| length.get_days()).saturating_add(1);
    match span.kind {
        Kind::Term if days > LONGEST_TERM_DAYS => {
            Some(format!("this term has {days} days: check the years of both dates"))
        }
        Kind::Inset if span.from == span.until && !is_weekday(span.from) => {
            Some(format!("{} is at a weekend: check the date of this INSET day", day_in_words(span.from)))
        }
        _ => None,
    }
}

/// Whether what belongs inside a term is inside one.
fn in_term(span: &Span, spans: &[(u64, Span)]) -> Option<String> {
    let of = |kind: Kind| spans.iter().map(|(_, span)| span).filter(move |span| span.kind == kind);
    let inside = of(Kind::Term).any(|term| term.holds(span.from) && term.holds(span.until));
    match span.kind {
        Kind::HalfTerm | Kind::Inset | Kind::Closure if !inside => Some(format!(
            "this {} is not inside any term: check its dates and those of the term",
            name(span.kind)
        )),
        Kind::Inset if of(Kind::HalfTerm).any(|half_term| half_term.meets(span)) => {
            Some("this INSET day is inside half-term: shorten the half-term or correct the date".to_owned())
        }
        _ => None,
    }
}

/// The days the calendar covers: as the file says, or from its first to its last term. Never beyond the days of which the
/// bank holidays are known, as a day would count that should not.
fn cover(
    spans: &[(u64, Span)],
    start: Option<&(u64, Date)>,
    end: Option<&(u64, Date)>,
    problems: &mut Vec<RowProblem>,
) -> Option<(Date, Date)> {
    let terms = || spans.iter().map(|(_, span)| span).filter(|span| span.kind == Kind::Term);
    let (Some(first), Some(last)) =
        (terms().map(|term| term.from).min(), terms().map(|term| term.until).max())
    else {
        problems.push(RowProblem::new(1, "the file has no term: write one line for each term"));
        return None;
    };
    let (known_from, known_until) = known(spans);
    if let Some((line, day)) = start
        && (*day > first || *day < known_from)
    {
        let sentence =
            format!("covers_from must not be after the first term begins, nor before {known_from}");
        problems.push(RowProblem::new(*line, sentence));
    }
    if let Some((line, day)) = end
        && (*day < last || *day > known_until)
    {
        let sentence = format!(
            "covers_until must not be before the last term ends, nor after {known_until}, when the known bank holidays end: \
             add bank_holiday rows for the years after"
        );
        problems.push(RowProblem::new(*line, sentence));
    }
    let from = start.map_or(first, |(_, day)| *day).max(known_from);
    let until = end.map_or(last, |(_, day)| *day).min(known_until);
    if from > until {
        let sentence =
            format!("the bank holidays are known from {known_from} to {known_until}, and no term is within");
        problems.push(RowProblem::new(1, sentence));
        return None;
    }
    Some((from, until))
}

/// The days of which the bank holidays are known: the carried years, and each further year for which the file has one.
fn known(spans: &[(u64, Span)]) -> (Date, Date) {
    let has =
        |year: i16| spans.iter().any(|(_, span)| span.kind == Kind::BankHoliday && span.from.year() == year);
    let (mut first, mut last) = (KNOWN_FROM.year(), KNOWN_UNTIL.year());
    while has(last + 1) {
        last += 1;
    }
    while has(first - 1) {
        first -= 1;
    }
    let day = |year, month, day| Date::new(year, month, day);
    (day(first, 1, 1).unwrap_or(KNOWN_FROM), day(last, 12, 31).unwrap_or(KNOWN_UNTIL))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Term => "term",
        Kind::HalfTerm => "half-term",
        Kind::Inset => "INSET day",
        Kind::Closure => "closure",
        Kind::BankHoliday => "bank holiday",
    }
}
