//! The token of a request, checked as the provider checks it, without a line of the adapter's.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use super::GovukNotifyFake;

/// Seconds by which the caller's clock may differ.
const LEEWAY: i64 = 30;

/// Status, error and message of a refusal.
pub(super) type Refusal = (u16, &'static str, &'static str);

pub(super) fn check(headers: &HeaderMap, now: Timestamp) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.ok_or((401, "AuthError", "Unauthorized: authentication token must be provided"))?;
    let token = given.strip_prefix("Bearer ");
    let token = token.ok_or((401, "AuthError", "Unauthorized: authentication bearer scheme must be used"))?;
    let claims = claims(token).ok_or((403, "AuthError", "Invalid token: API key not found"))?;
    if claims.get("iss").and_then(Value::as_str) != Some(GovukNotifyFake::SERVICE) {
        return Err((403, "AuthError", "Invalid token: service not found"));
    }
    let made = claims.get("iat").and_then(Value::as_i64);
    let made = made.ok_or((403, "AuthError", "Invalid token: iat field not provided"))?;
    if (now.as_second() - made).abs() > LEEWAY {
        return Err((403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"));
    }
    Ok(())
}

/// What a token says, if the key's secret signed it.
fn claims(token: &str) -> Option<Value> {
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, mac] = parts.as_slice() else { return None };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let key = hmac::Key::new(hmac::HMAC_SHA256, GovukNotifyFake::SECRET.as_bytes());
    hmac::verify(&key, format!("{header}.{claims}").as_bytes(), &decode(mac)?).ok()?;
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    (header == json!({"typ": "JWT", "alg": "HS256"}))
        .then(|| serde_json::from_slice(&decode(claims)?).ok())?
}

/// A token with any claims, signed with any secret: for tests of the stand-in itself.
pub fn token(claims: &Value, secret: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(claims));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}
