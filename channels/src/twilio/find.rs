//! "Did you take it?": finding a text in doubt in Twilio's own list.
//!
//! Twilio carries no reference of ours in the message itself, so a text is recognised by what it is: ours outbound,
//! to this number, from this sender, with these words, made since the attempt began, and not known to be another
//! delivery. Its filter by date looks at `DateSent`, which a text that has not left yet does not have; so the list is
//! asked by number alone and the dates are compared here.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;

use super::{Twilio, config::Origin, is_message_sid, list, wire};
use crate::{
    error::{Fault, SendError},
    message::{ProviderRef, Text},
    sender::{Found, Lookup},
    texting::{closed, still_in_doubt, text_of},
    wire_log::Recorder,
};

/// Two thousand texts to one number since yesterday is not a school any more.
const MOST_PAGES: usize = 10;
/// Twilio tells whole seconds, and clocks differ a little even when both are kept.
const GRACE: SignedDuration = SignedDuration::from_secs(5);
/// The list runs from new to old, but by which of its dates is not said: so it is read a day further.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);
/// What a trial account puts in front of every text.
const TRIAL_PREFIX: &str = "Sent from your Twilio trial account - ";

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_service_sid: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    direction: Option<String>,
    date_created: String,
}

impl Listed {
    fn created(&self) -> Option<Timestamp> {
        list::date(&self.date_created)
    }
}

/// The candidates seen so far, with the time each was made.
#[derive(Default)]
struct Candidates {
    /// Same number, same sender, same words.
    same: Vec<(Timestamp, String)>,
    /// Same number and sender, but Twilio no longer has the words.
    wordless: Vec<(Timestamp, String)>,
}

impl Candidates {
    /// The answer once the list has been read; `whole` if it was read as far back as it matters.
    fn answer(self, whole: bool) -> Found {
        let oldest = self.same.into_iter().min().map(|(_, sid)| Found::Yes(ProviderRef(sid)));
        let mut wordless = self.wordless.into_iter();
        match (oldest, wordless.next(), wordless.next()) {
            (Some(yes), _, _) => yes,
            (None, None, _) if whole => Found::No,
            (None, Some((_, sid)), None) if whole => Found::Yes(ProviderRef(sid)),
            _ => Found::CannotTell,
        }
    }
}

impl Twilio {
    pub(super) async fn look_up(&self, lookup: &Lookup<'_>, recorder: &Recorder) -> Result<Found, SendError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let text = text_of(lookup.message)?;
        // Without the last digits the list cannot be asked for one number.
        if !self.settings.retain_address {
            return Ok(Found::CannotTell);
        }
        let mut url = self.wire.messages();
        url.query_pairs_mut().append_pair("To", text.to.expose()).append_pair("PageSize", list::PAGE);
        let mut candidates = Candidates::default();
        for _ in 0..MOST_PAGES {
            let (page, skew) = self.page(url, recorder).await?;
            let since = lookup.since.saturating_sub(GRACE).and_then(|since| since.saturating_add(skew));
            let since = since.map_err(|_| unreadable("its clock makes no sense"))?;
            let past = self.sift(&page, text, since, lookup.known, &mut candidates)?;
            match list::next(&self.wire.messages(), page.next_page_uri.as_deref()).map_err(unreadable)? {
                Some(next) if !past => url = next,
                _ => return Ok(candidates.answer(true)),
            }
        }
        Ok(candidates.answer(false))
    }

    /// One page, and by how much Twilio's clock is ahead of ours.
    async fn page(&self, url: Url, recorder: &Recorder) -> Result<(Page, SignedDuration), SendError> {
        let reply = self.wire.get(url, recorder).await.map_err(SendError::from).map_err(still_in_doubt)?;
        if !reply.status.is_success() {
            return Err(still_in_doubt(wire::error(&reply)));
        }
        let page = reply
            .json()
            .and_then(|json| serde_json::from_value(json).map_err(|_| "it is not a list of messages"));
        Ok((page.map_err(unreadable)?, reply.skew()))
    }

    /// Notes the candidates of a page. True if the whole page is older than anything that matters.
    fn sift(
        &self,
        page: &Page,
        text: &Text,
        since: Timestamp,
        known: &[ProviderRef],
        candidates: &mut Candidates,
    ) -> Result<bool, SendError> {
        let horizon = since.saturating_sub(MARGIN).map_err(|_| unreadable("its clock makes no sense"))?;
        let mut past = !page.messages.is_empty();
        for listed in &page.messages {
            let created =
                listed.created().ok_or_else(|| unreadable("a date is not in the documented form"))?;
            past &= created < horizon;
            let may_be = created >= since
                && is_message_sid(&listed.sid)
                && listed.direction.as_deref() == Some("outbound-api")
                && listed.to.as_deref() == Some(text.to.expose())
                && self.is_from_us(listed)
                && !known.iter().any(|known| known.0 == listed.sid);
            if !may_be {
                continue;
            }
            match listed.body.as_deref().unwrap_or_default() {
                "" => candidates.wordless.push((created, listed.sid.clone())),
                body if same_words(body, text.body.expose()) => {
                    candidates.same.push((created, listed.sid.clone()));
                }
                _ => {}
            }
        }
        Ok(past)
    }

    fn is_from_us(&self, listed: &Listed) -> bool {
        self.is_our_sender(listed.from.as_deref(), listed.messaging_service_sid.as_deref())
    }

    /// Whether a text of this account went out from this channel's sender, and not from another's.
    pub(super) fn is_our_sender(&self, from: Option<&str>, service: Option<&str>) -> bool {
        match &self.settings.from {
            Origin::Number(ours) | Origin::Name(ours) => from == Some(ours),
            Origin::Service(ours) => service == Some(ours),
        }
    }
}

/// A text that was compared after what the way to Twilio may change: outer space, line ends, a trial's prefix.
fn same_words(theirs: &str, ours: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let (theirs, ours) = (plain(theirs), plain(ours));
    theirs == ours || theirs.strip_prefix(TRIAL_PREFIX) == Some(&ours)
}

fn unreadable(why: &str) -> SendError {
    still_in_doubt(SendError::not_sent(Fault::Temporary, format!("Twilio's list cannot be read, as {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_whatever_the_way_did_to_their_edges() {
        for (theirs, ours, same) in [
            ("Hello", "Hello", true),
            ("Hello", "Hello ", true),
            ("a\r\nb", "a\nb", true),
            ("Sent from your Twilio trial account - Hello", "Hello", true),
            ("Hello", "hello", false),
            ("Hello there", "Hello", false),
        ] {
            assert_eq!(same_words(theirs, ours), same, "{theirs:?} {ours:?}");
        }
    }
}
