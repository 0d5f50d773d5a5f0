//! The carer's wish to get no more texts, read from a text they sent.
//!
//! Only a text that is nothing but the wish counts: "stop sending him in wet clothes" is for a teacher, not for us. The
//! words are those that British providers and carers use; what follows from a wish is decided elsewhere.

/// What a carer wants of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// No more texts: another route takes over.
    Stop,
    /// Texts again.
    Start,
    /// A reply like any other to us; but a provider with keywords of its own (Twilio's CANCEL, END and QUIT) will have
    /// blocked the number, and somebody should look.
    MaybeBlocked,
}

/// The most words that may follow STOP: "stop", "stop please", "stop texting me".
const MOST_AFTER_STOP: usize = 2;

/// The wish that a whole text is, or `None` for a text like any other. Case, punctuation, emoji, surrounding space and
/// full-width letters do not matter.
pub fn text_wish(body: &str) -> Option<Wish> {
    let plain: String = body.chars().filter_map(plain).flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = plain.split_whitespace().take(MOST_AFTER_STOP + 2).collect();
    match words.as_slice() {
        ["stop", after @ ..] if after.len() <= MOST_AFTER_STOP => Some(Wish::Stop),
        ["stopall" | "unsubscribe" | "optout" | "revoke"] | ["opt", "out"] => Some(Wish::Stop),
        ["start" | "unstop" | "yes"] => Some(Wish::Start),
        ["cancel" | "end" | "quit"] => Some(Wish::MaybeBlocked),
        _ => None,
    }
}

/// A character as it is compared: letters and digits stay, what stands inside a word goes, all else parts words.
fn plain(character: char) -> Option<char> {
    let narrow = match character {
        // Full-width letters, as some keyboards write, are the plain ones moved up by a fixed distance (Unicode, block
        // Halfwidth and Fullwidth Forms).
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        other => other,
    };
    match narrow {
        letter if letter.is_alphanumeric() => Some(letter),
        // Apostrophes, soft hyphens, zero-width marks, accents on their own and variation selectors.
        '\''
        | '\u{2019}'
        | '\u{AD}'
        | '\u{0300}'..='\u{036F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => None,
        _ => Some(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_nothing_but_the_wish_is_the_wish() {
        let cases = [
            (
                Wish::Stop,
                &["STOP", "stop", "Stop.", " stop \n", "STOP!!!", "\"Stop\"", "“STOP”", "‘stop’"][..],
            ),
            (
                Wish::Stop,
                &["STOP please", "Stop, please.", "Stop,please", "STOP 🙏", "🛑 Stop 🛑", "stop ❤️"],
            ),
            (
                Wish::Stop,
                &["STOP ALL", "STOPALL", "stop texting me", "STOP it now", "ＳＴＯＰ", "ｓｔｏｐ．"],
            ),
            (Wish::Stop, &["Unsubscribe", "OPTOUT", "Opt out", "opt-out", "REVOKE", "st\u{200b}op"]),
            (Wish::Start, &["START", "start.", "Unstop", "un\u{ad}stop", "YES", "Yes!", "yes 👍", "ＹＥＳ"]),
            (Wish::MaybeBlocked, &["CANCEL", "End.", "quit", "Quit 😡"]),
        ];

        for (wish, bodies) in cases {
            for body in bodies {
                assert_eq!(text_wish(body), Some(wish), "{body:?}");
            }
        }
    }

    #[test]
    fn a_text_that_says_more_is_a_text_like_any_other() {
        let bodies = [
            "",
            "  ",
            "👍",
            "...",
            "stop sending him in wet clothes",
            "Please stop",
            "Stop texting me please",
            "stopped",
            "non-stop",
            "bus stop",
            "STOP\n\nSent from my phone",
            "Yes please",
            "yes he can go",
            "start on Monday",
            "cancel the taxi",
            "End of term?",
            "unsubscribe him from swimming",
            "opt out of swimming",
            "don't stop",
            "s top",
        ];

        for body in bodies {
            assert_eq!(text_wish(body), None, "{body:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(body: String) {
            let _ = text_wish(&body);
        }
    }
}
