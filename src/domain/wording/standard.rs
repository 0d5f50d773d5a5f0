//! The words of a standard notice: in the carer's own language where those have been checked, with the English beneath. It greets
//! nobody and names no child, for whoever reads it may be a stranger.

use liaison_channels::{
    private::Private,
    text::{measure, tidy},
};

use super::{
    super::standard::StandardKind, Language, Words, check::MOST_TEXT_PARTS, page::Section, part::Part,
    saying::Saying, template::Unsaid,
};

/// What a notice of this kind is made of.
pub(super) const fn made_of(kind: StandardKind) -> &'static [Part] {
    match kind {
        StandardKind::ConfirmAddress => &[Part::ConfirmAddress],
        StandardKind::Meanwhile => &[Part::Meanwhile],
    }
}

/// What it says by email.
pub(super) fn sections(
    saying: &mut Saying<'_>,
    kind: StandardKind,
    school: &str,
) -> Result<Vec<Section>, Unsaid> {
    let language = saying.language();
    let mut sections = vec![Section::new(language, vec![said(saying, kind)?, school.to_owned()])];
    if language != Language::English {
        let mut english = saying.in_english();
        sections
            .push(Section::new(Language::English, vec!["In English:".to_owned(), said(&mut english, kind)?]));
        saying.took(english);
    }
    Ok(sections)
}

/// What it says by text.
pub(super) fn text(saying: &mut Saying<'_>, kind: StandardKind) -> Result<Words, Unsaid> {
    let mut body = said(saying, kind)?;
    if saying.language() != Language::English {
        let mut english = saying.in_english();
        body = format!("{body}\n{}", said(&mut english, kind)?);
        saying.took(english);
    }
    let body = tidy(&body).text;
    if measure(&body).parts > MOST_TEXT_PARTS {
        return Err(Unsaid::TooLong);
    }
    Ok(Words::Text { body: Private::new(body), full: true, whole: None })
}

fn said(saying: &mut Saying<'_>, kind: StandardKind) -> Result<String, Unsaid> {
    let all: Result<Vec<_>, _> = made_of(kind).iter().map(|part| saying.say(*part)).collect();
    Ok(all?.join("\n\n"))
}
