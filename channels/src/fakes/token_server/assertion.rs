//! A service account's assertion, checked as strictly as Google does, and more.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rsa::KeyPair,
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde::{Deserialize, de::DeserializeOwned};

use super::{ACCOUNT, KEY_ID};

/// The service account's private key: made for these tests, and good for nothing else.
pub(super) const KEY: &str = include_str!("key.pem");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    sub: String,
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Why an assertion is refused: the error's name and words.
pub(super) type Refusal = (&'static str, &'static str);

/// Checks an assertion made out to `audience` for `mailbox`, at this time in seconds.
pub(super) fn check(assertion: &str, audience: &str, mailbox: &str, now: i64) -> Result<(), Refusal> {
    const BROKEN: Refusal = ("invalid_grant", "Invalid JWT: Failed audience check or malformed.");
    let (signed, signature) = assertion.rsplit_once('.').ok_or(BROKEN)?;
    let (header, claims) = signed.split_once('.').ok_or(BROKEN)?;
    let header: Header = decoded(header).ok_or(BROKEN)?;
    let claims: Claims = decoded(claims).ok_or(BROKEN)?;
    if (header.alg.as_str(), header.typ.as_str(), header.kid.as_str()) != ("RS256", "JWT", KEY_ID)
        || !is_signed(signed, signature)
    {
        return Err(("invalid_grant", "Invalid JWT Signature."));
    }
    if claims.iss != ACCOUNT || claims.sub != mailbox {
        return Err(("invalid_grant", "Not a valid email or user ID."));
    }
    if claims.aud != audience {
        return Err(BROKEN);
    }
    if (claims.iat - now).abs() > 300 || claims.exp <= now || claims.exp - claims.iat > 3600 {
        return Err((
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and \
             exp values in the JWT claim.",
        ));
    }
    if claims.scope != "https://mail.google.com/" {
        return Err((
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the \
             scopes requested.",
        ));
    }
    Ok(())
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn is_signed(signed: &str, signature: &str) -> bool {
    let verified = || {
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).ok()?;
        let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()
    };
    verified().is_some()
}
