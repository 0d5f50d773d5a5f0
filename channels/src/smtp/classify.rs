//! Why a message did not go, and whose turn it is: by the step that failed first, then by what the server said.
//!
//! The digits alone mislead: `530 Must issue STARTTLS` is permanent by its first digit, yet it is our settings that
//! are wrong, and no delivery may fail for it. Only the answers to the recipient and to the body are about the message,
//! and what fails before the sender is told is about the line: the channel rests, and no message's tries run out.

use std::{io, time::Duration};

use super::{
    codes::{self, Verdict},
    reply::Reply,
    wire::Broken,
};
use crate::{
    error::{Fault, SendError, Went},
    line::Unreached,
    oauth::{NoToken, Protocol, Provider, refusal},
    tls::TlsTrouble,
};

/// How far a conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server's greeting and the answer to ours.
    Greeting,
    /// Turning encryption on.
    StartTls,
    /// Signing in.
    Auth,
    /// The sender, `MAIL FROM`.
    Mail,
    /// The recipient, `RCPT TO`.
    Rcpt,
    /// Leave to write the message, `DATA`.
    Data,
    /// The message itself and the answer to its final dot.
    Body,
}

impl Phase {
    /// Whether a message has been spoken of. Until then whatever fails is no fault of a message, and none may pay for it
    /// with one of its tries.
    pub(super) const fn is_of_a_message(self) -> bool {
        match self {
            Self::Greeting | Self::StartTls | Self::Auth => false,
            Self::Mail | Self::Rcpt | Self::Data | Self::Body => true,
        }
    }

    const fn as_words(self) -> &'static str {
        match self {
            Self::Greeting => "at the greeting",
            Self::StartTls => "while turning encryption on",
            Self::Auth => "while signing in",
            Self::Mail => "when told the sender",
            Self::Rcpt => "when told the recipient",
            Self::Data => "when asked to take a message",
            Self::Body => "at the end of the message",
        }
    }
}

/// Why a conversation stopped.
pub(super) enum Stop {
    /// The host name leads nowhere.
    NoName,
    /// No connection; with the reason, or `None` when time ran out.
    Unreachable(Option<io::ErrorKind>),
    /// Encryption failed.
    Tls(TlsTrouble),
    /// The server does not offer encryption.
    NoStartTls,
    /// The server offers no way to sign in with a password.
    NoPassword,
    /// The server offers no way to sign in with a token.
    NoTokens,
    /// There is no token to sign in with.
    NoToken(NoToken),
    /// The server refused a token that was fetched for it.
    TokenRefused {
        /// Whose token.
        provider: Provider,
        /// In which words.
        reply: Reply,
    },
    /// The address needs SMTPUTF8, which the server does not offer.
    BeyondAscii,
    /// Larger than the server said it takes.
    TooBig,
    /// The line broke.
    Lost {
        /// When.
        phase: Phase,
        /// How.
        how: Broken,
        /// Whether the server may have the whole message.
        perhaps: bool,
    },
    /// The server said no.
    Said {
        /// To what.
        phase: Phase,
        /// In which words.
        reply: Reply,
    },
}

impl Stop {
    /// A line that broke before the message was given.
    pub(super) const fn lost(phase: Phase, how: Broken) -> Self {
        Self::Lost { phase, how, perhaps: false }
    }

    /// An answer that is not a yes: a no, or one that makes no sense here.
    pub(super) fn answer(phase: Phase, reply: Reply) -> Self {
        if reply.is_no() { Self::Said { phase, reply } } else { Self::lost(phase, Broken::Garbled) }
    }

    /// A connection the server gave up before it had any of the message: a fresh one may fare better.
    pub(super) fn is_stale_line(&self) -> bool {
        match self {
            Self::Lost { how, perhaps, phase } => *how == Broken::Closed && !perhaps && *phase != Phase::Body,
            Self::Said { phase, reply } => reply.is_goodbye() && *phase != Phase::Body,
            _ => false,
        }
    }

    /// The error for the worker, with a sentence for the school's IT person. `place` is `host:port`.
    pub(super) fn into_error(self, place: &str) -> SendError {
        use Fault::{Misconfigured, Refused, Unreachable};
        let (fault, sentence) = match self {
            Self::Said { phase, reply } => return said(phase, &reply, place),
            Self::Lost { phase, how, perhaps } => return lost(phase, how, perhaps, place),
            Self::NoToken(none) => return no_token(none),
            Self::TokenRefused { provider, reply } => return token_refused(provider, &reply, place),
            Self::NoTokens => (
                Misconfigured,
                format!(
                    "{place} offers no sign-in with a token (AUTH XOAUTH2); check `host` and `tls`, or use a password instead of `oauth`."
                ),
            ),
            Self::NoName => (
                Unreachable,
                format!(
                    "The name in {place} leads to no address; check `host`, and name resolution on this machine."
                ),
            ),
            Self::Unreachable(why) => (Unreachable, unreachable(why, place)),
            Self::Tls(TlsTrouble::Cut) => (
                Unreachable,
                format!(
                    "{place} cut the line while encryption was being set up; check a firewall in between."
                ),
            ),
            Self::Tls(why) => (Misconfigured, tls(why, place)),
            Self::NoStartTls => (
                Misconfigured,
                format!(
                    "{place} does not offer encryption (STARTTLS), so nothing was sent; enable it there, or use `tls = \"tls\"` with port 465."
                ),
            ),
            Self::NoPassword => (
                Misconfigured,
                format!(
                    "{place} offers no sign-in with a password (AUTH PLAIN or LOGIN); allow it for this account, or send by a relay that knows this machine."
                ),
            ),
            Self::BeyondAscii => (
                Refused,
                format!(
                    "The address has letters that {place} cannot carry (no SMTPUTF8); use another route, or ask the carer for another address."
                ),
            ),
            Self::TooBig => (Refused, format!("The message is larger than {place} takes; make it shorter.")),
        };
        SendError::not_sent(fault, sentence)
    }
}

impl From<Unreached> for Stop {
    fn from(why: Unreached) -> Self {
        match why {
            Unreached::NoName => Self::NoName,
            Unreached::Failed(why) => Self::Unreachable(Some(why)),
            Unreached::Late => Self::Unreachable(None),
        }
    }
}

fn said(phase: Phase, reply: &Reply, place: &str) -> SendError {
    let Verdict { fault, advice } = codes::judge(phase, reply);
    let (label, when) = (reply.label(), phase.as_words());
    SendError::not_sent(fault, format!("{place} said no {when} ({label}): {advice}"))
        .code(label)
        .said(reply.said())
}

fn no_token(none: NoToken) -> SendError {
    SendError { code: none.code, ..SendError::not_sent(none.fault, none.summary) }
}

fn token_refused(provider: Provider, reply: &Reply, place: &str) -> SendError {
    let (label, said) = (reply.label(), reply.said());
    let advice = refusal(provider, Protocol::Smtp, &said);
    SendError::not_sent(Fault::Misconfigured, format!("{place} refused the token ({label}): {advice}"))
        .code(label)
        .said(said)
}

fn lost(phase: Phase, how: Broken, perhaps: bool, place: &str) -> SendError {
    let when = phase.as_words();
    if perhaps {
        let what = match how {
            Broken::Closed => "the line was cut",
            Broken::Late => "no answer came in time",
            Broken::Garbled => "the answer made no sense",
        };
        let sentence = format!("The whole message was given to {place}, then {what}: it may have gone.");
        return SendError { went: Went::Perhaps, ..SendError::in_doubt(sentence) };
    }
    let sentence = match (how, phase) {
        (Broken::Closed, _) => {
            format!("{place} closed the line {when}; nothing was sent. If it goes on, read the server's log.")
        }
        (Broken::Late, Phase::Greeting) => format!(
            "{place} was reached but did not greet in time; if its port expects encryption from the start (465), set `tls = \"tls\"`."
        ),
        (Broken::Late, _) => {
            format!("{place} fell silent {when}; nothing was sent. If it goes on, read the server's log.")
        }
        (Broken::Garbled, _) => {
            format!("{place} did not answer as a mail server does {when}; check `host` and `port`.")
        }
    };
    let fault = if phase.is_of_a_message() { Fault::Temporary } else { Fault::Unreachable };
    SendError::not_sent(fault, sentence)
}

fn unreachable(why: Option<io::ErrorKind>, place: &str) -> String {
    match why {
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("{place} refuses connections; check that the mail server runs there, and `port`.")
        }
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            format!("There is no way to {place} from this machine; check its network.")
        }
        Some(_) => format!("{place} cannot be reached; check `host`, `port` and the firewall."),
        None => format!(
            "{place} did not answer in time; check `host`, `port`, and that the firewall lets mail out."
        ),
    }
}

fn tls(why: TlsTrouble, place: &str) -> String {
    match why {
        TlsTrouble::OtherName => {
            format!(
                "The certificate at {place} is for another name; set `host` to the name in the certificate."
            )
        }
        TlsTrouble::UnknownIssuer => format!(
            "The certificate at {place} is signed by nobody this machine trusts; if that is the school's own authority, name its file in `ca_file`."
        ),
        TlsTrouble::OutOfDate => {
            format!(
                "The certificate at {place} is out of date, or this machine's clock is wrong; renew it there, or set the clock."
            )
        }
        TlsTrouble::NotTls => format!(
            "{place} speaks no encryption that we accept; check `port`, and `tls`: \"starttls\" for 587, \"tls\" for 465."
        ),
        TlsTrouble::BadCertificate | TlsTrouble::Cut => {
            format!("The certificate at {place} is not valid; have it replaced there.")
        }
    }
}

/// How long a spent daily quota is left alone: asking again at once only prolongs it.
pub(super) const QUOTA_PAUSE: Duration = Duration::from_hours(1);
