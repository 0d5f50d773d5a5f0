//! What a colleague says on the phone. It is for the colleague, in the school's own tongue, and theirs to say as they find the
//! carer: so these are no words that are edited.

use std::fmt::Write as _;

use liaison_channels::private::Private;

use super::{
    super::{
        policy::Policy,
        rights::LinkFacts,
        route::{About, MessageFacts, reads_english},
        time::day_in_words,
    },
    Words, announcement,
};

pub(super) fn script(facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    let what = match &message.about {
        About::Week(week) => {
            format!("Tell {}'s weekly update, week of {}", facts.pupil_called.expose(), day_in_words(*week))
        }
        About::Case(case) => format!("Give the school's answer to their message, case {}", case.code),
        About::Standard(_) => "Say that a colleague will ring about a message from the school".to_owned(),
        About::Announcement(announced) => announcement::to_say(message.purpose, announced),
    };
    let mut script = String::new();
    if let Some(language) = interpreter(facts) {
        let _ = writeln!(script, "Book an interpreter first: {language}.");
    }
    let _ = write!(
        script,
        "Ask for {} and speak to nobody else. Say who you are and that you ring from {}.\n\
         {}:\n\n{}\n\n\
         If somebody else answers, or a machine: \"Please ask {} to ring {} on {}.\" Say nothing more.",
        facts.carer_name.full().expose(),
        policy.school.name,
        what,
        message.words.expose().trim(),
        facts.carer_name.greeting().expose(),
        policy.school.name,
        policy.school.office_phone,
    );
    Words::Script(Private::new(script))
}

/// The language of the interpreter a call needs: the one on record, or the carer's own language.
pub fn interpreter(facts: &LinkFacts) -> Option<String> {
    interpreter_for(facts.interpreter.as_deref(), &facts.language)
}

/// The same, of what is on record and the language in which the carer reads.
pub fn interpreter_for(recorded: Option<&str>, language: &str) -> Option<String> {
    let recorded = recorded.map(str::trim).filter(|text| !text.is_empty() && *text != "no");
    match recorded {
        Some("yes") => Some(language_in_words(language)),
        Some(text) => Some(language_in_words(text)),
        None if reads_english(language) => None,
        None => Some(language_in_words(language)),
    }
}

/// The English name of a language families of the school commonly speak; otherwise the tag itself.
pub fn language_in_words(tag: &str) -> String {
    let name = match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "ar" => "Arabic",
        "bn" => "Bengali",
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "gu" => "Gujarati",
        "it" => "Italian",
        "lt" => "Lithuanian",
        "pa" => "Panjabi",
        "pl" => "Polish",
        "prs" => "Dari",
        "ps" => "Pashto",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "so" => "Somali",
        "sq" => "Albanian",
        "ta" => "Tamil",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "ur" => "Urdu",
        "zh" => "Chinese",
        _ => return tag.to_owned(),
    };
    name.to_owned()
}
