//! Emails through Notify, for a school that has no mail server of its own to send by.
//!
//! Notify makes them from a template with two placeholders, one in its subject and one in its body, and writes the HTML
//! itself. What a mail server carries and Notify does not is lost: our Message-ID, so that neither a carer's answer nor a
//! bounce names the mail it is about (answers are matched by their sender, and failures come as receipts); the thread and
//! the mark in `Reply-To`; the carer's name; the language; our own HTML; and the mark of an automatic answer. Notify reads its
//! own signs in our words: a line that begins with `#`, `*`, `^` or `---` becomes a heading, a list, a quotation or a rule.
//! Answers go where the service says, or to `email_reply_to_id`. (Provider's documentation, "Send an email", as read in
//! 2026-11.)

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::config::Settings;
use crate::{
    error::{Fault, SendError},
    message::{Mail, OurRef, Outgoing, Parts},
    sender::Carries,
    texting::wrong_kind,
};

/// Bytes of an email's words at most: half of what Notify takes for the whole, so that what its template adds has room.
const LARGEST: usize = 1_000_000;

/// An email as Notify wants it. It refuses members that it does not know.
#[derive(Serialize)]
pub(super) struct NewMail<'a> {
    email_address: &'a str,
    template_id: Uuid,
    personalisation: BTreeMap<&'a str, &'a str>,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_reply_to_id: Option<Uuid>,
}

impl<'a> NewMail<'a> {
    pub(super) fn new(settings: &'a Settings, mail: &'a Mail, reference: OurRef) -> Result<Self, SendError> {
        let refused = |why: &str| Err(SendError::not_sent(Fault::Refused, why));
        // Notify blames the template for both, which would hold the whole channel.
        if mail.plain.expose().trim().is_empty() || mail.subject.expose().trim().is_empty() {
            return refused("the email has no words or no subject");
        }
        if mail.plain.expose().len() > LARGEST {
            return refused("the email is longer than Notify takes: make it shorter");
        }
        Ok(Self {
            email_address: mail.to.expose(),
            template_id: settings.template,
            personalisation: BTreeMap::from([
                (settings.placeholder.as_str(), mail.plain.expose().as_str()),
                (settings.subject_placeholder.as_str(), mail.subject.expose().as_str()),
            ]),
            reference: reference.to_string(),
            email_reply_to_id: settings.reply_to,
        })
    }
}

/// The mail a message is; anything else is refused.
pub(super) fn mail_of(message: &Outgoing) -> Result<&Mail, SendError> {
    match message.parts() {
        Parts::Mail(mail) => Ok(mail),
        other => Err(wrong_kind(Carries::Mail, other)),
    }
}
