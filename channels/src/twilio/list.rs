//! What every reading of Twilio's list of messages needs: dates, clocks and the way to the next page.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use url::Url;

use crate::http::Reply;

/// Messages asked for at a time.
pub(super) const PAGE: &str = "200";

/// A date of the list, which writes them as mail does (RFC 2822).
pub(super) fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// By how much Twilio's clock is ahead of ours: what we ask for is by our clock, what is listed by theirs. A machine
/// that runs fast would else overlook its own text and send it twice. Zero if the answer has no date.
pub(super) fn skew(reply: &Reply) -> SignedDuration {
    let ours = Timestamp::try_from(SystemTime::now()).ok();
    reply.date.zip(ours).map_or(SignedDuration::ZERO, |(theirs, ours)| theirs.duration_since(ours))
}

/// The next page's address, which must be at the same place as the first: it is asked with our login.
pub(super) fn next(first: &Url, uri: Option<&str>) -> Result<Option<Url>, &'static str> {
    let Some(uri) = uri.filter(|uri| !uri.is_empty()) else { return Ok(None) };
    let next =
        first.join(uri).ok().filter(|next| next.origin() == first.origin() && next.path() == first.path());
    next.map(Some).ok_or("its next page is elsewhere")
}
