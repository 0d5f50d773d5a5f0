//! The settings of a Vonage channel, and what they become once they are checked.

use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::signature::{Method, WeakSignature};
use crate::{
    cost::{Cost, CostConfig},
    error::OpenError,
    pace::Pace,
    settings::{self, bad, base_url, is_e164, is_sender_name, public_url, seconds, secret, within},
    wire::Patience,
};

/// `kind = "vonage"`: texts through Vonage's SMS API (formerly Nexmo). Secrets are named by file and never stand here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VonageConfig {
    /// The account's API key, as Vonage's dashboard shows it.
    pub api_key: String,
    /// File holding the account's API secret.
    pub api_secret_file: PathBuf,
    /// The sender: a number such as `+447700900456`, or a name of at most 11 characters, which carers cannot answer.
    pub from: String,
    /// Where Vonage's API is. Plain `http` is accepted on loopback only, for rehearsals against a stand-in.
    #[serde(default = "api")]
    pub base_url: String,
    /// Our own address as Vonage reaches it, such as `https://liaison.school.example`; a path in front of `/webhooks/…`
    /// may follow. Vonage takes 100 characters at most, with what follows. Without it no post is believed.
    #[serde(default)]
    pub public_url: Option<String>,
    /// File holding the account's signature secret, which is not the API secret. Needed with `public_url`. Vonage signs
    /// what it posts only once its support was asked to.
    #[serde(default)]
    pub signature_secret_file: Option<PathBuf>,
    /// By which method the account signs: `sha256`, `sha512` or `sha1`. Posts signed by another are refused, and MD5,
    /// the account's default, is not accepted here.
    #[serde(default = "sha256")]
    pub signature_method: Method,
    /// Accepts, in the place of `signature_method`, posts signed by a method that can be forged: `md5hash` (the account's
    /// default) or `md5` (HMAC-MD5). Off by default, and meant for the days until Vonage's support has changed the account:
    /// whoever can make collisions could pass words off as a carer's. `liaison check` warns of it.
    #[serde(default)]
    pub weak_signature: Option<WeakSignature>,
    /// How far the time of a signed text may lie from our clock, in seconds, 60 to 604,800. A text signed at another time
    /// is kept for a person instead of being taken for the carer's word of today. Vonage repeats a post for a day;
    /// unchecked: whether a repeat tells a new time. Reports on our texts are believed whenever they come, as a repeat
    /// moves nothing backwards.
    #[serde(default = "five_minutes")]
    pub signature_window_secs: u32,
    /// Messages a second (not parts). 1 until Vonage has said what the account may do; at most 1,000.
    #[serde(default = "one_a_second")]
    pub per_second: f64,
    /// Messages on the wire at once, 1 to 100.
    #[serde(default = "four")]
    pub in_flight: usize,
    /// Seconds to reach Vonage (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
    /// Seconds for which a text is worth delivering, 20 to 604,800 (a week); Vonage drops it after. Its own default, three
    /// days, if absent.
    #[serde(default)]
    pub validity_secs: Option<u32>,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub cost: CostConfig,
}

fn api() -> String {
    "https://rest.nexmo.com".to_owned()
}
const fn sha256() -> Method {
    Method::Sha256
}
const fn five_minutes() -> u32 {
    300
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

/// How Vonage's posts are proved, and where they come.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) secret: SecretString,
    pub(super) method: Method,
    pub(super) window: SignedDuration,
    pub(super) public: String,
}

/// The settings, checked, with the secrets read.
pub(super) struct Settings {
    pub(super) key: String,
    /// As Vonage wants it: a number without its `+`, or a name.
    pub(super) from: String,
    /// Whether the sender can be answered.
    pub(super) is_number: bool,
    pub(super) base: Url,
    pub(super) posts: Option<Proof>,
    pub(super) patience: Patience,
    pub(super) validity_secs: Option<u32>,
    pub(super) cost: Cost,
}

impl VonageConfig {
    /// The settings and the API secret.
    pub(super) fn check(&self) -> Result<(Settings, SecretString), OpenError> {
        let key = &self.api_key;
        if !(1..=64).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(bad("api_key must be the account's API key, as Vonage's dashboard shows it"));
        }
        let is_number = is_e164(&self.from);
        if !is_number && !is_sender_name(&self.from) {
            return Err(bad(
                "from must be a number such as +447700900456, or a name of 1 to 11 of A-Z a-z 0-9 space \
                            . & _ - with at least one letter",
            ));
        }
        let settings = Settings {
            cost: self.cost.check()?,
            key: key.clone(),
            from: if is_number { self.from.trim_start_matches('+') } else { &self.from }.to_owned(),
            is_number,
            base: base_url(&self.base_url)?,
            posts: self.posts()?,
            patience: Patience {
                connect: seconds("connect_timeout_secs", self.connect_timeout_secs)?,
                answer: seconds("answer_timeout_secs", self.answer_timeout_secs)?,
                in_flight: within("in_flight", self.in_flight, 1, 100)?,
            },
            validity_secs: self
                .validity_secs
                .map(|secs| within("validity_secs", secs, 20, 604_800))
                .transpose()?,
        };
        Ok((settings, secret("api_secret_file", &self.api_secret_file)?))
    }

    fn posts(&self) -> Result<Option<Proof>, OpenError> {
        let secs = within("signature_window_secs", self.signature_window_secs, 60, 604_800)?;
        match (&self.public_url, &self.signature_secret_file) {
            (Some(public), Some(file)) => Ok(Some(Proof {
                secret: secret("signature_secret_file", file)?,
                method: self.weak_signature.map_or(self.signature_method, Method::from),
                window: SignedDuration::from_secs(secs.into()),
                public: public_url(public)?,
            })),
            (None, None) => Ok(None),
            _ => Err(bad(
                "public_url and signature_secret_file belong together: Vonage's posts are believed by their \
                          signature alone. Set both or neither",
            )),
        }
    }

    pub(super) fn pace(&self) -> Result<Pace, OpenError> {
        settings::pace(self.per_second, 1000.0)
    }
}
