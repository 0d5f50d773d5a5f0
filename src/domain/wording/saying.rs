//! A message on its way into words of one language: what is filled in, and which words were used.

use std::sync::Arc;

use super::{
    super::{
        people::{Purpose, Route},
        policy::Policy,
        rights::LinkFacts,
        route::{About, MessageFacts},
        statutory::Statutory,
        time::{Date, day_in_full, day_in_words},
    },
    Language,
    announcement::sentence,
    fields::Fields,
    part::{Field, Part},
    set::Templates,
    template::Unsaid,
};

/// The longest first name a text carries whole, so that the notice always fits its part.
const TEXT_NAME: usize = 30;

/// What is needed to say any part of a message.
pub(super) struct Saying<'a> {
    of: Of<'a>,
    language: Language,
    fields: Arc<Fields>,
    /// The same for a subject line, in which nothing is set apart.
    subject: Arc<Fields>,
    by: Vec<&'a str>,
}

/// The message and whom it is for.
#[derive(Clone, Copy)]
struct Of<'a> {
    route: Route,
    facts: &'a LinkFacts,
    message: &'a MessageFacts,
    policy: &'a Policy,
}

impl<'a> Saying<'a> {
    pub(super) fn new(
        route: Route,
        facts: &'a LinkFacts,
        message: &'a MessageFacts,
        policy: &'a Policy,
        language: Language,
    ) -> Self {
        Self::of(Of { route, facts, message, policy }, language)
    }

    fn of(of: Of<'a>, language: Language) -> Self {
        // A call's words are the colleague's own.
        let filled =
            |apart| if of.route == Route::Call { Fields::default() } else { fields(of, language, apart) };
        let fields = Arc::new(filled(language));
        let subject =
            if language.is_rtl() { Arc::new(filled(Language::English)) } else { Arc::clone(&fields) };
        Self { of, language, fields, subject, by: Vec::with_capacity(5) }
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    /// The same message in English.
    pub(super) fn in_english(&self) -> Self {
        Self::of(self.of, Language::English)
    }

    /// Takes over which words another has used.
    pub(super) fn took(&mut self, other: Self) {
        self.by.extend(other.by);
    }

    fn templates(&self) -> &'a Templates {
        &self.of.policy.templates
    }

    /// Says a part.
    pub(super) fn say(&mut self, part: Part) -> Result<String, Unsaid> {
        let said = self.tried(part)?;
        self.was_said(part);
        Ok(said)
    }

    /// How a part would read.
    pub(super) fn tried(&self, part: Part) -> Result<String, Unsaid> {
        let fields = if part.is_subject() { &self.subject } else { &self.fields };
        self.templates().say(part, self.language, fields)
    }

    /// Notes that a part was said.
    pub(super) fn was_said(&mut self, part: Part) {
        self.by.extend(self.templates().get(part, self.language).map(|template| template.told.as_str()));
    }

    /// The versions of all words that were used.
    pub(super) fn by(&self) -> String {
        self.by.join("; ")
    }
}

fn fields(of: Of<'_>, language: Language, apart: Language) -> Fields {
    let Of { route, facts, message, policy } = of;
    let by_text = route == Route::Text;
    let dates = policy.templates.dates(language);
    let day = |day: Date, today: Date| match dates {
        Some(dates) => dates.say(day),
        None if by_text => day.strftime("%a %-d %b").to_string(),
        None => day_in_full(day, today),
    };
    let mut fields = Fields::default()
        .with(Field::School, &policy.school.name, apart)
        .with(Field::Phone, &policy.school.office_phone, apart)
        .with(Field::Name, facts.carer_name.addressed().as_ref().map_or("", |name| name.expose()), apart)
        .with_yes(Field::ByLetter, route == Route::Letter);
    if by_text {
        fields = fields.with(Field::Words, message.words.expose(), apart);
    }
    match &message.about {
        About::Week(week) => {
            let called = facts.pupil_called.expose();
            let short: String = called.chars().take(if by_text { TEXT_NAME } else { usize::MAX }).collect();
            let week = if by_text { week.strftime("%-d %b").to_string() } else { day_in_words(*week) };
            fields.with(Field::Pupil, &short, apart).with(Field::Week, &week, apart)
        }
        About::Announcement(announced) => {
            let title = announced.title.expose();
            let title = if by_text { sentence(title) } else { title.clone() };
            fields
                .with(Field::Title, &title, apart)
                .with(Field::Kind, message.purpose.in_words(), apart)
                .with_yes(Field::Urgent, message.purpose == Purpose::Urgent)
                .with_yes(Field::Newsletter, message.purpose == Purpose::Newsletter)
        }
        About::Standard(_) => fields,
        About::Case(case) => {
            fields = fields.with(Field::Reference, &case.code, apart).with_yes(Field::Holiday, case.holiday);
            if let Some(due) = case.due_day {
                fields = fields.with(Field::Day, &day(due, case.written), apart);
            }
            if message.purpose != Purpose::Acknowledgement {
                return fields;
            }
            let law = case.law.map(|(law, _)| law);
            fields = fields
                .with(Field::UrgentWords, &policy.acknowledge.urgent(&policy.school), apart)
                .with(Field::MoreWords, &policy.acknowledge.more_words, apart)
                .with_yes(Field::AsksForInformation, law == Some(Statutory::SubjectAccess))
                .with_yes(Field::ComplainsAboutData, law == Some(Statutory::DataComplaint));
            match case.law {
                // Whole also in a text: it is the law's day.
                Some((_, due)) => {
                    let due = dates.map_or_else(|| day_in_full(due, case.written), |dates| dates.say(due));
                    fields.with(Field::LawDay, &due, apart)
                }
                None => fields,
            }
        }
    }
}
