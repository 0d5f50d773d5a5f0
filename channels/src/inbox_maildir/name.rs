//! The names of mails in a Maildir: `unique:2,flags` (<https://cr.yp.to/proto/maildir.html>).

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

/// By which a mail is known wherever it lies and whatever its flags are; `None` for what is no mail.
///
/// That is the name up to the first colon, without the sizes `,S=…` and `,W=…` that Dovecot and Courier write, for Dovecot
/// takes them out of a name where they turn out to be wrong.
pub(super) fn unique(name: &OsStr) -> Option<Vec<u8>> {
    let mut unique = before_flags(name.as_bytes());
    if unique.is_empty() || unique.starts_with(b".") {
        return None;
    }
    while let Some(shorter) = without_size(unique) {
        unique = shorter;
    }
    Some(unique.to_vec())
}

/// The name in `cur/` of a mail that was read, with whatever other flags it has.
pub(super) fn seen(name: &OsStr) -> Vec<u8> {
    let name = name.as_bytes();
    let base = before_flags(name);
    let mut flags = name.get(base.len()..).and_then(|info| info.strip_prefix(b":2,")).unwrap_or(b"").to_vec();
    if !flags.contains(&b'S') {
        flags.push(b'S');
    }
    // The convention wants them in ASCII order.
    flags.sort_unstable();
    [base, b":2,", &flags].concat()
}

fn before_flags(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b':').next().unwrap_or(name)
}

fn without_size(name: &[u8]) -> Option<&[u8]> {
    let comma = name.iter().rposition(|byte| *byte == b',')?;
    let (base, field) = name.split_at_checked(comma)?;
    let digits = field.strip_prefix(b",S=").or_else(|| field.strip_prefix(b",W="))?;
    let is_size = !base.is_empty() && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_size.then_some(base)
}

/// As a word on a line: everything but plain ASCII, and `%`, as `%XX`.
pub(super) fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name {
        if byte.is_ascii_graphic() && *byte != b'%' {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The name of a word; `None` if it is not one of ours.
pub(super) fn unescaped(word: &str) -> Option<Vec<u8>> {
    let mut pieces = word.split('%');
    let mut name = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        name.push(u8::from_str_radix(hex, 16).ok()?);
        name.extend_from_slice(rest.as_bytes());
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_known_by_the_part_that_no_program_changes() {
        for (name, known) in [
            ("1700000000.M123456P789.mail", Some("1700000000.M123456P789.mail")),
            ("1700000000.M123456P789.mail:2,", Some("1700000000.M123456P789.mail")),
            ("1700000000.M123456P789.mail,S=2345,W=2401:2,RSab", Some("1700000000.M123456P789.mail")),
            ("1700000000.M123456P789.mail,S=2345", Some("1700000000.M123456P789.mail")),
            ("1700000000.V801I2c3M5.mail:1,odd:2,S", Some("1700000000.V801I2c3M5.mail")),
            ("1700000000.P1.mail,S=,W=x", Some("1700000000.P1.mail,S=,W=x")),
            (",S=1", Some(",S=1")),
            (".hidden", None),
            (":2,S", None),
            ("", None),
        ] {
            let unique = unique(OsStr::new(name));

            assert_eq!(unique.as_deref(), known.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn a_mail_that_was_read_keeps_its_other_flags_in_order() {
        for (name, read) in [
            ("1.a.mail,S=7", "1.a.mail,S=7:2,S"),
            ("1.a.mail:2,", "1.a.mail:2,S"),
            ("1.a.mail:2,TFa", "1.a.mail:2,FSTa"),
            ("1.a.mail:2,S", "1.a.mail:2,S"),
        ] {
            assert_eq!(seen(OsStr::new(name)), read.as_bytes(), "{name}");
        }
    }

    #[test]
    fn any_name_comes_back_from_its_line() {
        let name = b"a b\n%41\xff,S=1";

        assert_eq!(escaped(name), "a%20b%0A%2541%FF,S=1");
        assert_eq!(unescaped(&escaped(name)).as_deref(), Some(&name[..]));
        assert!(unescaped("a%4").is_none() && unescaped("a%zz").is_none());
    }
}
