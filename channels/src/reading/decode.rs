//! Transfer encodings and character sets, undone as far as they go: a damaged byte costs itself, not the letter.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Undoes a transfer encoding, given in lower case (RFC 2045 §6); one that is unknown was none.
pub(super) fn transfer(encoded: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        // Some programs say base64 and send plain words.
        "base64" if !looks_plain(encoded) => base64(encoded),
        "quoted-printable" => quoted_printable(encoded),
        _ => encoded.to_vec(),
    }
}

/// Undoes base64 (RFC 2045 §6.8). Foreign characters are passed over, padding in the middle starts anew.
pub(super) fn base64(encoded: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(encoded.len() / 4 * 3 + 3);
    let mut bits: u32 = 0;
    let mut count = 0;
    for &byte in encoded {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                count = 0;
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            plain.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    plain
}

/// Whether what is said to be base64 begins with words: blanks inside the line, and signs base64 does not have.
fn looks_plain(encoded: &[u8]) -> bool {
    let line = encoded.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = line.get(..1024).unwrap_or(line).trim_ascii_end();
    let foreign = |byte: &&u8| !byte.is_ascii_alphanumeric() && byte.is_ascii() && !b"+/=-_".contains(byte);
    head.iter().filter(foreign).count() * 10 > head.len()
}

/// Undoes quoted-printable (RFC 2045 §6.7). What only looks like an escape stays as it is written.
pub(super) fn quoted_printable(encoded: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    // Blanks at the end of a line were put there by a relay and are not part of the text.
    let mut blanks = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'=' => {
                if let Some((value, after)) = escape(rest) {
                    plain.push(value);
                    rest = after;
                } else if let Some(after) = soft_break(rest) {
                    rest = after;
                } else {
                    plain.push(b'=');
                }
                blanks = 0;
            }
            b' ' | b'\t' => {
                plain.push(byte);
                blanks += 1;
            }
            b'\r' => plain.push(byte),
            b'\n' => {
                let carriage = plain.last() == Some(&b'\r');
                if carriage {
                    plain.pop();
                }
                plain.truncate(plain.len().saturating_sub(blanks));
                plain.push(b'\n');
                blanks = 0;
            }
            _ => {
                plain.push(byte);
                blanks = 0;
            }
        }
    }
    plain
}

/// Undoes percent-encoding (RFC 2231 §4, RFC 3986 §2.1). What only looks like an escape stays as it is written.
pub(super) fn percent(encoded: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if let (b'%', Some((value, after))) = (byte, escape(after)) {
            plain.push(value);
            rest = after;
        } else {
            plain.push(byte);
            rest = after;
        }
    }
    plain
}

fn escape(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], after) = rest.split_first_chunk::<2>()?;
    let high = char::from(high).to_digit(16)?;
    let low = char::from(low).to_digit(16)?;
    Some((u8::try_from(high * 16 + low).ok()?, after))
}

fn soft_break(rest: &[u8]) -> Option<&[u8]> {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    let after = rest.get(blanks..)?;
    if after.is_empty() { Some(after) } else { after.strip_prefix(b"\n") }
}

/// Text in the character set it declares, and whether anything was doubtful about it.
///
/// Undeclared, unknown or plainly mislabelled text is UTF-8 where that fits, else windows-1252.
pub(super) fn characters(bytes: &[u8], charset: Option<&str>) -> (String, bool) {
    let charset = charset.unwrap_or_default().trim().to_ascii_lowercase();
    let utf8 = std::str::from_utf8(bytes);
    let decoder = match charset.as_str() {
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" => None,
        // Valid UTF-8 with more than ASCII in it is never meant as Latin: "Ã©" is written by a wrong label only.
        "iso-8859-1" | "windows-1252" | "latin1" if utf8.is_ok() => None,
        name => Some(charset_decoder(name.as_bytes())),
    };
    match (decoder, utf8) {
        (Some(Some(decode)), _) => (decode(bytes), false),
        (unknown, Ok(text)) => (text.to_owned(), unknown.is_some()),
        (None, Err(_)) if charset.starts_with("utf") => damaged_utf8(bytes),
        (unknown, Err(_)) => (western(bytes), unknown.is_some()),
    }
}

/// Text that calls itself UTF-8 and is not: a cut or damaged one keeps what is right in it; one without a single right
/// sequence is windows-1252 under a wrong label.
fn damaged_utf8(bytes: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(bytes);
    let right =
        text.chars().any(|character| !character.is_ascii() && character != char::REPLACEMENT_CHARACTER);
    if right { (text.into_owned(), true) } else { (western(bytes), true) }
}

/// Bytes as windows-1252, in which every byte is some character.
pub(super) fn western(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => bytes.iter().copied().map(char::from).collect(),
    }
}
