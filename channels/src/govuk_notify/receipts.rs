//! How far our messages have come, from Notify's own list.
//!
//! Notify posts receipts of texts and emails to one address for each service: where two channels share a service, one of
//! them hears nothing. Of letters it posts none, only of those that come back. So its list of messages is asked, from new to
//! old in pages of 250. (Provider's documentation, "Get the data for multiple messages" and "Callbacks", as read in 2026-11.)

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{GovukNotify, arrived, kind, notification_id, statuses};
use crate::{
    error::{Fault, SendError, Went},
    message::{OurRef, ProviderRef},
    receipt::Receipt,
    wire_log::Recorder,
};

/// Twelve thousand messages of one kind within seven days is not a school any more. What lies behind is not asked for, and the
/// rest is told all the same: a status is not lost, as it is still there to be asked for.
const MOST_PAGES: usize = 50;
/// Clocks differ, and a message may be dated a moment before we wrote down that it was handed over. Asking for too much costs
/// nothing.
const GRACE: SignedDuration = SignedDuration::from_mins(5);

/// An element of the list. Members that Notify may add, and those that are a carer's, are not looked at.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    reference: Option<String>,
    status: String,
    #[serde(default)]
    created_at: Option<String>,
}

impl GovukNotify {
    /// How far the messages have come that were handed over since, newest first.
    pub(super) async fn how_far(&self, since: Timestamp) -> Result<Vec<Receipt>, SendError> {
        let (mut receipts, mut seen) = (Vec::new(), HashSet::new());
        let mut older_than: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.wire.at("notifications");
            url.query_pairs_mut().append_pair("template_type", kind(self.settings.carries));
            if let Some(id) = &older_than {
                url.query_pairs_mut().append_pair("older_than", id);
            }
            let (page, reply) = self.ask(url, &Recorder::default()).await.map_err(not_told)?;
            let horizon = since.saturating_sub(GRACE).and_then(|since| since.saturating_add(reply.skew()));
            let horizon = horizon.map_err(|_| unreadable("its clock makes no sense"))?;
            let listed = page.get("notifications").and_then(Value::as_array);
            let mut last = None;
            for element in listed.ok_or_else(|| unreadable("it is not a list"))? {
                let one = Listed::deserialize(element)
                    .map_err(|_| unreadable("a message in it is not in the documented form"))?;
                let id = notification_id(&one.id)
                    .ok_or_else(|| unreadable("a message in it is not named by a UUID"))?;
                // One without a date that can be read may be new, so it is.
                let new = one.created_at.as_deref().and_then(arrived::date).is_none_or(|at| at >= horizon);
                let first = seen.insert(id.clone());
                if new && first {
                    receipts.extend(self.receipt(&id, one)?);
                }
                last = Some((id, new, first));
            }
            match last {
                None | Some((_, false, _)) => return Ok(receipts),
                // It would be asked for to the last page, and tell nothing.
                Some((_, _, false)) => return Err(unreadable("it repeats itself")),
                Some((id, ..)) => older_than = Some(id),
            }
        }
        Ok(receipts)
    }

    /// What an element tells, if it is a message of ours.
    fn receipt(&self, id: &str, one: Listed) -> Result<Option<Receipt>, SendError> {
        let Some(ours) = one.reference.as_deref().and_then(ours) else { return Ok(None) };
        if !statuses::is_status(&one.status) {
            return Err(unreadable("a status in it is not a word"));
        }
        Ok(Some(Receipt {
            reference: ProviderRef(id.to_owned()),
            ours: Some(ours),
            progress: statuses::progress(self.settings.carries, &one.status),
            status: one.status,
            code: None,
        }))
    }
}

/// Our reference, in our own spelling: the service may send for others, who may use UUIDs as well.
fn ours(reference: &str) -> Option<OurRef> {
    Uuid::try_parse(reference).ok().map(OurRef).filter(|ours| ours.to_string() == reference)
}

/// Asking how far messages have come changes nothing, so however it fails, nothing is in doubt.
fn not_told(error: SendError) -> SendError {
    let summary = format!("how far messages have come could not be asked: {}", error.summary);
    SendError { went: Went::No, summary, ..error }
}

fn unreadable(why: &str) -> SendError {
    not_told(SendError::not_sent(Fault::Temporary, format!("Notify's list cannot be read, as {why}")))
}
