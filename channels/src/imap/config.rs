//! Settings of a mailbox that is read, and the checks that can be made before anything is reached.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::{address::EmailAddress, error::OpenError, line, oauth::OAuthConfig, tls::Tls};

/// Settings of a `kind = "imap"` channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImapConfig {
    /// The school's mail server, by the name in its certificate.
    pub host: String,
    /// Its port. By default 993 for `tls`, 143 for `starttls` and `none`.
    pub port: Option<u16>,
    /// How the line is encrypted.
    #[serde(default = "default_tls")]
    pub tls: Tls,
    /// Leave for `tls = "none"` to a server that is not on this machine: the password crosses the network readable.
    #[serde(default)]
    pub allow_plain: bool,
    /// PEM file of a private certificate authority, trusted beside those the machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Sign in as.
    pub username: String,
    /// File with the password, or the name of a systemd credential. A line break at its end is dropped.
    pub password_file: Option<PathBuf>,
    /// Signs in with tokens instead of a password; `username` is then the mailbox's address.
    pub oauth: Option<Box<OAuthConfig>>,
    /// The mailbox to read, or one folder of it: `INBOX`, `Junk`, `Elternbriefe ä`. A folder below another is written with
    /// the server's own separator, mostly `/` or `.`: `INBOX/Carers`.
    #[serde(default = "default_mailbox")]
    pub mailbox: String,
    /// The addresses whose mail arrives here, at least one: by them our own mail is known again.
    pub addresses: Vec<String>,
    /// Seconds between two looks where the server does not tell of new mail; 1 to 3600.
    #[serde(default = "default_poll")]
    pub poll_secs: f64,
    /// Let the server tell of new mail (IDLE, RFC 2177), where it can.
    #[serde(default = "default_idle")]
    pub idle: bool,
    /// Mails up to this size are taken whole, in MB of 1,048,576 bytes, 1 to 500; of larger ones the beginning.
    #[serde(default = "default_largest")]
    pub largest_mb: u32,
    /// Seconds for each step: reaching, encrypting, signing in, and each part of an answer.
    #[serde(default = "default_deadline")]
    pub deadline_secs: f64,
}

const fn default_tls() -> Tls {
    Tls::Tls
}
fn default_mailbox() -> String {
    "INBOX".to_owned()
}
const fn default_poll() -> f64 {
    60.0
}
const fn default_idle() -> bool {
    true
}
const fn default_largest() -> u32 {
    50
}
const fn default_deadline() -> f64 {
    30.0
}

impl ImapConfig {
    /// The port, chosen by the encryption when it is not set.
    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls == Tls::Tls { 993 } else { 143 })
    }

    /// How long to wait between two looks.
    pub(super) fn poll(&self) -> Duration {
        let secs = if self.poll_secs.is_finite() { self.poll_secs } else { default_poll() };
        Duration::from_secs_f64(secs.clamp(1.0, 3600.0))
    }

    /// How long each step may take.
    pub(super) fn deadline(&self) -> Result<Duration, OpenError> {
        let fits = self.deadline_secs > 0.0 && self.deadline_secs <= 600.0;
        let deadline = if fits { Duration::try_from_secs_f64(self.deadline_secs).ok() } else { None };
        deadline.ok_or_else(|| OpenError("deadline_secs: choose seconds, above 0 and up to 600".to_owned()))
    }

    /// The largest mail that is taken whole, in bytes.
    pub(super) fn largest(&self) -> u32 {
        self.largest_mb.clamp(1, 500) * 1024 * 1024
    }

    /// All that is wrong with the settings themselves, in one error.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let plain = self.tls == Tls::None && !line::is_on_this_machine(&self.host) && !self.allow_plain;
        let wrong = [
            (self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c.is_control()))
                .then_some("host: name the school's mail server, such as imap.northfield.example"),
            plain.then_some(
                "tls: with \"none\" the password would cross the network readable; use \"tls\", or set allow_plain = true",
            ),
            (self.username.is_empty() || self.username.contains(char::is_control))
                .then_some("username: the name to sign in with"),
            (self.password_file.is_some() == self.oauth.is_some())
                .then_some("password_file and oauth: set one of them; the channel signs in one way"),
            (self.mailbox.trim().is_empty() || self.mailbox.contains(char::is_control))
                .then_some("mailbox: a folder's name as mail programs show it, such as INBOX or INBOX/Carers"),
            addresses_wrong(&self.addresses),
            (!(1..=500).contains(&self.largest_mb)).then_some("largest_mb: choose 1 to 500"),
        ];
        let mut wrong: Vec<_> = wrong.into_iter().flatten().map(str::to_owned).collect();
        wrong.extend(self.oauth.iter().flat_map(|oauth| oauth.problems()));
        if wrong.is_empty() { Ok(()) } else { Err(OpenError(wrong.join("; "))) }
    }
}

/// What is wrong with the setting `addresses` of a mailbox, if anything.
pub(crate) fn addresses_wrong(addresses: &[String]) -> Option<&'static str> {
    let wrong = addresses.is_empty() || addresses.iter().any(|text| EmailAddress::parse(text).is_err());
    wrong.then_some(
        "addresses: list the addresses whose mail arrives here, such as parents@northfield.example",
    )
}

/// The addresses of a mailbox, without those that cannot be read.
pub(crate) fn readable_addresses(addresses: &[String]) -> Vec<EmailAddress> {
    addresses.iter().filter_map(|text| EmailAddress::parse(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> ImapConfig {
        let mut settings: serde_json::Value = serde_json::from_str(json).expect("test settings");
        let map = settings.as_object_mut().expect("an object");
        map.entry("host").or_insert("imap.school.example".into());
        map.entry("username").or_insert("parents".into());
        if !map.contains_key("oauth") {
            map.entry("password_file").or_insert("password".into());
        }
        map.entry("addresses").or_insert(["parents@school.example"].as_slice().into());
        serde_json::from_value(settings).expect("known keys")
    }

    #[test]
    fn the_defaults_are_safe() {
        let config = config("{}");

        assert!(config.check().is_ok());
        assert_eq!((config.tls, config.port(), config.idle), (Tls::Tls, 993, true));
        assert_eq!((config.mailbox.as_str(), config.largest()), ("INBOX", 50 << 20));
    }

    #[test]
    fn a_password_crosses_the_network_readable_only_by_leave() {
        assert!(config(r#"{"tls": "none"}"#).check().is_err());
        assert!(config(r#"{"tls": "none", "host": "::1"}"#).check().is_ok());
        assert!(config(r#"{"tls": "none", "allow_plain": true}"#).check().is_ok());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let wrong = config(
            r#"{"host": "", "username": "", "mailbox": "Eltern\u0000", "addresses": ["x"], "largest_mb": 0}"#,
        );

        let told = wrong.check().expect_err("five problems").to_string();

        for key in ["host:", "username:", "mailbox:", "addresses:", "largest_mb:"] {
            assert!(told.contains(key), "{key} in {told}");
        }
    }

    #[test]
    fn a_channel_signs_in_one_way() {
        let told = |json: &str| config(json).check().err().map(|error| error.to_string()).unwrap_or_default();
        let both = told(r#"{"password_file": "p", "oauth": {"provider": "microsoft", "tenant": "common"}}"#);

        assert_eq!(told(r#"{"oauth": {"provider": "google", "key_file": "k"}}"#), "");
        for part in ["password_file and oauth", "oauth.tenant", "oauth.client_id"] {
            assert!(both.contains(part), "{part} in {both}");
        }
        assert!(told(r#"{"password_file": null}"#).contains("password_file and oauth"));
    }

    #[test]
    fn a_mailbox_has_an_address_of_its_own() {
        assert!(config(r#"{"addresses": []}"#).check().is_err());
    }

    #[test]
    fn looks_are_neither_hasty_nor_rare() {
        for (secs, taken) in [("0", 1), ("5", 5), ("1e300", 3600)] {
            let config = config(&format!(r#"{{"poll_secs": {secs}}}"#));

            assert_eq!(config.poll(), Duration::from_secs(taken), "{secs}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let settings = r#"{"host": "a.example", "username": "a", "password_file": "p", "addresses": [], "pasword": "x"}"#;

        assert!(serde_json::from_str::<ImapConfig>(settings).is_err());
    }
}
