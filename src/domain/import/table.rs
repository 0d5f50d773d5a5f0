//! Bytes become a table: encoding, quoting, headings and the shape of rows. What a cell means comes later.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    File,
    columns::{Column, Given},
    problem::Problems,
};
use crate::domain::csv_file;

/// The most rows a file may have. Far above any school; below what a wrong file could do harm with.
pub(super) const MOST_ROWS: usize = 50_000;

/// A file, read.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns it has.
    pub(super) given: Given,
    /// Its rows, without the blank ones.
    pub(super) rows: Vec<Row>,
}

/// One row.
pub(super) struct Row {
    /// As a spreadsheet numbers it: the header is 1, blank rows count, a cell of several lines does not.
    pub(super) line: u64,
    columns: &'static [Column],
    cells: Vec<String>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {}", self.line)
    }
}

impl Row {
    /// The text of a cell without surrounding space; empty when the file has no such column.
    pub(super) fn cell(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|known| known.name == column);
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }
}

/// Reads a file into a table. `None` when it has no rows to go on with; the problems say why.
pub(super) fn read(file: File, bytes: &[u8], problems: &mut Problems) -> Option<Table> {
    let text = match csv_file::text(bytes) {
        Ok(text) => text,
        Err(fault) => {
            problems.refuse(file, Some(fault.line), None, fault.sentence);
            return None;
        }
    };
    let records = records(&text);
    let Some(((header_line, header), rows)) = records.split_first() else {
        problems.refuse(file, None, None, "The file is empty: the first line must name the columns.");
        return None;
    };
    let header = Header::read(file, *header_line, header, problems)?;
    if rows.is_empty() {
        problems.refuse(
            file,
            None,
            None,
            "There are no rows below the header. Nothing is imported: an empty file would mark every record as missing.",
        );
        return None;
    }
    if rows.len() > MOST_ROWS {
        problems.refuse(
            file,
            None,
            None,
            format!(
                "The file has {} rows and may have {MOST_ROWS}: check that it is the right file.",
                rows.len()
            ),
        );
        return None;
    }
    let rows = rows.iter().filter_map(|(line, cells)| header.row(*line, cells, problems)).collect();
    Some(Table { given: header.given(), rows })
}

/// The records that are not blank, each with the row a spreadsheet shows it in.
fn records(text: &str) -> Vec<(u64, Vec<String>)> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = Vec::new();
    let (mut row, mut counted, mut inside) = (1_u64, 0, 0);
    for record in reader.records().map_while(Result::ok) {
        // The reader's position is where it began to look, which is before any blank lines.
        let from = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(counted);
        let rest = text.get(from..).unwrap_or_default();
        let start = from + (rest.len() - rest.trim_start_matches('\n').len());
        row += breaks(text.get(counted..start).unwrap_or_default()).saturating_sub(inside);
        counted = start;
        inside = record.iter().map(breaks).sum();
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            records.push((row, record.iter().map(ToOwned::to_owned).collect()));
        }
    }
    records
}

fn breaks(text: &str) -> u64 {
    text.matches('\n').count() as u64
}

/// The header: which column of ours each cell of a row is.
struct Header {
    file: File,
    /// Per cell of the file; `None`: a cell without a heading.
    places: Vec<Option<usize>>,
}

impl Header {
    /// Reads the first line. Its words are never repeated: in a file without a header they are somebody's name.
    fn read(file: File, line: u64, cells: &[String], problems: &mut Problems) -> Option<Self> {
        let before = problems.refused();
        let headings: Vec<String> = cells.iter().map(|cell| cell.trim().to_lowercase()).collect();
        let places: Vec<Option<usize>> = headings
            .iter()
            .map(|heading| file.columns().iter().position(|column| column.name == heading))
            .collect();
        if places.iter().all(Option::is_none) {
            let sentence = match headings.as_slice() {
                [only] if only.contains([';', '\t']) => {
                    "The columns must be separated by commas: save the file again as \"CSV UTF-8\"."
                }
                _ => "The first line does not name any column of this file: put the header row on top.",
            };
            problems.refuse(file, Some(line), None, sentence);
            return None;
        }
        let mut seen = BTreeSet::new();
        for (at, (heading, place)) in headings.iter().zip(&places).enumerate() {
            let column = place.and_then(|place| file.columns().get(place)).map(|column| column.name);
            match column {
                Some(name) if !seen.insert(name) => {
                    problems.refuse(file, Some(line), Some(name), "This column is there twice: keep one.");
                }
                None if !heading.is_empty() => problems.refuse(
                    file,
                    Some(line),
                    None,
                    format!(
                        "Column {} has a heading that Liaison does not know: correct its spelling or delete the column.",
                        letters(at)
                    ),
                ),
                _ => {}
            }
        }
        for column in file.columns().iter().filter(|column| column.required && !seen.contains(column.name)) {
            problems.refuse(
                file,
                Some(line),
                Some(column.name),
                "This column is missing and is required: add it.",
            );
        }
        (problems.refused() == before).then_some(Self { file, places })
    }

    fn given(&self) -> Given {
        let columns = self.file.columns();
        Given(
            self.places
                .iter()
                .flatten()
                .filter_map(|place| columns.get(*place))
                .map(|column| column.name)
                .collect(),
        )
    }

    /// Sorts a row's cells under our columns, if the row has the header's shape and no cell is malformed.
    fn row(&self, line: u64, cells: &[String], problems: &mut Problems) -> Option<Row> {
        let before = problems.refused();
        if cells.len() != self.places.len() {
            problems.refuse(
                self.file,
                Some(line),
                None,
                format!(
                    "The row has {} cells and the header {}: a comma is missing or too many, or a cell with a comma in it \
                     needs quotation marks.",
                    cells.len(),
                    self.places.len()
                ),
            );
            return None;
        }
        let columns = self.file.columns();
        let mut sorted = vec![String::new(); columns.len()];
        for (at, (place, cell)) in self.places.iter().zip(cells).enumerate() {
            let Some((column, slot)) = place.and_then(|place| columns.get(place).zip(sorted.get_mut(place)))
            else {
                if !cell.trim().is_empty() {
                    let sentence =
                        format!("Column {} has a value and no heading: name it or delete it.", letters(at));
                    problems.refuse(self.file, Some(line), None, sentence);
                }
                continue;
            };
            match well_formed(column, cell) {
                Ok(text) => *slot = text.into_owned(),
                Err(sentence) => problems.refuse(self.file, Some(line), Some(column.name), sentence),
            }
        }
        (problems.refused() == before).then_some(Row { line, columns, cells: sorted })
    }
}

/// The cell as text. Text is all it ever is: `=1+1` is the four characters.
fn well_formed<'a>(column: &Column, cell: &'a str) -> Result<Cow<'a, str>, String> {
    let cell = cell.trim();
    if cell.contains('\n') && !column.lines {
        return Err(
            "There is a line break in the cell: delete it, or close a quotation mark before it.".to_owned()
        );
    }
    if cell.chars().any(|c| c.is_control() && !(c == '\n' && column.lines)) {
        return Err(
            "There is an invisible control character in the cell: delete the cell and type it again."
                .to_owned(),
        );
    }
    let length = cell.chars().count();
    if length > column.longest {
        return Err(format!("The cell has {length} characters and may have {}: shorten it.", column.longest));
    }
    Ok(Cow::Borrowed(cell))
}

/// A column as a spreadsheet letters it: 0 is `A`, 26 is `AA`.
fn letters(at: usize) -> String {
    let last = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
