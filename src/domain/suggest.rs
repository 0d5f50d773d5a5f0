//! What a message may be, by plain words a colleague can check: a suggestion, which a person confirms or declines (R33).
//!
//! English only, for the rules are words; a message in another language is a query until a colleague says otherwise. They are
//! wide on purpose where silence would harm (a child at risk, a right with a date) and narrow elsewhere. Nothing is decided by
//! them alone but that a clock of the law runs, and that the acknowledgement says a sentence more.

use super::{case_kind::CaseKind, statutory::Statutory};

/// What a message may be, and the words by which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// The kind.
    pub kind: CaseKind,
    /// The rule's own words, none of the message's.
    pub why: &'static str,
}

/// What was found in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// What it may be before all else; `None`: nothing speaks for more than a query.
    pub suggested: Option<Suggestion>,
    /// What the law may ask besides, whatever else stands in the message.
    pub law: Option<Statutory>,
}

/// One rule: all of `all` stand in the message, each as one of its ways of saying it, in whole words.
struct Rule {
    kind: CaseKind,
    why: &'static str,
    all: &'static [&'static [&'static str]],
}

const CHILD: &[&str] =
    &["my son", "my daughter", "my child", "he", "she", "him", "her", "they", "them", "child", "children"];

/// The first that fits counts: what may not wait stands first.
const RULES: &[Rule] = &[
    Rule {
        kind: CaseKind::Safeguarding,
        why: "it speaks of somebody hurting or touching a child, or of fear at home",
        all: &[
            &[
                "hit",
                "hits",
                "hitting",
                "beat",
                "beats",
                "beaten",
                "beating",
                "hurt by",
                "hurts",
                "hurting",
                "punched",
                "kicked",
                "slapped",
                "strangled",
                "choked",
                "touched",
                "touching",
                "abuse",
                "abused",
                "abusing",
                "assaulted",
                "raped",
                "molested",
                "groomed",
                "grooming",
            ],
            CHILD,
        ],
    },
    Rule {
        kind: CaseKind::Safeguarding,
        why: "it speaks of self-harm or suicide",
        all: &[&[
            "self harm",
            "self harming",
            "self harmed",
            "selfharm",
            "suicide",
            "suicidal",
            "kill himself",
            "kill herself",
            "kill themselves",
            "cut himself",
            "cut herself",
            "cutting himself",
            "cutting herself",
            "wants to die",
            "want to die",
            "end his life",
            "end her life",
            "overdose",
        ]],
    },
    Rule {
        kind: CaseKind::Safeguarding,
        why: "it speaks of danger to a child",
        all: &[&[
            "not safe at home",
            "unsafe at home",
            "scared to go home",
            "afraid to go home",
            "frightened to go home",
            "in danger",
            "domestic violence",
            "domestic abuse",
            "social services",
            "child protection",
            "run away from home",
            "ran away from home",
            "threatened to kill",
            "bruise",
            "bruises",
            "marks on his body",
            "marks on her body",
            "neglected",
            "forced marriage",
            "fgm",
        ]],
    },
    Rule {
        kind: CaseKind::SubjectAccess,
        why: "it asks for what the school holds about somebody",
        all: &[&[
            "subject access",
            "sar request",
            "data subject",
            "everything you hold",
            "all you hold",
            "information you hold",
            "data you hold",
            "records you hold",
            "copies of everything",
            "copy of everything",
            "all records",
            "all the records",
            "all data you",
            "all the data",
            "all information you",
            "copy of his file",
            "copy of her file",
            "copy of my file",
            "copy of their file",
            "copy of his records",
            "copy of her records",
            "copy of my records",
            "see his file",
            "see her file",
            "see my file",
            "right of access",
        ]],
    },
    Rule {
        kind: CaseKind::DataComplaint,
        why: "it is unhappy with how the school uses somebody's data",
        all: &[
            &[
                "data",
                "gdpr",
                "privacy",
                "personal information",
                "personal details",
                "address",
                "phone number",
                "photo",
                "photos",
                "confidential",
            ],
            &[
                "breach",
                "breached",
                "leaked",
                "without consent",
                "without my consent",
                "without permission",
                "without my permission",
                "wrong person",
                "wrong parent",
                "gave out",
                "given out",
                "shared with",
                "ico",
                "information commissioner",
                "gdpr complaint",
                "data protection complaint",
            ],
        ],
    },
    Rule {
        kind: CaseKind::Complaint,
        why: "it says that it is a complaint",
        all: &[&[
            "complaint",
            "complain",
            "complaining",
            "formal complaint",
            "complaints procedure",
            "complaints policy",
            "ofsted",
            "solicitor",
            "disgusted",
            "unacceptable",
        ]],
    },
    Rule {
        kind: CaseKind::Medical,
        why: "it speaks of medicine, illness or an appointment",
        all: &[&[
            "doctor",
            "gp",
            "dentist",
            "orthodontist",
            "hospital",
            "appointment",
            "inhaler",
            "epipen",
            "medicine",
            "medication",
            "tablets",
            "antibiotics",
            "prescription",
            "camhs",
            "optician",
            "physio",
            "surgery",
            "operation",
        ]],
    },
    Rule {
        kind: CaseKind::Attendance,
        why: "it says that a child is absent or late",
        all: &[&[
            "not be in",
            "wont be in",
            "will not be in",
            "not in today",
            "not coming in",
            "off today",
            "off school",
            "absent",
            "absence",
            "running late",
            "be late",
            "unwell today",
            "ill today",
            "poorly",
            "been sick",
            "vomiting",
            "temperature",
        ]],
    },
    Rule {
        kind: CaseKind::Concern,
        why: "it says that somebody is worried",
        all: &[&[
            "worried",
            "concerned",
            "concern",
            "concerns",
            "bullied",
            "bullying",
            "bully",
            "upset about",
            "unhappy about",
            "anxious",
            "crying every",
            "doesnt want to go to school",
        ]],
    },
];

/// What a message may be, from its subject and its words.
pub fn suggest(subject: &str, words: &str) -> Found {
    let said = plain(&format!("{subject} \u{1} {words}"));
    let mut fitting =
        RULES.iter().filter(|rule| rule.all.iter().all(|ways| ways.iter().any(|way| says(&said, way))));
    let Some(first) = fitting.next() else { return Found::default() };
    Found {
        suggested: Some(Suggestion { kind: first.kind, why: first.why }),
        law: first.kind.statutory().or_else(|| fitting.find_map(|rule| rule.kind.statutory())),
    }
}

/// Whether a phrase stands in plain words, as whole words.
fn says(said: &str, phrase: &str) -> bool {
    said.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (said.get(..at), said.get(at + phrase.len()..));
        before.is_some_and(|before| before.ends_with(' '))
            && after.is_some_and(|after| after.starts_with(' '))
    })
}

/// Words in small letters with one space around each, so that a phrase is found as whole words only.
fn plain(words: &str) -> String {
    let mut plain = String::with_capacity(words.len() + 2);
    plain.push(' ');
    let letters = words.chars().filter(|c| !matches!(c, '\'' | '\u{2019}'));
    for part in
        letters.collect::<String>().to_lowercase().split(|c: char| !c.is_alphanumeric() && c != '\u{1}')
    {
        if !part.is_empty() {
            plain.push_str(part);
            plain.push(' ');
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(words: &str) -> Option<CaseKind> {
        suggest("Sam", words).suggested.map(|suggestion| suggestion.kind)
    }

    #[test]
    fn what_carers_write_is_taken_for_what_it_may_be() {
        let cases: &[(Option<CaseKind>, &[&str])] = &[
            (
                Some(CaseKind::Safeguarding),
                &[
                    "Her stepdad hit her last night and she is scared.",
                    "He told me that a man has been touching him at the club",
                    "I think Sam is self-harming again.",
                    "She says she wants to die",
                    "He has bruises on his back and will not say why",
                    "the children are not safe at home",
                ],
            ),
            (
                Some(CaseKind::SubjectAccess),
                &[
                    "Please send me everything you hold on Sam.",
                    "send me EVERYTHING YOU HOLD on sam",
                    "This is a subject access request under the GDPR.",
                    "I would like a copy of his file",
                    "I want to see all the records about my daughter",
                ],
            ),
            (
                Some(CaseKind::DataComplaint),
                &[
                    "You shared with his father my new address. That is private.",
                    "My data was sent to the wrong person!",
                    "You put her photo online without my consent",
                ],
            ),
            (
                Some(CaseKind::Complaint),
                &[
                    "I wish to make a formal complaint about Mr Hill.",
                    "This is unacceptable",
                    "I'll go to Ofsted",
                ],
            ),
            (
                Some(CaseKind::Medical),
                &["Sam has a dentist appointment at 10 on Friday", "Please keep his inhaler in class"],
            ),
            (
                Some(CaseKind::Attendance),
                &[
                    "Sam won\u{2019}t be in today",
                    "She is off school with a cold",
                    "We are running late",
                    "he's poorly",
                ],
            ),
            (Some(CaseKind::Concern), &["I am worried about his reading", "I think she is being bullied"]),
            (
                None,
                &[
                    "What time does the play begin?",
                    "Can he bring his coat home?",
                    "",
                    "👍",
                    "He read aloud in assembly!",
                ],
            ),
        ];

        for (expected, said) in cases {
            for words in *said {
                assert_eq!(kind(words), *expected, "{words}");
            }
        }
    }

    #[test]
    fn what_the_law_asks_is_found_beside_what_may_be_a_disclosure() {
        let found =
            suggest("", "Social services told me to ask for all the records you hold. He has bruises again.");

        assert_eq!(found.suggested.map(|found| found.kind), Some(CaseKind::Safeguarding));
        assert_eq!(found.law, Some(Statutory::SubjectAccess));
        assert_eq!(suggest("", "He has bruises again.").law, None);
    }

    #[test]
    fn every_phrase_is_written_as_messages_are_compared() {
        for phrase in RULES.iter().flat_map(|rule| rule.all).copied().flatten() {
            assert_eq!(plain(phrase).trim(), *phrase);
        }
    }

    #[test]
    fn words_are_whole_words() {
        assert_eq!(kind("The white whitewash and the upbeat photographer"), None);
        assert_eq!(kind("Is the exhibition of the doctorate open?"), None);
    }

    #[test]
    fn a_rule_that_is_wide_where_silence_harms_errs_towards_asking() {
        assert_eq!(
            kind("He hit the ball out of the park"),
            Some(CaseKind::Safeguarding),
            "the DSL looks, and says no"
        );
    }

    #[test]
    fn the_reason_is_the_rules_own_and_repeats_nothing() {
        let found = suggest("", "Please send me everything you hold on Zebedee Quill").suggested;

        assert_eq!(found.map(|found| found.why), Some("it asks for what the school holds about somebody"));
    }

    #[test]
    fn no_message_is_too_odd_to_be_read() {
        for words in ["", " ", "\u{1}", "\u{202e}\u{0}", "\u{10FFFF}", &"a ".repeat(200_000)] {
            assert_eq!(kind(words), None);
        }
    }
}
