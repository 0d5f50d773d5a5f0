//! Reading a posted text as strictly as the provider, and more: whatever is not documented is refused.

use std::collections::BTreeMap;

use super::VonageFake;
use crate::text::Alphabet;

/// Form fields of "send" that Liaison may use.
const FIELDS: &[&str] = &["from", "to", "text", "type", "client-ref", "callback", "ttl", "status-report-req"];

/// A status and the words for the test's author.
pub(super) type Refusal = (u32, String);

/// A text as it was posted, before it is taken.
pub(super) struct Posted {
    pub(super) to: String,
    pub(super) body: String,
    pub(super) fields: BTreeMap<String, String>,
}

impl Posted {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if !FIELDS.contains(&name.as_ref()) {
                return Err((3, format!("unknown field {name}")));
            }
            if fields.insert(name.to_string(), value.into_owned()).is_some() {
                return Err((3, format!("field {name} twice")));
            }
        }
        let field = |name: &str| fields.get(name).map(String::as_str);
        let wrong = |status, what: &str| Err((status, what.to_owned()));
        let (Some(to), Some(from), Some(words)) = (field("to"), field("from"), field("text")) else {
            return wrong(2, "to, from or text is not there");
        };
        if !(7..=15).contains(&to.len()) || !to.bytes().all(|b| b.is_ascii_digit()) || to.starts_with('0') {
            return wrong(3, "to is not digits in E.164 form");
        }
        let is_name = from.len() <= 11 && from.bytes().any(|b| b.is_ascii_alphabetic());
        if from != VonageFake::NUMBER.trim_start_matches('+') && !is_name {
            return wrong(15, "from is not ours");
        }
        if !(1..=3200).contains(&words.chars().count()) {
            return wrong(12, "text is empty or too long");
        }
        let body = match field("type") {
            None | Some("text") => {
                let letter =
                    |c: char| if Alphabet::Gsm7.holds(c.encode_utf8(&mut [0; 4])).is_ok() { c } else { '?' };
                words.chars().map(letter).collect()
            }
            Some("unicode") => words.to_owned(),
            Some(_) => return wrong(3, "type"),
        };
        if field("client-ref").is_some_and(|reference| !(1..=40).contains(&reference.len())) {
            return wrong(3, "client-ref is empty or longer than 40");
        }
        let is_url = |url: &str| {
            url.len() <= 100
                && url::Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.has_host())
        };
        if field("callback").is_some_and(|url| !is_url(url)) {
            return wrong(23, "callback");
        }
        let ttl = field("ttl").map(str::parse::<u64>);
        if ttl.is_some_and(|ttl| !ttl.is_ok_and(|ttl| (20_000..=604_800_000).contains(&ttl))) {
            return wrong(3, "ttl");
        }
        if field("status-report-req").is_some_and(|flag| !["0", "1", "true", "false"].contains(&flag)) {
            return wrong(3, "status-report-req");
        }
        Ok(Self { to: format!("+{to}"), body, fields })
    }
}
