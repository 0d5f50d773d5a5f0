//! The files that came with a mail, one at a time: what they are called, what they say they are, and their bytes.
//!
//! Nothing is opened here but Outlook's `winmail.dat`: an archive, a document and a picture are bytes. Whether a file may be given to anybody is
//! for a virus scanner and the gateway to say.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::vec;

use ring::digest;

use super::mime::{Mail, Part};
use super::tnef::{File, Tnef};
use super::{decode, file_name, limits::Limits, signed, with_line_ends};
use crate::private::Private;

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called: without a path, without signs that do not show or turn the writing round, at most 100
    /// characters, its ending kept; "attachment" and an ending of its type where the mail names none.
    pub name: Private<String>,
    /// The media type the mail declares, `type/subtype` in lower case, never verified; `application/octet-stream` where
    /// it declares none that is well formed.
    pub declared: String,
    /// Its length in bytes, the transfer encoding undone.
    pub size: u64,
    /// SHA-256 over its bytes.
    pub digest: [u8; 32],
    /// A picture that the page itself shows (RFC 2392): a signature's logo as a rule, sometimes a photo set into the text.
    /// Everything else is a file somebody sent.
    pub inline: bool,
    /// Its bytes; `None`: it, or all before it together, are larger than [`Limits`] allow, and they stand in the mail only.
    pub bytes: Option<Private<Vec<u8>>>,
}

/// The files of a mail in the order they stand, each decoded when it is asked for; see [`attachments`].
#[derive(Debug)]
pub struct Attachments<'a> {
    raw: Cow<'a, [u8]>,
    waiting: vec::IntoIter<Slot>,
    /// The `winmail.dat`, decoded.
    wrapping: Option<Vec<u8>>,
    /// Bytes that may still be given out.
    left: usize,
    most: usize,
}

/// Where a file stands in the mail.
#[derive(Debug)]
struct Slot {
    name: String,
    declared: String,
    inline: bool,
    encoding: String,
    /// Its part's body.
    encoded: Range<usize>,
    /// Its place in the `winmail.dat` that the part is.
    within: Option<Range<usize>>,
}

/// The files that came with a mail, `raw` being the whole of it: as many as [`super::MailReading::attachments`] counts,
/// and no more than [`Limits::attachments`].
///
/// Signatures, the parts of reports that are for machines, and the words themselves are no files. Reading never fails;
/// of what is no mail at all nothing comes. One file is in memory at a time, beside `raw`.
pub fn attachments<'a>(raw: &'a [u8], limits: &Limits) -> Attachments<'a> {
    let raw = signed::unwrapped(with_line_ends(raw, limits), limits);
    // As in `read`: names go through character tables of other people's.
    let slots = catch_unwind(AssertUnwindSafe(|| slots(&raw, limits))).unwrap_or_default();
    Attachments {
        raw,
        waiting: slots.into_iter(),
        wrapping: None,
        left: limits.attachments_bytes,
        most: limits.attachment_bytes,
    }
}

impl Iterator for Attachments<'_> {
    type Item = Attachment;

    fn next(&mut self) -> Option<Attachment> {
        let slot = self.waiting.next()?;
        let bytes = self.bytes(&slot);
        let size = bytes.len();
        let mut digest = [0; 32];
        digest
            .iter_mut()
            .zip(digest::digest(&digest::SHA256, &bytes).as_ref())
            .for_each(|(to, from)| *to = *from);
        let fits = size <= self.most.min(self.left);
        if fits {
            self.left -= size;
        }
        Some(Attachment {
            name: Private::new(slot.name),
            declared: slot.declared,
            size: u64::try_from(size).unwrap_or(u64::MAX),
            digest,
            inline: slot.inline,
            bytes: fits.then(|| Private::new(bytes)),
        })
    }
}

impl Attachments<'_> {
    fn bytes(&mut self, slot: &Slot) -> Vec<u8> {
        let encoded = self.raw.get(slot.encoded.clone()).unwrap_or_default();
        let Some(within) = slot.within.clone() else {
            return decode::transfer(encoded, &slot.encoding);
        };
        // A `winmail.dat` is decoded once for all the files in it.
        let wrapping = self.wrapping.get_or_insert_with(|| decode::transfer(encoded, &slot.encoding));
        wrapping.get(within).unwrap_or_default().to_vec()
    }
}

/// How many files came along, however many of them are taken out.
pub(super) fn count(mail: &Mail) -> usize {
    mail.parts.iter().enumerate().map(|(index, part)| files_in(mail, index, part)).sum()
}

fn files_in(mail: &Mail, index: usize, part: &Part) -> usize {
    match opened(mail, index) {
        Some(tnef) => tnef.files.len(),
        None => usize::from(!part.is_multipart() && is_file(mail, part)),
    }
}

/// What stands in a `winmail.dat` that has nothing more to open.
fn opened<'a>(mail: &'a Mail, index: usize) -> Option<&'a Tnef> {
    mail.tnef.as_ref().filter(|(part, tnef)| *part == index && tnef.is_open()).map(|(_, tnef)| tnef)
}

fn slots(raw: &[u8], limits: &Limits) -> Vec<Slot> {
    let mail = Mail::read(raw, limits);
    let shown = shown(&mail);
    let mut slots = Vec::new();
    for (index, part) in mail.parts.iter().enumerate() {
        match opened(&mail, index) {
            Some(tnef) => slots.extend(tnef.files.iter().map(|file| wrapped(part, file))),
            None if files_in(&mail, index, part) > 0 => slots.push(slot(part, &shown)),
            None => {}
        }
    }
    slots.truncate(limits.attachments);
    slots
}

fn slot(part: &Part, shown: &HashSet<String>) -> Slot {
    let declared = declared(&part.content.value);
    let id = part.headers.ids("content-id").into_iter().next();
    let inline = declared.starts_with("image/") && id.is_some_and(|id| shown.contains(&id));
    Slot {
        name: file_name::safe(part.file_name().unwrap_or_default(), &declared),
        declared,
        inline,
        encoding: part.encoding(),
        encoded: part.start..part.start + part.body.len(),
        within: None,
    }
}

fn wrapped(part: &Part, file: &File) -> Slot {
    let declared = declared(&file.kind);
    Slot {
        name: file_name::safe(&file.name, &declared),
        within: Some(file.bytes.clone()),
        declared,
        ..slot(part, &HashSet::new())
    }
}

/// The declared type, if it is one (RFC 6838 §4.2); a stranger's words must not reach a header of ours.
fn declared(kind: &str) -> String {
    let token = |word: &str| {
        (1..=127).contains(&word.len())
            && word.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&sign))
    };
    let well = kind.split_once('/').is_some_and(|(class, name)| token(class) && token(name));
    if well { kind.to_owned() } else { "application/octet-stream".to_owned() }
}

/// The Content-IDs that the mail's pages show, as `cid:` names them (RFC 2392).
fn shown(mail: &Mail) -> HashSet<String> {
    let pages = mail.leaves().filter(|part| part.is("text/html"));
    let mut ids = HashSet::new();
    for page in pages {
        let (bytes, _) = page.bytes(mail.limits.encoded_bytes());
        let page = String::from_utf8_lossy(&bytes);
        for after in page.split("cid:").skip(1) {
            let ends =
                |sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '>' | '<' | ')' | '&');
            let id = after.split(ends).next().unwrap_or_default();
            ids.insert(String::from_utf8_lossy(&decode::percent(id)).into_owned());
        }
    }
    ids
}

/// Whether a part is a file somebody sent along, a picture in the text included.
pub(super) fn is_file(mail: &Mail, part: &Part) -> bool {
    const MACHINE: [&str; 10] = [
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/applefile",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
    ];
    let kind = part.content.value.as_str();
    let returned = mail.root_type().value == "multipart/report" && kind.starts_with("message/");
    if MACHINE.contains(&kind) || returned {
        return false;
    }
    if is_signature(mail, part) {
        return false;
    }
    let body_text = part.parent.is_none() && matches!(kind, "text/plain" | "text/html");
    (part.is_attached() && !body_text) || !kind.starts_with("text/") || is_unread_text(kind)
}

/// The second part of a signed mail (RFC 1847 §2.1), which some gateways declare as mere bytes.
fn is_signature(mail: &Mail, part: &Part) -> bool {
    let signed = part
        .parent
        .and_then(|parent| mail.parts.get(parent))
        .is_some_and(|holder| holder.is("multipart/signed"));
    let named = part.file_name().unwrap_or_default().to_ascii_lowercase();
    signed && [".p7s", ".asc", ".sig"].iter().any(|ending| named.ends_with(ending))
}

/// Text that is not shown as words, so that it must be a file even without a name.
fn is_unread_text(kind: &str) -> bool {
    matches!(kind, "text/vcard" | "text/x-vcard" | "text/csv" | "text/rtf")
}
