//! The Sinch channel against a strict stand-in.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod arrived;
mod callback;
mod config;
mod fake;
mod find;
mod inspect;
mod probe;
mod received;
mod send;
#[path = "../texts/mod.rs"]
mod texts;

use jiff::Timestamp;
use liaison_channels::{
    Sender,
    error::SendError,
    fakes::sinch::SinchFake,
    message::{Outgoing, ProviderRef},
    sender::{Found, Lookup},
    sinch::{Sinch, SinchConfig},
};
use tempfile::TempDir;
use texts::assert_prints_none;
pub(crate) use texts::{CARER, OTHER, WORDS, channel, text, text_to};

/// A stand-in, a channel that reaches it, and the directory of its secrets.
pub(crate) struct Scene {
    pub(crate) fake: SinchFake,
    pub(crate) sinch: Sinch,
    pub(crate) began: Timestamp,
    secrets: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut SinchConfig)) -> Self {
        let fake = SinchFake::start().unwrap();
        let secrets = TempDir::new().unwrap();
        let mut config = fake.config(secrets.path()).unwrap();
        change(&mut config);
        let sinch = Sinch::open(channel(), &config).unwrap();
        Self { fake, sinch, began: Timestamp::now(), secrets }
    }

    pub(crate) async fn fails(&self, message: &Outgoing) -> SendError {
        let error = self.sinch.send(message).await.unwrap_err();
        assert_silent(&error);
        error
    }

    pub(crate) async fn find(&self, message: &Outgoing) -> Found {
        self.find_but(message, &[]).await
    }

    pub(crate) async fn find_but(&self, message: &Outgoing, known: &[ProviderRef]) -> Found {
        self.sinch.find(&self.lookup(message, known)).await.unwrap().found
    }

    pub(crate) fn lookup<'a>(&self, message: &'a Outgoing, known: &'a [ProviderRef]) -> Lookup<'a> {
        Lookup { reference: message.reference(), message, since: self.began, known }
    }
}

/// See [`assert_prints_none`].
pub(crate) fn assert_silent(error: &SendError) {
    assert_prints_none(error, &[SinchFake::TOKEN, SinchFake::SECRET, SinchFake::PLAN]);
}
