//! The API key taken apart, and the token that proves each request.
//!
//! A key is `name-serviceUUID-secretUUID`; the name may hold anything. Each request carries a JWT of its own
//! (RFC 7519, HS256) in which the service says who it is and what time it is. Notify compares that time with its own
//! clock. (Provider's REST documentation, "Authorisation header", and its Python client, as read in 2026-11.)

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::hmac;
use serde::Serialize;
use uuid::Uuid;

/// Characters of a UUID as Notify writes it.
const UUID: usize = 36;
/// The token's header, in the order in which Notify's own clients write it.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// An API key. It has no `Debug`, so that it cannot be printed.
pub(super) struct ApiKey {
    service: String,
    signs: hmac::Key,
}

/// What a token says.
#[derive(Serialize)]
struct Claims<'a> {
    /// The service.
    iss: &'a str,
    /// Seconds since 1970.
    iat: i64,
}

impl ApiKey {
    /// Takes a key apart. `None` if it does not end in two UUIDs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, secret) = uuid_at_end(text)?;
        let (_, service) = uuid_at_end(rest.strip_suffix('-')?)?;
        // The secret's letters are the key, and not the number that they write.
        let signs = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Some(Self { service: service.to_owned(), signs })
    }

    /// The token of a request made now.
    pub(super) fn token(&self, now: Timestamp) -> String {
        // Writing two plain fields cannot fail.
        let claims = Claims { iss: &self.service, iat: now.as_second() };
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let mac = hmac::sign(&self.signs, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }
}

fn uuid_at_end(text: &str) -> Option<(&str, &str)> {
    let (rest, uuid) = text.split_at_checked(text.len().checked_sub(UUID)?)?;
    Uuid::try_parse(uuid).ok().map(|_| (rest, uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the token of Notify's own Python client, version 10, for this moment.
    const KEY: &str = "my_test_key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIyNjc4NWEwOS1hYjE2LTRlYjAtODQwNy1hMzc0OTdh\
                         NTc1MDYiLCJpYXQiOjE3OTU0NDYwMDB9.CxPxIOV-6VZRIVZl_uy8-eYSHDRWugygr2dEXFwtLn0";
    const AT: i64 = 1_795_446_000;

    fn token(key: &str, at: i64) -> String {
        let at = Timestamp::from_second(at).expect("a time of this century");
        ApiKey::parse(key).expect("a key").token(at)
    }

    #[test]
    fn a_key_is_taken_apart_from_its_end_whatever_its_name() {
        let (service, secret) =
            ("26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0");
        for name in ["my_test_key", "with-dash", "", "Śchool – key", "3d844edf-8d35-48ac-975b-e847b4f122b0"]
        {
            let key = ApiKey::parse(&format!("{name}-{service}-{secret}"));

            assert_eq!(key.expect("a key").service, service, "{name}");
        }
    }

    #[test]
    fn what_does_not_end_in_two_uuids_is_no_key() {
        let uuid = "3d844edf-8d35-48ac-975b-e847b4f122b0";
        for text in [
            "",
            "key",
            uuid,
            &format!("key-{uuid}"),
            &format!("{uuid}{uuid}"),
            &format!("key-{uuid}_{uuid}"),
            &format!("key-{uuid}-3d844edf-8d35-48ac-975b-e847b4f122bg"),
            &format!("key-{uuid}-{uuid} "),
            "é844edf-8d35-48ac-975b-e847b4f122b0-3d844edf-8d35-48ac-975b-e847b4f122b0",
        ] {
            assert!(ApiKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_token_is_the_one_that_notifys_own_client_makes() {
        assert_eq!(token(KEY, AT), TOKEN);
    }

    #[test]
    fn every_part_of_a_key_and_every_second_changes_the_token() {
        let mac = |token: &str| token.rsplit_once('.').map(|(_, mac)| mac.to_owned());
        let (other_secret, other_service) =
            (KEY.replace("e847b4f122b0", "e847b4f122b1"), KEY.replace("a37497a57506", "a37497a57507"));

        for other in [token(KEY, AT + 1), token(&other_secret, AT), token(&other_service, AT)] {
            assert_ne!(mac(&other), mac(TOKEN));
        }
        assert_eq!(token(&KEY.replace("my_test_key", "renamed"), AT), TOKEN, "the name is not part of it");
    }
}
