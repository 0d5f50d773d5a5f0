//! What one request to a webhook proves and tells, for an operator who asks why a text did not come.
//!
//! Nothing here is believed by the daemon: it knows its own address and its channels' secrets, and asks the channel's
//! [`Callback`](crate::receipt::Callback). Here everything is given by hand.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use crate::{
    inbound::{ArrivedText, Event, TextPart},
    open,
    private::Private,
    receipt::{NotBelieved, Progress, Receipt},
};

/// Bytes of a body that are looked at. No provider's post comes near.
const LARGEST_BODY: usize = 1024 * 1024;
/// Fields of a form that are looked at. A provider's post has a few dozen.
const MOST_FIELDS: usize = 10_000;
/// Bytes of an address, and of all headers together, that are looked at.
const LARGEST_HEAD: usize = 256 * 1024;

/// What a request to a webhook proves and tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookReading {
    /// Whether the signature proves it to come from the provider, unchanged.
    pub accepted: bool,
    /// One plain sentence: what was found, or what is wrong and where to look. Holds neither the secret nor anything
    /// of the body.
    pub reason: String,
    /// What it tells of. Empty if it is not accepted, or tells of nothing we use.
    pub events: Vec<EventReading>,
}

/// One thing a request tells of. Personal data leaves by serialising it, and not by printing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum EventReading {
    /// A text from somebody.
    Text {
        /// The provider's name for it.
        id: String,
        /// Who sent it, as the provider writes it.
        #[serde(serialize_with = "exposed")]
        from: Private<String>,
        /// Which of our numbers it came to.
        #[serde(serialize_with = "exposed")]
        to: Private<String>,
        /// The words.
        #[serde(serialize_with = "exposed")]
        body: Private<String>,
        /// How many pictures or files came with it.
        media: u16,
        /// Which part of a long text it is; `None`: it is whole.
        part: Option<PartReading>,
    },
    /// How far a message of ours has come.
    Receipt {
        /// The provider's name for it.
        id: String,
        /// The provider's word for how far it has come.
        status: String,
        /// Ours: `accepted`, `sent`, `delivered` or `failed`.
        progress: &'static str,
        /// The provider's error code.
        code: Option<String>,
        /// Our reference, where the address carries it.
        ours: Option<String>,
    },
}

/// Which part of a long text it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReading {
    /// The same in all parts of one text from one number.
    pub of: String,
    /// From 1.
    pub number: u16,
    /// How many there are.
    pub total: u16,
}

/// One request, with everything given by hand.
#[derive(Debug, Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// The whole address as the provider called it.
    pub url: &'a str,
    /// Header names in lower case, with values.
    pub headers: &'a [(String, String)],
    /// What the provider proves its posts with; its kind says which of its secrets that is.
    pub secret: &'a SecretString,
    /// The raw body.
    pub body: &'a [u8],
}

/// How a kind reads one request as the daemon would. How long ago it was signed does not matter here.
pub type ReadWebhook = fn(&WebhookRequest<'_>) -> WebhookReading;

/// The kinds of which a request can be read.
pub fn webhook_kinds() -> impl Iterator<Item = &'static str> {
    readers().map(|(kind, _)| kind)
}

fn readers() -> impl Iterator<Item = (&'static str, ReadWebhook)> {
    open::listed().filter_map(|kind| Some((kind.name, kind.webhook?)))
}

/// Reads one request as the daemon would, with everything given by hand: the provider (one of [`webhook_kinds`]), the whole
/// address as the provider called it, the headers in any case, the secret and the raw body. Never fails: what is wrong is in
/// the reading. Bodies over one MiB are refused unread.
pub fn inspect_webhook(
    kind: &str,
    url: &str,
    headers: &[(String, String)],
    secret: &str,
    body: &[u8],
) -> WebhookReading {
    let refused = WebhookReading::refused;
    if secret.trim().is_empty() {
        return refused("the secret is empty, so nothing can be proved");
    }
    if body.len() > LARGEST_BODY {
        return refused("the body is larger than 1 MiB, which no provider posts, and was not read");
    }
    let head = headers.iter().fold(url.len(), |sum, (name, value)| sum + name.len() + value.len());
    if head > LARGEST_HEAD || body.split(|byte| *byte == b'&').nth(MOST_FIELDS).is_some() {
        return refused("the address, the headers or the number of fields is beyond what any provider posts");
    }
    let Some((_, read)) = readers().find(|(known, _)| *known == kind) else {
        let known: Vec<_> = webhook_kinds().collect();
        return refused(&format!("this kind of webhook is not known: the kinds are {}", known.join(", ")));
    };
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
    // As it stands in a file, which may end with a line break.
    let secret = SecretString::from(secret.trim());
    read(&WebhookRequest { url, headers: &headers, secret: &secret, body })
}

impl WebhookReading {
    /// What a request tells whose proof, named as in "the signature", is right.
    pub(crate) fn told<E: Into<EventReading>>(proof: &str, event: Result<E, NotBelieved>) -> Self {
        let (reason, events) = match event.map(Into::into) {
            Ok(event) => {
                let what = match event {
                    EventReading::Text { .. } => "a text has arrived",
                    EventReading::Receipt { .. } => "a message of ours has come further",
                };
                (format!("{proof} is right, and {what}"), vec![event])
            }
            Err(NotBelieved::Unreadable(why)) => (
                format!("{proof} is right, but this tells of no text and no message of ours: {why}"),
                Vec::new(),
            ),
            Err(NotBelieved::Forged(_)) => return Self::refused(&format!("{proof} does not fit")),
        };
        Self { accepted: true, reason, events }
    }

    /// A request that is not believed, with the one sentence that says why and where to look.
    pub(crate) fn refused(reason: &str) -> Self {
        Self { accepted: false, reason: reason.to_owned(), events: Vec::new() }
    }
}

impl From<Event> for EventReading {
    fn from(event: Event) -> Self {
        match event {
            Event::Text(kept) => kept.text.into(),
            Event::Receipt(receipt) => receipt.into(),
        }
    }
}

impl From<ArrivedText> for EventReading {
    fn from(text: ArrivedText) -> Self {
        Self::Text {
            id: text.reference.0,
            from: text.from,
            to: text.to,
            body: text.body,
            media: text.media,
            part: text.part.map(|TextPart { of, number, total }| PartReading { of, number, total }),
        }
    }
}

impl From<Receipt> for EventReading {
    fn from(receipt: Receipt) -> Self {
        let progress = match receipt.progress {
            Progress::Accepted => "accepted",
            Progress::Sent => "sent",
            Progress::Delivered => "delivered",
            Progress::Failed(_) => "failed",
        };
        Self::Receipt {
            id: receipt.reference.0,
            status: receipt.status,
            progress,
            code: receipt.code,
            ours: receipt.ours.map(|ours| ours.to_string()),
        }
    }
}

fn exposed<S: Serializer>(value: &Private<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.expose())
}
