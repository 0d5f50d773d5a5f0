//! Words as one HTML page, for a mail or for print.

use std::fmt::Write as _;

use liaison_channels::private::Private;

use super::{
    super::{people::Format, translation::is_rtl},
    Language,
};

/// Paragraphs in one language.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Its BCP 47 tag.
    language: String,
    rtl: bool,
    paragraphs: Vec<String>,
}

impl Section {
    /// Of these paragraphs, without those that say nothing.
    pub(super) fn new(language: Language, paragraphs: Vec<String>) -> Self {
        Self::of_tag(language.as_str(), language.is_rtl(), paragraphs)
    }

    /// The same, in a language that the school's own words may not exist in.
    pub(super) fn translated(tag: &str, paragraphs: Vec<String>) -> Self {
        Self::of_tag(tag, is_rtl(tag), paragraphs)
    }

    fn of_tag(tag: &str, rtl: bool, paragraphs: Vec<String>) -> Self {
        let paragraphs = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect();
        Self { language: tag.to_owned(), rtl, paragraphs }
    }

    /// Puts a paragraph before the others.
    pub(super) fn begin_with(&mut self, paragraph: &str) {
        self.paragraphs.insert(0, paragraph.to_owned());
    }

    /// The tag of its language.
    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// Its paragraphs, in order.
    pub(super) fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.paragraphs.iter().map(String::as_str)
    }
}

/// The page; before a letter stand the sender's lines and the address. 12 point; 18 for large print, no line set to two edges, no
/// italics (`domain.md` §6). What is in another language is marked so, with its direction, and so is the English beneath it.
pub(super) fn page(
    school: &str,
    sections: &[Section],
    format: Format,
    envelope: Option<(&str, &str)>,
) -> String {
    let points = if format == Format::LargePrint { 18 } else { 12 };
    let english = Language::English.as_str();
    let first = sections.first().map_or(english, Section::language);
    let right =
        if sections.iter().any(|section| section.rtl) { " [dir=rtl] { text-align: right }" } else { "" };
    let length: usize = sections.iter().flat_map(Section::paragraphs).map(str::len).sum();
    let mut html = String::with_capacity(900 + length * 2);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
         <style>@page {{ size: A4; margin: 25mm }} body {{ font: {points}pt/1.5 Arial, sans-serif; text-align: left; \
         max-width: 40em }} .to {{ white-space: pre-line; margin: 22mm 0 25mm }} .from {{ white-space: pre-line }}{right}\
         </style></head>\n<body>\n",
        Escaped(first),
        Escaped(school)
    );
    if let Some((letterhead, block)) = envelope {
        // 22 mm below the sender's lines, the block stands behind the window of a DL envelope.
        let _ = writeln!(
            html,
            "<p class=\"from\">{}</p>\n<p class=\"to\">{}</p>",
            Escaped(letterhead),
            Escaped(block)
        );
    }
    for section in sections {
        let marked = first != english;
        if marked {
            let dir = if section.rtl { "rtl" } else { "ltr" };
            let _ = writeln!(html, "<div lang=\"{}\" dir=\"{dir}\">", Escaped(&section.language));
        }
        for paragraph in section.paragraphs() {
            paragraphs(&mut html, paragraph);
        }
        if marked {
            html.push_str("</div>\n");
        }
    }
    html.push_str("</body></html>\n");
    html
}

/// Words of our own as the HTML of a mail.
pub(in crate::domain) fn as_html(school: &str, words: &str) -> String {
    let mut html = String::with_capacity(200 + words.len() * 2);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n",
        Escaped(school)
    );
    paragraphs(&mut html, words);
    html.push_str("</body></html>\n");
    html
}

/// A mail's words with a link of ours beneath, in English.
pub(in crate::domain) fn with_link(
    plain: &Private<String>,
    html: &Private<String>,
    words: &str,
    link: &str,
) -> (Private<String>, Private<String>) {
    let foot = format!(
        "<p lang=\"en-GB\" dir=\"ltr\"><a href=\"{}\">{}</a></p>\n</body>",
        Escaped(link),
        Escaped(words)
    );
    let plain = format!("{}\n\n{words}: {link}\n", plain.expose().trim_end());
    (Private::new(plain), Private::new(html.expose().replacen("</body>", &foot, 1)))
}

fn paragraphs(html: &mut String, words: &str) {
    for paragraph in words.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        html.push_str("<p>");
        for (n, line) in paragraph.lines().enumerate() {
            let _ = write!(html, "{}{}", if n == 0 { "" } else { "<br>\n" }, Escaped(line));
        }
        html.push_str("</p>\n");
    }
}

/// Text with the five characters HTML reads specially written out.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, special) = rest.split_at(at);
            f.write_str(before)?;
            let (character, after) = special.split_at(1);
            f.write_str(match character {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                "\"" => "&quot;",
                _ => "&#39;",
            })?;
            rest = after;
        }
        f.write_str(rest)
    }
}
