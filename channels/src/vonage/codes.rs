//! Vonage's codes as tables: whose turn it is.
//!
//! The codes and what they mean are the provider's; what we make of each is ours. A code that is not here is temporary.

use crate::{
    error::Fault,
    receipt::{FailedAs, Progress},
};

/// One status of an answer, and what we make of it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The provider's number.
    pub status: u32,
    /// Whose turn it is.
    pub fault: Fault,
    /// One sentence for staff: what happened and what to do. Holds no personal data.
    pub says: &'static str,
}

/// Vonage failed while it had the text: the one status after which it may have gone.
pub const INTERNAL_ERROR: u32 = 5;

/// Every status but 0 of an answer that we know, in numerical order (provider's page "SMS API errors" and API
/// specification, as read in 2026-11). The HTTP status beside them is 200.
pub const TABLE: &[Entry] = &[
    entry(1, Fault::Throttled { wait: None }, "Vonage asked us to slow down"),
    entry(
        2,
        Fault::Refused,
        "Vonage misses a parameter in our request: report it, and reach the carer another way",
    ),
    entry(3, Fault::Refused, "Vonage calls a parameter of our request invalid: reach the carer another way"),
    entry(4, Fault::Misconfigured, "Vonage refused the login: check api_key and the API secret"),
    entry(
        INTERNAL_ERROR,
        Fault::Temporary,
        "Vonage failed while it had the message: its receipt will tell whether it went",
    ),
    entry(6, Fault::BadAddress, "Vonage has no route to this number: check the number"),
    entry(7, Fault::BadAddress, "this number is barred at Vonage: check the number, and ask Vonage why"),
    entry(8, Fault::Misconfigured, "Vonage has suspended the account: see the account's dashboard"),
    entry(9, Fault::Misconfigured, "the account at Vonage has no credit left: top it up"),
    entry(
        10,
        Fault::Throttled { wait: None },
        "too many requests of ours are at Vonage at once: lower in_flight",
    ),
    entry(11, Fault::Misconfigured, "the account may not use Vonage's SMS API: see the account's dashboard"),
    entry(12, Fault::Refused, "the text is too long for Vonage: shorten it"),
    entry(
        14,
        Fault::Misconfigured,
        "Vonage wants signed requests of this account: allow the API secret instead",
    ),
    entry(15, Fault::Misconfigured, "our sender may not be used: check 'from' of this channel"),
    entry(22, Fault::Refused, "Vonage calls a network code of our request invalid: report it"),
    entry(
        23,
        Fault::Refused,
        "Vonage will not call the address in our request: reach the carer another way, and check public_url",
    ),
    entry(
        29,
        Fault::Misconfigured,
        "the account is a trial and reaches listed numbers only: complete the account at Vonage",
    ),
    entry(
        32,
        Fault::Misconfigured,
        "Vonage wants either a secret or a signature: see the account's settings",
    ),
    entry(33, Fault::BadAddress, "this number is deactivated: check the number"),
];

const fn entry(status: u32, fault: Fault, says: &'static str) -> Entry {
    Entry { status, fault, says }
}

/// What we know of a status.
pub fn find(status: u32) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.status == status)
}

/// The status words of receipts, and how far each says a text has come; a failure stands for what its code does not tell
/// (provider's page on delivery receipts and its API specification, whose lists differ: both are here).
pub const STATUSES: &[(&str, Progress)] = &[
    ("accepted", Progress::Sent),
    ("buffered", Progress::Sent),
    ("delivered", Progress::Delivered),
    ("expired", Progress::Failed(FailedAs::Temporary)),
    ("failed", Progress::Failed(FailedAs::Temporary)),
    ("rejected", Progress::Failed(FailedAs::Refused)),
    ("undelivered", Progress::Failed(FailedAs::Temporary)),
    // Nobody knows: sent again it could arrive twice.
    ("unknown", Progress::Accepted),
];

/// The `err-code` of receipts that tell more than the status (same page).
pub const FAILURES: &[(u32, FailedAs)] = &[
    // Unknown.
    (1, FailedAs::Temporary),
    // Absent, for now.
    (2, FailedAs::Temporary),
    // Absent for good.
    (3, FailedAs::BadAddress),
    // Barred by whoever has the number.
    (4, FailedAs::BadAddress),
    // A number that moved from one network to another.
    (5, FailedAs::Temporary),
    // Taken for spam.
    (6, FailedAs::Refused),
    // The handset is busy.
    (7, FailedAs::Temporary),
    // The network failed.
    (8, FailedAs::Temporary),
    // They asked not to receive texts of this kind.
    (9, FailedAs::Stopped),
    // The message itself.
    (10, FailedAs::Refused),
    // No route.
    (11, FailedAs::Refused),
    // Unreachable for good.
    (12, FailedAs::BadAddress),
    // Their age.
    (13, FailedAs::Refused),
    // Blocked by the network.
    (14, FailedAs::BadAddress),
    // No credit on a prepaid handset.
    (15, FailedAs::Temporary),
    // General.
    (99, FailedAs::Temporary),
];

/// How far a receipt says a text has come. A word that Vonage has yet to invent moves nothing, and is kept.
pub fn progress(status: &str, code: Option<&str>) -> Progress {
    let by_status = STATUSES.iter().find(|(word, _)| *word == status).map(|(_, progress)| *progress);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    let by_code = FAILURES.iter().find(|(known, _)| Some(*known) == code).map(|(_, failed)| *failed);
    match (by_status, by_code) {
        // Why it expired is no reason not to try again.
        (Some(progress), _) if status == "expired" => progress,
        (Some(Progress::Failed(_)), Some(failed)) => Progress::Failed(failed),
        (Some(progress), _) => progress,
        (None, _) => Progress::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order_and_name_nothing_twice() {
        assert!(TABLE.is_sorted_by(|a, b| a.status < b.status));
        assert!(STATUSES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(FAILURES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn every_status_has_its_rank_and_a_code_tells_why() {
        use FailedAs::{BadAddress, Refused, Stopped, Temporary};
        for (status, code, expected) in [
            ("accepted", None, Progress::Sent),
            ("buffered", None, Progress::Sent),
            ("delivered", None, Progress::Delivered),
            ("delivered", Some("3"), Progress::Delivered),
            ("unknown", Some("1"), Progress::Accepted),
            ("of_tomorrow", Some("3"), Progress::Accepted),
            ("expired", None, Progress::Failed(Temporary)),
            ("expired", Some("12"), Progress::Failed(Temporary)),
            ("failed", None, Progress::Failed(Temporary)),
            ("failed", Some("2"), Progress::Failed(Temporary)),
            ("failed", Some("3"), Progress::Failed(BadAddress)),
            ("failed", Some("4"), Progress::Failed(BadAddress)),
            ("failed", Some("6"), Progress::Failed(Refused)),
            ("failed", Some("9"), Progress::Failed(Stopped)),
            ("undelivered", Some("12"), Progress::Failed(BadAddress)),
            ("undelivered", Some("14"), Progress::Failed(BadAddress)),
            ("rejected", None, Progress::Failed(Refused)),
            ("rejected", Some("7"), Progress::Failed(Temporary)),
            ("failed", Some("15"), Progress::Failed(Temporary)),
            ("failed", Some("99"), Progress::Failed(Temporary)),
            ("failed", Some("77"), Progress::Failed(Temporary)),
        ] {
            assert_eq!(progress(status, code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn every_documented_code_of_a_receipt_says_whose_turn_it_is() {
        use FailedAs::{BadAddress, Refused, Stopped, Temporary};
        let documented = [
            (1, Temporary),
            (2, Temporary),
            (3, BadAddress),
            (4, BadAddress),
            (5, Temporary),
            (6, Refused),
            (7, Temporary),
            (8, Temporary),
            (9, Stopped),
            (10, Refused),
            (11, Refused),
            (12, BadAddress),
            (13, Refused),
            (14, BadAddress),
            (15, Temporary),
            (99, Temporary),
        ];
        assert_eq!(documented.len(), FAILURES.len(), "a code has no case here");
        for (code, failed) in documented {
            for status in ["failed", "undelivered"] {
                let told = progress(status, Some(&code.to_string()));

                assert_eq!(told, Progress::Failed(failed), "{status} {code}");
            }
        }
    }
}
