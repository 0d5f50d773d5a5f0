//! What providers post and list as JSON, read as a person would read it.
//!
//! A provider that cuts a text in the middle of an emoji writes half of it as an escape, `\ud83d`. RFC 8259 §8.2 lets a
//! reader do with such a lone surrogate what it likes, and ours refuses the whole; a parent's words must not be lost for
//! it, so it is read as the sign for what cannot be shown, U+FFFD. Bytes that are read otherwise stay as they are.

use serde::de::DeserializeOwned;

/// Reads JSON; `None`: it is none, or not of the wanted form.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok().or_else(|| serde_json::from_slice(&mended(bytes)?).ok())
}

/// The same with every lone surrogate replaced; `None`: it has none.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(bytes.len());
    let mut found = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let (length, lone) = match (byte, escape(rest)) {
            // A high half needs its low one directly behind it.
            (b'\\', Some(0xd800..=0xdbff)) => match rest.get(6..).and_then(escape) {
                Some(0xdc00..=0xdfff) => (12, false),
                _ => (6, true),
            },
            (b'\\', Some(0xdc00..=0xdfff)) => (6, true),
            // The sign behind a backslash is no backslash of its own.
            (b'\\', _) => (if after.is_empty() { 1 } else { 2 }, false),
            _ => (1, false),
        };
        let (piece, behind) = rest.split_at_checked(length)?;
        mended.extend_from_slice(if lone { br"\ufffd" } else { piece });
        found |= lone;
        rest = behind;
    }
    found.then_some(mended)
}

/// The number of an escape `\uXXXX` at the start.
fn escape(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(br"\u")?.first_chunk::<4>()?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|sign| sign.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_costs_itself_and_not_the_words() {
        let table = [
            (r#""plain""#, Some("plain")),
            (r#""whole \ud83d\ude00""#, Some("whole 😀")),
            (r#""half \ud83d""#, Some("half \u{fffd}")),
            (r#""half \ud83d and on""#, Some("half \u{fffd} and on")),
            (r#""\ude00 other half""#, Some("\u{fffd} other half")),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{fffd}😀")),
            (r#""\ude00\ud83d""#, Some("\u{fffd}\u{fffd}")),
            (r#""\\ud83d \ud83d""#, Some("\\ud83d \u{fffd}")),
            (r#""\ud83d\n""#, Some("\u{fffd}\n")),
            (r#""\ud8""#, None),
            (r#""\ud83d"#, None),
            (r"\", None),
            ("", None),
        ];
        for (json, expected) in table {
            assert_eq!(read::<String>(json.as_bytes()).as_deref(), expected, "{json}");
        }
    }
}
