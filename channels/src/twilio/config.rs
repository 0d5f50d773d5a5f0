//! The settings of a Twilio channel, and what they become once they are checked.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::signature::Keys;
use crate::{
    cost::{Cost, CostConfig},
    error::OpenError,
    pace::Pace,
    settings::{bad, base_url, is_e164, is_sender_name, pace, public_url, seconds, secret, within},
    wire::Patience,
};

/// `kind = "twilio"`: texts through a Twilio account. Secrets are named by file and never stand here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// File holding the account's auth token. Logs in when no API key is given, and proves status callbacks.
    #[serde(default)]
    pub auth_token_file: Option<PathBuf>,
    /// An API key to log in with instead of the token: `SK` and 32 hexadecimal digits.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// File holding the API key's secret.
    #[serde(default)]
    pub api_key_secret_file: Option<PathBuf>,
    /// Shared keys that prove status callbacks by HMAC-SHA256: key id to the file holding its secret.
    #[serde(default)]
    pub webhook_key_files: BTreeMap<String, PathBuf>,
    /// The sender: a number such as `+447700900456`, or a name of at most 11 characters, which carers cannot answer.
    #[serde(default)]
    pub from: Option<String>,
    /// A messaging service as sender, instead of `from`: `MG` and 32 hexadecimal digits.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// Where Twilio's API is. Plain `http` is accepted on loopback only, for rehearsals against a stand-in.
    #[serde(default = "api")]
    pub base_url: String,
    /// Our own address as Twilio reaches it, such as `https://liaison.school.example`; a path in front of
    /// `/webhooks/…` may follow. Without it no status callbacks are asked for, and none is believed.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Parts of texts (segments) a second. 1 until Twilio has said what the sender may do; at most 1,000.
    #[serde(default = "one_a_second")]
    pub per_second: f64,
    /// Messages on the wire at once, 1 to 100.
    #[serde(default = "four")]
    pub in_flight: usize,
    /// Seconds to reach Twilio (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
    /// Seconds for which a text is worth delivering, 1 to 36,000; Twilio drops it after. Its own default if absent.
    #[serde(default)]
    pub validity_secs: Option<u32>,
    /// Whether Twilio keeps the words of our texts. Data protection asks for the minimum, but after a cut line the
    /// words are how a text is recognised in Twilio's list, and a text that cannot be recognised is either sent
    /// twice or handed to a person. So it keeps them by default, and the account's own retention period should be
    /// short. With `false` (`ContentRetention=discard`) only a single possible text is taken for ours.
    #[serde(default = "yes")]
    pub retain_content: bool,
    /// Whether Twilio keeps the whole number. With `false` (`AddressRetention=obfuscate`) a text in doubt can never
    /// be looked up, and always waits for a person.
    #[serde(default = "yes")]
    pub retain_address: bool,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub cost: CostConfig,
}

fn api() -> String {
    "https://api.twilio.com".to_owned()
}
const fn one_a_second() -> f64 {
    1.0
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
const fn yes() -> bool {
    true
}

/// Whom we log in as.
pub(super) enum Login {
    /// The account itself, with its token.
    Account(SecretString),
    /// An API key of the account: may send and list, but not read the account's own state.
    Key { sid: String, secret: SecretString },
}

/// What a text leaves from.
pub(super) enum Origin {
    Number(String),
    Name(String),
    Service(String),
}

/// The settings, checked, with the secrets read.
pub(super) struct Settings {
    pub(super) account: String,
    pub(super) keys: Keys,
    pub(super) from: Origin,
    pub(super) base: Url,
    pub(super) public: Option<String>,
    pub(super) patience: Patience,
    pub(super) validity: Option<u32>,
    pub(super) retain_content: bool,
    pub(super) retain_address: bool,
    pub(super) cost: Cost,
}

impl TwilioConfig {
    pub(super) fn check(&self) -> Result<(Settings, Login), OpenError> {
        sid("account_sid", "AC", &self.account_sid)?;
        let token =
            self.auth_token_file.as_deref().map(|file| secret("auth_token_file", file)).transpose()?;
        let mut keys = Keys::default();
        if let Some(token) = &token {
            keys = keys.token(token.clone());
        }
        for (id, file) in &self.webhook_key_files {
            keys = keys.shared(id.clone(), secret("webhook_key_files", file)?);
        }
        let public = self.public_url.as_deref().map(public_url).transpose()?;
        if public.is_some() && keys.is_empty() {
            return Err(bad("public_url asks Twilio for status callbacks, which only auth_token_file or \
                            webhook_key_files can prove: set one of them, or leave public_url out"));
        }
        let settings = Settings {
            cost: self.cost.check()?,
            account: self.account_sid.clone(),
            keys,
            from: self.sender()?,
            base: base_url(&self.base_url)?,
            public,
            patience: Patience {
                connect: seconds("connect_timeout_secs", self.connect_timeout_secs)?,
                answer: seconds("answer_timeout_secs", self.answer_timeout_secs)?,
                in_flight: within("in_flight", self.in_flight, 1, 100)?,
            },
            validity: self.validity_secs.map(|secs| within("validity_secs", secs, 1, 36_000)).transpose()?,
            retain_content: self.retain_content,
            retain_address: self.retain_address,
        };
        Ok((settings, self.login(token)?))
    }

    fn login(&self, token: Option<SecretString>) -> Result<Login, OpenError> {
        match (&self.api_key_sid, &self.api_key_secret_file, token) {
            (Some(key), Some(file), _) => {
                sid("api_key_sid", "SK", key)?;
                Ok(Login::Key { sid: key.clone(), secret: secret("api_key_secret_file", file)? })
            }
            (None, None, Some(token)) => Ok(Login::Account(token)),
            (None, None, None) => Err(bad("set auth_token_file, or api_key_sid with api_key_secret_file")),
            _ => Err(bad("api_key_sid and api_key_secret_file belong together: set both or neither")),
        }
    }

    fn sender(&self) -> Result<Origin, OpenError> {
        match (self.from.as_deref(), self.messaging_service_sid.as_deref()) {
            (Some(from), None) if is_e164(from) => Ok(Origin::Number(from.to_owned())),
            (Some(from), None) if is_sender_name(from) => Ok(Origin::Name(from.to_owned())),
            (Some(_), None) => {
                Err(bad("from must be a number such as +447700900456, or a name of 1 to 11 of \
                                        A-Z a-z 0-9 space . & _ - with at least one letter"))
            }
            (None, Some(service)) => {
                sid("messaging_service_sid", "MG", service)?;
                Ok(Origin::Service(service.to_owned()))
            }
            _ => Err(bad("set exactly one of from and messaging_service_sid")),
        }
    }

    pub(super) fn pace(&self) -> Result<Pace, OpenError> {
        pace(self.per_second, 1000.0)
    }
}

/// Twilio's identifiers: two letters that tell the kind, and 32 hexadecimal digits.
pub(super) fn is_sid(kind: &str, text: &str) -> bool {
    text.strip_prefix(kind)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn sid(setting: &str, kind: &str, text: &str) -> Result<(), OpenError> {
    if is_sid(kind, text) {
        return Ok(());
    }
    Err(OpenError(format!(
        "{setting} must be {kind} and 32 hexadecimal digits, as Twilio's console shows it"
    )))
}
