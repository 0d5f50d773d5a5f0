//! Brings typographic signs to their plain forms, so that a curly quote does not triple the price of a text.
//!
//! Letters are never touched: `ł` stays `ł`, and the text is longer for it.

use serde::Serialize;

use super::gsm;

/// A text after [`tidy`]. Has no `Debug`: it holds the words.
#[derive(Clone, PartialEq, Eq)]
pub struct Tidied {
    /// The text to send.
    pub text: String,
    /// What was replaced, in the order of first appearance. Line ends are not listed.
    pub replaced: Vec<Replaced>,
}

/// One sign that was replaced. `to` is empty where it was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The sign as written.
    pub from: char,
    /// What stands there now.
    pub to: &'static str,
    /// How often.
    pub count: usize,
}

/// What to do with one character.
#[derive(Clone, Copy)]
enum Fate {
    Keep,
    Replace(&'static str),
    /// Invisible, but it joins or turns the letters of some scripts: dropped only where there are no such letters.
    DropIfPlain,
}

/// Replaces typographic quotes, dashes, bullets, ellipses and spaces, drops invisible and control characters, and
/// ends lines in `\n`.
///
/// Joiners, variation selectors and direction marks stay in a text that needs UCS-2 anyway: Urdu and Persian are
/// spelt with them, emoji are made with them, and a number in an Arabic line is held in place by them.
pub fn tidy(text: &str) -> Tidied {
    let plain = text.chars().all(|c| !matches!(fate(c), Fate::Keep) || gsm::septets(c).is_some());
    let mut tidied = Tidied { text: String::with_capacity(text.len()), replaced: Vec::new() };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, fate(c)) {
            ('\r', _) => {
                chars.next_if_eq(&'\n');
                tidied.text.push('\n');
            }
            (_, Fate::Replace(to)) => tidied.replace(c, to),
            (_, Fate::DropIfPlain) if plain => tidied.replace(c, ""),
            (_, Fate::DropIfPlain | Fate::Keep) => tidied.text.push(c),
        }
    }
    tidied
}

impl Tidied {
    fn replace(&mut self, from: char, to: &'static str) {
        self.text.push_str(to);
        match self.replaced.iter_mut().find(|replaced| replaced.from == from) {
            Some(replaced) => replaced.count += 1,
            None => self.replaced.push(Replaced { from, to, count: 1 }),
        }
    }
}

/// What to do with a character. U+02BC and U+02BB look like quotes and are letters (Ukrainian, Hawaiian): kept.
const fn fate(c: char) -> Fate {
    match c {
        '\n' | '\r' | '\u{c}' | ' '..='_' | 'a'..='~' => Fate::Keep,
        '‘' | '’' | '‚' | '‛' | '′' | '‹' | '›' | '´' | '`' => Fate::Replace("'"),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => Fate::Replace("\""),
        // Hyphens and dashes U+2010 to U+2015, minus, and the bullets that word processors paste.
        '\u{2010}'..='\u{2015}' | '−' | '\u{2043}' | '•' | '‣' | '◦' | '▪' => Fate::Replace("-"),
        '…' => Fate::Replace("..."),
        '⁄' => Fate::Replace("/"),
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Fate::Replace(" ")
        }
        '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Replace("\n"),
        // Soft hyphen, zero-width space, word joiner, byte order mark; and controls, of which ESC would open the
        // extension table.
        '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
            Fate::Replace("")
        }
        '\u{200c}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fe0e}'
        | '\u{fe0f}' => Fate::DropIfPlain,
        _ => Fate::Keep,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{Encoding, measure};

    #[test]
    fn a_pasted_note_fits_the_cheap_alphabet_and_says_what_changed() {
        let pasted = "‘Don’t’ – “bring”\u{a0}a coat…\r\n•\tLunch\u{200b} ½?";

        let tidied = tidy(&pasted.replace('½', "1⁄2"));

        assert_eq!(tidied.text, "'Don't' - \"bring\" a coat...\n- Lunch 1/2?");
        assert_eq!(measure(&tidied.text).encoding, Encoding::Gsm7);
        let told: Vec<_> = tidied.replaced.iter().map(|r| (r.from, r.to, r.count)).collect();
        assert!(told.starts_with(&[('‘', "'", 1), ('’', "'", 2), ('–', "-", 1)]));
        assert!(told.contains(&('\u{200b}', "", 1)));
    }

    #[test]
    fn letters_of_every_language_stay() {
        for text in [
            "Zażółć gęślą jaźń",
            "Învățător",
            "м’я".replace('’', "ʼ").as_str(),
            "naïve ç É",
            "ਅਧਿਆਪਕ",
            "ପ",
            "½ ™ ©",
        ] {
            assert!(tidy(text).text == text, "{text}");
        }
    }

    #[test]
    fn joiners_and_direction_marks_stay_where_they_mean_something() {
        let persian = "می\u{200c}خواهم \u{2066}07700 900123\u{2069}";
        let family = "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}";

        assert!(tidy(persian).text == persian && tidy(family).text == family);
        assert!(tidy("\u{202a}07700 900123\u{202c}").text == "07700 900123");
    }

    /// Any text, and texts dense with the signs this module knows.
    fn signs() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-c ’“…\u{200c}\u{2066}\u{fe0f}\u{200b}\u{1b}\t\r\n\u{85}ęا]{0,30}"]
    }

    proptest! {
        #[test]
        fn tidying_twice_changes_nothing_more(text in signs()) {
            let once = tidy(&text);

            let twice = tidy(&once.text);

            prop_assert!(once.text == twice.text && twice.replaced.is_empty());
            prop_assert!(!once.text.contains('\r'));
        }

        #[test]
        fn letters_and_digits_come_through_in_order(text in signs()) {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();

            prop_assert_eq!(letters(&tidy(&text).text), letters(&text));
        }
    }
}
