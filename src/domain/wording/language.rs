//! The languages that the school's words exist in, and how a day is written in each.

use serde::{Deserialize, Serialize};

use super::super::{
    people::{UnknownWord, words},
    time::Date,
};

words! {
    /// A language with its script, by its tag (BCP 47).
    Language, "a language of the school's words is one of:" {
        /// English: colleagues write it, and it stands beneath every other.
        English = "en-GB",
        /// Polish.
        Polish = "pl",
        /// Romanian, with comma below.
        Romanian = "ro",
        /// Urdu.
        Urdu = "ur",
        /// Panjabi in Gurmukhi.
        Panjabi = "pa-Guru",
        /// Bengali; read by Sylheti families too.
        Bengali = "bn",
        /// Arabic.
        Arabic = "ar",
        /// Portuguese.
        Portuguese = "pt",
        /// Somali.
        Somali = "so",
        /// Gujarati.
        Gujarati = "gu",
        /// Spanish.
        Spanish = "es",
        /// French.
        French = "fr",
        /// Turkish.
        Turkish = "tr",
        /// Tamil.
        Tamil = "ta",
        /// Lithuanian.
        Lithuanian = "lt",
        /// Ukrainian.
        Ukrainian = "uk",
        /// Pashto.
        Pashto = "ps",
        /// Dari.
        Dari = "prs",
        /// Albanian.
        Albanian = "sq",
        /// Chinese in simplified characters.
        Chinese = "zh-Hans",
    }
}

impl Language {
    /// The language that a carer's tag means; `None` where there are no words in it. A tag that names another script than ours
    /// is another language to its reader, and Panjabi must name its script, for it has two.
    pub fn of(tag: &str) -> Option<Self> {
        let pieces: Vec<String> = tag.split(['-', '_']).map(str::to_lowercase).collect();
        let named = match (pieces.first()?.as_str(), pieces.get(1).map(String::as_str)) {
            ("en", _) => return Some(Self::English),
            ("syl", _) => "bn",
            ("mo", _) => "ro",
            ("fa", Some("af")) => "prs",
            (named, _) => named,
        };
        let found = Self::ALL.iter().copied().find(|one| one.as_str().split('-').next() == Some(named))?;
        let script = pieces.iter().skip(1).find(|piece| piece.len() == 4);
        let fits = match script {
            Some(script) => script.eq_ignore_ascii_case(found.script()),
            None => found != Self::Panjabi,
        };
        fits.then_some(found)
    }

    /// Its script (ISO 15924).
    const fn script(self) -> &'static str {
        match self {
            Self::Urdu | Self::Arabic | Self::Pashto | Self::Dari => "Arab",
            Self::Panjabi => "Guru",
            Self::Bengali => "Beng",
            Self::Gujarati => "Gujr",
            Self::Tamil => "Taml",
            Self::Ukrainian => "Cyrl",
            Self::Chinese => "Hans",
            _ => "Latn",
        }
    }

    /// Whether it is written from right to left.
    pub fn is_rtl(self) -> bool {
        self.script() == "Arab"
    }

    /// `rtl` or `ltr`, as HTML has it.
    pub fn dir(self) -> &'static str {
        if self.is_rtl() { "rtl" } else { "ltr" }
    }

    /// Its English name.
    pub fn in_words(self) -> String {
        match self {
            Self::English => "English".to_owned(),
            Self::Panjabi => "Panjabi (Gurmukhi)".to_owned(),
            Self::Chinese => "Chinese (simplified)".to_owned(),
            Self::Dari => "Dari".to_owned(),
            other => super::language_in_words(other.as_str()),
        }
    }
}

/// How a day is written in a language. Data of the language's file, not the school's to edit: the names of months are no matter
/// of taste, and a wrong one would be a wrong promise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    /// The months, in the form that stands in a date.
    months: [String; 12],
    /// The date, with `{day}`, `{month}` and `{year}` in it.
    form: String,
    /// The first of a month, where it is not written as a number.
    first: Option<String>,
}

impl Dates {
    /// The day in full, always with its year.
    pub(super) fn say(&self, day: Date) -> String {
        let month =
            usize::try_from(day.month()).ok().and_then(|month| self.months.get(month.checked_sub(1)?));
        self.form
            .replace(
                "{day}",
                &self.first.clone().filter(|_| day.day() == 1).unwrap_or_else(|| day.day().to_string()),
            )
            .replace("{month}", month.map_or("", String::as_str))
            .replace("{year}", &day.year().to_string())
    }

    /// All of it as one text, for the version of the words that use it.
    pub(super) fn said(&self) -> String {
        format!("{}\n{}", self.form, self.months.join(" "))
    }
}

/// A value as it stands in a line: set apart (U+2068, U+2069) where the line runs from right to left, so that a number or a name
/// keeps its own order in it.
pub(super) fn set_apart(value: &str, language: Language) -> String {
    if language.is_rtl() { format!("\u{2068}{value}\u{2069}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_means_a_language_only_in_a_script_that_its_reader_reads() {
        for (tag, expected) in [
            ("en", Some(Language::English)),
            ("en-US", Some(Language::English)),
            ("ur", Some(Language::Urdu)),
            ("UR_pk", Some(Language::Urdu)),
            ("ur-Latn", None),
            ("pa", None),
            ("pa-Arab", None),
            ("pa-Guru", Some(Language::Panjabi)),
            ("pa-guru-IN", Some(Language::Panjabi)),
            ("syl", Some(Language::Bengali)),
            ("fa-AF", Some(Language::Dari)),
            ("fa", None),
            ("zh", Some(Language::Chinese)),
            ("zh-Hant", None),
            ("cy", None),
            ("", None),
        ] {
            assert_eq!(Language::of(tag), expected, "{tag}");
        }
    }
}
