//! Catching up: the texts in Twilio's own list, for those whose post never reached us.
//!
//! The list has no filter for the direction and no cursor: it is asked for what came to our number on and after a day,
//! and every text found is returned each time, as who asks knows what it has already. It runs from new to old. So if it
//! does not end within our bound, the missing ones would be the oldest, which nobody would ever ask for again: then
//! nothing is returned but an error that says so.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Twilio,
    arrived::{LISTED, Listed},
    config::Origin,
    list,
};
use crate::{
    error::{Fault, SendError},
    inbound::{KeptText, oldest_first},
    private::Private,
    texting::{closed, not_listed},
    wire_log::Recorder,
};

/// Ten thousand messages: a school year's worth of answers.
const MOST_PAGES: usize = 50;
/// A text is listed a moment after its date, and clocks differ. Asking for too much costs nothing.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// The filter knows whole days of Twilio's clock only.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

impl Twilio {
    /// The texts that arrived since, oldest first. `None`: nobody can answer to our sender's name.
    pub(super) async fn catch_up(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        if matches!(self.settings.from, Origin::Name(_)) {
            return Ok(None);
        }
        let mut url = self.arrivals(since)?;
        let mut texts = Vec::new();
        for _ in 0..MOST_PAGES {
            let (page, skew) = self.arrivals_page(url).await?;
            let horizon = since.saturating_sub(GRACE).and_then(|since| since.saturating_add(skew));
            let horizon = horizon.map_err(|_| unreadable("its clock makes no sense"))?;
            let messages = page
                .get("messages")
                .and_then(Value::as_array)
                .ok_or_else(|| unreadable("it is not a list"))?;
            for message in messages {
                texts.extend(self.arrival(message, horizon)?);
            }
            let next = page.get("next_page_uri").and_then(Value::as_str);
            match list::next(&self.wire.messages(), next).map_err(unreadable)? {
                Some(next) => url = next,
                None => return Ok(Some(oldest_first(texts))),
            }
        }
        Err(unreadable("it is too long, and the oldest texts would be missing: ask for a shorter time"))
    }

    /// The first page's address.
    fn arrivals(&self, since: Timestamp) -> Result<Url, SendError> {
        let from =
            since.saturating_sub(MARGIN).map_err(|_| unreadable("the time asked for makes no sense"))?;
        let day = TimeZone::UTC.to_datetime(from).date();
        let mut url = self.wire.messages();
        let mut query = url.query_pairs_mut();
        // A messaging service has numbers that are not in our settings.
        if let Origin::Number(number) = &self.settings.from {
            query.append_pair("To", number);
        }
        query.append_pair("DateSent>", &day.to_string()).append_pair("PageSize", list::PAGE);
        drop(query);
        Ok(url)
    }

    async fn arrivals_page(&self, url: Url) -> Result<(Value, SignedDuration), SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let reply = self.wire.get(url, &Recorder::default()).await.map_err(|none| not_listed(none.into()))?;
        if !reply.status.is_success() {
            return Err(not_listed(self.refused(&reply)));
        }
        let page = reply.json().map_err(unreadable)?;
        Ok((page, reply.skew()))
    }

    /// The text an element tells of, if it came to us, and not before the horizon. One without a date that can be read
    /// may be new, so it is.
    fn arrival(&self, message: &Value, horizon: Timestamp) -> Result<Option<KeptText>, SendError> {
        let Ok(listed) = Listed::deserialize(message) else {
            return Err(unreadable("a message is not in the documented form"));
        };
        if !listed.is_inbound() || !self.is_to_us(&listed) || listed.is_before(horizon) {
            return Ok(None);
        }
        let raw = Private::new(message.to_string().into_bytes());
        Ok(listed.into_text().map(|text| KeptText { text, form: LISTED, raw }))
    }

    /// A text that names no messaging service may have come through ours; a text too many is a question for staff, a
    /// text too few is lost.
    fn is_to_us(&self, listed: &Listed) -> bool {
        match &self.settings.from {
            Origin::Number(number) => listed.is_to(number),
            Origin::Service(ours) => listed.service().is_none_or(|theirs| theirs == ours),
            Origin::Name(_) => false,
        }
    }
}

fn unreadable(why: &str) -> SendError {
    not_listed(SendError::not_sent(Fault::Temporary, format!("Twilio's list cannot be read, as {why}")))
}
