//! What an import did, or would do. Names records by their refs and fields by their columns, never a value.

use serde::Serialize;

use super::{
    Plan, Read,
    checks::Proposal,
    problem::{Problem, Severity},
};

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A class.
    Class,
    /// A colleague and a class.
    Staff,
    /// A pupil.
    Pupil,
    /// A carer.
    Carer,
    /// A link.
    Link,
    /// A restriction on a link.
    Restriction,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// Some fields change.
    Changed,
    /// It was missing and is back.
    Returned,
    /// It is not in the file: kept, and marked as missing.
    Missing,
    /// The file would loosen or replace it; it stays.
    Kept,
}

/// One record that changes, or that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub what: What,
    /// What happens to it.
    pub change: Change,
    /// The pupil, by `pupil_ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pupil_ref: Option<String>,
    /// The carer, by `contact_ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_ref: Option<String>,
    /// The columns that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
    /// What a person should know, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Line {
    /// `link C1 of P1: changed (priority)`. Holds refs and columns, no names, numbers or addresses.
    pub fn in_words(&self) -> String {
        let mut text = match self.what {
            What::Class => "class",
            What::Staff => "colleague",
            What::Pupil => "pupil",
            What::Carer => "carer",
            What::Link => "link",
            What::Restriction => "restriction",
        }
        .to_owned();
        text.extend(self.contact_ref.iter().map(|contact| format!(" {contact}")));
        text.extend(self.pupil_ref.iter().map(|pupil| {
            let of = if self.contact_ref.is_some() { " of" } else { "" };
            format!("{of} {pupil}")
        }));
        text.push_str(match self.change {
            Change::Added => ": added",
            Change::Changed => ": changed",
            Change::Returned => ": back in the file",
            Change::Missing => ": not in the file; kept, and marked as missing",
            Change::Kept => ": kept",
        });
        if !self.fields.is_empty() {
            text.extend([" (", &self.fields.join(", "), ")"]);
        }
        text.extend(self.note.iter().map(|note| format!("; {note}")));
        text
    }

    /// A line about nobody yet.
    pub(super) const fn new(what: What, change: Change) -> Self {
        Self { what, change, pupil_ref: None, contact_ref: None, fields: Vec::new(), note: None }
    }

    pub(super) fn pupil(mut self, pupil_ref: &str) -> Self {
        self.pupil_ref = Some(pupil_ref.to_owned());
        self
    }

    pub(super) fn carer(mut self, contact_ref: &str) -> Self {
        self.contact_ref = Some(contact_ref.to_owned());
        self
    }

    pub(super) fn fields(mut self, fields: Vec<&'static str>) -> Self {
        self.fields = fields;
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// How many records of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// New.
    pub added: usize,
    /// With a changed field.
    pub changed: usize,
    /// In the file and as they were.
    pub unchanged: usize,
    /// Known and not in the file, whether since now or since an earlier import.
    pub missing: usize,
}

/// How many restrictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Restrictions {
    /// New or tightened.
    pub added: usize,
    /// The file would loosen them; they stay.
    pub kept: usize,
}

/// How many of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Pupils.
    pub pupils: Count,
    /// Carers, their addresses and preferences included.
    pub carers: Count,
    /// Links.
    pub links: Count,
    /// Restrictions.
    pub restrictions: Restrictions,
    /// Classes that are new.
    pub classes_added: usize,
    /// Colleagues who are new.
    pub staff_added: usize,
    /// Carers whose own or a colleague's preference the file would have replaced; it stays.
    pub preferences_left: usize,
}

/// One file, so that a report can be held against it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Good rows.
    pub rows: usize,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it was only asked what would happen.
    pub dry_run: bool,
    /// Whether the files were refused; then nothing was compared and nothing is written.
    pub refused: bool,
    /// Whether something changes: was written, or would be. Never for refused files.
    pub changes: bool,
    /// `pupils.csv`.
    pub pupils_file: FileFacts,
    /// `contacts.csv`.
    pub contacts_file: FileFacts,
    /// How many.
    pub counts: Counts,
    /// All that is wrong with the files, what stops the import first.
    pub problems: Vec<Problem>,
    /// Which.
    pub lines: Vec<Line>,
    /// Contacts that may be one person; a person decides.
    pub proposals: Vec<Proposal>,
}

impl Report {
    /// The report on two files and what the comparison with the stored roll found. `facts` are of `pupils.csv` and
    /// `contacts.csv`. Of refused files it tells the problems only: counts of half a comparison would mislead.
    pub fn new(dry_run: bool, facts: [FileFacts; 2], read: Read, plan: &Plan) -> Self {
        let [pupils_file, contacts_file] = facts;
        let mut problems = read.problems;
        problems.extend(plan.problems.iter().cloned());
        problems.sort();
        let refused = problems.iter().any(|problem| problem.severity == Severity::Refused);
        let mut report = Self {
            dry_run,
            refused,
            changes: false,
            pupils_file,
            contacts_file,
            counts: Counts::default(),
            problems,
            lines: Vec::new(),
            proposals: read.proposals,
        };
        if !refused {
            report.changes = !plan.changes.is_empty();
            report.counts = plan.counts;
            report.lines.clone_from(&plan.lines);
        }
        report
    }
}
