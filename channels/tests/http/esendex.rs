//! Esendex as it is shipped: XML both ways, Basic, receipts named by their root, a secret in the address.

use std::time::Duration;

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Proof, Rig, Taken, as_logins},
    conformance_tests,
    error::{Fault, Went},
    fakes::stage::Stage,
    fakes::{esendex::EsendexFake, stage::Deed},
    http::Http,
    inbound::Event,
    message::ProviderRef,
    receipt::{FailedAs, NotBelieved, Progress},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{CARER, fails, open, text, text_to};

pub(crate) struct Scene {
    fake: EsendexFake,
    http: Http,
    _secrets: TempDir,
}

impl Scene {
    fn new() -> Self {
        let fake = EsendexFake::start().unwrap();
        let secrets = TempDir::new().unwrap();
        let file = |name: &str, secret: &str| {
            let path = secrets.path().join(name);
            std::fs::write(&path, format!("{secret}\n")).unwrap();
            path
        };
        let mut text =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/providers/esendex.toml"))
                .unwrap();
        for (shipped, ours) in [
            ("https://api.esendex.com", fake.base_url().as_str()),
            ("/etc/liaison/esendex-password", file("pass", EsendexFake::PASSWORD).to_str().unwrap()),
            (
                "/etc/liaison/esendex-address-secret",
                file("secret", EsendexFake::ADDRESS_SECRET).to_str().unwrap(),
            ),
        ] {
            assert!(text.contains(shipped), "{shipped}");
            text = text.replace(shipped, ours);
        }
        let mut config = crate::read(&text, "esendex");
        (config.per_second, config.connect_timeout_secs, config.answer_timeout_secs) = (1000.0, 1, 1);
        Self { http: open("esendex", &config), fake, _secrets: secrets }
    }

    fn told(&self, post: &Post) -> Result<Vec<Event>, NotBelieved> {
        self.http.callback().unwrap().events(&post.posted())
    }
}

#[async_trait]
impl Rig for Scene {
    fn sender(&self) -> &dyn Sender {
        &self.http
    }

    fn holder(&self) -> Option<&dyn Holder> {
        let stage: &Stage<_> = &self.fake;
        Some(stage)
    }

    fn secrets(&self) -> Vec<String> {
        as_logins(EsendexFake::USERNAME, EsendexFake::PASSWORD)
    }

    async fn taken(&self) -> Vec<Taken> {
        let taken = |text: liaison_channels::fakes::esendex::Taken| Taken {
            to: format!("+{}", text.to),
            words: text.words,
        };
        self.fake.texts().into_iter().map(taken).collect()
    }

    async fn arrives(&self, from: &str, words: &str) -> Option<Post> {
        Some(EsendexFake::text_post(Uuid::now_v7(), from, words))
    }

    fn proof(&self) -> Proof {
        Proof::Path
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let (deed, question) = match how {
            Misbehaviour::Unavailable => same(Deed::Fail { status: 503, took: false }),
            Misbehaviour::Throttles => same(Deed::Fail { status: 429, took: false }),
            // What Esendex says of a number or of words is not known here.
            Misbehaviour::RefusesAddress | Misbehaviour::RefusesContent => return false,
            Misbehaviour::RefusesSettings => same(EsendexFake::refusal(401, "unauthorized")),
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

    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}

fn same(deed: Deed) -> (Deed, Option<Deed>) {
    (deed.clone(), Some(deed))
}

conformance_tests!(esendex, Scene::new());

#[tokio::test]
async fn a_text_is_named_by_an_attribute_of_the_answer() {
    let scene = Scene::new();

    let accepted = scene.http.send(&text()).await.unwrap();

    assert_eq!(accepted.reference.0, scene.fake.texts()[0].id);
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn what_xml_cannot_hold_is_refused_before_anything_is_said() {
    let scene = Scene::new();

    let error = fails(&scene.http, &text_to(CARER, "a\u{1b}b")).await;

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::Refused, Went::No, 0));
}

#[tokio::test]
async fn the_http_status_says_whose_turn_it_is_unless_the_description_knows_better() {
    let scene = Scene::new();
    for (status, fault, went) in [
        (400, Fault::Temporary, Went::No),
        (401, Fault::Misconfigured, Went::No),
        (402, Fault::Misconfigured, Went::No),
        (408, Fault::Temporary, Went::Perhaps),
        (429, Fault::Throttled { wait: None }, Went::No),
        (500, Fault::Temporary, Went::Perhaps),
    ] {
        scene.fake.next(1, EsendexFake::refusal(status, "some_code"));

        let error = fails(&scene.http, &text()).await;

        assert_eq!((error.fault, error.went), (fault, went), "{status}");
        assert_eq!(error.code.as_deref(), Some("some_code"));
        assert!(error.said.expose().contains("447700900123"), "the attempt keeps the provider's words");
    }
}

#[tokio::test]
async fn a_success_that_names_no_text_leaves_it_in_doubt() {
    let scene = Scene::new();
    for body in ["", "<messageheaders/>", "<messageheaders><messageheader id=\"\"/></messageheaders>", "{}"] {
        let answer = Deed::Answer { status: 200, content_type: "application/xml", body: body.to_owned() };
        scene.fake.next(1, answer);

        let error = fails(&scene.http, &text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{body}");
    }
}

#[test]
fn receipts_are_told_apart_by_their_root() {
    let scene = Scene::new();
    for (what, progress) in [
        ("MessageDelivered", Progress::Delivered),
        ("MessageFailed", Progress::Failed(FailedAs::Temporary)),
        ("MessageOfTomorrow", Progress::Accepted),
    ] {
        let told = scene.told(&EsendexFake::receipt(what, "740e5834")).unwrap();

        let [Event::Receipt(receipt)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&receipt.reference, receipt.progress), (&ProviderRef("740e5834".to_owned()), progress));
        assert_eq!((receipt.status.as_str(), receipt.ours), (what, None));
    }
}

#[test]
fn a_post_with_a_document_type_is_for_a_person() {
    let scene = Scene::new();
    let good = EsendexFake::text_post(Uuid::now_v7(), CARER, "Yes");
    let body = String::from_utf8(good.body.clone()).unwrap();
    let body = body.replace("<InboundMessage>", "<!DOCTYPE a><InboundMessage>").into_bytes();
    let post = Post { body, ..good.clone() };

    assert!(scene.told(&good).is_ok());
    assert!(matches!(scene.told(&post), Err(NotBelieved::Unreadable(_))));
}
