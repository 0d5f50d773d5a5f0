//! Sinch's webhook signature: proof that a request comes from the provider, and was not changed.
//!
//! `x-sinch-webhook-signature` holds the Base64 of an HMAC-SHA256 over the raw body, a dot, the nonce, a dot and the time,
//! which stand in headers of their own beside the algorithm's name. (Provider's page on signed callbacks and its SDKs, as
//! read in 2026-11.) The address is not signed.
//!
//! Sinch repeats a post for most of a day, and whether a repeat is signed anew is unchecked: so the time is checked
//! against a window of the settings, by whoever calls [`verify`]. A nonce is not remembered: what is posted twice is kept
//! once by its id, and a receipt never moves a text backwards.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::receipt::{Forgery, NotBelieved, only_header};

const WRONG: NotBelieved = NotBelieved::Forged(Forgery::Wrong);

/// The header that carries the signature, in lower case.
pub const SIGNATURE: &str = "x-sinch-webhook-signature";
/// The header that names the algorithm, in lower case.
pub const ALGORITHM: &str = "x-sinch-webhook-signature-algorithm";
/// The header that carries the number used once, in lower case.
pub const NONCE: &str = "x-sinch-webhook-signature-nonce";
/// The header that carries the time of signing in Unix seconds, in lower case.
pub const TIMESTAMP: &str = "x-sinch-webhook-signature-timestamp";
/// The one algorithm that is accepted. Another is refused, never replaced by this one.
pub const HMAC_SHA256: &str = "HmacSHA256";

/// Checks a request against the secret, and returns when it was signed. `headers` are in lower case. `Forged` is the only
/// error; it says nothing of what was expected.
pub fn verify(
    secret: &SecretString,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Timestamp, NotBelieved> {
    let header = |name| only_header(headers, name)?.ok_or(WRONG);
    let signature = only_header(headers, SIGNATURE)?.ok_or(NotBelieved::Forged(Forgery::Missing))?;
    let tag = STANDARD.decode(signature).map_err(|_| WRONG)?;
    let (nonce, timestamp) = (header(NONCE)?, header(TIMESTAMP)?);
    if header(ALGORITHM)? != HMAC_SHA256 || nonce.is_empty() {
        return Err(WRONG);
    }
    hmac::verify(&key(secret), &signed(body, nonce, timestamp), &tag).map_err(|_| WRONG)?;
    let seconds = timestamp.parse().map_err(|_| WRONG)?;
    Timestamp::from_second(seconds).map_err(|_| WRONG)
}

/// The signature Sinch would give, in Base64. For stand-ins and tests; comparing it is [`verify`]'s work.
pub fn sign(secret: &SecretString, body: &[u8], nonce: &str, timestamp: &str) -> String {
    STANDARD.encode(hmac::sign(&key(secret), &signed(body, nonce, timestamp)))
}

fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

fn signed(body: &[u8], nonce: &str, timestamp: &str) -> Vec<u8> {
    [body, nonce.as_bytes(), timestamp.as_bytes()].join(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with the provider's package `@sinch/sdk-client` 1.5.0.
    const SECRET: &str = "foo_secret1234";
    const BODY: &str = r#"{"type":"mo_text","to":"447700900000","from":"447700900123","id":"01FC66621XXXXX119Z8PMV1QPA","body":"Thank you","received_at":"2026-11-23T15:00:00.000Z"}"#;
    const HEADERS: [(&str, &str); 4] = [
        (SIGNATURE, "YGKsboDJeZqRsq4Lu+C9zIE21+wSB5h+7/X++dyxJag="),
        (ALGORITHM, HMAC_SHA256),
        (NONCE, "01JA8B4A7BM43YGWSG9GBV067F"),
        (TIMESTAMP, "1795446000"),
    ];

    fn headers(changed: Option<(&str, &str)>) -> Vec<(String, String)> {
        let value = |name, value| changed.filter(|(n, _)| *n == name).map_or(value, |(_, other)| other);
        HEADERS.iter().map(|(n, v)| ((*n).to_owned(), value(*n, *v).to_owned())).collect()
    }

    fn check(secret: &str, headers: &[(String, String)], body: &str) -> Result<i64, NotBelieved> {
        verify(&SecretString::from(secret), headers, body.as_bytes()).map(Timestamp::as_second)
    }

    #[test]
    fn a_signature_of_the_providers_own_is_believed_and_can_be_made() {
        assert_eq!(check(SECRET, &headers(None), BODY), Ok(1_795_446_000));
        let made = sign(&SecretString::from(SECRET), BODY.as_bytes(), HEADERS[2].1, HEADERS[3].1);
        assert_eq!(made, HEADERS[0].1);
    }

    #[test]
    fn whatever_was_changed_is_forged() {
        let other_body = BODY.replace("Thank you", "Thank yov");
        let spaced = BODY.replace("\",\"", "\", \"");
        assert_eq!(check(SECRET, &headers(None), &other_body), Err(WRONG));
        assert_eq!(check(SECRET, &headers(None), &spaced), Err(WRONG), "the raw bytes are signed");
        assert_eq!(check("foo_secret1235", &headers(None), BODY), Err(WRONG));
        for (header, value) in [
            (SIGNATURE, "YGKsboDJeZqRsq4Lu+C9zIE21+wSB5h+7/X++dyxJah="),
            (SIGNATURE, "YGKsboDJeZqRsq4Lu"),
            (SIGNATURE, ""),
            (NONCE, "01JA8B4A7BM43YGWSG9GBV067G"),
            (NONCE, ""),
            (TIMESTAMP, "1795446001"),
            (TIMESTAMP, ""),
            (ALGORITHM, "HmacSHA1"),
            (ALGORITHM, "HmacSHA512"),
            (ALGORITHM, "HmacMD5"),
            (ALGORITHM, "none"),
            (ALGORITHM, ""),
        ] {
            let forged = check(SECRET, &headers(Some((header, value))), BODY);

            assert_eq!(forged, Err(WRONG), "{header}: {value}");
        }
    }

    #[test]
    fn a_header_that_is_missing_or_there_twice_is_forged() {
        for (name, value) in HEADERS {
            let mut without = headers(None);
            without.retain(|(n, _)| n != name);
            let twice = [headers(None), vec![(name.to_owned(), value.to_owned())]].concat();

            let missing = if name == SIGNATURE { Forgery::Missing } else { Forgery::Wrong };
            assert_eq!(check(SECRET, &without, BODY), Err(NotBelieved::Forged(missing)), "without {name}");
            assert_eq!(check(SECRET, &twice, BODY), Err(WRONG), "{name} twice");
        }
    }

    #[test]
    fn a_nonce_that_is_empty_is_forged_although_it_is_signed() {
        let tag = sign(&SecretString::from(SECRET), BODY.as_bytes(), "", "1795446000");
        let headers =
            [(SIGNATURE, tag.as_str()), (ALGORITHM, HMAC_SHA256), (NONCE, ""), (TIMESTAMP, "1795446000")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));

        assert_eq!(check(SECRET, &headers, BODY), Err(WRONG));
    }

    #[test]
    fn a_time_that_is_none_is_forged_although_it_is_signed() {
        for time in ["soon", "1795446000.5", "99999999999999", ""] {
            let tag = sign(&SecretString::from(SECRET), BODY.as_bytes(), "n", time);
            let headers =
                [(SIGNATURE, tag.as_str()), (ALGORITHM, HMAC_SHA256), (NONCE, "n"), (TIMESTAMP, time)]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));

            assert_eq!(check(SECRET, &headers, BODY), Err(WRONG), "{time}");
        }
    }
}
