//! One request over HTTP and its answer as lines: values that may be personal or secret struck out.
//!
//! A value is shown only where its name is one of those that are known to hold codes, states and names of messages; every
//! other is struck out, also one that a provider has yet to invent.

use reqwest::{Request, StatusCode, header::HeaderMap};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Recorder, STRUCK, cut};
use crate::http::{Document, Form};

/// Names, in small letters, whose values are neither personal nor secret at any provider that has an adapter of its own.
const SHOWN: &[&str] = &[
    // What we ask for.
    "addressretention",
    "callback",
    "callback_url",
    "client-ref",
    "client_reference",
    "contentretention",
    "delivery_report",
    "expire_at",
    "max_number_of_message_parts",
    "messagingservicesid",
    "page",
    "page_size",
    "pagesize",
    "reference",
    "sms_sender_id",
    "start_date",
    "statuscallback",
    "template_id",
    "template_type",
    "ttl",
    "validityperiod",
    // What is answered.
    "code",
    "count",
    "date_created",
    "date_sent",
    "direction",
    "error",
    "error_code",
    "id",
    "message-count",
    "message-id",
    "num_segments",
    "number_of_messages",
    "sid",
    "status",
    "status_code",
    "type",
];
/// Headers whose values are shown; of every other only the name.
const HEADERS: &[&str] =
    &["accept", "content-length", "content-type", "date", "retry-after", "server", "x-request-id"];
/// Bytes of a value that is shown, at most: more is no code and no name.
const LONGEST_VALUE: usize = 200;
/// Elements of a list that are shown.
const MOST_ELEMENTS: usize = 3;

/// Whose values are shown.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// Those of the providers with an adapter of their own.
    Known,
    /// These, and no others: those of a described provider.
    Only(Vec<String>),
}

impl Shown {
    fn shows(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match self {
            Self::Known => SHOWN.contains(&name.as_str()),
            Self::Only(names) => names.iter().any(|shown| shown.eq_ignore_ascii_case(&name)),
        }
    }

    /// The value if it may be seen, and is of the kind that codes and names are.
    fn value<'a>(&self, name: &str, value: &'a str) -> &'a str {
        let space = |b| b == b' ' && name.starts_with("date_");
        let plain = value.len() <= LONGEST_VALUE && value.bytes().all(|b| b.is_ascii_graphic() || space(b));
        if plain && self.shows(name) { value } else { STRUCK }
    }

    /// A body as far as it may be seen.
    fn body(&self, kind: &str, body: &[u8]) -> String {
        let json = || serde_json::from_slice::<Value>(body).ok().map(|json| self.json("", json).to_string());
        let form = || std::str::from_utf8(body).ok().map(|_| self.pairs(form_urlencoded::parse(body)));
        let xml = || Document::read(Form::Xml, body).ok().map(|document| self.places(&document));
        let seen = match kind {
            _ if body.is_empty() => Some(String::new()),
            kind if kind.contains("json") => json(),
            kind if kind.contains("urlencoded") => form(),
            kind if kind.contains("xml") => xml(),
            // Some answer JSON and call it text.
            _ => json(),
        };
        seen.unwrap_or_else(|| format!("({} bytes)", body.len()))
    }

    fn pairs(&self, pairs: form_urlencoded::Parse<'_>) -> String {
        let shown: Vec<_> =
            pairs.map(|(name, value)| format!("{name}={}", self.value(&name, &value))).collect();
        shown.join("&")
    }

    fn places(&self, document: &Document) -> String {
        let name = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
        let mut shown = document.flat().map(|(place, value)| {
            let value = if value.trim().is_empty() { "" } else { self.value(&name(place), value) };
            format!("{place}={value}")
        });
        let first: Vec<_> = shown.by_ref().take(40).collect();
        first.join(" ")
    }

    /// The same with every value struck out that may not be seen; `name` is that of the member it is in.
    fn json(&self, name: &str, value: Value) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Object(members) => {
                let seen = members.into_iter().map(|(name, value)| {
                    let value = self.json(&name, value);
                    (cut(&name, LONGEST_VALUE), value)
                });
                Value::Object(seen.collect())
            }
            Value::Array(elements) => {
                let more = elements.len().saturating_sub(MOST_ELEMENTS);
                let mut seen: Vec<_> = elements
                    .into_iter()
                    .take(MOST_ELEMENTS)
                    .map(|element| self.json(name, element))
                    .collect();
                seen.extend((more > 0).then(|| Value::String(format!("and {more} more"))));
                Value::Array(seen)
            }
            Value::String(text) => Value::String(self.value(name, &text).to_owned()),
            value @ (Value::Number(_) | Value::Bool(_)) if self.shows(name) => value,
            Value::Number(_) | Value::Bool(_) => Value::String(STRUCK.to_owned()),
        }
    }

    fn address(&self, url: &Url) -> String {
        let mut bare = url.clone();
        bare.set_query(None);
        bare.set_fragment(None);
        // None of ours has a login in its address.
        bare.set_username("").ok();
        bare.set_password(None).ok();
        match url.query() {
            Some(query) => format!("{bare}?{}", self.pairs(form_urlencoded::parse(query.as_bytes()))),
            None => bare.into(),
        }
    }
}

/// Writes down a request that is about to be sent.
pub(crate) fn asked(recorder: &Recorder, shown: &Shown, request: &Request) {
    recorder.said(&format!("{} {}", request.method(), shown.address(request.url())));
    recorder.said(&headers(request.headers()));
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    recorder.said(&shown.body(&kind(request.headers()), body));
}

/// Writes down an answer, and what came of its body.
pub(crate) fn answered(
    recorder: &Recorder,
    shown: &Shown,
    status: StatusCode,
    head: &HeaderMap,
    body: Result<&[u8], &str>,
) {
    let reason = status.canonical_reason().unwrap_or_default();
    recorder.heard(format!("HTTP {} {reason}", status.as_u16()).trim_end());
    recorder.heard(&headers(head));
    match body {
        Ok(body) => recorder.heard(&shown.body(&kind(head), body)),
        Err(why) => recorder.broke(why),
    }
}

fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().to_ascii_lowercase()
}

/// The headers on one line. A login shows its scheme.
fn headers(headers: &HeaderMap) -> String {
    let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let (name, text) = (name.as_str(), value.to_str().unwrap_or_default());
        let shown = HEADERS.contains(&name) || name.ends_with("-request-id");
        match text.split_once(' ') {
            Some((scheme @ ("Basic" | "Bearer"), _)) if name == "authorization" => {
                format!("{name}: {scheme} {STRUCK}")
            }
            _ if shown && !value.is_sensitive() => format!("{name}: {}", cut(text, LONGEST_VALUE)),
            _ => format!("{name}: {STRUCK}"),
        }
    };
    headers.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kind: &str, body: &str) -> String {
        Shown::Known.body(kind, body.as_bytes())
    }

    #[test]
    fn only_what_is_known_to_be_harmless_is_shown() {
        for (kind, body, expected) in [
            (
                "application/json",
                // By the alphabet: whether serde_json keeps another order is for the rest of the workspace to say.
                r#"{"body":"Amina is late","error_code":null,"list":["a"],"n":447700900123,"sid":"SM1","to":"+447700900123"}"#,
                r#"{"body":"…","error_code":null,"list":["…"],"n":"…","sid":"SM1","to":"…"}"#,
            ),
            // Words in the place of a code are no code.
            ("application/json", r#"{"code":"Amina is late","status":400}"#, r#"{"code":"…","status":400}"#),
            ("text/plain", r#"{"code":21610}"#, r#"{"code":21610}"#),
            ("text/html", "<p>Amina</p>", "(12 bytes)"),
            ("application/x-www-form-urlencoded", "To=%2B44&Body=Amina&ttl=20", "To=…&Body=…&ttl=20"),
            (
                "application/xml",
                "<a><id>7</id><m n=\"Amina\">Amina</m></a>",
                "name()=… /a= /a/id=7 /a/m/@n=… /a/m=…",
            ),
            ("application/json", "", ""),
            ("application/json", "{\"sid\":", "(7 bytes)"),
        ] {
            assert_eq!(seen(kind, body), expected, "{body}");
        }
    }

    #[test]
    fn of_a_long_list_only_the_beginning_is_shown() {
        let list = format!(
            "{{\"messages\":[{}{{\"sid\":\"SM9\"}}]}}",
            "{\"sid\":\"SM1\",\"body\":\"x\"},".repeat(9)
        );

        let seen = seen("application/json", &list);

        assert!(seen.contains("and 7 more") && !seen.contains("SM9"), "{seen}");
    }

    #[test]
    fn a_described_providers_names_are_its_own() {
        let shown = Shown::Only(vec!["code".to_owned()]);

        let seen = shown.body("application/json", br#"{"code":7,"id":"the key"}"#);

        assert_eq!(seen, r#"{"code":7,"id":"…"}"#);
    }

    #[test]
    fn an_address_and_a_login_show_no_secret() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let request = reqwest::Client::new()
            .get("https://user:hidden@api.example/a?To=%2B447700900123&PageSize=200&key=hidden#hidden")
            .bearer_auth("hidden")
            .header("x-key", "hidden")
            .header("accept", "text/plain")
            .build()
            .expect("a request");
        let recorder = Recorder::default();

        asked(&recorder, &Shown::Known, &request);

        let lines = recorder.log(&[]).expose().to_vec();
        assert_eq!(
            lines.first().map(String::as_str),
            Some("> GET https://api.example/a?To=…&PageSize=200&key=…")
        );
        let all = lines.join("\n");
        assert!(all.contains("authorization: Bearer …") && all.contains("x-key: …"), "{all}");
        assert!(
            all.contains("accept: text/plain") && !all.contains("hidden") && !all.contains("7700"),
            "{all}"
        );
    }
}
