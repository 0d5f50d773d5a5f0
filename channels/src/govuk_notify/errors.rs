//! Notify's errors as a table: whose turn it is, and the sentence for staff.
//!
//! An answer is recognised by its status and its error's name; the words beside it change without notice and decide
//! nothing. (Provider's documentation, "Error codes" of sending a text, an email and a letter and "General errors", and its server's
//! `app/v2/errors.py` and `app/authentication/auth.py`, as read in 2026-11.) What is not here is decided by the status.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Time, tz::TimeZone};
use serde_json::Value;

use crate::{
    error::{Fault, SendError},
    wire::{Reply, by_status, said},
};

/// What is to be looked at where the login was refused.
const LOGIN: &str = "api_key_file, and whether the key was revoked at Notify";
/// By how much our clock may be wrong before Notify refuses our tokens.
const CLOCK: SignedDuration = SignedDuration::from_secs(30);
/// Over how long Notify counts requests.
const RATE_WINDOW: Duration = Duration::from_mins(1);

/// Whose turn it is, where that depends on when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It does not.
    Of(Fault),
    /// The day's allowance is used up: the channel waits for the next day in UTC.
    NextDay,
}

/// One error and what we make of it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The HTTP status.
    pub status: u16,
    /// The error's name.
    pub error: &'static str,
    /// Whose turn it is.
    pub turn: Turn,
    /// One sentence for staff: what happened and what to do. Holds no personal data.
    pub says: &'static str,
}

/// Every error we know, by status and name.
pub const TABLE: &[Entry] = &[
    // "Can't send to this recipient …", "sms_sender_id … does not exist", "Cannot send to international mobile numbers",
    // "Template not found", "Missing personalisation", "Cannot send letters when service is in trial mode", "Service is not
    // allowed to send letters": nothing that another try of ours would mend.
    entry(
        400,
        "BadRequestError",
        Turn::Of(Fault::Misconfigured),
        "Notify refused our settings: check that the service is live and the key is a live one (a trial service and a \
         team key reach the team only, and post no letters), that the service may send what this channel carries, \
         template_id, placeholder, and sms_sender_id or email_reply_to_id",
    ),
    // "phone_number Too many digits", "… Not enough digits", "… Not a UK mobile number", "… Must not contain letters or
    // symbols", "… Not a valid country prefix"; "email_address Not a valid email address"; "Must be a real UK postcode",
    // "Must be a real address", "Address must be at least 3 lines" and what else is said of a letter's address.
    entry(
        400,
        "ValidationError",
        Turn::Of(Fault::BadAddress),
        "Notify says that this is no number or address that it can write to: check it",
    ),
    // The scheme is wrong, or there is no token.
    entry(
        401,
        "AuthError",
        Turn::Of(Fault::Misconfigured),
        "Notify refused the login: check api_key_file, and any proxy that strips headers",
    ),
    // "Invalid token: …", also for a clock that is wrong.
    entry(
        403,
        "AuthError",
        Turn::Of(Fault::Misconfigured),
        "Notify refused the login: check api_key_file, whether the key was revoked, and this machine's clock, which must \
         be right to within 30 seconds",
    ),
    // The same, as the documentation names it; and "Cannot send letters with a team api key", which the server says of a
    // service in trial mode as well.
    entry(
        403,
        "BadRequestError",
        Turn::Of(Fault::Misconfigured),
        "Notify refused the login: check api_key_file, whether the key was revoked, and this machine's clock, which must \
         be right to within 30 seconds; for letters, also that the key is no team key and the service is live",
    ),
    entry(
        404,
        "NoResultFound",
        Turn::Of(Fault::Misconfigured),
        "Notify knows nothing of that name in our service: check template_id, and that the key is of the same service",
    ),
    // 3,000 requests a minute for each kind of key, over a rolling minute.
    entry(
        429,
        "RateLimitError",
        Turn::Of(Fault::Throttled { wait: Some(RATE_WINDOW) }),
        "the service has made more requests this minute than Notify allows",
    ),
    // The service's daily limit.
    entry(
        429,
        "TooManyRequestsError",
        Turn::NextDay,
        "the service's messages of the day are used up: they go on after midnight (UTC), or ask Notify for a higher limit",
    ),
];

const fn entry(status: u16, error: &'static str, turn: Turn, says: &'static str) -> Entry {
    Entry { status, error, turn, says }
}

/// What we know of an error.
pub fn find(status: u16, error: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.status == status && entry.error == error)
}

/// Reads an answer that is not a success.
pub(super) fn read(reply: &Reply, now: Timestamp) -> SendError {
    let status = reply.status.as_u16();
    let body = reply.json().unwrap_or_default();
    let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all =
        |name: &str| errors.iter().filter_map(|error| error.get(name)?.as_str().map(str::to_owned)).collect();
    let (names, words): (Vec<String>, Vec<String>) = (all("error"), all("message"));
    let name = names.into_iter().find(|name| is_name(name));
    let known = name.as_deref().and_then(|name| find(status, name));
    let (fault, says) = match known {
        Some(entry) => (fault(entry.turn, now), entry.says.to_owned()),
        None => by_status(reply.status, "Notify", LOGIN),
    };
    let fault = match fault {
        Fault::Throttled { wait } => Fault::Throttled { wait: wait.max(reply.retry_after) },
        other => other,
    };
    let says = clock_is_wrong(reply).unwrap_or(says);
    let code = name.map_or_else(|| format!("HTTP {status}"), |name| format!("{status} {name}"));
    let error = SendError::not_sent(fault, says).code(code).said(said(&words.join("; ")));
    SendError { went: reply.went(), ..error }
}

/// Only what looks like a name is kept beside the attempt: the rest of an answer may repeat a number.
fn is_name(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

fn fault(turn: Turn, now: Timestamp) -> Fault {
    match turn {
        Turn::Of(fault) => fault,
        Turn::NextDay => Fault::Throttled { wait: until_tomorrow(now) },
    }
}

/// How long it is to the next midnight in UTC.
fn until_tomorrow(now: Timestamp) -> Option<Duration> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let tomorrow = today.checked_add(1.day()).ok()?.to_datetime(Time::midnight());
    let midnight = TimeZone::UTC.to_timestamp(tomorrow).ok()?;
    midnight.duration_since(now).try_into().ok()
}

/// The same refusal tells of a wrong key and of a wrong clock; the answer's own date tells which.
fn clock_is_wrong(reply: &Reply) -> Option<String> {
    let ahead = reply.clock_ahead().filter(|ahead| reply.status.as_u16() == 403 && ahead.abs() > CLOCK)?;
    let (secs, direction) =
        (ahead.as_secs().unsigned_abs(), if ahead.is_positive() { "slow" } else { "fast" });
    Some(format!(
        "Notify refused the login because this machine's clock is {secs} seconds {direction}: set it by network time; it \
         must be right to within 30 seconds"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_no_error_twice() {
        assert!(TABLE.is_sorted_by(|a, b| (a.status, a.error) < (b.status, b.error)));
    }

    #[test]
    fn the_days_texts_come_back_at_midnight_by_utc() {
        for (now, secs) in [
            ("2026-11-23T23:59:59Z", 1),
            ("2026-11-23T00:00:00Z", 86_400),
            // A summer's night, when it is one hour later here.
            ("2026-07-01T23:30:00Z", 1_800),
        ] {
            let now = now.parse().expect("a time");

            assert_eq!(fault(Turn::NextDay, now), Fault::Throttled { wait: Some(Duration::from_secs(secs)) });
        }
    }
}
