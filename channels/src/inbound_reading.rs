//! What one request to a webhook proves and tells, for an operator who asks why a text did not come.
//!
//! Nothing here is believed by the daemon: it knows its own address and its channels' secrets, and asks the channel's
//! [`Callback`](crate::receipt::Callback). Here everything is given by hand.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use crate::{
    govuk_notify,
    inbound::{ArrivedText, Event, TextPart},
    private::Private,
    receipt::{Forgery, NotBelieved, Posted, Progress, Receipt},
    sinch,
    twilio::{self, signature},
    vonage,
};

/// What proves a post of most providers.
const SIGNATURE: &str = "the signature";
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

/// Reads one request as the daemon would, with everything given by hand: the provider (`twilio`, `vonage`, `sinch` or
/// `govuk_notify`), the whole address as the provider called it, the headers in any case, the secret (for Twilio the auth token or
/// a shared key's secret, for Vonage the signature secret, for Sinch the webhook secret, for GOV.UK Notify the bearer token) and
/// the raw body. How long ago it was signed does not matter here. Never fails: what is wrong is in the reading. Bodies over one MiB
/// are refused unread.
pub fn inspect_webhook(
    kind: &str,
    url: &str,
    headers: &[(String, String)],
    secret: &str,
    body: &[u8],
) -> WebhookReading {
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
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
    match kind {
        "twilio" => by_twilio(url, &headers, &secret_of(secret), body),
        "vonage" => by_vonage(url, &secret_of(secret), body),
        "sinch" => by_sinch(&headers, &secret_of(secret), body),
        "govuk_notify" => by_notify(url, &headers, &secret_of(secret), body),
        _ => {
            refused("this kind of webhook is not known: the kinds are twilio, vonage, sinch and govuk_notify")
        }
    }
}

/// As it stands in a file, which may end with a line break.
fn secret_of(text: &str) -> SecretString {
    SecretString::from(text.trim())
}

fn by_twilio(url: &str, headers: &[(String, String)], secret: &SecretString, body: &[u8]) -> WebhookReading {
    let keys = signature::Keys::whichever(secret.clone());
    match signature::verify(&keys, url, headers, body) {
        Ok(fields) => told(SIGNATURE, twilio::read_proved(&fields, url, body)),
        Err(_) if !headers.iter().any(|(name, _)| name == signature::SIGNATURE) => {
            refused("there is no X-Twilio-Signature header, so nothing proves who sent this")
        }
        Err(_) => refused(
            "the signature does not fit: it was made with another secret, for another address (compare scheme, host, \
             path and query with what is entered at Twilio), over another body, or by an algorithm that is not known",
        ),
    }
}

fn by_notify(url: &str, headers: &[(String, String)], token: &SecretString, body: &[u8]) -> WebhookReading {
    let path_and_query = url.split_once("://").map_or(url, |(_, rest)| rest);
    let events = govuk_notify::believe(token, &Posted { path_and_query, headers, body });
    match events {
        Err(NotBelieved::Forged(_)) => refused(
            "there is no Authorization header with the bearer token that was chosen: compare callback_token_file with \
             what is entered at Notify, and let the proxy pass the header on",
        ),
        Ok(events) if events.is_empty() => WebhookReading {
            accepted: true,
            reason: "the token is right, and this tells how far a letter has come: Notify documents no such post, so ours are \
                     asked for from its list instead"
                .to_owned(),
            events: Vec::new(),
        },
        Ok(mut events) => told("the token", events.pop().ok_or(NotBelieved::Forged(Forgery::Wrong))),
        Err(why) => told("the token", Err::<Event, _>(why)),
    }
}

fn by_vonage(url: &str, secret: &SecretString, body: &[u8]) -> WebhookReading {
    match vonage::verify(secret, None, url, body) {
        Ok(fields) => told(SIGNATURE, vonage::read(&fields)),
        Err((_, why)) => refused(why),
    }
}

fn by_sinch(headers: &[(String, String)], secret: &SecretString, body: &[u8]) -> WebhookReading {
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    match sinch::signature::verify(secret, headers, body) {
        Ok(_) => match sinch::read_proved(body) {
            Ok(Some(event)) => told(SIGNATURE, Ok::<Event, NotBelieved>(event)),
            Ok(None) => {
                told::<Event>(SIGNATURE, Err(NotBelieved::Unreadable("it is a report we never ask for")))
            }
            Err(why) => told::<Event>(SIGNATURE, Err(why)),
        },
        Err(_) if header(sinch::signature::SIGNATURE).is_none() => {
            refused("there is no x-sinch-webhook-signature header, so nothing proves who sent this")
        }
        Err(_) if header(sinch::signature::ALGORITHM) != Some(sinch::signature::HMAC_SHA256) => {
            refused("the algorithm header does not say HmacSHA256, the one algorithm that is accepted")
        }
        Err(_) => refused(
            "the signature does not fit: it was made with another secret, over another body (compare the raw bytes), or \
             with another nonce or time than the headers tell",
        ),
    }
}

fn told<E: Into<EventReading>>(proof: &str, event: Result<E, NotBelieved>) -> WebhookReading {
    let (reason, events) = match event.map(Into::into) {
        Ok(event) => {
            let what = match event {
                EventReading::Text { .. } => "a text has arrived",
                EventReading::Receipt { .. } => "a message of ours has come further",
            };
            (format!("{proof} is right, and {what}"), vec![event])
        }
        Err(NotBelieved::Unreadable(why)) => {
            (format!("{proof} is right, but this tells of no text and no message of ours: {why}"), Vec::new())
        }
        Err(NotBelieved::Forged(_)) => return refused(&format!("{proof} does not fit")),
    };
    WebhookReading { accepted: true, reason, events }
}

fn refused(reason: &str) -> WebhookReading {
    WebhookReading { accepted: false, reason: reason.to_owned(), events: Vec::new() }
}

impl From<vonage::Told> for EventReading {
    fn from(told: vonage::Told) -> Self {
        match told {
            vonage::Told::Text(text) => text.into(),
            vonage::Told::Receipt(receipt) => receipt.into(),
        }
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
