//! Twilio's error codes as a table: whose turn it is, and the sentence for staff.
//!
//! The codes and what they mean are the provider's (error dictionary, as read in 2026-07); what we make of each is
//! ours. A code that is not here decides nothing: the HTTP status does.

use std::time::Duration;

use crate::{error::Fault, receipt::FailedAs};

/// One code and what we make of it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The provider's number.
    pub code: u32,
    /// Whose turn it is.
    pub fault: Fault,
    /// One sentence for staff: what happened and what to do. Holds no personal data.
    pub says: &'static str,
}

/// Too many requests at once. Documented as never processed, so it is safe to repeat whatever the HTTP status says.
pub const TOO_MANY_REQUESTS: u32 = 20_429;

/// A message queue of ten hours does not empty in a minute.
const FULL_QUEUE: Duration = Duration::from_mins(15);

/// Every code we know, in numerical order.
pub const TABLE: &[Entry] = &[
    entry(
        20_003,
        Fault::Misconfigured,
        "Twilio refused the login: check the account SID, and the token or API key",
    ),
    entry(
        20_404,
        Fault::Misconfigured,
        "Twilio does not know this account or address: check the account SID",
    ),
    entry(TOO_MANY_REQUESTS, Fault::Throttled { wait: None }, "Twilio asked us to slow down"),
    entry(21_211, Fault::BadAddress, "this is not a telephone number: check the number"),
    entry(21_212, Fault::Misconfigured, "Twilio calls our sender invalid: check 'from' of this channel"),
    entry(
        21_408,
        Fault::Refused,
        "the account may not text this country: IT can allow it in Twilio's messaging geographic permissions",
    ),
    entry(
        21_606,
        Fault::Misconfigured,
        "our sender does not belong to the account: check 'from' of this channel",
    ),
    entry(
        21_608,
        Fault::Misconfigured,
        "the account is a trial or lacks an approved profile, so it reaches verified numbers only: complete the \
         account at Twilio",
    ),
    entry(
        21_610,
        Fault::Stopped,
        "this number has opted out of our texts at Twilio: reach the carer another way; only a text START from that \
         number undoes it",
    ),
    entry(21_611, Fault::Throttled { wait: Some(FULL_QUEUE) }, "our sender's queue at Twilio is full"),
    entry(21_612, Fault::BadAddress, "Twilio has no route to this number: check the number"),
    entry(21_614, Fault::BadAddress, "this is not a mobile number: check the number"),
    entry(21_617, Fault::Refused, "the text is longer than 1,600 characters: shorten it"),
    entry(21_635, Fault::BadAddress, "this is a landline: check the number"),
    entry(30_001, Fault::Throttled { wait: Some(FULL_QUEUE) }, "our sender's queue at Twilio overflowed"),
    entry(30_002, Fault::Misconfigured, "Twilio has suspended the account: see the account's console"),
    entry(30_003, Fault::Temporary, "the handset is off, out of reach or cannot receive texts"),
    entry(
        30_004,
        Fault::Refused,
        "the text was blocked on its way: ask Twilio why, and reach the carer another way",
    ),
    entry(30_005, Fault::BadAddress, "this number is not in use: check the number"),
    entry(
        30_006,
        Fault::BadAddress,
        "this is a landline, or its network cannot be reached: check the number",
    ),
    entry(
        30_007,
        Fault::Refused,
        "a network filtered the text as unwanted: look at its wording and at our sender",
    ),
    entry(30_008, Fault::Temporary, "the network reported an error without saying which"),
    entry(63_017, Fault::Throttled { wait: None }, "the account sends faster than Twilio allows"),
];

const fn entry(code: u32, fault: Fault, says: &'static str) -> Entry {
    Entry { code, fault, says }
}

/// What we know of a code.
pub fn find(code: u32) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.code == code)
}

/// How a message that Twilio took has failed. Unlisted codes, and none at all, are temporary.
pub fn failed_as(code: Option<u32>) -> FailedAs {
    match code.and_then(find).map(|entry| entry.fault) {
        None | Some(Fault::Temporary | Fault::Unreachable | Fault::Throttled { .. }) => FailedAs::Temporary,
        Some(Fault::BadAddress) => FailedAs::BadAddress,
        Some(Fault::Stopped) => FailedAs::Stopped,
        Some(Fault::Refused) => FailedAs::Refused,
        Some(Fault::Misconfigured) => FailedAs::Misconfigured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_no_code_twice() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn an_unlisted_failure_is_temporary() {
        assert_eq!(failed_as(Some(39_999)), FailedAs::Temporary);
        assert_eq!(failed_as(None), FailedAs::Temporary);
    }
}
