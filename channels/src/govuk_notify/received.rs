//! Catching up: the texts in Notify's own list, for those whose post never reached us.
//!
//! The list runs from new to old in pages of 250 and keeps seven days. It names a next page even after the last one, so
//! it ends at an empty page. If it does not end within our bound, the missing texts would be the oldest, which nobody
//! would ever ask for again: then nothing is returned but an error that says so.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{
    GovukNotify,
    arrived::{LISTED, ListedText},
};
use crate::{
    error::{Fault, SendError},
    inbound::{KeptText, oldest_first},
    private::Private,
    sender::Carries,
    texting::not_listed,
    wire_log::Recorder,
};

/// Twelve thousand texts within seven days is not a school any more.
const MOST_PAGES: usize = 50;
/// A text is listed a moment after its date, and clocks differ. Asking for too much costs nothing.
const GRACE: SignedDuration = SignedDuration::from_mins(5);

impl GovukNotify {
    /// The texts that arrived since, oldest first. `None`: nobody can answer to our sender.
    pub(super) async fn catch_up(&self, since: Timestamp) -> Result<Option<Vec<KeptText>>, SendError> {
        if !self.limits.can_be_answered || self.limits.carries != Carries::Text {
            return Ok(None);
        }
        let mut texts = Vec::new();
        let mut older_than: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.wire.at("received-text-messages");
            if let Some(id) = &older_than {
                url.query_pairs_mut().append_pair("older_than", id);
            }
            let (page, reply) = self.ask(url, &Recorder::default()).await.map_err(not_listed)?;
            let horizon = since.saturating_sub(GRACE).and_then(|since| since.saturating_add(reply.skew()));
            let horizon = horizon.map_err(|_| unreadable("its clock makes no sense"))?;
            let listed = page.get("received_text_messages").and_then(Value::as_array);
            let (new, past) = sift(listed.ok_or_else(|| unreadable("it is not a list"))?, horizon)?;
            texts.extend(new);
            match past {
                Past::Reached => return Ok(Some(oldest_first(texts))),
                Past::Beyond(id) => older_than = Some(id),
            }
        }
        Err(unreadable("it is too long, and the oldest texts would be missing: ask for a shorter time"))
    }
}

/// Where the end of what matters is.
enum Past {
    /// On this page.
    Reached,
    /// On a later page, older than this text.
    Beyond(String),
}

/// The texts of a page that are not older than the horizon. One without a date that can be read may be new, so it is.
fn sift(page: &[Value], horizon: Timestamp) -> Result<(Vec<KeptText>, Past), SendError> {
    let mut new = Vec::new();
    let mut last = None;
    for element in page {
        let text = ListedText::deserialize(element).ok().and_then(ListedText::into_text);
        let text = text.ok_or_else(|| unreadable("a text in it is not in the documented form"))?;
        last = Some((text.reference.0.clone(), text.sent_at));
        if text.sent_at.is_none_or(|at| at >= horizon) {
            let raw = Private::new(element.to_string().into_bytes());
            new.push(KeptText { text, form: LISTED, raw });
        }
    }
    let past = match last {
        Some((id, sent_at)) if sent_at.is_none_or(|at| at >= horizon) => Past::Beyond(id),
        _ => Past::Reached,
    };
    Ok((new, past))
}

fn unreadable(why: &str) -> SendError {
    not_listed(SendError::not_sent(Fault::Temporary, format!("Notify's list cannot be read, as {why}")))
}
