//! The promises every channel makes, over this one.

use std::time::Duration;

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Rig, Taken, as_logins},
    conformance_tests,
    fakes::stage::Stage,
    fakes::twilio::{Deed, Shape, TwilioFake},
};

use crate::Scene;

const fn refuse(code: u32) -> Deed {
    Deed::Refuse { status: 400, code, shape: Shape::Classic }
}

#[async_trait]
impl Rig for Scene {
    fn sender(&self) -> &dyn Sender {
        &self.twilio
    }

    fn holder(&self) -> Option<&dyn Holder> {
        let stage: &Stage<_> = &self.fake;
        Some(stage)
    }

    fn secrets(&self) -> Vec<String> {
        as_logins(TwilioFake::ACCOUNT, TwilioFake::TOKEN)
    }

    async fn taken(&self) -> Vec<Taken> {
        self.fake.messages().into_iter().map(|taken| Taken { to: taken.to, words: taken.body }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let (deed, question) = match how {
            Misbehaviour::Unavailable => same(Deed::Fail { status: 503, took: false }),
            Misbehaviour::Throttles => same(Deed::Throttle { retry_after: None }),
            Misbehaviour::RefusesAddress => (refuse(21_211), None),
            Misbehaviour::RefusesContent => {
                (Deed::Refuse { status: 400, code: 21_617, shape: Shape::Problem }, None)
            }
            Misbehaviour::RefusesSettings => {
                same(Deed::Refuse { status: 401, code: 20_003, shape: Shape::Classic })
            }
            Misbehaviour::CutBefore => same(Deed::Cut { took: false }),
            Misbehaviour::CutAfter => same(Deed::Cut { took: true }),
            Misbehaviour::SilentBefore => same(Deed::Hang { took: false }),
            Misbehaviour::SilentAfter => same(Deed::Hang { took: true }),
            Misbehaviour::Garbles => same(Deed::Garbled),
        };
        self.fake.always(Some(deed));
        self.fake.always_question(question);
        true
    }

    async fn behave(&self) {
        self.fake.always(None);
        self.fake.always_question(None);
    }

    async fn arrives(&self, from: &str, words: &str) -> Option<Post> {
        let post = self.fake.receive(&self.twilio.inbound_address()?, from, words, 0);
        Some(Post { path_and_query: post.path_and_query, headers: post.headers, body: post.body })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}

fn same(deed: Deed) -> (Deed, Option<Deed>) {
    (deed.clone(), Some(deed))
}

fn rig() -> Scene {
    Scene::with(|config| (config.connect_timeout_secs, config.answer_timeout_secs) = (1, 1))
}

conformance_tests!(twilio, rig());
