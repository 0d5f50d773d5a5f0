//! The words of a mail, from whichever of its parts carries them, and how many files came along.

use super::limits::Limits;
use super::mime::{Mail, Part};
use super::page;
use super::reply_text::{self, Reply};
use super::{attachments, decode, html, signed, words};

/// The words of a mail.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    pub(super) reply: String,
    pub(super) attachments: u16,
    pub(super) problems: Vec<String>,
}

/// Words of one part.
struct Piece {
    text: String,
    reply: Reply,
}

pub(super) fn read(mail: &Mail) -> Body {
    let mut body = Body::default();
    let mut pieces = choose(mail, 0, &mut body.problems);
    if pieces.iter().all(|piece| piece.text.trim().is_empty()) {
        pieces.extend(wrapped(mail));
        pieces.extend(named(mail, &mut body.problems));
    }
    let mut replies = Vec::with_capacity(pieces.len());
    let mut texts = Vec::with_capacity(pieces.len());
    let mut history = false;
    for piece in pieces {
        texts.push(piece.text);
        // Where the history began in one part, the parts behind it belong to the history.
        if !history {
            replies.push(piece.reply.text);
        }
        history |= piece.reply.to_the_end;
    }
    body.text = page::join(texts, mail.limits.text_bytes);
    body.reply = page::join(replies, mail.limits.text_bytes);
    let files = attachments::count(mail);
    body.attachments = u16::try_from(files).unwrap_or(u16::MAX);
    if files > mail.limits.attachments {
        body.problems.push("It has more attachments than are taken out; see the original.".to_owned());
    }
    sealed(mail, &body.text, &mut body.problems);
    body
}

/// The words that only a `winmail.dat` holds.
fn wrapped(mail: &Mail) -> Option<Piece> {
    let (_, tnef) = mail.tnef.as_ref()?;
    if tnef.text.trim().is_empty() && !tnef.html.is_empty() {
        return Some(page(&tnef.html, &mail.limits));
    }
    Some(plain(words::text(&tnef.text, mail.limits.text_bytes)))
}

/// Words that a program gave a file's name, where the mail has no others; the file is one all the same.
fn named(mail: &Mail, problems: &mut Vec<String>) -> Option<Piece> {
    let words = |part: &&Part| {
        part.parent.is_some()
            && part.is_attached()
            && part.disposition.value != "attachment"
            && (part.is("text/plain") || part.is("text/html"))
    };
    let part = mail.leaves().find(words)?;
    leaf(&part.content.value, part, &mail.limits, problems).into_iter().next()
}

fn choose(mail: &Mail, index: usize, problems: &mut Vec<String>) -> Vec<Piece> {
    let Some(part) = mail.parts.get(index) else { return Vec::new() };
    match part.content.value.as_str() {
        "multipart/alternative" => alternative(mail, index, problems),
        "multipart/related" | "multipart/signed" => mail
            .children(index)
            .map(|child| choose(mail, child, problems))
            .find(|pieces| !pieces.is_empty())
            .unwrap_or_default(),
        "multipart/encrypted" | "multipart/digest" => Vec::new(),
        _ if part.is_multipart() => {
            mail.children(index).flat_map(|child| choose(mail, child, problems)).collect()
        }
        _ if part.parent.is_some() && part.is_attached() => Vec::new(),
        kind => leaf(kind, part, &mail.limits, problems),
    }
}

/// The plain one of the alternatives, unless it says nothing; then the richest that does.
fn alternative(mail: &Mail, index: usize, problems: &mut Vec<String>) -> Vec<Piece> {
    let children: Vec<usize> = mail.children(index).collect();
    let is_plain = |child: &usize| mail.parts.get(*child).is_some_and(|part| part.is("text/plain"));
    let mut fallback = Vec::new();
    for child in children.iter().copied().filter(is_plain) {
        let pieces = choose(mail, child, problems);
        if pieces.iter().any(|piece| says_something(&piece.text)) {
            return pieces;
        }
        fallback = pieces;
    }
    for child in children.iter().copied().rev().filter(|child| !is_plain(child)) {
        let pieces = choose(mail, child, problems);
        if pieces.iter().any(|piece| !piece.text.trim().is_empty()) {
            return pieces;
        }
    }
    fallback
}

/// Newsletters and some programs put a mere notice where the plain text should be.
fn says_something(text: &str) -> bool {
    let trimmed = text.trim();
    let notice = trimmed.len() < 300 && {
        let lower = trimmed.to_lowercase();
        lower.contains("html")
            && ["support", "view", "compatible", "enable"].iter().any(|word| lower.contains(word))
    };
    !trimmed.is_empty() && !notice
}

fn leaf(kind: &str, part: &Part, limits: &Limits, problems: &mut Vec<String>) -> Vec<Piece> {
    match kind {
        // Enriched text (RFC 1896) has tags too, and few of them mean anything.
        "text/html" | "application/xhtml+xml" | "text/enriched" | "text/richtext" => {
            vec![from_html(part, limits, problems)]
        }
        "text/calendar" | "text/vcard" | "text/x-vcard" | "text/rfc822-headers" | "text/csv" | "text/rtf" => {
            Vec::new()
        }
        // Pages for programs of one maker, beside one for all.
        "text/x-amp-html" | "text/watch-html" => Vec::new(),
        _ if kind.starts_with("text/") => vec![from_plain(part, limits, problems)],
        _ => Vec::new(),
    }
}

fn from_plain(part: &Part, limits: &Limits, problems: &mut Vec<String>) -> Piece {
    let text = unflowed(part, characters(part, limits, limits.text_bytes, problems));
    plain(words::text(&text, limits.text_bytes))
}

fn plain(text: String) -> Piece {
    let reply = reply_text::take(&text, false);
    Piece { text, reply }
}

fn from_html(part: &Part, limits: &Limits, problems: &mut Vec<String>) -> Piece {
    page(&characters(part, limits, limits.html_bytes, problems), limits)
}

fn page(html: &str, limits: &Limits) -> Piece {
    let page = html::render(html, limits);
    let words = words::text(&page.without_history(), limits.text_bytes);
    let mut reply = reply_text::take(&words, page.history_at.is_some());
    reply.to_the_end |= page.history_at.is_some();
    Piece { text: words::text(&page.text, limits.text_bytes), reply }
}

fn characters(part: &Part, limits: &Limits, limit: usize, problems: &mut Vec<String>) -> String {
    let (bytes, cut) = part.bytes(limits.encoded_bytes());
    if cut || bytes.len() > limit {
        problems.push("The text is very long and was cut; see the original.".to_owned());
    }
    let bytes = bytes.get(..limit).unwrap_or(&bytes);
    let declared =
        part.content.parameter("charset").map(str::to_owned).or_else(|| charset_of_page(part, bytes));
    let (text, doubtful) = decode::characters(bytes, declared.as_deref());
    if doubtful && !cut && bytes.len() < limit {
        problems
            .push("Some characters may be wrong: the text is not in the alphabet it declares.".to_owned());
    }
    text
}

/// The character set that a page names itself, in its `meta` element.
fn charset_of_page(part: &Part, bytes: &[u8]) -> Option<String> {
    if !part.is("text/html") {
        return None;
    }
    let head = String::from_utf8_lossy(bytes.get(..2048).unwrap_or(bytes)).to_ascii_lowercase();
    let (_, named) = head.split_once("charset=")?;
    let named = named.trim_start_matches(['"', '\'', ' ']);
    let end = named.find(|sign: char| !(sign.is_ascii_alphanumeric() || "-_".contains(sign)))?;
    named.get(..end).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Undoes the soft line ends of `format=flowed` (RFC 3676 §4.2).
fn unflowed(part: &Part, text: String) -> String {
    let flowed = part.content.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
    if !flowed {
        return text;
    }
    let delete = part.content.parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    let mut plain = String::with_capacity(text.len());
    let mut soft: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let stuffed = content.strip_prefix(' ').unwrap_or(content);
        match soft {
            Some(before) if before == depth && stuffed != "-- " => plain.push_str(stuffed),
            Some(_) => {
                plain.push('\n');
                plain.push_str(if depth > 0 { line } else { stuffed });
            }
            None => plain.push_str(if depth > 0 { line } else { stuffed }),
        }
        soft = (stuffed.ends_with(' ') && stuffed != "-- ").then_some(depth);
        match soft {
            Some(_) if delete => drop(plain.pop()),
            Some(_) => {}
            None => plain.push('\n'),
        }
    }
    plain
}

/// Tells of words that stand in a wrapping which is not opened here.
fn sealed(mail: &Mail, text: &str, problems: &mut Vec<String>) {
    let closed = mail.tnef.as_ref().is_none_or(|(_, tnef)| !tnef.is_open());
    if mail.leaves().filter(|part| part.is_tnef()).count() > usize::from(!closed) {
        problems.push(
            "Some of it is wrapped in a winmail.dat file, which only Outlook opens; see the original.".into(),
        );
    }
    let enveloped = mail.leaves().find(|part| signed::is_sealed(part));
    let receipt = enveloped.and_then(|part| part.content.parameter("smime-type")) == Some("signed-receipt");
    let encrypted = |part: &Part| {
        part.is("multipart/encrypted")
            || part.is("application/x-microsoft-rpmsg-message")
            || part.file_name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".rpmsg"))
    };
    let armoured = text.lines().any(|line| line.trim_end() == "-----BEGIN PGP MESSAGE-----");
    if (enveloped.is_some() && !receipt) || armoured || mail.parts.iter().any(encrypted) {
        problems.push("It is encrypted or sealed and cannot be read here; see the original.".into());
    }
}
