//! The parameters of `Content-Type` and `Content-Disposition`: quoted, in pieces, or with an alphabet of their own
//! (RFC 2045 §5.1, RFC 2231 §3 and §4).

use super::decode;
use super::mime::without_comments;

/// One `name=value` as it stands.
struct Written {
    name: String,
    /// Which piece of the value it is; `None`: the whole.
    piece: Option<u16>,
    /// Its value is percent-encoded, and the first piece names the alphabet.
    extended: bool,
    value: String,
}

/// Names in lower case, and values as people read them; each name once.
pub(super) fn read(fields: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let written: Vec<Written> = fields.filter_map(|field| written(&field)).collect();
    let mut found: Vec<(String, String)> = Vec::new();
    for one in &written {
        if !found.iter().any(|(name, _)| *name == one.name) {
            found.push((one.name.clone(), value(&one.name, &written)));
        }
    }
    found
}

fn written(field: &str) -> Option<Written> {
    let (name, value) = field.split_once('=')?;
    let name = name.trim().to_ascii_lowercase();
    let value = unquoted(value.trim());
    let Some((base, rest)) = name.split_once('*') else {
        return Some(Written { name, piece: None, extended: false, value });
    };
    let extended = rest.is_empty() || rest.ends_with('*');
    let piece = rest.trim_end_matches('*').parse().ok();
    Some(Written { name: base.to_owned(), piece, extended, value })
}

/// The value in its own alphabet is better than the plain one beside it, which is for programs that know no other
/// (RFC 6266 §4.3 says so for the web, and mail programs do the same); pieces count before a plain whole.
fn value(name: &str, written: &[Written]) -> String {
    let same = || written.iter().filter(|one| one.name == name);
    let whole = same().find(|one| one.piece.is_none() && one.extended);
    let mut parts: Vec<&Written> = match whole {
        Some(whole) => vec![whole],
        None => same().filter(|one| one.piece.is_some()).collect(),
    };
    parts.sort_by_key(|one| one.piece);
    if parts.is_empty() {
        return same().next().map(|one| one.value.clone()).unwrap_or_default();
    }
    joined(&parts)
}

fn joined(parts: &[&Written]) -> String {
    let mut charset = None;
    let mut bytes = Vec::new();
    for (index, one) in parts.iter().enumerate() {
        if !one.extended {
            bytes.extend_from_slice(one.value.as_bytes());
            continue;
        }
        let mut rest = one.value.as_str();
        // charset'language'value; a program that leaves the marks out means the value.
        if index == 0
            && let Some((named, after)) = rest.split_once('\'')
            && let Some((_, after)) = after.split_once('\'')
        {
            charset = Some(named);
            rest = after;
        }
        bytes.extend(decode::percent(rest));
    }
    decode::characters(&bytes, charset).0
}

/// A value without its quotation marks, or without a comment behind it.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return without_comments(value).trim().to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            // Windows programs write paths and escape nothing: a backslash is dropped only before what needs one.
            '\\' if characters.peek().is_some_and(|next| matches!(next, '"' | '\\')) => {
                plain.extend(characters.next());
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::mime::Described;

    #[test]
    fn parameters_are_read_however_they_are_written() {
        let table = [
            ("a; filename=plain.pdf", "plain.pdf"),
            ("a; FileName=\"a \\\"b\\\"; c.pdf\"", "a \"b\"; c.pdf"),
            ("a; filename=x.pdf (a comment)", "x.pdf"),
            ("a; filename*=utf-8''%C5%BC%C3%B3%C5%82w.pdf", "żółw.pdf"),
            ("a; filename=\"zolw.pdf\"; filename*=UTF-8'pl'%C5%BC.pdf", "ż.pdf"),
            ("a; filename*=UTF-8'pl'%C5%BC.pdf; filename=\"zolw.pdf\"", "ż.pdf"),
            ("a; filename*0=\"one \"; filename*1=two; filename*2=.pdf", "one two.pdf"),
            ("a; filename*1=two; filename*0=one", "onetwo"),
            ("a; filename*0*=utf-8'pl'a%20%C5; filename*1*=%82; filename*2=50%.pdf", "a ł50%.pdf"),
            ("a; filename*=iso-8859-2''%B1.pdf", "ą.pdf"),
            ("a; filename*=%C5%BC.pdf", "ż.pdf"),
            ("a; filename*=utf-8''50%", "50%"),
            ("a; filename=\"C:\\notes\\sick.pdf\"", "C:\\notes\\sick.pdf"),
            ("a; filename=\"never closed.pdf", "never closed.pdf"),
        ];
        for (field, expected) in table {
            assert_eq!(Described::read(field).parameter("filename"), Some(expected), "{field}");
        }
    }
}
