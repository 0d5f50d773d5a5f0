//! The rig, and every promise over it.

use std::time::Duration;

use async_trait::async_trait;
use liaison_channels::{
    ChannelConfig, Sender,
    conformance::{Misbehaviour, Rig, Taken},
    conformance_tests,
    message::ChannelId,
    open, open_inbox,
    sender::Carries,
};
use tempfile::TempDir;

use crate::{
    adapter::{SimBox, SimBoxConfig},
    stand_in::BoxFake,
};

struct BoxRig {
    fake: BoxFake,
    sender: SimBox,
    _home: TempDir,
}

impl BoxRig {
    async fn start() -> Self {
        let home = tempfile::tempdir().expect("a folder for the test");
        let fake = BoxFake::start().await.expect("a port on loopback");
        let config = fake.config(home.path()).expect("a file for the password");
        let sender = SimBox::open(ChannelId::parse("texts").expect("good"), &config).expect("opens");
        Self { fake, sender, _home: home }
    }
}

#[async_trait]
impl Rig for BoxRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn secrets(&self) -> Vec<String> {
        vec![BoxFake::PASSWORD.to_owned()]
    }

    async fn taken(&self) -> Vec<Taken> {
        self.fake.texts().into_iter().map(|had| Taken { to: had.to, words: had.words }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        self.fake.misbehave(Some(how));
        true
    }

    async fn behave(&self) {
        self.fake.misbehave(None);
    }

    async fn hold(&self) -> bool {
        self.fake.hold(true);
        true
    }

    async fn until_held(&self, count: usize) {
        self.fake.until_held(count).await;
    }

    async fn release(&self) {
        self.fake.hold(false);
    }

    fn most_at_once(&self) -> Option<usize> {
        Some(self.fake.most_at_once())
    }

    fn complaints(&self) -> Vec<String> {
        self.fake.complaints()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(4)
    }
}

conformance_tests!(sim_box, BoxRig::start().await);

#[test]
fn an_unknown_setting_is_an_error() {
    let settings = serde_json::json!({"address": "127.0.0.1:1", "password_file": "/x", "pasword": "x"});

    assert!(serde_json::from_value::<SimBoxConfig>(settings).is_err());
}

/// As the list opens it: an adapter in the house stands on it, and is read by its word, too.
#[tokio::test]
async fn its_settings_open_it_as_a_channel_and_not_as_a_mailbox() {
    let home = tempfile::tempdir().expect("a folder for the test");
    let fake = BoxFake::start().await.expect("a port on loopback");
    let config = ChannelConfig::new(fake.config(home.path()).expect("a file for the password"));
    let id = || ChannelId::parse("texts").expect("good");

    let sender = open(id(), &config).expect("opens");

    sender.probe().await.expect("the box is there");
    assert_eq!((config.kind(), config.carries(), config.hears()), ("sim_box", Some(Carries::Text), false));
    assert!(open_inbox(id(), &config).is_err());
}
