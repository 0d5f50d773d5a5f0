//! Reading a calendar file.
//!
//! UTF-8 CSV with the columns `kind,from,until,reason` and, if wanted, `announced`. Kinds are `term`, `half_term`, `inset`,
//! `closure`, `bank_holiday`, and the rows `covers_from` and `covers_until` with one date each. Dates are `2026-09-01`; an
//! empty `until` is one day; trailing cells may be left out; a line that starts with `#` is a remark.
//!
//! A row is one line: that is what a spreadsheet writes of dates and reasons, and it keeps line numbers honest.

use super::{Calendar, Date, Kind, Span, checks};
use crate::domain::{csv_file, update::RowProblem};

/// A calendar file to start from; the demonstration uses it.
pub const EXAMPLE_FILE: &str = include_str!("../../../deploy/calendar.example.csv");

/// The most rows a file may have: a school writes some twenty a year.
const MOST_ROWS: usize = 1_000;

/// The most characters a reason may have.
const LONGEST_REASON: usize = 100;

/// Years outside of these are slips of the keyboard.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

const HEADER: [&str; 5] = ["kind", "from", "until", "reason", "announced"];

/// A row that is valid in itself.
#[derive(Debug)]
pub(super) struct Row {
    /// As an editor counts; the header has one too.
    pub(super) line: u64,
    pub(super) what: What,
}

/// What a row says.
#[derive(Debug)]
pub(super) enum What {
    Span(Span),
    CoversFrom(Date),
    CoversUntil(Date),
}

/// Reads a school's calendar. `Err` holds every problem of the file at once, by line; 1 is the first line.
///
/// Where the file does not say it, the calendar covers the days from the first day of its first term to the last day of its
/// last term.
pub fn read(file: &[u8]) -> Result<Calendar, Vec<RowProblem>> {
    let text = csv_file::text(file).map_err(|fault| vec![RowProblem::new(fault.line, fault.sentence)])?;
    let mut lines = (1_u64..).zip(text.lines()).filter(|(_, line)| {
        let blank = line.chars().all(|c| c == ',' || c.is_whitespace());
        !blank && !line.starts_with('#')
    });
    let header = lines.next().ok_or_else(|| {
        vec![RowProblem::new(1, "the file is empty: the first line must be kind,from,until,reason")]
    })?;
    let columns = header_columns(header)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (line, text) in lines {
        if rows.len() + problems.len() >= MOST_ROWS {
            let sentence =
                format!("the file has more than {MOST_ROWS} rows: check that it is the right file");
            problems.push(RowProblem::new(line, sentence));
            break;
        }
        match row(text, columns) {
            Ok(what) => rows.push(Row { line, what }),
            Err(sentences) => problems.extend(sentences.into_iter().map(|s| RowProblem::new(line, s))),
        }
    }
    checks::calendar(rows, problems)
}

/// How many columns the file has: 4 or 5.
fn header_columns((line, text): (u64, &str)) -> Result<usize, Vec<RowProblem>> {
    let named: Vec<String> =
        cells(text).map(|cells| cells.iter().map(|cell| cell.to_lowercase()).collect()).unwrap_or_default();
    if (4..=5).contains(&named.len()) && named.iter().eq(HEADER.iter().take(named.len())) {
        return Ok(named.len());
    }
    let sentence =
        "this line must name the columns: kind,from,until,reason and, if wanted, announced, in this order";
    Err(vec![RowProblem::new(line, sentence)])
}

fn row(text: &str, columns: usize) -> Result<What, Vec<String>> {
    let cells = cells(text).map_err(|sentence| vec![sentence.to_owned()])?;
    if cells.iter().skip(columns).any(|cell| !cell.is_empty()) {
        return Err(vec![
            "this line has more cells than the first line: put a reason that holds a comma between quotation marks"
                .to_owned(),
        ]);
    }
    let cell = |at: usize| cells.get(at).map_or("", String::as_str);
    let mut problems = Vec::new();
    let mut note = |sentence: String| problems.push(sentence);
    let from = date("from", cell(1)).map_err(&mut note).ok().flatten();
    let until = date("until", cell(2)).map_err(&mut note).ok().flatten();
    let announced = date("announced", cell(4)).map_err(&mut note).ok().flatten();
    let reason = reason(cell(3)).map_err(&mut note).ok();
    if from.is_none() && cell(1).is_empty() {
        note("column from is empty: write the first day, like 2026-09-01".to_owned());
    }
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        note("from is after until: check both dates".to_owned());
    }
    let word = Word::parse(cell(0));
    match &word {
        None => note(
            "column kind is not one of term, half_term, inset, closure, bank_holiday, covers_from, covers_until"
                .to_owned(),
        ),
        Some(Word::CoversFrom | Word::CoversUntil) if until.is_some() => {
            note("this kind of row takes one date only: leave until empty".to_owned());
        }
        Some(Word::Kind(kind)) if announced.is_some() && *kind != Kind::Closure => {
            note("only a closure has a day on which it was announced: leave the cell empty".to_owned());
        }
        Some(_) => {}
    }
    match (word, from, reason) {
        (Some(word), Some(from), Some(reason)) if problems.is_empty() => Ok(match word {
            Word::CoversFrom => What::CoversFrom(from),
            Word::CoversUntil => What::CoversUntil(from),
            Word::Kind(kind) => {
                What::Span(Span { kind, from, until: until.unwrap_or(from), reason, announced })
            }
        }),
        _ => Err(problems),
    }
}

/// What stands in the first cell.
enum Word {
    Kind(Kind),
    CoversFrom,
    CoversUntil,
}

impl Word {
    fn parse(cell: &str) -> Option<Self> {
        match cell {
            "covers_from" => Some(Self::CoversFrom),
            "covers_until" => Some(Self::CoversUntil),
            word => Kind::ALL.into_iter().find(|kind| kind.word() == word).map(Self::Kind),
        }
    }
}

/// A line's cells without the space around them.
fn cells(line: &str) -> Result<Vec<String>, &'static str> {
    if line.matches('"').count() % 2 == 1 {
        return Err("a cell goes on over the end of this line: write each row on one line");
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(line.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(ToOwned::to_owned).collect()),
        _ => Err("this line is not CSV: look for a quotation mark out of its place"),
    }
}

fn date(column: &str, cell: &str) -> Result<Option<Date>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    // The parser also takes times and dates without hyphens; a file that has them was not meant for us.
    let date = Some(cell).filter(|cell| cell.len() == 10).and_then(|cell| cell.parse::<Date>().ok());
    match date {
        None => Err(format!("column {column} is not a date of the calendar: write it like 2026-09-01")),
        Some(date) if !YEARS.contains(&date.year()) => {
            Err(format!("column {column} is in the year {}: check the year", date.year()))
        }
        Some(date) => Ok(Some(date)),
    }
}

fn reason(cell: &str) -> Result<String, String> {
    if cell.chars().any(char::is_control) {
        return Err("column reason has an invisible control character: type it again".to_owned());
    }
    if cell.chars().count() > LONGEST_REASON {
        return Err(format!("column reason is longer than {LONGEST_REASON} characters: shorten it"));
    }
    Ok(cell.to_owned())
}
