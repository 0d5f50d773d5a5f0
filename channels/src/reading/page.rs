//! The plain text that HTML is written into: blanks collapse, lines and quotes are kept.

use std::fmt::Write as _;
use std::ops::Range;

use mail_parser::decoders::html::add_html_token;

use super::{decode, words};

/// What HTML says, as text.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Where a mail program says that the mail being answered begins.
    pub(super) history_at: Option<usize>,
    /// Signatures a mail program has marked as such.
    signatures: Vec<Range<usize>>,
}

impl Page {
    /// The text before the history, without marked signatures.
    pub(super) fn without_history(&self) -> String {
        let end = self.history_at.unwrap_or(self.text.len());
        let mut kept = String::with_capacity(end);
        let mut at = 0;
        for range in self.signatures.iter().filter(|range| range.end <= end) {
            if range.start >= at {
                kept.push_str(self.text.get(at..range.start).unwrap_or_default());
                at = range.end;
            }
        }
        kept.push_str(self.text.get(at..end).unwrap_or_default());
        kept
    }
}

/// Text as it grows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// Depth of quotes: lines begin with as many `>`.
    pub(super) quoted: usize,
    /// Depth of elements that keep their blanks.
    pub(super) preformatted: usize,
    in_line: bool,
    space: bool,
}

impl Writer {
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// Writes text as it stands between tags, with its entities.
    pub(super) fn text(&mut self, source: &str) {
        let mut rest = source;
        while let Some((before, from)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
            self.plain(before);
            let end = from.bytes().take(34).position(|byte| byte == b';').map(|at| at + 1);
            if let Some((entity, after)) = end.and_then(|end| from.split_at_checked(end)) {
                self.plain(&character(entity));
                rest = after;
            } else {
                self.plain("&");
                rest = from.get(1..).unwrap_or_default();
            }
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.line_end();
                }
                if !line.is_empty() {
                    self.word(line.trim_end_matches('\r'));
                }
            }
            return;
        }
        for (index, word) in text.split([' ', '\n', '\r', '\t', '\u{a0}']).enumerate() {
            self.space |= index > 0;
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: &str) {
        if !self.in_line {
            if self.quoted > 0 {
                self.text.extend(std::iter::repeat_n('>', self.quoted.min(5)));
                self.text.push(' ');
            }
        } else if self.space {
            self.text.push(' ');
        }
        self.space = false;
        self.in_line = true;
        self.text.push_str(word);
    }

    pub(super) fn space(&mut self) {
        self.space = true;
    }

    /// Ends the line, even an empty one.
    pub(super) fn line_end(&mut self) {
        // Two blank lines are as good as two thousand.
        if !self.text.ends_with("\n\n\n") {
            self.text.push('\n');
        }
        self.in_line = false;
        self.space = false;
    }

    /// Goes to the start of a line.
    pub(super) fn new_line(&mut self) {
        if self.in_line {
            self.line_end();
        }
        self.space = false;
    }

    /// Goes to the start of a line with a blank one before it.
    pub(super) fn paragraph(&mut self) {
        self.new_line();
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.line_end();
        }
    }

    pub(super) fn last_line_ends_with_colon(&self) -> bool {
        self.text.trim_end().ends_with([':', '：'])
    }

    pub(super) fn into_page(self, history_at: Option<usize>, mut signatures: Vec<Range<usize>>) -> Page {
        signatures.sort_by_key(|range| range.start);
        Page { text: self.text, history_at, signatures }
    }
}

/// What an entity such as `&eacute;` or `&#8217;` stands for; an unknown one stays as it is.
fn character(entity: &str) -> String {
    let code = entity.strip_prefix("&#").and_then(|rest| rest.strip_suffix(';'));
    let Some(code) = code else {
        let mut known = String::new();
        add_html_token(&mut known, entity.as_bytes(), false);
        return if known.is_empty() { entity.to_owned() } else { known };
    };
    let number = match code.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => code.parse(),
    };
    match number {
        // The numbers of C1 controls mean windows-1252 everywhere on the web.
        Ok(number @ 0x80..=0x9f) => decode::western(&[u8::try_from(number).unwrap_or_default()]),
        Ok(number) => char::from_u32(number).map(String::from).unwrap_or_default(),
        Err(_) => entity.to_owned(),
    }
}

/// The first `limit` bytes of several texts, a blank line between them.
pub(super) fn join(texts: impl IntoIterator<Item = String>, limit: usize) -> String {
    let mut joined = String::new();
    for text in texts {
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            continue;
        }
        let gap = if joined.is_empty() { "" } else { "\n\n" };
        let _ = write!(joined, "{gap}{text}");
    }
    words::head(&joined, limit).to_owned()
}
