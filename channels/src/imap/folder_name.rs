//! Names of folders as the protocol writes them: "modified UTF-7" (RFC 3501 §5.1.3, RFC 9051 appendix A.1).

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// The name as a server of any age takes it: letters beyond ASCII as UTF-16 in a base64 of its own, between `&` and `-`.
pub(super) fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut beyond = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            shift(&mut out, &mut beyond);
            out.push(letter);
            if letter == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            beyond.extend(letter.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift(&mut out, &mut beyond);
    out
}

/// Writes what has gathered, in one piece: two shifts in a row are not allowed.
fn shift(out: &mut String, beyond: &mut Vec<u8>) {
    if !beyond.is_empty() {
        out.push('&');
        out.push_str(&STANDARD_NO_PAD.encode(&*beyond).replace('/', ","));
        out.push('-');
        beyond.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_protocol_has_them() {
        for (name, written) in [
            // The standard's own example.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("INBOX", "INBOX"),
            ("Eltern ä", "Eltern &AOQ-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("äöü", "&AOQA9gD8-"),
            ("ä-b", "&AOQ--b"),
            ("Mums & Dads", "Mums &- Dads"),
            ("&", "&-"),
            ("ä&ö", "&AOQ-&-&APY-"),
            ("Rodzice żółw", "Rodzice &AXwA8wFC-w"),
            ("😀", "&2D3eAA-"),
            ("a\"b\\c", "a\"b\\c"),
            ("", ""),
        ] {
            assert_eq!(encoded(name), written, "{name}");
        }
    }
}
