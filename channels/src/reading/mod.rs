//! What an arrived mail says: who wrote it, what kind of mail it is, and what the person wrote now.
//!
//! Pure and bounded: the same bytes always give the same reading, no input panics, and none takes long (see [`limits`]).
//! The bytes are kept before they come here, so a mail that cannot be understood is read as far as it goes and says so
//! in [`MailReading::problems`].

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use ring::digest;

use crate::private::Private;

mod added_lines;
mod attachments;
mod auto_reply;
mod body;
mod bounce;
mod bounce_words;
mod codes;
mod decode;
mod dsn;
mod file_name;
mod headers;
mod html;
mod kind;
pub mod limits;
mod mapi;
mod mime;
mod no_answer;
mod page;
mod parameters;
mod quotes;
mod reply_text;
mod sender;
mod signed;
mod tnef;
mod words;

pub use attachments::{Attachment, Attachments, attachments};
pub use limits::{Limits, LimitsError};

#[cfg(test)]
mod tests;

/// What the mail itself does not carry.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The addresses of the mailbox and of the school: mail from them, or from their domains, is our own.
    pub own: Vec<Private<String>>,
    /// The envelope sender (`MAIL FROM`), where it is known: `Some("")` is the null sender `<>`. Without it the topmost
    /// `Return-Path` counts.
    pub envelope_from: Option<Private<String>>,
}

/// What kind of mail it is, the first that applies from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// Not a mail at all: no header could be read.
    Unreadable,
    /// A report that a message of somebody's did not arrive, or not yet (RFC 3464 and what others write instead).
    Bounce,
    /// A receipt: somebody's program says the mail was shown, deleted or signed for (RFC 8098).
    Receipt,
    /// An abuse report (RFC 5965).
    Report,
    /// An out-of-office or another automatic answer.
    AutoReply,
    /// A newsletter or a mailing list.
    List,
    /// An invitation or its answer, from a calendar program.
    Calendar,
    /// A person.
    Human,
}

/// What a bounce tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// `true`: it will never arrive; `false`: it is late, or may be tried again.
    pub permanent: bool,
    /// The server has stopped trying, whatever it thinks of another try: this mail will not arrive.
    pub given_up: bool,
    /// The addresses that were not reached, as the bounce names them, each once.
    pub addresses: Vec<Private<String>>,
    /// Enhanced status codes, `x.y.z`, each once, in the order they stand (RFC 3463).
    pub status: Vec<String>,
    /// SMTP reply codes, each once.
    pub smtp_code: Vec<u16>,
    /// The Message-ID of the mail that did not arrive, without angle brackets.
    pub message_id: Option<String>,
}

/// A rule of automatic answers (RFC 3834 and what practice has added) by which the mail itself forbids one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The rule's number, 1 to 15.
    pub rule: u8,
    /// What was seen, one sentence without addresses or words of the mail.
    pub because: String,
}

/// A mail as it was understood.
#[derive(Debug, Clone)]
pub struct MailReading {
    /// SHA-256 over the raw bytes.
    pub digest: [u8; 32],
    /// The address of the one who wrote: the first of `From`, as it is written there, domain in lower case.
    pub from: Option<Private<String>>,
    /// How the sender's name is shown; may be empty.
    pub from_name: Private<String>,
    /// The envelope sender, from the hint or `Return-Path`; `Some("")` is the null sender; `None`: not known.
    pub return_path: Option<Private<String>>,
    /// Every address it was sent to: `To`, `Cc`, `Delivered-To`, `X-Original-To`, `Envelope-To`, each once.
    pub recipients: Vec<Private<String>>,
    /// The subject, decoded, on one line.
    pub subject: Private<String>,
    /// Its Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// The Message-IDs it answers, the nearest first: `In-Reply-To`, then `References` from right to left; each once.
    pub answers: Vec<String>,
    /// Its `References` (else its single `In-Reply-To`), left to right, as an answer must repeat them.
    pub references: Vec<String>,
    /// What `Date` says; the sender's clock, never trusted for a deadline.
    pub date: Option<Timestamp>,
    /// All the words, as plain text.
    pub text: Private<String>,
    /// What the person wrote now: `text` without quotes and signatures.
    pub reply_text: Private<String>,
    /// What kind of mail it is.
    pub kind: MailKind,
    /// For a bounce.
    pub bounce: Option<Bounce>,
    /// Files that came with it.
    pub attachments: u16,
    /// Every rule by which the mail itself forbids an automatic answer; none: as far as the mail tells, it may be
    /// acknowledged.
    pub no_answer: Vec<NoAnswer>,
    /// Why it is of its kind, one sentence each.
    pub reasons: Vec<String>,
    /// What could not be read, or was cut short, one sentence each.
    pub problems: Vec<String>,
}

/// Reads a mail as it arrived, `raw` being the whole of it with its header.
///
/// Never fails: what could not be read stands in [`MailReading::problems`], and bytes that are no mail at all are
/// [`MailKind::Unreadable`]. The same bytes and hints always give the same reading; the time grows in proportion to the
/// length and ends at the default [`Limits`].
pub fn read(raw: &[u8], hints: &Hints) -> MailReading {
    read_within(raw, hints, &Limits::default())
}

/// Reads a mail as [`read`] does, as far as the school's own limits go.
pub fn read_within(raw: &[u8], hints: &Hints, limits: &Limits) -> MailReading {
    let mut digest = [0; 32];
    digest.iter_mut().zip(digest::digest(&digest::SHA256, raw).as_ref()).for_each(|(to, from)| *to = *from);
    // Pieces of the mail go through a parser of other people's; a fault in it must not stop the mailbox.
    catch_unwind(AssertUnwindSafe(|| understand(raw, hints, limits, digest)))
        .unwrap_or_else(|_| unreadable(digest, "Reading it failed; see the original."))
}

fn understand(raw: &[u8], hints: &Hints, limits: &Limits, digest: [u8; 32]) -> MailReading {
    let lines = signed::unwrapped(with_line_ends(raw, limits), limits);
    let mail = mime::Mail::read(&lines, limits);
    let headers = mail.headers();
    if headers.is_empty() {
        let mut reading = unreadable(digest, "It has no header, so it is not a mail.");
        let start = raw.get(..limits.text_bytes).unwrap_or(raw);
        reading.text = Private::new(words::text(&decode::characters(start, None).0, limits.text_bytes));
        return reading;
    }
    let sender = sender::Sender::read(headers, hints);
    let body = body::read(&mail);
    let subject = headers.words("subject");
    let recipients = recipients(headers);
    let own = not_bounced(&sender, hints, &recipients);
    let verdict = kind::judge(&mail, &sender, &subject, &body.text, &own);
    let seen = no_answer::Seen { mail: &mail, sender: &sender, hints, automatic: &verdict.automatic };
    let no_answer = no_answer::rules(&seen);
    MailReading {
        digest,
        from: sender.address.clone().map(Private::new),
        from_name: Private::new(sender.name.clone()),
        return_path: sender.return_path.clone().map(Private::new),
        recipients: recipients.into_iter().map(Private::new).collect(),
        subject: Private::new(subject),
        message_id: headers.ids("message-id").into_iter().next(),
        answers: answers(headers),
        references: references(headers),
        date: headers.date(),
        text: Private::new(body.text),
        reply_text: Private::new(body.reply),
        kind: verdict.kind,
        bounce: verdict.bounce,
        attachments: body.attachments,
        no_answer,
        reasons: verdict.reasons,
        problems: problems(&mail, raw, body.problems),
    }
}

/// Old Macintosh programs end lines with CR alone.
fn with_line_ends<'a>(raw: &'a [u8], limits: &Limits) -> Cow<'a, [u8]> {
    let start = raw.get(..limits.field_bytes).unwrap_or(raw);
    let lone =
        start.iter().position(|byte| *byte == b'\r').is_some_and(|at| start.get(at + 1) != Some(&b'\n'));
    let first = start.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    if !lone || first.and_then(|at| start.get(at)) != Some(&b'\r') {
        return Cow::Borrowed(raw);
    }
    let raw = raw.get(..limits.mail_bytes).unwrap_or(raw);
    Cow::Owned(raw.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

fn unreadable(digest: [u8; 32], problem: &str) -> MailReading {
    MailReading {
        digest,
        from: None,
        from_name: Private::default(),
        return_path: None,
        recipients: Vec::new(),
        subject: Private::default(),
        message_id: None,
        answers: Vec::new(),
        references: Vec::new(),
        date: None,
        text: Private::default(),
        reply_text: Private::default(),
        kind: MailKind::Unreadable,
        bounce: None,
        attachments: 0,
        // Whatever it is, a machine must not answer it.
        no_answer: vec![NoAnswer { rule: 6, because: "It names no sender.".to_owned() }],
        reasons: vec!["It could not be read as a mail.".to_owned()],
        problems: vec![problem.to_owned()],
    }
}

fn recipients(headers: &headers::Headers) -> Vec<String> {
    const FIELDS: [&str; 7] =
        ["to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "apparently-to"];
    let mut found: Vec<String> = Vec::new();
    for one in FIELDS.iter().flat_map(|name| headers.mailboxes(name)) {
        let address = sender::with_lower_domain(&one.address);
        let known = found.iter().any(|known| known.eq_ignore_ascii_case(&address));
        if address.contains('@') && !known && found.len() < limits::LIST_ITEMS {
            found.push(address);
        }
    }
    found
}

/// Addresses that a bounce mentions although they are not those that failed: ours, its own, and those it was sent to.
fn not_bounced(sender: &sender::Sender, hints: &Hints, recipients: &[String]) -> Vec<String> {
    let own = hints.own.iter().map(|own| own.expose().as_str());
    own.chain(sender.address.as_deref())
        .chain(recipients.iter().map(String::as_str))
        .map(no_answer::untagged)
        .collect()
}

fn answers(headers: &headers::Headers) -> Vec<String> {
    let mut found: Vec<String> = headers.ids("in-reply-to");
    for id in headers.ids("references").into_iter().rev() {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// RFC 5322 §3.6.4: `In-Reply-To` stands in for missing references only when it names a single mail.
fn references(headers: &headers::Headers) -> Vec<String> {
    let references = headers.ids("references");
    let parent = headers.ids("in-reply-to");
    if references.is_empty() && parent.len() == 1 { parent } else { references }
}

fn problems(mail: &mime::Mail, raw: &[u8], mut problems: Vec<String>) -> Vec<String> {
    if raw.len() > mail.limits.mail_bytes {
        problems.push("It is so large that only its beginning was read; see the original.".to_owned());
    }
    if mail.cut {
        problems.push("It has more parts than are looked at; see the original.".to_owned());
    }
    if mail.parts.iter().any(|part| part.headers.cut) {
        problems.push("A header is too long and was read in part.".to_owned());
    }
    let mut once: Vec<String> = Vec::new();
    for problem in problems {
        if !once.contains(&problem) {
            once.push(problem);
        }
    }
    once
}
