//! What kind of mail it is: the first that applies, with the reason.

use super::mime::{Mail, Part};
use super::sender::Sender;
use super::tnef::Tnef;
use super::{Bounce, MailKind, auto_reply, bounce, no_answer};

/// The verdict.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: MailKind,
    pub(super) bounce: Option<Bounce>,
    pub(super) reasons: Vec<String>,
    /// Evidence of an automatic answer, whatever the kind.
    pub(super) automatic: Vec<String>,
}

pub(super) fn judge(mail: &Mail, sender: &Sender, subject: &str, text: &str, own: &[String]) -> Verdict {
    let headers = mail.headers();
    let automatic = auto_reply::evidence(headers, subject, sender.is_null());
    let seen = bounce::Seen { mail, sender, subject, text, own };
    let (kind, bounce, reasons) = match bounce::find(&seen) {
        bounce::Found::Bounce(bounce, why) => (MailKind::Bounce, Some(bounce), vec![why]),
        bounce::Found::Arrived => (
            MailKind::Receipt,
            None,
            vec!["A mail server reports that a mail arrived or was handed on.".to_owned()],
        ),
        bounce::Found::No => {
            let (kind, reasons) = other(mail, sender, subject, &automatic);
            (kind, None, reasons)
        }
    };
    Verdict { kind, bounce, reasons, automatic }
}

fn other(mail: &Mail, sender: &Sender, subject: &str, automatic: &[String]) -> (MailKind, Vec<String>) {
    if is_receipt(mail) {
        return (MailKind::Receipt, vec!["A mail program reports what was done with a mail.".to_owned()]);
    }
    if is_report(mail, sender, subject) {
        return (MailKind::Report, vec!["A mail provider reports a complaint.".to_owned()]);
    }
    if !automatic.is_empty() {
        return (MailKind::AutoReply, automatic.to_vec());
    }
    if let Some(why) = no_answer::list(mail.headers()) {
        return (MailKind::List, vec![why]);
    }
    if is_calendar(mail) {
        return (MailKind::Calendar, vec!["It is nothing but an entry for a calendar.".to_owned()]);
    }
    (MailKind::Human, vec!["Nothing says that a machine wrote it.".to_owned()])
}

fn report_type(mail: &Mail) -> String {
    let root = mail.root_type();
    let kind = root.parameter("report-type").unwrap_or_default().to_ascii_lowercase();
    if root.value == "multipart/report" { kind } else { String::new() }
}

fn is_receipt(mail: &Mail) -> bool {
    wrapped(mail, Tnef::is_receipt)
        || mail
            .leaf_of(&["message/disposition-notification", "message/global-disposition-notification"])
            .is_some()
        || report_type(mail) == "disposition-notification"
        || signed_receipt(mail)
}

/// A receipt of S/MIME (RFC 2634 §2).
pub(super) fn signed_receipt(mail: &Mail) -> bool {
    mail.parts.iter().any(|part| {
        part.content.parameter("smime-type").is_some_and(|kind| kind.eq_ignore_ascii_case("signed-receipt"))
    })
}

/// RFC 5965, and the reports of Microsoft's programme, which are plain forwards with a header of their own.
fn is_report(mail: &Mail, sender: &Sender, subject: &str) -> bool {
    let forwarded = || {
        mail.leaf_of(&["message/rfc822"])
            .is_some_and(|part| bounce::headers_of(part, &mail.limits).has("x-hmxmroriginalrecipient"))
    };
    mail.leaf_of(&["message/feedback-report"]).is_some()
        || report_type(mail) == "feedback-report"
        || forwarded()
        || (subject.to_lowercase().starts_with("complaint about message from") && sender.local == "staff")
}

/// Whether a part of the mail itself, not a file attached to it, asks a calendar program to do something.
pub(super) fn calendar_method(mail: &Mail) -> bool {
    wrapped(mail, Tnef::is_calendar) || mail.leaves().any(is_method)
}

/// Whether a `winmail.dat` in it says so.
fn wrapped(mail: &Mail, says: fn(&Tnef) -> bool) -> bool {
    mail.tnef.as_ref().is_some_and(|(_, tnef)| says(tnef))
}

/// Bytes of a calendar, still encoded, in which its method must stand; it is among the first lines (RFC 5545 §3.6).
const METHOD_BYTES: usize = 6 * 1024;

fn is_method(part: &Part) -> bool {
    if !part.is("text/calendar") || part.disposition.value == "attachment" {
        return false;
    }
    let named = part.content.parameter("method").map(str::to_ascii_lowercase);
    let method = named.unwrap_or_else(|| {
        let (bytes, _) = part.bytes(METHOD_BYTES);
        let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let line = head.lines().find_map(|line| line.strip_prefix("method:"));
        line.unwrap_or_default().trim().to_owned()
    });
    matches!(
        method.as_str(),
        "request" | "reply" | "cancel" | "counter" | "declinecounter" | "refresh" | "add" | "publish"
    )
}

/// An invitation or its answer, with no words beside it: the calendar part is the mail, or an alternative of its text.
fn is_calendar(mail: &Mail) -> bool {
    let Some(index) = mail.parts.iter().position(is_method) else {
        return wrapped(mail, Tnef::is_calendar);
    };
    let mut inner = index;
    let mut at = mail.parts.get(index).and_then(|part| part.parent);
    let mut alternative = false;
    while let Some(parent) = at {
        let Some(holder) = mail.parts.get(parent) else { return false };
        if holder.is("multipart/alternative") {
            alternative = true;
        } else {
            let words = mail
                .children(parent)
                .filter(|child| *child != inner)
                .filter_map(|child| mail.parts.get(child));
            if words.into_iter().any(|part| !part.is_attached() && part.content.value.starts_with("text/")) {
                return false;
            }
        }
        inner = parent;
        at = holder.parent;
    }
    alternative || mail.parts.len() == 1 || mail.leaves().count() == 1
}
