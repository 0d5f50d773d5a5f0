//! What one cell means. Each reader says what is wrong in one sentence that does not repeat the cell.

use liaison_channels::address::{EmailAddress, PhoneNumber};
use liaison_channels::private::Private;

use super::{File, problem::Problems, table::Row};
use crate::domain::{
    people::{AddressKind, Format, Responsibility, RestrictionKind, Route},
    time::Date,
};

/// The cells of one row, and where their problems go.
pub(super) struct Cells<'a> {
    pub(super) file: File,
    pub(super) row: &'a Row,
    pub(super) problems: &'a mut Problems,
}

impl Cells<'_> {
    /// Something that stops the import.
    pub(super) fn refuse(&mut self, column: &'static str, sentence: impl Into<String>) {
        self.problems.refuse(self.file, Some(self.row.line), Some(column), sentence);
    }

    /// Something that does not.
    pub(super) fn warn(&mut self, column: &'static str, sentence: impl Into<String>) {
        self.problems.warn(self.file, Some(self.row.line), Some(column), sentence);
    }

    /// A text that must be there; empty, with a problem told, when it is not.
    pub(super) fn required(&mut self, column: &'static str) -> String {
        let text = self.row.cell(column);
        if text.is_empty() {
            self.refuse(column, "The cell is empty and must be filled.");
        }
        text.to_owned()
    }

    /// The same, for what must not be printed.
    pub(super) fn required_private(&mut self, column: &'static str) -> Private<String> {
        Private::new(self.required(column))
    }

    /// A text that may be missing.
    pub(super) fn text(&self, column: &'static str) -> Option<String> {
        let text = self.row.cell(column);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The same, for what must not be printed.
    pub(super) fn private(&self, column: &'static str) -> Option<Private<String>> {
        self.text(column).map(Private::new)
    }

    /// A value that may be missing, read by `read`.
    pub(super) fn read<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.row.cell(column);
        if text.is_empty() {
            return None;
        }
        read(text).map_err(|sentence| self.refuse(column, sentence)).ok()
    }

    /// A value that must be there, read by `read`.
    pub(super) fn must<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.row.cell(column);
        read(text).map_err(|sentence| self.refuse(column, sentence)).ok()
    }
}

/// `yes` or `no`, as people and spreadsheets write them.
pub(super) fn yes_no(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Ok(true),
        "no" | "n" | "false" | "0" => Ok(false),
        _ => Err("Write yes or no.".to_owned()),
    }
}

/// Parental responsibility. Never guessed from a blank.
pub(super) fn responsibility(text: &str) -> Result<Responsibility, String> {
    match (text.to_lowercase().as_str(), yes_no(text)) {
        ("unknown", _) => Ok(Responsibility::Unknown),
        (_, Ok(true)) => Ok(Responsibility::Yes),
        (_, Ok(false)) => Ok(Responsibility::No),
        _ => Err("Write yes, no or unknown.".to_owned()),
    }
}

/// `none` is `Ok(None)`. A blank is refused: nobody's order may be lost by an empty cell.
pub(super) fn restriction(text: &str) -> Result<Option<RestrictionKind>, String> {
    let word = text.to_lowercase();
    if word == "none" {
        return Ok(None);
    }
    RestrictionKind::parse(&word).map(Some).map_err(|_| {
        "Write none, no_contact, no_information, supervised or see_dsl; a blank is not none.".to_owned()
    })
}

/// 1 to 99.
pub(super) fn priority(text: &str) -> Result<i16, String> {
    text.parse()
        .ok()
        .filter(|priority| (1..=99).contains(priority))
        .ok_or_else(|| "Write a whole number from 1 to 99; 1 is tried first.".to_owned())
}

/// `YYYY-MM-DD`, and nothing that has to be guessed at.
pub(super) fn date(text: &str) -> Result<Date, String> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Option<Date> = if shaped { text.parse().ok() } else { None };
    date.filter(|date| (1900..=2200).contains(&date.year()))
        .ok_or_else(|| "Write the date as year-month-day, such as 2026-11-23.".to_owned())
}

/// A BCP 47 tag in its usual case (`pa-Guru`, `en-GB`), by its shape; not looked up in the registry.
pub(super) fn language(text: &str) -> Result<String, String> {
    let bad = || "Write a language tag, such as pl, ur or pa-Guru.".to_owned();
    let mut parts = text.split('-');
    let primary =
        parts.next().filter(|part| (2..=3).contains(&part.len()) && letters(part)).ok_or_else(bad)?;
    let mut tag = primary.to_lowercase();
    for part in parts {
        if !(1..=8).contains(&part.len()) || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(bad());
        }
        tag.push('-');
        match part.len() {
            2 if letters(part) => tag.push_str(&part.to_uppercase()),
            4 if letters(part) => tag.push_str(&capitalised(part)),
            _ => tag.push_str(&part.to_lowercase()),
        }
    }
    Ok(tag)
}

fn letters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars.map(|c| c.to_ascii_lowercase()))
        .collect()
}

/// How a carer reads.
pub(super) fn format(text: &str) -> Result<Format, String> {
    Format::parse(&text.to_lowercase())
        .map_err(|_| "Write standard, large_print, easy_read, audio, braille, bsl or other.".to_owned())
}

/// The route behind the word a school uses for it.
pub(super) fn channel(text: &str) -> Result<Route, String> {
    match text.to_lowercase().as_str() {
        "email" => Ok(Route::Email),
        "sms" | "text" => Ok(Route::Text),
        "phone" | "call" => Ok(Route::Call),
        "letter" => Ok(Route::Letter),
        _ => Err("Write email, sms, phone or letter, or leave it empty.".to_owned()),
    }
}

/// An email address, in lower case: schools type the same mailbox in every case, and mail servers do not mind.
pub(super) fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(&text.to_lowercase()).map_err(|bad| format!("This is {bad}."))
}

/// A number in E.164 form and what it can be used for; the warning is why it cannot be texted.
pub(super) fn number(text: &str) -> Result<(AddressKind, Private<String>, Option<String>), String> {
    let number = PhoneNumber::parse(text).map_err(|bad| format!("This is not a telephone number: {bad}."))?;
    let value = Private::from(number.expose());
    Ok(match number.textable() {
        Ok(()) => (AddressKind::Mobile, value, None),
        Err(why) => (AddressKind::Landline, value, Some(why.to_string())),
    })
}

/// Whether it has the shape of a unique pupil number: a letter, eleven digits, and a digit or letter. The check letter is
/// not computed.
pub(super) fn is_upn(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 13
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            0 => byte.is_ascii_alphabetic(),
            12 => byte.is_ascii_alphanumeric(),
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_no_and_unknown_are_read_as_people_write_them_and_a_blank_is_none_of_them() {
        for text in ["yes", "Y", "TRUE", "1"] {
            assert_eq!((yes_no(text), responsibility(text)), (Ok(true), Ok(Responsibility::Yes)), "{text}");
        }
        for text in ["No", "n", "false", "0"] {
            assert_eq!((yes_no(text), responsibility(text)), (Ok(false), Ok(Responsibility::No)), "{text}");
        }
        assert_eq!(responsibility("Unknown"), Ok(Responsibility::Unknown));
        for text in ["", "maybe", "yes?", "unknown"] {
            assert!(yes_no(text).is_err(), "{text}");
        }
        assert!(responsibility("").is_err());
    }

    #[test]
    fn a_restriction_is_one_of_five_words_and_never_a_blank() {
        let kinds = ["none", "No_Contact", "no_information", "supervised", "see_dsl"]
            .map(|word| restriction(word).expect(word));

        assert_eq!(
            kinds,
            [
                None,
                Some(RestrictionKind::NoContact),
                Some(RestrictionKind::NoInformation),
                Some(RestrictionKind::Supervised),
                Some(RestrictionKind::SeeDsl)
            ]
        );
        for text in ["", "no", "court order", "no contact"] {
            assert!(restriction(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_priority_is_a_whole_number_from_1_to_99() {
        assert_eq!((priority("1"), priority("99")), (Ok(1), Ok(99)));
        for text in ["", "0", "100", "-1", "1.5", "first", "99999999999"] {
            assert!(priority(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_an_iso_date_that_exists_is_a_date() {
        assert_eq!(date("2024-02-29"), Ok(Date::constant(2024, 2, 29)));
        for text in [
            "2026-02-29",
            "29/02/2024",
            "2024-2-29",
            "24-02-2024",
            "20240229",
            "0024-02-29",
            "2024-02-29T00:00",
        ] {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_language_is_a_tag_in_its_usual_case() {
        let tags =
            ["PL", "pa-guru", "en-gb", "zh-hant-hk", "sgn", "es-419"].map(|text| language(text).expect(text));

        assert_eq!(tags, ["pl", "pa-Guru", "en-GB", "zh-Hant-HK", "sgn", "es-419"]);
        for text in ["Polish", "p", "pl_PL", "pl-", "-", "12", "en-abcdefghi"] {
            assert!(language(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_preferred_channel_is_a_route_under_the_schools_word() {
        let routes = ["email", "SMS", "phone", "letter"].map(|text| channel(text).expect(text));

        assert_eq!(routes, [Route::Email, Route::Text, Route::Call, Route::Letter]);
        assert!(channel("pigeon").is_err());
    }

    #[test]
    fn an_email_address_is_kept_in_lower_case() {
        assert_eq!(email("Amina.Begum@Post.Example").expect("good").expose(), "amina.begum@post.example");
        assert!(email("amina at post").is_err());
    }

    #[test]
    fn a_number_is_a_mobile_or_something_to_ring_and_its_sentence_does_not_repeat_it() {
        let mobile = number("07700 900123").expect("good");
        let landline = number("01632 960123").expect("good");
        let bad = number("ring mum 07700").expect_err("bad");

        assert_eq!(
            (mobile.0, mobile.1.expose().as_str(), mobile.2),
            (AddressKind::Mobile, "+447700900123", None)
        );
        assert_eq!((landline.0, landline.1.expose().as_str()), (AddressKind::Landline, "+441632960123"));
        assert!(landline.2.is_some_and(|why| why.contains("landline")));
        assert!(!bad.contains("mum") && !bad.contains("07700 "), "{bad}");
    }

    #[test]
    fn a_pupil_number_is_known_by_its_shape() {
        assert!(is_upn("A801200001001") && is_upn("a80120000100B"));
        assert!(!is_upn("801200001001A") && !is_upn("A80120000100") && !is_upn("A8012000010011"));
    }
}
