//! A CSV file as strict text: encoding, line breaks and quotation marks (RFC 4180), before anything is read from it.
//!
//! A lenient reader takes a quotation mark that is never closed as a cell that goes on, and would put one child's line
//! into another child's text. So a mark that does not stand where RFC 4180 has it refuses the file.

/// Why a file cannot be read: the line of the text where it shows, counted from 1, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCsv {
    /// The line.
    pub line: u64,
    /// What is wrong and what to do.
    pub sentence: &'static str,
}

/// The text of a file: UTF-8, without its mark, with `\n` as the only line break and every quotation mark in its place.
pub fn text(bytes: &[u8]) -> Result<String, NotCsv> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let sentence = "The file is UTF-16 and must be UTF-8: save it again as \"CSV UTF-8\".";
        return Err(NotCsv { line: 1, sentence });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count() as u64;
        NotCsv {
            line,
            sentence: "The file is not UTF-8 (this line has a character in another encoding): save it again as \"CSV UTF-8\".",
        }
    })?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    quotes(&text)?;
    Ok(text)
}

/// Where a reader stands in a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    /// After a mark inside a quoted cell: its end, or the first half of a doubled mark.
    Mark,
}

fn quotes(text: &str) -> Result<(), NotCsv> {
    let (mut at, mut line, mut opened) = (At::Start, 1, 1);
    for character in text.chars() {
        at = match (at, character) {
            (At::Start, '"') => {
                opened = line;
                At::Quoted
            }
            // A spreadsheet may leave space around a quoted cell.
            (At::Quoted, '"') | (At::Mark, ' ') => At::Mark,
            (At::Mark, '"') | (At::Quoted, _) => At::Quoted,
            (At::Start | At::Plain | At::Mark, ',' | '\n') | (At::Start, ' ') => At::Start,
            (At::Mark, _) => {
                let sentence = "A quotation mark closes a cell and more words follow it: write \"\" for a mark inside a cell.";
                return Err(NotCsv { line, sentence });
            }
            (At::Plain, '"') => {
                let sentence = "A quotation mark stands inside a cell that does not begin with one: put the whole cell between marks, and write \"\" for a mark inside it.";
                return Err(NotCsv { line, sentence });
            }
            (At::Start | At::Plain, _) => At::Plain,
        };
        line += u64::from(character == '\n');
    }
    if at == At::Quoted {
        let sentence = "A quotation mark is opened on this line and never closed: put a second \" at the end of its cell.";
        return Err(NotCsv { line: opened, sentence });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(file: &str) -> Option<u64> {
        text(file.as_bytes()).err().map(|fault| fault.line)
    }

    #[test]
    fn marks_in_their_places_are_read() {
        for file in ["a,b\n", "\"a\"\"b\",c\r\n", "\"a\nb\" , \"c\"\n", "a,\"\",b", "", "\u{feff}a,\"b,c\"\n"]
        {
            assert_eq!(fault(file), None, "{file:?}");
        }
    }

    #[test]
    fn a_mark_out_of_its_place_refuses_the_file_and_names_the_line() {
        for (file, line) in [
            ("a,b\nc,\"never closed\nd,e\n", 2),
            ("a,b\n\"He said \"great\" to me\",c\n", 2),
            ("a\nb\nhe said \"great\" to me\n", 3),
            ("a\n\"He said\nP2,2026-11-23,\"She hit\n", 3),
        ] {
            assert_eq!(fault(file), Some(line), "{file:?}");
        }
    }
}
