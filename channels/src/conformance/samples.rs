//! The messages the kit sends: each with a word of its own to know it by, and with what adapters stumble over.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    address::{EmailAddress, PhoneNumber},
    message::{Letter, Mail, OurRef, Outgoing, ProviderRef, Text},
    private::Private,
    sender::{Carries, Lookup},
};

use super::{Broken, Rig};

/// Words with what breaks on a wire: letters beyond ASCII, an emoji, signs that forms and markup escape, lines that are
/// a dot or begin with one, a line like a boundary, trailing space.
const TRICKY: &str =
    "Żółw, naïve, استاد, 😀 & + % = <b> \"quote\" 'one' \\ {x}\n.\n..two\n.dot\n--=_b--\nFrom here \n\nend";

/// The same without a letter beyond ASCII, which may travel unencoded.
const PLAIN: &str = "A plain & + % = <b> \"quote\" 'one' \\ {x}\n.\n..two\n.dot\n--=_b--\nFrom here\n\nend";

/// A message of the kit's, and what should be found of it on the other side.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) message: Outgoing,
    /// In nobody else's words.
    pub(super) token: String,
    pub(super) to: String,
    pub(super) words: String,
}

impl Sample {
    /// A message of the kind the rig's channel carries; `number` chooses the recipient, 0 to 999.
    pub(super) fn new(rig: &dyn Rig, number: u16) -> Result<Self, Broken> {
        let carries = rig.sender().limits().carries;
        let token = format!("tok{}", Uuid::now_v7().simple());
        let words = if number.is_multiple_of(2) { TRICKY } else { PLAIN };
        // A text has not the room for a line that mail has to fold.
        let long = if carries == Carries::Mail { "long ".repeat(400) } else { String::new() };
        Self::with_words(carries, number, token.clone(), format!("{token} {long}{words}"))
    }

    /// A message that the rig's channel does not carry.
    pub(super) fn of_the_wrong_kind(rig: &dyn Rig) -> Result<Self, Broken> {
        let carries = match rig.sender().limits().carries {
            Carries::Mail | Carries::Letter => Carries::Text,
            Carries::Text => Carries::Mail,
        };
        let token = format!("tok{}", Uuid::now_v7().simple());
        Self::with_words(carries, 0, token.clone(), token)
    }

    /// The same words to the same recipient, as another delivery.
    pub(super) fn twin(&self, rig: &dyn Rig, number: u16) -> Result<Self, Broken> {
        let carries = rig.sender().limits().carries;
        Self::with_words(carries, number, self.token.clone(), self.words.clone())
    }

    fn with_words(carries: Carries, number: u16, token: String, words: String) -> Result<Self, Broken> {
        let reference = OurRef(Uuid::now_v7());
        let unusable = || Broken("the kit's own address is not good".to_owned());
        let (message, to) = match carries {
            Carries::Mail => {
                let to = EmailAddress::parse(&format!("quillfeather.{number}@post.example"))
                    .map_err(|_| unusable())?;
                let written = to.expose().to_owned();
                (mail(reference, to, &words), written)
            }
            Carries::Text => {
                let to = PhoneNumber::parse(&format!("07700 900{number:03}")).map_err(|_| unusable())?;
                let written = to.expose().to_owned();
                (text(reference, to, &words), written)
            }
            Carries::Letter => {
                let to = format!("Zofia Quillfeather\n{number} Drama Lane\nNorthfield\nSW1A 1AA");
                (letter(reference, &to, &words), to)
            }
        };
        Ok(Self { message, token, to, words })
    }

    /// The question "did you take it?".
    pub(super) fn lookup<'a>(&'a self, since: Timestamp, known: &'a [ProviderRef]) -> Lookup<'a> {
        Lookup { reference: self.message.reference(), message: &self.message, since, known }
    }
}

// The kit stands where the gate stands: nothing it makes can reach a carer.
#[allow(
    clippy::disallowed_methods,
    reason = "a test kit for adapters makes messages to drama numbers and .example"
)]
fn mail(reference: OurRef, to: EmailAddress, words: &str) -> Outgoing {
    let html = format!("<p>{}</p>", words.replace('&', "&amp;").replace('<', "&lt;"));
    let mail = Mail {
        to,
        to_name: "Zofia Quillfeather".into(),
        subject: "Week 3: Żółw".into(),
        plain: words.into(),
        html: Private::new(html),
        language: "pl".to_owned(),
        manner: crate::message::Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(reference, mail)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test kit for adapters makes messages to drama numbers and .example"
)]
fn text(reference: OurRef, to: PhoneNumber, words: &str) -> Outgoing {
    Outgoing::text(reference, Text { to, body: words.into() })
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test kit for adapters makes letters to houses that are nowhere"
)]
fn letter(reference: OurRef, to: &str, words: &str) -> Outgoing {
    Outgoing::letter(reference, Letter { to: to.into(), words: words.into() })
}
