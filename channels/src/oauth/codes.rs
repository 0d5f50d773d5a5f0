//! The table of a token service's refusals: its code, against whose turn it is and what IT does about it.
//!
//! Microsoft asks programs not to depend on its numbers, as they may be split into finer ones: so only the words hang on
//! them. A number without a row falls back on the error's name (RFC 6749 §5.2), and a name without a row is asked about again:
//! a token is no message's, so no message's tries may run out over it.
//!
//! Sources: [E] "Microsoft Entra authentication and authorization error codes" (learn.microsoft.com, MicrosoftDocs/azure-docs,
//! reference-error-codes); [J] "Troubleshoot `ClientSecretCredential`" (learn.microsoft.com, Azure SDK for Java); [G] answers of
//! Google's token service as public projects quote them; [S] "Using OAuth 2.0 for Server to Server Applications"
//! (developers.google.com), from memory; RFC 6749 §5.2. `unchecked`: seen in no source that could be read here.

use serde::Deserialize;

use super::{Provider, tokens::NoToken};
use crate::error::Fault;

/// One row. `words`: any of these stands in the description (small letters); none fits all.
struct Row {
    provider: Provider,
    /// The error's name, or `AADSTS` and Microsoft's number.
    code: &'static str,
    words: &'static [&'static str],
    fault: Fault,
    advice: &'static str,
}

/// RFC 6749 §5.2, and Microsoft's numbers beside it.
#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    error_codes: Vec<u64>,
}

/// What a refusal of the token service at `place` means. The description may name the application or the mailbox, so it
/// goes no further than this.
pub(super) fn judge(provider: Provider, place: &str, status: u16, body: &[u8]) -> NoToken {
    let problem = serde_json::from_slice::<Problem>(body).unwrap_or_default();
    let number = problem.number();
    let words = problem.error_description.to_ascii_lowercase();
    let by = |code: &str| {
        ROWS.iter().find(|row| {
            row.provider == provider
                && row.code == code
                && (row.words.is_empty() || row.words.iter().any(|word| words.contains(word)))
        })
    };
    let row = number.as_deref().and_then(by).or_else(|| by(&problem.error));
    let code = number.or_else(|| known_name(&problem.error)).unwrap_or_else(|| format!("HTTP {status}"));
    let (fault, advice) = row.map_or_else(|| otherwise(status), |row| (row.fault, row.advice));
    NoToken { fault, summary: format!("{place} gave no token ({code}): {advice}"), code: Some(code) }
}

impl Problem {
    fn number(&self) -> Option<String> {
        let listed = self.error_codes.first().map(ToString::to_string);
        let told = || {
            let (_, rest) = self.error_description.split_once("AADSTS")?;
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            ((1..=12).contains(&digits.len())).then(|| digits.to_owned())
        };
        listed.or_else(told).map(|digits| format!("AADSTS{digits}"))
    }
}

/// A name that is one, and not a page's worth of something else.
fn known_name(name: &str) -> Option<String> {
    let is_name =
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then(|| name.to_owned())
}

const fn otherwise(status: u16) -> (Fault, &'static str) {
    match status {
        404 | 405 => (
            Fault::Misconfigured,
            "there is no token service at this address; check `token_url` and `tenant`.",
        ),
        _ => (
            Fault::Unreachable,
            "a reason that has no entry here; it is asked again, and if it goes on, look the code up.",
        ),
    }
}

const fn of(
    provider: Provider,
    code: &'static str,
    words: &'static [&'static str],
    fault: Fault,
    advice: &'static str,
) -> Row {
    Row { provider, code, words, fault, advice }
}

const SECRET: &str = "the client secret is wrong; put the secret's value, which Entra shows once, and not its ID into \
     `client_secret_file`.";
const EXPIRED: &str = "the client secret has expired; make a new one in Entra (App registrations, Certificates & secrets) and put \
     its value into `client_secret_file`.";
const TENANT: &str = "there is no such tenant; set `tenant` to the Directory (tenant) ID in Entra, and `token_url` for a sovereign \
     cloud.";
const CLIENT: &str = "this tenant knows no such application; set `client_id` to the Application (client) ID of the app \
     registration, and check `tenant`.";
const DISABLED: &str = "the application is switched off; in Entra, Enterprise applications, Properties, let users sign in to it.";
const CONSENT: &str = "the application has no permission that an administrator consented to; add IMAP.AccessAsApp and \
     SMTP.SendAsApp of Office 365 Exchange Online in Entra and grant admin consent.";
const SCOPE: &str =
    "the scope is not known there; take `scope` out, or set it to that of the school's cloud.";
const POLICY: &str = "a Conditional Access policy of the tenant forbids it; exclude the application, or allow this machine's address.";
const CLOUD: &str =
    "the tenant belongs to another cloud; set `token_url` and `scope` to those of that cloud.";
const PUBLIC: &str =
    "the application is registered as a public client; switch \"Allow public client flows\" off in Entra.";
const DELEGATION: &str = "the service account may not act for this mailbox; in Google's Admin console (Security, API controls, \
     Domain-wide delegation) authorise its numeric client ID for the scope https://mail.google.com/.";
const NO_USER: &str = "Google knows no such mailbox or service account; check `username`, and that the key is of an account \
     that still exists.";
const KEY: &str = "the key does not belong to the service account, or was deleted; make a new one in Google Cloud and put it \
     into `key_file`.";
const CLOCK: &str = "this machine's clock is wrong; set it.";
const ADMIN: &str = "a policy of the Google Workspace administrator forbids it; have the application trusted in the Admin console.";
const GONE: &str =
    "the service account was deleted or switched off in Google Cloud; make a new one, or switch it on.";

use Fault::{Misconfigured, Unreachable};
use Provider::{Google, Microsoft};

const SLOWER: Fault = Fault::Throttled { wait: None };
const AGAIN: &str = "it is busy; it is asked again.";
const TOO_OFTEN: &str = "it was asked for too many tokens; the channel pauses.";

#[rustfmt::skip] // a table is read by its columns
const ROWS: &[Row] = &[
    of(Microsoft, "AADSTS7000215", &[], Misconfigured, SECRET),     // [J]
    of(Microsoft, "AADSTS7000222", &[], Misconfigured, EXPIRED),    // [J]
    of(Microsoft, "AADSTS70002",   &[], Misconfigured, SECRET),     // [E]
    of(Microsoft, "AADSTS90002",   &[], Misconfigured, TENANT),     // [E]
    of(Microsoft, "AADSTS90019",   &[], Misconfigured, TENANT),     // [E]
    of(Microsoft, "AADSTS50059",   &[], Misconfigured, TENANT),     // [E]
    of(Microsoft, "AADSTS50128",   &[], Misconfigured, TENANT),     // [E]
    of(Microsoft, "AADSTS900023",  &[], Misconfigured, TENANT),     // unchecked
    of(Microsoft, "AADSTS9001023", &[], Misconfigured, TENANT),     // [E]
    of(Microsoft, "AADSTS700016",  &[], Misconfigured, CLIENT),     // [J]
    of(Microsoft, "AADSTS700011",  &[], Misconfigured, CLIENT),     // [E]
    of(Microsoft, "AADSTS70001",   &[], Misconfigured, DISABLED),   // [E]
    of(Microsoft, "AADSTS7000112", &[], Misconfigured, DISABLED),   // unchecked
    of(Microsoft, "AADSTS65001",   &[], Misconfigured, CONSENT),    // [E]
    of(Microsoft, "AADSTS650056",  &[], Misconfigured, CONSENT),    // [E]
    of(Microsoft, "AADSTS650057",  &[], Misconfigured, CONSENT),    // [E]
    of(Microsoft, "AADSTS65005",   &[], Misconfigured, CONSENT),    // [E]
    of(Microsoft, "AADSTS500011",  &[], Misconfigured, CONSENT),    // [E] Exchange Online is not in the tenant, or was not consented to
    of(Microsoft, "AADSTS650052",  &[], Misconfigured, CONSENT),    // [E]
    of(Microsoft, "AADSTS70011",   &[], Misconfigured, SCOPE),      // [E]
    of(Microsoft, "AADSTS28002",   &[], Misconfigured, SCOPE),      // [E]
    of(Microsoft, "AADSTS50001",   &[], Misconfigured, SCOPE),      // [E]
    of(Microsoft, "AADSTS53003",   &[], Misconfigured, POLICY),     // [E]
    of(Microsoft, "AADSTS90038",   &[], Misconfigured, CLOUD),      // [E]
    of(Microsoft, "AADSTS900432",  &[], Misconfigured, CLOUD),      // [E]
    of(Microsoft, "AADSTS700025",  &[], Misconfigured, PUBLIC),     // [E]
    of(Microsoft, "AADSTS50196",   &[], SLOWER, TOO_OFTEN),         // [E]
    of(Microsoft, "AADSTS90055",   &[], SLOWER, TOO_OFTEN),         // [E]
    of(Microsoft, "AADSTS50033",   &[], Unreachable, AGAIN),        // [E]
    of(Microsoft, "AADSTS90006",   &[], Unreachable, AGAIN),        // [E]
    of(Microsoft, "AADSTS90012",   &[], Unreachable, AGAIN),        // [E]
    of(Microsoft, "AADSTS90024",   &[], Unreachable, AGAIN),        // [E]
    of(Microsoft, "AADSTS90033",   &[], Unreachable, AGAIN),        // [E]
    of(Microsoft, "temporarily_unavailable", &[], Unreachable, AGAIN),          // [E]
    of(Microsoft, "invalid_client",      &[], Misconfigured, SECRET),           // [E], RFC 6749 §5.2
    of(Microsoft, "unauthorized_client", &[], Misconfigured, CLIENT),           // [E]
    of(Microsoft, "invalid_scope",       &[], Misconfigured, SCOPE),            // RFC 6749 §5.2
    of(Microsoft, "invalid_resource",    &[], Misconfigured, CONSENT),          // [E]
    of(Google, "unauthorized_client", &[], Misconfigured, DELEGATION),          // [G]: "Client is unauthorized to retrieve access tokens using this method …"
    of(Google, "access_denied",       &[], Misconfigured, DELEGATION),          // [S]
    of(Google, "invalid_grant", &["short-lived token", "iat"], Misconfigured, CLOCK), // [G]: "Token must be a short-lived token (60 minutes) …"
    of(Google, "invalid_grant", &["signature"], Misconfigured, KEY),            // [G]: "Invalid JWT Signature."
    of(Google, "invalid_grant", &["valid email", "invalid email", "account not found"], Misconfigured, NO_USER), // [G]: "Not a valid email or user ID."
    of(Google, "invalid_grant",       &[], Misconfigured, KEY),                 // RFC 7523 §3.1
    of(Google, "invalid_scope",       &[], Misconfigured, SCOPE),               // [S]
    of(Google, "invalid_client",      &[], Misconfigured, KEY),                 // [S]
    of(Google, "deleted_client",      &[], Misconfigured, GONE),                // [S]
    of(Google, "disabled_client",     &[], Misconfigured, GONE),                // [S]
    of(Google, "admin_policy_enforced", &[], Misconfigured, ADMIN),             // [S]
    of(Google, "org_internal",        &[], Misconfigured, ADMIN),               // [S]
    of(Google, "internal_failure",    &[], Unreachable, AGAIN),                 // unchecked
];

#[cfg(test)]
mod tests {
    use super::*;

    fn microsoft(number: u64, name: &str) -> NoToken {
        let body = serde_json::json!({
            "error": name, "error_codes": [number],
            "error_description": format!("AADSTS{number}: about parents@northfield.example. Trace ID: 1"),
        });
        judge(Microsoft, "Microsoft's token service (login.example)", 400, body.to_string().as_bytes())
    }

    fn google(name: &str, words: &str) -> NoToken {
        let body = serde_json::json!({"error": name, "error_description": words}).to_string();
        judge(Google, "Google's token service (oauth2.example)", 400, body.as_bytes())
    }

    #[test]
    fn each_mistake_of_a_microsoft_tenant_has_its_own_sentence() {
        for (number, word) in [
            (7_000_215, "secret is wrong"),
            (7_000_222, "expired"),
            (90_002, "no such tenant"),
            (700_016, "no such application"),
            (65_001, "admin consent"),
            (53_003, "Conditional Access"),
        ] {
            let none = microsoft(number, "invalid_client");

            assert_eq!(none.fault, Misconfigured, "{number}");
            assert!(none.summary.contains(word), "{number}: {none:?}");
            assert_eq!(none.code, Some(format!("AADSTS{number}")));
        }
    }

    #[test]
    fn each_mistake_of_a_google_domain_has_its_own_sentence() {
        for (name, words, word) in [
            (
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method",
                "Domain-wide",
            ),
            ("invalid_grant", "Not a valid email or user ID.", "no such mailbox"),
            ("invalid_grant", "Invalid JWT Signature.", "new one in Google Cloud"),
            ("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)", "clock"),
        ] {
            let none = google(name, words);

            assert_eq!((none.fault, none.code.as_deref()), (Misconfigured, Some(name)));
            assert!(none.summary.contains(word), "{words}: {none:?}");
        }
    }

    #[test]
    fn the_number_counts_over_the_name_and_is_read_from_the_words_where_it_is_not_listed() {
        let body =
            br#"{"error": "invalid_request", "error_description": "AADSTS90002: Tenant 'x' not found."}"#;

        let told = judge(Microsoft, "there", 400, body);

        assert_eq!((told.fault, told.code.as_deref()), (Misconfigured, Some("AADSTS90002")));
    }

    #[test]
    fn what_has_no_row_goes_by_its_name_and_then_waits_at_no_message_s_cost() {
        let named = microsoft(1, "invalid_client");
        let unnamed = microsoft(1, "something_new");
        let page = judge(Google, "there", 403, b"<html>Forbidden</html>");
        let missing = judge(Google, "there", 404, b"<html>Not found</html>");

        assert_eq!((named.fault, unnamed.fault), (Misconfigured, Unreachable));
        assert_eq!((page.fault, page.code.as_deref()), (Unreachable, Some("HTTP 403")));
        assert_eq!(missing.fault, Misconfigured);
    }

    #[test]
    fn nothing_of_the_description_is_told_on() {
        for told in
            [microsoft(7_000_215, "invalid_client"), google("invalid_grant", "parents@northfield.example")]
        {
            assert!(!format!("{told:?}").contains("northfield"), "{told:?}");
        }
    }
}
