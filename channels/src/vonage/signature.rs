//! Vonage's signed messages: proof that a request comes from the provider, and was not changed.
//!
//! Every parameter but `sig` is signed: sorted by name, `&` and `=` in values become `_`, each is written as
//! `&name=value`, and the whole goes into an HMAC. The method is a setting of the account and is not told; the length of
//! `sig` tells it. (Provider's pages on signed messages and on inbound texts, and its Python and Node packages, as read
//! in 2026-11.) MD5, the account's default, can be forged and is not accepted.
//!
//! The address is not signed, and `&`, `=` and `_` in a value stand for one another.

use std::{collections::BTreeMap, fmt};

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::receipt::Forgery;

/// A request's parameters, each once, by name.
pub(super) type Fields = BTreeMap<String, String>;

/// By which method an account signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

impl Method {
    /// All that are accepted.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// The setting's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    const fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn key(self, secret: &SecretString) -> hmac::Key {
        hmac::Key::new(self.algorithm(), secret.expose_secret().as_bytes())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let method = Self::ALL.into_iter().find(|method| method.as_str() == word);
        method.ok_or_else(|| {
            serde::de::Error::custom(if word.to_lowercase().contains("md5") {
                "signature_method: MD5 can be forged and is not accepted; set the account to SHA-256 HMAC at Vonage, and \
                 this to sha256"
            } else {
                "signature_method must be sha256, sha512 or sha1, as the account is set at Vonage"
            })
        })
    }
}

/// The parameters of a request whose signature is right, without `sig`; or what is wrong, with a sentence. With a method,
/// no other is accepted; without, its length tells it.
pub(super) fn verify(
    secret: &SecretString,
    method: Option<Method>,
    url: &str,
    body: &[u8],
) -> Result<Fields, (Forgery, &'static str)> {
    let wrong = |why| (Forgery::Wrong, why);
    let mut fields =
        fields(url, body).ok_or(wrong("a parameter is there twice, or the body is in no documented form"))?;
    let signature = fields.remove("sig").ok_or((
        Forgery::Missing,
        "there is no sig parameter, so nothing proves who sent this: signing of inbound messages has to be enabled by \
         Vonage's support",
    ))?;
    let tag = digits(&signature).ok_or(wrong("the sig parameter is not hexadecimal"))?;
    if tag.len() == 16 {
        return Err(wrong(
            "the signature is made with MD5, which can be forged: set the account to SHA-256 HMAC",
        ));
    }
    let told = Method::ALL.into_iter().find(|method| method.length() == tag.len());
    let told = told.ok_or(wrong("the sig parameter is as long as no signature"))?;
    if method.is_some_and(|method| method != told) {
        return Err(wrong("the signature is made by another method than the channel's signature_method"));
    }
    hmac::verify(&told.key(secret), signed(&fields).as_bytes(), &tag).map_err(|_| {
        wrong("the signature does not fit: it was made with another secret, or over other parameters")
    })?;
    Ok(fields)
}

/// The signature Vonage would give, in small hexadecimal digits. For stand-ins and tests; comparing it is `verify`'s work.
pub fn sign(secret: &SecretString, method: Method, fields: &BTreeMap<String, String>) -> String {
    let tag = hmac::sign(&method.key(secret), signed(fields).as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of a form, a JSON object or, without a body, of the address. A name that is there twice is ambiguous.
pub(super) fn fields(url: &str, body: &[u8]) -> Option<Fields> {
    if body.first() == Some(&b'{') {
        let object = serde_json::from_slice::<BTreeMap<String, Value>>(body).ok()?;
        return object.into_iter().map(|(name, value)| Some((name, plain(value)?))).collect();
    }
    let pairs = if body.is_empty() { query(url).as_bytes() } else { body };
    let mut fields = Fields::new();
    for (name, value) in url::form_urlencoded::parse(pairs) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// What stands behind the `?` of an address.
pub(super) fn query(url: &str) -> &str {
    url.split_once('?').map(|(_, query)| query).unwrap_or_default()
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn signed(fields: &Fields) -> String {
    fields.iter().map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_"))).collect()
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let nibbles: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|n| u8::try_from(n).ok())).collect::<Option<_>>()?;
    nibbles.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}
