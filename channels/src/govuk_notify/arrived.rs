//! A text that arrived, as Notify's post and as Notify's list tell of it.
//!
//! The same text has two sets of names: `source_number`, `destination_number`, `message` and `date_received` in the post
//! are `user_number`, `notify_number`, `content` and `created_at` in the list. Its id is the same in both, so what comes
//! both ways is kept once. Notify joins the parts of a long text itself.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;

use super::notification_id;
use crate::{
    inbound::{ArrivedText, RawForm, with_plus},
    message::ProviderRef,
};

/// Notify's post about one text, JSON.
pub const POSTED: RawForm = RawForm::new("notify_post");
/// One element of Notify's list of received texts, JSON.
pub const LISTED: RawForm = RawForm::new("notify_listed");

/// Reads a kept post about a text that arrived, as it was read when it came.
pub(super) fn read_post(raw: &[u8]) -> Option<ArrivedText> {
    crate::json::read::<Arrived>(raw)?.into_text()
}

/// Reads a kept element of the list of received texts, as it was read when it came.
pub(super) fn read_listed(raw: &[u8]) -> Option<ArrivedText> {
    crate::json::read::<ListedText>(raw)?.into_text()
}

/// A post about a text that arrived. Members that Notify may add are not looked at.
#[derive(Deserialize)]
struct Arrived {
    id: String,
    source_number: String,
    #[serde(default)]
    destination_number: Option<String>,
    message: String,
    #[serde(default)]
    date_received: Option<String>,
}

impl Arrived {
    fn into_text(self) -> Option<ArrivedText> {
        let (to, date) = (self.destination_number, self.date_received);
        text(&self.id, &self.source_number, to, self.message, date.as_deref())
    }
}

/// An element of the list of received texts.
#[derive(Deserialize)]
pub(super) struct ListedText {
    id: String,
    user_number: String,
    #[serde(default)]
    notify_number: Option<String>,
    content: String,
    #[serde(default)]
    created_at: Option<String>,
}

impl ListedText {
    pub(super) fn into_text(self) -> Option<ArrivedText> {
        let (to, date) = (self.notify_number, self.created_at);
        text(&self.id, &self.user_number, to, self.content, date.as_deref())
    }
}

fn text(id: &str, from: &str, to: Option<String>, body: String, date: Option<&str>) -> Option<ArrivedText> {
    Some(ArrivedText {
        reference: ProviderRef(notification_id(id)?),
        from: with_plus(from).into(),
        to: to.unwrap_or_default().into(),
        body: body.into(),
        media: 0,
        part: None,
        sent_at: date.and_then(self::date),
        opt_out: None,
    })
}

/// A date as the server writes it (`2026-11-23T17:15:30.000000Z`) or as the manual shows it (`2026-11-23 17:15:30.000000`),
/// which is UTC as well.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_date_are_the_same_moment() {
        let expected = "2026-11-23T17:15:30.123456Z".parse().ok();

        for written in [
            "2026-11-23T17:15:30.123456Z",
            "2026-11-23 17:15:30.123456Z",
            "2026-11-23 17:15:30.123456",
            "2026-11-23T17:15:30.123456",
            "2026-11-23T17:15:30.123456+00:00",
        ] {
            assert_eq!(date(written), expected, "{written}");
        }
        for unreadable in ["", "yesterday", "17:15"] {
            assert_eq!(date(unreadable), None, "{unreadable}");
        }
    }
}
