//! What Sinch says of itself, and how a request of its is looked at by hand.

use std::sync::Arc;

use super::{
    Sinch, SinchConfig,
    arrived::{TEXT, read_kept},
    callback, signature,
};
use crate::{
    Sender,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    inbound_reading::{ReadWebhook, WebhookReading, WebhookRequest},
    kind::Kind,
    message::ChannelId,
    receipt::NotBelieved,
    sender::Carries,
};

impl Kind for SinchConfig {
    fn name() -> &'static str {
        "sinch"
    }

    fn forms() -> &'static [(RawForm, ReadAgain)] {
        &[(TEXT, read_kept)]
    }

    fn webhook() -> Option<ReadWebhook> {
        Some(inspect)
    }

    fn carries(&self) -> Option<Carries> {
        Some(Carries::Text)
    }

    fn hears(&self) -> bool {
        true
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(Sinch::open(id, self)?))
    }
}

/// The secret is the webhook secret.
fn inspect(request: &WebhookRequest<'_>) -> WebhookReading {
    let WebhookRequest { headers, secret, body, .. } = *request;
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    match signature::verify(secret, headers, body) {
        Ok(_) => {
            let unasked = NotBelieved::Unreadable("it is a report we never ask for");
            let event = callback::read(body).and_then(|event| event.ok_or(unasked));
            WebhookReading::told("the signature", event)
        }
        Err(_) if header(signature::SIGNATURE).is_none() => WebhookReading::refused(
            "there is no x-sinch-webhook-signature header, so nothing proves who sent this",
        ),
        Err(_) if header(signature::ALGORITHM) != Some(signature::HMAC_SHA256) => WebhookReading::refused(
            "the algorithm header does not say HmacSHA256, the one algorithm that is accepted",
        ),
        Err(_) => WebhookReading::refused(
            "the signature does not fit: it was made with another secret, over another body (compare the raw bytes), or \
             with another nonce or time than the headers tell",
        ),
    }
}
