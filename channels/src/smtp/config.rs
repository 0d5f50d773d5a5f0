//! Settings of a mail channel, and the checks that can be made before anything is reached.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use lettre::message::Mailbox;
use serde::Deserialize;

pub use crate::tls::Tls;
use crate::{
    error::OpenError,
    line, mime,
    oauth::{OAuthConfig, Proof},
};

/// Settings of a `kind = "smtp"` channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// The school's mail server, by the name in its certificate, such as `smtp.office365.com`.
    pub host: String,
    /// Its port. By default 587 for `starttls`, 465 for `tls` and 25 for `none`.
    pub port: Option<u16>,
    /// How the line is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// Leave for `tls = "none"` to a server that is not on this machine. Never together with a password.
    #[serde(default)]
    pub allow_plain: bool,
    /// PEM file of a private certificate authority, trusted beside those the machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Sign in as. Without it the server must know this machine by its address.
    pub username: Option<String>,
    /// File with the password, or the name of a systemd credential. A line break at its end is dropped.
    pub password_file: Option<PathBuf>,
    /// Signs in with tokens instead of a password; `username` is then the mailbox's address.
    pub oauth: Option<Box<OAuthConfig>>,
    /// Who writes, such as `Northfield School <parents@northfield.example>`.
    pub from: String,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<String>,
    /// Where bounces go (the envelope sender), if not to `from`. Exchange and Gmail insist on the mailbox itself.
    pub envelope_from: Option<String>,
    /// Whether an automatic answer leaves with the null envelope sender `<>`, as it should (RFC 3834 §3.3). `false` for
    /// servers that take only the mailbox itself, such as Exchange Online and Gmail.
    #[serde(default = "yes")]
    pub null_sender: bool,
    /// Whether each mail's `Reply-To` is marked (`parents+mark@…`), so that an answer tells which mail it answers even
    /// where its references are lost. The mailbox must take such addresses, or answers are lost: try one by hand first.
    #[serde(default)]
    pub reply_tags: bool,
    /// Under which names the relay publishes the keys it signs our mail with (DKIM): only for `liaison check`, which otherwise
    /// looks under the usual ones.
    #[serde(default)]
    pub dkim_selectors: Vec<String>,
    /// The name we greet with. By default this machine's.
    pub hello_name: Option<String>,
    /// Connections at most, 1 to 64; each carries one message at a time. Exchange Online allows 3.
    #[serde(default = "default_connections")]
    pub connections: usize,
    /// Messages a minute at most. Exchange Online takes 30. Unlimited by default.
    pub per_minute: Option<NonZeroU32>,
    /// A connection unused for this many seconds is not used again.
    #[serde(default = "default_idle")]
    pub idle_secs: f64,
    /// Seconds to find the server's address and connect.
    #[serde(default = "default_connect")]
    pub connect_secs: f64,
    /// Seconds for the greeting, for encryption and for each answer.
    #[serde(default = "default_command")]
    pub command_secs: f64,
    /// Seconds to write a message, and then for the server to say that it has it.
    #[serde(default = "default_data")]
    pub data_secs: f64,
}

const fn yes() -> bool {
    true
}

const fn default_connections() -> usize {
    4
}
const fn default_idle() -> f64 {
    30.0
}
const fn default_connect() -> f64 {
    10.0
}
const fn default_command() -> f64 {
    30.0
}
const fn default_data() -> f64 {
    120.0
}

/// A user name, and what proves it.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) proof: Proof,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) connect: Duration,
    pub(super) command: Duration,
    pub(super) data: Duration,
    pub(super) idle: Duration,
}

impl SmtpConfig {
    /// The port, chosen by the encryption when it is not set.
    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::StartTls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        })
    }

    /// All that is wrong with the settings themselves, in one error.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let wrong = [
            (self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c.is_control()))
                .then_some("host: name the school's mail server, such as smtp.office365.com"),
            (!(1..=64).contains(&self.connections)).then_some("connections: choose 1 to 64"),
            (self.username.is_some() != (self.password_file.is_some() || self.oauth.is_some()))
                .then_some("username and password_file: set both, or username and oauth, or none of them"),
            (self.password_file.is_some() && self.oauth.is_some())
                .then_some("password_file and oauth: set one of them; the channel signs in one way"),
            (self.tls == Tls::None && !self.is_on_this_machine() && !self.allow_plain).then_some(
                "tls: \"none\" is only for a relay on this machine; use \"starttls\", or set allow_plain = true",
            ),
            (self.tls == Tls::None && !self.is_on_this_machine() && self.username.is_some())
                .then_some("tls: with \"none\" the password would cross the network readable; use \"starttls\""),
            self.hello_name
                .as_ref()
                .is_some_and(|name| !is_hello_name(name))
                .then_some("hello_name: a host name, such as liaison.northfield.example"),
        ];
        let mut wrong: Vec<_> = wrong.into_iter().flatten().map(str::to_owned).collect();
        wrong.extend(self.oauth.iter().flat_map(|oauth| oauth.problems()));
        if wrong.is_empty() { Ok(()) } else { Err(OpenError(wrong.join("; "))) }
    }

    fn is_on_this_machine(&self) -> bool {
        line::is_on_this_machine(&self.host)
    }

    /// The deadlines as durations.
    pub(super) fn patience(&self) -> Result<Patience, OpenError> {
        let secs = |key: &str, value: f64| {
            let fits = value > 0.0 && value <= 3600.0;
            let value = if fits { Duration::try_from_secs_f64(value).ok() } else { None };
            value.ok_or_else(|| OpenError(format!("{key}: choose seconds, above 0 and up to 3600")))
        };
        Ok(Patience {
            connect: secs("connect_secs", self.connect_secs)?,
            command: secs("command_secs", self.command_secs)?,
            data: secs("data_secs", self.data_secs)?,
            idle: secs("idle_secs", self.idle_secs)?,
        })
    }

    /// Reads the password, or what tokens are got by. `None` when the channel does not sign in.
    pub(super) fn login(&self) -> Result<Option<Login>, OpenError> {
        let Some(username) = &self.username else { return Ok(None) };
        let proof = Proof::open(username, self.password_file.as_deref(), self.oauth.as_deref())?;
        Ok(proof.map(|proof| Login { username: username.clone(), proof }))
    }

    /// The name for `EHLO`: the setting, this machine's name, or an address literal (RFC 5321 §4.1.4).
    pub(super) fn hello(&self) -> String {
        let machine =
            || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
        let name = self.hello_name.clone().or_else(machine).filter(|name| is_hello_name(name));
        name.unwrap_or_else(|| "[127.0.0.1]".to_owned())
    }
}

fn is_hello_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
}

/// Reads `Name <address>` or a bare address out of the setting `key`. Ours must be ASCII: every server takes those.
pub(super) fn mailbox(key: &str, text: &str) -> Result<Mailbox, OpenError> {
    let mailbox = mime::mailbox(text).filter(|mailbox| mailbox.email.to_string().is_ascii());
    mailbox.ok_or_else(|| {
        OpenError(format!("{key}: write it like Northfield School <parents@northfield.example>"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> SmtpConfig {
        let mut settings: serde_json::Value = serde_json::from_str(json).expect("test settings");
        let map = settings.as_object_mut().expect("an object");
        map.entry("host").or_insert("mail.school.example".into());
        map.entry("from").or_insert("School <parents@school.example>".into());
        serde_json::from_value(settings).expect("known keys")
    }

    #[test]
    fn a_line_is_encrypted_unless_the_relay_is_on_this_machine() {
        let refused = [
            r#"{"tls": "none"}"#,
            r#"{"tls": "none", "host": "192.0.2.1"}"#,
            r#"{"tls": "none", "allow_plain": true, "username": "a", "password_file": "b"}"#,
        ];
        let taken = [
            r"{}",
            r#"{"tls": "none", "host": "localhost"}"#,
            r#"{"tls": "none", "host": "::1"}"#,
            r#"{"tls": "none", "allow_plain": true}"#,
        ];

        assert!(refused.iter().all(|json| config(json).check().is_err()));
        assert!(taken.iter().all(|json| config(json).check().is_ok()));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let wrong = config(r#"{"host": "", "connections": 0, "username": "a", "hello_name": "a b"}"#);

        let told = wrong.check().expect_err("four problems").to_string();

        assert!(
            ["host:", "connections:", "password_file:", "hello_name:"].iter().all(|key| told.contains(key))
        );
    }

    #[test]
    fn a_channel_signs_in_one_way() {
        let told = |json: &str| config(json).check().err().map(|error| error.to_string()).unwrap_or_default();
        let token = r#""oauth": {"provider": "google", "key_file": "k"}"#;

        assert_eq!(told(&format!(r#"{{"username": "a@a.example", {token}}}"#)), "");
        assert!(told(&format!("{{{token}}}")).contains("or username and oauth"));
        let both = told(&format!(r#"{{"username": "a@a.example", "password_file": "p", {token}}}"#));
        assert!(both.contains("one of them"), "{both}");
        let nothing = told(r#"{"username": "a", "oauth": {"provider": "microsoft"}}"#);
        assert!(["oauth.tenant", "oauth.client_id"].iter().all(|key| nothing.contains(key)), "{nothing}");
    }

    #[test]
    fn deadlines_are_seconds_that_end() {
        for secs in ["0", "-1", "1e300", "3601"] {
            assert!(config(&format!(r#"{{"data_secs": {secs}}}"#)).patience().is_err(), "{secs}");
        }
        assert_eq!(
            config(r#"{"data_secs": 0.25}"#).patience().map(|p| p.data).ok(),
            Some(Duration::from_millis(250))
        );
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let settings = r#"{"host": "a.example", "from": "a@a.example", "pasword_file": "x"}"#;

        assert!(serde_json::from_str::<SmtpConfig>(settings).is_err());
    }
}
