//! What the provider posts: receipts of our texts, and texts from carers, long ones in parts; each signed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use super::{SignedPost, Taken, VonageFake};
use crate::{fakes::post::path_and_query, vonage::signature::sign};

/// How the account is set to call us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// POST with a form.
    Form,
    /// POST with a JSON object.
    Json,
    /// GET, with everything in the address.
    Address,
}

impl Carriage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Form, Self::Json, Self::Address];
}

/// Letters of a part of a long text: fewer than there is room for, so that a test need not be long.
const PART: usize = 150;

impl VonageFake {
    /// What is posted about a text from a carer; more than one post if it is long.
    pub fn receive(&self, url: &str, from: &str, words: &str) -> Vec<SignedPost> {
        let letters: Vec<char> = words.chars().collect();
        let parts: Vec<String> = letters.chunks(PART).map(|part| part.iter().collect()).collect();
        let reference = Uuid::now_v7().as_u128() % 256;
        let post = |(index, words): (usize, &String)| {
            let mut fields = self.text_fields(from, words);
            if parts.len() > 1 {
                fields.push(("concat", "true".to_owned()));
                fields.push(("concat-ref", reference.to_string()));
                fields.push(("concat-total", parts.len().to_string()));
                fields.push(("concat-part", (index + 1).to_string()));
            }
            self.signed(url, &fields, Carriage::Form)
        };
        parts.iter().enumerate().map(post).collect()
    }

    /// The parameters of a text that fits into one part, without nonce, time and signature.
    pub fn text_fields(&self, from: &str, words: &str) -> Vec<(&'static str, String)> {
        let kind = if words.is_ascii() { "text" } else { "unicode" };
        vec![
            ("api-key", Self::KEY.to_owned()),
            ("msisdn", from.trim_start_matches('+').to_owned()),
            ("to", Self::NUMBER.trim_start_matches('+').to_owned()),
            ("messageId", Uuid::now_v7().simple().to_string().to_uppercase()),
            ("text", words.to_owned()),
            ("type", kind.to_owned()),
            ("keyword", words.split_whitespace().next().unwrap_or_default().to_uppercase()),
            ("message-timestamp", Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string()),
        ]
    }

    /// What is posted about one part (from 0) of a text of ours. `None` when there is no such part, or the text was sent
    /// without `callback`.
    pub fn receipt_request(
        &self,
        taken: &Taken,
        part: usize,
        status: &str,
        code: &str,
    ) -> Option<SignedPost> {
        let url = taken.fields.get("callback")?;
        let mut fields = vec![
            ("api-key", Self::KEY.to_owned()),
            // Seen from the carer: they are whom it is about, and we are whom it came from.
            ("msisdn", taken.to.trim_start_matches('+').to_owned()),
            ("to", taken.fields.get("from")?.clone()),
            ("network-code", "23410".to_owned()),
            ("messageId", taken.ids.get(part)?.clone()),
            ("price", "0.03330000".to_owned()),
            ("status", status.to_owned()),
            ("scts", "2611301500".to_owned()),
            ("err-code", code.to_owned()),
            ("message-timestamp", Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string()),
        ];
        fields.extend(taken.fields.get("client-ref").map(|reference| ("client-ref", reference.clone())));
        Some(self.signed(url, &fields, Carriage::Form))
    }

    /// Anything posted to any of our addresses, signed now as the provider signs.
    pub fn signed(&self, url: &str, fields: &[(&'static str, String)], by: Carriage) -> SignedPost {
        let nonce = Uuid::now_v7().to_string();
        self.signed_at(url, fields, by, &nonce, Timestamp::now())
    }

    /// The same with this nonce, signed at another time.
    pub fn signed_at(
        &self,
        url: &str,
        fields: &[(&'static str, String)],
        by: Carriage,
        nonce: &str,
        at: Timestamp,
    ) -> SignedPost {
        let mut all: BTreeMap<String, String> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        all.insert("nonce".to_owned(), nonce.to_owned());
        all.insert("timestamp".to_owned(), at.as_second().to_string());
        let method = self.shared.lock().method;
        let signature = sign(&SecretString::from(Self::SIGNATURE_SECRET), method, &all);
        all.insert("sig".to_owned(), signature);
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&all).finish();
        let (url, kind, body) = match by {
            Carriage::Form => (url.to_owned(), "application/x-www-form-urlencoded", form.into_bytes()),
            Carriage::Json => {
                let object = serde_json::Value::from_iter(all);
                (url.to_owned(), "application/json", object.to_string().into_bytes())
            }
            Carriage::Address => (format!("{url}?{form}"), "text/plain", Vec::new()),
        };
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        SignedPost { path_and_query: path_and_query(&url), url, headers, body }
    }
}
