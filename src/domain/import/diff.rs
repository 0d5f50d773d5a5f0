//! What an import would do, as it is shown to the colleague who approves it and kept until they do.

use serde::{Deserialize, Serialize};

use super::{Change, Count, Report, Severity, What};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Whether it is about a restriction; those are read first.
    pub restriction: bool,
    /// Whether the file would loosen something, which is kept and goes to the DSL.
    pub kept: bool,
    /// The pupil, by `pupil_ref`.
    pub pupil_ref: Option<String>,
    /// The carer, by `contact_ref`.
    pub contact_ref: Option<String>,
    /// In words: refs and columns, never a value.
    pub words: String,
}

/// How many of one kind of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffCount {
    /// `Pupils`.
    pub what: String,
    /// New.
    pub added: usize,
    /// With a changed field.
    pub changed: usize,
    /// As they were.
    pub unchanged: usize,
    /// Known and not in the file.
    pub missing: usize,
}

/// Everything two files would change. Equal diffs are the same changes for whoever approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// How many.
    pub counts: Vec<DiffCount>,
    /// Which.
    pub lines: Vec<DiffLine>,
    /// What somebody should look at; it stops nothing.
    pub warnings: Vec<String>,
    /// Contacts that may be one person.
    pub same_person: Vec<String>,
}

impl Diff {
    /// The diff that a report tells.
    pub fn of(report: &Report) -> Self {
        let counts = [
            ("Pupils", report.counts.pupils),
            ("Carers", report.counts.carers),
            ("Links", report.counts.links),
        ];
        let lines = report.lines.iter().map(|line| DiffLine {
            restriction: line.what == What::Restriction,
            kept: line.what == What::Restriction && line.change == Change::Kept,
            pupil_ref: line.pupil_ref.clone(),
            contact_ref: line.contact_ref.clone(),
            words: line.in_words(),
        });
        let mut lines: Vec<DiffLine> = lines.collect();
        lines.sort_by_key(|line| (!line.restriction, !line.kept));
        let warnings = report.problems.iter().filter(|problem| problem.severity == Severity::Warning);
        Self {
            counts: counts.into_iter().map(|(what, count)| counted(what, count)).collect(),
            lines,
            warnings: warnings.map(ToString::to_string).collect(),
            same_person: report.proposals.iter().map(|proposal| proposal.sentence.clone()).collect(),
        }
    }
}

fn counted(what: &str, count: Count) -> DiffCount {
    let Count { added, changed, unchanged, missing } = count;
    DiffCount { what: what.to_owned(), added, changed, unchanged, missing }
}
