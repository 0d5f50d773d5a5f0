//! Catching up: the texts in Twilio's own list, for those whose post never reached us.
//!
//! The list has no filter for the direction and no cursor: it is asked for what came to our number on and after a day,
//! and every text found is returned each time, as who asks knows what it has already. It runs from new to old. So if it
//! does not end within our bound, it is asked anew for what came up to the oldest day it told of, and so on down to the
//! day asked for; a list of which a part is missing is never returned, as the missing ones would be the oldest, which
//! nobody would ever ask for again.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
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

/// Ten thousand messages, in one run down the list: more than a school has in a day.
const MOST_PAGES: usize = 50;
/// A month of such days.
const MOST_RUNS: usize = 31;
/// A text is listed a moment after its date, and clocks differ. Asking for too much costs nothing.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// The filter knows whole days of Twilio's clock only.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// How far a run down the list came.
enum Run {
    /// To its end.
    Whole,
    /// To our bound, and to this day.
    To(Date),
}

impl Twilio {
    /// The texts that arrived since, oldest first. `None`: nobody can answer to our sender's name.
    pub(super) async fn catch_up(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        if matches!(self.settings.from, Origin::Name(_)) {
            return Ok(None);
        }
        let from =
            since.saturating_sub(MARGIN).map_err(|_| unreadable("the time asked for makes no sense"))?;
        let from = TimeZone::UTC.to_datetime(from).date();
        let (mut texts, mut up_to) = (Vec::new(), None);
        for _ in 0..MOST_RUNS {
            match self.run(self.arrivals(from, up_to), since, &mut texts).await? {
                Run::Whole => return Ok(Some(oldest_first(texts))),
                Run::To(day) => {
                    // Up to a day is up to the midnight with which it begins, or with which it ends: so one more is asked
                    // for, and what is told twice is kept once.
                    let next = day.tomorrow().ok().filter(|next| up_to.is_none_or(|last| *next < last));
                    up_to = Some(next.ok_or_else(too_long)?);
                }
            }
        }
        Err(too_long())
    }

    /// One run down the list, at most so far as our bound.
    async fn run(&self, first: Url, since: Timestamp, texts: &mut Vec<KeptText>) -> Result<Run, SendError> {
        let mut url = first;
        let mut oldest = None;
        for _ in 0..MOST_PAGES {
            let (page, skew) = self.listed_page(url).await.map_err(not_listed)?;
            let horizon = since.saturating_sub(GRACE).and_then(|since| since.saturating_add(skew));
            let horizon = horizon.map_err(|_| unreadable("its clock makes no sense"))?;
            let messages = page
                .get("messages")
                .and_then(Value::as_array)
                .ok_or_else(|| unreadable("it is not a list"))?;
            for message in messages {
                let Ok(listed) = Listed::deserialize(message) else {
                    return Err(unreadable("a message is not in the documented form"));
                };
                oldest = [oldest, listed.sent_or_created()].into_iter().flatten().min();
                texts.extend(self.arrival(listed, message, horizon));
            }
            let next = page.get("next_page_uri").and_then(Value::as_str);
            match list::next(&self.wire.messages(), next).map_err(unreadable)? {
                Some(next) => url = next,
                None => return Ok(Run::Whole),
            }
        }
        oldest.map(|oldest| Run::To(TimeZone::UTC.to_datetime(oldest).date())).ok_or_else(too_long)
    }

    /// The address of a run's first page: from a day on, up to a day.
    fn arrivals(&self, from: Date, up_to: Option<Date>) -> Url {
        let mut url = self.wire.messages();
        let mut query = url.query_pairs_mut();
        // A messaging service has numbers that are not in our settings.
        if let Origin::Number(number) = &self.settings.from {
            query.append_pair("To", number);
        }
        query.append_pair("DateSent>", &from.to_string());
        if let Some(day) = up_to {
            query.append_pair("DateSent<", &day.to_string());
        }
        query.append_pair("PageSize", list::PAGE);
        drop(query);
        url
    }

    /// One page of the list, and by how much Twilio's clock is ahead of ours.
    pub(super) async fn listed_page(&self, url: Url) -> Result<(Value, SignedDuration), SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let reply = self.wire.get(url, &Recorder::default()).await?;
        if !reply.status.is_success() {
            return Err(self.refused(&reply));
        }
        let page = reply.json().map_err(|why| {
            SendError::not_sent(Fault::Temporary, format!("Twilio's list cannot be read, as {why}"))
        })?;
        Ok((page, reply.skew()))
    }

    /// The text an element tells of, if it came to us, and not before the horizon. One without a date that can be read
    /// may be new, so it is.
    fn arrival(&self, listed: Listed, message: &Value, horizon: Timestamp) -> Option<KeptText> {
        if !listed.is_inbound() || !self.is_to_us(&listed) || listed.is_before(horizon) {
            return None;
        }
        let raw = Private::new(message.to_string().into_bytes());
        listed.into_text().map(|text| KeptText { text, form: LISTED, raw })
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

fn too_long() -> SendError {
    unreadable("it is too long, and the oldest texts would be missing: ask for a shorter time")
}

fn unreadable(why: &str) -> SendError {
    not_listed(SendError::not_sent(Fault::Temporary, format!("Twilio's list cannot be read, as {why}")))
}
