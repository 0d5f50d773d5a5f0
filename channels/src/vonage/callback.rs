//! What Vonage posts: how far our texts have come, and texts from carers; in a form, in JSON or in an address (GET).
//!
//! Both kinds are proved and read in the same way, whichever of our addresses was called.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    POSTED,
    config::Proof,
    seen::Seen,
    signature::{self, Fields},
    told::{Told, client_ref, read, word},
};
use crate::{
    inbound::{Event, KeptText, RawForm},
    message::{ChannelId, ProviderRef},
    private::Private,
    receipt::{Callback, Forgery, NotBelieved, Posted, Progress, Receipt},
};

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    proof: Proof,
    key: String,
    id: ChannelId,
    seen: Arc<Seen>,
}

impl Posts {
    pub(super) fn new(proof: Proof, key: String, id: ChannelId, seen: Arc<Seen>) -> Self {
        Self { proof, key, id, seen }
    }

    /// The address Vonage is to call about our texts.
    pub(super) fn status_address(&self) -> String {
        format!("{}/webhooks/{}/status", self.proof.public, self.id)
    }

    /// The address Vonage is to call about texts that arrive.
    pub(super) fn text_address(&self) -> String {
        format!("{}/webhooks/{}/text", self.proof.public, self.id)
    }
}

impl Callback for Posts {
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
        let Posted { path_and_query, body, .. } = *posted;
        let proof = &self.proof;
        let fields = signature::verify(&proof.secret, Some(proof.method), path_and_query, body)
            .map_err(|(why, _)| NotBelieved::Forged(why))?;
        let signed = signature::sign(&proof.secret, proof.method, &fields);
        if word(&fields, "nonce").is_some_and(|nonce| !self.seen.may_come(nonce, &signed)) {
            return Err(NotBelieved::Forged(Forgery::Replayed));
        }
        if word(&fields, "api-key").is_some_and(|key| key != self.key) {
            return Err(NotBelieved::Unreadable("api-key is not this channel's account"));
        }
        match read(&fields)? {
            Told::Receipt(receipt) => {
                Ok(self.receipt(&fields, receipt).map(Event::Receipt).into_iter().collect())
            }
            Told::Text(_) if !self.is_of_now(&fields) => Err(NotBelieved::Unreadable(
                "it is a text that was signed at another time, perhaps an old one again",
            )),
            Told::Text(text) => {
                let raw = if body.is_empty() { signature::query(path_and_query).as_bytes() } else { body };
                let raw = Private::new(raw.to_vec());
                Ok(vec![Event::Text(Box::new(KeptText { text, form: POSTED, raw }))])
            }
        }
    }

    fn form(&self) -> RawForm {
        POSTED
    }
}

impl Posts {
    /// Whether a post tells a time near ours.
    fn is_of_now(&self, fields: &Fields) -> bool {
        let seconds = word(fields, "timestamp").and_then(|text| text.parse().ok());
        let signed_at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let now = Timestamp::try_from(std::time::SystemTime::now()).ok();
        let off = signed_at.zip(now).map(|(signed_at, now)| now.duration_since(signed_at).abs());
        off.is_some_and(|off| off <= self.proof.window)
    }

    /// What a receipt says of the whole text. Vonage reports on each part of a long one under a name of its own; what they
    /// have in common is our reference, so that is the text's name. One part that failed fails the text, and the last that
    /// was delivered delivers it. `None`: of a text of which some parts were refused, or may have been, nothing good can be said.
    fn receipt(&self, fields: &Fields, receipt: Receipt) -> Option<Receipt> {
        let Some(shared) = word(fields, "client-ref") else { return Some(receipt) };
        if self.seen.is_torn(shared) {
            return None;
        }
        let parts = client_ref(shared).map_or(1, |(_, parts)| parts);
        if parts == 1 {
            return Some(receipt);
        }
        let whole = |part: &str| self.seen.is_whole(shared, part, parts);
        let receipt = match receipt.progress {
            // A word of its own, so that the last part's is not taken for a repeat of the first's.
            Progress::Delivered if !whole(&receipt.reference.0) => {
                Receipt { progress: Progress::Sent, status: "part_delivered".to_owned(), ..receipt }
            }
            _ => receipt,
        };
        // Whoever did not read the answer to it does not know whether the other parts were taken.
        let good = matches!(receipt.progress, Progress::Accepted | Progress::Sent);
        if good && !self.seen.was_taken(shared) {
            return None;
        }
        Some(Receipt { reference: ProviderRef(shared.to_owned()), ..receipt })
    }
}
