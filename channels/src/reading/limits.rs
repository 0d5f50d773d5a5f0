//! How much of a mail is read.
//!
//! A mail is written by a stranger, so every loop over it ends at one of these. All steps are linear in what they are
//! given; the bounds keep the largest mail a server hands over (60 MB) well under a second, and no real letter meets one
//! except by the length of its quoted history. Where something was cut, [`super::MailReading::problems`] says so.
//!
//! What a school may want to change is in [`Limits`]; the rest are guards that no setting needs.

use serde::Deserialize;

/// Lines looked at when a mail is taken apart; at the usual 76 characters this is far behind [`Limits::mail_bytes`].
pub const MAIL_LINES: usize = 2_000_000;

/// Message-IDs taken from one field, and recipients taken from one mail.
pub const LIST_ITEMS: usize = 200;

/// Bytes of one Message-ID: a line of RFC 5322 §2.1.1.
pub const ID_BYTES: usize = 998;

/// Recipients a bounce may name.
pub const BOUNCED: usize = 100;

/// Bytes of a bounce's own words that are searched.
pub const BOUNCE_TEXT_BYTES: usize = 64 * 1024;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How much of a mail is read, as the section `[reading]` of the settings gives it; a key that is missing has its default.
///
/// Each bound is at least 1 and has a highest value behind which the promise of a short reading would be broken; see
/// [`Limits::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a mail that are looked at, attachments included; what is behind is kept but not read.
    pub mail_bytes: usize,
    /// Bytes of one header, all its fields together.
    pub header_bytes: usize,
    /// Fields of one header.
    pub header_fields: usize,
    /// Bytes of one header field.
    pub field_bytes: usize,
    /// How deep multiparts may stand in one another.
    pub nesting: usize,
    /// Parts of one mail.
    pub parts: usize,
    /// Bytes of plain text that are kept.
    pub text_bytes: usize,
    /// Bytes of HTML that are turned into text.
    pub html_bytes: usize,
    /// Open HTML elements whose meaning (quote, signature) is remembered; deeper ones are plain boxes.
    pub html_depth: usize,
    /// Attachments taken out of one mail.
    pub attachments: usize,
    /// Bytes of one attachment, its transfer encoding undone; a larger one is named, and its bytes are left in the mail.
    pub attachment_bytes: usize,
    /// Bytes of all attachments of one mail together; those behind are named, and their bytes are left in the mail.
    pub attachments_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mail_bytes: 64 * MIB,
            header_bytes: 256 * KIB,
            header_fields: 1000,
            field_bytes: 16 * KIB,
            nesting: 10,
            parts: 500,
            text_bytes: 256 * KIB,
            html_bytes: 256 * KIB,
            html_depth: 2000,
            attachments: 100,
            attachment_bytes: 32 * MIB,
            attachments_bytes: 64 * MIB,
        }
    }
}

/// A bound that is nothing, or so high that a stranger's mail could hold the gateway up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading.{key} is {given}: give a number from 1 to {highest}, or leave the line out.")]
pub struct LimitsError {
    key: &'static str,
    given: usize,
    highest: usize,
}

impl Limits {
    /// Every bound that cannot be kept to, so that all are told at once; empty: the limits are good.
    pub fn check(&self) -> Vec<LimitsError> {
        let bounds = [
            ("mail_bytes", self.mail_bytes, 256 * MIB),
            ("header_bytes", self.header_bytes, 4 * MIB),
            ("header_fields", self.header_fields, 10_000),
            ("field_bytes", self.field_bytes, MIB),
            // Each line that may divide parts is compared with every open multipart.
            ("nesting", self.nesting, 50),
            ("parts", self.parts, 5_000),
            // PostgreSQL's search takes no longer text.
            ("text_bytes", self.text_bytes, MIB),
            ("html_bytes", self.html_bytes, 4 * MIB),
            ("html_depth", self.html_depth, 20_000),
            ("attachments", self.attachments, 1_000),
            ("attachment_bytes", self.attachment_bytes, 256 * MIB),
            ("attachments_bytes", self.attachments_bytes, 256 * MIB),
        ];
        bounds
            .into_iter()
            .filter(|(_, given, highest)| !(1..=*highest).contains(given))
            .map(|(key, given, highest)| LimitsError { key, given, highest })
            .collect()
    }

    /// Bytes of one part's words before base64 or quoted-printable is undone: quoted-printable takes three for one.
    pub(super) fn encoded_bytes(&self) -> usize {
        self.text_bytes.max(self.html_bytes).saturating_mul(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_are_good_and_wrong_ones_are_told_all_at_once() {
        let wrong = Limits { parts: 0, nesting: 51, ..Limits::default() };

        let told: Vec<String> = wrong.check().iter().map(ToString::to_string).collect();

        assert_eq!(Limits::default().check(), []);
        assert_eq!(
            told,
            [
                "reading.nesting is 51: give a number from 1 to 50, or leave the line out.",
                "reading.parts is 0: give a number from 1 to 5000, or leave the line out."
            ]
        );
    }

    #[test]
    fn limits_come_from_settings_and_a_misspelt_one_is_an_error() {
        let some: Limits = toml::from_str("parts = 20\nattachment_bytes = 1000").expect("good limits");

        let misspelt = toml::from_str::<Limits>("part = 20").expect_err("misspelt").to_string();

        assert_eq!(some, Limits { parts: 20, attachment_bytes: 1000, ..Limits::default() });
        assert!(misspelt.contains("unknown field `part`") && misspelt.contains("parts"), "{misspelt}");
    }
}
