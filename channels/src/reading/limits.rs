//! How much of a mail is read.
//!
//! A mail is written by a stranger, so every loop over it ends at one of these. All steps are linear in what they are
//! given; the bounds keep the largest mail a server hands over (60 MB) well under a second, and no real letter meets one
//! except by the length of its quoted history. Where something was cut, [`super::MailReading::problems`] says so.

/// Bytes of a mail that are looked at, attachments included; what is behind is kept but not read.
pub const MAIL_BYTES: usize = 64 * 1024 * 1024;

/// Lines looked at when a mail is taken apart; at the usual 76 characters this is far behind [`MAIL_BYTES`].
pub const MAIL_LINES: usize = 2_000_000;

/// Bytes of one header, all its fields together.
pub const HEADER_BYTES: usize = 256 * 1024;

/// Fields of one header.
pub const HEADER_FIELDS: usize = 1000;

/// Bytes of one header field.
pub const FIELD_BYTES: usize = 16 * 1024;

/// How deep multiparts may stand in one another.
pub const MIME_DEPTH: usize = 10;

/// Parts of one mail.
pub const MIME_PARTS: usize = 500;

/// Bytes of one part before base64 or quoted-printable is undone.
pub const ENCODED_BYTES: usize = 1024 * 1024;

/// Bytes of plain text that are kept.
pub const TEXT_BYTES: usize = 256 * 1024;

/// Bytes of HTML that are turned into text.
pub const HTML_BYTES: usize = 256 * 1024;

/// Open HTML elements whose meaning (quote, signature) is remembered; deeper ones are plain boxes.
pub const HTML_DEPTH: usize = 2000;

/// Message-IDs taken from one field, and recipients taken from one mail.
pub const LIST_ITEMS: usize = 200;

/// Bytes of one Message-ID: a line of RFC 5322 §2.1.1.
pub const ID_BYTES: usize = 998;

/// Recipients a bounce may name.
pub const BOUNCED: usize = 100;

/// Bytes of a bounce's own words that are searched.
pub const BOUNCE_TEXT_BYTES: usize = 64 * 1024;
