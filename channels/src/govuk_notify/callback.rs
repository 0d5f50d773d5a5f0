//! What Notify posts: how far our texts and emails have come, letters that came back, and texts from carers.
//!
//! A post is proved by a bearer token that the school chose, and by nothing else: the token covers neither the body nor
//! the time, so readers must check the form of what they use, and must bear a repeat. All kinds are proved and read in
//! the same way, whichever of our addresses was called. How far a letter has come is never posted. (Provider's documentation,
//! "Callbacks", as read in 2026-11.)

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{arrived, notification_id, statuses};
use crate::{
    inbound::{Event, KeptText, RawForm},
    message::{OurRef, ProviderRef},
    private::Private,
    receipt::{Callback, Forgery, NotBelieved, Posted, Receipt, only_header},
    secret::Expected,
    sender::Carries,
};

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    token: Expected,
    /// Whose receipts are ours; every kind's where it is not known.
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
        Some("sms") => Carries::Text,
        Some("email") => Carries::Mail,
        // Notify documents none. Should it begin, what it tells is in its list as well.
        Some("letter") => return Ok(Vec::new()),
        None if post.get("notification_id").is_some() => Carries::Letter,
        _ => {
            return unreadable(
                "it is neither a received text nor a delivery receipt nor a letter that came back",
            );
        }
    };
    // The service may send what this channel does not, for another channel or somebody else.
    if carries.is_some_and(|ours| kind != ours) {
        return Ok(Vec::new());
    }
    let receipt = if kind == Carries::Letter { returned(&post) } else { receipt(&post, kind) };
    receipt.map(|receipt| vec![Event::Receipt(receipt)])
}

#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(default)]
    reference: Option<String>,
    status: String,
}

fn receipt(post: &Value, kind: Carries) -> Result<Receipt, NotBelieved> {
    let told = Told::deserialize(post);
    let told = told.map_err(|_| NotBelieved::Unreadable("a receipt has no id or no status"))?;
    let id = notification_id(&told.id).ok_or(NotBelieved::Unreadable("a receipt's id is not a UUID"))?;
    if !statuses::is_status(&told.status) {
        return Err(NotBelieved::Unreadable("a receipt's status is not a word"));
    }
    Ok(Receipt {
        reference: ProviderRef(id),
        ours: ours(told.reference),
        progress: statuses::progress(kind, &told.status),
        status: told.status,
        code: None,
    })
}

/// A letter that came back, weeks after it was posted. The post has no word for that, so it has the server's own.
#[derive(Deserialize)]
struct Returned {
    notification_id: String,
    #[serde(default)]
    reference: Option<String>,
}

fn returned(post: &Value) -> Result<Receipt, NotBelieved> {
    let told = Returned::deserialize(post);
    let told = told.map_err(|_| NotBelieved::Unreadable("a returned letter's id is not text"))?;
    let id = notification_id(&told.notification_id)
        .ok_or(NotBelieved::Unreadable("a returned letter's id is not a UUID"))?;
    Ok(Receipt {
        reference: ProviderRef(id),
        ours: ours(told.reference),
        progress: statuses::progress(Carries::Letter, statuses::RETURNED),
        status: statuses::RETURNED.to_owned(),
        code: None,
    })
}

fn ours(reference: Option<String>) -> Option<OurRef> {
    reference.and_then(|ours| Uuid::try_parse(&ours).ok()).map(OurRef)
}
