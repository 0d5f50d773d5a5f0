//! A body with placeholders, and what is put in their place.
//!
//! A handful of names in braces is all there is: no conditions, no filters. The template engine of the main crate knows
//! neither forms nor XML and would have to be taught not to escape JSON for HTML; here every value is escaped as its body
//! wants it, and a name that is not known is found when the channel opens.

use super::config::Form;

/// What may be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    To,
    From,
    Text,
    Reference,
    Secret,
}

impl Slot {
    const ALL: [(&'static str, Self); 5] = [
        ("to", Self::To),
        ("from", Self::From),
        ("text", Self::Text),
        ("reference", Self::Reference),
        ("secret", Self::Secret),
    ];
}

/// A text with placeholders, read. Holds no value of theirs.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Slot(Slot),
}

/// A body that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unwritable;

impl Pattern {
    /// Reads a pattern. Braces round anything but one small word are braces; round an unknown word they are a mistake.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once('{') {
            literal.push_str(before);
            let word = opened.split_once('}').filter(|(word, _)| is_word(word));
            let Some((word, after)) = word else {
                literal.push('{');
                rest = opened;
                continue;
            };
            let slot = Slot::ALL.iter().find(|(name, _)| *name == word).map(|(_, slot)| *slot);
            let slot = slot.ok_or_else(|| {
                format!("there is no placeholder {{{word}}}: there are {{to}}, {{from}}, {{text}}, {{reference}} and {{secret}}")
            })?;
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Slot(slot));
            rest = after;
        }
        literal.push_str(rest);
        pieces.push(Piece::Literal(literal));
        Ok(Self(pieces))
    }

    pub(super) fn holds(&self, slot: Slot) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Slot(held) if *held == slot))
    }

    /// The text with every placeholder filled, escaped for a body of this kind. A form is escaped when it is written.
    pub(super) fn fill<'a>(&self, form: Form, value: impl Fn(Slot) -> &'a str) -> Result<String, Unwritable> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Slot(slot) => {
                    let value = value(*slot);
                    match form {
                        Form::Form => filled.push_str(value),
                        Form::Json => filled.push_str(&json(value)),
                        Form::Xml => xml(value, &mut filled)?,
                    }
                }
            }
        }
        Ok(filled)
    }
}

fn is_word(word: &str) -> bool {
    (1..=20).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// A JSON string without its quotes (RFC 8259 §7).
fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Text for content or an attribute's value (XML 1.0 §2.2, §2.4, §3.3.3). Some control characters cannot be written at all.
fn xml(value: &str, into: &mut String) -> Result<(), Unwritable> {
    for c in value.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&apos;"),
            // A reader would make a line feed of it.
            '\r' => into.push_str("&#13;"),
            '\n' | '\t' => into.push(c),
            '\u{fffe}' | '\u{ffff}' => return Err(Unwritable),
            c if c < ' ' => return Err(Unwritable),
            c => into.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(pattern: &str, form: Form, value: &str) -> Result<String, Unwritable> {
        Pattern::parse(pattern).expect("a pattern").fill(form, |_| value)
    }

    #[test]
    fn values_are_escaped_as_their_body_wants_it() {
        let value = "a\"\\\n<b> & 'c' ]]> {to} é😀";

        assert_eq!(fill("{text}", Form::Form, value).as_deref(), Ok(value));
        assert_eq!(
            fill("\"{text}\"", Form::Json, value).map(|json| serde_json::from_str::<String>(&json).ok()),
            Ok(Some(value.to_owned()))
        );
        assert_eq!(
            fill("<a>{text}</a>", Form::Xml, value).as_deref(),
            Ok("<a>a&quot;\\\n&lt;b&gt; &amp; &apos;c&apos; ]]&gt; {to} é😀</a>")
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_not_written() {
        for value in ["\0", "\u{1b}", "\u{ffff}"] {
            assert_eq!(fill("<a>{text}</a>", Form::Xml, value), Err(Unwritable));
            assert!(fill("\"{text}\"", Form::Json, value).is_ok());
        }
    }

    #[test]
    fn braces_are_braces_unless_a_word_stands_in_them() {
        for text in ["{\"a\": {\"b\": 1}}", "{}", "{ to }", "{To}", "a } b", "{", "{{"] {
            assert_eq!(fill(text, Form::Form, "x").as_deref(), Ok(text));
        }
        assert_eq!(fill("{\"to\": \"{to}\"}", Form::Json, "x").as_deref(), Ok("{\"to\": \"x\"}"));
        assert_eq!(fill("{{to}}", Form::Form, "x").as_deref(), Ok("{x}"));
        for unknown in ["{words}", "{to} {number}"] {
            assert!(Pattern::parse(unknown).is_err_and(|why| why.contains("no placeholder")), "{unknown}");
        }
    }
}
