//! What a message about a pupil is about, where that decides by which way it may go (R12).

use std::collections::BTreeSet;

use liaison_channels::private::Private;
use serde::{Deserialize, Serialize};

use super::people::{UnknownWord, words};

/// The longest reason for an exception, in characters.
const LONGEST_REASON: usize = 500;

words! {
    /// What a message about a pupil is about.
    Topic, "a topic is one of:" {
        /// Absence, lateness.
        Attendance = "attendance",
        /// Behaviour and sanctions.
        Behaviour = "behaviour",
        /// Special educational needs and disabilities.
        Send = "send",
        /// Medicine, illness.
        Medical = "medical",
        /// The safety of a child.
        Safeguarding = "safeguarding",
        /// How a child feels.
        Wellbeing = "wellbeing",
    }
}

impl Topic {
    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Attendance => "attendance",
            Self::Behaviour => "behaviour",
            Self::Send => "SEND",
            Self::Medical => "medical matters",
            Self::Safeguarding => "safeguarding",
            Self::Wellbeing => "wellbeing",
        }
    }

    /// Why a message about it does not go by text, where the school's rule says so.
    pub const fn never_by_text(self) -> &'static str {
        match self {
            Self::Attendance => "it is about attendance, which never goes by text",
            Self::Behaviour => "it is about behaviour, which never goes by text",
            Self::Send => "it is about special educational needs (SEND), which never go by text",
            Self::Medical => "it is about medical matters, which never go by text",
            Self::Safeguarding => "it is about safeguarding, which never goes by text",
            Self::Wellbeing => "it is about wellbeing, which never goes by text",
        }
    }
}

/// What a form or a file names: nothing is no topic.
pub fn read_topic(word: &str) -> Result<Option<Topic>, UnknownWord> {
    match word.trim() {
        "" => Ok(None),
        word => Topic::parse(word).map(Some),
    }
}

/// The topics as a sentence names them: `behaviour, SEND and wellbeing`; empty where there are none.
pub fn listed(topics: &BTreeSet<Topic>) -> String {
    let words: Vec<_> = topics.iter().map(|topic| topic.in_words()).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The reason for an exception to a rule, as it was typed; `Err` is a sentence that says what to do. It is kept with the item.
pub fn read_reason(text: &str) -> Result<Private<String>, String> {
    let reason = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err("say why: the reason is kept in the record".to_owned());
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(format!("say why in at most {LONGEST_REASON} characters"));
    }
    if reason.chars().any(char::is_control) {
        return Err("the reason holds a control character: type it again".to_owned());
    }
    Ok(Private::new(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_has_a_reason_that_names_it_and_nothing_is_no_topic() {
        for topic in Topic::ALL.iter().copied() {
            let why = topic.never_by_text();
            assert!(why.contains(topic.in_words()) && why.contains("by text"), "{why}");
            assert_eq!(read_topic(topic.as_str()), Ok(Some(topic)));
        }
        assert_eq!(read_topic("  "), Ok(None));
        assert!(read_topic("weather").is_err());
    }

    #[test]
    fn topics_are_listed_as_a_sentence_names_them() {
        let of = |topics: &[Topic]| listed(&topics.iter().copied().collect());

        assert_eq!(of(&[]), "");
        assert_eq!(of(&[Topic::Medical]), "medical matters");
        assert_eq!(of(&[Topic::Wellbeing, Topic::Send, Topic::Behaviour]), "behaviour, SEND and wellbeing");
    }

    #[test]
    fn an_exception_needs_a_reason_on_one_line() {
        assert_eq!(
            read_reason(" she asked\r\n for it ").map(|why| why.expose().clone()),
            Ok("she asked for it".to_owned())
        );
        for wrong in ["", " \n ", "a\u{7}b", &"x".repeat(501)] {
            assert!(read_reason(wrong).is_err(), "{wrong:?}");
        }
    }
}
