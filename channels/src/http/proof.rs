//! What proves a provider's posts, with the secret read.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use secrecy::ExposeSecret;

use super::config::{Digest, Encoding, Proof};
use crate::{
    error::OpenError,
    receipt::{Forgery, Posted, only_header},
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

    /// Whether a post is the provider's; what is wrong with its proof, else.
    pub(super) fn check(&self, posted: &Posted<'_>) -> Result<(), Forgery> {
        let header = |name: &str| only_header(posted.headers, name).map_err(|_| Forgery::Wrong);
        let shown = match self {
            Self::Hmac { header: name, .. } => header(name)?,
            Self::Basic(_) => header("authorization")?,
            Self::Address(_) => posted.path_and_query.split_once('?').map(|(_, query)| query),
        };
        let shown = shown.ok_or(Forgery::Missing)?;
        let fits = match self {
            Self::Hmac { key, encoding, .. } => {
                decoded(*encoding, shown).is_some_and(|mac| hmac::verify(key, posted.body, &mac).is_ok())
            }
            // The scheme's name is in any case (RFC 9110 §11.1).
            Self::Basic(login) => shown
                .split_once(' ')
                .is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("basic") && login.fits(given)),
            Self::Address(secret) => secret.fits(shown),
        };
        if fits { Ok(()) } else { Err(Forgery::Wrong) }
    }
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
