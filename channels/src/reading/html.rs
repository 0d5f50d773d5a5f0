//! HTML turned into plain text, in one pass and with bounded memory.
//!
//! Not a browser: boxes become lines, quotes become `> `, what is not shown (scripts, styles, comments) is left out. A
//! real tree builder is of no use here, as it needs quadratic time for a stranger's few hundred nested tags.

use std::ops::Range;

use super::limits::Limits;
use super::page::{Page, Writer};

/// Renders `html`; of a longer one, its first [`Limits::html_bytes`].
pub(super) fn render(html: &str, limits: &Limits) -> Page {
    let source = super::words::head(html, limits.html_bytes);
    let mut renderer = Renderer { source, depth: limits.html_depth, ..Renderer::default() };
    renderer.run();
    renderer.finish()
}

/// What an open element means for the text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Plain,
    Quote,
    Signature {
        from: usize,
    },
    /// A mail program's box around the history: quotes in it are quotes, however they look.
    History,
}

#[derive(Debug, Default)]
struct Renderer<'a> {
    source: &'a str,
    /// How many open elements are remembered.
    depth: usize,
    at: usize,
    out: Writer,
    divs: Vec<Meaning>,
    quotes: Vec<Meaning>,
    histories: usize,
    history_at: Option<usize>,
    signatures: Vec<Range<usize>>,
    /// Once a closing quotation mark, or a comment's end, was searched to the end in vain, it is not searched again:
    /// that keeps the pass linear.
    broken_quotes: bool,
    broken_comments: bool,
}

impl<'a> Renderer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) {
        while !self.rest().is_empty() {
            let rest = self.rest();
            let text = rest.find('<').and_then(|end| rest.get(..end)).unwrap_or(rest);
            self.out.text(text);
            self.at += text.len();
            self.markup();
        }
    }

    /// Reads what stands at a `<`.
    fn markup(&mut self) {
        let rest = self.rest();
        let mut signs = rest.bytes().skip(1);
        match signs.next() {
            Some(b'!') if rest.starts_with("<!--") && !self.broken_comments => match rest.find("-->") {
                Some(end) => self.at += end + 3,
                None => self.broken_comments = true,
            },
            Some(b'!' | b'?') => self.at += rest.find('>').map_or(rest.len(), |end| end + 1),
            Some(b'/') if signs.next().is_some_and(|sign| sign.is_ascii_alphabetic()) => self.tag(2),
            Some(sign) if sign.is_ascii_alphabetic() => self.tag(1),
            Some(_) => {
                self.out.text("<");
                self.at += 1;
            }
            None => self.at += rest.len(),
        }
    }

    /// Reads a tag whose name begins `skip` bytes after the `<`.
    fn tag(&mut self, skip: usize) {
        let rest = self.rest();
        let Some(length) = self.tag_length(rest) else {
            // A tag that never ends: the rest is not text either.
            self.at = self.source.len();
            return;
        };
        self.at += length;
        let inner = rest.get(skip..length.saturating_sub(1)).unwrap_or_default();
        let end =
            inner.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != ':').unwrap_or(inner.len());
        let (name, attributes) = inner.split_at_checked(end).unwrap_or((inner, ""));
        let name = name.to_ascii_lowercase();
        if skip == 2 {
            self.close(&name);
        } else {
            self.open(&name, attributes);
        }
    }

    /// Bytes of the tag up to its `>`; one inside a quoted value does not count.
    fn tag_length(&mut self, rest: &str) -> Option<usize> {
        if !self.broken_quotes {
            let mut mark = None;
            let mut before = b' ';
            for (at, byte) in rest.bytes().enumerate() {
                match (mark, byte) {
                    (None, b'>') => return Some(at + 1),
                    (None, b'"' | b'\'') if before == b'=' => mark = Some(byte),
                    (Some(open), _) if open == byte => mark = None,
                    _ => {}
                }
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
            }
            self.broken_quotes = true;
        }
        rest.find('>').map(|at| at + 1)
    }

    fn open(&mut self, name: &str, attributes: &str) {
        match name {
            "script" | "style" | "title" | "template" | "xml" => self.skip_to_end_of(name),
            "br" => self.out.line_end(),
            "p" if !is_tight(attributes) => self.out.paragraph(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" => self.out.paragraph(),
            "li" => {
                self.out.new_line();
                self.out.text("- ");
            }
            "td" | "th" => self.out.space(),
            "img" => self.image(attributes),
            "pre" => {
                self.out.new_line();
                self.out.preformatted += 1;
            }
            "div" => self.open_div(attributes),
            "blockquote" => self.open_quote(attributes),
            _ if is_block(name) => self.out.new_line(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" => self.out.new_line(),
            "td" | "th" => self.out.space(),
            "pre" => {
                self.out.preformatted = self.out.preformatted.saturating_sub(1);
                self.out.new_line();
            }
            "div" => {
                self.out.new_line();
                let meaning = self.divs.pop();
                self.end(meaning);
            }
            "blockquote" => {
                self.out.new_line();
                let meaning = self.quotes.pop();
                self.end(meaning);
            }
            _ if is_block(name) => self.out.new_line(),
            _ => {}
        }
    }

    fn end(&mut self, meaning: Option<Meaning>) {
        match meaning {
            Some(Meaning::Quote) => self.out.quoted = self.out.quoted.saturating_sub(1),
            Some(Meaning::Signature { from }) => self.signatures.push(from..self.out.length()),
            Some(Meaning::History) => self.histories = self.histories.saturating_sub(1),
            Some(Meaning::Plain) | None => {}
        }
    }

    fn open_div(&mut self, attributes: &str) {
        self.out.new_line();
        if self.divs.len() >= self.depth {
            return;
        }
        let attributes = attributes.to_ascii_lowercase();
        let has = |sign: &str| attributes.contains(sign);
        let meaning = if has("divrplyfwdmsg") || has("mail-editor-reference-message-container") {
            // Outlook on the web and on phones: everything behind this box is the mail that was answered.
            self.history_at = self.history_at.or_else(|| Some(self.out.length()));
            Meaning::Plain
        } else if has("yahoo_quoted") {
            self.out.quoted += 1;
            Meaning::Quote
        } else if has("gmail_quote") || has("protonmail_quote") {
            self.histories += 1;
            Meaning::History
        } else if self.out.quoted == 0 && (has("gmail_signature") || has("moz-signature")) {
            Meaning::Signature { from: self.out.length() }
        } else {
            Meaning::Plain
        };
        self.divs.push(meaning);
    }

    /// A `blockquote` quotes when a mail program says so; people indent their own words with a bare one.
    fn open_quote(&mut self, attributes: &str) {
        let before = self.out.last_line_ends_with_colon();
        self.out.new_line();
        if self.quotes.len() >= self.depth {
            return;
        }
        let attributes = attributes.to_ascii_lowercase();
        let said = ["cite", "quote", "border-left"].iter().any(|sign| attributes.contains(sign));
        let quotes = said || before || self.histories > 0 || self.out.quoted > 0;
        if quotes {
            self.out.quoted += 1;
        }
        self.quotes.push(if quotes { Meaning::Quote } else { Meaning::Plain });
    }

    /// A picture's words, when they are short: mail programs write emoji as pictures.
    fn image(&mut self, attributes: &str) {
        let words = attributes
            .split_once("alt=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(words, _)| words);
        if let Some(words) = words.filter(|words| words.chars().count() <= 8) {
            self.out.text(words);
        }
    }

    fn skip_to_end_of(&mut self, name: &str) {
        let mut rest = self.rest();
        while let Some((before, after)) = rest.split_once("</") {
            self.at += before.len() + 2;
            if after.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
                self.at += after.find('>').map_or(after.len(), |end| end + 1);
                return;
            }
            rest = after;
        }
        self.at = self.source.len();
    }

    fn finish(mut self) -> Page {
        // What an unclosed signature box holds may be somebody's letter: only closed ones count.
        self.signatures.retain(|range| self.history_at.is_none_or(|at| range.end <= at));
        self.out.into_page(self.history_at, self.signatures)
    }
}

/// Whether a paragraph stands close to its neighbours, as each line in Outlook's mail does.
fn is_tight(attributes: &str) -> bool {
    let attributes = attributes.to_ascii_lowercase();
    ["msonormal", "margin:0", "margin: 0", "margin-top:0", "margin-top: 0"]
        .iter()
        .any(|sign| attributes.contains(sign))
}

fn is_block(name: &str) -> bool {
    const BLOCKS: [&str; 22] = [
        "p", "tr", "table", "tbody", "thead", "hr", "section", "article", "header", "footer", "address",
        "center", "dt", "dd", "form", "fieldset", "body", "html", "main", "nav", "figure", "caption",
    ];
    BLOCKS.contains(&name)
}
