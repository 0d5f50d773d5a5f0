//! What the provider posts: reports on our texts, and texts from carers; each signed.
//!
//! [`SinchFake::arrive`] alone is a text whose webhook was never called; calling [`SinchFake::text_request`] again is the
//! provider's repeat of a post.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Arrived, SignedPost, SinchFake, new_id, serve::date};
use crate::{
    fakes::post::path_and_query,
    sinch::signature::{ALGORITHM, HMAC_SHA256, NONCE, SIGNATURE, TIMESTAMP, sign},
};

impl SinchFake {
    /// A text from a carer arrives at the service plan's number. It is listed from now on; nobody is told.
    pub fn arrive(&self, from: &str, words: &str) -> Arrived {
        let received = self.shared.stage.now();
        let told = json!({
            "type": "mo_text",
            "id": new_id(),
            "from": from.trim_start_matches('+'),
            "to": Self::NUMBER.trim_start_matches('+'),
            "body": words,
            "received_at": date(received),
            "operator_id": "23410",
        });
        let arrived = Arrived { received, told };
        self.arrive_as(arrived.clone());
        arrived
    }

    /// Something arrives as it is given.
    pub fn arrive_as(&self, arrived: Arrived) {
        self.shared.lock().arrived.push(arrived);
    }

    /// The post that tells of a text which arrived, to the address entered at the provider's.
    pub fn text_request(url: &str, arrived: &Arrived) -> SignedPost {
        Self::signed(url, &arrived.told)
    }

    /// The post that reports on a batch. `None` when the batch is unknown or was sent without `callback_url`.
    pub fn report_request(&self, id: &str, status: &str, code: u32) -> Option<SignedPost> {
        let taken = self.batches().into_iter().find(|taken| taken.id == id)?;
        let url = taken.fields.get("callback_url")?.as_str()?;
        let report = json!({
            "type": "recipient_delivery_report_sms",
            "batch_id": id,
            "recipient": taken.to.trim_start_matches('+'),
            "status": status,
            "code": code,
            "at": date(self.shared.stage.now()),
            "operator_status_at": date(self.shared.stage.now()),
            "client_reference": taken.fields.get("client_reference"),
        });
        Some(Self::signed(url, &report))
    }

    /// Anything posted to any of our addresses, signed now as the provider signs.
    pub fn signed(url: &str, body: &Value) -> SignedPost {
        Self::signed_at(url, body, Timestamp::now())
    }

    /// The same, signed at another time.
    pub fn signed_at(url: &str, body: &Value, at: Timestamp) -> SignedPost {
        let body = body.to_string().into_bytes();
        let (nonce, time) = (Uuid::now_v7().simple().to_string(), at.as_second().to_string());
        let signature = sign(&SecretString::from(Self::SECRET), &body, &nonce, &time);
        let headers = [
            ("content-type", "application/json"),
            (SIGNATURE, &signature),
            (ALGORITHM, HMAC_SHA256),
            (NONCE, &nonce),
            (TIMESTAMP, &time),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        SignedPost { path_and_query: path_and_query(url), url: url.to_owned(), headers, body }
    }
}
