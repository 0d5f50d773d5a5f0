//! Telephone numbers as people write them, brought to one form.

use std::fmt;

use super::plan::{NotTextable, NumberKind, uk_kind, uk_shortest};

/// A telephone number in E.164 form, such as `+447700900123`. Prints as `mobile …123`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    e164: String,
    kind: NumberKind,
}

/// Why a text is not one telephone number. None of the sentences repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// Nothing, or only spaces.
    #[error("there is no number: write it like 07700 900123")]
    Empty,
    /// Words beside or instead of the digits.
    #[error("there are letters in it: write the number alone, and whose it is elsewhere")]
    Letters,
    /// A sign that no number has.
    #[error("there is a sign in it that no telephone number has: write digits and spaces only")]
    Sign,
    /// `x123`, `ext. 123`, `#123`.
    #[error("it has an extension, which cannot be dialled from here: write the number alone")]
    Extension,
    /// More than one number in the field.
    #[error("there is more than one number: write each in its own field")]
    Several,
    /// Neither a UK number nor one with a country code.
    #[error(
        "it starts with neither 0 nor +: write a UK number with its 0, any other with + and the country code"
    )]
    NoCountry,
    /// `+0…`.
    #[error("no country code starts with 0: write a UK number as 07… or +447…")]
    BadCountry,
    /// Too few digits.
    #[error("it is too short: a UK number has 11 digits, counting the 0 in front; a digit may be missing")]
    TooShort,
    /// Too many digits.
    #[error("it is too long: a UK number has 11 digits, counting the 0 in front; a digit may be doubled")]
    TooLong,
    /// The right length, but no such range.
    #[error("no UK number starts like that: check the first digits (a mobile starts with 07)")]
    NotUkRange,
}

impl PhoneNumber {
    /// Reads one number as a person, a spreadsheet or a telephone's contact list writes it.
    ///
    /// Understands `07700 900123`, `+44 (0)7700 900123`, `00447700900123`, `44 7700…`, `tel:`, digits of other
    /// scripts, every kind of space, hyphen and bracket, and the invisible marks that contact lists paste. Ten
    /// digits without a prefix that start with 1, 2 or 7 are a UK number whose 0 a spreadsheet ate. Everything else
    /// must carry its country code.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let written = Written::read(text)?;
        let digits = written.digits.as_str();
        if digits.len() >= 20 {
            return Err(BadNumber::Several);
        }
        // `+0044…` is a slip for `0044…`: no country code starts with 0, so nothing else can be meant.
        if let Some(rest) = digits.strip_prefix("00") {
            return Self::international(rest, written.bracketed_zero.and_then(|at| at.checked_sub(2)));
        }
        if written.plus {
            return Self::international(digits, written.bracketed_zero);
        }
        if let Some(national) = digits.strip_prefix('0') {
            return Self::british(national);
        }
        if digits.starts_with("44") && digits.len() > 10 {
            return Self::international(digits, written.bracketed_zero);
        }
        if digits.starts_with(['1', '2', '7']) && digits.len() == 10 {
            return Self::british(digits);
        }
        // Local numbers without their area code, above all.
        Err(if digits.len() < 10 { BadNumber::TooShort } else { BadNumber::NoCountry })
    }

    /// The number itself, in E.164 form, for the wire and the database.
    pub fn expose(&self) -> &str {
        &self.e164
    }

    /// What it is, by its range.
    pub const fn kind(&self) -> NumberKind {
        self.kind
    }

    /// Whether a text may go to it: only to a UK mobile.
    pub fn textable(&self) -> Result<(), NotTextable> {
        if self.kind == NumberKind::Mobile { Ok(()) } else { Err(NotTextable(self.kind)) }
    }

    /// Reads the digits after `+` or `00`. `trunk` is the place of a `(0)`, which is not dialled from abroad.
    fn international(digits: &str, trunk: Option<usize>) -> Result<Self, BadNumber> {
        let digits = without(digits, trunk.filter(|at| *at > 0));
        if digits.starts_with('0') {
            return Err(BadNumber::BadCountry);
        }
        if let Some(national) = digits.strip_prefix("44") {
            // `+44 07700…`: no national number starts with 0, so the 0 is the one that is not dialled from abroad.
            return Self::british(national.strip_prefix('0').unwrap_or(national));
        }
        match digits.len() {
            0..7 => Err(BadNumber::TooShort),
            7..=15 => Ok(Self { e164: format!("+{digits}"), kind: NumberKind::Foreign }), // ITU-T E.164 §6.2
            _ => Err(BadNumber::TooLong),
        }
    }

    /// Reads a UK national number, without its leading 0.
    fn british(national: &str) -> Result<Self, BadNumber> {
        if national.len() > 10 {
            return Err(BadNumber::TooLong);
        }
        if national.len() < uk_shortest(national) {
            return Err(BadNumber::TooShort);
        }
        let kind = uk_kind(national).ok_or(BadNumber::NotUkRange)?;
        Ok(Self { e164: format!("+44{national}"), kind })
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.e164.get(self.e164.len().saturating_sub(3)..).unwrap_or_default();
        write!(f, "{} …{last}", self.kind)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The digits of a written number, and the two marks beside them that mean something.
#[derive(Default)]
struct Written {
    digits: String,
    plus: bool,
    /// Where in `digits` the 0 of a `(0)` stands.
    bracketed_zero: Option<usize>,
}

impl Written {
    /// Keeps the digits, drops the spacing, refuses everything else.
    fn read(text: &str) -> Result<Self, BadNumber> {
        let text = text.trim_matches(|c: char| is_spacing(c) && !matches!(c, '(' | ')' | '[' | ']'));
        let text = strip_tel(text);
        if text.chars().all(is_spacing) {
            return Err(BadNumber::Empty);
        }
        let mut written = Self::default();
        let mut bracket = None;
        for (at, c) in text.char_indices() {
            match c {
                '(' => bracket = Some(written.digits.len()),
                ')' => written.close(bracket.take()),
                '+' | '＋' if written.digits.is_empty() && !written.plus => written.plus = true,
                '/' if written.slash_is_spacing(text.get(at..).unwrap_or_default()) => {}
                c if is_spacing(c) => {}
                c => written.digits.push(digit(c).ok_or_else(|| why_not(text))?),
            }
        }
        if written.digits.is_empty() { Err(BadNumber::Sign) } else { Ok(written) }
    }

    /// Notes a bracket that held a single 0.
    fn close(&mut self, opened_at: Option<usize>) {
        if let Some(opened_at) = opened_at
            && self.digits.get(opened_at..) == Some("0")
        {
            self.bracketed_zero = Some(opened_at);
        }
    }

    /// A slash after an area code (`0161/496 0123`) is spacing; between two numbers, or before another ending
    /// (`01632 960123/4`), it is not.
    fn slash_is_spacing(&self, rest: &str) -> bool {
        self.digits.len() <= 6 && rest.chars().filter_map(digit).count() >= 5
    }
}

/// Drops `tel:` (RFC 3966).
fn strip_tel(text: &str) -> &str {
    match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest,
        _ => text,
    }
}

/// Why a text with something besides digits and spacing is not one number.
fn why_not(text: &str) -> BadNumber {
    let long_pieces = text
        .split(|c: char| digit(c).is_none() && !is_spacing(c))
        .filter(|piece| piece.chars().filter_map(digit).count() >= 6)
        .count();
    if long_pieces > 1 {
        BadNumber::Several
    } else if has_extension(text) {
        BadNumber::Extension
    } else if text.chars().any(char::is_alphabetic) {
        BadNumber::Letters
    } else {
        BadNumber::Sign
    }
}

/// Whether a number is followed by `x12`, `ext. 12`, `;ext=12` or `#12`.
fn has_extension(text: &str) -> bool {
    let after = text.trim_start_matches(|c: char| digit(c).is_some() || is_spacing(c) || c == '+');
    let Some(mark) = after.find(|c| digit(c).is_some()).and_then(|at| after.get(..at)) else {
        return false;
    };
    let mark = mark.trim_end_matches(|c| is_spacing(c) || matches!(c, ':' | '=')).to_lowercase();
    after.len() < text.len() && matches!(mark.as_str(), "x" | "ext" | "extn" | "extension" | ";ext" | "#")
}

/// The digits without the one at `at`.
fn without(digits: &str, at: Option<usize>) -> String {
    digits.char_indices().filter(|(index, _)| Some(*index) != at).map(|(_, c)| c).collect()
}

/// The plain digit for a digit of any script that a carer's telephone may write.
fn digit(c: char) -> Option<char> {
    // Zeros of: ASCII, Arabic, Persian and Urdu, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, full width.
    const ZEROS: [u32; 9] = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xFF10];
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// What stands between digits and means nothing.
fn is_spacing(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '(' | ')' | '[' | ']' | '·' | '\u{AD}' | '−' | '﹣' | '－' | '\u{FEFF}')
        // Hyphens and dashes; zero-width characters and the direction marks that contact lists paste round numbers.
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
