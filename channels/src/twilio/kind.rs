//! What Twilio says of itself, and how a request of its is looked at by hand.

use std::sync::Arc;

use super::{
    Twilio, TwilioConfig,
    arrived::{LISTED, POSTED, read_listed, read_post},
    callback, signature,
};
use crate::{
    Sender,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    inbound_reading::{ReadWebhook, WebhookReading, WebhookRequest},
    kind::Kind,
    message::ChannelId,
    sender::Carries,
};

impl Kind for TwilioConfig {
    fn name() -> &'static str {
        "twilio"
    }

    fn forms() -> &'static [(RawForm, ReadAgain)] {
        &[(POSTED, read_post), (LISTED, read_listed)]
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
        Ok(Arc::new(Twilio::open(id, self)?))
    }
}

/// The secret is the auth token, or a shared key's.
fn inspect(request: &WebhookRequest<'_>) -> WebhookReading {
    let WebhookRequest { url, headers, secret, body } = *request;
    let keys = signature::Keys::whichever(secret.clone());
    match signature::verify(&keys, url, headers, body) {
        Ok(fields) => WebhookReading::told("the signature", callback::read(&fields, url, body)),
        Err(_) if !headers.iter().any(|(name, _)| name == signature::SIGNATURE) => {
            WebhookReading::refused("there is no X-Twilio-Signature header, so nothing proves who sent this")
        }
        Err(_) => WebhookReading::refused(
            "the signature does not fit: it was made with another secret, for another address (compare scheme, host, \
             path and query with what is entered at Twilio), over another body, or by an algorithm that is not known",
        ),
    }
}
