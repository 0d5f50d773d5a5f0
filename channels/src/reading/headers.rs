//! The header of a mail or of one of its parts, taken apart without judging it.

use std::borrow::Cow;
use std::io::BufRead;

use jiff::Timestamp;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::limits::{self, Limits};
use super::{decode, words};

/// Fields in the order they stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    fields: Vec<(String, String)>,
    /// Something was longer than the limits allow.
    pub(super) cut: bool,
}

/// Somebody's address and the name shown with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub(super) address: String,
    pub(super) name: String,
}

impl Headers {
    /// No field at all.
    pub(super) const fn none() -> Self {
        Self { fields: Vec::new(), cut: false }
    }

    /// Reads the header at the start of a mail; also says where the body begins. Blank lines and a mail store's own
    /// line may stand before it.
    pub(super) fn of_mail(raw: &[u8], limits: &Limits) -> (Self, usize) {
        let mut start = 0;
        while let Some(line) = next_line(raw, start).filter(|_| start < 1024) {
            if field_name(line).is_some() {
                break;
            }
            start += line.len();
        }
        if next_line(raw, start).is_none_or(|line| field_name(line).is_none()) {
            return (Self::none(), 0);
        }
        let (headers, length) = Self::of_part(raw.get(start..).unwrap_or_default(), limits);
        (headers, start + length)
    }

    /// Reads the header at the start of a part, which may be empty; also says where the body begins.
    pub(super) fn of_part(raw: &[u8], limits: &Limits) -> (Self, usize) {
        let mut headers = Self::none();
        let mut at = 0;
        while let Some(line) = next_line(raw, at) {
            let end = at + line.len();
            if end > limits.header_bytes || headers.fields.len() >= limits.header_fields {
                headers.cut = true;
                return (headers, blank_line_behind(raw, at));
            }
            let blank = line.trim_ascii().is_empty();
            let folded = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            if blank && !folded {
                return (headers, end);
            }
            if folded {
                headers.continue_last(line, limits);
            } else if let Some(name) = field_name(line) {
                headers.add(&name, line, limits);
            } else if headers.is_empty() || !line_is_stray(raw, end) {
                // The blank line before the body is missing.
                return (headers, at);
            }
            at = end;
        }
        (headers, raw.len())
    }

    fn add(&mut self, name: &str, line: &[u8], limits: &Limits) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
        let value = line.get(colon + 1..).unwrap_or_default();
        self.fields.push((name.to_owned(), String::new()));
        self.continue_last(value, limits);
    }

    fn continue_last(&mut self, line: &[u8], limits: &Limits) {
        let Some((_, value)) = self.fields.last_mut() else { return };
        if value.len() + line.len() > limits.field_bytes {
            self.cut = true;
            return;
        }
        let line = line.trim_ascii_end();
        match std::str::from_utf8(line) {
            Ok(text) => value.push_str(text),
            Err(_) => value.push_str(&decode::western(line)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Names and values in order; names are in lower case, values unfolded but not decoded.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// The topmost field of that name, which is given in lower case.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(field, _)| *field == name).map(|(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The decoded words of the topmost field, on one line.
    pub(super) fn words(&self, name: &str) -> String {
        self.first(name).map(|value| words::line(&words::decode_words(value))).unwrap_or_default()
    }

    /// Every mailbox in all the fields of that name.
    pub(super) fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        self.all(name).flat_map(mailboxes).take(limits::LIST_ITEMS).collect()
    }

    /// The Message-IDs in all the fields of that name.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for id in self.all(name).flat_map(words::ids) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    pub(super) fn date(&self) -> Option<Timestamp> {
        let line = format!("{}\n", self.first("date")?);
        let value = MessageStream::new(line.as_bytes()).parse_date();
        let date = value.as_datetime().filter(|date| date.is_valid())?;
        Timestamp::from_second(date.to_timestamp()).ok()
    }
}

/// The addresses of one field, with their names decoded (RFC 5322 §3.4).
pub(super) fn mailboxes(value: &str) -> Vec<Mailbox> {
    let line = format!("{}\n", without_asides(value));
    let HeaderValue::Address(list) = MessageStream::new(line.as_bytes()).parse_address() else {
        return Vec::new();
    };
    list.iter()
        .map(|one| Mailbox {
            address: whole_address(&words::line(one.address().unwrap_or_default())),
            name: words::line(&words::decode_words(one.name().unwrap_or_default())),
        })
        .collect()
}

/// A blank in an address is a fault, except where it is quoted.
fn whole_address(address: &str) -> String {
    if address.contains('"') { address.to_owned() } else { address.replace(' ', "") }
}

/// A comment beside `Name <address>` is no part of the name; without brackets it is the name (RFC 5322 §3.4).
fn without_asides(value: &str) -> Cow<'_, str> {
    if !(value.contains('(') && value.contains('<')) {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    for character in value.chars() {
        let plain_sign = !escaped;
        escaped = plain_sign && character == '\\';
        match character {
            '"' if plain_sign && depth == 0 => quoted = !quoted,
            '(' if plain_sign && !quoted => depth += 1,
            ')' if plain_sign && !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            plain.push(character);
        }
    }
    Cow::Owned(plain)
}

/// The line that begins at `at`, its end included; `None` behind the last.
pub(super) fn next_line(raw: &[u8], at: usize) -> Option<&[u8]> {
    let mut rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
    let length = rest.skip_until(b'\n').unwrap_or_default();
    raw.get(at..at + length)
}

/// The name before the colon in lower case, when the line is a field (RFC 5322 §2.2; blanks before the colon: §4.5).
fn field_name(line: &[u8]) -> Option<String> {
    let head = line.get(..line.len().min(128))?;
    let colon = head.iter().position(|byte| *byte == b':')?;
    let name = head.get(..colon)?.trim_ascii_end();
    let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
    let fits = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    fits.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

/// Whether a line that is no field stands among fields, as `>From` lines of old mail stores do.
fn line_is_stray(raw: &[u8], next: usize) -> bool {
    next_line(raw, next).is_some_and(|line| field_name(line).is_some())
}

fn blank_line_behind(raw: &[u8], from: usize) -> usize {
    let mut at = from;
    for _ in 0..limits::MAIL_LINES {
        let Some(line) = next_line(raw, at) else { return raw.len() };
        at += line.len();
        if line.trim_ascii().is_empty() {
            return at;
        }
    }
    raw.len()
}
