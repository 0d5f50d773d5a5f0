//! The settings of a GOV.UK Notify channel, and what they become once they are checked.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::{key::ApiKey, letter::is_of_the_address, template::folded};
use crate::{
    cost::{Cost, CostConfig},
    error::OpenError,
    pace::Pace,
    sender::Carries,
    settings::{bad, base_url, pace, seconds, secret, within},
    wire::Patience,
};

/// The shortest bearer token that Notify's page for callbacks takes (provider's admin application, as read in 2026-11).
const SHORTEST_TOKEN: usize = 10;
/// What Notify allows one kind of key is 3,000 requests a minute; look-ups and polls count as well.
const MOST_A_SECOND: f64 = 50.0;

/// `kind = "govuk_notify"`: texts, emails or letters through GOV.UK Notify, which serves state-funded schools. Secrets are named by file
/// and never stand here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GovukNotifyConfig {
    /// File holding the API key as Notify showed it once: a name and two UUIDs, joined by hyphens.
    pub api_key_file: PathBuf,
    /// `text`, `mail` for emails, or `letter`; a school that wants several has a channel of each, which may share key and
    /// service. What is lost where mail goes by Notify and not by a mail server: answers and bounces do not name the mail they
    /// are about (answers are known by their sender, failures come as receipts), there is no thread, and an acknowledgement is
    /// not marked as automatic. Letters are printed and posted by Notify within Britain, with the letterhead and the postage of
    /// the template, and nothing enclosed; they need a live service and a live key.
    #[serde(default = "text")]
    pub carries: Carries,
    /// The template messages are made from, by its id. It should hold the placeholder and nothing else, as in `((words))`:
    /// what else stands in it is added to every message and is not counted here. A letter's heading, which it must have, may
    /// hold no placeholder, as a letter has no subject of ours.
    pub template_id: String,
    /// The template's placeholder that takes the words. For letters none of the address, such as `address_line_1`.
    #[serde(default = "words")]
    pub placeholder: String,
    /// For mail: the placeholder in the template's subject that takes ours, as in `((subject))`.
    #[serde(default = "subject")]
    pub subject_placeholder: String,
    /// For mail: one of the service's reply-to addresses, by its id; the service's default if absent. It should lead to the
    /// mailbox that Liaison reads.
    #[serde(default)]
    pub email_reply_to_id: Option<String>,
    /// One of the service's text message senders, by its id; the service's default sender if absent.
    #[serde(default)]
    pub sms_sender_id: Option<String>,
    /// File holding the bearer token that we chose and entered at Notify beside the addresses for callbacks; at least
    /// 10 characters. Without it no callback is believed.
    #[serde(default)]
    pub callback_token_file: Option<PathBuf>,
    /// Whether carers can answer: true once Notify has switched on receiving texts, which gives the service a number; only
    /// then are received texts asked for. For mail, true once the service has a reply-to address; for letters, where the
    /// template says where to write.
    #[serde(default)]
    pub can_be_answered: bool,
    /// Whether the service may text numbers that Notify counts as international: besides those abroad, to which nothing
    /// is sent from here, the mobiles of Jersey, Guernsey and the Isle of Man. Without it these are told to be reached
    /// another way, and Notify, which would hold up the whole channel for one of them, is not asked.
    #[serde(default)]
    pub international: bool,
    /// Where Notify's API is. Plain `http` is accepted on loopback only, for rehearsals against a stand-in.
    #[serde(default = "api")]
    pub base_url: String,
    /// Messages a second (not segments), at most 50: Notify allows each kind of key 3,000 requests a minute, shared with
    /// whatever else the school sends through the same service.
    #[serde(default = "twenty_a_second")]
    pub per_second: f64,
    /// Messages on the wire at once, 1 to 100.
    #[serde(default = "four")]
    pub in_flight: usize,
    /// Seconds to reach Notify (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub cost: CostConfig,
}

const fn text() -> Carries {
    Carries::Text
}
fn subject() -> String {
    "subject".to_owned()
}
fn words() -> String {
    "words".to_owned()
}
fn api() -> String {
    "https://api.notifications.service.gov.uk".to_owned()
}
const fn twenty_a_second() -> f64 {
    20.0
}
const fn four() -> usize {
    4
}
const fn ten() -> u64 {
    10
}
const fn thirty() -> u64 {
    30
}

/// The settings, checked, with the secrets read.
pub(super) struct Settings {
    pub(super) key: ApiKey,
    pub(super) carries: Carries,
    pub(super) subject_placeholder: String,
    pub(super) reply_to: Option<Uuid>,
    pub(super) template: Uuid,
    pub(super) placeholder: String,
    pub(super) sender: Option<Uuid>,
    pub(super) callback_token: Option<SecretString>,
    pub(super) can_be_answered: bool,
    pub(super) international: bool,
    pub(super) base: Url,
    pub(super) patience: Patience,
    pub(super) cost: Cost,
}

impl GovukNotifyConfig {
    pub(super) fn check(&self) -> Result<Settings, OpenError> {
        let key = ApiKey::parse(secret("api_key_file", &self.api_key_file)?.expose_secret());
        let key = key.ok_or_else(|| {
            OpenError(format!(
                "api_key_file: {} holds no key of Notify's: it is a name and two UUIDs joined by hyphens, as Notify \
                 showed it when it was made",
                self.api_key_file.display()
            ))
        })?;
        // A bracket or question mark has a meaning of its own between the brackets.
        let is_name = |name: &str| !name.trim().is_empty() && !name.contains(['(', ')', '?']);
        if !is_name(&self.placeholder) || !is_name(&self.subject_placeholder) {
            return Err(bad(
                "placeholder must be the name between the double brackets in the template, such as words for ((words)); so \
                 must subject_placeholder",
            ));
        }
        self.check_kind()?;
        Ok(Settings {
            key,
            carries: self.carries,
            subject_placeholder: self.subject_placeholder.clone(),
            reply_to: self
                .email_reply_to_id
                .as_deref()
                .map(|id| uuid("email_reply_to_id", id))
                .transpose()?,
            template: uuid("template_id", &self.template_id)?,
            placeholder: self.placeholder.clone(),
            sender: self.sms_sender_id.as_deref().map(|id| uuid("sms_sender_id", id)).transpose()?,
            callback_token: self.callback_token()?,
            can_be_answered: self.can_be_answered,
            international: self.international,
            base: base_url(&self.base_url)?,
            cost: self.cost.check()?,
            patience: Patience {
                connect: seconds("connect_timeout_secs", self.connect_timeout_secs)?,
                answer: seconds("answer_timeout_secs", self.answer_timeout_secs)?,
                in_flight: within("in_flight", self.in_flight, 1, 100)?,
            },
        })
    }

    /// Settings that mean nothing for what the channel carries are slips.
    fn check_kind(&self) -> Result<(), OpenError> {
        match self.carries {
            Carries::Text | Carries::Letter if self.email_reply_to_id.is_some() => {
                Err(bad("email_reply_to_id is for mail: set carries = \"mail\", or leave it out"))
            }
            Carries::Mail | Carries::Letter if self.sms_sender_id.is_some() || self.international => {
                Err(bad(
                    "sms_sender_id and international are for texts: set carries = \"text\", or leave them out",
                ))
            }
            Carries::Mail | Carries::Letter if self.cost.check()? != Cost::default() => {
                Err(bad("cost is for texts: set carries = \"text\", or leave it out"))
            }
            Carries::Mail if folded(&self.placeholder) == folded(&self.subject_placeholder) => Err(bad(
                "placeholder and subject_placeholder must differ: one takes the words, the other the subject",
            )),
            Carries::Letter if self.subject_placeholder != subject() => {
                Err(bad("subject_placeholder is for mail: leave it out, as a letter has no subject of ours"))
            }
            Carries::Letter if is_of_the_address(&folded(&self.placeholder)) => {
                Err(bad("placeholder must not be one of the address: Notify fills those with it"))
            }
            Carries::Text | Carries::Mail | Carries::Letter => Ok(()),
        }
    }

    pub(super) fn pace(&self) -> Result<Pace, OpenError> {
        pace(self.per_second, MOST_A_SECOND)
    }

    fn callback_token(&self) -> Result<Option<SecretString>, OpenError> {
        let Some(file) = &self.callback_token_file else { return Ok(None) };
        let token = secret("callback_token_file", file)?;
        if token.expose_secret().chars().count() < SHORTEST_TOKEN {
            return Err(bad(
                "callback_token_file: the token is shorter than 10 characters: choose a longer one, and enter it at \
                 Notify as well",
            ));
        }
        // What a header cannot carry would never be recognised (RFC 9110 §5.5).
        if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("callback_token_file: use ASCII letters, digits and signs without spaces"));
        }
        Ok(Some(token))
    }
}

fn uuid(setting: &str, text: &str) -> Result<Uuid, OpenError> {
    let uuid = Uuid::try_parse(text.trim());
    uuid.map_err(|_| OpenError(format!("{setting} must be a UUID, as Notify's pages show it")))
}
