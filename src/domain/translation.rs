//! A colleague's own words in another language (R47): no machine's alone, always with the name of the person who answers for
//! them, and always with the English beneath.

use std::collections::BTreeMap;

use liaison_channels::private::Private;

use super::{route::reads_english, time::Timestamp, wording::language_in_words};

/// The most characters a translation may have: what a colleague's own words may, twice over, for no language is shorter for all.
pub const LONGEST_TRANSLATION: usize = 20_000;

/// A colleague's words in another language, with a named person who answers for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The words.
    pub words: Private<String>,
    /// The title, where the message has one.
    pub title: Option<Private<String>>,
    /// Whether a machine made it. Then `checked_by` has read it against the English.
    pub by_machine: bool,
    /// The person, outside or in the school, who made or checked it.
    pub checked_by: Private<String>,
    /// Since when it is here.
    pub since: Timestamp,
}

impl Translation {
    /// Where it came from, in words that name nobody.
    pub const fn origin(&self) -> &'static str {
        if self.by_machine {
            "made by a machine and checked by a person"
        } else {
            "made or checked by a person"
        }
    }
}

/// The translations of one message, the newest of each language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translations(BTreeMap<String, Translation>);

impl Translations {
    /// Adds one, over an older one of the same language.
    pub fn add(&mut self, language: &str, translation: Translation) {
        self.0.insert(language_key(language), translation);
    }

    /// The one that a reader of this language reads; none for a reader of English, who reads the original.
    pub fn for_reader(&self, tag: &str) -> Option<&Translation> {
        if reads_english(tag) { None } else { self.0.get(&language_key(tag)) }
    }
}

/// The language of a BCP 47 tag with its script where it names one, in lower case: readers of `pl` and `pl-PL` read the same, those
/// of `pa-Guru` and `pa-Arab` do not.
pub fn language_key(tag: &str) -> String {
    let mut pieces = tag.split(['-', '_']);
    let language = pieces.next().unwrap_or_default().to_ascii_lowercase();
    match pieces.find(|piece| piece.len() == 4 && piece.chars().all(|letter| letter.is_ascii_alphabetic())) {
        Some(script) => format!("{language}-{}", script.to_ascii_lowercase()),
        None => language,
    }
}

/// Whether a language is written from right to left, by its script or else by its usual one.
pub fn is_rtl(tag: &str) -> bool {
    let key = language_key(tag);
    match key.split_once('-') {
        Some((_, script)) => ["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"].contains(&script),
        None => ["ar", "fa", "ur", "ps", "prs", "he", "yi", "dv", "sd", "ug", "ckb", "syr"].contains(&&*key),
    }
}

/// What somebody typed as a translation.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// The words.
    pub words: String,
    /// The title.
    pub title: String,
    /// Whether a machine made it.
    pub by_machine: bool,
    /// Who made or checked it.
    pub checked_by: String,
}

/// The translation that was typed, for a message of these words; otherwise the field that is wrong and a sentence.
pub fn read_translation(
    typed: &Typed,
    language: &str,
    original: &str,
    has_title: bool,
    now: Timestamp,
) -> Result<Translation, (&'static str, String)> {
    let (words, title, checked_by) = (typed.words.trim(), typed.title.trim(), typed.checked_by.trim());
    let called = language_in_words(language);
    if words.is_empty() {
        return Err(("words", format!("write it in {called}, or ring with an interpreter")));
    }
    if words.chars().count() > LONGEST_TRANSLATION {
        return Err(("words", format!("it is longer than {LONGEST_TRANSLATION} characters: shorten it")));
    }
    if words == original.trim() {
        return Err(("words", format!("this is the English as it stands: write it in {called}")));
    }
    if has_title && title.is_empty() {
        return Err(("title", format!("write the title in {called} as well")));
    }
    if title.chars().count() > 200 || title.contains(['\r', '\n']) {
        return Err(("title", "a title is one line of at most 200 characters".to_owned()));
    }
    if checked_by.chars().filter(|letter| letter.is_alphabetic()).count() < 3 {
        return Err((
            "checked_by",
            format!(
                "name the person who reads {called} and answers for it: no machine's words go out unchecked"
            ),
        ));
    }
    if checked_by.chars().count() > 200 || checked_by.contains(['\r', '\n']) {
        return Err(("checked_by", "say who in one line of at most 200 characters".to_owned()));
    }
    Ok(Translation {
        words: Private::from(words),
        title: has_title.then(|| Private::from(title)),
        by_machine: typed.by_machine,
        checked_by: Private::from(checked_by),
        since: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &str, title: &str, checked_by: &str) -> Typed {
        Typed { words: words.into(), title: title.into(), by_machine: true, checked_by: checked_by.into() }
    }

    #[test]
    fn a_translation_is_its_readers_alone() {
        let mut all = Translations::default();
        let one = read_translation(
            &typed("Dzień dobry", "", "Ewa Nowak"),
            "pl",
            "Hello",
            false,
            Timestamp::UNIX_EPOCH,
        );
        all.add("pl-PL", one.expect("a translation"));

        for (tag, reads) in
            [("pl", true), ("PL", true), ("pl_PL", true), ("pl-Latn", false), ("uk", false), ("en", false)]
        {
            assert_eq!(all.for_reader(tag).is_some(), reads, "{tag}");
        }
        all.add("en", all.for_reader("pl").cloned().expect("Polish"));
        assert_eq!(all.for_reader("en-GB"), None);
    }

    #[test]
    fn without_words_of_its_own_or_a_person_it_is_none() {
        for (words, title, has_title, checked_by, field) in [
            ("", "", false, "Ewa Nowak", "words"),
            ("Hello ", "", false, "Ewa Nowak", "words"),
            ("Dzień dobry", "", true, "Ewa Nowak", "title"),
            ("Dzień dobry", "a\nb", true, "Ewa Nowak", "title"),
            ("Dzień dobry", "", false, " . ", "checked_by"),
            ("Dzień dobry", "", false, "Ewa\nNowak", "checked_by"),
        ] {
            let read = read_translation(
                &typed(words, title, checked_by),
                "pl",
                "Hello",
                has_title,
                Timestamp::UNIX_EPOCH,
            );
            assert_eq!(read.expect_err("refused").0, field, "{words} {title} {checked_by}");
        }
        let long = "a".repeat(LONGEST_TRANSLATION + 1);
        let read = read_translation(&typed(&long, "", "Ewa"), "pl", "Hello", false, Timestamp::UNIX_EPOCH);
        assert_eq!(read.expect_err("refused").0, "words");
    }

    #[test]
    fn a_script_says_which_way_it_runs() {
        for (tag, rtl) in [
            ("ur", true),
            ("ur-Latn", false),
            ("pa-Arab", true),
            ("pa-Guru", false),
            ("AR_sa", true),
            ("pl", false),
        ] {
            assert_eq!(is_rtl(tag), rtl, "{tag}");
        }
    }
}
