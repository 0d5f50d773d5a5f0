//! The table of a mail server's refusals of a token: which switch of the tenant is off.
//!
//! Sources: [M] "Authenticate an IMAP, POP or SMTP connection using OAuth" (learn.microsoft.com); [A] "Enable or disable
//! authenticated client SMTP submission (SMTP AUTH) in Exchange Online" (learn.microsoft.com, `aka.ms/smtp_auth_disabled`);
//! [Q] answers of Exchange Online as public projects quote them; [G] Gmail's XOAUTH2 protocol (developers.google.com).

use super::Provider;

/// By which protocol the token was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Sending.
    Smtp,
    /// Reading.
    Imap,
}

struct Row {
    provider: Provider,
    protocol: Protocol,
    /// Any of these stands in the refusal (small letters); none fits all.
    words: &'static [&'static str],
    advice: &'static str,
}

/// What to do, for IT, after a mail server refused a token, twice, in these words.
pub(crate) fn refusal(provider: Provider, protocol: Protocol, words: &str) -> &'static str {
    let words = words.to_ascii_lowercase();
    let fits = |row: &&Row| {
        row.provider == provider
            && row.protocol == protocol
            && (row.words.is_empty() || row.words.iter().any(|word| words.contains(word)))
    };
    ROWS.iter().find(fits).map_or(OTHERWISE, |row| row.advice)
}

/// Whether a server's words say that the sign-in was good, and the mailbox is kept from us all the same: Exchange Online
/// says so only when the mailbox is opened [Q].
pub(crate) fn is_without_mailbox(words: &str) -> bool {
    words.to_ascii_lowercase().contains("authenticated but not connected")
}

use Protocol::{Imap, Smtp};
use Provider::{Google, Microsoft};

const OTHERWISE: &str = "check `username`, and that the account may sign in with tokens.";

#[rustfmt::skip] // a table is read by its columns
const ROWS: &[Row] = &[
    // [A] [Q]: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.
    Row { provider: Microsoft, protocol: Smtp, words: &["disabled for the tenant"],
          advice: "sending with a sign-in (SMTP AUTH) is switched off for the whole tenant; switch it on for this mailbox with \
                   Set-CASMailbox -SmtpClientAuthenticationDisabled $false, which counts over the tenant's switch." },
    // [A] [Q]: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.
    Row { provider: Microsoft, protocol: Smtp, words: &["disabled for the mailbox"],
          advice: "sending with a sign-in (SMTP AUTH) is switched off for this mailbox; switch it on with \
                   Set-CASMailbox -SmtpClientAuthenticationDisabled $false." },
    // [Q]: 535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.
    Row { provider: Microsoft, protocol: Smtp, words: &["security defaults"],
          advice: "the tenant's security defaults forbid it; replace them in Entra by Conditional Access policies that allow this \
                   application." },
    // [Q]: 535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.
    Row { provider: Microsoft, protocol: Smtp, words: &["5.7.139"],
          advice: "a policy of the tenant forbids it; look at Conditional Access in Entra, and at authentication policies and SMTP AUTH \
                   in Exchange." },
    // [M]: 535 5.7.3 Authentication unsuccessful.
    Row { provider: Microsoft, protocol: Smtp, words: &[],
          advice: "the application may not send for this mailbox; consent to SMTP.SendAsApp in Entra, register the application with \
                   New-ServicePrincipal by the object ID under Enterprise applications, and grant it the mailbox that `username` names \
                   with Add-MailboxPermission." },
    // [M]: NO AUTHENTICATE failed.
    Row { provider: Microsoft, protocol: Imap, words: &[],
          advice: "the application may not read this mailbox; consent to IMAP.AccessAsApp in Entra, register the application with \
                   New-ServicePrincipal by the object ID under Enterprise applications, and grant it the mailbox that `username` names \
                   with Add-MailboxPermission." },
    // Unchecked: Gmail's words where IMAP is switched off.
    Row { provider: Google, protocol: Imap, words: &["imap access is disabled", "not enabled for imap"],
          advice: "IMAP is switched off; switch it on in Google's Admin console (Apps, Gmail, End user access)." },
    // [G]: the challenge names the scope that is missing.
    Row { provider: Google, protocol: Imap, words: &[],
          advice: "Gmail does not take the token for this mailbox; check `username`, the scope https://mail.google.com/ under Domain-wide \
                   delegation, and that IMAP is on for the user." },
    Row { provider: Google, protocol: Smtp, words: &[],
          advice: "Gmail does not take the token for this mailbox; check `username`, and the scope https://mail.google.com/ under \
                   Domain-wide delegation." },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_that_may_be_off_has_its_own_sentence() {
        let disabled = |of: &str| {
            format!(
                "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {of}. Visit …"
            )
        };
        let cases = [
            (Smtp, disabled("Tenant"), "whole tenant"),
            (Smtp, disabled("Mailbox"), "for this mailbox; switch it on"),
            (
                Smtp,
                "5.7.139 user is locked by your organization's security defaults policy".into(),
                "security defaults",
            ),
            (Smtp, "5.7.139 the request did not meet the criteria".into(), "Conditional Access"),
            (Smtp, "5.7.3 Authentication unsuccessful [LO4P.EURPRD]".into(), "SMTP.SendAsApp"),
            (Imap, "AUTHENTICATE failed.".into(), "IMAP.AccessAsApp"),
        ];

        for (protocol, words, advice) in &cases {
            assert!(refusal(Microsoft, *protocol, words).contains(advice), "{words}");
        }
        for protocol in [Smtp, Imap] {
            assert!(
                refusal(Google, protocol, "[AUTHENTICATIONFAILED] Invalid credentials")
                    .contains("`username`")
            );
        }
    }
}
