//! What is wrong with a file, told to the person who can mend it.

use std::fmt;

use serde::Serialize;

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum File {
    /// One row per pupil.
    #[serde(rename = "pupils.csv")]
    Pupils,
    /// One row per contact and pupil.
    #[serde(rename = "contacts.csv")]
    Contacts,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pupils => "pupils.csv",
            Self::Contacts => "contacts.csv",
        })
    }
}

/// What a problem means for the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing at all is imported until it is mended.
    Refused,
    /// Imported; somebody should look.
    Warning,
}

/// One thing wrong with a file.
///
/// The sentence may name a `pupil_ref` or a `contact_ref`, never a name, a number or an address: a terminal is read over
/// shoulders and ends up in tickets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// What it means.
    pub severity: Severity,
    /// Where it is.
    pub file: File,
    /// The row as a spreadsheet numbers it: the header is 1. `None`: the file as a whole.
    pub line: Option<u64>,
    /// The column, by its heading. `None`: the whole row.
    pub column: Option<&'static str>,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// Collects what is wrong, so that all of it is told at once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    refused: usize,
}

impl Problems {
    /// Something that stops the import.
    pub(super) fn refuse(
        &mut self,
        file: File,
        line: Option<u64>,
        column: Option<&'static str>,
        sentence: impl Into<String>,
    ) {
        self.refused += 1;
        self.list.push(Problem {
            severity: Severity::Refused,
            file,
            line,
            column,
            sentence: sentence.into(),
        });
    }

    /// Something that does not.
    pub(super) fn warn(
        &mut self,
        file: File,
        line: Option<u64>,
        column: Option<&'static str>,
        sentence: impl Into<String>,
    ) {
        self.list.push(Problem {
            severity: Severity::Warning,
            file,
            line,
            column,
            sentence: sentence.into(),
        });
    }

    /// How many stop the import, so far.
    pub(super) const fn refused(&self) -> usize {
        self.refused
    }

    /// All of them: what stops the import first, then by file and line.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.list.sort();
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_file_line_and_column_and_what_stops_comes_first() {
        let mut problems = Problems::default();
        problems.warn(File::Pupils, Some(2), None, "Look at it.");
        problems.refuse(File::Contacts, Some(14), Some("mobile"), "Too short.");
        problems.refuse(File::Contacts, None, None, "It is empty.");

        let refused = problems.refused();
        let told: Vec<_> = problems.into_sorted().iter().map(ToString::to_string).collect();

        assert_eq!(refused, 2);
        assert_eq!(
            told,
            [
                "contacts.csv: It is empty.",
                "contacts.csv, line 14, mobile: Too short.",
                "pupils.csv, line 2: Look at it."
            ]
        );
    }
}
