//! The Vonage channel against a strict stand-in.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod arrived;
mod callback;
mod config;
mod fake;
mod probe;
mod send;

use liaison_channels::{
    Sender,
    address::PhoneNumber,
    error::SendError,
    fakes::vonage::VonageFake,
    message::{ChannelId, OurRef, Outgoing, Text},
    private::Private,
    vonage::{Vonage, VonageConfig},
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const CARER: &str = "+447700900123";
pub(crate) const OTHER: &str = "+447700900124";
pub(crate) const WORDS: &str = "Swimming is on Friday & starts at 9: bring café money, €2";

/// A stand-in, a channel that reaches it, and the directory of its secrets.
pub(crate) struct Scene {
    pub(crate) fake: VonageFake,
    pub(crate) vonage: Vonage,
    secrets: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut VonageConfig)) -> Self {
        let fake = VonageFake::start().unwrap();
        let secrets = TempDir::new().unwrap();
        let mut config = fake.config(secrets.path()).unwrap();
        change(&mut config);
        let vonage = Vonage::open(channel(), &config).unwrap();
        Self { fake, vonage, secrets }
    }

    pub(crate) async fn fails(&self, message: &Outgoing) -> SendError {
        let error = self.vonage.send(message).await.unwrap_err();
        assert_silent(&error);
        error
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
    for secret in
        ["7700900", "Swimming", "café", VonageFake::SECRET, VonageFake::SIGNATURE_SECRET, VonageFake::KEY]
    {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}
