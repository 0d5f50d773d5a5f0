//! The promises every channel makes, over this one.

use std::time::Duration;

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Proof, Rig, Taken},
    conformance_tests,
    fakes::stage::Stage,
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    sender::Carries,
};

use crate::Scene;

#[async_trait]
impl Rig for Scene {
    fn sender(&self) -> &dyn Sender {
        &self.notify
    }

    fn holder(&self) -> Option<&dyn Holder> {
        let stage: &Stage<_> = &self.fake;
        Some(stage)
    }

    fn secrets(&self) -> Vec<String> {
        vec![GovukNotifyFake::SECRET.to_owned(), "eyJ".to_owned()]
    }

    /// What was handed over. Notify tidies spaces and quotes in what it sends, which is its own doing.
    async fn taken(&self) -> Vec<Taken> {
        self.fake.texts().into_iter().map(|taken| Taken { to: taken.to, words: taken.words }).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let (deed, question) = match how {
            Misbehaviour::Unavailable => same(Deed::Fail { status: 503, took: false }),
            Misbehaviour::Throttles => same(GovukNotifyFake::refusal(429, "RateLimitError")),
            Misbehaviour::RefusesAddress => (GovukNotifyFake::refusal(400, "ValidationError"), None),
            // Notify has no refusal of its own for what is in a text.
            Misbehaviour::RefusesContent => return false,
            Misbehaviour::RefusesSettings => same(GovukNotifyFake::refusal(403, "AuthError")),
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
        let hears = self.notify.limits().carries == Carries::Text;
        hears.then(|| self.fake.receive(from, words))
    }

    fn proof(&self) -> Proof {
        Proof::Header("authorization")
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

conformance_tests!(govuk_notify, rig());
