//! What GOV.UK Notify says of itself, and how a request of its is looked at by hand.

use std::sync::Arc;

use super::{
    GovukNotify, GovukNotifyConfig,
    arrived::{LISTED, POSTED, read_listed, read_post},
    callback::believe,
};
use crate::{
    Sender,
    error::OpenError,
    inbound::{Event, RawForm, ReadAgain},
    inbound_reading::{ReadWebhook, WebhookReading, WebhookRequest},
    kind::Kind,
    message::ChannelId,
    receipt::{Forgery, NotBelieved, Posted},
    sender::Carries,
};

impl Kind for GovukNotifyConfig {
    fn name() -> &'static str {
        "govuk_notify"
    }

    fn forms() -> &'static [(RawForm, ReadAgain)] {
        &[(POSTED, read_post), (LISTED, read_listed)]
    }

    fn webhook() -> Option<ReadWebhook> {
        Some(inspect)
    }

    fn carries(&self) -> Option<Carries> {
        Some(self.carries)
    }

    fn hears(&self) -> bool {
        self.can_be_answered && self.carries == Carries::Text
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(GovukNotify::open(id, self)?))
    }
}

/// The secret is the bearer token.
fn inspect(request: &WebhookRequest<'_>) -> WebhookReading {
    let WebhookRequest { url, headers, secret, body } = *request;
    let path_and_query = url.split_once("://").map_or(url, |(_, rest)| rest);
    match believe(secret, &Posted { path_and_query, headers, body }) {
        Err(NotBelieved::Forged(_)) => WebhookReading::refused(
            "there is no Authorization header with the bearer token that was chosen: compare callback_token_file with \
             what is entered at Notify, and let the proxy pass the header on",
        ),
        Ok(events) if events.is_empty() => WebhookReading {
            accepted: true,
            reason: "the token is right, and this tells how far a letter has come: Notify documents no such post, so ours are \
                     asked for from its list instead"
                .to_owned(),
            events: Vec::new(),
        },
        Ok(mut events) => {
            WebhookReading::told("the token", events.pop().ok_or(NotBelieved::Forged(Forgery::Wrong)))
        }
        Err(why) => WebhookReading::told("the token", Err::<Event, _>(why)),
    }
}
