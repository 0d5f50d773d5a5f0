//! Words of a header as people read them, and text without what neither a page nor the database takes.

use super::{decode, limits};

/// Decodes encoded words (RFC 2047) in a header field.
///
/// Neighbouring words of one character set are joined before they are decoded: many programs cut a letter of several
/// bytes in two, against §5 of the RFC.
pub(super) fn decode_words(field: &str) -> String {
    let mut decoded = String::with_capacity(field.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut rest = field;
    while let Some((before, from)) = rest.find("=?").and_then(|at| rest.split_at_checked(at)) {
        let Some((word, after)) = encoded_word(from) else {
            flush(&mut decoded, &mut pending);
            let (sign, after) = from.split_at_checked(2).unwrap_or((from, ""));
            decoded.push_str(before);
            decoded.push_str(sign);
            rest = after;
            continue;
        };
        let joined = pending.is_some() && before.chars().all(char::is_whitespace);
        if !joined {
            flush(&mut decoded, &mut pending);
            decoded.push_str(before);
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.0) => {
                bytes.extend_from_slice(&word.1);
            }
            _ => {
                flush(&mut decoded, &mut pending);
                pending = Some(word);
            }
        }
        rest = after;
    }
    flush(&mut decoded, &mut pending);
    decoded.push_str(rest);
    decoded
}

fn flush(decoded: &mut String, pending: &mut Option<(&str, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending.take() {
        decoded.push_str(&decode::characters(&bytes, Some(charset)).0);
    }
}

/// One encoded word at the start of `from`: its character set and bytes, and what follows.
fn encoded_word(from: &str) -> Option<((&str, Vec<u8>), &str)> {
    let (charset, rest) = from.strip_prefix("=?")?.split_once('?')?;
    let (method, rest) = rest.split_once('?')?;
    let (data, after) = rest.split_once("?=")?;
    // RFC 2231 §5: a language may follow the character set.
    let charset = charset.split('*').next().unwrap_or(charset);
    if charset.is_empty() || charset.len() > 45 || data.len() > 4096 {
        return None;
    }
    let bytes = match method {
        "b" | "B" => decode::base64(data.as_bytes()),
        "q" | "Q" => decode::quoted_printable(data.replace('_', "=20").as_bytes()),
        _ => return None,
    };
    Some(((charset, bytes), after))
}

/// One line: every run of blanks and control characters is one space.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.retain(|character| character != '\u{feff}');
    line
}

/// Text with `\n` line ends, without NUL (which Postgres refuses) and other control characters, cut at `limit` bytes.
pub(super) fn text(text: &str, limit: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(limit));
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                if characters.peek() == Some(&'\n') {
                    characters.next();
                }
                clean.push('\n');
            }
            '\n' | '\u{2028}' | '\u{2029}' | '\u{000b}' | '\u{000c}' | '\u{0085}' => clean.push('\n'),
            '\t' => clean.push('\t'),
            '\u{feff}' => {}
            other if other.is_control() => {}
            other => clean.push(other),
        }
        if clean.len() >= limit {
            break;
        }
    }
    clean.truncate(clean.floor_char_boundary(limit));
    clean
}

/// The Message-IDs in a field, without angle brackets, in order.
///
/// Only what stands in brackets counts, as `In-Reply-To` may hold a phrase too (RFC 5322 §4.5.4); a field without any
/// bracket is one bare id.
pub(super) fn ids(field: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = field;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((id, after)) = after.split_once('>') else { break };
        push_id(&mut found, id.rsplit('<').next().unwrap_or(id));
        rest = after;
        if found.len() >= limits::LIST_ITEMS {
            break;
        }
    }
    let bare = field.trim();
    if found.is_empty() && !bare.contains(char::is_whitespace) {
        push_id(&mut found, bare.trim_matches(['<', '>']));
    }
    found
}

fn push_id(found: &mut Vec<String>, id: &str) {
    let id: String =
        id.chars().filter(|character| !character.is_whitespace() && !character.is_control()).collect();
    if !id.is_empty() && id.len() <= limits::ID_BYTES && !found.contains(&id) {
        found.push(id);
    }
}

/// Cuts at most `limit` bytes, at a character.
pub(super) fn head(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}
