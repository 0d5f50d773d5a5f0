//! What a request of Vonage's tells of, once it is proved: a text, or how far one of ours has come.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use uuid::Uuid;

use super::{codes, signature::Fields};
use crate::{
    inbound::{ArrivedText, TextPart},
    message::{OurRef, ProviderRef},
    receipt::{NotBelieved, Receipt},
};

/// What a request tells of.
pub(super) enum Told {
    Text(ArrivedText),
    Receipt(Receipt),
}

/// Reads a request that was proved.
pub(super) fn read(fields: &Fields) -> Result<Told, NotBelieved> {
    let reference = ProviderRef(needed(fields, "messageId", "messageId is not there")?);
    if let Some(status) = word(fields, "status") {
        return receipt(fields, reference, status).map(Told::Receipt);
    }
    let part = if word(fields, "concat") == Some("true") { Some(part(fields)?) } else { None };
    let kind = word(fields, "type");
    // Bytes that are no words (`binary`): somebody has to look at them at Vonage's.
    let media = u16::from(kind == Some("binary"));
    if media == 0 && !fields.contains_key("text") {
        return Err(NotBelieved::Unreadable("text is not there"));
    }
    Ok(Told::Text(ArrivedText {
        reference,
        from: needed(fields, "msisdn", "msisdn is not there")?.into(),
        to: word(fields, "to").unwrap_or_default().into(),
        body: word(fields, "text").unwrap_or_default().into(),
        media,
        part,
        sent_at: word(fields, "message-timestamp").and_then(time),
        opt_out: None,
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

fn receipt(fields: &Fields, reference: ProviderRef, status: &str) -> Result<Receipt, NotBelieved> {
    // Both are printed and stored beside the message: nothing but words and numbers may get there.
    let is_word =
        |text: &str| text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let code = word(fields, "err-code").filter(|code| code.bytes().any(|b| b != b'0'));
    if !is_word(status) || !code.is_none_or(is_word) {
        return Err(NotBelieved::Unreadable("status or err-code is not a word"));
    }
    let ours = word(fields, "client-ref").and_then(client_ref).map(|(ours, _)| ours);
    Ok(Receipt {
        reference,
        ours,
        progress: codes::progress(status, code),
        status: status.to_owned(),
        code: code.map(str::to_owned),
    })
}

/// Our reference as it rides in `client-ref`, and in how many parts the text travels: each is reported by itself.
pub(super) fn client_ref(text: &str) -> Option<(OurRef, usize)> {
    let (reference, parts) = text.split_once('-').map_or((text, Some(1)), |(reference, parts)| {
        (reference, parts.parse().ok().filter(|parts| *parts > 1))
    });
    // A UUID with hyphens is nothing that we wrote.
    let ours = Uuid::try_parse(reference).ok().map(OurRef).zip(parts);
    ours.or_else(|| Uuid::try_parse(text).ok().map(|uuid| (OurRef(uuid), 1)))
}

/// What is written as `client-ref`: at most 40 characters, as the older of the provider's two manuals allows.
pub(super) fn write_client_ref(ours: OurRef, parts: usize) -> String {
    if parts > 1 { format!("{ours}-{parts}") } else { ours.to_string() }
}

pub(super) fn word<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn needed(fields: &Fields, name: &str, missing: &'static str) -> Result<String, NotBelieved> {
    word(fields, name).map(str::to_owned).ok_or(NotBelieved::Unreadable(missing))
}

/// `YYYY-MM-DD HH:MM:SS`, in UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let local = text.replace(' ', "T").parse::<DateTime>().ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}
