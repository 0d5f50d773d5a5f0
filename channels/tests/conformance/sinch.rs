//! The strict Sinch as a rig.

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Rig, Taken},
    fakes::sinch::{Deed, SinchFake},
    fakes::stage::Stage,
    message::ChannelId,
    sinch::Sinch,
};
use tempfile::TempDir;

pub(crate) struct SinchRig {
    fake: SinchFake,
    sender: Sinch,
    _secrets: TempDir,
}

impl SinchRig {
    pub(crate) fn start() -> Self {
        let fake = SinchFake::start().expect("a port on loopback");
        let secrets = tempfile::tempdir().expect("a folder for the test");
        let mut config = fake.config(secrets.path()).expect("files for the secrets");
        (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1);
        let sender = Sinch::open(ChannelId::parse("texts").expect("good"), &config).expect("opens");
        Self { fake, sender, _secrets: secrets }
    }
}

fn refuse(status: u16, code: &str) -> Deed {
    Deed::Refuse { status, code: code.to_owned() }
}

#[async_trait]
impl Rig for SinchRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn holder(&self) -> Option<&dyn Holder> {
        let stage: &Stage<_> = &self.fake;
        Some(stage)
    }

    fn secrets(&self) -> Vec<String> {
        vec![SinchFake::TOKEN.to_owned(), SinchFake::SECRET.to_owned()]
    }

    async fn taken(&self) -> Vec<Taken> {
        self.fake.batches().into_iter().map(|taken| Taken { to: taken.to, words: taken.body }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let deed = match how {
            Misbehaviour::Unavailable => Deed::Fail { status: 503, took: false },
            Misbehaviour::Throttles => Deed::Throttle { retry_after: Some(1) },
            Misbehaviour::RefusesAddress => {
                self.fake.blame("to[0]");
                refuse(400, "syntax_invalid_parameter_format")
            }
            Misbehaviour::RefusesContent => refuse(400, "syntax_constraint_violation"),
            Misbehaviour::CutBefore => Deed::Cut { took: false },
            Misbehaviour::CutAfter => Deed::Cut { took: true },
            Misbehaviour::SilentBefore => Deed::Hang { took: false },
            Misbehaviour::SilentAfter => Deed::Hang { took: true },
            Misbehaviour::Garbles => Deed::Garbled,
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
    }

    async fn arrives(&self, from: &str, words: &str) -> Option<Post> {
        let arrived = self.fake.arrive(from, words);
        let post = SinchFake::text_request(&self.sender.inbound_address()?, &arrived);
        Some(Post { path_and_query: post.path_and_query, headers: post.headers, body: post.body })
    }
}
