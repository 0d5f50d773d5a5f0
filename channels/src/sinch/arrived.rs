//! A text that arrived, as Sinch tells of it: the same JSON object in its post and in its list.
//!
//! Sinch joins the parts of a long text itself. Members it may add are not looked at.

use jiff::Timestamp;
use serde_json::Value;

use super::is_id;
use crate::{
    inbound::{ArrivedText, RawForm},
    message::ProviderRef,
};

/// What Sinch tells of one text, JSON: the same in its post and in its list.
pub const TEXT: RawForm = RawForm::new("sinch_text");

/// Reads a kept post or a kept element of the list, as it was read when it came.
pub(super) fn read_kept(raw: &[u8]) -> Option<ArrivedText> {
    read(&crate::json::read(raw)?).ok()
}

/// The text an object tells of, or what of the documented form it lacks.
pub(super) fn read(told: &Value) -> Result<ArrivedText, &'static str> {
    let word = |name: &str| told.get(name).and_then(Value::as_str).filter(|word| !word.is_empty());
    let kind = word("type").filter(|kind| kind.starts_with("mo_")).ok_or("type is not a text's")?;
    let id = word("id").filter(|id| is_id(id)).ok_or("id is not a text's")?;
    let (body, media) = match told.get("body") {
        Some(Value::String(words)) if kind == "mo_text" => (words.clone(), 0),
        Some(_) | None if kind == "mo_text" => return Err("body is not there"),
        // Pictures, or bytes that are no words (`mo_media`, `mo_binary`): somebody has to look at them at Sinch's.
        Some(Value::Object(parts)) => {
            let words = ["subject", "message"].iter().filter_map(|name| parts.get(*name)?.as_str());
            let media = parts.get("media").and_then(Value::as_array).map_or(1, Vec::len);
            (words.collect::<Vec<_>>().join("\n"), u16::try_from(media).unwrap_or(u16::MAX).max(1))
        }
        _ => (String::new(), 1),
    };
    Ok(ArrivedText {
        reference: ProviderRef(id.to_owned()),
        from: word("from").ok_or("from is not there")?.into(),
        to: word("to").unwrap_or_default().into(),
        body: body.into(),
        media,
        part: None,
        // When Sinch took it. `sent_at`, where a network tells it, is by a clock nobody vouches for.
        sent_at: word("received_at").and_then(|date| date.parse::<Timestamp>().ok()),
        opt_out: None,
    })
}
