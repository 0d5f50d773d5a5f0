//! "Did you take it?": asking Sinch for the batch that carries our reference.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Sinch, is_id, wire};
use crate::{
    error::{Fault, SendError},
    message::ProviderRef,
    sender::{Found, Lookup},
    texting::{closed, still_in_doubt, text_of},
    wire_log::Recorder,
};

/// Clocks differ; asking for too much costs nothing, as the reference decides.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);
/// Sinch lists what happened in the last two weeks (its manual says so of texts that arrive; of batches it is unchecked).
/// What is not listed after that may have been taken all the same.
const LISTED_FOR: SignedDuration = SignedDuration::from_hours(13 * 24);

impl Sinch {
    pub(super) async fn look_up(&self, lookup: &Lookup<'_>, recorder: &Recorder) -> Result<Found, SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        text_of(lookup.message)?;
        let reference = lookup.reference.to_string();
        let since =
            lookup.since.saturating_sub(MARGIN).map_err(|_| unreadable("its clock makes no sense"))?;
        let mut url = self.wire.batches();
        // Without a date only the last day is listed.
        url.query_pairs_mut()
            .append_pair("client_reference", &reference)
            .append_pair("start_date", &wire::date(since))
            .append_pair("page", "0")
            .append_pair("page_size", "100");
        let reply = self.wire.get(url, recorder).await.map_err(SendError::from).map_err(still_in_doubt)?;
        if !reply.status.is_success() {
            return Err(still_in_doubt(self.refused(&reply)));
        }
        let page = reply.json().map_err(unreadable)?;
        let batches = page
            .get("batches")
            .and_then(Value::as_array)
            .ok_or_else(|| unreadable("it is not a list of batches"))?;
        // Sinch's filter is not taken at its word: another text's id here would close the wrong delivery.
        let ours = batches.iter().filter(|batch| word(batch, "client_reference") == Some(&reference));
        // From new to old: if ever there were two, the first attempt's is meant.
        let oldest = ours
            .filter_map(|batch| word(batch, "id").filter(|id| is_id(id)))
            .rfind(|id| !lookup.known.iter().any(|known| known.0 == *id));
        Ok(match oldest {
            Some(id) => Found::Yes(ProviderRef(id.to_owned())),
            None if is_still_listed(lookup.since, reply.date) => Found::No,
            None => Found::CannotTell,
        })
    }
}

/// Whether a batch from then would still be listed, by the provider's clock; an answer without one cannot be asked.
fn is_still_listed(since: Timestamp, now: Option<Timestamp>) -> bool {
    now.is_none_or(|now| now.duration_since(since) < LISTED_FOR)
}

fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn unreadable(why: &str) -> SendError {
    still_in_doubt(SendError::not_sent(Fault::Temporary, format!("Sinch's list cannot be read, as {why}")))
}
