//! Letters, which Notify prints and posts.
//!
//! Notify makes them from a template with one placeholder, which takes the words. The letterhead, the heading, the date and
//! the postage are the template's, and so are pages that it appends: no member of a letter changes them. Nothing is enclosed.
//! Notify reads its own signs in our words: a line that begins with `#` or `*` becomes a heading or a list, one of three
//! asterisks or hyphens begins a page, and a paragraph that begins with `QR:` becomes a picture. A letter has ten pages at most; one that turns out
//! longer is taken, and told of later as `validation-failed`. With a test key every letter is taken and none is printed.
//!
//! The address stands in the template's window: 3 to 7 lines, the name first, and last a British postcode or a number of the
//! forces' post. Notify posts abroad as well where the last line is a country, at another price; that is not done from here, as
//! a last line that is no postcode is far more often a slip. (Provider's documentation, "Send a letter", its server's
//! `app/v2/notifications/notification_schemas.py` and its utilities' `recipient_validation/postal_address.py`, as read in
//! 2026-11.)

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::config::Settings;
use crate::{
    error::{Fault, SendError},
    message::{Letter, OurRef, Outgoing, Parts},
    sender::Carries,
    texting::wrong_kind,
};

/// Characters of the words at most: ten pages hold no more, however closely they are written.
const LONGEST: usize = 50_000;
/// Lines of an address.
const FEWEST_LINES: usize = 3;
const MOST_LINES: usize = 7;
/// What no line may begin with (`INVALID_CHARACTERS_AT_START_OF_ADDRESS_LINE` of Notify's utilities).
const NOT_AT_START: &[char] = &['@', '(', ')', '=', '[', ']', '"', '\\', '/', ',', '<', '>', '~'];
/// What the second half of a postcode may hold after its digit.
const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

/// A letter as Notify wants it. It refuses members that it does not know.
#[derive(Serialize)]
pub(super) struct NewLetter<'a> {
    template_id: Uuid,
    personalisation: BTreeMap<String, &'a str>,
    reference: String,
}

/// The address as it will stand in the window.
pub(super) struct Window(Vec<String>);

impl Window {
    /// Reads an address, a line each. Blank lines and commas at ends go. Notify would refuse what is refused here, too, and
    /// somebody should hear of it before the letter is handed over.
    pub(super) fn read(to: &str) -> Result<Self, SendError> {
        let wrong = |why: &str| Err(SendError::not_sent(Fault::BadAddress, why));
        let tidy = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines = to.lines().map(|line| tidy(line).trim_end_matches([' ', ',']).to_owned());
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        if lines.len() < FEWEST_LINES {
            return wrong(
                "the address has fewer than 3 lines: complete it, with the name first and the postcode last",
            );
        }
        if lines.len() > MOST_LINES {
            return wrong("the address has more than 7 lines: put some of them on one line");
        }
        let is_legible = |line: &String| line.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if !lines.iter().take(2).all(is_legible) {
            return wrong(
                "the name and the first line below it must each hold a letter from A to Z or a digit: write them so",
            );
        }
        if lines.iter().any(|line| line.starts_with(NOT_AT_START)) {
            return wrong(
                "a line of the address begins with a sign that Notify's printer does not take, such as ( or /: change it",
            );
        }
        if !lines.last().is_some_and(|line| is_postcode(line) || is_of_the_forces(line)) {
            return wrong(
                "the last line of the address is no British postcode or BFPO number: put it last; a letter abroad is \
                 printed and posted at school",
            );
        }
        Ok(Self(lines))
    }
}

impl<'a> NewLetter<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        window: &'a Window,
        letter: &'a Letter,
        reference: OurRef,
    ) -> Result<Self, SendError> {
        let refused = |why: &str| Err(SendError::not_sent(Fault::Refused, why));
        let words = letter.words.expose();
        // Notify blames the template for it, which would hold the whole channel.
        if words.trim().is_empty() {
            return refused("the letter has no words");
        }
        if words.chars().count() > LONGEST {
            return refused("the letter is longer than the ten pages that Notify prints: make it shorter");
        }
        let lines = window.0.iter().zip(1..).map(|(line, n)| (format!("address_line_{n}"), line.as_str()));
        let mut personalisation: BTreeMap<_, _> = lines.collect();
        personalisation.insert(settings.placeholder.clone(), words.as_str());
        Ok(Self { template_id: settings.template, personalisation, reference: reference.to_string() })
    }
}

/// The letter a message is; anything else is refused.
pub(super) fn letter_of(message: &Outgoing) -> Result<&Letter, SendError> {
    match message.parts() {
        Parts::Letter(letter) => Ok(letter),
        other => Err(wrong_kind(Carries::Letter, other)),
    }
}

/// Whether Notify fills a placeholder of this name, [`folded`](super::template::folded), with the address.
pub(super) fn is_of_the_address(name: &str) -> bool {
    let line = name.strip_prefix("addressline").and_then(|number| number.parse().ok());
    line.is_some_and(|number: usize| (1..=MOST_LINES).contains(&number)) || name == "postcode"
}

/// Whether a template can be sure of it: the shortest address fills this many lines.
pub(super) fn is_of_every_address(name: &str) -> bool {
    let line = name.strip_prefix("addressline").and_then(|number| number.parse().ok());
    line.is_some_and(|number: usize| (1..=FEWEST_LINES).contains(&number))
}

/// The form of a British postcode: an area of one or two letters, a district, a digit and two letters. Which areas there are,
/// Notify knows.
fn is_postcode(line: &str) -> bool {
    let compact: Vec<_> = line.bytes().filter(|b| *b != b' ').map(|b| b.to_ascii_uppercase()).collect();
    let Some((outward, [digit, first, second])) = compact.split_last_chunk::<3>() else { return false };
    let letters = outward.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let district = match outward.get(letters..) {
        Some([number]) => number.is_ascii_digit(),
        Some([number, more]) => number.is_ascii_digit() && more.is_ascii_alphanumeric(),
        _ => false,
    };
    (1..=2).contains(&letters)
        && district
        && digit.is_ascii_digit()
        && INWARD.contains(first)
        && INWARD.contains(second)
}

/// A number of the British forces' post office, as in `BFPO 58` or `BFPO c/o 58`.
fn is_of_the_forces(line: &str) -> bool {
    let upper = line.to_ascii_uppercase();
    let number = upper.strip_prefix("BFPO").map(str::trim_start).unwrap_or_default();
    let number = number.strip_prefix("C/O").unwrap_or(number).trim();
    !number.is_empty() && number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postcode_is_known_however_it_is_written() {
        for (line, fits) in [
            ("SW1A 1AA", true),
            ("sw1a1aa", true),
            ("M1 1AE", true),
            ("B33 8TH", true),
            ("CR2 6XH", true),
            ("DN55 1PT", true),
            ("W1A 1HQ", true),
            ("JE2 3AB", true),
            ("Northfield", false),
            ("SW1A", false),
            ("1AA", false),
            ("SW1A 1A", false),
            ("SW1A 1AC", false),
            ("SW1A 1CA", false),
            ("SWA 1AA", false),
            ("SWX1 1AA", false),
            ("S111 1AA", false),
            ("123 1AA", false),
            ("75001", false),
            ("ŚW1 1AA", false),
            ("", false),
        ] {
            assert_eq!(is_postcode(line), fits, "{line}");
        }
    }

    #[test]
    fn a_number_of_the_forces_post_is_known_however_it_is_written() {
        for (line, fits) in [
            ("BFPO 58", true),
            ("bfpo58", true),
            ("BFPO c/o 58", true),
            ("BFPO", false),
            ("BFPO Germany", false),
            ("58", false),
        ] {
            assert_eq!(is_of_the_forces(line), fits, "{line}");
        }
    }
}
