//! Signing in to a mail server with a token instead of a password: `[channels.x.oauth]` of an `smtp` or `imap` channel.
//!
//! * [`OAuthConfig`] is what can be set;
//! * `tokens` gets tokens and keeps them: one fetch at a time, however many connections ask;
//! * `grant` is what is shown to the token service: an application's secret (Microsoft), or a service account's signature
//!   (Google, RFC 7523);
//! * `xoauth2` is the token as a mail server takes it; the conversations around it are in `smtp` and `imap`;
//! * `codes` and `refusals` say which switch is off when the token service, or the mail server, says no.
//!
//! Nobody signs in by hand, so there is no browser, no refresh token, and nothing that is kept on the disk.

mod codes;
mod config;
mod grant;
mod refusals;
mod tokens;
mod xoauth2;

use std::path::Path;

use secrecy::SecretString;

pub use self::config::{OAuthConfig, Provider};
pub(crate) use self::{
    refusals::{Protocol, is_without_mailbox, refusal},
    tokens::{NoToken, Token, Tokens},
    xoauth2::initial_response,
};
use crate::{error::OpenError, secret};

/// What proves to a mail server who we are.
pub(crate) enum Proof {
    /// A password.
    Password(SecretString),
    /// A token of a token service.
    Token(Box<Tokens>),
}

impl Proof {
    /// Reads what the settings name; reaches nothing. `None` where they name nothing.
    pub(crate) fn open(
        username: &str,
        password_file: Option<&Path>,
        oauth: Option<&OAuthConfig>,
    ) -> Result<Option<Self>, OpenError> {
        match (password_file, oauth) {
            (_, Some(oauth)) => Ok(Some(Self::Token(Box::new(Tokens::open(oauth, username)?)))),
            (Some(file), None) => Ok(Some(Self::Password(secret::password(file)?))),
            (None, None) => Ok(None),
        }
    }

    /// For `liaison check`.
    pub(crate) const fn in_words(&self) -> &'static str {
        match self {
            Self::Password(_) => "signed in",
            Self::Token(_) => "signed in with a token",
        }
    }
}
