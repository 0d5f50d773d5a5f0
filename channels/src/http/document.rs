//! A body from a provider, and the values at its places.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};
use serde_json::Value;

use super::config::Form;

/// Elements within elements, at most. No provider's post comes near.
const DEEPEST: usize = 32;
/// Values of one body, at most.
const MOST_VALUES: usize = 10_000;

/// A body that was read.
pub(crate) enum Document {
    /// Every value with its place: a form's fields, or an XML document's texts and attributes.
    Flat(Vec<(String, String)>),
    /// JSON, whose places are pointers.
    Json(Value),
}

impl Document {
    /// Reads a body; what is wrong with it, else.
    pub(crate) fn read(form: Form, body: &[u8]) -> Result<Self, &'static str> {
        match form {
            Form::Form => {
                let fields = url::form_urlencoded::parse(body).take(MOST_VALUES);
                Ok(Self::Flat(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
            }
            Form::Json => crate::json::read(body).map(Self::Json).ok_or("it is not JSON"),
            Form::Xml => xml(body).map(Self::Flat),
        }
    }

    /// Every value with its place; none of JSON.
    pub(crate) fn flat(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = match self {
            Self::Flat(values) => values.as_slice(),
            Self::Json(_) => &[],
        };
        values.iter().map(|(place, value)| (place.as_str(), value.as_str()))
    }

    /// The one value at a place. A place that has two says nothing.
    pub(super) fn at(&self, place: &str) -> Result<Option<String>, &'static str> {
        match self {
            Self::Json(value) => Ok(value.pointer(place).and_then(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(yes) => Some(yes.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            })),
            Self::Flat(values) => {
                let mut found = values.iter().filter(|(at, _)| is_at(place, at)).map(|(_, value)| value);
                let first = found.next();
                if found.any(|other| Some(other) != first) {
                    return Err("a value is there twice");
                }
                Ok(first.cloned())
            }
        }
    }
}

/// Whether a value stands at a place, whose root may be any.
fn is_at(place: &str, at: &str) -> bool {
    match place.strip_prefix("/*/") {
        Some(place) => {
            let in_root = at.strip_prefix('/').and_then(|at| at.split_once('/'));
            in_root.is_some_and(|(_, at)| at == place)
        }
        None => place == at,
    }
}

/// The texts and attributes of an XML document. A document type is refused: nothing of ours has one, and entities are how
/// XML does harm.
fn xml(body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    const BROKEN: &str = "it is not well-formed XML";
    let text = std::str::from_utf8(body).map_err(|_| "it is not XML in UTF-8")?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut values: Vec<(String, String)> = Vec::new();
    // Where we are: each open element's path, and the place of its text among the values.
    let mut open: Vec<(String, usize)> = Vec::new();
    loop {
        if values.len() > MOST_VALUES || open.len() > DEEPEST {
            return Err("it is larger than any provider's");
        }
        let mut add = |open: &[(String, usize)], more: &str| {
            if let Some((_, text)) = open.last().and_then(|(_, at)| values.get_mut(*at)) {
                text.push_str(more);
            }
        };
        match reader.read_event().map_err(|_| BROKEN)? {
            Event::Start(start) => {
                let path = element(&start, &open, &mut values)?;
                open.push((path, values.len() - 1));
            }
            Event::Empty(start) => {
                element(&start, &open, &mut values)?;
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(text) => add(&open, &text.xml10_content()),
            Event::CData(text) => add(&open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| BROKEN)?;
                let name: &str = &reference;
                match character {
                    Some(character) => add(&open, character.encode_utf8(&mut [0; 4])),
                    None => add(&open, resolve_predefined_entity(name).ok_or(BROKEN)?),
                }
            }
            Event::DocType(_) => return Err("it has a document type, which is not read"),
            Event::Eof if open.is_empty() && !values.is_empty() => return Ok(values),
            Event::Eof => return Err(BROKEN),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
}

/// Notes an element's attributes and then, last, its still empty text. Returns its path.
fn element(
    start: &BytesStart<'_>,
    open: &[(String, usize)],
    values: &mut Vec<(String, String)>,
) -> Result<String, &'static str> {
    let name = start.local_name();
    let name: &str = name.as_ref();
    let path = format!("{}/{name}", open.last().map_or("", |(path, _)| path.as_str()));
    if open.is_empty() {
        // A second root is no document (XML 1.0 §2.1).
        if !values.is_empty() {
            return Err("it has more than one root");
        }
        values.push(("name()".to_owned(), name.to_owned()));
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| "an attribute is not well-formed")?;
        let key = attribute.key.local_name();
        let key: &str = key.as_ref();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|_| "an attribute is not well-formed")?;
        values.push((format!("{path}/@{key}"), value.into_owned()));
    }
    values.push((path.clone(), String::new()));
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- x -->\n<e:In xmlns:e=\"http://x.example/\">\
        <Id a=\"1 &amp; 2\">7</Id><Text>Żółw &amp; &lt;b&gt; &#x1F600;&#13;\n <![CDATA[<raw> & ]]>end </Text><Empty/></e:In>";

    fn at(body: &str, place: &str) -> Option<String> {
        Document::read(Form::Xml, body.as_bytes()).expect("good").at(place).expect("one")
    }

    #[test]
    fn xml_is_read_by_path_with_its_text_as_it_was_meant() {
        for (place, value) in [
            ("name()", Some("In")),
            ("/In/Id", Some("7")),
            ("/*/Id", Some("7")),
            ("/In/Id/@a", Some("1 & 2")),
            ("/*/Id/@a", Some("1 & 2")),
            ("/In/Text", Some("Żółw & <b> 😀\r\n <raw> & end ")),
            ("/In/Empty", Some("")),
            ("/In/id", None),
            ("/Id", None),
            ("/*/In/Id", None),
        ] {
            assert_eq!(at(POST, place).as_deref(), value, "{place}");
        }
    }

    #[test]
    fn what_is_not_one_good_document_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for body in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a>&unknown;</a>",
            "<a>&#xFFFFFFFF;</a>",
            "<a b=1/>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            &deep,
        ] {
            assert!(Document::read(Form::Xml, body.as_bytes()).is_err(), "{body}");
        }
        assert!(Document::read(Form::Xml, b"<a>\xff</a>").is_err());
        assert!(Document::read(Form::Json, b"<a/>").is_err());
    }

    #[test]
    fn a_value_that_is_there_twice_says_nothing() {
        let form = Document::read(Form::Form, b"a=1&a=2&b=3&b=3").expect("good");

        assert_eq!((form.at("a").is_err(), form.at("b")), (true, Ok(Some("3".to_owned()))));
    }

    #[test]
    fn json_tells_words_numbers_and_truths_and_nothing_larger() {
        let json = Document::read(Form::Json, br#"{"a": {"b": [7, "x", true, null, {}]}}"#).expect("good");
        for (place, value) in [
            ("/a/b/0", Some("7")),
            ("/a/b/1", Some("x")),
            ("/a/b/2", Some("true")),
            ("/a/b/3", None),
            ("/a/b/4", None),
            ("/a", None),
            ("/c", None),
        ] {
            assert_eq!(json.at(place).expect("one").as_deref(), value, "{place}");
        }
    }
}
