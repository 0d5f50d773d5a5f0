//! A mail taken apart into its parts (RFC 2046), in one pass over its lines and without decoding anything.
//!
//! Mails inside a mail stay closed: a bounce's third part is looked into by its reader, a forwarded one is a file.

use super::headers::{Headers, next_line};
use super::limits::{self, Limits};
use super::parameters;
use super::tnef::{self, Tnef};

/// `Content-Type` or `Content-Disposition` with its parameters (RFC 2045 §5.1, RFC 2183); all but the values in lower
/// case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Described {
    pub(super) fn read(field: &str) -> Self {
        let mut pieces = split_outside_quotes(field).into_iter();
        let value = without_comments(&pieces.next().unwrap_or_default()).trim().to_ascii_lowercase();
        Self { value, parameters: parameters::read(pieces.take(100)) }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn split_outside_quotes(field: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    let mut escaped = false;
    for character in field.chars() {
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\' && quoted && !escaped;
        if character == ';' && !quoted {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push(character);
        }
    }
    pieces
}

/// The value without `(comments)`, which may nest (RFC 5322 §3.2.2).
pub(super) fn without_comments(value: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            other if depth == 0 => plain.push(other),
            _ => {}
        }
    }
    plain
}

/// One part: a leaf, or a multipart whose children come after it in the list.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) headers: Headers,
    pub(super) content: Described,
    pub(super) disposition: Described,
    /// The encoded body of a leaf; empty for a multipart.
    pub(super) body: &'a [u8],
    pub(super) parent: Option<usize>,
    /// Where `body` begins in the mail.
    pub(super) start: usize,
    children: usize,
}

impl Part<'_> {
    fn open(headers: Headers, parent: Option<usize>, parent_type: &str, start: usize) -> Self {
        let mut content = headers.first("content-type").map(Described::read).unwrap_or_default();
        if !content.value.contains('/') {
            // RFC 2046 §5.1.5: in a digest a part is a mail unless it says otherwise.
            let default = if parent_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
            default.clone_into(&mut content.value);
        }
        let disposition = headers.first("content-disposition").map(Described::read).unwrap_or_default();
        Self { headers, content, disposition, body: &[], parent, start, children: 0 }
    }

    pub(super) fn is(&self, kind: &str) -> bool {
        self.content.value == kind
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.content.value.starts_with("multipart/")
    }

    pub(super) fn is_attached(&self) -> bool {
        self.disposition.value == "attachment"
            || self.disposition.parameter("filename").is_some()
            || self.content.parameter("name").is_some()
    }

    /// Whether it is Outlook's `winmail.dat`.
    pub(super) fn is_tnef(&self) -> bool {
        const KINDS: [&str; 2] = ["application/ms-tnef", "application/vnd.ms-tnef"];
        !self.is_multipart()
            && (KINDS.contains(&self.content.value.as_str())
                || self.file_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat")))
    }

    /// What the mail calls it, as a file.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.disposition.parameter("filename").or_else(|| self.content.parameter("name"))
    }

    /// The body with its transfer encoding undone, of which at most `limit` bytes are looked at; and whether it was longer.
    pub(super) fn bytes(&self, limit: usize) -> (Vec<u8>, bool) {
        let body = self.body.get(..limit).unwrap_or(self.body);
        (super::decode::transfer(body, &self.encoding()), body.len() < self.body.len())
    }

    /// Its `Content-Transfer-Encoding`, in lower case.
    pub(super) fn encoding(&self) -> String {
        let written =
            self.headers.first("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        written.split([';', ' ']).next().unwrap_or_default().to_owned()
    }
}

/// A whole mail in parts; the first is the mail itself.
#[derive(Debug)]
pub(super) struct Mail<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// More parts, or deeper ones, than the limits allow.
    pub(super) cut: bool,
    pub(super) limits: Limits,
    /// What is in the first `winmail.dat`, and which part that is.
    pub(super) tnef: Option<(usize, Tnef)>,
}

impl<'a> Mail<'a> {
    pub(super) fn read(raw: &'a [u8], limits: &Limits) -> Self {
        let raw = raw.get(..limits.mail_bytes).unwrap_or(raw);
        let (headers, start) = Headers::of_mail(raw, limits);
        let root = Part::open(headers, None, "", start);
        let mut taking = Taking {
            raw,
            mail: Mail { parts: vec![root], cut: false, limits: *limits, tnef: None },
            open: Vec::new(),
            leaf: None,
        };
        taking.enter(0);
        taking.run(start);
        taking.mail.open_tnef();
        taking.mail
    }

    fn open_tnef(&mut self) {
        let Some((index, part)) = self.parts.iter().enumerate().find(|(_, part)| part.is_tnef()) else {
            return;
        };
        let (bytes, _) = part.bytes(self.limits.mail_bytes);
        self.tnef = tnef::read(&bytes, &self.limits).map(|tnef| (index, tnef));
    }

    pub(super) fn headers(&self) -> &Headers {
        static EMPTY: Headers = Headers::none();
        self.parts.first().map_or(&EMPTY, |root| &root.headers)
    }

    pub(super) fn root_type(&self) -> &Described {
        static EMPTY: Described = Described { value: String::new(), parameters: Vec::new() };
        self.parts.first().map_or(&EMPTY, |root| &root.content)
    }

    pub(super) fn children(&self, of: usize) -> impl Iterator<Item = usize> {
        self.parts.iter().enumerate().filter(move |(_, part)| part.parent == Some(of)).map(|(index, _)| index)
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(|part| !part.is_multipart())
    }

    pub(super) fn leaf_of(&self, kinds: &[&str]) -> Option<&Part<'a>> {
        self.leaves().find(|part| kinds.contains(&part.content.value.as_str()))
    }
}

/// The pass over the lines.
struct Taking<'a> {
    raw: &'a [u8],
    mail: Mail<'a>,
    /// Multiparts that are open, outermost first, with the lines that divide them (`--boundary`).
    open: Vec<(usize, Vec<u8>)>,
    leaf: Option<usize>,
}

impl Taking<'_> {
    /// A part's body begins: it is a multipart to look into, or a leaf.
    fn enter(&mut self, index: usize) {
        let depth = self.open.len();
        let Some(part) = self.mail.parts.get(index) else { return };
        let boundary = part.content.parameter("boundary").filter(|text| !text.is_empty());
        match boundary {
            Some(boundary) if part.is_multipart() && depth < self.mail.limits.nesting => {
                self.open.push((index, format!("--{}", boundary.trim_end()).into_bytes()));
                self.leaf = None;
            }
            _ => {
                self.mail.cut |= part.is_multipart() && boundary.is_some();
                self.leaf = Some(index);
            }
        }
    }

    fn run(&mut self, start: usize) {
        let mut at = start;
        for _ in 0..limits::MAIL_LINES {
            if self.open.is_empty() {
                break;
            }
            let Some(line) = next_line(self.raw, at) else { break };
            let end = at + line.len();
            at = if line.starts_with(b"--") { self.divide(line, at, end) } else { end };
        }
        self.mail.cut |= !self.open.is_empty() && at < self.raw.len();
        self.close_leaf(self.raw.len());
        self.undivided();
    }

    /// Looks at a line that may divide parts; the place to go on from.
    fn divide(&mut self, line: &[u8], at: usize, end: usize) -> usize {
        let line = line.trim_ascii_end();
        let found = self.open.iter().enumerate().rev().find_map(|(level, (index, divider))| {
            let rest = line.strip_prefix(divider.as_slice())?;
            matches!(rest, b"" | b"--").then_some((level, *index, !rest.is_empty()))
        });
        let Some((level, parent, last)) = found else { return end };
        self.close_leaf(at);
        if last {
            self.open.truncate(level);
            return end;
        }
        self.open.truncate(level + 1);
        if self.mail.parts.len() >= self.mail.limits.parts {
            self.mail.cut = true;
            return end;
        }
        let (headers, length) = Headers::of_part(self.raw.get(end..).unwrap_or_default(), &self.mail.limits);
        self.begin(headers, parent, end + length)
    }

    fn begin(&mut self, headers: Headers, parent: usize, start: usize) -> usize {
        let index = self.mail.parts.len();
        let Some(holder) = self.mail.parts.get_mut(parent) else { return start };
        holder.children += 1;
        let part = Part::open(headers, Some(parent), &holder.content.value, start);
        self.mail.parts.push(part);
        self.enter(index);
        start
    }

    fn close_leaf(&mut self, end: usize) {
        let raw = self.raw;
        if let Some(part) = self.leaf.take().and_then(|index| self.mail.parts.get_mut(index)) {
            let body = raw.get(part.start..end.max(part.start)).unwrap_or_default();
            // The line end before a divider belongs to it (RFC 2046 §5.1.1).
            let body = if end < raw.len() { body.strip_suffix(b"\n").unwrap_or(body) } else { body };
            part.body = body.strip_suffix(b"\r").unwrap_or(body);
        }
    }

    /// A mail that calls itself multipart but is not divided is read as text, rather than not at all.
    fn undivided(&mut self) {
        let raw = self.raw;
        if let Some(root) = self.mail.parts.first_mut()
            && root.is_multipart()
            && root.children == 0
        {
            "text/plain".clone_into(&mut root.content.value);
            root.body = raw.get(root.start..).unwrap_or_default();
        }
    }
}
