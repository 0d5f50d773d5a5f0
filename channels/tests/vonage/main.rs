//! The Vonage channel against a strict stand-in.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod arrived;
mod callback;
mod config;
mod fake;
mod probe;
mod send;
#[path = "../texts/mod.rs"]
mod texts;

use liaison_channels::{
    Sender,
    error::SendError,
    fakes::vonage::VonageFake,
    message::Outgoing,
    vonage::{Vonage, VonageConfig},
};
use tempfile::TempDir;
use texts::assert_prints_none;
pub(crate) use texts::{CARER, OTHER, WORDS, channel, text, text_to};

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

/// See [`assert_prints_none`].
pub(crate) fn assert_silent(error: &SendError) {
    assert_prints_none(error, &[VonageFake::SECRET, VonageFake::SIGNATURE_SECRET, VonageFake::KEY]);
}
