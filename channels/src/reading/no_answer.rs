//! The rules by which a mail itself forbids an automatic answer (RFC 3834 §2 and what practice has added).
//!
//! Rules 9 and 11 to 13 need the school's records and the clock; they are the caller's.

use super::headers::Headers;
use super::mime::{Mail, without_comments};
use super::sender::Sender;
use super::{Hints, NoAnswer, auto_reply};
use crate::address::is_personal_mail;

/// Everything a rule may look at.
pub(super) struct Seen<'a> {
    pub(super) mail: &'a Mail<'a>,
    pub(super) sender: &'a Sender,
    pub(super) hints: &'a Hints,
    /// Evidence of an automatic answer.
    pub(super) automatic: &'a [String],
}

pub(super) fn rules(seen: &Seen) -> Vec<NoAnswer> {
    let headers = seen.mail.headers();
    let found = [
        (1, automatic(headers, seen.automatic)),
        (2, seen.sender.is_null().then(|| "Its envelope sender is empty, as of bounces.".to_owned())),
        (3, report(seen.mail)),
        (4, list(headers)),
        (5, suppressed(headers)),
        (6, machine_sender(seen.sender)),
        (7, own_sender(seen.sender, seen.hints)),
        (8, loops(headers, seen.hints)),
        (10, dmarc(headers)),
        (14, calendar(seen.mail)),
        (15, spam(headers)),
    ];
    found.into_iter().filter_map(|(rule, because)| Some(NoAnswer { rule, because: because? })).collect()
}

fn automatic(headers: &Headers, evidence: &[String]) -> Option<String> {
    let declared = auto_reply::auto_submitted(headers).is_some_and(|word| word != "no");
    if declared {
        return Some("The header Auto-Submitted says that a machine wrote it.".to_owned());
    }
    evidence.first().cloned()
}

fn report(mail: &Mail) -> Option<String> {
    const PARTS: [&str; 4] = [
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    ];
    let report = mail.root_type().value == "multipart/report" || mail.leaf_of(&PARTS).is_some();
    report.then(|| "It is a report about another mail.".to_owned())
}

/// Why the mail comes from a list.
pub(super) fn list(headers: &Headers) -> Option<String> {
    if let Some((name, _)) =
        headers.iter().find(|(name, _)| name.starts_with("list-") || *name == "mailing-list")
    {
        // The name comes from the mail, so only its kind is told.
        let kind = if name == "list-id" { "List-Id" } else { "List-*" };
        return Some(format!("It carries a {kind} header, as mailing lists do."));
    }
    let bulk = headers.all("precedence").chain(headers.all("x-precedence")).any(|value| {
        matches!(value.to_ascii_lowercase().split([' ', ';', '(']).next(), Some("list" | "bulk" | "junk"))
    });
    bulk.then(|| "Its Precedence says that it went to many.".to_owned())
}

fn suppressed(headers: &Headers) -> Option<String> {
    let asks = headers.all("x-auto-response-suppress").any(|value| {
        value
            .split([',', ';', ' '])
            .any(|word| matches!(word.trim().to_ascii_lowercase().as_str(), "autoreply" | "oof" | "all"))
    });
    asks.then(|| "It asks not to be answered automatically.".to_owned())
}

fn machine_sender(sender: &Sender) -> Option<String> {
    if sender.local.is_empty() {
        return Some("It names no sender.".to_owned());
    }
    if is_machine(&sender.local) {
        return Some("Its sender's address is one that nobody reads.".to_owned());
    }
    let local = sender
        .return_path
        .as_deref()
        .and_then(|path| path.rsplit_once('@'))
        .map(|(local, _)| local.to_lowercase());
    local
        .is_some_and(|local| is_machine(&local))
        .then(|| "Its envelope sender is one that nobody reads.".to_owned())
}

/// Whether the part before the `@` belongs to a machine.
fn is_machine(local: &str) -> bool {
    const NAMES: [&str; 8] = [
        "mailer-daemon",
        "postmaster",
        "mailerdaemon",
        "mail-daemon",
        "nobody",
        "donotreply",
        "noreply",
        "autoresponder",
    ];
    let joined: String = local.chars().filter(|sign| !matches!(sign, '-' | '_' | '.')).collect();
    NAMES.contains(&local)
        || joined.starts_with("noreply")
        || joined.starts_with("donotreply")
        || joined.ends_with("noreply")
        || joined.ends_with("donotreply")
        || local.starts_with("mailer-daemon")
        || local.starts_with("owner-")
        || local.ends_with("-request")
        || local.ends_with("-owner")
        || is_bounce(local)
}

fn is_bounce(local: &str) -> bool {
    let after = local.strip_prefix("bounces").or_else(|| local.strip_prefix("bounce"));
    after.is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
        || local.ends_with("-bounces")
        || local.ends_with("-bounce")
}

fn own_sender(sender: &Sender, hints: &Hints) -> Option<String> {
    let address = sender.address.as_deref()?;
    let same = hints.own.iter().any(|own| untagged(own.expose()) == untagged(address));
    if same {
        return Some("It comes from one of our own addresses.".to_owned());
    }
    let domain = hints
        .own
        .iter()
        .filter_map(|own| domain(own.expose()))
        .any(|own| own == sender.domain && !is_personal_mail(&own));
    domain.then(|| "It comes from our own domain.".to_owned())
}

/// An address in lower case without its `+tag`.
pub(super) fn untagged(address: &str) -> String {
    let lower = address.trim().to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)),
        None => lower,
    }
}

/// An own "address" may be a bare domain.
fn domain(own: &str) -> Option<String> {
    let lower = own.trim().to_lowercase();
    let domain = lower.rsplit('@').next().unwrap_or_default().to_owned();
    (!domain.is_empty()).then_some(domain)
}

fn loops(headers: &Headers, hints: &Hints) -> Option<String> {
    if written_here(headers, hints) {
        return Some("It carries the header that only we write, with our own domain.".to_owned());
    }
    let looped = headers
        .iter()
        .filter(|(name, _)| matches!(*name, "x-loop" | "x-loop-to" | "x-beenthere" | "x-looped" | "loop"))
        .any(|(_, value)| {
            let value = value.to_lowercase();
            hints
                .own
                .iter()
                .any(|own| !own.expose().is_empty() && value.contains(&own.expose().to_lowercase()))
        });
    looped.then(|| "A loop header names one of our own addresses.".to_owned())
}

/// Whether the header that Liaison writes is ours and not another school's, by the domain in it or that of the Message-ID,
/// which [`crate::mime`] gives the same. Behind a domain that strangers share stands anybody's: there our own mail is known
/// by its sender's address alone.
fn written_here(headers: &Headers, hints: &Hints) -> bool {
    let ours = |named: &str| {
        let named = named.trim().to_lowercase();
        !is_personal_mail(&named)
            && hints.own.iter().any(|own| domain(own.expose()).is_some_and(|own| own == named))
    };
    let mut written = headers.all("x-liaison").peekable();
    written.peek().is_some()
        && (written.any(ours)
            || headers.ids("message-id").iter().any(|id| id.rsplit_once('@').is_some_and(|(_, at)| ours(at))))
}

/// Only the topmost field counts: the receiving server puts its own first, those below may be the sender's (RFC 8601 §5).
fn dmarc(headers: &Headers) -> Option<String> {
    let results = without_comments(headers.first("authentication-results")?).to_ascii_lowercase();
    let fail = results.split(';').any(|method| {
        let mut sides = method.trim().splitn(2, '=');
        let name = sides.next().unwrap_or_default().trim();
        let result = sides.next().unwrap_or_default().trim_start();
        (name == "dmarc" || name == "dmarc/1")
            && result.split(|sign: char| !sign.is_alphanumeric()).next() == Some("fail")
    });
    fail.then(|| "The receiving server could not confirm its sender (DMARC).".to_owned())
}

fn calendar(mail: &Mail) -> Option<String> {
    if super::kind::calendar_method(mail) {
        return Some("It is an entry for a calendar.".to_owned());
    }
    super::kind::signed_receipt(mail).then(|| "It is a signed receipt.".to_owned())
}

fn spam(headers: &Headers) -> Option<String> {
    let says_yes = |name: &str| headers.all(name).any(|value| value.to_ascii_lowercase().starts_with("yes"));
    let flagged = ["x-spam-flag", "x-spam-status", "x-spam", "x-gm-spam"].iter().any(|name| says_yes(name))
        || headers.all("x-gm-spam").any(|value| value.starts_with('1'));
    let level = |value: &str| value.trim().parse::<i8>().is_ok_and(|level| level >= 5);
    let exchange = headers.all("x-ms-exchange-organization-scl").any(level)
        || headers.all("x-forefront-antispam-report").any(|report| {
            report
                .split(';')
                .filter_map(|piece| piece.trim().split_once(':'))
                .any(|(name, value)| name.eq_ignore_ascii_case("scl") && level(value))
        });
    (flagged || exchange).then(|| "The receiving server takes it for spam.".to_owned())
}
