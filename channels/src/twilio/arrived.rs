//! A text that arrived, as Twilio's post and as Twilio's list tell of it.
//!
//! Twilio joins the parts of a long text itself, so what it tells of is whole. Fields it may add are not looked at.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    is_message_sid, list,
    signature::{Fields, form, one},
};
use crate::{
    inbound::{ArrivedText, OptOut, RawForm},
    message::ProviderRef,
};

/// Twilio's post about one text, form-encoded.
pub const POSTED: RawForm = RawForm::new("twilio_post");
/// One element of Twilio's list of messages, JSON.
pub const LISTED: RawForm = RawForm::new("twilio_listed");

/// Reads a kept post about a text that arrived, as it was read when it came.
pub(super) fn read_post(raw: &[u8]) -> Option<ArrivedText> {
    from_post(&form(raw)).ok()
}

/// Reads a kept element of the list of messages, as it was read when it came. `None` for anything but a text that
/// arrived.
pub(super) fn read_listed(raw: &[u8]) -> Option<ArrivedText> {
    crate::json::read::<Listed>(raw)?.into_text()
}

/// The text a post tells of, or which part of the documented form it lacks.
pub(super) fn from_post(fields: &Fields) -> Result<ArrivedText, &'static str> {
    let sid = ["MessageSid", "SmsMessageSid", "SmsSid"].iter().find_map(|name| one(fields, name).transpose());
    let sid = sid.transpose()?.filter(|sid| is_message_sid(sid)).ok_or("MessageSid is not a message's")?;
    let from = one(fields, "From")?.ok_or("From is not there")?;
    let media = media(fields)?;
    // Twilio posts an empty body with a picture, but never none: without it this is not the text itself, and taking it
    // for an empty one would hide the words that are still to come.
    if media == 0 && !fields.iter().any(|(name, _)| name == "Body") {
        return Err("Body is not there");
    }
    Ok(ArrivedText {
        reference: ProviderRef(sid.to_owned()),
        from: from.into(),
        to: one(fields, "To")?.unwrap_or_default().into(),
        body: one(fields, "Body")?.unwrap_or_default().into(),
        media,
        part: None,
        sent_at: None,
        opt_out: opt_out(fields),
    })
}

/// What Twilio's own keywords made of it: told with Advanced Opt-Out alone (provider's page "Customize User Opt-out
/// Keywords"). A word that Twilio has yet to invent is none.
fn opt_out(fields: &Fields) -> Option<OptOut> {
    let word = one(fields, "OptOutType").ok().flatten().unwrap_or_default();
    match word.trim().to_ascii_uppercase().as_str() {
        "STOP" => Some(OptOut::Stop),
        "START" => Some(OptOut::Start),
        "HELP" => Some(OptOut::Help),
        _ => None,
    }
}

/// How many pictures came: as Twilio counts them, else as many as it names.
fn media(fields: &Fields) -> Result<u16, &'static str> {
    let counted = one(fields, "NumMedia")?.and_then(|count| count.parse().ok());
    let named = || fields.iter().filter(|(name, _)| name.starts_with("MediaUrl")).count();
    Ok(counted.unwrap_or_else(|| u16::try_from(named()).unwrap_or(u16::MAX)))
}

/// What matters of an element of the list.
#[derive(Deserialize)]
pub(super) struct Listed {
    sid: String,
    #[serde(default)]
    direction: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    num_media: Option<serde_json::Value>,
    #[serde(default)]
    date_created: Option<String>,
    #[serde(default)]
    date_sent: Option<String>,
    #[serde(default)]
    messaging_service_sid: Option<String>,
}

impl Listed {
    /// Whether it is a text from somebody, and not one of ours.
    pub(super) fn is_inbound(&self) -> bool {
        self.direction.as_deref() == Some("inbound") && is_message_sid(&self.sid)
    }

    /// Whether it came to this number of ours.
    pub(super) fn is_to(&self, number: &str) -> bool {
        self.to.as_deref() == Some(number)
    }

    /// Whether all its dates that can be read are earlier. Without any it is not.
    pub(super) fn is_before(&self, horizon: Timestamp) -> bool {
        self.dates().max().is_some_and(|latest| latest < horizon)
    }

    /// The date by which the list is asked for a day, as far as it can be read.
    pub(super) fn sent_or_created(&self) -> Option<Timestamp> {
        self.dates().next()
    }

    fn dates(&self) -> impl Iterator<Item = Timestamp> {
        [&self.date_sent, &self.date_created].into_iter().flatten().filter_map(|date| list::date(date))
    }

    /// The messaging service it came through, if it tells.
    pub(super) fn service(&self) -> Option<&str> {
        self.messaging_service_sid.as_deref().filter(|sid| !sid.is_empty())
    }

    /// The text; `None` for anything but one that arrived. A sender that is not told is empty: the list has no other
    /// place in which such a text could be kept.
    pub(super) fn into_text(self) -> Option<ArrivedText> {
        if !self.is_inbound() {
            return None;
        }
        let sent_at = self.sent_or_created();
        let count = self.num_media.as_ref().and_then(super::wire::number).unwrap_or_default();
        Some(ArrivedText {
            reference: ProviderRef(self.sid),
            from: self.from.unwrap_or_default().into(),
            to: self.to.unwrap_or_default().into(),
            body: self.body.unwrap_or_default().into(),
            media: u16::try_from(count).unwrap_or(u16::MAX),
            part: None,
            sent_at,
            opt_out: None,
        })
    }
}
