//! What proves a provider's posts, with the secret read.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use secrecy::ExposeSecret;

use super::config::{Digest, Encoding, Proof};
use crate::{
    error::OpenError,
    receipt::Posted,
    secret::Expected,
    settings::{bad, secret},
};

/// The fewest characters of a secret in an address.
const SHORTEST: usize = 20;

/// Tells the provider's posts from others.
pub(super) enum Proved {
    Hmac { header: String, key: hmac::Key, encoding: Encoding },
    Basic(Expected),
    Address(Expected),
}

impl Proved {
    pub(super) fn new(proof: &Proof) -> Result<Self, OpenError> {
        const FILE: &str = "proof.secret_file";
        Ok(match proof {
            Proof::Hmac { header, algorithm, encoding, secret_file } => {
                let algorithm = match algorithm {
                    Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    Digest::Sha256 => hmac::HMAC_SHA256,
                    Digest::Sha512 => hmac::HMAC_SHA512,
                };
                if header.is_empty()
                    || !header.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                {
                    return Err(bad("proof.header is not a header's name"));
                }
                let key = hmac::Key::new(algorithm, secret(FILE, secret_file)?.expose_secret().as_bytes());
                Self::Hmac { header: header.to_ascii_lowercase(), key, encoding: *encoding }
            }
            Proof::Basic { username, secret_file } => {
                if username.is_empty() || username.contains(':') {
                    return Err(bad("proof.username must be there, without a colon"));
                }
                let password = secret(FILE, secret_file)?;
                let login = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
                Self::Basic(Expected::new(&login.into()))
            }
            Proof::Address { secret_file } => {
                let secret = secret(FILE, secret_file)?;
                let text = secret.expose_secret();
                if text.len() < SHORTEST
                    || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                {
                    return Err(bad("proof.secret_file must hold at least 20 letters, digits, '-' and '_'"));
                }
                Self::Address(Expected::new(&secret))
            }
        })
    }

    /// Whether a post is the provider's.
    pub(super) fn fits(&self, posted: &Posted<'_>) -> bool {
        match self {
            Self::Hmac { header, key, encoding } => only(posted, header)
                .and_then(|mac| decoded(*encoding, mac))
                .is_some_and(|mac| hmac::verify(key, posted.body, &mac).is_ok()),
            // The scheme's name is in any case (RFC 9110 §11.1).
            Self::Basic(login) => only(posted, "authorization")
                .and_then(|value| value.split_once(' '))
                .is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("basic") && login.fits(given)),
            Self::Address(secret) => {
                let query = posted.path_and_query.split_once('?').map(|(_, query)| query);
                query.is_some_and(|query| secret.fits(query))
            }
        }
    }
}

/// A header's one value. Two of them are ambiguous, and prove nothing.
fn only<'a>(posted: &Posted<'a>, name: &str) -> Option<&'a str> {
    let mut values =
        posted.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

fn decoded(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => {
            let pairs = text.as_bytes().chunks(2);
            let pair = |pair: &[u8]| match pair {
                [high, low] => {
                    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
                    Some(digit(*high)? << 4 | digit(*low)?)
                }
                _ => None,
            };
            pairs.map(pair).collect()
        }
    }
}
