//! Why a mailbox could not be read, whose turn it is, and the sentence that says what to do.

use std::io;

use crate::{error::Fault, inbox::FetchError, line::Unreached, oauth::NoToken, tls::TlsTrouble};

/// How far a conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server's greeting, and what it can do.
    Greeting,
    /// Turning encryption on.
    StartTls,
    /// Signing in.
    Login,
    /// Opening the mailbox.
    Open,
    /// Looking for mails.
    List,
    /// Taking a mail.
    Take,
}

impl Phase {
    const fn as_words(self) -> &'static str {
        match self {
            Self::Greeting => "at the greeting",
            Self::StartTls => "while turning encryption on",
            Self::Login => "while signing in",
            Self::Open => "while opening the mailbox",
            Self::List => "while looking for mail",
            Self::Take => "while handing over a mail",
        }
    }
}

/// How a command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Snag {
    /// The server said no.
    No {
        /// It named a reason that passes (RFC 5530).
        passing: bool,
    },
    /// The sign-in was good, and the mailbox is kept from us all the same.
    Withheld,
    /// The line is closed, or the server said goodbye.
    Cut,
    /// Silent beyond the time allowed.
    Late,
    /// What came could not be read as IMAP. The line is of no more use.
    Garbled,
}

/// Why a conversation stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no connection.
    Unreached(Unreached),
    /// Encryption failed.
    Tls(TlsTrouble),
    /// The server does not offer encryption.
    NoStartTls,
    /// The server takes no password on this line.
    NoPassword,
    /// The server takes no token.
    NoTokens,
    /// There is no token to sign in with.
    NoToken(NoToken),
    /// The server refused a token that was fetched for it; what to do.
    TokenRefused(&'static str),
    /// The greeting says that we are signed in already, as somebody unknown.
    Stranger,
    /// The mailbox numbers its mails anew at every look (RFC 9051 §2.3.1.1).
    NoNumbers,
    /// The mails have other numbers by now.
    OtherGeneration,
    /// A command failed.
    Snag(Phase, Snag),
}

impl Trouble {
    /// Whether a fresh line may fare better: the server gave up one that had lain idle.
    pub(super) const fn is_stale_line(&self) -> bool {
        matches!(self, Self::Snag(_, Snag::Cut | Snag::Late))
    }

    /// The error for the caller. `place` is `host:port`.
    pub(super) fn into_error(self, place: &str) -> FetchError {
        use Fault::{Misconfigured, Temporary, Unreachable};
        let (fault, summary) = match self {
            Self::Unreached(why) => (Unreachable, unreached(why, place)),
            Self::Tls(TlsTrouble::Cut) => (
                Temporary,
                format!(
                    "{place} cut the line while encryption was being set up; check a firewall in between."
                ),
            ),
            Self::Tls(why) => (Misconfigured, tls(why, place)),
            Self::NoStartTls => (
                Misconfigured,
                format!(
                    "{place} does not offer encryption (STARTTLS), so we did not sign in; enable it there, or use `tls = \"tls\"` with port 993."
                ),
            ),
            Self::NoPassword => (
                Misconfigured,
                format!(
                    "{place} takes no password on this line; set `tls`, or allow sign-in with a password there."
                ),
            ),
            Self::NoTokens => (
                Misconfigured,
                format!(
                    "{place} offers no sign-in with a token (AUTH=XOAUTH2); check `host` and `tls`, or use a password instead of `oauth`."
                ),
            ),
            Self::NoToken(none) => (none.fault, none.summary),
            Self::TokenRefused(advice) => (Misconfigured, format!("{place} refused the token: {advice}")),
            Self::Stranger => (
                Misconfigured,
                format!("{place} greets us as signed in before we did so; check `host` and `port`."),
            ),
            Self::NoNumbers => (
                Misconfigured,
                format!(
                    "{place} gives the mails of this mailbox no lasting numbers; choose another `mailbox`."
                ),
            ),
            Self::OtherGeneration => {
                (Temporary, format!("{place} has numbered the mailbox anew; it is looked through again."))
            }
            Self::Snag(phase, snag) => snagged(phase, snag, place),
        };
        FetchError { fault, summary }
    }
}

fn snagged(phase: Phase, snag: Snag, place: &str) -> (Fault, String) {
    use Fault::{Misconfigured, Temporary};
    let when = phase.as_words();
    match (snag, phase) {
        (Snag::No { passing: false }, Phase::Login) => (
            Misconfigured,
            format!(
                "{place} refused the sign-in; check `username` and `password_file`, and that the account may use IMAP."
            ),
        ),
        (Snag::No { passing: false }, Phase::Open) => (
            Misconfigured,
            format!("{place} has no such mailbox, or keeps it from this account; check `mailbox`."),
        ),
        (Snag::Withheld, _) => (
            Misconfigured,
            format!(
                "{place} took the sign-in but keeps the mailbox from it; grant it the mailbox that `username` names with Add-MailboxPermission, and check that IMAP is on for it (Set-CASMailbox -ImapEnabled $true)."
            ),
        ),
        (Snag::No { .. }, _) => {
            (Temporary, format!("{place} said no {when}; if it goes on, read the server's log."))
        }
        (Snag::Cut, _) => {
            (Temporary, format!("{place} closed the line {when}; if it goes on, read the server's log."))
        }
        (Snag::Late, Phase::Greeting) => (
            Temporary,
            format!(
                "{place} was reached but did not greet in time; if its port expects encryption from the start (993), set `tls = \"tls\"`."
            ),
        ),
        (Snag::Late, _) => {
            (Temporary, format!("{place} fell silent {when}; if it goes on, read the server's log."))
        }
        (Snag::Garbled, _) => (
            Temporary,
            format!("{place} did not answer as an IMAP server does {when}; check `host` and `port`."),
        ),
    }
}

fn unreached(why: Unreached, place: &str) -> String {
    match why {
        Unreached::NoName => format!(
            "The name in {place} leads to no address; check `host`, and name resolution on this machine."
        ),
        Unreached::Failed(io::ErrorKind::ConnectionRefused) => {
            format!("{place} refuses connections; check that the mail server runs there, and `port`.")
        }
        Unreached::Failed(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            format!("There is no way to {place} from this machine; check its network.")
        }
        Unreached::Failed(_) => format!("{place} cannot be reached; check `host`, `port` and the firewall."),
        Unreached::Late => {
            format!(
                "{place} did not answer in time; check `host`, `port`, and that the firewall lets IMAP out."
            )
        }
    }
}

fn tls(why: TlsTrouble, place: &str) -> String {
    match why {
        TlsTrouble::OtherName => format!(
            "The certificate at {place} is for another name; set `host` to the name in the certificate."
        ),
        TlsTrouble::UnknownIssuer => format!(
            "The certificate at {place} is signed by nobody this machine trusts; if that is the school's own authority, name its file in `ca_file`."
        ),
        TlsTrouble::OutOfDate => format!(
            "The certificate at {place} is out of date, or this machine's clock is wrong; renew it there, or set the clock."
        ),
        TlsTrouble::NotTls => format!(
            "{place} speaks no encryption that we accept; check `port`, and `tls`: \"tls\" for 993, \"starttls\" for 143."
        ),
        TlsTrouble::BadCertificate | TlsTrouble::Cut => {
            format!("The certificate at {place} is not valid; have it replaced there.")
        }
    }
}
