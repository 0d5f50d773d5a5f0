//! Reading a posted batch as strictly as the provider, and more: whatever is not documented is refused.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::SinchFake;

/// Members of "send" that Liaison may use, and `truncate_concat`, which it may not.
const FIELDS: &[&str] = &[
    "type",
    "to",
    "from",
    "body",
    "delivery_report",
    "client_reference",
    "callback_url",
    "expire_at",
    "max_number_of_message_parts",
    "truncate_concat",
];

/// A code and the words for the test's author.
pub(super) type Refusal = (&'static str, String);

const CONSTRAINT: &str = "syntax_constraint_violation";
const FORMAT: &str = "syntax_invalid_parameter_format";
const JSON: &str = "syntax_invalid_json";

/// A batch as it was posted, before it is taken.
pub(super) struct Batch {
    pub(super) to: String,
    pub(super) body: String,
    pub(super) fields: Map<String, Value>,
}

impl Batch {
    pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Self, Refusal> {
        let told: Value = serde_json::from_slice(body).map_err(|_| (JSON, "not JSON".to_owned()))?;
        let Value::Object(fields) = told else { return Err((JSON, "not an object".to_owned())) };
        if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err((JSON, format!("unknown member {name}")));
        }
        let word = |name: &str| fields.get(name).and_then(Value::as_str);
        let wrong = |code, what: &str| Err((code, what.to_owned()));
        let to = match fields.get("to").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::String(to)]) if is_msisdn(to) => format!("+{}", to.trim_start_matches('+')),
            Some([Value::String(_)]) => return wrong(FORMAT, "to is no MSISDN"),
            Some([_]) => return wrong(FORMAT, "to is no text"),
            Some(_) => return wrong(CONSTRAINT, "not one recipient: Liaison writes to one at a time"),
            None => return wrong(CONSTRAINT, "no to"),
        };
        let body = word("body").unwrap_or_default().to_owned();
        if !(1..=2000).contains(&body.chars().count()) {
            return wrong(CONSTRAINT, "body is empty or too long");
        }
        match word("from") {
            Some(SinchFake::NUMBER) => {}
            Some(name) if name.len() <= 11 && name.bytes().any(|b| b.is_ascii_alphabetic()) => {}
            Some(_) => return wrong("unknown_campaign", "from is not ours"),
            None => return wrong(CONSTRAINT, "no from"),
        }
        if word("type") != Some("mt_text") {
            return wrong(CONSTRAINT, "type is not mt_text");
        }
        if fields.get("truncate_concat").is_some() {
            return wrong(CONSTRAINT, "truncate_concat must never be used");
        }
        check_options(&fields, now)?;
        Ok(Self { to, body, fields })
    }
}

fn check_options(fields: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
    let word = |name: &str| fields.get(name).map(|value| value.as_str().unwrap_or_default());
    let wrong = |code, what: &str| Err((code, what.to_owned()));
    let report = word("delivery_report");
    if report.is_some_and(|report| {
        !["none", "summary", "full", "per_recipient", "per_recipient_final"].contains(&report)
    }) {
        return wrong(CONSTRAINT, "delivery_report is not documented");
    }
    if word("client_reference").is_some_and(|reference| !(1..=2048).contains(&reference.len())) {
        return wrong(CONSTRAINT, "client_reference");
    }
    let is_url = |url: &str| url::Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    match word("callback_url") {
        Some(url) if !is_url(url) => return wrong(FORMAT, "callback_url"),
        None if report.is_some_and(|report| report != "none") => {
            return wrong("missing_callback_url", "no callback_url");
        }
        _ => {}
    }
    if let Some(until) = word("expire_at") {
        let Ok(until) = until.parse::<Timestamp>() else { return wrong(FORMAT, "expire_at") };
        let left = until.duration_since(now);
        if left <= SignedDuration::ZERO || left > SignedDuration::from_hours(72) {
            return wrong(CONSTRAINT, "expire_at is not within three days");
        }
    }
    let parts = fields.get("max_number_of_message_parts");
    if parts.is_some_and(|parts| parts.as_u64().is_none_or(|parts| parts < 1)) {
        return wrong(CONSTRAINT, "max_number_of_message_parts");
    }
    Ok(())
}

fn is_msisdn(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}
