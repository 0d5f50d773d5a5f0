//! What every adapter of texts needs around its requests: which messages it takes, and how a failed question is told.

use std::collections::HashSet;

use crate::{
    error::{Fault, SendError, Went},
    inbound::KeptText,
    message::{Outgoing, Parts, Text},
};

/// The text of a message; a mail is refused.
pub(crate) fn text_of(message: &Outgoing) -> Result<&Text, SendError> {
    match message.parts() {
        Parts::Text(text) => Ok(text),
        Parts::Mail(_) => Err(SendError::not_sent(Fault::Refused, "this channel carries texts, not mail")),
    }
}

/// Refuses a number that cannot get texts: networks may read a text to a landline aloud, to whoever lifts the receiver.
pub(crate) fn textable(text: &Text) -> Result<(), SendError> {
    text.to.textable().map_err(|_| {
        SendError::not_sent(Fault::BadAddress, "this number cannot get texts: it is not a British mobile")
    })
}

/// Nothing leaves any more.
pub(crate) fn closed() -> SendError {
    SendError::not_sent(Fault::Temporary, "the channel is closing")
}

/// A failed question answers nothing: whatever was in doubt still is.
pub(crate) fn still_in_doubt(error: SendError) -> SendError {
    let summary = format!("a text in doubt could not be looked up: {}", error.summary);
    SendError { went: Went::Perhaps, summary, ..error }
}

/// Asking for what arrived changes nothing, so however it fails, nothing is in doubt.
pub(crate) fn not_listed(error: SendError) -> SendError {
    let summary = format!("texts that arrived could not be listed: {}", error.summary);
    SendError { went: Went::No, summary, ..error }
}

/// Texts from a list that runs from new to old, turned round, each once.
pub(crate) fn oldest_first(mut texts: Vec<KeptText>) -> Vec<KeptText> {
    // Reversed first, so that texts of the same second stay in order, too.
    texts.reverse();
    texts.sort_by_key(|kept| kept.text.sent_at);
    // A text that arrives while we read pushes the last of one page to the next.
    let mut seen = HashSet::new();
    texts.retain(|kept| seen.insert(kept.text.reference.clone()));
    texts
}
