//! What mail by the school's own server says of itself.

use std::sync::Arc;

use super::{Smtp, SmtpConfig};
use crate::{
    Sender, error::OpenError, kind::Kind, mail_dns::MailFrom, message::ChannelId, mime, sender::Carries,
};

impl Kind for SmtpConfig {
    fn name() -> &'static str {
        "smtp"
    }

    fn carries(&self) -> Option<Carries> {
        Some(Carries::Mail)
    }

    fn hears(&self) -> bool {
        false
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(Smtp::open(id, self)?))
    }

    fn mail_from(&self) -> Option<MailFrom> {
        let domain = |text: &str| Some(mime::mailbox(text)?.email.domain().to_ascii_lowercase());
        let from = domain(&self.from)?;
        let envelope = self.envelope_from.as_deref().map_or_else(|| Some(from.clone()), domain)?;
        Some(MailFrom { from, envelope, selectors: self.dkim_selectors.clone() })
    }
}
