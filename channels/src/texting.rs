//! What every channel of texts does before it says anything.

use crate::{
    error::{Fault, SendError},
    message::{Outgoing, Parts, Text},
};

/// The text a message is; a mail is refused.
pub(crate) fn text_of(message: &Outgoing) -> Result<&Text, SendError> {
    match message.parts() {
        Parts::Text(text) => Ok(text),
        Parts::Mail(_) => Err(SendError::not_sent(Fault::Refused, "this channel carries texts, not mail")),
    }
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
