//! Advice to whoever writes to a family: school words that a parent may not know, sentences that are too long, and a tone that
//! reads as sharp (R49). Advice only: nothing is ever held back for it.

/// A sentence of more words than this is too long (GOV.UK content design: 25 words at most).
pub const LONGEST: usize = 25;
/// How much of a long sentence is quoted.
const QUOTED: usize = 6;
/// So many words in capitals, one after another, read as shouting.
const SHOUTED: usize = 3;

/// One piece of advice, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// A word of the school's that a family may not know.
    Jargon {
        /// As it stands in the text.
        word: String,
        /// What it means, to be said instead or beside it.
        say: String,
    },
    /// A sentence that is too long.
    Long {
        /// How it begins.
        begins: String,
        /// How many words it has.
        words: usize,
    },
    /// Words in capitals, which read as shouting.
    Capitals {
        /// The words.
        words: String,
    },
    /// A turn of phrase that reads as a reproach.
    Tone {
        /// As it stands in the text.
        phrase: String,
        /// What to write rather.
        rather: &'static str,
    },
}

impl Advice {
    /// The advice as a sentence for the writer.
    pub fn sentence(&self) -> String {
        match self {
            Self::Jargon { word, say } => format!("“{word}”: say “{say}”, or explain it the first time"),
            Self::Long { begins, words } => {
                format!(
                    "The sentence that begins “{begins} …” has {words} words: two sentences are easier to read"
                )
            }
            Self::Capitals { words } => format!("“{words}”: capitals read as shouting"),
            Self::Tone { phrase, rather } => format!("“{phrase}” may read as a reproach: {rather}"),
        }
    }
}

/// Words that staff know and families need not. Those in capitals are only meant in capitals.
const JARGON: &[(&str, &str)] = &[
    ("AR", "annual review"),
    ("ARE", "what is expected at this age"),
    ("CAMHS", "the mental health service for children"),
    ("CPD", "staff training"),
    ("DSL", "the safeguarding lead"),
    ("EAL", "English as an additional language"),
    ("EHCP", "education, health and care plan"),
    ("ELSA", "emotional support assistant"),
    ("EYFS", "nursery and reception"),
    ("FSM", "free school meals"),
    ("HLTA", "teaching assistant"),
    ("IEP", "individual learning plan"),
    ("INSET", "staff training day"),
    ("KS1", "Years 1 and 2"),
    ("KS2", "Years 3 to 6"),
    ("LSA", "learning support assistant"),
    ("PECS", "picture cards for talking"),
    ("PP", "pupil premium"),
    ("PSHE", "lessons on health, relationships and money"),
    ("SALT", "speech and language therapy"),
    ("SEMH", "feelings and wellbeing"),
    ("SEN", "special educational needs"),
    ("SENCO", "special needs coordinator"),
    ("SEND", "special educational needs and disabilities"),
    ("SLT", "senior leadership"),
    ("SPaG", "spelling, punctuation and grammar"),
    ("TA", "teaching assistant"),
    ("attainment", "how well a child does"),
    ("cohort", "year group"),
    ("differentiated", "set at the right level"),
    ("differentiation", "work set at the right level"),
    ("dysregulated", "upset and not able to calm down"),
    ("formative", "along the way"),
    ("graphemes", "letters"),
    ("interventions", "extra help"),
    ("phonemes", "sounds"),
    ("pedagogy", "how we teach"),
    ("scaffolding", "step-by-step help"),
    ("summative", "at the end"),
];

const REPROACHES: &[(&str, &str)] = &[
    ("as i already said", "say it again, as if for the first time"),
    ("as previously stated", "say it again, as if for the first time"),
    ("fail to", "say what would help"),
    ("failed to", "say what did not happen, and what would help"),
    ("failure to", "say what did not happen, and what would help"),
    ("refuses to", "say what happened, and what was tried"),
    ("unacceptable", "say what happened, and what comes next"),
    ("you must", "say “please”, and why"),
    ("you need to", "say “please”, and why"),
];

/// What a writer might mend. `own` are the school's own words with what to say for each; they go before ours.
pub fn advice(text: &str, own: &[(String, String)]) -> Vec<Advice> {
    let mut found = Vec::new();
    for sentence in sentences(text) {
        if sentence.len() > LONGEST {
            found.push(Advice::Long {
                begins: sentence.iter().take(QUOTED).copied().collect::<Vec<_>>().join(" "),
                words: sentence.len(),
            });
        }
        found.extend(shouted(&sentence, own));
        found.extend(reproaches(&sentence));
        for (at, word) in sentence.iter().enumerate() {
            let explained = sentence.get(at + 1).is_some_and(|next| next.starts_with('('));
            if let Some(jargon) = jargon(word, own).filter(|jargon| !explained && !found.contains(jargon)) {
                found.push(jargon);
            }
        }
    }
    found
}

/// The sentences of a text, word by word. A new line ends one; a full stop inside a word, as in a time, ends none.
fn sentences(text: &str) -> Vec<Vec<&str>> {
    let mut all = Vec::new();
    for line in text.lines() {
        let mut sentence = Vec::new();
        for word in line.split_whitespace() {
            sentence.push(word);
            if ends(word) {
                all.push(std::mem::take(&mut sentence));
            }
        }
        all.push(sentence);
    }
    all.retain(|sentence| !sentence.is_empty());
    all
}

/// Titles and such, whose full stop ends no sentence.
const SHORTENED: [&str; 8] = ["mr.", "mrs.", "ms.", "dr.", "st.", "e.g.", "i.e.", "no."];

fn ends(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', ')', '\u{201d}', '\u{2019}']);
    bare.ends_with(['.', '!', '?', '\u{2026}']) && !SHORTENED.contains(&bare.to_lowercase().as_str())
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s")).unwrap_or(word)
}

fn jargon(word: &str, own: &[(String, String)]) -> Option<Advice> {
    let word = bare(word);
    let ours = JARGON.iter().copied();
    let all = own.iter().map(|(known, say)| (known.as_str(), say.as_str())).chain(ours);
    // A word that is all capitals is meant in capitals: ARE is not "are".
    let same = |known: &str| word == known || (!is_capitals(known) && word.eq_ignore_ascii_case(known));
    let (_, say) = all.into_iter().find(|(known, _)| same(known))?;
    Some(Advice::Jargon { word: word.to_owned(), say: say.to_owned() })
}

fn is_capitals(word: &str) -> bool {
    word.chars().any(char::is_alphabetic) && !word.chars().any(char::is_lowercase)
}

/// The first run of words in capitals that are no names of things.
fn shouted(sentence: &[&str], own: &[(String, String)]) -> Option<Advice> {
    let loud = |word: &&str| is_capitals(bare(word)) && bare(word).len() > 1 && jargon(word, own).is_none();
    let run = sentence
        .chunk_by(|a, b| loud(a) == loud(b))
        .find(|run| run.len() >= SHOUTED && run.iter().all(loud))?;
    Some(Advice::Capitals { words: run.join(" ") })
}

fn reproaches(sentence: &[&str]) -> Vec<Advice> {
    let plain: Vec<String> = sentence.iter().map(|word| bare(word).to_lowercase()).collect();
    let plain = format!(" {} ", plain.join(" "));
    let found = REPROACHES.iter().filter(|(phrase, _)| plain.contains(&format!(" {phrase} ")));
    found.map(|(phrase, rather)| Advice::Tone { phrase: (*phrase).to_owned(), rather }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        advice(text, &[]).iter().map(Advice::sentence).collect()
    }

    #[test]
    fn school_words_are_told_once_with_what_to_say() {
        let found = said("The EHCP AR is via the SENCO. The SENCO\u{2019}s list, and the cohort, are here.");

        let words: Vec<_> = found.iter().filter_map(|line| line.split('\u{201d}').next()).collect();
        assert_eq!(words, ["\u{201c}EHCP", "\u{201c}AR", "\u{201c}SENCO", "\u{201c}cohort"]);
        assert!(found.concat().contains("education, health and care plan"));
    }

    #[test]
    fn a_word_that_is_explained_where_it_stands_and_an_everyday_word_are_no_school_words() {
        let cases =
            ["The SENCO (special needs coordinator) rings you.", "They are here, and so is the ta-da.", ""];

        for text in cases {
            assert_eq!(said(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_schools_own_words_go_before_ours() {
        let own = [("SENCO".to_owned(), "Mrs Hill".to_owned()), ("Forest Friday".to_owned(), "x".to_owned())];

        let found = advice("Ask the SENCO.", &own);

        assert_eq!(found, [Advice::Jargon { word: "SENCO".to_owned(), say: "Mrs Hill".to_owned() }]);
    }

    #[test]
    fn a_sentence_is_long_from_its_twenty_sixth_word_on_and_a_time_or_a_title_ends_none() {
        let words = |count: usize| vec!["word"; count].join(" ");
        let cases = [
            (format!("{}.", words(25)), 0),
            (format!("{}.", words(26)), 1),
            (format!("{}. {}!", words(20), words(20)), 0),
            (format!("{}\n{}", words(20), words(20)), 0),
            (format!("{} at 9.30 with Mrs. Hill {}", words(12), words(12)), 1),
        ];

        for (text, expected) in cases {
            assert_eq!(said(&text).len(), expected, "{text}");
        }
    }

    #[test]
    fn capitals_shout_and_names_of_things_do_not() {
        assert_eq!(
            said("BRING HIS COAT tomorrow."),
            ["\u{201c}BRING HIS COAT\u{201d}: capitals read as shouting"]
        );
        assert!(!said("PE kit. NHS, BBC and RSPCA.").iter().any(|line| line.contains("shouting")));
    }

    #[test]
    fn a_reproach_is_told_with_what_to_write_rather() {
        let found = said("You must ring us, as I already said: he FAILED to come.");

        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|line| line.contains("reproach")));
        assert_eq!(said("The must-see play is on Friday."), Vec::<String>::new());
    }
}
