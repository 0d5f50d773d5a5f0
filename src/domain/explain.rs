//! What can say why it is as it is, and how the rules that decided it are told: in plain words, without an address or a number.

use serde::{Deserialize, Serialize};

use super::{
    by_text::{LEAVE, URGENT},
    people::{UnknownWord, words},
    route::Fired,
    version::SETTINGS,
};

words! {
    /// What has an id that a person may meet, and can be explained.
    Explains, "explained is one of:" {
        /// A message to a carer.
        Delivery = "delivery",
        /// Something a colleague must do.
        Task = "task",
        /// A message that arrived, with its match and its acknowledgement.
        Received = "received",
        /// A case.
        Case = "case",
        /// A clock of a case, with its reminders and escalations.
        Clock = "clock",
        /// What only a person can decide about a message.
        Question = "question",
        /// An entry of the chronology.
        Entry = "entry",
        /// A complaint.
        Complaint = "complaint",
        /// An announcement.
        Announcement = "announcement",
        /// A teacher's update.
        Update = "update",
        /// What was answered in a case.
        Answer = "answer",
        /// A notice to a colleague.
        Notice = "notice",
        /// A version of the settings.
        Settings = "settings",
    }
}

impl Explains {
    /// As a sentence calls it, with its article.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Delivery => "a message",
            Self::Task => "a task",
            Self::Received => "a message that arrived",
            Self::Case => "a case",
            Self::Clock => "a clock",
            Self::Question => "a question for a person",
            Self::Entry => "an entry of the chronology",
            Self::Complaint => "a complaint",
            Self::Announcement => "an announcement",
            Self::Update => "a weekly update",
            Self::Answer => "an answer",
            Self::Notice => "a notice to a colleague",
            Self::Settings => "a version of the settings",
        }
    }
}

/// Reads the rules that were kept with a decision: the version of the settings apart, and nothing else that could be an
/// address or a number of a person.
pub fn kept(json: &str) -> (Vec<Fired>, Option<String>) {
    let all: Vec<Fired> = serde_json::from_str(json).unwrap_or_default();
    let (version, rules): (Vec<_>, Vec<_>) = all.into_iter().partition(|fired| fired.rule == SETTINGS);
    let masked = rules.into_iter().map(|fired| Fired { saw: masked(&fired.saw), ..fired });
    (masked.collect(), version.into_iter().next().map(|fired| fired.saw))
}

/// The same rule as IT may read it: without the reason that a colleague gave for an exception, which is a colleague's words.
pub fn without_reason(fired: Fired) -> Fired {
    if ![LEAVE, URGENT].contains(&fired.rule.as_str()) {
        return fired;
    }
    let known = fired.saw.split_once("because: ").map_or_else(String::new, |(known, _)| known.to_owned());
    Fired { saw: format!("{known}because: the reason is in the record"), ..fired }
}

/// What a rule asks, in plain words.
pub fn asked(rule: &str) -> String {
    if let Some(number) = rule.strip_prefix("answer ") {
        return format!("Rule {number} of those against answering machines");
    }
    let asked = match rule {
        "rights" => "May this carer be told?",
        "link" => "Is the carer linked to the pupil?",
        "preference" => "In which order does the carer want to be reached?",
        "email" => "Can an email carry it?",
        "text" => "Can a text carry it?",
        "call" => "Can a call carry it?",
        "letter" => "Can a letter carry it?",
        "when" => "May it leave at this hour?",
        "alphabet" => "Can the text provider carry its letters?",
        "printed elsewhere" => "Can a provider print it as it is to be read?",
        LEAVE => "May it go by text all the same?",
        URGENT => "Is it urgent?",
        "text is information only" => "How much may a text say?",
        "language" => "Does it go in the language they read?",
        "confirm" => "Is it a new address?",
        "wording" => "By which words?",
        "rehearsal" => "Is this a rehearsal?",
        "reading" => "How the message was read",
        "proposal" => "What the message itself points to",
        "sender" => "Whose address is it?",
        "agreement" => "Do sender and message agree?",
        "acknowledgement" => "Is it acknowledged by itself?",
        "ladder" => "Who must be told now?",
        "reminder" => "Is somebody to be reminded?",
        "clock" => "By when is an answer due?",
        "kind" => "What kind of matter may it be?",
        _ => return capital(rule),
    };
    asked.to_owned()
}

/// What a rule said, in plain words.
pub fn said(verdict: &str) -> String {
    let said = match verdict {
        "ok" => "Yes",
        "stop" => "No",
        "wait" => "Not yet",
        "next route" => "No: the next way is tried",
        "ask" => "Not certain: a colleague is asked",
        "cut" => "In part",
        "set to" => "set to",
        _ => return capital(verdict),
    };
    said.to_owned()
}

/// A sentence that begins with a capital letter.
pub fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The fewest digits of what is taken for somebody's number.
const NUMBER: usize = 9;

/// The same without addresses and numbers, which providers and mail programs like to repeat.
pub fn masked(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        let taken = number_at(rest);
        if taken > 0 {
            kept.push("(a number)");
            rest = rest.get(taken..).unwrap_or_default();
            continue;
        }
        kept.push(if word.contains('@') { "(an address)" } else { word });
        rest = after;
    }
    kept.join(" ")
}

/// How many of these words are together a telephone number: `07700 900123` or `+447700900123`.
fn number_at(words: &[&str]) -> usize {
    let is_part = |word: &&&str| {
        word.chars().any(|c| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || "+-().,;:<>\"'".contains(c))
    };
    let parts: Vec<_> = words.iter().take_while(is_part).collect();
    let starts = parts
        .first()
        .is_some_and(|first| first.trim_start_matches(['(', '<', '"', '\'']).starts_with(['+', '0']));
    let digits: usize = parts.iter().map(|part| part.chars().filter(char::is_ascii_digit).count()).sum();
    if starts && digits >= NUMBER { parts.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_masked_and_nothing_else() {
        for (said, shown) in [
            ("550 5.1.1 <amina.begum@home.example>: no such user", "550 5.1.1 (an address) no such user"),
            ("rang 07700 900123 twice", "rang (a number) twice"),
            ("the number +447700900123 is off", "the number (a number) is off"),
            ("due Friday 27 November, 17:00", "due Friday 27 November, 17:00"),
            ("to all 5 in an hour (at most 600)", "to all 5 in an hour (at most 600)"),
        ] {
            assert_eq!(masked(said), shown);
        }
    }

    #[test]
    fn the_version_of_the_settings_is_no_rule() {
        let json = r#"[{"rule":"rights","verdict":"ok","saw":"yes"},{"rule":"settings","verdict":"version","saw":"0123456789ab"}]"#;

        let (rules, version) = kept(json);

        assert_eq!(rules.len(), 1);
        assert_eq!(version.as_deref(), Some("0123456789ab"));
        assert_eq!(kept("not JSON"), (Vec::new(), None));
    }
}
