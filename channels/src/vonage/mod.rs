//! What Vonage's SMS API posts, proved and read: for inspection only, as no channel sends or receives through it yet.
//!
//! Every parameter but `sig` is signed: sorted by name, `&` and `=` in values become `_`, each is written as
//! `&name=value`, and the whole goes into an HMAC. The method is a setting of the account and is not told; the length of
//! `sig` tells it. (Provider's pages on signed messages and on inbound texts, and its Python and Node packages, as read
//! in 2026-11.) MD5, the account's default, can be forged and is not accepted.
//!
//! A signature has a time in it and a number used once, which a channel would have to check; an inspection of an old
//! request must not.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    inbound::{ArrivedText, TextPart},
    message::{OurRef, ProviderRef},
    receipt::{FailedAs, NotBelieved, Progress, Receipt},
};

/// A request's parameters, each once, by name.
pub(crate) type Fields = BTreeMap<String, String>;

/// What a request tells of.
pub(crate) enum Told {
    Text(ArrivedText),
    Receipt(Receipt),
}

/// The parameters of a request whose signature is right, without `sig`; or a sentence on what is wrong.
pub(crate) fn verify(secret: &SecretString, url: &str, body: &[u8]) -> Result<Fields, &'static str> {
    let mut fields =
        fields(url, body).ok_or("a parameter is there twice, or the body is in no documented form")?;
    let signature = fields.remove("sig").ok_or(
        "there is no sig parameter, so nothing proves who sent this: signing of inbound messages has to be enabled by \
         Vonage's support",
    )?;
    let tag = digits(&signature).ok_or("the sig parameter is not hexadecimal")?;
    let algorithm = match tag.len() {
        20 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        32 => hmac::HMAC_SHA256,
        64 => hmac::HMAC_SHA512,
        16 => {
            return Err(
                "the signature is made with MD5, which can be forged: set the account to SHA-256 HMAC",
            );
        }
        _ => return Err("the sig parameter is as long as no signature"),
    };
    let key = hmac::Key::new(algorithm, secret.expose_secret().as_bytes());
    hmac::verify(&key, signed(&fields).as_bytes(), &tag).map_err(
        |_| "the signature does not fit: it was made with another secret, or over other parameters",
    )?;
    Ok(fields)
}

/// Reads a request that was proved.
pub(crate) fn read(fields: &Fields) -> Result<Told, NotBelieved> {
    let reference = ProviderRef(needed(fields, "messageId", "messageId is not there")?);
    if let Some(status) = word(fields, "status") {
        return Ok(Told::Receipt(receipt(fields, reference, status)));
    }
    let part = if word(fields, "concat") == Some("true") { Some(part(fields)?) } else { None };
    Ok(Told::Text(ArrivedText {
        reference,
        from: needed(fields, "msisdn", "msisdn is not there")?.into(),
        to: word(fields, "to").unwrap_or_default().into(),
        body: word(fields, "text").unwrap_or_default().into(),
        media: 0,
        part,
        sent_at: word(fields, "message-timestamp").and_then(time),
    }))
}

fn part(fields: &Fields) -> Result<TextPart, NotBelieved> {
    let count = |name| word(fields, name).and_then(|text| text.parse().ok()).filter(|count: &u16| *count > 0);
    let wrong = NotBelieved::Unreadable("a part of a long text does not say which");
    match (count("concat-part"), count("concat-total")) {
        (Some(number), Some(total)) if number <= total => {
            Ok(TextPart { of: needed(fields, "concat-ref", "concat-ref is not there")?, number, total })
        }
        _ => Err(wrong),
    }
}

fn receipt(fields: &Fields, reference: ProviderRef, status: &str) -> Receipt {
    let code = word(fields, "err-code").filter(|code| code.bytes().any(|b| b != b'0'));
    let ours = word(fields, "client-ref").and_then(|text| Uuid::try_parse(text).ok()).map(OurRef);
    Receipt {
        reference,
        ours,
        progress: progress(status, code),
        status: status.to_owned(),
        code: code.map(str::to_owned),
    }
}

fn progress(status: &str, code: Option<&str>) -> Progress {
    match status {
        "accepted" | "buffered" => Progress::Sent,
        "delivered" => Progress::Delivered,
        "expired" => Progress::Failed(FailedAs::Temporary),
        "failed" | "undelivered" | "rejected" => Progress::Failed(match code {
            Some("3" | "4" | "12" | "14") => FailedAs::BadAddress,
            Some("9") => FailedAs::Stopped,
            Some("6" | "10" | "11") => FailedAs::Refused,
            None if status == "rejected" => FailedAs::Refused,
            _ => FailedAs::Temporary,
        }),
        _ => Progress::Accepted,
    }
}

fn word<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn needed(fields: &Fields, name: &str, missing: &'static str) -> Result<String, NotBelieved> {
    word(fields, name).map(str::to_owned).ok_or(NotBelieved::Unreadable(missing))
}

/// `YYYY-MM-DD HH:MM:SS`, in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let local = text.replace(' ', "T").parse::<DateTime>().ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

/// The parameters of a form, a JSON object or, without a body, of the address. A name that is there twice is ambiguous.
fn fields(url: &str, body: &[u8]) -> Option<Fields> {
    if body.first() == Some(&b'{') {
        let object = serde_json::from_slice::<BTreeMap<String, Value>>(body).ok()?;
        return object.into_iter().map(|(name, value)| Some((name, plain(value)?))).collect();
    }
    let query = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs = if body.is_empty() { query.as_bytes() } else { body };
    let mut fields = Fields::new();
    for (name, value) in url::form_urlencoded::parse(pairs) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn signed(fields: &Fields) -> String {
    fields.iter().map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_"))).collect()
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let nibbles: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|n| u8::try_from(n).ok())).collect::<Option<_>>()?;
    nibbles.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

#[cfg(test)]
mod tests;
