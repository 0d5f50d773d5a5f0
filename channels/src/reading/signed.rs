//! A mail that stands whole inside its own signature (S/MIME, `smime.p7m`: RFC 8551 §3.5.2), taken out of it.
//!
//! Only the wrapping of CMS `SignedData` (RFC 5652 §5) is read, as far as the words; the signature is neither needed nor
//! checked, and says nothing about the sender here. What is encrypted, compressed or a receipt stays closed.

use std::borrow::Cow;

use super::headers::{Headers, next_line};
use super::limits::Limits;
use super::mime::Mail;

/// Signatures around signatures that are taken off; real mail has one, a list's server may add another.
const LAYERS: usize = 3;
/// How deep elements may stand in one another.
const DEPTH: usize = 16;

const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// The mail as it would be without its wrapping: its own header, and the signed part in place of its body.
pub(super) fn unwrapped<'a>(raw: Cow<'a, [u8]>, limits: &Limits) -> Cow<'a, [u8]> {
    let mut raw = raw;
    for _ in 0..LAYERS {
        match inside(&raw, limits) {
            Some(inner) => raw = Cow::Owned(inner),
            None => break,
        }
    }
    raw
}

fn inside(raw: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let (headers, start) = Headers::of_mail(raw, limits);
    let kind = headers.first("content-type")?.to_ascii_lowercase();
    if !kind.contains("pkcs7-mime") && !kind.contains("octet-stream") {
        return None;
    }
    let mail = Mail::read(raw, limits);
    let root = mail.parts.first()?;
    if !is_sealed(root) {
        return None;
    }
    let (bytes, cut) = root.bytes(limits.mail_bytes);
    let inner = content(&bytes).filter(|_| !cut)?;
    Some(joined(raw.get(..start)?, &inner, limits))
}

/// Whether a part is an `smime.p7m`, whatever is in it; old gateways declare the file as bytes.
pub(super) fn is_sealed(part: &super::mime::Part) -> bool {
    let named = || {
        part.is("application/octet-stream")
            && part.file_name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"))
    };
    part.is("application/pkcs7-mime") || part.is("application/x-pkcs7-mime") || named()
}

/// The outer header without what described the wrapping, and behind it the inner part, which begins with its own.
fn joined(header: &[u8], inner: &[u8], limits: &Limits) -> Vec<u8> {
    let mut mail = Vec::with_capacity(header.len() + inner.len() + 2);
    let mut at = 0;
    let mut kept = true;
    while let Some(line) = next_line(header, at) {
        at += line.len();
        if line.trim_ascii().is_empty() {
            continue;
        }
        if !line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            kept = !line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"));
        }
        if kept {
            mail.extend_from_slice(line);
        }
    }
    if Headers::of_mail(inner, limits).0.is_empty() {
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(inner);
    mail
}

/// What the signature is over, where that is words or a part of a mail.
fn content(cms: &[u8]) -> Option<Vec<u8>> {
    let (outer, _) = element(cms, 0)?;
    let (kind, rest) = element(outer.within(0x30)?, 1)?;
    if kind.within(0x06)? != SIGNED_DATA {
        return None;
    }
    let (explicit, _) = element(rest, 1)?;
    let (signed, _) = element(explicit.within(0xa0)?, 2)?;
    let (_version, rest) = element(signed.within(0x30)?, 3)?;
    let (_algorithms, rest) = element(rest, 3)?;
    let (encapsulated, _) = element(rest, 3)?;
    let (kind, rest) = element(encapsulated.within(0x30)?, 4)?;
    if kind.within(0x06)? != DATA {
        return None;
    }
    let (explicit, _) = element(rest, 4)?;
    let (octets, _) = element(explicit.within(0xa0)?, 5)?;
    let mut bytes = Vec::new();
    gather(&octets, 6, &mut bytes)?;
    Some(bytes)
}

/// An octet string, whole or in pieces (X.690 §8.7).
fn gather(octets: &Element, depth: usize, bytes: &mut Vec<u8>) -> Option<()> {
    if octets.tag == 0x04 {
        bytes.extend_from_slice(octets.content);
        return Some(());
    }
    let mut rest = octets.within(0x24)?;
    while !rest.is_empty() {
        let (piece, after) = element(rest, depth)?;
        gather(&piece, depth + 1, bytes)?;
        rest = after;
    }
    Some(())
}

/// One element of BER (X.690 §8.1), without its end mark.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    /// Its content, if it is of this kind.
    fn within(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

/// The first element, and what is behind it. Elements of open length are searched for their end, at each depth once.
fn element(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    // Tags of more than one byte do not occur in what is read here.
    if depth > DEPTH || tag & 0x1f == 0x1f {
        return None;
    }
    if length == 0x80 {
        let end = open_length(rest, depth)?;
        let (content, after) = rest.split_at_checked(end)?;
        return Some((Element { tag, content }, after.get(2..)?));
    }
    let (length, rest) = if length < 0x80 { (usize::from(length), rest) } else { long_length(length, rest)? };
    let (content, after) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, after))
}

fn long_length(first: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    let count = usize::from(first & 0x7f);
    let (digits, rest) = rest.split_at_checked(count).filter(|_| count <= 4)?;
    Some((digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest))
}

/// How many bytes stand before the end mark, two zeros.
fn open_length(bytes: &[u8], depth: usize) -> Option<usize> {
    let mut rest = bytes;
    while !rest.starts_with(&[0, 0]) {
        rest = element(rest, depth + 1)?.1;
    }
    Some(bytes.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element with its length, as DER writes it.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let head = match u8::try_from(length) {
            Ok(short) if short < 0x80 => vec![tag, short],
            _ => [&[tag, 0x84][..], &u32::try_from(length).expect("short").to_be_bytes()].concat(),
        };
        [head, content.to_vec()].concat()
    }

    /// The same with its end marked instead.
    fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    fn wrapped(write: fn(u8, &[u8]) -> Vec<u8>, kind: &[u8], octets: &[u8]) -> Vec<u8> {
        let encapsulated = write(0x30, &[der(0x06, kind), write(0xa0, octets)].concat());
        let signed = write(0x30, &[der(0x02, &[1]), der(0x31, &[]), encapsulated, der(0x31, &[])].concat());
        write(0x30, &[der(0x06, SIGNED_DATA), write(0xa0, &signed)].concat())
    }

    #[test]
    fn what_is_signed_is_found_in_every_form_of_length() {
        let whole = der(0x04, b"words and words");
        let pieces = ber(0x24, &[der(0x04, b"words "), der(0x04, b"and "), der(0x04, b"words")].concat());

        for octets in [whole, pieces] {
            assert_eq!(content(&wrapped(der, DATA, &octets)), Some(b"words and words".to_vec()));
            assert_eq!(content(&wrapped(ber, DATA, &octets)), Some(b"words and words".to_vec()));
        }
    }

    #[test]
    fn what_is_no_signed_text_stays_closed() {
        let receipt = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x01";
        let good = wrapped(der, DATA, &der(0x04, b"words"));

        assert_eq!(content(&wrapped(der, receipt, &der(0x04, b"words"))), None);
        assert_eq!(content(b""), None);
        for length in 0..good.len() - 4 {
            assert_eq!(content(good.get(..length).expect("shorter")), None, "cut at {length}");
        }
    }

    #[test]
    fn elements_without_end_cost_no_more_than_their_depth() {
        assert_eq!(content(&b"\x30\x80".repeat(1_000_000)), None);
        assert_eq!(content(&wrapped(ber, DATA, &b"\x24\x80".repeat(1_000_000))), None);
    }
}
