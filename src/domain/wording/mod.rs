//! The words of a message, from what a colleague wrote and the facts; `answer` has those of a case,
//! `announcement` those of a notice or newsletter. Everything here is pure and gives the same words each time.

mod announcement;
mod answer;
mod samples;

use std::fmt::Write as _;

pub use samples::{Sample, samples};

use liaison_channels::{
    private::Private,
    text::{measure, tidy},
};

use super::{
    people::{AddressKind, AddressStatus, Format, Purpose, Route},
    policy::{Policy, TextUpdate},
    rights::LinkFacts,
    route::{About, MessageFacts},
    time::{Date, day_in_words},
};

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
    /// Greeting, words and closing, each with its own lines.
    pub paragraphs: Vec<Private<String>>,
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

/// Puts a message into words for one carer.
pub fn render(route: Route, facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    match route {
        Route::Email => mail(facts, message, policy),
        Route::Text => text(facts, message, policy),
        Route::Call => script(facts, message, policy),
        Route::Letter => letter(facts, message, policy),
    }
}

struct Parts<'a> {
    subject: String,
    greeting: String,
    opening: String,
    words: &'a str,
    closing: String,
    school: &'a str,
    letterhead: String,
}

fn parts<'a>(facts: &LinkFacts, message: &'a MessageFacts, policy: &'a Policy, answer: &str) -> Parts<'a> {
    let school = policy.school.name.as_str();
    let (subject, opening, closing) = match &message.about {
        About::Week(week) => (
            format!("Weekly update from {school}, week of {}", day_in_words(*week)),
            week_opening(facts, school, *week),
            format!("{answer} the school office on {}.", policy.school.office_phone),
        ),
        About::Case(case) if message.purpose == Purpose::Acknowledgement => (
            answer::auto_subject(school, case),
            answer::thanks(case),
            answer::acknowledgement_closing(policy, case),
        ),
        About::Case(case) => (
            answer::reply_subject(school, case),
            answer::reply_opening(),
            answer::reply_closing(answer, policy, case),
        ),
        About::Announcement(announced) => (
            announcement::subject(school, message.purpose, announced),
            announced.title.expose().clone(),
            format!("{answer} the school office on {}.", policy.school.office_phone),
        ),
    };
    Parts {
        subject,
        greeting: format!("Dear {},", facts.carer_name.greeting().expose()),
        opening,
        words: message.words.expose().trim(),
        closing,
        school,
        letterhead: format!("{school}\nTelephone {}", policy.school.office_phone),
    }
}

fn week_opening(facts: &LinkFacts, school: &str, week: Date) -> String {
    format!(
        "Here is {}'s weekly update from {school}, for the week of {}.",
        facts.pupil_called.expose(),
        day_in_words(week)
    )
}

fn mail(facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    let parts = parts(facts, message, policy, "You can answer this email, or ring");
    let plain = plain_letter(&parts);
    let html = page(&parts, facts.format, None);
    Words::Mail { subject: Private::new(parts.subject), plain: Private::new(plain), html: Private::new(html) }
}

fn plain_letter(parts: &Parts<'_>) -> String {
    said(parts).join("\n\n") + "\n"
}

fn said<'a>(parts: &'a Parts<'_>) -> Vec<&'a str> {
    let paragraphs = [&parts.greeting, &parts.opening, parts.words, &parts.closing, parts.school];
    paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect()
}

fn letter(facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    let parts = parts(facts, message, policy, "If you would like to talk, ring");
    let block = address_block(facts);
    let plain = format!("{block}\n\n{}", plain_letter(&parts));
    let sheet = Sheet {
        from: Private::new(parts.letterhead.clone()),
        to: Private::from(block.as_str()),
        paragraphs: said(&parts).into_iter().map(Private::from).collect(),
        large_print: facts.format == Format::LargePrint,
    };
    let html = Private::new(page(&parts, facts.format, Some(&block)));
    Words::Letter { html, plain: Private::new(plain), sheet }
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

/// One HTML page, for a mail or for print. 12 point; 18 for large print, set left, no italics (`domain.md` §6).
fn page(parts: &Parts<'_>, format: Format, block: Option<&str>) -> String {
    let points = if format == Format::LargePrint { 18 } else { 12 };
    let mut html = String::with_capacity(900 + parts.words.len() * 2);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
         <style>@page {{ size: A4; margin: 25mm }} body {{ font: {points}pt/1.5 Arial, sans-serif; text-align: left; \
         max-width: 40em }} .to {{ white-space: pre-line; margin: 22mm 0 25mm }} .from {{ white-space: pre-line }}</style></head>\n<body>\n",
        Escaped(parts.school)
    );
    if let Some(block) = block {
        // 22 mm below the sender's lines, the block stands behind the window of a DL envelope.
        let _ = writeln!(
            html,
            "<p class=\"from\">{}</p>\n<p class=\"to\">{}</p>",
            Escaped(&parts.letterhead),
            Escaped(block)
        );
    }
    for paragraph in [parts.greeting.as_str(), parts.opening.as_str()].into_iter().filter(|p| !p.is_empty()) {
        let _ = writeln!(html, "<p>{}</p>", Escaped(paragraph));
    }
    paragraphs(&mut html, parts.words);
    paragraphs(&mut html, &parts.closing);
    let _ = writeln!(html, "<p>{}</p>\n</body></html>", Escaped(parts.school));
    html
}

/// Words of our own as the HTML of a mail.
pub(super) fn as_html(school: &str, words: &str) -> String {
    let mut html = String::with_capacity(200 + words.len() * 2);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n",
        Escaped(school)
    );
    paragraphs(&mut html, words);
    html.push_str("</body></html>\n");
    html
}

fn paragraphs(html: &mut String, words: &str) {
    for paragraph in words.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        html.push_str("<p>");
        for (n, line) in paragraph.lines().enumerate() {
            let _ = write!(html, "{}{}", if n == 0 { "" } else { "<br>\n" }, Escaped(line));
        }
        html.push_str("</p>\n");
    }
}

/// The longest first name a text carries whole, so that the notice always fits its part.
const TEXT_NAME: usize = 30;

fn text(facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    let school = &policy.school.name;
    let week = match &message.about {
        About::Week(week) => week.strftime("%-d %b"),
        About::Case(case) => return answer::text(message, case, policy),
        About::Announcement(announced) => return announcement::text(message, announced, policy),
    };
    let called: String = facts.pupil_called.expose().chars().take(TEXT_NAME).collect();
    let whole = format!("{school}: {called}'s update, week of {week}. {}", message.words.expose().trim());
    let notice = format!(
        "{school}: {called}'s update for the week of {week} is ready. Ring {} to hear it, or to ask for it by email.",
        policy.school.office_phone
    );
    whole_or_notice(&whole, &notice, policy)
}

/// All of it, where the school sends so much by text; otherwise the notice that it is there.
fn whole_or_notice(whole: &str, notice: &str, policy: &Policy) -> Words {
    let TextUpdate::Full { max_parts } = policy.text_update else { return only_notice(notice, None) };
    let whole = tidy(whole).text;
    let parts = measure(&whole).parts;
    if parts > max_parts {
        return only_notice(notice, Some(parts));
    }
    Words::Text { body: Private::new(whole), full: true, whole: Some(parts) }
}

/// Only that it is there; all of it would take so many parts, where it might go by text at all.
fn only_notice(notice: &str, whole: Option<usize>) -> Words {
    Words::Text { body: Private::new(tidy(notice).text), full: false, whole }
}

fn script(facts: &LinkFacts, message: &MessageFacts, policy: &Policy) -> Words {
    let what = match &message.about {
        About::Week(week) => {
            format!("Tell {}'s weekly update, week of {}", facts.pupil_called.expose(), day_in_words(*week))
        }
        About::Case(case) => format!("Give the school's answer to their message, case {}", case.code),
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
        None if super::route::reads_english(language) => None,
        None => Some(language_in_words(language)),
    }
}

/// The English name of a language families of the school commonly speak; otherwise the tag itself.
pub fn language_in_words(tag: &str) -> String {
    let name = match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "ar" => "Arabic",
        "bn" => "Bengali",
        "es" => "Spanish",
        "fr" => "French",
        "gu" => "Gujarati",
        "it" => "Italian",
        "lt" => "Lithuanian",
        "pa" => "Panjabi",
        "pl" => "Polish",
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

/// Text with the five characters HTML reads specially written out.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, special) = rest.split_at(at);
            f.write_str(before)?;
            let (character, after) = special.split_at(1);
            f.write_str(match character {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                "\"" => "&quot;",
                _ => "&#39;",
            })?;
            rest = after;
        }
        f.write_str(rest)
    }
}
