//! How our texts have fared, in Twilio's own list, for those whose status was posted in vain.
//!
//! The list's filter by date overlooks a text that has not left, as one that failed before it could; so it is asked by
//! sender alone, from new to old, and the dates are compared here. Twilio keeps no reference of ours in it: a text is
//! known by its SID.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Twilio, callback, config::Origin, is_message_sid, list, wire};
use crate::{
    error::{Fault, SendError, Went},
    message::ProviderRef,
    receipt::Receipt,
};

/// Ten thousand texts, the newest: more than a school sends in the days in which a text can still change its state.
const MOST_PAGES: usize = 50;
/// Clocks differ a little. A state told twice is kept once.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// The list runs from new to old, but by which of its dates is not said: so it is read a day further.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_service_sid: Option<String>,
    #[serde(default)]
    direction: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    error_code: Option<Value>,
    date_created: String,
}

impl Twilio {
    /// How far the texts have come that were handed over since, oldest first.
    pub(super) async fn fared(&self, since: Timestamp) -> Result<Vec<Receipt>, SendError> {
        let mut url = self.sent();
        let mut receipts = Vec::new();
        for _ in 0..MOST_PAGES {
            let (page, skew) = self.listed_page(url).await.map_err(not_told)?;
            let page = Page::deserialize(page).map_err(|_| unreadable("it is not a list of messages"))?;
            let horizon = since.saturating_sub(GRACE).and_then(|since| since.saturating_add(skew));
            let horizon = horizon.map_err(|_| unreadable("its clock makes no sense"))?;
            let end = horizon.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN);
            let mut past = !page.messages.is_empty();
            for listed in &page.messages {
                let created = list::date(&listed.date_created)
                    .ok_or_else(|| unreadable("a date is not in the documented form"))?;
                past &= created < end;
                if created >= horizon {
                    receipts.extend(self.receipt(listed));
                }
            }
            match list::next(&self.wire.messages(), page.next_page_uri.as_deref()).map_err(unreadable)? {
                Some(next) if !past => url = next,
                _ => break,
            }
        }
        receipts.reverse();
        Ok(receipts)
    }

    /// The address of the first page.
    fn sent(&self) -> Url {
        let mut url = self.wire.messages();
        let mut query = url.query_pairs_mut();
        // The list cannot be asked for a messaging service.
        if let Origin::Number(from) | Origin::Name(from) = &self.settings.from {
            query.append_pair("From", from);
        }
        query.append_pair("PageSize", list::PAGE);
        drop(query);
        url
    }

    fn receipt(&self, listed: &Listed) -> Option<Receipt> {
        let ours = is_message_sid(&listed.sid)
            && listed.direction.as_deref() == Some("outbound-api")
            && self.is_our_sender(listed.from.as_deref(), listed.messaging_service_sid.as_deref());
        let code = listed.error_code.as_ref().and_then(wire::number);
        let progress = callback::progress(&listed.status, code);
        (ours && callback::is_word(&listed.status)).then(|| Receipt {
            reference: ProviderRef(listed.sid.clone()),
            ours: None,
            progress,
            status: listed.status.clone(),
            code: code.map(|code| code.to_string()),
        })
    }
}

/// Asking changes nothing, so however it fails, nothing is in doubt.
fn not_told(error: SendError) -> SendError {
    let summary = format!("how our texts have fared could not be listed: {}", error.summary);
    SendError { went: Went::No, summary, ..error }
}

fn unreadable(why: &str) -> SendError {
    not_told(SendError::not_sent(Fault::Temporary, format!("Twilio's list cannot be read, as {why}")))
}
