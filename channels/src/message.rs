//! A message on its way to one carer, and the references it is known by.

use std::fmt;

use uuid::Uuid;

use crate::{
    address::{EmailAddress, PhoneNumber},
    private::Private,
    sender::Carries,
};

/// The name of a configured channel, such as `school-mail`. Stored with every delivery; never changes once in use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(String);

impl ChannelId {
    /// Accepts 1 to 40 of `a-z 0-9 -`, starting with a letter: it appears in URLs, logs and file names.
    pub fn parse(text: &str) -> Result<Self, BadChannelId> {
        let fits = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(BadChannelId(text.to_owned())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A channel name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' cannot name a channel: use up to 40 small letters, digits and hyphens, starting with a letter"
)]
pub struct BadChannelId(String);

/// Our own reference of one delivery. The same at every attempt, so a repeat can be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OurRef(pub Uuid);

impl fmt::Display for OurRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// The provider's name for a message it took: a Twilio `SM…` SID, or our own Message-ID for mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderRef(pub String);

/// One message to one address, ready to be handed over.
///
/// Only the gate makes one: its constructors are forbidden everywhere else by `clippy.toml`, and
/// `tests/architecture.rs` holds that. There is no Cc, no Bcc and no second recipient, on purpose.
#[derive(Debug, Clone)]
pub struct Outgoing {
    reference: OurRef,
    parts: Parts,
}

/// What a message consists of, by the kind of channel that carries it.
#[derive(Debug, Clone)]
pub enum Parts {
    /// Goes by an email channel.
    Mail(Mail),
    /// Goes by a text channel.
    Text(Text),
    /// Goes to whoever prints and posts it.
    Letter(Letter),
}

impl Parts {
    /// The kind of channel it goes by.
    pub const fn carried_as(&self) -> Carries {
        match self {
            Self::Mail(_) => Carries::Mail,
            Self::Text(_) => Carries::Text,
            Self::Letter(_) => Carries::Letter,
        }
    }
}

/// An email to one address.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The one recipient.
    pub to: EmailAddress,
    /// How the recipient's name is shown in `To`.
    pub to_name: Private<String>,
    /// The subject line, any Unicode; never holds a line break (checked by [`Outgoing::mail`]).
    pub subject: Private<String>,
    /// The plain-text body, lines ending in `\n`.
    pub plain: Private<String>,
    /// The same as HTML.
    pub html: Private<String>,
    /// BCP 47 language of the body, for `Content-Language`.
    pub language: String,
    /// In what manner it is written; decides the headers that other machines look at.
    pub manner: Manner,
    /// The Message-ID it answers, without angle brackets.
    pub in_reply_to: Option<String>,
    /// `References`, oldest first, without angle brackets; ends with what it answers (RFC 5322 §3.6.4).
    pub thread: Vec<String>,
    /// Where the channel marks its `Reply-To`, this is the mark: an answer carries it back.
    pub reply_tag: Option<String>,
    /// Where one press ends newsletters for this carer (RFC 8058): an `https` address, for a newsletter alone.
    pub unsubscribe: Option<String>,
}

/// In what manner a mail is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// A colleague wrote it and it leaves on a timer, such as a weekly update: a person's words, not to be answered by a
    /// machine.
    #[default]
    Letter,
    /// A colleague answers a carer.
    Reply,
    /// Liaison answers by itself (RFC 3834): marked so, and sent with the null envelope sender where the server takes it.
    Automatic,
}

/// A text to one number.
#[derive(Debug, Clone)]
pub struct Text {
    /// The one recipient.
    pub to: PhoneNumber,
    /// The words, exactly as they are to arrive.
    pub body: Private<String>,
}

/// A letter to one household, to be printed and posted elsewhere.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who and where, as on the envelope: a line each, the name first, lines ending in `\n`.
    pub to: Private<String>,
    /// The words without address and letterhead: paragraphs, with an empty line between them.
    pub words: Private<String>,
}

impl Outgoing {
    /// An email. To be called by the gate alone.
    pub fn mail(reference: OurRef, mut mail: Mail) -> Self {
        // A line break in a header field would let words become headers (RFC 5322 §2.2).
        for field in [&mut mail.subject, &mut mail.to_name] {
            if field.expose().contains(|c: char| c.is_control()) {
                *field = Private::new(field.expose().replace(|c: char| c.is_control(), " "));
            }
        }
        // What came from outside goes into our headers only in the shape of a Message-ID (RFC 5322 §3.6.4).
        mail.in_reply_to = mail.in_reply_to.filter(|id| is_message_id(id));
        mail.thread.retain(|id| is_message_id(id));
        // The header stands for a promise that one POST is enough, which is kept by TLS alone (RFC 8058 §3.1).
        mail.unsubscribe = mail.unsubscribe.filter(|url| is_https(url));
        Self { reference, parts: Parts::Mail(mail) }
    }

    /// A text. To be called by the gate alone.
    pub const fn text(reference: OurRef, text: Text) -> Self {
        Self { reference, parts: Parts::Text(text) }
    }

    /// A letter. To be called by the gate alone.
    pub const fn letter(reference: OurRef, letter: Letter) -> Self {
        Self { reference, parts: Parts::Letter(letter) }
    }

    /// Our reference.
    pub const fn reference(&self) -> OurRef {
        self.reference
    }

    /// What it consists of.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }
}

/// Whether it is an address of the web that can stand in a header: by TLS, visible ASCII, no brackets.
fn is_https(url: &str) -> bool {
    url.len() <= 500
        && url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b','))
}

/// Whether it can stand between angle brackets: visible ASCII, no brackets, not absurdly long.
fn is_message_id(id: &str) -> bool {
    (3..=250).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b'"' | b'(' | b')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_by_tls_that_ends_no_header_can_end_newsletters() {
        assert!(is_https("https://liaison.northfield.example/newsletters/k7m"));
        for url in [
            "http://liaison.northfield.example/newsletters/k7m",
            "https://",
            "https://a.example/>\r\nBcc: x@y.example",
            "https://a.example/ b",
            "https://a.example/>,<mailto:x@y.example",
        ] {
            assert!(!is_https(url), "{url}");
        }
    }
}
