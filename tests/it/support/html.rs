//! A page read as strictly as our templates write it: its tags one by one, and what can be done on it. Words that broke
//! out of their place are a tag or an attribute that nobody meant, or do not read at all.

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Open(Tag),
    Close(String),
    /// Decoded.
    Text(String),
}

/// A tag as it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    /// In order, decoded; one without a value has an empty one.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Tags that never close.
pub(crate) const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "col", "path"];

/// The pieces of a page, or what could not be read.
pub(crate) fn tokens(html: &str) -> Result<Vec<Token>, String> {
    let mut rest = html.strip_prefix("<!doctype html>").ok_or("it does not begin with <!doctype html>")?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>').ok_or("a closing tag without an end")?;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(format!("a strange closing tag: {}", shown(rest)));
            }
            found.push(Token::Close(name.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('<') {
            let (tag, after) = tag(after).map_err(|why| format!("{why}: {}", shown(rest)))?;
            found.push(Token::Open(tag));
            rest = after;
        } else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            found.push(Token::Text(decoded(text).map_err(|why| format!("{why}: {}", shown(text)))?));
            rest = after;
        }
    }
    Ok(found)
}

fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len()))
}

fn tag(text: &str) -> Result<(Tag, &str), &'static str> {
    let (name, mut rest) = word(text);
    if name.is_empty() {
        return Err("a tag without a name");
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        let after = rest.trim_start();
        if let Some(after) = after.strip_prefix("/>").or_else(|| after.strip_prefix('>')) {
            return Ok((Tag { name: name.to_owned(), attributes }, after));
        }
        if after.len() == rest.len() {
            return Err("no space before an attribute");
        }
        let (attribute, after) = word(after);
        if attribute.is_empty() {
            return Err("an attribute without a name");
        }
        let (value, after) = match after.strip_prefix("=\"") {
            Some(after) => after.split_once('"').ok_or("a value without an end")?,
            None if after.starts_with('=') => return Err("a value without quotation marks"),
            None => ("", after),
        };
        if value.contains('<') || attributes.iter().any(|(known, _)| known == attribute) {
            return Err("a strange or repeated attribute");
        }
        attributes.push((attribute.to_owned(), decoded(value)?));
        rest = after;
    }
}

/// Text without its entities; every `&` must begin one.
fn decoded(text: &str) -> Result<String, &'static str> {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, after) = piece.split_once(';').ok_or("a bare &")?;
        let number = entity.strip_prefix('#').and_then(|number| number.parse().ok()).and_then(char::from_u32);
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "nbsp" => '\u{a0}',
            _ => number.ok_or("a bare &")?,
        });
        out.push_str(after);
    }
    Ok(out)
}

/// A form of a page.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) method: String,
    pub(crate) action: String,
    /// Whether it carries a file.
    pub(crate) file: bool,
    pub(crate) fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// An input's type, or `textarea`, `select`, `button`.
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) checked: bool,
    pub(crate) required: bool,
    /// What can be chosen.
    pub(crate) options: Vec<String>,
}

impl Form {
    /// The fields as a colleague would send them who leaves every choice as it stands, makes those that must be made, and
    /// types `words` wherever words can be typed.
    pub(crate) fn filled(&self, words: &str) -> Vec<(String, String)> {
        let mut sent: Vec<(String, String)> = Vec::new();
        for field in self.fields.iter().filter(|field| !field.name.is_empty()) {
            let value = match field.kind.as_str() {
                "radio" => {
                    let group = || self.fields.iter().filter(|other| other.name == field.name);
                    let chosen = group().find(|other| other.checked).or_else(|| group().next());
                    if chosen.is_none_or(|chosen| chosen.value != field.value) {
                        continue;
                    }
                    field.value.clone()
                }
                "checkbox" if field.checked || field.required => field.value.clone(),
                "checkbox" | "button" | "file" => continue,
                "select" if field.value.is_empty() => {
                    field.options.iter().find(|option| !option.is_empty()).cloned().unwrap_or_default()
                }
                "date" if field.required => "2026-11-27".to_owned(),
                "datetime-local" if field.value.is_empty() => "2026-11-23T09:30".to_owned(),
                "number" if field.value.is_empty() => "1".to_owned(),
                "hidden" | "select" | "date" | "datetime-local" | "number" | "time" => field.value.clone(),
                _ => words.to_owned(),
            };
            sent.push((field.name.clone(), value));
        }
        sent
    }
}

/// What can be done on a page.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    /// Where its links lead, within the site.
    pub(crate) links: Vec<String>,
    pub(crate) forms: Vec<Form>,
}

/// The links and forms among a page's pieces.
pub(crate) fn doors(tokens: &[Token]) -> Doors {
    let mut doors = Doors::default();
    let mut inside = false;
    let get = |tag: &Tag, name: &str| tag.get(name).unwrap_or_default().to_owned();
    for (at, token) in tokens.iter().enumerate() {
        let tag = match token {
            Token::Open(tag) => tag,
            Token::Close(name) => {
                inside &= name != "form";
                continue;
            }
            Token::Text(_) => continue,
        };
        let field = |kind: String| Field {
            name: get(tag, "name"),
            value: tag.get("value").unwrap_or(if kind == "checkbox" { "on" } else { "" }).to_owned(),
            kind,
            checked: tag.get("checked").is_some(),
            required: tag.get("required").is_some(),
            options: Vec::new(),
        };
        let form = doors.forms.last_mut().filter(|_| inside);
        match (tag.name.as_str(), form) {
            ("a" | "link", _) => {
                doors.links.extend(tag.get("href").filter(|to| to.starts_with('/')).map(str::to_owned));
            }
            ("form", _) => {
                inside = true;
                let file = tag.get("enctype").is_some();
                let form =
                    Form { method: get(tag, "method"), action: get(tag, "action"), file, fields: Vec::new() };
                doors.forms.push(form);
            }
            ("input", Some(form)) => form.fields.push(field(match tag.get("type") {
                Some(kind) => kind.to_owned(),
                None => "text".to_owned(),
            })),
            ("button", Some(form)) => form.fields.push(field("button".to_owned())),
            ("textarea" | "select", Some(form)) => {
                let mut field = field(tag.name.clone());
                if let (true, Some(Token::Text(text))) = (tag.name == "textarea", tokens.get(at + 1)) {
                    field.value.clone_from(text);
                }
                form.fields.push(field);
            }
            ("option", Some(form)) => {
                if let Some(field) = form.fields.last_mut() {
                    field.options.push(get(tag, "value"));
                    if tag.get("selected").is_some() {
                        field.value = get(tag, "value");
                    }
                }
            }
            _ => {}
        }
    }
    doors
}
