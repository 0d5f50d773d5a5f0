//! The columns the two files may have.

use std::collections::BTreeSet;

use super::File;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its heading.
    pub(super) name: &'static str,
    /// Whether the file must have it, and every row a value in it.
    pub(super) required: bool,
    /// The longest value, in characters. Keeps a swallowed half of a file, or the text of an order, out of a field.
    pub(super) longest: usize,
    /// Whether a value may have several lines, as addresses do in some exports.
    pub(super) lines: bool,
}

const REF: usize = 100;
const SHORT: usize = 100;
const LONG: usize = 254; // the longest email address, RFC 5321 §4.5.3.1.3
const NOTE: usize = 1000;

const fn must(name: &'static str, longest: usize) -> Column {
    Column { name, required: true, longest, lines: false }
}

const fn may(name: &'static str, longest: usize) -> Column {
    Column { name, required: false, longest, lines: false }
}

const fn address(name: &'static str) -> Column {
    Column { name, required: false, longest: SHORT, lines: true }
}

const PUPILS: &[Column] = &[
    must("pupil_ref", REF),
    may("upn", SHORT),
    must("legal_surname", SHORT),
    must("legal_forename", SHORT),
    may("preferred_name", SHORT),
    may("date_of_birth", SHORT),
    may("year_group", SHORT),
    may("class", SHORT),
    may("key_colleague_email", LONG),
    may("home_language", SHORT),
    may("leaving_date", SHORT),
];

const CONTACTS: &[Column] = &[
    must("pupil_ref", REF),
    must("contact_ref", REF),
    may("title", SHORT),
    must("surname", SHORT),
    must("forename", SHORT),
    must("relationship", SHORT),
    must("priority", SHORT),
    must("parental_responsibility", SHORT),
    may("lives_with_pupil", SHORT),
    must("legal_restriction", SHORT),
    may("restriction_note_ref", REF),
    may("restriction_from", SHORT),
    may("restriction_until", SHORT),
    may("address_confidential", SHORT),
    may("receives_correspondence", SHORT),
    may("receives_reports", SHORT),
    may("emergency_contact", SHORT),
    may("preferred_channel", SHORT),
    may("email", LONG),
    may("mobile", SHORT),
    may("phone", SHORT),
    address("address1"),
    address("address2"),
    address("address3"),
    address("address4"),
    may("postcode", SHORT),
    may("language", SHORT),
    may("format", SHORT),
    may("interpreter", NOTE),
    may("best_times", NOTE),
    may("contact_consent_note", NOTE),
];

impl File {
    /// The columns it may have.
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Pupils => PUPILS,
            Self::Contacts => CONTACTS,
        }
    }
}

/// The columns a file really has.
///
/// A file owns the fields it has a column for. A column that is there and blank empties the field; a column that is not
/// there leaves the field as it is, so that a shorter export cannot undo what the school knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given(pub(super) BTreeSet<&'static str>);

impl Given {
    /// Whether the file has this column.
    pub fn has(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    /// Whether it has any of them.
    pub fn has_any(&self, columns: &[&str]) -> bool {
        columns.iter().any(|column| self.has(column))
    }
}
