//! Reading a posted text as strictly as the provider, and making what it sends.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::{GovukNotifyFake, State};

/// Letters of a text at most.
const LONGEST: usize = 918;
/// Numbers that answer as if all were well.
const SMOKE: &[&str] = &["7700900000", "7700900111", "7700900222"];
const ISLANDS: &[&str] =
    &["7781", "7839", "7911", "7509", "7797", "7937", "7700", "7829", "7624", "7524", "7924"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    phone_number: String,
    template_id: String,
    #[serde(default)]
    personalisation: BTreeMap<String, String>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    sms_sender_id: Option<String>,
}

/// A text as it was posted, before it is taken.
#[derive(Debug, Clone)]
pub(super) struct NewText {
    pub(super) phone_number: String,
    pub(super) words: String,
    pub(super) reference: Option<String>,
    pub(super) sms_sender_id: Option<String>,
}

/// Status, error and message of a refusal.
pub(super) type Refusal = (u16, &'static str, String);

/// The text, and what is really sent for it.
pub(super) fn read(body: &[u8], state: &State) -> Result<(NewText, String), Refusal> {
    let invalid = |why: String| (400, "ValidationError", why);
    let bad = |why: &str| (400, "BadRequestError", why.to_owned());
    let posted: Posted = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    for id in [Some(&posted.template_id), posted.sms_sender_id.as_ref()].into_iter().flatten() {
        Uuid::try_parse(id).map_err(|_| invalid("an id is not a valid UUID".to_owned()))?;
    }
    if posted.reference.as_ref().is_some_and(|reference| reference.chars().count() > 1_000) {
        return Err(invalid("reference is too long (maximum 1000 characters)".to_owned()));
    }
    let national = national(&posted.phone_number).map_err(|why| invalid(format!("phone_number {why}")))?;
    if is_of_the_islands(&national) && !state.international {
        return Err(bad("Cannot send to international mobile numbers"));
    }
    if posted.template_id != GovukNotifyFake::TEMPLATE {
        return Err(bad("Template not found"));
    }
    if posted.sms_sender_id.as_deref().is_some_and(|id| id != GovukNotifyFake::SENDER) {
        return Err(bad("sms_sender_id does not exist in database for service id"));
    }
    let filled = fill(&state.template.body, &posted.personalisation).map_err(|why| bad(&why))?;
    let sent = tidy(&filled);
    match sent.chars().count() {
        0 => return Err(bad("Your message is empty.")),
        length if length > LONGEST => return Err(bad("Text messages cannot be longer than 918 characters.")),
        _ => {}
    }
    // Only what fills a placeholder is of use; what else is given shows a mistake of ours.
    let [words] = posted
        .personalisation
        .into_values()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| invalid("this stand-in takes exactly one placeholder's words".to_owned()))?;
    let new = NewText {
        phone_number: posted.phone_number,
        words,
        reference: posted.reference,
        sms_sender_id: posted.sms_sender_id,
    };
    Ok((new, sent))
}

pub(super) fn is_smoke(number: &str) -> bool {
    national(number).is_ok_and(|national| SMOKE.contains(&national.as_str()))
}

fn is_of_the_islands(national: &str) -> bool {
    !national.starts_with("7700900") && ISLANDS.iter().any(|range| national.starts_with(range))
}

/// A British mobile's digits without 0 and country.
fn national(number: &str) -> Result<String, &'static str> {
    let digits: String = number.chars().filter(|c| !" ()-+".contains(*c)).collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("Must not contain letters or symbols");
    }
    let digits = digits.trim_start_matches('0');
    let national = digits.strip_prefix("44").unwrap_or(digits);
    match national.len() {
        _ if !national.starts_with('7') => Err("Not a UK mobile number"),
        10 => Ok(national.to_owned()),
        ..10 => Err("Not enough digits"),
        _ => Err("Too many digits"),
    }
}

/// Fills a template's placeholders once; what is filled in is not looked at again.
fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, opened)) = rest.split_once("((") {
        let (name, after) = opened.split_once("))").unwrap_or((opened, ""));
        let value = values.get(name).ok_or_else(|| format!("Missing personalisation: {name}"))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What the provider makes of spaces, blank lines and quotes (its utilities' `SMSMessageTemplate`).
fn tidy(text: &str) -> String {
    let replaced: String = text
        .chars()
        .map(|c| match c {
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '–' | '—' => '-',
            '\u{a0}' | '\t' => ' ',
            c => c,
        })
        .collect();
    let lines = replaced.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut joined = lines.collect::<Vec<_>>().join("\n");
    while joined.contains("\n\n\n") {
        joined = joined.replace("\n\n\n", "\n\n");
    }
    joined.trim().to_owned()
}
