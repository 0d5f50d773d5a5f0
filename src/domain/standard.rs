//! Notices that Liaison words itself, to one carer and about no child: that a new address is to be confirmed at it (R07), and that
//! a message in English waits to be read to them (R47).

use serde::{Deserialize, Serialize};

use super::{
    ids::AddressId,
    people::{UnknownWord, words},
};

words! {
    /// What a standard notice is about.
    StandardKind, "a standard notice is one of:" {
        /// Whoever has this address is asked whether it is theirs.
        ConfirmAddress = "confirm_address",
        /// A message is written in English, and a colleague will ring.
        Meanwhile = "meanwhile",
    }
}

words! {
    /// What goes to a carer of another language while a colleague's words wait to be translated or read to them.
    Meanwhile, "sending.meanwhile is one of:" {
        /// Nothing: they are rung.
        Nothing = "nothing",
        /// A notice in their own language that something waits, where those words have been checked.
        Notice = "notice",
    }
}

/// What a standard notice needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardFacts {
    /// What it is about.
    pub kind: StandardKind,
    /// The only address it may go to, where it asks about one.
    pub only_to: Option<AddressId>,
    /// The address has been confirmed or taken away since, or the call was made: then it does not leave.
    pub over: bool,
}

/// What somebody answers who was asked whether an address is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is theirs.
    pub yes: bool,
    /// Whether nothing else is said: otherwise somebody must read it.
    pub alone: bool,
}

/// The answer that a message is: its first line is nothing but "yes" or "no". `None` for anything else, which is a message like
/// any other.
pub fn confirms(words: &str) -> Option<Answer> {
    let mut lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let alone = lines.next().is_none();
    let plain: String =
        first.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match plain.as_str() {
        "yes" => Some(Answer { yes: true, alone }),
        "no" => Some(Answer { yes: false, alone }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_first_line_that_is_nothing_but_the_word_is_an_answer() {
        for (words, answer) in [
            ("YES", Some((true, true))),
            (" \n Yes.\n\n", Some((true, true))),
            ("Yes.\n\nSam is ill.", Some((true, false))),
            ("\u{201c}yes\u{201d} \u{1f44d}", Some((true, true))),
            ("No!", Some((false, true))),
            ("No\nwho are you?", Some((false, false))),
            ("No, Sam is ill today", None),
            ("yes please", None),
            ("Is it mine?\nyes", None),
            ("", None),
        ] {
            assert_eq!(confirms(words).map(|said| (said.yes, said.alone)), answer, "{words}");
        }
    }
}
