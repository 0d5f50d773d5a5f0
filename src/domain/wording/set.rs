//! The words that count: the shipped ones with the school's own over them, compiled once and used for every message.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, OnceLock},
};

use minijinja::Environment;
use ring::digest::{Context, SHA256};
use serde::Deserialize;

use super::{
    super::{chronology::finish, seal::hex, time::Timestamp},
    fields::Fields,
    language::{Dates, Language},
    part::Part,
    template::{Origin, Template, Unsaid, engine, fill},
};

/// The shipped words, a file a language.
const FILES: &[(Language, &str)] = &[
    (Language::English, include_str!("../../../deploy/wording/en-GB.toml")),
    (Language::Polish, include_str!("../../../deploy/wording/pl.toml")),
    (Language::Romanian, include_str!("../../../deploy/wording/ro.toml")),
    (Language::Urdu, include_str!("../../../deploy/wording/ur.toml")),
    (Language::Panjabi, include_str!("../../../deploy/wording/pa-Guru.toml")),
    (Language::Bengali, include_str!("../../../deploy/wording/bn.toml")),
    (Language::Arabic, include_str!("../../../deploy/wording/ar.toml")),
    (Language::Portuguese, include_str!("../../../deploy/wording/pt.toml")),
    (Language::Somali, include_str!("../../../deploy/wording/so.toml")),
    (Language::Gujarati, include_str!("../../../deploy/wording/gu.toml")),
    (Language::Spanish, include_str!("../../../deploy/wording/es.toml")),
    (Language::French, include_str!("../../../deploy/wording/fr.toml")),
    (Language::Turkish, include_str!("../../../deploy/wording/tr.toml")),
    (Language::Tamil, include_str!("../../../deploy/wording/ta.toml")),
    (Language::Lithuanian, include_str!("../../../deploy/wording/lt.toml")),
    (Language::Ukrainian, include_str!("../../../deploy/wording/uk.toml")),
    (Language::Pashto, include_str!("../../../deploy/wording/ps.toml")),
    (Language::Dari, include_str!("../../../deploy/wording/prs.toml")),
    (Language::Albanian, include_str!("../../../deploy/wording/sq.toml")),
    (Language::Chinese, include_str!("../../../deploy/wording/zh-Hans.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    date: Option<Dates>,
    words: BTreeMap<String, String>,
}

/// The school's own words for a part, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWords {
    /// The part.
    pub part: Part,
    /// The language.
    pub language: Language,
    /// The words.
    pub words: String,
    /// Since when.
    pub since: Timestamp,
}

/// Words that a named person has marked as checked: part, language and version.
pub type Reviewed = HashSet<(Part, Language, String)>;

/// The words of every part in every language.
pub struct Templates {
    engine: Environment<'static>,
    all: BTreeMap<(Language, Part), Template>,
    dates: BTreeMap<Language, Dates>,
    version: String,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Templates {
    /// The shipped words alone.
    pub fn shipped() -> Arc<Self> {
        static SHIPPED: OnceLock<Arc<Templates>> = OnceLock::new();
        Arc::clone(SHIPPED.get_or_init(|| Arc::new(Self::with(&[], &Reviewed::new()).0)))
    }

    /// The shipped words, the school's own over them. Returns besides what of the school's own does not count, for this program
    /// cannot fill it in: an older or newer one kept it.
    pub fn with(own: &[OwnWords], reviewed: &Reviewed) -> (Self, Vec<(Part, Language)>) {
        let mut set =
            Self { engine: engine(), all: BTreeMap::new(), dates: BTreeMap::new(), version: String::new() };
        let mut left_out = Vec::new();
        for (language, words) in shipped_words(&mut set.dates) {
            for (part, words) in words {
                let mine = own.iter().find(|own| (own.part, own.language) == (part, language));
                let taken =
                    mine.is_some_and(|own| set.put((part, language), &own.words, Origin::Own(own.since)));
                if mine.is_some() && !taken {
                    left_out.push((part, language));
                }
                if !taken {
                    set.put((part, language), &words, Origin::Shipped);
                }
            }
        }
        let mut hash = Context::new(&SHA256);
        for template in set.all.values_mut() {
            let marked = (template.part, template.language, template.version.clone());
            template.reviewed |= reviewed.contains(&marked);
            let reviewed = if template.reviewed { " reviewed" } else { "" };
            hash.update(format!("{}{reviewed}\n", template.told).as_bytes());
        }
        set.version = hex(&finish(hash)).chars().take(12).collect();
        (set, left_out)
    }

    fn put(&mut self, (part, language): (Part, Language), words: &str, origin: Origin) -> bool {
        let dates = self.dates.get(&language);
        let Ok(template) = Template::new(&mut self.engine, (part, language), words, origin, dates) else {
            return false;
        };
        self.all.insert((language, part), template);
        true
    }

    /// The version of all of them, of who reviewed them as well.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The words of a part; `None` where there are none in that language.
    pub fn get(&self, part: Part, language: Language) -> Option<&Template> {
        self.all.get(&(language, part))
    }

    /// The parts of a language, in order.
    pub fn of(&self, language: Language) -> impl Iterator<Item = &Template> {
        Part::ALL.iter().filter_map(move |part| self.get(*part, language))
    }

    /// Whether all these parts may be used in a language.
    pub fn ready(&self, parts: &[Part], language: Language) -> bool {
        parts.iter().all(|part| self.get(*part, language).is_some_and(|template| template.reviewed))
    }

    pub(super) fn dates(&self, language: Language) -> Option<&Dates> {
        self.dates.get(&language)
    }

    /// A part with these fields.
    pub(super) fn say(&self, part: Part, language: Language, fields: &Arc<Fields>) -> Result<String, Unsaid> {
        fill(&self.engine, self.get(part, language).ok_or(Unsaid::Broken)?, fields)
    }
}

/// The shipped words of a part in a language; `None` where there are none.
pub fn shipped(part: Part, language: Language) -> Option<&'static str> {
    static WORDS: OnceLock<BTreeMap<(Language, Part), String>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let all = shipped_words(&mut BTreeMap::new());
        all.into_iter()
            .flat_map(|(language, parts)| {
                parts.into_iter().map(move |(part, words)| ((language, part), words))
            })
            .collect()
    });
    words.get(&(language, part)).map(String::as_str)
}

/// The shipped files, read. They are compiled in, and a test reads every one of them to its end.
fn shipped_words(dates: &mut BTreeMap<Language, Dates>) -> Vec<(Language, Vec<(Part, String)>)> {
    let read = |(language, text): &(Language, &str)| {
        let file: File = toml::from_str(text).ok()?;
        if let Some(date) = file.date {
            dates.insert(*language, date);
        }
        let parts =
            file.words.into_iter().filter_map(|(part, words)| Some((Part::parse(&part).ok()?, words)));
        Some((*language, parts.collect()))
    };
    FILES.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_has_every_part_of_its_language_and_nothing_else() {
        for (language, text) in FILES {
            let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{language}: {error}"));
            let expected: Vec<_> = Part::ALL.iter().filter(|part| part.is_in(*language)).collect();
            let mut named: Vec<_> =
                file.words.keys().map(|part| Part::parse(part).expect("a part")).collect();
            named.sort_unstable();
            assert_eq!(named.iter().collect::<Vec<_>>(), expected, "{language}");
            assert_eq!(file.date.is_some(), *language != Language::English, "{language}");
        }
        let shipped = Templates::shipped();
        assert_eq!(FILES.len(), Language::ALL.len());
        for (language, part) in FILES.iter().flat_map(|(l, _)| Part::ALL.iter().map(move |p| (*l, *p))) {
            assert_eq!(shipped.get(part, language).is_some(), part.is_in(language), "{part} {language}");
        }
    }

    #[test]
    fn no_shipped_translation_is_reviewed_and_other_words_are_not_either() {
        let shipped = Templates::shipped();
        let part = Part::Acknowledgement;
        let draft = shipped.get(part, Language::Urdu).expect("Urdu");
        let mut marks = Reviewed::new();
        marks.insert((part, Language::Urdu, draft.version.clone()));
        let own = |words: &str| {
            vec![OwnWords {
                part,
                language: Language::Urdu,
                words: words.to_owned(),
                since: Timestamp::UNIX_EPOCH,
            }]
        };

        let (reviewed, _) = Templates::with(&[], &marks);
        let (changed, _) = Templates::with(&own("\u{634}\u{6a9}\u{631}\u{6cc}\u{6c1}"), &marks);
        let (broken, left_out) = Templates::with(&own("{{ nobody }}"), &marks);

        let is = |set: &Templates| set.ready(&[part], Language::Urdu);
        assert_eq!([is(&shipped), is(&reviewed), is(&changed), is(&broken)], [false, true, false, true]);
        assert_eq!(left_out, [(part, Language::Urdu)]);
        assert!(shipped.ready(Part::ALL, Language::English));
        assert_ne!(reviewed.version(), changed.version());
        assert_ne!(reviewed.version(), shipped.version());
    }
}
