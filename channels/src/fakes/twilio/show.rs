//! What the stand-in says: resources and errors in the provider's documented JSON.

use axum::response::Response;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter, tz::TimeZone};
use serde_json::{Value, json};

use super::{Shape, Taken, TwilioFake};

pub(super) use crate::fakes::server::{answer, json_answer};

/// An error in either of the provider's shapes. Repeats the number, as the provider does, so that leaks are found.
pub(super) fn error(status: u16, code: u32, shape: Shape, words: &str) -> Response {
    let page = format!("https://www.twilio.com/docs/errors/{code}");
    match shape {
        Shape::Classic => {
            json_answer(status, &json!({"code": code, "message": words, "more_info": page, "status": status}))
        }
        Shape::Problem => {
            let body = json!({"type": page, "title": "Not taken", "status": status, "code": code, "detail": words,
                "instance": "/2010-04-01/Accounts", "errors": []});
            answer(status, "application/problem+json", body.to_string())
        }
    }
}

/// The HTTP status the provider gives with a code.
pub(super) const fn status_of(code: u32) -> u16 {
    match code {
        20_003 => 401,
        20_404 => 404,
        20_429 | 63_017 => 429,
        _ => 400,
    }
}

fn date(at: Timestamp) -> String {
    // "+0000" rather than jiff's "-0000": what the provider writes.
    DateTimePrinter::new().timestamp_to_string(&at).unwrap_or_default().replace("-0000", "+0000")
}

pub(super) fn http_date(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}

pub(super) fn message(taken: &Taken) -> Value {
    let of = |name: &str| taken.fields.get(name).cloned();
    let to = if of("AddressRetention").as_deref() == Some("obfuscate") {
        hidden(&taken.to)
    } else {
        taken.to.clone()
    };
    let body = if of("ContentRetention").as_deref() == Some("discard") { "" } else { &taken.body };
    let uri = format!("/2010-04-01/Accounts/{}/Messages/{}", TwilioFake::ACCOUNT, taken.sid);
    json!({
        "account_sid": TwilioFake::ACCOUNT,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": date(taken.created),
        "date_sent": is_sent(taken).then(|| date(taken.created)),
        "date_updated": date(taken.created),
        "direction": taken.direction,
        "error_code": taken.error_code,
        "error_message": null,
        "from": taken.from,
        "messaging_service_sid": taken.service,
        "num_media": of("NumMedia").unwrap_or_else(|| "0".to_owned()),
        "num_segments": if taken.service.is_some() { "0" } else { "1" },
        "price": null,
        "price_unit": "GBP",
        "sid": taken.sid,
        "status": taken.status,
        "subresource_uris": {"media": format!("{uri}/Media.json")},
        "to": to,
        "uri": format!("{uri}.json"),
    })
}

/// Whether it has a date at which it was sent.
pub(super) fn is_sent(taken: &Taken) -> bool {
    !matches!(taken.status.as_str(), "accepted" | "queued" | "scheduled" | "sending")
}

/// The beginning of a day written as the list's filter wants it, `YYYY-MM-DD`, by the provider's clock.
pub(super) fn midnight(day: &str) -> Option<Timestamp> {
    let date = day.parse::<jiff::civil::Date>().ok().filter(|_| day.len() == 10)?;
    TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
}

fn hidden(number: &str) -> String {
    let kept = number.len().saturating_sub(4);
    number.chars().take(kept).chain("XXXX".chars()).collect()
}

pub(super) fn account(status: &str, kind: &str) -> Value {
    json!({
        "sid": TwilioFake::ACCOUNT,
        "owner_account_sid": TwilioFake::ACCOUNT,
        "friendly_name": "Hill School",
        "status": status,
        "type": kind,
        "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
        "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "uri": format!("/2010-04-01/Accounts/{}.json", TwilioFake::ACCOUNT),
        "subresource_uris": {},
    })
}

pub(super) fn page(messages: &[&Taken], size: usize, page: usize, uri: impl Fn(usize) -> String) -> Value {
    let shown: Vec<_> = messages.iter().skip(page * size).take(size).map(|taken| message(taken)).collect();
    let more = messages.len() > (page + 1) * size;
    json!({
        "messages": shown,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": (page * size + shown.len()).saturating_sub(1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": more.then(|| uri(page + 1)),
        "previous_page_uri": (page > 0).then(|| uri(page - 1)),
    })
}
