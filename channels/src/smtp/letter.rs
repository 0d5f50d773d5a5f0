//! A message as one server is given it: the envelope, and the bytes with their dots stuffed and the final dot.

use super::config::{SmtpConfig, mailbox};
use crate::{
    error::{OpenError, SendError},
    message::{Mail, Manner, OurRef},
    mime::{Letterhead, on_the_wire},
};

/// Ends a message (RFC 5321 §4.1.1.4).
pub(super) const END: &[u8] = b".\r\n";

/// Who sends: in the message, and on the envelope.
pub(super) struct Desk {
    head: Letterhead,
    /// The envelope sender, `MAIL FROM`.
    pub(super) sender: String,
    /// Whether automatic answers leave with the null sender.
    null_sender: bool,
}

/// One message, ready for the wire.
pub(super) struct Letter {
    /// The recipient for `RCPT TO`.
    pub(super) to: String,
    /// The envelope sender; empty for an automatic answer: nothing may ever be sent back to it (RFC 3834 §3.3).
    pub(super) sender: String,
    /// It is an automatic answer: nothing is to be reported about it.
    pub(super) automatic: bool,
    /// The address needs a server that takes letters beyond ASCII (RFC 6531).
    pub(super) beyond_ascii: bool,
    /// Our Message-ID, with its angle brackets.
    pub(super) id: String,
    /// Everything after `DATA`, up to and with the final dot.
    pub(super) data: Vec<u8>,
}

impl Desk {
    /// Reads the senders out of the settings.
    pub(super) fn of(config: &SmtpConfig) -> Result<Self, OpenError> {
        let from = mailbox("from", &config.from)?;
        let reply_to = config.reply_to.as_ref().map(|text| mailbox("reply_to", text)).transpose()?;
        let sender = match &config.envelope_from {
            Some(text) => mailbox("envelope_from", text)?.email,
            None => from.email.clone(),
        };
        let head = Letterhead::new(from, reply_to, config.reply_tags).marked(config.auto_submitted.is_some());
        Ok(Self { head, sender: sender.to_string(), null_sender: config.null_sender })
    }

    /// Writes one message.
    pub(super) fn write(&self, reference: OurRef, mail: &Mail) -> Result<Letter, SendError> {
        let to = on_the_wire(&mail.to)?.to_string();
        let data = stuffed(&self.head.write(mail, reference)?);
        let automatic = mail.manner == Manner::Automatic;
        let sender = if self.null_sender && automatic { String::new() } else { self.sender.clone() };
        let id = self.head.message_id(reference);
        Ok(Letter { sender, automatic, beyond_ascii: !to.is_ascii(), to, id, data })
    }
}

/// Gives each line that begins with a dot a second one (RFC 5321 §4.5.2), and adds the final dot.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        data.extend_from_slice(line);
    }
    data.extend_from_slice(END);
    data
}
