//! One part of a message as the school words it: a template that is checked before it counts, and bounded when it is filled in.

use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, value::ValueKind};
use ring::digest::{Context, SHA256};

use super::{
    super::{chronology::finish, seal::hex, time::Timestamp},
    fields::Fields,
    language::{Dates, Language},
    part::{Field, Part},
};

/// The most characters of a part's words.
pub const LONGEST_WORDS: usize = 2_000;
/// What filling in one part may cost: thousands of times what any honest one does, and a blink in all.
const FUEL: u64 = 100_000;
/// How many hexadecimal digits name a version, as with settings.
const DIGITS: usize = 12;

/// Whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They came with Liaison.
    Shipped,
    /// The school's own, since then.
    Own(Timestamp),
}

/// The words of a part in a language, as they count now.
#[derive(Debug, Clone)]
pub struct Template {
    /// The part.
    pub part: Part,
    /// The language.
    pub language: Language,
    /// The words, with fields in them.
    pub words: String,
    /// Whose they are.
    pub origin: Origin,
    /// Their version: 12 hexadecimal digits that follow from the words.
    pub version: String,
    /// Whether they may be used: English always, others once a named person has marked these very words as checked.
    pub reviewed: bool,
    /// The fields they name.
    pub(super) uses: Vec<Field>,
    /// Under which the engine knows them.
    pub(super) name: String,
    /// How a record of a message names them.
    pub(super) told: String,
}

impl Template {
    /// From words, unchecked but for their form; `Err` tells what is wrong with them.
    pub(super) fn new(
        engine: &mut Environment<'static>,
        (part, language): (Part, Language),
        words: &str,
        origin: Origin,
        dates: Option<&Dates>,
    ) -> Result<Self, String> {
        let name = format!("{part} {language}");
        engine.add_template_owned(name.clone(), words.to_owned()).map_err(|error| unreadable(&error))?;
        let named =
            engine.get_template(&name).map_err(|error| unreadable(&error))?.undeclared_variables(false);
        let mut uses = Vec::new();
        for field in named {
            let known = Field::parse(&field).ok().filter(|field| part.fields().contains(field));
            uses.push(known.ok_or_else(|| unknown(&field, words, part))?);
        }
        uses.sort_unstable();
        let version = version(part, language, words, dates);
        let whose = match origin {
            Origin::Shipped => "as shipped".to_owned(),
            Origin::Own(since) => format!(
                "the school's own since {}",
                super::super::time::dated(super::super::time::school_date(since))
            ),
        };
        let told = format!("{part}, {whose}, version {version}");
        let reviewed = language == Language::English;
        let words = words.to_owned();
        Ok(Self { part, language, words, origin, version, reviewed, uses, name, told })
    }
}

fn version(part: Part, language: Language, words: &str, dates: Option<&Dates>) -> String {
    let mut hash = Context::new(&SHA256);
    let dates = dates.map(Dates::said).unwrap_or_default();
    for piece in ["liaison words 1", part.as_str(), language.as_str(), &dates, words] {
        hash.update(piece.as_bytes());
        hash.update(b"\n");
    }
    hex(&finish(hash)).chars().take(DIGITS).collect()
}

/// Why a part could not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// Something it names is missing.
    Missing(Field),
    /// The words cannot be filled in; they were checked, so this is a fault of Liaison's.
    Broken,
    /// They go by this route whole or not at all, and are too long for it.
    TooLong,
}

/// An engine that knows no filter, function or test of its own, refuses what it does not know, and stops.
pub(super) fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_formatter(|out, _, value| match value.kind() {
        ValueKind::String | ValueKind::Number => {
            std::fmt::Write::write_fmt(out, format_args!("{value}")).map_err(Error::from)
        }
        _ => Err(Error::new(ErrorKind::InvalidOperation, NOTHING_TO_SAY)),
    });
    engine
}

/// The engine's fault where a field without a value, or one that only answers yes or no, is to be written.
const NOTHING_TO_SAY: &str = "this is not to be written";

/// Fills in a part. What it names and is not known is missing; nothing is ever written in its place.
pub(super) fn fill(
    engine: &Environment<'static>,
    template: &Template,
    fields: &Arc<Fields>,
) -> Result<String, Unsaid> {
    let missing = template.uses.iter().find(|field| !field.may_be_missing() && !fields.has(**field));
    if let Some(field) = missing {
        return Err(Unsaid::Missing(*field));
    }
    engine
        .get_template(&template.name)
        .and_then(|template| template.render(Value::from_dyn_object(Arc::clone(fields))))
        .map_err(|_| Unsaid::Broken)
}

/// What is wrong with words that cannot be filled in with these fields, in a sentence.
pub(super) fn faults(
    engine: &Environment<'static>,
    template: &Template,
    fields: &Arc<Fields>,
) -> Result<String, String> {
    let filled = engine
        .get_template(&template.name)
        .and_then(|template| template.render(Value::from_dyn_object(Arc::clone(fields))));
    filled.map_err(|error| {
        if error.detail() != Some(NOTHING_TO_SAY) {
            return unreadable(&error);
        }
        let unset = template.uses.iter().find(|field| field.is_question() || !fields.has(**field));
        let line = at_line(&error);
        match unset {
            Some(field) if field.is_question() => format!(
                "{line}{{{{ {field} }}}} only answers yes or no: ask it, as in {{% if {field} %}} … {{% endif %}}"
            ),
            Some(field) => format!(
                "{line}{{{{ {field} }}}} may be missing: write it inside {{% if {field} %}} … {{% endif %}}"
            ),
            None => format!("{line}something between {{{{ and }}}} is neither words nor a number"),
        }
    })
}

fn at_line(error: &Error) -> String {
    error.line().map_or_else(String::new, |line| format!("line {line}: "))
}

fn unreadable(error: &Error) -> String {
    let line = at_line(error);
    match error.kind() {
        ErrorKind::OutOfFuel => format!("{line}this goes on without end, or grows far too long"),
        ErrorKind::UndefinedError => format!("{line}this names something that does not exist"),
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
            format!("{line}only fields can be filled in here; there are no functions or filters")
        }
        ErrorKind::SyntaxError => format!(
            "{line}what stands between {{{{ and }}}}, or {{% and %}}, cannot be read ({})",
            error.detail().unwrap_or("something is missing")
        ),
        _ => format!("{line}this cannot be worked out"),
    }
}

fn unknown(field: &str, words: &str, part: Part) -> String {
    let line = words.lines().position(|line| line.contains(field)).map_or(1, |line| line + 1);
    let known: Vec<_> = part.fields().iter().map(|field| field.as_str()).collect();
    format!("line {line}: nothing is called {field} here; there are {}", known.join(", "))
}
