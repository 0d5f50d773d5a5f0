//! Catching up: the texts that arrived, from Sinch's own list, page by page.
//!
//! The list runs from new to old and reaches two weeks back. If it does not end within our bound, the missing texts would
//! be the oldest, which nobody would ever ask for again: then nothing is returned but an error that says so.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Sinch, arrived, wire};
use crate::{
    error::{Fault, SendError},
    inbound::{KeptText, oldest_first},
    private::Private,
    texting::{closed, not_listed},
    wire_log::Recorder,
};

/// The most that Sinch gives at a time.
const PAGE: &str = "100";
/// Ten thousand texts: a school year's worth of answers.
const MOST_PAGES: usize = 100;
/// Clocks differ, and a text is listed a moment after its date. A text told twice is kept once.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

impl Sinch {
    /// The texts that arrived since, oldest first. `None`: nobody can answer to our sender's name.
    pub(super) async fn catch_up(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        if !self.settings.is_number {
            return Ok(None);
        }
        let since =
            since.saturating_sub(MARGIN).map_err(|_| unreadable("the time asked for makes no sense"))?;
        let (mut texts, mut seen) = (Vec::new(), 0_usize);
        for page in 0..MOST_PAGES {
            let told = self.arrivals_page(since, page).await?;
            let listed = told
                .get("inbounds")
                .and_then(Value::as_array)
                .ok_or_else(|| unreadable("it is not a list of texts"))?;
            for element in listed {
                texts.extend(self.arrival(element)?);
            }
            // A page may be shorter than asked for; only an empty one, or the count, is the end.
            seen = seen.saturating_add(listed.len());
            let count = told.get("count").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            if listed.is_empty() || count.is_some_and(|count| count <= seen) {
                return Ok(Some(oldest_first(texts)));
            }
        }
        Err(unreadable("it is too long, and the oldest texts would be missing: ask for a shorter time"))
    }

    async fn arrivals_page(&self, since: Timestamp, page: usize) -> Result<Value, SendError> {
        let mut url = self.wire.inbounds();
        // Without a date only the last day is listed.
        url.query_pairs_mut()
            .append_pair("start_date", &wire::date(since))
            .append_pair("page", &page.to_string())
            .append_pair("page_size", PAGE);
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let reply = self.wire.get(url, &Recorder::default()).await.map_err(|none| not_listed(none.into()))?;
        if !reply.status.is_success() {
            return Err(not_listed(self.refused(&reply)));
        }
        reply.json().map_err(unreadable)
    }

    /// The text an element tells of, if it came to our number: a service plan may have others, of other channels.
    fn arrival(&self, element: &Value) -> Result<Option<KeptText>, SendError> {
        let text = arrived::read(element).map_err(|_| unreadable("a text is not in the documented form"))?;
        if digits(text.to.expose()) != digits(&self.settings.from) {
            return Ok(None);
        }
        let raw = Private::new(element.to_string().into_bytes());
        Ok(Some(KeptText { text, form: arrived::TEXT, raw }))
    }
}

/// Sinch writes numbers without the `+`, but does not promise it.
fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

fn unreadable(why: &str) -> SendError {
    not_listed(SendError::not_sent(Fault::Temporary, format!("Sinch's list cannot be read, as {why}")))
}
