//! "Did you take it?": finding a message in doubt by our reference, which Notify keeps with it.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{GovukNotify, kind, letter::letter_of, mail::mail_of, notification_id};
use crate::{
    error::{Fault, SendError},
    message::ProviderRef,
    sender::{Carries, Found, Lookup},
    texting::{still_in_doubt, text_of},
    wire_log::Recorder,
};

/// Notify forgets messages after 7 days, and a service may choose as few as 3 (provider's documentation and the form for
/// data retention of its admin application, as read in 2026-11). An hour is left for clocks.
const KEPT: SignedDuration = SignedDuration::from_hours(3 * 24 - 1);

/// A mail or a letter may be asked for at once, when Notify may still be busy with it.
const SETTLED: SignedDuration = SignedDuration::from_mins(2);

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    reference: Option<String>,
}

impl GovukNotify {
    pub(super) async fn look_up(&self, lookup: &Lookup<'_>, recorder: &Recorder) -> Result<Found, SendError> {
        let carries = self.settings.carries;
        match carries {
            Carries::Text => drop(text_of(lookup.message)?),
            Carries::Mail => drop(mail_of(lookup.message)?),
            Carries::Letter => drop(letter_of(lookup.message)?),
        }
        let reference = lookup.reference.to_string();
        let mut url = self.wire.at("notifications");
        url.query_pairs_mut()
            .append_pair("template_type", kind(carries))
            .append_pair("reference", &reference);
        let (page, _) = self.ask(url, recorder).await.map_err(still_in_doubt)?;
        let listed = page.get("notifications").and_then(Value::as_array);
        let mut found = Vec::new();
        for one in listed.ok_or_else(|| unreadable("it is not a list"))? {
            let one = Listed::deserialize(one);
            let one = one.map_err(|_| unreadable("a message in it is not in the documented form"))?;
            let id = notification_id(&one.id)
                .ok_or_else(|| unreadable("a message in it is not named by a UUID"))?;
            // A server that does not know the filter would list everybody's.
            if one.reference.as_deref() == Some(&reference) && !lookup.known.iter().any(|known| known.0 == id)
            {
                found.push(id);
            }
        }
        let waited = Timestamp::now().duration_since(lookup.since);
        // From new to old; the oldest is the one whose answer was lost.
        match found.pop() {
            Some(id) => Ok(Found::Yes(ProviderRef(id))),
            // Of a mail that nobody can tell of, another would be sent: mail servers know a repeat by its Message-ID, but Notify
            // gives each one of its own.
            None if carries == Carries::Mail && waited >= KEPT => Ok(Found::NotYet),
            // Nobody calls a second letter back from the post.
            None if carries != Carries::Text && waited < SETTLED => Ok(Found::NotYet),
            None if waited > KEPT => Ok(Found::CannotTell),
            None => Ok(Found::No),
        }
    }
}

fn unreadable(why: &str) -> SendError {
    still_in_doubt(SendError::not_sent(Fault::Temporary, format!("Notify's list cannot be read, as {why}")))
}
