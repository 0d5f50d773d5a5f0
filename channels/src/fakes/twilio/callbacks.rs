//! Signed status callbacks, as the provider would post them.

use secrecy::SecretString;

use super::TwilioFake;
use crate::{
    fakes::post::path_and_query,
    twilio::signature::{Algorithm, SETTINGS, SIGNATURE, sign},
};

pub use crate::fakes::post::{SignedPost, deliver};

impl TwilioFake {
    /// Moves a message to a status, and makes the callback that tells of it. `None` when the message is unknown or
    /// was sent without `StatusCallback`.
    pub fn callback_request(&self, sid: &str, status: &str, error_code: Option<u32>) -> Option<SignedPost> {
        let taken = self.set_status(sid, status, error_code)?;
        let url = taken.fields.get("StatusCallback")?.clone();
        let mut fields = vec![
            ("ApiVersion", "2010-04-01".to_owned()),
            ("AccountSid", Self::ACCOUNT.to_owned()),
            ("MessageSid", sid.to_owned()),
            ("SmsSid", sid.to_owned()),
            ("MessageStatus", status.to_owned()),
            ("SmsStatus", status.to_owned()),
            ("To", taken.to),
            ("From", taken.from.unwrap_or_default()),
        ];
        fields.extend(error_code.map(|code| ("ErrorCode", code.to_string())));
        Some(self.signed(url, &fields))
    }

    /// Any form posted to any of our addresses, signed as the provider signs.
    pub fn signed(&self, url: String, fields: &[(&str, String)]) -> SignedPost {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let key = self.shared.lock().webhook_key.clone();
        let (settings, secret, algorithm) = match key {
            Some((id, secret)) => {
                (Some(format!("key={id},algorithm=HMAC_SHA256")), secret, Algorithm::Sha256)
            }
            None => (None, Self::TOKEN.to_owned(), Algorithm::Sha1),
        };
        let signature = sign(&SecretString::from(secret), algorithm, &url, &fields);
        let mut headers = vec![
            ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
            (SIGNATURE.to_owned(), signature),
        ];
        headers.extend(settings.map(|settings| (SETTINGS.to_owned(), settings)));
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish().into_bytes();
        SignedPost { path_and_query: path_and_query(&url), url, headers, body }
    }

    /// Signs from now on with a shared key and SHA-256 instead of the token.
    pub fn sign_with_shared_key(&self, id: &str, secret: &str) {
        self.shared.lock().webhook_key = Some((id.to_owned(), secret.to_owned()));
    }

    /// Posts a status callback the way it comes through a proxy: signed for the public address, carried to `base`
    /// (such as `http://127.0.0.1:8080`). Returns the HTTP status.
    pub async fn post_callback(
        &self,
        base: &str,
        sid: &str,
        status: &str,
        error_code: Option<u32>,
    ) -> Result<u16, String> {
        let post =
            self.callback_request(sid, status, error_code).ok_or("no such message, or no StatusCallback")?;
        deliver(base, &post).await
    }
}
