//! What a described provider says of itself.

use std::sync::Arc;

use super::{
    Http, HttpConfig,
    posts::{POSTED, read_post},
};
use crate::{
    Sender,
    error::OpenError,
    inbound::{RawForm, ReadAgain},
    kind::Kind,
    message::ChannelId,
    sender::Carries,
};

impl Kind for HttpConfig {
    fn name() -> &'static str {
        "http"
    }

    fn forms() -> &'static [(RawForm, ReadAgain)] {
        &[(POSTED, read_post)]
    }

    fn carries(&self) -> Option<Carries> {
        Some(Carries::Text)
    }

    fn hears(&self) -> bool {
        self.texts.is_some()
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(Http::open(id, self)?))
    }
}
