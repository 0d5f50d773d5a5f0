//! Texts that arrive, as their provider tells of them.

use std::collections::{BTreeMap, HashSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use crate::{address::PhoneNumber, message::ProviderRef, open, private::Private, receipt::Receipt};

/// How the kept bytes of something that arrived are to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawForm(&'static str);

/// Reads kept bytes of one form as they were read when they came. `None` when they are not in the form's documented shape.
pub type ReadAgain = fn(&[u8]) -> Option<ArrivedText>;

impl RawForm {
    /// A mail (RFC 5322).
    pub const MAIL: Self = Self("mail");
    /// The parts of one long text, each in its own form, JSON: see [`joined`].
    pub const JOINED_TEXT: Self = Self("joined_text");

    /// A form of a provider's, by the word that is stored beside the bytes. It lies in databases for years: it never
    /// changes, and no other form ever gets it. Only the forms that a kind on the list names are read again.
    pub(crate) const fn new(word: &'static str) -> Self {
        Self(word)
    }

    /// All of them: ours, and those of every kind on the list.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::MAIL, Self::JOINED_TEXT].into_iter().chain(of_providers().map(|(form, _)| form))
    }

    /// The word stored beside the bytes.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::all().find(|form| form.as_str() == word)
    }
}

/// The forms in which providers tell of texts.
fn of_providers() -> impl Iterator<Item = (RawForm, ReadAgain)> {
    open::listed().flat_map(|kind| kind.forms).copied()
}

/// Which part of a long text this is, where the provider delivers the parts one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPart {
    /// The same in all parts of one text from one number.
    pub of: String,
    /// From 1.
    pub number: u16,
    /// How many there are.
    pub total: u16,
}

/// A text as its provider told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedText {
    /// The provider's name for it: by it a repeat is known.
    pub reference: ProviderRef,
    /// Who sent it, as the provider writes it; not always a number.
    pub from: Private<String>,
    /// Which of our numbers it came to.
    pub to: Private<String>,
    /// The words.
    pub body: Private<String>,
    /// How many pictures or files came with it, which stay with the provider.
    pub media: u16,
    /// Which part of a long text it is; `None`: it is whole.
    pub part: Option<TextPart>,
    /// When the provider took it, if it says.
    pub sent_at: Option<Timestamp>,
    /// What the provider itself has made of it, if it says: it blocks and answers by keywords of its own, which need not be
    /// ours.
    pub opt_out: Option<OptOut>,
}

/// What a provider has made of a text that is one of its keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptOut {
    /// The sender wants no more texts, and the provider lets none of ours through.
    Stop,
    /// The sender wants texts again, and the provider lets them through.
    Start,
    /// The sender asked what this is, and the provider has answered.
    Help,
}

impl ArrivedText {
    /// The number it came from, if it came from one. Some providers leave out the `+` of a number in E.164 form.
    pub fn sender(&self) -> Option<PhoneNumber> {
        let from = self.from.expose();
        PhoneNumber::parse(from).or_else(|_| PhoneNumber::parse(&format!("+{from}"))).ok()
    }
}

/// A text with the bytes it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptText {
    /// What it says.
    pub text: ArrivedText,
    /// How `raw` is to be read again.
    pub form: RawForm,
    /// The bytes as they came: a post's body, or one element of a list.
    pub raw: Private<Vec<u8>>,
}

/// Something a provider posted to us, believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// How far a message of ours has come.
    Receipt(Receipt),
    /// A text from somebody.
    Text(Box<KeptText>),
}

/// Reads kept bytes again, without their signature, which was checked before they were kept. `None` when they are not
/// in the form's documented shape.
pub fn read_text(form: RawForm, raw: &[u8]) -> Option<ArrivedText> {
    if form == RawForm::JOINED_TEXT {
        let parts: Vec<(String, String)> = serde_json::from_slice(raw).ok()?;
        let parts: Option<Vec<_>> = parts.iter().map(|(form, raw)| read_part(form, raw)).collect();
        return parts.and_then(|parts| join_what_came(&parts));
    }
    let (_, read) = of_providers().find(|(known, _)| *known == form)?;
    read(raw)
}

/// A sender's number with its plus, where a provider writes one that starts with its country's code without. Short codes,
/// national numbers and names stay as they are.
pub(crate) fn with_plus(number: &str) -> String {
    let international = (8..=15).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|b| b.is_ascii_digit());
    if international { format!("+{number}") } else { number.to_owned() }
}

/// The texts of a list that runs from new to old, oldest first and each once: a text that arrives while the list is read
/// pushes the last of one page to the next.
pub(crate) fn oldest_first(mut texts: Vec<KeptText>) -> Vec<KeptText> {
    // Reversed first, so that texts of the same second stay in order, too.
    texts.reverse();
    texts.sort_by_key(|kept| kept.text.sent_at);
    let mut seen = HashSet::new();
    texts.retain(|kept| seen.insert(kept.text.reference.clone()));
    texts
}

/// The bytes of a text that was joined from these parts, to be kept as [`RawForm::JOINED_TEXT`]: every part as it came.
pub fn joined(parts: &[(RawForm, &[u8])]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|(form, raw)| (form.as_str(), STANDARD.encode(raw))).collect();
    serde_json::to_vec(&parts).unwrap_or_default()
}

fn read_part(form: &str, raw: &str) -> Option<ArrivedText> {
    let form = RawForm::parse(form).filter(|form| *form != RawForm::JOINED_TEXT)?;
    read_text(form, &STANDARD.decode(raw).ok()?)
}

/// What stands in the words for parts that never came.
const MISSING: &str = " […] ";

/// Joins the parts of one long text, in whatever order they came and however often each. `None` until every part from
/// the first to the last is there, and for anything that is not the parts of one text between the same two numbers, or
/// where one part is told in two ways.
///
/// The whole has the first part's reference, the earliest time, and no [`ArrivedText::part`].
pub fn join(parts: &[ArrivedText]) -> Option<ArrivedText> {
    let (total, found) = in_order(parts)?;
    let whole = found.len() == usize::from(total);
    let same = parts
        .iter()
        .all(|part| number(part).and_then(|n| found.get(&n)).is_some_and(|first| first.body == part.body));
    (whole && same).then(|| glue(total, &found)).flatten()
}

/// Joins what came of a long text when the wait for the rest is over: like [`join`], but with " […] " where parts are
/// missing, and with the reference of the first part there. Where a part is told in two ways, the first is taken.
/// `None` when there is nothing to join.
pub fn join_what_came(parts: &[ArrivedText]) -> Option<ArrivedText> {
    let (total, found) = in_order(parts)?;
    glue(total, &found)
}

fn number(text: &ArrivedText) -> Option<u16> {
    text.part.as_ref().map(|part| part.number)
}

/// How many parts there should be, and those there, by number. `None` if they are not of one text.
fn in_order(parts: &[ArrivedText]) -> Option<(u16, BTreeMap<u16, &ArrivedText>)> {
    let first = parts.first()?;
    let TextPart { of, total, .. } = first.part.as_ref()?;
    let mut found = BTreeMap::new();
    for text in parts {
        let part = text.part.as_ref()?;
        let fits = (&part.of, part.total, &text.from, &text.to) == (of, *total, &first.from, &first.to);
        if !fits || !(1..=*total).contains(&part.number) {
            return None;
        }
        found.entry(part.number).or_insert(text);
    }
    Some((*total, found))
}

fn glue(total: u16, found: &BTreeMap<u16, &ArrivedText>) -> Option<ArrivedText> {
    let mut body = String::new();
    let mut expected = 1;
    for (number, part) in found {
        if *number != expected {
            body.push_str(MISSING);
        }
        body.push_str(part.body.expose());
        expected = number.saturating_add(1);
    }
    if found.last_key_value().is_some_and(|(last, _)| *last != total) {
        body.push_str(MISSING);
    }
    let first = *found.first_key_value()?.1;
    Some(ArrivedText {
        body: body.into(),
        media: found.values().fold(0, |sum, part| part.media.saturating_add(sum)),
        part: None,
        sent_at: found.values().filter_map(|part| part.sent_at).min(),
        ..first.clone()
    })
}

#[cfg(test)]
#[path = "inbound_tests.rs"]
mod tests;
