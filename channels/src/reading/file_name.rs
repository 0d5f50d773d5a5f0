//! A file's name as it may be shown, stored and offered for download, whatever a stranger called it.

use super::words;

/// The longest name, in characters; with them no file system's 255 bytes are passed, as [`BYTES`] says too.
const CHARACTERS: usize = 100;
const BYTES: usize = 200;
/// The longest ending that is kept when a name is cut, with its dot.
const ENDING: usize = 17;

/// Endings of files that came without a name.
const ENDINGS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("application/rtf", "rtf"),
    ("application/zip", "zip"),
    ("audio/amr", "amr"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/jpeg", "jpg"),
    ("image/jpg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("message/global", "eml"),
    ("message/rfc822", "eml"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/rtf", "rtf"),
    ("text/vcard", "vcf"),
    ("text/x-vcard", "vcf"),
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
];

/// The name without a path, without signs that no file system takes, that do not show or that turn the writing
/// round, and not longer than [`CHARACTERS`]; its ending is kept. Without a usable one: "attachment", with the ending of
/// the type.
pub(super) fn safe(written: &str, kind: &str) -> String {
    let decoded = words::decode_words(written);
    let last = decoded.rsplit(['/', '\\']).find(|piece| !piece.trim().is_empty()).unwrap_or_default();
    let shown: String = last
        .chars()
        .filter(|sign| !is_unseen(*sign))
        .map(|sign| if is_refused(sign) { '_' } else { sign })
        .collect();
    let name = words::line(&shown);
    // A dot in front hides a file, one behind is lost on Windows.
    let name = name.trim_matches(['.', ' ']);
    if name.chars().all(|sign| matches!(sign, '_' | '.' | ' ')) {
        return nameless(kind);
    }
    let name = cut(name);
    if is_device(&name) { format!("_{name}") } else { name }
}

fn nameless(kind: &str) -> String {
    match ENDINGS.iter().find(|(known, _)| *known == kind) {
        Some((_, ending)) => format!("attachment.{ending}"),
        None => "attachment".to_owned(),
    }
}

/// Signs that do not show: some turn the direction, so that `exe.pdf` is read where `fdp.exe` stands.
fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Signs that Windows refuses in names, and that shells and pages read as more than a sign.
fn is_refused(sign: char) -> bool {
    matches!(sign, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn cut(name: &str) -> String {
    if name.chars().count() <= CHARACTERS && name.len() <= BYTES {
        return name.to_owned();
    }
    let ending = name
        .rfind('.')
        .and_then(|dot| name.get(dot..))
        .filter(|ending| ending.chars().count() <= ENDING && !ending.contains(' '))
        .unwrap_or_default();
    let stem = name.strip_suffix(ending).unwrap_or(name);
    let most = CHARACTERS.saturating_sub(ending.chars().count());
    let stem: String = stem.chars().take(most).collect();
    let stem = words::head(&stem, BYTES.saturating_sub(ending.len()));
    format!("{}{ending}", stem.trim_end_matches(['.', ' ']))
}

/// Names that are devices on Windows, whatever their ending (Naming Files, Microsoft Learn).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |start: &str| {
        stem.strip_prefix(start)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|sign| sign.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_people_read_and_loses_what_could_hurt() {
        let long = format!("{}.pdf", "a".repeat(300));
        let table = [
            ("sick note.pdf", "sick note.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\dee\\note.docx", "note.docx"),
            ("/", "attachment.pdf"),
            ("..", "attachment.pdf"),
            ("...\\..\\", "attachment.pdf"),
            ("", "attachment.pdf"),
            (" \t ", "attachment.pdf"),
            ("\u{202e}fdp.exe", "fdp.exe"),
            ("inv\u{2066}oice\u{2069}.pdf\0", "invoice.pdf"),
            ("a\r\nContent-Type: text/html.pdf", "html.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
            ("photo.jpg                              .exe", "photo.jpg .exe"),
            ("=?utf-8?Q?=C5=BC=C3=B3=C5=82w.pdf?=", "żółw.pdf"),
            ("=?utf-8?Q?=2E=2E=2Fx?=", "x"),
            ("عذر غياب.pdf", "عذر غياب.pdf"),
            ("می\u{200c}روم.pdf", "می\u{200c}روم.pdf"),
            (".htaccess", "htaccess"),
            ("con.txt", "_con.txt"),
            ("LPT1", "_LPT1"),
            ("<script>.html", "_script_.html"),
            ("name.", "name"),
        ];
        for (written, expected) in table {
            assert_eq!(safe(written, "application/pdf"), expected, "{written:?}");
        }

        let cut = safe(&long, "application/pdf");
        let wide = safe(&format!("{}.jpeg", "漢".repeat(99)), "image/jpeg");

        assert_eq!(cut.chars().count(), CHARACTERS);
        assert!(cut.ends_with("a.pdf"));
        assert!(wide.len() <= BYTES && wide.ends_with("漢.jpeg"), "{wide}");
    }
}
