//! The words of an acknowledgement: it names no pupil and repeats nothing of the message (R36), and goes in the carer's own
//! language where those words have been checked, with the English beneath so that every colleague can read what was sent.

use liaison_channels::{
    private::Private,
    text::{measure, tidy},
};

use super::{
    super::people::Route, Language, Words, check::MOST_TEXT_PARTS, page::Section, part::Part, saying::Saying,
    template::Unsaid,
};

/// What an acknowledgement by this route is made of: it goes in a language only where all of it may.
pub(super) const fn made_of(route: Route) -> &'static [Part] {
    match route {
        Route::Text => &[Part::AcknowledgementText],
        Route::Email | Route::Call | Route::Letter => {
            &[Part::AcknowledgementSubject, Part::Acknowledgement, Part::AcknowledgementClosing]
        }
    }
}

/// What an acknowledgement by email says. In English it greets by name; other languages would have to know more of the reader
/// than we do, and begin with the thanks.
pub(super) fn acknowledgement(saying: &mut Saying<'_>, school: &str) -> Result<Vec<Section>, Unsaid> {
    let language = saying.language();
    let greeting = if language == Language::English { Some(saying.say(Part::Greeting)?) } else { None };
    let mut sections = Vec::with_capacity(2);
    let said =
        [saying.say(Part::Acknowledgement)?, saying.say(Part::AcknowledgementClosing)?, school.to_owned()];
    sections.push(Section::new(language, greeting.into_iter().chain(said).collect()));
    if language != Language::English {
        let mut english = saying.in_english();
        let said = vec![
            "In English:".to_owned(),
            english.say(Part::Acknowledgement)?,
            english.say(Part::AcknowledgementClosing)?,
        ];
        saying.took(english);
        sections.push(Section::new(Language::English, said));
    }
    Ok(sections)
}

/// An acknowledgement by text: in another language with one line of English beneath. Where even that would be longer than a
/// provider carries, there is no such text, and it goes in English.
pub(super) fn acknowledgement_text(saying: &mut Saying<'_>) -> Result<Words, Unsaid> {
    let mut body = saying.say(Part::AcknowledgementText)?;
    if saying.language() != Language::English {
        let mut english = saying.in_english();
        body = format!("{body}\n{}", english.say(Part::AcknowledgementLine)?);
        saying.took(english);
        if measure(&tidy(&body).text).parts > MOST_TEXT_PARTS {
            return Err(Unsaid::TooLong);
        }
    }
    Ok(Words::Text { body: Private::new(tidy(&body).text), full: true, whole: None })
}
