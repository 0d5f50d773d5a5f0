//! Reading a posted message as strictly as the provider, and more: whatever is not documented is refused.

use std::collections::BTreeMap;

use super::{SERVICE, TwilioFake};

/// Form fields of "create a message" that Liaison may use.
const FIELDS: &[&str] = &[
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "StatusCallback",
    "ValidityPeriod",
    "SmartEncoded",
    "ContentRetention",
    "AddressRetention",
    "RiskCheck",
    "SendAt",
    "ScheduleType",
];

/// What the provider's test numbers answer, by the number and whether it stands in `To` or `From`.
const MAGIC_TO: &[(&str, u32)] = &[
    ("+15005550001", 21_211),
    ("+15005550002", 21_612),
    ("+15005550003", 21_408),
    ("+15005550004", 21_610),
    ("+15005550009", 21_614),
];
const MAGIC_FROM: &[(&str, u32)] =
    &[("+15005550001", 21_212), ("+15005550007", 21_606), ("+15005550008", 21_611)];
const MAGIC_SENDER: &str = "+15005550006";

/// The provider's general "the request is not well formed".
pub(super) const MALFORMED: u32 = 20_001;

/// A message as it was posted, before it is taken.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) fields: BTreeMap<String, String>,
}

/// A code and the words for the test's author.
pub(super) type Refusal = (u32, String);

impl Post {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if !FIELDS.contains(&name.as_ref()) {
                return Err((MALFORMED, format!("unknown field {name}")));
            }
            if fields.insert(name.to_string(), value.into_owned()).is_some() {
                return Err((MALFORMED, format!("field {name} twice")));
            }
        }
        let post = Self { fields };
        post.check_addresses()?;
        post.check_content()?;
        post.check_options()?;
        Ok(post)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub(super) fn to(&self) -> &str {
        self.field("To").unwrap_or_default()
    }

    fn check_addresses(&self) -> Result<(), Refusal> {
        let to = self.field("To").ok_or((21_604, "no To".to_owned()))?;
        if let Some((_, code)) = MAGIC_TO.iter().find(|(number, _)| *number == to) {
            return Err((*code, "a test number".to_owned()));
        }
        if !is_e164(to) {
            return Err((21_211, "To is not E.164".to_owned()));
        }
        match (self.field("From"), self.field("MessagingServiceSid")) {
            (Some(from), None) => check_from(from),
            (None, Some(SERVICE)) => Ok(()),
            (None, Some(_)) => Err((21_701, "no such messaging service".to_owned())),
            (None, None) => Err((21_603, "neither From nor MessagingServiceSid".to_owned())),
            (Some(_), Some(_)) => Err((MALFORMED, "both From and MessagingServiceSid".to_owned())),
        }
    }

    fn check_content(&self) -> Result<(), Refusal> {
        match self.field("Body").map(|body| body.chars().count()) {
            None | Some(0) => Err((21_602, "no Body".to_owned())),
            Some(length) if length > 1_600 => Err((21_617, "Body is too long".to_owned())),
            Some(_) => Ok(()),
        }
    }

    fn check_options(&self) -> Result<(), Refusal> {
        let fits =
            |name: &str, allowed: &[&str]| self.field(name).is_none_or(|value| allowed.contains(&value));
        let callback = self.field("StatusCallback").map(url::Url::parse);
        if callback
            .is_some_and(|url| !url.is_ok_and(|url| url.has_host() && url.scheme().starts_with("http")))
        {
            return Err((21_609, "StatusCallback is not a URL".to_owned()));
        }
        let validity = self.field("ValidityPeriod").map(str::parse::<u32>);
        let validity_fits = validity.is_none_or(|secs| secs.is_ok_and(|secs| (1..=36_000).contains(&secs)));
        let fit = validity_fits
            && fits("ContentRetention", &["retain", "discard"])
            && fits("AddressRetention", &["retain", "obfuscate"])
            && fits("RiskCheck", &["enable", "disable"])
            && fits("SmartEncoded", &["true", "false"]);
        if fit { Ok(()) } else { Err((MALFORMED, "a field has a value that is not documented".to_owned())) }
    }
}

pub(super) fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn check_from(from: &str) -> Result<(), Refusal> {
    if let Some((_, code)) = MAGIC_FROM.iter().find(|(number, _)| *number == from) {
        return Err((*code, "a test number".to_owned()));
    }
    let is_name = (1..=11).contains(&from.len()) && from.bytes().any(|b| b.is_ascii_alphabetic());
    if from == TwilioFake::NUMBER || from == MAGIC_SENDER || is_name {
        return Ok(());
    }
    Err((if is_e164(from) { 21_606 } else { 21_212 }, "From is not ours".to_owned()))
}
