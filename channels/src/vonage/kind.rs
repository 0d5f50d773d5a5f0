//! What Vonage says of itself, and how a request of its is looked at by hand.

use std::sync::Arc;

use super::{
    POSTED, Vonage, VonageConfig, read_kept, signature,
    told::{Told, read},
};
use crate::{
    Sender,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    inbound_reading::{EventReading, ReadWebhook, WebhookReading, WebhookRequest},
    kind::Kind,
    message::ChannelId,
    sender::Carries,
};

impl Kind for VonageConfig {
    fn name() -> &'static str {
        "vonage"
    }

    fn forms() -> &'static [(RawForm, ReadAgain)] {
        &[(POSTED, read_kept)]
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
        Ok(Arc::new(Vonage::open(id, self)?))
    }
}

/// The secret is the signature secret; by which method it signed, the signature's length tells.
fn inspect(request: &WebhookRequest<'_>) -> WebhookReading {
    match signature::verify(request.secret, None, request.url, request.body) {
        Ok(fields) => WebhookReading::told(
            "the signature",
            read(&fields).map(|told| match told {
                Told::Text(text) => EventReading::from(text),
                Told::Receipt(receipt) => receipt.into(),
            }),
        ),
        Err((_, why)) => WebhookReading::refused(why),
    }
}
