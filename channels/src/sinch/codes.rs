//! Sinch's codes as tables: whose turn it is.
//!
//! The codes and what they mean are the provider's; what we make of each is ours. A code that is not here decides nothing:
//! for a request the HTTP status does, for a receipt its status word.

use crate::{
    error::Fault,
    receipt::{FailedAs, Progress},
};

/// One code of an error answer, `{"code": …, "text": …}`, and what we make of it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The provider's word.
    pub code: &'static str,
    /// Whose turn it is.
    pub fault: Fault,
    /// One sentence for staff: what happened and what to do. Holds no personal data.
    pub says: &'static str,
}

/// Every code of an error answer we know (provider's REST API manual, "HTTP errors", as read in 2026-11).
pub const TABLE: &[Entry] = &[
    // "Callback has been requested but no URL is provided."
    entry(
        "missing_callback_url",
        Fault::Misconfigured,
        "Sinch was asked to report and knows no address: set public_url, or a callback address of the service plan",
    ),
    // "The request body doesn't fulfill all of the constraints", such as a body that is too long.
    entry(
        "syntax_constraint_violation",
        Fault::Refused,
        "Sinch will not take a text like this one: it may be too long",
    ),
    // "The JSON in the request is invalid or does not conform to the API specification."
    entry(
        "syntax_invalid_json",
        Fault::Refused,
        "Sinch could not read our request: report it, and reach the carer another way",
    ),
    // "The format of a field value is invalid. For example if a MSISDN is not correctly formatted." It may be any field's;
    // see `MALFORMED_NUMBER`.
    entry(
        INVALID_FORMAT,
        Fault::Refused,
        "Sinch calls a value of our request malformed: reach the carer another way, and check this channel's settings if \
         all are refused",
    ),
    // "The campaign ID does not match the specified originator."
    entry(
        "unknown_campaign",
        Fault::Misconfigured,
        "Sinch does not let this sender be used so: check 'from' of this channel",
    ),
    // "A referenced group ID is unknown." We name no groups, so Sinch took a number for one.
    entry(
        "unknown_group",
        Fault::BadAddress,
        "Sinch does not take this for a telephone number: check the number",
    ),
];

/// A value is not in its field's format.
const INVALID_FORMAT: &str = "syntax_invalid_parameter_format";

/// The same, where the provider's words name the recipient as the field.
const MALFORMED_NUMBER: Entry =
    entry(INVALID_FORMAT, Fault::BadAddress, "Sinch calls the number malformed: check the number");

const fn entry(code: &'static str, fault: Fault, says: &'static str) -> Entry {
    Entry { code, fault, says }
}

/// What we know of a code of an error answer, and of the words beside it.
pub fn find(code: &str, text: &str) -> Option<&'static Entry> {
    if code == INVALID_FORMAT && names_recipient(text) {
        return Some(&MALFORMED_NUMBER);
    }
    TABLE.iter().find(|entry| entry.code == code)
}

/// Whether the words name the field `to`, and not merely use the word: a field stands in quotes, in a path, with the number
/// of its element, or in front of all else.
fn names_recipient(text: &str) -> bool {
    text.match_indices("to").any(|(at, word)| {
        let before = text.get(..at).and_then(|rest| rest.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        let opened = matches!(before, None | Some('\'' | '"' | '`' | '.' | '/' | '['));
        let closed = matches!(after, None | Some('\'' | '"' | '`' | '[' | ']' | ':'));
        (opened && closed)
            || (before.is_none() && after == Some(' '))
            || (before == Some(' ') && matches!(after, Some('[' | ':')))
    })
}

/// The status words of receipts, and how far each says a text has come; a failure stands for what its code does not tell
/// (provider's page on delivery reports, as read in 2026-11).
pub const STATUSES: &[(&str, Progress)] = &[
    ("Aborted", Progress::Failed(FailedAs::Temporary)),
    // Somebody stopped it at the provider's: not ours to send again.
    ("Cancelled", Progress::Failed(FailedAs::Refused)),
    // "This may happen if the destination is an invalid MSISDN or opted out subscriber." The carer's wish comes first.
    ("Deleted", Progress::Failed(FailedAs::Stopped)),
    ("Delivered", Progress::Delivered),
    ("Dispatched", Progress::Sent),
    ("Expired", Progress::Failed(FailedAs::Temporary)),
    ("Failed", Progress::Failed(FailedAs::Temporary)),
    ("Queued", Progress::Accepted),
    ("Rejected", Progress::Failed(FailedAs::Refused)),
    // "Delivered to the SMSC but no delivery receipt": the network has it. Sent again it could arrive twice.
    ("Unknown", Progress::Sent),
];

/// The codes of receipts that tell more than the status (same page, "Delivery report error codes"). Codes outside the 4xx
/// are the networks' own and tell nothing here; 400 and 401 are Queued and Dispatched.
pub const FAILURES: &[(u32, FailedAs)] = &[
    // Unroutable: "Retrying is likely to cause the same error."
    (402, FailedAs::Refused),
    // Internal error.
    (403, FailedAs::Temporary),
    // Temporary delivery failure: "Message can be retried."
    (404, FailedAs::Temporary),
    // A placeholder in the body without a value: words like ${this} are read as one.
    (405, FailedAs::Refused),
    // Expired before it reached the network.
    (406, FailedAs::Temporary),
    // Cancelled by somebody.
    (407, FailedAs::Refused),
    // Internal reject: "Retrying is likely to cause the same error."
    (408, FailedAs::Refused),
    // No originator.
    (410, FailedAs::Misconfigured),
    // More parts than we allow.
    (411, FailedAs::Refused),
    // The region is not provisioned.
    (412, FailedAs::Misconfigured),
    // "The account is blocked. Potentially out of credit."
    (413, FailedAs::Misconfigured),
    // Only pictures have these.
    (414, FailedAs::Refused),
    (415, FailedAs::Refused),
    (416, FailedAs::Refused),
    (417, FailedAs::Refused),
    (418, FailedAs::Refused),
];

/// How far a receipt says a text has come. A word that Sinch has yet to invent moves nothing, and is kept.
pub fn progress(status: &str, code: Option<u32>) -> Progress {
    let by_status = STATUSES.iter().find(|(word, _)| *word == status).map(|(_, progress)| *progress);
    let by_code = FAILURES.iter().find(|(known, _)| Some(*known) == code).map(|(_, failed)| *failed);
    match (by_status, by_code) {
        // An account that is blocked is IT's, whatever the word for it.
        (Some(Progress::Failed(FailedAs::Refused)), Some(FailedAs::Misconfigured)) => {
            Progress::Failed(FailedAs::Misconfigured)
        }
        // Whoever cancelled or opted out is not overruled by a code.
        (Some(Progress::Failed(failed @ (FailedAs::Stopped | FailedAs::Refused))), _) => {
            Progress::Failed(failed)
        }
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
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        assert!(STATUSES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(FAILURES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_malformed_value_is_the_number_s_only_where_the_words_name_its_field() {
        for (text, fault) in [
            ("'to[0]' is not a valid MSISDN", Fault::BadAddress),
            ("Invalid value for \"to\"", Fault::BadAddress),
            ("Field $.to[0]: no MSISDN", Fault::BadAddress),
            ("to: no MSISDN", Fault::BadAddress),
            ("to is no MSISDN", Fault::BadAddress),
            ("The value of to[0] is malformed", Fault::BadAddress),
            ("'from' is not a valid MSISDN", Fault::Refused),
            ("callback_url has to be a URL", Fault::Refused),
            ("Failed to parse expire_at", Fault::Refused),
            ("'total' is no number", Fault::Refused),
            ("'too_long' is not known", Fault::Refused),
            ("", Fault::Refused),
        ] {
            let found = find("syntax_invalid_parameter_format", text).map(|entry| entry.fault);

            assert_eq!(found, Some(fault), "{text}");
        }
    }

    #[test]
    fn every_documented_code_of_a_receipt_says_whose_turn_it_is() {
        use FailedAs::{Misconfigured, Refused, Temporary};
        let documented = [
            (402, Refused),
            (403, Temporary),
            (404, Temporary),
            (405, Refused),
            (406, Temporary),
            (407, Refused),
            (408, Refused),
            (410, Misconfigured),
            (411, Refused),
            (412, Misconfigured),
            (413, Misconfigured),
            (414, Refused),
            (415, Refused),
            (416, Refused),
            (417, Refused),
            (418, Refused),
        ];
        assert_eq!(documented.len(), FAILURES.len(), "a code has no case here");
        for (code, failed) in documented {
            for status in ["Aborted", "Failed"] {
                assert_eq!(progress(status, Some(code)), Progress::Failed(failed), "{status} {code}");
            }
        }
    }

    #[test]
    fn every_status_has_its_rank_and_a_code_tells_why() {
        use FailedAs::{Misconfigured, Refused, Stopped, Temporary};
        for (status, code, expected) in [
            ("Queued", Some(400), Progress::Accepted),
            ("Dispatched", Some(401), Progress::Sent),
            ("Delivered", Some(0), Progress::Delivered),
            ("Unknown", None, Progress::Sent),
            ("Failed", None, Progress::Failed(Temporary)),
            ("Failed", Some(11), Progress::Failed(Temporary)),
            ("Expired", None, Progress::Failed(Temporary)),
            ("Aborted", None, Progress::Failed(Temporary)),
            ("Aborted", Some(404), Progress::Failed(Temporary)),
            ("Aborted", Some(402), Progress::Failed(Refused)),
            ("Aborted", Some(408), Progress::Failed(Refused)),
            ("Aborted", Some(410), Progress::Failed(Misconfigured)),
            ("Aborted", Some(411), Progress::Failed(Refused)),
            ("Aborted", Some(413), Progress::Failed(Misconfigured)),
            ("Rejected", Some(404), Progress::Failed(Refused)),
            ("Rejected", Some(413), Progress::Failed(Misconfigured)),
            ("Cancelled", Some(407), Progress::Failed(Refused)),
            ("Deleted", None, Progress::Failed(Stopped)),
            ("Deleted", Some(404), Progress::Failed(Stopped)),
            ("Delivered", Some(413), Progress::Delivered),
            ("OfTomorrow", Some(413), Progress::Accepted),
        ] {
            assert_eq!(progress(status, code), expected, "{status} {code:?}");
        }
    }
}
