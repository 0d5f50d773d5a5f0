//! The settings of a Sinch channel, and what they become once they are checked.

use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{
    cost::{Cost, CostConfig},
    error::OpenError,
    pace::Pace,
    settings::{self, bad, base_url, is_e164, is_sender_name, public_url, seconds, secret, within},
    wire::Patience,
};

/// Where Sinch has the SMS API (provider's API reference, "Base URL", as read in 2026-11).
const REGIONS: [&str; 5] = ["eu", "us", "au", "br", "ca"];
/// Three days, the longest that Sinch tries.
const LONGEST_VALIDITY: u32 = 259_200;

/// `kind = "sinch"`: texts through a service plan of Sinch's. Secrets are named by file and never stand here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinchConfig {
    /// The service plan's ID, as Sinch's dashboard shows it.
    pub service_plan_id: String,
    /// File holding the service plan's API token.
    pub token_file: PathBuf,
    /// Where the service plan is, and so the texts with it: `eu`, `us`, `au`, `br` or `ca`. A service plan is known in
    /// its own region only.
    #[serde(default = "eu")]
    pub region: String,
    /// The sender: a number such as `+447700900456`, or a name of at most 11 characters, which carers cannot answer.
    pub from: String,
    /// Another address than the region's. Plain `http` is accepted on loopback only, for rehearsals against a stand-in.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Our own address as Sinch reaches it, such as `https://liaison.school.example`; a path in front of `/webhooks/…`
    /// may follow. Without it no reports are asked for, and no post is believed.
    #[serde(default)]
    pub public_url: Option<String>,
    /// File holding the secret that Sinch signs its posts with. Needed with `public_url`. Unchecked: whether Sinch signs
    /// the SMS API's posts by itself, or once its support was asked.
    #[serde(default)]
    pub webhook_secret_file: Option<PathBuf>,
    /// How far the time of a signature may lie from our clock, in seconds, 60 to 604,800. A day by default: Sinch
    /// repeats a post for nearly 23 hours, and whether it signs each repeat anew is unchecked. What is posted twice does
    /// no harm.
    #[serde(default = "a_day")]
    pub signature_window_secs: u32,
    /// Messages a second (not parts). 1 until Sinch has said what the service plan may do; at most 1,000.
    #[serde(default = "one_a_second")]
    pub per_second: f64,
    /// Messages on the wire at once, 1 to 100.
    #[serde(default = "four")]
    pub in_flight: usize,
    /// Seconds to reach Sinch (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
    /// Seconds for which a text is worth delivering, 60 to 259,200 (three days); Sinch drops it after. Its own default,
    /// the three days, if absent.
    #[serde(default)]
    pub validity_secs: Option<u32>,
    /// The most parts a text may be billed as, 1 to 20: a cap on cost that holds whatever was written. A longer text is
    /// refused, never cut.
    #[serde(default = "ten_parts")]
    pub max_parts: u8,
    /// What a part of a text costs, and how many may leave in a month.
    #[serde(default)]
    pub cost: CostConfig,
}

fn eu() -> String {
    "eu".to_owned()
}
const fn a_day() -> u32 {
    86_400
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
const fn ten_parts() -> u8 {
    10
}

/// How Sinch's posts are proved, and where they come.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) secret: SecretString,
    pub(super) public: String,
    pub(super) window: SignedDuration,
}

/// The settings, checked, with the secrets read.
pub(super) struct Settings {
    pub(super) plan: String,
    pub(super) from: String,
    /// Whether the sender can be answered.
    pub(super) is_number: bool,
    pub(super) base: Url,
    pub(super) posts: Option<Proof>,
    pub(super) patience: Patience,
    pub(super) validity: Option<SignedDuration>,
    pub(super) max_parts: u8,
    pub(super) cost: Cost,
}

impl SinchConfig {
    /// The settings and the token.
    pub(super) fn check(&self) -> Result<(Settings, SecretString), OpenError> {
        let plan = &self.service_plan_id;
        if !(1..=64).contains(&plan.len())
            || !plan.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            return Err(bad("service_plan_id must be the service plan's ID, as Sinch's dashboard shows it"));
        }
        let is_number = is_e164(&self.from);
        if !is_number && !is_sender_name(&self.from) {
            return Err(bad(
                "from must be a number such as +447700900456, or a name of 1 to 11 of A-Z a-z 0-9 space \
                            . & _ - with at least one letter",
            ));
        }
        let validity = self.validity_secs.map(|secs| within("validity_secs", secs, 60, LONGEST_VALIDITY));
        let settings = Settings {
            cost: self.cost.check()?,
            plan: plan.clone(),
            from: self.from.clone(),
            is_number,
            base: self.base()?,
            posts: self.posts()?,
            patience: Patience {
                connect: seconds("connect_timeout_secs", self.connect_timeout_secs)?,
                answer: seconds("answer_timeout_secs", self.answer_timeout_secs)?,
                in_flight: within("in_flight", self.in_flight, 1, 100)?,
            },
            validity: validity.transpose()?.map(|secs| SignedDuration::from_secs(secs.into())),
            max_parts: within("max_parts", self.max_parts, 1, 20)?,
        };
        Ok((settings, secret("token_file", &self.token_file)?))
    }

    fn base(&self) -> Result<Url, OpenError> {
        if !REGIONS.contains(&self.region.as_str()) {
            return Err(OpenError(format!(
                "region must be the service plan's, one of {}",
                REGIONS.join(", ")
            )));
        }
        let of_region = || format!("https://{}.sms.api.sinch.com", self.region);
        base_url(&self.base_url.clone().unwrap_or_else(of_region))
    }

    fn posts(&self) -> Result<Option<Proof>, OpenError> {
        let secs = within("signature_window_secs", self.signature_window_secs, 60, 604_800)?;
        let window = SignedDuration::from_secs(secs.into());
        match (&self.public_url, &self.webhook_secret_file) {
            (Some(public), Some(file)) => {
                let secret = secret("webhook_secret_file", file)?;
                Ok(Some(Proof { secret, public: public_url(public)?, window }))
            }
            (None, None) => Ok(None),
            _ => Err(bad(
                "public_url and webhook_secret_file belong together: Sinch's posts are believed by their \
                          signature alone. Set both or neither",
            )),
        }
    }

    pub(super) fn pace(&self) -> Result<Pace, OpenError> {
        settings::pace(self.per_second, 1000.0)
    }
}
