//! What Notify posts: how far our texts have come, and texts from carers.
//!
//! A post is proved by a bearer token that the school chose, and by nothing else: the token covers neither the body nor
//! the time, so readers must check the form of what they use, and must bear a repeat. Both kinds are proved and read in
//! the same way, whichever of our addresses was called. (Provider's documentation, "Callbacks", as read in 2026-11.)

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{arrived, notification_id};
use crate::{
    inbound::{Event, KeptText, RawForm},
    message::{OurRef, ProviderRef},
    private::Private,
    receipt::{Callback, FailedAs, Forgery, NotBelieved, Posted, Progress, Receipt, only_header},
    secret::Expected,
    sender::Carries,
};

/// A status and what we make of it. (Provider's documentation, "Text message statuses", as read in 2026-11.)
const STATUSES: &[(&str, Progress)] = &[
    // In Notify's own queue.
    ("created", Progress::Accepted),
    // With the network, which tries for up to 72 hours.
    ("sending", Progress::Sent),
    // The network has it and the handset has not answered yet.
    ("pending", Progress::Sent),
    // To a number abroad, of which nothing more will be told.
    ("sent", Progress::Sent),
    ("delivered", Progress::Delivered),
    // The number is wrong, or its network refused: "remove it".
    ("permanent-failure", Progress::Failed(FailedAs::BadAddress)),
    // The telephone is off, out of reach or full: "you can try again".
    ("temporary-failure", Progress::Failed(FailedAs::Temporary)),
    // Between Notify and the network; not sent, not charged: "try again".
    ("technical-failure", Progress::Failed(FailedAs::Temporary)),
];

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    token: Expected,
    /// Whose receipts are ours; both kinds' where it is not known.
    carries: Option<Carries>,
}

impl Posts {
    pub(super) fn new(token: &SecretString, carries: Option<Carries>) -> Self {
        Self { token: Expected::new(token), carries }
    }

    fn prove(&self, headers: &[(String, String)]) -> Result<(), NotBelieved> {
        let value = only_header(headers, "authorization")?.ok_or(NotBelieved::Forged(Forgery::Missing))?;
        // The scheme's name is in any case (RFC 9110 §11.1); the token is as it was chosen.
        let fits = value
            .split_once(' ')
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && self.token.fits(token));
        if fits { Ok(()) } else { Err(NotBelieved::Forged(Forgery::Wrong)) }
    }
}

impl Callback for Posts {
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
        self.prove(posted.headers)?;
        read(posted.body, self.carries)
    }

    fn form(&self) -> RawForm {
        arrived::POSTED
    }
}

/// Believes and reads a post as a channel with this token would: for looking at one by hand.
pub(super) fn believe(token: &SecretString, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
    Posts::new(token, None).events(posted)
}

/// Reads a post that was proved.
fn read(body: &[u8], carries: Option<Carries>) -> Result<Vec<Event>, NotBelieved> {
    let unreadable = |why| Err(NotBelieved::Unreadable(why));
    let Some(post) = crate::json::read::<Value>(body) else { return unreadable("it is not JSON") };
    if post.get("source_number").is_some() || post.get("message").is_some() {
        let text = arrived::read_post(body);
        let text = text.ok_or(NotBelieved::Unreadable("a received text is not in the documented form"))?;
        let raw = Private::new(body.to_vec());
        return Ok(vec![Event::Text(Box::new(KeptText { text, form: arrived::POSTED, raw }))]);
    }
    let kind = match post.get("notification_type").and_then(Value::as_str) {
        Some("sms") => Some(Carries::Text),
        Some("email") => Some(Carries::Mail),
        Some("letter") => None,
        _ => return unreadable("it is neither a received text nor a delivery receipt"),
    };
    // The service may send what this channel does not, for another channel or somebody else.
    if kind.is_none() || carries.is_some_and(|ours| kind != Some(ours)) {
        return Ok(Vec::new());
    }
    receipt(&post).map(|receipt| vec![Event::Receipt(receipt)])
}

#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(default)]
    reference: Option<String>,
    status: String,
}

fn receipt(post: &Value) -> Result<Receipt, NotBelieved> {
    let told = Told::deserialize(post);
    let told = told.map_err(|_| NotBelieved::Unreadable("a receipt has no id or no status"))?;
    let id = notification_id(&told.id).ok_or(NotBelieved::Unreadable("a receipt's id is not a UUID"))?;
    let word = |b: u8| b.is_ascii_lowercase() || b == b'-';
    if told.status.is_empty() || told.status.len() > 40 || !told.status.bytes().all(word) {
        return Err(NotBelieved::Unreadable("a receipt's status is not a word"));
    }
    Ok(Receipt {
        reference: ProviderRef(id),
        ours: told.reference.and_then(|ours| Uuid::try_parse(&ours).ok()).map(OurRef),
        progress: progress(&told.status),
        status: told.status,
        code: None,
    })
}

/// How far a status says the text has come. A word that Notify has yet to invent moves nothing, and is kept.
fn progress(status: &str) -> Progress {
    STATUSES.iter().find(|(word, _)| *word == status).map_or(Progress::Accepted, |(_, progress)| *progress)
}
