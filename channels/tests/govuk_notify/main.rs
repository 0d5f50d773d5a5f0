//! The GOV.UK Notify channel against a strict stand-in.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod callback;
mod config;
mod conformance;
mod fake;
mod find;
mod inspect;
mod letters;
mod mail;
mod probe;
mod receipts;
mod received;
mod send;

use jiff::Timestamp;
use liaison_channels::{
    Sender,
    address::PhoneNumber,
    error::SendError,
    fakes::govuk_notify::GovukNotifyFake,
    govuk_notify::{GovukNotify, GovukNotifyConfig},
    message::{ChannelId, OurRef, Outgoing, ProviderRef, Text},
    private::Private,
    sender::{Found, Lookup},
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const CARER: &str = "+447700900123";
pub(crate) const OTHER: &str = "+447700900124";
pub(crate) const WORDS: &str = "Swimming is on Friday & starts at 9: bring café money, €2";

/// A stand-in, a channel that reaches it, and the directory of its secrets.
pub(crate) struct Scene {
    pub(crate) fake: GovukNotifyFake,
    pub(crate) notify: GovukNotify,
    pub(crate) began: Timestamp,
    secrets: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut GovukNotifyConfig)) -> Self {
        let fake = GovukNotifyFake::start().unwrap();
        let secrets = TempDir::new().unwrap();
        let mut config = fake.config(secrets.path()).unwrap();
        change(&mut config);
        let notify = GovukNotify::open(channel(), &config).unwrap();
        Self { fake, notify, began: Timestamp::now(), secrets }
    }

    pub(crate) async fn fails(&self, message: &Outgoing) -> SendError {
        let error = self.notify.send(message).await.unwrap_err();
        assert_silent(&error);
        error
    }

    pub(crate) async fn find(&self, message: &Outgoing) -> Found {
        self.notify.find(&self.lookup(message, &[])).await.unwrap().found
    }

    pub(crate) fn lookup<'a>(&self, message: &'a Outgoing, known: &'a [ProviderRef]) -> Lookup<'a> {
        Lookup { reference: message.reference(), message, since: self.began, known }
    }
}

pub(crate) fn channel() -> ChannelId {
    ChannelId::parse("texts").unwrap()
}

pub(crate) fn text_to(number: &str, body: &str) -> Outgoing {
    let to = PhoneNumber::parse(number).unwrap();
    Outgoing::text(OurRef(Uuid::now_v7()), Text { to, body: Private::from(body) })
}

pub(crate) fn text() -> Outgoing {
    text_to(CARER, WORDS)
}

/// Neither numbers nor words nor secrets may be printed, whatever went wrong.
pub(crate) fn assert_silent(error: &SendError) {
    let printed = format!("{error} {error:?}");
    for secret in ["7700900", "Swimming", "café", GovukNotifyFake::SECRET, GovukNotifyFake::CALLBACK_TOKEN] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}
