//! Reading a posted text as strictly as the provider, and making what it sends.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::{GovukNotifyFake, State};

/// Letters of a text at most.
const LONGEST: usize = 918;
/// Bytes of an email at most.
const LARGEST_MAIL: usize = 2_000_000;
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedMail {
    email_address: String,
    template_id: String,
    #[serde(default)]
    personalisation: BTreeMap<String, String>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    email_reply_to_id: Option<String>,
}

/// A message as it was posted, and what is really sent for it.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub(super) kind: &'static str,
    pub(super) to: String,
    pub(super) subject: Option<String>,
    pub(super) words: String,
    pub(super) sent: String,
    pub(super) reference: Option<String>,
    pub(super) sender: Option<String>,
}

/// Status, error and message of a refusal.
pub(super) type Refusal = (u16, &'static str, String);

pub(super) fn invalid(why: impl Into<String>) -> Refusal {
    (400, "ValidationError", why.into())
}

pub(super) fn bad(why: &str) -> Refusal {
    (400, "BadRequestError", why.to_owned())
}

/// A posted text.
pub(super) fn read(body: &[u8], state: &State) -> Result<New, Refusal> {
    let posted: Posted = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    check_ids(&posted.template_id, posted.sms_sender_id.as_ref(), posted.reference.as_ref())?;
    let national = national(&posted.phone_number).map_err(|why| invalid(format!("phone_number {why}")))?;
    if is_of_the_islands(&national) && !state.international {
        return Err(bad("Cannot send to international mobile numbers"));
    }
    check_template(&posted.template_id, "sms", state)?;
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
        .map_err(|_| invalid("this stand-in takes exactly one placeholder's words"))?;
    let (to, reference, sender) = (posted.phone_number, posted.reference, posted.sms_sender_id);
    Ok(New { kind: "sms", to, subject: None, words, sent, reference, sender })
}

/// A posted email.
pub(super) fn read_mail(body: &[u8], state: &State) -> Result<New, Refusal> {
    let posted: PostedMail = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    check_ids(&posted.template_id, posted.email_reply_to_id.as_ref(), posted.reference.as_ref())?;
    if posted.email_address.split('@').filter(|part| !part.is_empty()).count() != 2 {
        return Err(invalid("email_address Not a valid email address"));
    }
    check_template(&posted.template_id, "email", state)?;
    if posted.email_reply_to_id.as_deref().is_some_and(|id| id != GovukNotifyFake::REPLY_TO) {
        return Err(bad("email_reply_to_id does not exist in database for service id"));
    }
    let subject = state.template.subject.as_deref().unwrap_or_default();
    let whole = fill(&format!("{subject}\u{1f}{}", state.template.body), &posted.personalisation);
    let whole = whole.map_err(|why| bad(&why))?;
    let (subject, sent) = whole.split_once('\u{1f}').unwrap_or_default();
    if sent.trim().is_empty() {
        return Err(bad("Your message is empty."));
    }
    if sent.len() > LARGEST_MAIL {
        return Err(bad("Your message is too long. Emails cannot be longer than 2000000 bytes."));
    }
    let mut given = posted.personalisation;
    let words = given.remove("words").unwrap_or_default();
    if given.into_keys().ne(["subject".to_owned()]) {
        return Err(invalid("this stand-in takes exactly words and a subject"));
    }
    let (to, reference, sender) = (posted.email_address, posted.reference, posted.email_reply_to_id);
    let (subject, sent) = (Some(subject.to_owned()), sent.to_owned());
    Ok(New { kind: "email", to, subject, words, sent, reference, sender })
}

pub(super) fn check_ids(
    template: &str,
    sender: Option<&String>,
    reference: Option<&String>,
) -> Result<(), Refusal> {
    for id in [Some(template), sender.map(String::as_str)].into_iter().flatten() {
        Uuid::try_parse(id).map_err(|_| invalid("an id is not a valid UUID"))?;
    }
    if reference.is_some_and(|reference| reference.chars().count() > 1_000) {
        return Err(invalid("reference is too long (maximum 1000 characters)"));
    }
    Ok(())
}

pub(super) fn check_template(id: &str, kind: &str, state: &State) -> Result<(), Refusal> {
    if id != GovukNotifyFake::TEMPLATE {
        return Err(bad("Template not found"));
    }
    if state.template.kind != kind {
        return Err(bad(&format!(
            "{} template is not suitable for {kind} notification",
            state.template.kind
        )));
    }
    Ok(())
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
pub(super) fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
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
