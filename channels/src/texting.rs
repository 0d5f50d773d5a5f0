//! What every channel of texts, and most others, do before they say anything.

use crate::{
    error::{Fault, SendError, Went},
    message::{Outgoing, Parts, Text},
    sender::Carries,
};

/// The text a message is; anything else is refused.
pub(crate) fn text_of(message: &Outgoing) -> Result<&Text, SendError> {
    match message.parts() {
        Parts::Text(text) => Ok(text),
        other => Err(wrong_kind(Carries::Text, other)),
    }
}

/// Refuses what a channel does not carry.
pub(crate) fn wrong_kind(ours: Carries, given: &Parts) -> SendError {
    let (ours, given) = (ours.in_words(), given.carried_as().in_words());
    SendError::not_sent(Fault::Refused, format!("this channel carries {ours}, not {given}"))
}

/// Refuses a number that no text may go to: networks may read a text to a landline aloud, to whoever lifts the receiver.
pub(crate) fn to_a_mobile(text: &Text) -> Result<(), SendError> {
    text.to.textable().map_err(|_| {
        SendError::not_sent(Fault::BadAddress, "this number cannot get texts: it is not a British mobile")
    })
}

/// The channel is being dropped.
pub(crate) fn closed() -> SendError {
    SendError::not_sent(Fault::Temporary, "the channel is closing")
}

/// A failed question answers nothing: whatever was in doubt still is.
pub(crate) fn still_in_doubt(error: SendError) -> SendError {
    let summary = format!("a message in doubt could not be looked up: {}", error.summary);
    SendError { went: Went::Perhaps, summary, ..error }
}

/// Asking for what arrived changes nothing, so however it fails, nothing is in doubt.
pub(crate) fn not_listed(error: SendError) -> SendError {
    let summary = format!("texts that arrived could not be listed: {}", error.summary);
    SendError { went: Went::No, summary, ..error }
}
