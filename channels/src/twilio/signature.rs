//! Twilio's webhook signature: proof that a request comes from the provider, and was not changed.
//!
//! Header `X-Twilio-Signature` holds the Base64 of an HMAC over the address as Twilio called it, followed by the
//! decoded form fields: distinct names in byte order, each name's distinct values in order, name and value without
//! separators. The account's token signs with SHA-1; a shared key, named with its algorithm in
//! `X-Twilio-Webhooks-Signature-Settings`, with SHA-256. For a JSON body the address holds `bodySHA256`, and the
//! address alone is signed. (Provider's webhook security page and its `twilio` package 9.13, as read in 2026-07.)
//!
//! The scheme has no separators and no time: a field's first letters may move into its name unnoticed, and a request
//! may be replayed. So readers must check the form of what they use, and must bear a repeat.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};

use crate::receipt::{Forgery, NotBelieved, only_header};

const MISSING: NotBelieved = NotBelieved::Forged(Forgery::Missing);
const WRONG: NotBelieved = NotBelieved::Forged(Forgery::Wrong);

/// The header that carries the signature, in lower case.
pub const SIGNATURE: &str = "x-twilio-signature";
/// The header that names the shared key and the algorithm, in lower case.
pub const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// Which HMAC signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA1: requests signed with the account's token.
    Sha1,
    /// HMAC-SHA256: requests signed with a shared key.
    Sha256,
}

impl Algorithm {
    fn key(self, secret: &SecretString) -> hmac::Key {
        let algorithm = match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        };
        hmac::Key::new(algorithm, secret.expose_secret().as_bytes())
    }
}

/// The secrets that may have signed a request.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    token: Option<SecretString>,
    shared: BTreeMap<String, SecretString>,
    any: Option<SecretString>,
}

impl Keys {
    /// The same, with the account's token.
    #[must_use]
    pub fn token(mut self, token: SecretString) -> Self {
        self.token = Some(token);
        self
    }

    /// The same, with one more shared key.
    #[must_use]
    pub fn shared(mut self, id: impl Into<String>, secret: SecretString) -> Self {
        self.shared.insert(id.into(), secret);
        self
    }

    /// One secret, whatever key a request names: for looking at a request by hand, never for believing one.
    pub(super) fn whichever(secret: SecretString) -> Self {
        Self { any: Some(secret), ..Self::default() }
    }

    /// Whether there is nothing to prove a request with.
    pub fn is_empty(&self) -> bool {
        self.token.is_none() && self.shared.is_empty() && self.any.is_none()
    }

    /// The secret and the algorithm a request says it was signed with. An algorithm we do not know is never
    /// replaced by one we do.
    fn chosen(&self, settings: Option<&str>) -> Option<(&SecretString, Algorithm)> {
        let part = |name: &str| {
            let parts = settings.unwrap_or_default().split(',');
            parts
                .filter_map(|p| p.split_once('='))
                .find(|(n, _)| n.trim() == name)
                .map(|(_, value)| value.trim())
        };
        let algorithm = match part("algorithm") {
            None | Some("HMAC_SHA1") => Algorithm::Sha1,
            Some("HMAC_SHA256") => Algorithm::Sha256,
            Some(_) => return None,
        };
        let secret = match part("key") {
            Some(id) => self.shared.get(id),
            None => self.token.as_ref(),
        };
        Some((secret.or(self.any.as_ref())?, algorithm))
    }
}

/// A form's fields, decoded, in the order they came.
pub type Fields = Vec<(String, String)>;

/// Checks a request against the keys, and returns its form fields (none for a JSON body).
///
/// `url` is the address as Twilio called it: scheme, host, path and raw query, from our settings rather than from
/// the `Host` header. `headers` are in lower case. `Forged` is the only error; it says nothing of what was expected.
pub fn verify(
    keys: &Keys,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Fields, NotBelieved> {
    let signature = only_header(headers, SIGNATURE)?.ok_or(MISSING)?;
    let tag = STANDARD.decode(signature).map_err(|_| WRONG)?;
    let (secret, algorithm) = keys.chosen(only_header(headers, SETTINGS)?).ok_or(WRONG)?;
    let fields = match body_digest(url) {
        Some(expected) if is_digest_of(&expected, body) => Fields::new(),
        Some(_) => return Err(WRONG),
        None => form(body),
    };
    let key = algorithm.key(secret);
    let tail = signed_fields(&fields);
    let matches = |url: &str| hmac::verify(&key, [url, &tail].concat().as_bytes(), &tag).is_ok();
    // Twilio signs sometimes with and sometimes without the port, whichever way it was written.
    if matches(&without_port(url)) || matches(&with_port(url)) { Ok(fields) } else { Err(WRONG) }
}

/// The signature Twilio would give, in Base64. For stand-ins and tests; comparing it is [`verify`]'s work.
pub fn sign(secret: &SecretString, algorithm: Algorithm, url: &str, fields: &[(String, String)]) -> String {
    let signed = [url, &signed_fields(fields)].concat();
    STANDARD.encode(hmac::sign(&algorithm.key(secret), signed.as_bytes()))
}

/// A form's fields, without any proof.
pub(super) fn form(body: &[u8]) -> Fields {
    url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// A field's one value, if it has one that is not empty. Signing hides repeats, so a field that says two things says
/// nothing.
pub(super) fn one<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut values = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.any(|value| Some(value) != first) {
        return Err("a field is there twice");
    }
    Ok(first.filter(|value| !value.is_empty()))
}

fn signed_fields(fields: &[(String, String)]) -> String {
    let distinct: BTreeSet<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    distinct.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

fn body_digest(url: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "bodySHA256")
        .map(|(_, value)| value.into_owned())
}

/// Not a secret: the address that holds it is signed, so it needs no constant time.
fn is_digest_of(expected: &str, body: &[u8]) -> bool {
    let digest = digest::digest(&digest::SHA256, body);
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    let digits = digest.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.eq(expected.chars().map(Some))
}

/// Scheme with `://`, host, `:port` or nothing, and the rest.
fn parts(url: &str) -> Option<(&str, &str, &str, &str)> {
    let authority = url.find("://")? + 3;
    let (scheme, rest) = url.split_at_checked(authority)?;
    let (host, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
    // A colon inside the brackets of an IPv6 host is not a port's.
    let colon =
        host.rfind(':').filter(|at| host.rfind(']').is_none_or(|end| end < *at)).unwrap_or(host.len());
    let (host, port) = host.split_at_checked(colon)?;
    Some((scheme, host, port, path))
}

fn without_port(url: &str) -> Cow<'_, str> {
    match parts(url) {
        Some((scheme, host, port, path)) if !port.is_empty() => Cow::Owned([scheme, host, path].concat()),
        _ => Cow::Borrowed(url),
    }
}

fn with_port(url: &str) -> Cow<'_, str> {
    match parts(url) {
        Some((scheme, host, "", path)) => {
            let port = if scheme == "https://" { ":443" } else { ":80" };
            Cow::Owned([scheme, host, port, path].concat())
        }
        _ => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests;
