//! Vonage's signed messages: proof that a request comes from the provider, and was not changed.
//!
//! Every parameter but `sig` is signed: sorted by name, `&` and `=` in values become `_`, each is written as
//! `&name=value`, and the whole goes into an HMAC. The method is a setting of the account and is not told; the length of
//! `sig` tells it. (Provider's pages on signed messages and on inbound texts, and its Python and Node packages, as read
//! in 2026-11.) MD5, the account's default, can be forged and is accepted only where a school has said so in its settings.
//!
//! The address is not signed, and `&`, `=` and `_` in a value stand for one another.

use std::{collections::BTreeMap, fmt};

use md5::{Digest as _, Md5};
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
    /// The MD5 of parameters and secret, one behind the other: the account's default.
    Md5Hash,
    /// HMAC-MD5.
    Md5,
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

impl Method {
    /// All that are accepted of themselves.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// All that can be forged, and are accepted by leave alone.
    pub const WEAK: [Self; 2] = [Self::Md5Hash, Self::Md5];

    /// The setting's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5Hash => "md5hash",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Whether it can be forged.
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Md5Hash | Self::Md5)
    }

    const fn length(self) -> usize {
        match self {
            Self::Md5Hash | Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn tag(self, secret: &SecretString, signed: &str) -> Vec<u8> {
        let secret = secret.expose_secret().as_bytes();
        let algorithm = match self {
            Self::Md5Hash => return Md5::new().chain_update(signed).chain_update(secret).finalize().to_vec(),
            Self::Md5 => return hmac_md5(secret, signed.as_bytes()),
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes()).as_ref().to_vec()
    }
}

/// RFC 2104, with MD5.
fn hmac_md5(secret: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let hashed = (secret.len() > BLOCK).then(|| Md5::digest(secret).to_vec());
    let mut key = hashed.unwrap_or_else(|| secret.to_vec());
    key.resize(BLOCK, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
    let inner = Md5::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Md5::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
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
                 this to sha256 (or, until Vonage has done so, set weak_signature)"
            } else {
                "signature_method must be sha256, sha512 or sha1, as the account is set at Vonage"
            })
        })
    }
}

/// A method that can be forged, by the word with which a school accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeakSignature {
    /// See [`Method::Md5Hash`].
    Md5Hash,
    /// See [`Method::Md5`].
    Md5,
}

impl From<WeakSignature> for Method {
    fn from(weak: WeakSignature) -> Self {
        match weak {
            WeakSignature::Md5Hash => Self::Md5Hash,
            WeakSignature::Md5 => Self::Md5,
        }
    }
}

/// The parameters of a request whose signature is right, without `sig`; or what is wrong, with a sentence. With a method,
/// no other is accepted; without, its length tells it, and none that can be forged is accepted.
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
    let weak = method.filter(|method| method.is_weak());
    if tag.len() == 16 && weak.is_none() {
        return Err(wrong(
            "the signature is made with MD5, which can be forged: set the account to SHA-256 HMAC",
        ));
    }
    let told = weak.into_iter().chain(Method::ALL).find(|method| method.length() == tag.len());
    let told = told.ok_or(wrong("the sig parameter is as long as no signature"))?;
    if method.is_some_and(|method| method != told) {
        return Err(wrong("the signature is made by another method than the channel's signature_method"));
    }
    if !are_equal(secret, &told.tag(secret, &signed(&fields)), &tag) {
        return Err(wrong(
            "the signature does not fit: it was made with another secret, or over other parameters",
        ));
    }
    Ok(fields)
}

/// Whether two tags are the same, without telling by the time it takes how far they are.
fn are_equal(secret: &SecretString, ours: &[u8], theirs: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    hmac::verify(&key, theirs, hmac::sign(&key, ours).as_ref()).is_ok()
}

/// The signature Vonage would give, in small hexadecimal digits. For stand-ins and tests; comparing it is `verify`'s work.
pub fn sign(secret: &SecretString, method: Method, fields: &BTreeMap<String, String>) -> String {
    method.tag(secret, &signed(fields)).iter().map(|byte| format!("{byte:02x}")).collect()
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
