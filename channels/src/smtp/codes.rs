//! The table of refusals: step, digits, status and words, against whose turn it is and what to do.
//!
//! The first row that fits decides; a refusal without a row is temporary, or the server's being away where no message was
//! spoken of. Digits as in RFC 5321 §4.2, statuses as in
//! RFC 3463 and the registry RFC 5248 opened, and what Exchange Online, Gmail and Postfix write in practice.

use super::{
    classify::{Phase, QUOTA_PAUSE},
    reply::Reply,
};
use crate::error::Fault;

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whose turn it is.
    pub(super) fault: Fault,
    /// What to do, for the school's IT person.
    pub(super) advice: &'static str,
}

/// One row. An empty list or text fits all.
struct Row {
    phases: &'static [Phase],
    /// Beginnings of the digits.
    codes: &'static [&'static str],
    /// Statuses; one that ends in a dot stands for all below it.
    statuses: &'static [&'static str],
    /// Any of these stands in the reply (small letters).
    words: &'static [&'static str],
    verdict: Verdict,
}

/// Says what a refusal means.
pub(super) fn judge(phase: Phase, reply: &Reply) -> Verdict {
    let (code, status) = (reply.code.to_string(), reply.status().unwrap_or_default());
    let words = reply.said().to_ascii_lowercase();
    let fits = |row: &&Row| {
        any(row.phases, |one| *one == phase)
            && any(row.codes, |one| code.starts_with(one))
            && any(row.statuses, |one| status == *one || (one.ends_with('.') && status.starts_with(one)))
            && any(row.words, |one| words.contains(one))
    };
    let otherwise = if phase.is_of_a_message() { LATER } else { AWAY };
    ROWS.iter().find(fits).map_or(otherwise, |row| row.verdict)
}

fn any<T>(list: &[T], fits: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(fits)
}

const fn says(fault: Fault, advice: &'static str) -> Verdict {
    Verdict { fault, advice }
}

const fn row(
    phases: &'static [Phase],
    codes: &'static [&'static str],
    statuses: &'static [&'static str],
    words: &'static [&'static str],
    verdict: Verdict,
) -> Row {
    Row { phases, codes, statuses, words, verdict }
}

const LATER: Verdict =
    says(Fault::Temporary, "it will be tried again; if it goes on, read the server's log.");
const AWAY: Verdict =
    says(Fault::Unreachable, "the channel rests and tries again; if it goes on, read the server's log.");
const SLOWER: Verdict = says(
    Fault::Throttled { wait: None },
    "too fast for it, the channel pauses; if it goes on, set `per_minute` lower.",
);
const FEWER: Verdict = says(
    Fault::Throttled { wait: None },
    "too many connections, the channel pauses; set `connections` lower.",
);
const QUOTA: Verdict = says(
    Fault::Throttled { wait: Some(QUOTA_PAUSE) },
    "the account's daily quota is spent, the channel pauses; ask the provider for a higher one if this happens often.",
);
const ADDRESS: Verdict =
    says(Fault::BadAddress, "there is no such mailbox; check the address with the carer.");
const FULL: Verdict = says(Fault::Temporary, "the recipient's mailbox is full; it will be tried again.");
const TOO_BIG: Verdict = says(Fault::Refused, "the message is too large for it; make it shorter.");
const POLICY: Verdict = says(
    Fault::Refused,
    "a rule there refuses this message; another route is used. Ask the server's keeper which rule.",
);
const MACHINE: Verdict = says(
    Fault::Misconfigured,
    "it takes no mail from this machine; have this machine's address allowed there, or correct `host`.",
);
const RELAY: Verdict = says(
    Fault::Misconfigured,
    "it will not carry mail to the outside for us; set `username` and `password_file`, or have this machine allowed to relay.",
);
const SENDER: Verdict = says(
    Fault::Misconfigured,
    "we may not send as this sender; set `from` to the account's own address, or grant \"send as\" there.",
);
const BLOCKED: Verdict = says(
    Fault::Misconfigured,
    "the account or the tenant is blocked from sending; an administrator must clear it with the provider.",
);
const ENCRYPT: Verdict = says(Fault::Misconfigured, "it wants an encrypted line; set `tls = \"starttls\"`.");
const SIGN_IN: Verdict =
    says(Fault::Misconfigured, "it wants a sign-in; set `username` and `password_file`.");
const PASSWORD: Verdict = says(
    Fault::Misconfigured,
    "user name or password is wrong, or the account is locked; correct `username` and `password_file`.",
);
const PASSWORDS_OFF: Verdict = says(
    Fault::Misconfigured,
    "sign-in with a password is switched off for this account or tenant; an administrator must allow SMTP AUTH, or use a relay connector.",
);
const NO_TLS: Verdict =
    says(Fault::Misconfigured, "it refuses encryption; have its certificate set up there.");

use Phase::{Auth, Body, Data, Greeting, Mail, Rcpt, StartTls};

/// Steps that belong to a message.
const MESSAGE: &[Phase] = &[Mail, Rcpt, Data, Body];
/// Words of a sender who goes too fast.
const HASTE: &[&str] =
    &[" rate", "too many", "too fast", "throttl", "slow down", "try again later, closing", "limit exceeded"];

#[rustfmt::skip] // a table is read by its columns
const ROWS: &[Row] = &[
    // Any step: pace and quotas.
    row(&[], &["432", "421"], &[], &["concurrent connections", "too many connections", "too many concurrent"], FEWER),
    row(&[], &[], &["5.4.5"], &[], QUOTA),
    row(&[], &[], &[], &["daily user sending", "daily sending quota", "submissionquotaexceeded", "submission quota"], QUOTA),
    // Any step: what belongs to the settings whatever the digits say.
    row(&[], &["530", "538", "554"], &[], &["starttls", "encryption required"], ENCRYPT),
    row(&[], &["5"], &["5.7.30", "5.7.139"], &[], PASSWORDS_OFF),
    row(&[], &["5"], &["5.7.57"], &[], SIGN_IN),
    row(&[], &["5"], &["5.7.60"], &[], SENDER),
    row(&[], &["5"], &[], &["sendasdenied", "not allowed to send as", "permissions to send as"], SENDER),
    row(&[], &["5"], &["5.1.8", "5.7.501", "5.7.502", "5.7.503", "5.7.705", "5.7.708", "5.7.750"], &[], BLOCKED),
    // Greeting and EHLO.
    row(&[Greeting], &["4"], &["4.7.", "4.3.2"], HASTE, SLOWER),
    row(&[Greeting], &["4"], &[], &[], AWAY),
    row(&[Greeting], &["5"], &[], &[], MACHINE),
    // STARTTLS.
    row(&[StartTls], &["4"], &[], &[], AWAY),
    row(&[StartTls], &["5"], &[], &[], NO_TLS),
    // AUTH.
    row(&[Auth], &["432"], &["4.7.12"], &[], PASSWORD),
    row(&[Auth], &["4"], &[], HASTE, SLOWER),
    row(&[Auth], &["4"], &[], &[], AWAY),
    row(&[Auth], &["538"], &[], &[], ENCRYPT),
    row(&[Auth], &["500", "502", "503", "504"], &[], &[], PASSWORDS_OFF),
    row(&[Auth], &["5"], &[], &[], PASSWORD),
    // Any step of a message: slow down.
    row(&[Rcpt, Body], &["4"], &[], &["greylist", "graylist"], LATER),
    row(MESSAGE, &["421"], &[], &[], SLOWER),
    row(MESSAGE, &["450", "451", "452"], &["4.7.1", "4.5.3"], &[], SLOWER),
    row(MESSAGE, &["4"], &["4.7.", "4.3.2"], HASTE, SLOWER),
    row(&[Mail, Data], &["4"], &[], HASTE, SLOWER),
    // Any step of a message: not about the message at all.
    row(MESSAGE, &["530"], &[], &[], SIGN_IN),
    row(&[Rcpt, Body], &["5"], &[], &["relay"], RELAY),
    row(&[Rcpt, Body], &["5"], &["5.7.54"], &[], RELAY),
    // The sender.
    row(&[Mail], &["552"], &[], &[], TOO_BIG),
    row(&[Mail], &["5"], &["5.3.4"], &[], TOO_BIG),
    row(&[Mail], &["4"], &[], &[], LATER),
    row(&[Mail], &["503"], &[], &[], LATER),
    row(&[Mail], &["5"], &[], &[], SENDER),
    // The recipient; some servers judge it only after the body.
    row(&[Rcpt, Body], &["5"], &["5.1.7"], &[], SENDER),
    row(&[Rcpt, Body], &["5"], &["5.1.", "5.2.1", "5.4.1", "5.4.4"], &[], ADDRESS),
    row(&[Rcpt, Data, Body], &["4", "5"], &["4.2.2", "5.2.2"], &[], FULL),
    row(&[Rcpt, Data, Body], &["5"], &["5.2.3", "5.3.4"], &[], TOO_BIG),
    row(&[Rcpt], &["552"], &[], &[], FULL),
    row(&[Rcpt], &["5"], &["5.6.", "5.7."], &[], POLICY),
    row(&[Rcpt], &["501", "550", "551", "553", "556"], &[], &[], ADDRESS),
    row(&[Rcpt], &["554"], &[], &[], POLICY),
    // The body.
    row(&[Data, Body], &["552"], &[], &[], TOO_BIG),
    row(&[Data], &["503"], &[], &[], LATER),
    row(&[Data, Body], &["5"], &[], &[], POLICY),
];

#[cfg(test)]
#[path = "codes_tests.rs"]
mod tests;
