//! What Sinch posts: how far our texts have come, and texts from carers.
//!
//! Both kinds are proved and read in the same way, whichever of our addresses was called. The address is not signed, so
//! nothing is taken from it: our reference comes back in the body.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{arrived, codes, config::Proof, is_id, signature};
use crate::{
    inbound::{Event, KeptText, RawForm},
    message::{ChannelId, OurRef, ProviderRef},
    private::Private,
    receipt::{Callback, Forgery, NotBelieved, Posted, Receipt},
};

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    proof: Proof,
    id: ChannelId,
}

impl Posts {
    pub(super) fn new(proof: Proof, id: ChannelId) -> Self {
        Self { proof, id }
    }

    /// The address Sinch is to call about our texts.
    pub(super) fn status_address(&self) -> String {
        format!("{}/webhooks/{}/status", self.proof.public, self.id)
    }

    /// The address Sinch is to call about texts that arrive.
    pub(super) fn text_address(&self) -> String {
        format!("{}/webhooks/{}/text", self.proof.public, self.id)
    }
}

impl Callback for Posts {
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
        let signed_at = signature::verify(&self.proof.secret, posted.headers, posted.body)?;
        let stale = NotBelieved::Forged(Forgery::Stale);
        let Ok(now) = Timestamp::try_from(std::time::SystemTime::now()) else { return Err(stale) };
        if now.duration_since(signed_at).abs() > self.proof.window {
            return Err(stale);
        }
        Ok(read(posted.body)?.into_iter().collect())
    }

    fn form(&self) -> RawForm {
        arrived::TEXT
    }
}

/// Reads a post that was proved. `None`: it tells of something that we have not asked for.
pub(super) fn read(body: &[u8]) -> Result<Option<Event>, NotBelieved> {
    let told: Value = crate::json::read(body).ok_or(NotBelieved::Unreadable("the body is not JSON"))?;
    match told.get("type").and_then(Value::as_str) {
        Some("recipient_delivery_report_sms") => receipt(&told).map(Event::Receipt).map(Some),
        // Sums over a batch, and reports on pictures.
        Some("delivery_report_sms" | "delivery_report_mms" | "recipient_delivery_report_mms") => Ok(None),
        Some(_) => {
            let text = arrived::read(&told).map_err(NotBelieved::Unreadable)?;
            let raw = Private::new(body.to_vec());
            Ok(Some(Event::Text(Box::new(KeptText { text, form: arrived::TEXT, raw }))))
        }
        None => Err(NotBelieved::Unreadable("type is not there")),
    }
}

fn receipt(told: &Value) -> Result<Receipt, NotBelieved> {
    let word = |name: &str| told.get(name).and_then(Value::as_str);
    let batch = word("batch_id").filter(|id| is_id(id));
    let batch = batch.ok_or(NotBelieved::Unreadable("batch_id is not a batch's"))?;
    let is_status =
        |status: &&str| (1..=40).contains(&status.len()) && status.bytes().all(|b| b.is_ascii_alphabetic());
    let status = word("status").filter(is_status).ok_or(NotBelieved::Unreadable("status is not a word"))?;
    let code = told.get("code").and_then(Value::as_u64).and_then(|code| u32::try_from(code).ok());
    Ok(Receipt {
        reference: ProviderRef(batch.to_owned()),
        ours: word("client_reference").and_then(|text| Uuid::try_parse(text).ok()).map(OurRef),
        progress: codes::progress(status, code),
        status: status.to_owned(),
        code: code.filter(|code| *code > 0).map(|code| code.to_string()),
    })
}
