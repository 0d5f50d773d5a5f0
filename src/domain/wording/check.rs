//! Whether words may count, and how they read: each part is filled in with every mixture of what a message may have and lack.

use std::sync::Arc;

use liaison_channels::text::{Encoding, measure};
use minijinja::Environment;

use super::{
    super::{
        policy::Policy,
        time::{Date, day_in_full},
    },
    fields::Fields,
    language::{Dates, Language},
    part::{Field, Part},
    template::{LONGEST_WORDS, Origin, Template, engine, faults},
};

/// The most characters of a part once it is filled in with our examples.
const LONGEST_FILLED: usize = 4_000;
/// The most parts that a text of our own may take: what every provider carries.
pub const MOST_TEXT_PARTS: usize = 8;

/// How words read for one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// What the example is: `in the holidays`.
    pub when: String,
    /// How it reads.
    pub words: String,
}

impl Reads {
    /// Whether it is the example that most messages are like.
    pub fn is_usual(&self) -> bool {
        self.when == USUALLY
    }

    /// What the example is, as a heading.
    pub fn in_words(&self) -> String {
        super::super::explain::capital(&self.when)
    }

    /// How long it is as a text: `152 characters, 1 part`.
    pub fn length(&self) -> String {
        text_length(&self.words)
    }
}

/// How long words are as a text: `152 characters, 1 part`.
pub fn text_length(words: &str) -> String {
    let measured = measure(words);
    let parts = if measured.parts == 1 { "part" } else { "parts" };
    let short =
        if measured.encoding == Encoding::Ucs2 { "; a letter in it makes each part shorter" } else { "" };
    format!("{} characters, {} {parts}{short}", words.chars().count(), measured.parts)
}

/// What the example is called that most messages are like.
const USUALLY: &str = "usually";

/// How a part's words read, example by example; `Err` is a sentence that says what must be mended, by line or by field.
pub fn read_words(
    (part, language): (Part, Language),
    words: &str,
    policy: &Policy,
    today: Date,
    due: Date,
) -> Result<Vec<Reads>, String> {
    if words.trim().is_empty() {
        return Err("write at least one word".to_owned());
    }
    if words.chars().count() > LONGEST_WORDS {
        return Err(format!("write at most {LONGEST_WORDS} characters"));
    }
    let mut engine = engine();
    let dates = policy.templates.dates(language);
    let template = Template::new(&mut engine, (part, language), words, Origin::Shipped, dates)?;
    let mut shown = Vec::new();
    for example in examples(part) {
        let fields = Arc::new(example.fields(part, language, dates, policy, (today, due)));
        let words = one(&engine, &template, &fields, &example)?;
        if example.is_shown() {
            shown.push(Reads { when: example.in_words(), words });
        }
    }
    shown.sort_by_key(|reads| !reads.is_usual());
    Ok(shown)
}

fn one(
    engine: &Environment<'static>,
    template: &Template,
    fields: &Arc<Fields>,
    example: &Example,
) -> Result<String, String> {
    let part = template.part;
    let words = faults(engine, template, fields)?;
    let when = example.in_words();
    if words.trim().is_empty() {
        return Err(format!("nothing is said {when}: write what stands there then"));
    }
    if words.chars().count() > LONGEST_FILLED {
        return Err(format!("far too much is said {when}"));
    }
    if part.is_line() && words.trim().contains('\n') {
        return Err("this is one line: leave the line break out".to_owned());
    }
    let unsaid =
        part.must_say().iter().find(|field| fields.text(**field).is_some_and(|value| !words.contains(value)));
    if let Some(field) = unsaid {
        return Err(format!("{{{{ {field} }}}} must be said, {}, {when}", field.in_words()));
    }
    let parts = if part.is_text() { measure(&words).parts } else { 0 };
    if parts > MOST_TEXT_PARTS {
        return Err(format!("a text of {parts} parts is too long {when}: {MOST_TEXT_PARTS} are the most"));
    }
    Ok(words)
}

/// One mixture: which of the fields that may be missing are there.
struct Example {
    there: Vec<Field>,
    /// Whether a day could be named, and is not.
    lacks_day: bool,
}

/// Every mixture of what a part may lack.
fn examples(part: Part) -> Vec<Example> {
    let may: Vec<Field> = part
        .fields()
        .iter()
        .copied()
        .filter(|field| field.may_be_missing() && *field != Field::LawDay)
        .collect();
    let all = (0..1_u32 << may.len()).map(|mask| {
        let there: Vec<_> =
            may.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0).map(|(_, field)| *field).collect();
        Example { lacks_day: may.contains(&Field::Day) && !there.contains(&Field::Day), there }
    });
    all.filter(Example::can_be).collect()
}

impl Example {
    fn has(&self, field: Field) -> bool {
        self.there.contains(&field)
    }

    /// A message is taken for one thing or the other, as a notice is.
    fn can_be(&self) -> bool {
        let both = |one, other| self.has(one) && self.has(other);
        !both(Field::AsksForInformation, Field::ComplainsAboutData) && !both(Field::Urgent, Field::Newsletter)
    }

    /// Whether a page shows it: the usual one, and those that differ from it in one thing.
    fn is_shown(&self) -> bool {
        let others = self.there.iter().filter(|field| **field != Field::Day).count();
        others + usize::from(self.lacks_day) <= 1
    }

    fn in_words(&self) -> String {
        let no_day = self.lacks_day.then_some("where no day is named");
        let others = self.there.iter().filter_map(|field| match field {
            Field::Holiday => Some("in the holidays"),
            Field::AsksForInformation => Some("where the message may ask for information"),
            Field::ComplainsAboutData => Some("where the message may complain about data"),
            Field::MoreWords => Some("where the school says more"),
            Field::Urgent => Some("for an urgent notice"),
            Field::Newsletter => Some("for a newsletter"),
            Field::ByLetter => Some("in a letter"),
            _ => None,
        });
        let all: Vec<_> = others.chain(no_day).collect();
        if all.is_empty() { USUALLY.to_owned() } else { all.join(", ") }
    }

    fn fields(
        &self,
        part: Part,
        language: Language,
        dates: Option<&Dates>,
        policy: &Policy,
        (today, due): (Date, Date),
    ) -> Fields {
        let day = |day: Date| match dates {
            Some(dates) => dates.say(day),
            None if part.is_text() => day.strftime("%a %-d %b").to_string(),
            None => day_in_full(day, today),
        };
        // Where the settings name no school or number yet, words can be written all the same.
        let or = |said: &str, example: &str| {
            if said.trim().is_empty() { example.to_owned() } else { said.to_owned() }
        };
        let kind = if self.has(Field::Urgent) { "urgent notice" } else { "notice" };
        let set_apart = if part.is_subject() { Language::English } else { language };
        let mut fields = Fields::default();
        for field in part.fields().iter().copied() {
            let value = match field {
                Field::School => or(&policy.school.name, "Our School"),
                Field::Phone => or(&policy.school.office_phone, "01632 960000"),
                Field::Name => "Ms Example".to_owned(),
                Field::Pupil => "Robin".to_owned(),
                Field::Week => day(super::super::time::week_of(today)),
                Field::Reference => "7K2M-9QXA".to_owned(),
                Field::UrgentWords => policy.acknowledge.urgent(&policy.school),
                Field::Words => "The coat is on the peg by the door.".to_owned(),
                Field::Title => "The summer fair.".to_owned(),
                Field::Kind => kind.to_owned(),
                Field::Day if self.has(field) => day(due),
                Field::LawDay
                    if self.has(Field::AsksForInformation) || self.has(Field::ComplainsAboutData) =>
                {
                    day(due.tomorrow().unwrap_or(due))
                }
                Field::MoreWords if self.has(field) => "We read messages from 8 to 4.".to_owned(),
                _ if field.is_question() => {
                    fields = fields.with_yes(field, self.has(field));
                    continue;
                }
                _ => continue,
            };
            fields = fields.with(field, &value, set_apart);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::wording::{Templates, tests::policy};

    fn reads(part: Part, words: &str) -> Result<Vec<Reads>, String> {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        read_words((part, Language::English), words, &policy(), day("2026-12-18"), day("2027-01-07"))
    }

    #[test]
    fn every_shipped_part_in_every_language_reads_in_every_mixture() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        for language in Language::ALL {
            for template in Templates::shipped().of(*language) {
                let which = (template.part, *language);
                let read =
                    read_words(which, &template.words, &policy(), day("2026-12-18"), day("2027-01-07"));
                let read = read.unwrap_or_else(|fault| panic!("{which:?}: {fault}"));
                assert!(!read.is_empty());
                for one in read {
                    assert!(!one.words.contains(['{', '}', '%']), "{which:?}: {}", one.words);
                    assert!(!one.words.contains("  "), "{which:?}: {}", one.words);
                    let cedilla = ['\u{15f}', '\u{163}', '\u{15e}', '\u{162}'];
                    assert!(*language != Language::Romanian || !one.words.contains(cedilla), "{}", one.words);
                }
            }
        }
    }

    #[test]
    fn words_that_could_go_wrong_in_any_message_are_refused_with_what_to_mend() {
        let part = Part::AcknowledgementLine;
        for (words, said) in [
            ("", "write at least one word"),
            ("  \n ", "write at least one word"),
            ("Answered by {{ day }", "line 1: what stands between {{ and }}"),
            ("Yes.\n{% if day %}by {{ day }}", "cannot be read"),
            (
                "Dear {{ nmae }}, {% if day %}{{ day }}{% endif %}",
                "line 1: nothing is called nmae here; there are school, phone, day",
            ),
            ("One\ntwo {{ pupil }}", "line 2: nothing is called pupil here"),
            ("By {{ day }}", "line 1: {{ day }} may be missing: write it inside {% if day %}"),
            ("{% if day %}By {{ day }}.{% endif %}", "nothing is said where no day is named"),
            ("We have it.", "{{ day }} must be said"),
            ("{% if day %}{{ day }}{% endif %} {{ 'x' * 2000000000 }}", "without end"),
            (
                "{% for a in 'xxxxxxxxxx' %}{% for b in 'xxxxxxxxxx' %}{% for c in 'xxxxxxxxxx' %}{% for d in 'xxxxxxxxxx' %}\
                 {% for e in 'xxxxxxxxxx' %}{% for f in 'xxxxxxxxxx' %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}\
                 {% endfor %}{% endfor %}",
                "without end",
            ),
            ("{% for a in range(9) %}x{% endfor %}", "nothing is called range here"),
            ("{{ school|upper }}", "no functions or filters"),
            ("{{ school.secret }}", "does not exist"),
            ("{% include 'other' %}", "cannot be read"),
        ] {
            let fault = reads(part, words).expect_err(words);
            assert!(fault.contains(said), "{words}: {fault}");
        }
        let question = reads(Part::Closing, "{{ phone }} {{ by_letter }}").expect_err("a question");
        assert!(question.contains("only answers yes or no"), "{question}");
        let lines = reads(Part::Greeting, "Dear\n{{ name }}").expect_err("two lines");
        assert!(lines.contains("one line"), "{lines}");
        let long = "x".repeat(LONGEST_WORDS - 40) + "{% if day %}{{ day }}{% endif %}";
        assert!(reads(part, &long).expect_err("a long text").contains("too long"));
    }

    #[test]
    fn the_examples_that_are_shown_are_the_usual_one_and_what_differs_in_one_thing() {
        let shown = reads(Part::AcknowledgementLine, "We have it{% if day %} till {{ day }}{% endif %}.");

        let shown: Vec<_> = shown.expect("good words").into_iter().map(|one| (one.when, one.words)).collect();
        let both = [("usually", "We have it till Thu 7 Jan."), ("where no day is named", "We have it.")];
        assert_eq!(shown, both.map(|(when, words)| (when.to_owned(), words.to_owned())));
    }
}
