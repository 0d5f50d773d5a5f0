//! The strict Twilio as a rig.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Misbehaviour, Rig, Taken, as_logins},
    fakes::twilio::{Deed, Shape, TwilioFake},
    message::ChannelId,
    twilio::Twilio,
};
use tempfile::TempDir;

/// The recipient of the kit's first message. The fake's refusal repeats it.
const FIRST: &str = "+447700900000";

pub(crate) struct TwilioRig {
    fake: TwilioFake,
    sender: Twilio,
    posted_before: AtomicUsize,
    _secrets: TempDir,
}

impl TwilioRig {
    pub(crate) fn start() -> Self {
        let fake = TwilioFake::start().expect("a port on loopback");
        let secrets = tempfile::tempdir().expect("a folder for the test");
        let mut config = fake.config(secrets.path()).expect("a file for the token");
        (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1);
        let sender = Twilio::open(ChannelId::parse("texts").expect("good"), &config).expect("opens");
        Self { fake, sender, posted_before: AtomicUsize::new(0), _secrets: secrets }
    }
}

#[async_trait]
impl Rig for TwilioRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn secrets(&self) -> Vec<String> {
        as_logins(TwilioFake::ACCOUNT, TwilioFake::TOKEN)
    }

    async fn taken(&self) -> Vec<Taken> {
        self.fake.messages().into_iter().map(|taken| Taken { to: taken.to, words: taken.body }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let deed = match how {
            Misbehaviour::Unavailable => Deed::Fail { status: 503, took: false },
            Misbehaviour::Throttles => Deed::Throttle { retry_after: Some(1) },
            Misbehaviour::RefusesContent => Deed::Refuse { status: 400, code: 21_617, shape: Shape::Problem },
            Misbehaviour::CutBefore => Deed::Cut { took: false },
            Misbehaviour::CutAfter => Deed::Cut { took: true },
            Misbehaviour::SilentBefore => Deed::Hang { took: false },
            Misbehaviour::SilentAfter => Deed::Hang { took: true },
            Misbehaviour::Garbles => Deed::Garbled,
            Misbehaviour::RefusesAddress => {
                self.fake.answer(FIRST, 21_211, Shape::Classic);
                return true;
            }
            Misbehaviour::RefusesSettings => {
                self.fake.refuse_logins(true);
                return true;
            }
        };
        self.fake.always(Some(deed));
        true
    }

    async fn behave(&self) {
        self.fake.always(None);
        self.fake.refuse_logins(false);
        self.fake.forgive(FIRST);
    }

    async fn hold(&self) -> bool {
        self.posted_before.store(self.fake.posted(), Ordering::SeqCst);
        self.fake.hold();
        true
    }

    async fn until_held(&self, count: usize) {
        self.fake.until_posted(self.posted_before.load(Ordering::SeqCst) + count).await;
    }

    async fn release(&self) {
        self.fake.release();
    }

    fn most_at_once(&self) -> Option<usize> {
        Some(self.fake.most_at_once())
    }

    fn complaints(&self) -> Vec<String> {
        self.fake.complaints()
    }
}
