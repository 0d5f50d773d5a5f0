//! The words of a message, from what a colleague wrote, the school's own words around it (`template`), and the facts.
//! Everything here is pure and gives the same words each time.

mod announcement;
mod answer;
mod check;
mod fields;
mod language;
mod page;
mod part;
mod samples;
mod saying;
mod script;
mod set;
mod standard;
mod template;

pub use check::{MOST_TEXT_PARTS, Reads, read_words, text_length};
pub use language::Language;
pub(super) use page::{as_html, with_link};
pub use part::{Field, Part};
pub use samples::{Sample, samples};
pub use script::{interpreter, interpreter_for, language_in_words};
pub use set::{OwnWords, Reviewed, Templates, shipped};
pub use template::{LONGEST_WORDS, Origin, Template, Unsaid};

use liaison_channels::{
    private::Private,
    text::{measure, tidy},
};

use super::{
    people::{AddressKind, AddressStatus, Format, Purpose, Route},
    policy::{Policy, TextUpdate},
    rights::LinkFacts,
    route::{About, Fired, MessageFacts, reads_english},
    standard::StandardKind,
    translation::Translation,
};
use announcement::sentence;
use page::{Section, page};
use saying::Saying;
use script::script;

/// The words of one message, by the route that carries them.
#[derive(Debug, Clone)]
pub enum Words {
    /// An email.
    Mail {
        /// Subject: names the school and the week, never the child (T25).
        subject: Private<String>,
        /// Plain text.
        plain: Private<String>,
        /// The same as HTML.
        html: Private<String>,
    },
    /// A text.
    Text {
        /// As it arrives.
        body: Private<String>,
        /// Whether it is the whole update or only the notice of it.
        full: bool,
        /// How many parts all of it takes; `None` where it never goes by text.
        whole: Option<usize>,
    },
    /// What to say on the phone.
    Script(Private<String>),
    /// A letter, as a page to print.
    Letter {
        /// The page, complete HTML with its own print style.
        html: Private<String>,
        /// The same words.
        plain: Private<String>,
        /// The same in its parts, for a page that prints several.
        sheet: Sheet,
    },
}

/// A letter in its parts. They are the words of the plain letter, in its order and nothing besides, so that what is printed
/// is what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The sender's lines, which stand above.
    pub from: Private<String>,
    /// The carer's name and address, a line each, for the window of the envelope.
    pub to: Private<String>,
    /// Greeting, words and closing, each with its own lines and the tag of its language.
    pub paragraphs: Vec<(String, Private<String>)>,
    /// Whether the carer reads large print.
    pub large_print: bool,
}

impl Words {
    /// The words as plain text, as they are kept in the chronology.
    pub fn plain(&self) -> &Private<String> {
        match self {
            Self::Mail { plain, .. } | Self::Letter { plain, .. } => plain,
            Self::Text { body, .. } => body,
            Self::Script(words) => words,
        }
    }
}

/// A message in words.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The words.
    pub words: Words,
    /// The tag of the language they begin in.
    pub language: String,
    /// The versions of the school's words that they were made by; empty for a call, which a colleague words.
    pub by: String,
}

/// What a colleague wrote, in the carer's own language, where somebody has translated it; on the phone an interpreter does.
fn translation<'a>(route: Route, facts: &LinkFacts, message: &'a MessageFacts) -> Option<&'a Translation> {
    if route == Route::Call || message.purpose == Purpose::Acknowledgement {
        return None;
    }
    message.translations.for_reader(&facts.language)
}

/// In which language Liaison's own words go to a carer, and why in English where they read another. What a colleague wrote is
/// in English, and so is what stands around it; a translation of it stands above.
pub fn language_for(
    route: Route,
    facts: &LinkFacts,
    message: &MessageFacts,
    policy: &Policy,
) -> (Language, Option<Fired>) {
    let parts = match &message.about {
        About::Standard(about) => standard::made_of(about.kind),
        _ if message.purpose == Purpose::Acknowledgement => answer::made_of(route),
        _ => &[],
    };
    if parts.is_empty() || reads_english(&facts.language) {
        let seen = translation(route, facts, message).map(|translation| {
            let (language, origin) = (language_in_words(&facts.language), translation.origin());
            Fired::new(
                "language",
                "ok",
                format!("translated into {language}, {origin}, with the English beneath"),
            )
        });
        return (Language::English, seen);
    }
    let english = |saw: String| (Language::English, Some(Fired::new("language", "no", saw)));
    match Language::of(&facts.language) {
        Some(language) if policy.templates.ready(parts, language) => {
            let saw = format!("in {}, with the English beneath", language.in_words());
            (language, Some(Fired::new("language", "ok", saw)))
        }
        Some(language) => english(format!(
            "in English: the words in {} are a draft that nobody has checked yet",
            language.in_words()
        )),
        None => english(format!("in English: there are no words in {}", language_in_words(&facts.language))),
    }
}

/// Whether a carer who reads this language can be told in it that something waits: the words are checked.
pub fn may_tell_meanwhile(policy: &Policy, language: &str) -> bool {
    let parts = standard::made_of(StandardKind::Meanwhile);
    Language::of(language).is_some_and(|language| policy.templates.ready(parts, language))
}

/// Puts a message into words for one carer. What the words name and is not known is never left blank: then there are none.
pub fn render(
    route: Route,
    facts: &LinkFacts,
    message: &MessageFacts,
    policy: &Policy,
    language: Language,
) -> Result<Rendered, Unsaid> {
    let mut saying = Saying::new(route, facts, message, policy, language);
    let words = match route {
        Route::Email => mail(&mut saying, facts, message, policy)?,
        Route::Text => match translation(route, facts, message) {
            Some(translation) => translated_text(translation, message.purpose, policy)?,
            None => text(&mut saying, message, policy)?,
        },
        Route::Call => script(facts, message, policy),
        Route::Letter => letter(&mut saying, facts, message, policy)?,
    };
    let language = match translation(route, facts, message) {
        Some(_) => facts.language.clone(),
        None => language.as_str().to_owned(),
    };
    Ok(Rendered { words, language, by: saying.by() })
}

/// What a mail or letter says, in its languages: a translation first, and then all of it in English.
fn sections(
    saying: &mut Saying<'_>,
    route: Route,
    facts: &LinkFacts,
    message: &MessageFacts,
    policy: &Policy,
) -> Result<Vec<Section>, Unsaid> {
    let mut sections = said(saying, message, policy)?;
    if let Some(translation) = translation(route, facts, message) {
        let title = translation.title.as_ref().map(|title| title.expose().clone());
        let words = translation.words.expose().clone();
        let translated = title.into_iter().chain([words, policy.school.name.clone()]).collect();
        if let Some(english) = sections.first_mut() {
            english.begin_with("In English:");
        }
        sections.insert(0, Section::translated(&facts.language, translated));
    }
    Ok(sections)
}

/// A translated text carries all of it, or there is none: a line of English that something is ready would tell its reader nothing.
fn translated_text(translation: &Translation, purpose: Purpose, policy: &Policy) -> Result<Words, Unsaid> {
    let TextUpdate::Full { max_parts } = policy.text_update else { return Err(Unsaid::TooLong) };
    if matches!(purpose, Purpose::Newsletter | Purpose::Report) {
        return Err(Unsaid::TooLong);
    }
    let title =
        translation.title.as_ref().map_or(String::new(), |title| format!("{} ", sentence(title.expose())));
    let body = format!("{}: {title}{}", policy.school.name, translation.words.expose());
    let body = tidy(&body).text;
    let parts = measure(&body).parts;
    if parts > max_parts {
        return Err(Unsaid::TooLong);
    }
    Ok(Words::Text { body: Private::new(body), full: true, whole: Some(parts) })
}

/// What a mail or letter says, in order: greeting, first line, a colleague's words, closing, the school.
fn said(saying: &mut Saying<'_>, message: &MessageFacts, policy: &Policy) -> Result<Vec<Section>, Unsaid> {
    let school = policy.school.name.clone();
    let mut paragraphs = Vec::with_capacity(5);
    match &message.about {
        About::Case(_) if message.purpose == Purpose::Acknowledgement => {
            return answer::acknowledgement(saying, &school);
        }
        About::Standard(about) => return standard::sections(saying, about.kind, &school),
        about => {
            paragraphs.push(saying.say(Part::Greeting)?);
            match about {
                About::Week(_) => paragraphs.push(saying.say(Part::UpdateOpening)?),
                About::Announcement(announced) => paragraphs.push(announced.title.expose().clone()),
                About::Case(_) | About::Standard(_) => {}
            }
            paragraphs.push(message.words.expose().trim().to_owned());
            paragraphs.push(match about {
                About::Case(_) => saying.say(Part::ReplyClosing)?,
                About::Week(_) | About::Announcement(_) | About::Standard(_) => saying.say(Part::Closing)?,
            });
        }
    }
    paragraphs.push(school);
    Ok(vec![Section::new(Language::English, paragraphs)])
}

fn subject(saying: &mut Saying<'_>, message: &MessageFacts) -> Result<String, Unsaid> {
    if let About::Standard(_) = &message.about {
        // The school's name, which is the same in every language.
        let mut english = saying.in_english();
        let said = english.say(Part::StandardSubject)?;
        saying.took(english);
        return Ok(said);
    }
    saying.say(match (&message.about, message.purpose) {
        (About::Week(_), _) => Part::UpdateSubject,
        (About::Announcement(_), _) => Part::AnnouncementSubject,
        (About::Standard(_), _) => Part::StandardSubject,
        (About::Case(_), Purpose::Acknowledgement) => Part::AcknowledgementSubject,
        (About::Case(_), _) => Part::ReplySubject,
    })
}

fn mail(
    saying: &mut Saying<'_>,
    facts: &LinkFacts,
    message: &MessageFacts,
    policy: &Policy,
) -> Result<Words, Unsaid> {
    let subject = subject(saying, message)?;
    let sections = sections(saying, Route::Email, facts, message, policy)?;
    let html = page(&policy.school.name, &sections, facts.format, None);
    Ok(Words::Mail {
        subject: Private::new(subject),
        plain: Private::new(plain_letter(&sections)),
        html: Private::new(html),
    })
}

fn plain_letter(sections: &[Section]) -> String {
    let all: Vec<_> = sections.iter().flat_map(Section::paragraphs).collect();
    all.join("\n\n") + "\n"
}

fn letter(
    saying: &mut Saying<'_>,
    facts: &LinkFacts,
    message: &MessageFacts,
    policy: &Policy,
) -> Result<Words, Unsaid> {
    let sections = sections(saying, Route::Letter, facts, message, policy)?;
    let block = address_block(facts);
    let letterhead = format!("{}\nTelephone {}", policy.school.name, policy.school.office_phone);
    let plain = format!("{block}\n\n{}", plain_letter(&sections));
    let html = Private::new(page(&policy.school.name, &sections, facts.format, Some((&letterhead, &block))));
    let sheet = Sheet {
        from: Private::new(letterhead),
        to: Private::from(block.as_str()),
        paragraphs: sections
            .iter()
            .flat_map(|section| {
                section.paragraphs().map(|said| (section.language().to_owned(), Private::from(said)))
            })
            .collect(),
        large_print: facts.format == Format::LargePrint,
    };
    Ok(Words::Letter { html, plain: Private::new(plain), sheet })
}

fn address_block(facts: &LinkFacts) -> String {
    // The one the gate chose, which is the first good one: a letter never goes where the last one came back from.
    let postal = || facts.addresses.iter().filter(|address| address.kind == AddressKind::Postal);
    let address = postal().find(|address| address.status == AddressStatus::Good).or_else(|| postal().next());
    let lines = address.map_or("", |address| address.value.expose());
    let title = facts.carer_name.title.expose().trim();
    let name = facts.carer_name.full();
    let named = if title.is_empty() { name.expose().clone() } else { format!("{title} {}", name.expose()) };
    format!("{named}\n{lines}")
}

/// A text is for information (R12): all of a message where the school sends so much by text and it fits, else that there is one.
fn text(saying: &mut Saying<'_>, message: &MessageFacts, policy: &Policy) -> Result<Words, Unsaid> {
    let (whole, notice) = match (&message.about, message.purpose) {
        (About::Week(_), _) => (Some(Part::UpdateText), Part::UpdateNotice),
        (About::Case(_), Purpose::Acknowledgement) => return answer::acknowledgement_text(saying),
        (About::Standard(about), _) => return standard::text(saying, about.kind),
        (About::Case(_), _) => (Some(Part::ReplyText), Part::ReplyNotice),
        // A newsletter never goes by text, nor anything about reports: it is told of.
        (About::Announcement(_), Purpose::Newsletter | Purpose::Report) => (None, Part::AnnouncementNotice),
        (About::Announcement(_), _) => (Some(Part::AnnouncementText), Part::AnnouncementNotice),
    };
    let mut parts = None;
    if let (Some(whole), TextUpdate::Full { max_parts }) = (whole, policy.text_update) {
        let body = tidy(&saying.tried(whole)?).text;
        let taken = measure(&body).parts;
        if taken <= max_parts {
            saying.was_said(whole);
            return Ok(Words::Text { body: Private::new(body), full: true, whole: Some(taken) });
        }
        parts = Some(taken);
    }
    let body = tidy(&saying.say(notice)?).text;
    Ok(Words::Text { body: Private::new(body), full: false, whole: parts })
}

#[cfg(test)]
mod tests;
