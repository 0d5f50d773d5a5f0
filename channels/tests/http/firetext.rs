//! FireText as it is shipped: a form, a key in a field, JSON answers, receipts by our reference, texts without a name.

use std::time::Duration;

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Holder, Misbehaviour, Post, Proof, Rig, Taken},
    conformance_tests,
    error::{Fault, Went},
    fakes::stage::Stage,
    fakes::{firetext::FireTextFake, stage::Deed},
    http::Http,
    inbound::Event,
    receipt::{FailedAs, Forgery, NotBelieved, Progress},
};
use tempfile::TempDir;

use crate::{CARER, WORDS, fails, open, shipped, text, text_to};

pub(crate) struct Scene {
    fake: FireTextFake,
    http: Http,
    _secrets: TempDir,
}

impl Scene {
    fn new() -> Self {
        let fake = FireTextFake::start().unwrap();
        let secrets = TempDir::new().unwrap();
        let file = |name: &str, secret: &str| {
            let path = secrets.path().join(name);
            std::fs::write(&path, format!("{secret}\n")).unwrap();
            path
        };
        let mut text = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../deploy/providers/firetext.toml"
        ))
        .unwrap();
        for (shipped, ours) in [
            ("https://www.firetext.co.uk", fake.base_url().as_str()),
            ("/etc/liaison/firetext-key", file("key", FireTextFake::KEY).to_str().unwrap()),
            (
                "/etc/liaison/firetext-callback-password",
                file("pass", FireTextFake::PASSWORD).to_str().unwrap(),
            ),
        ] {
            assert!(text.contains(shipped), "{shipped}");
            text = text.replace(shipped, ours);
        }
        let mut config = crate::read(&text, "firetext");
        (config.per_second, config.connect_timeout_secs, config.answer_timeout_secs) = (1000.0, 1, 1);
        Self { http: open("firetext", &config), fake, _secrets: secrets }
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
        vec![FireTextFake::KEY.to_owned()]
    }

    async fn taken(&self) -> Vec<Taken> {
        let taken = |text: liaison_channels::fakes::firetext::Taken| Taken {
            to: format!("+{}", text["to"]),
            words: text["message"].clone(),
        };
        self.fake.texts().into_iter().map(taken).collect()
    }

    async fn arrives(&self, from: &str, words: &str) -> Option<Post> {
        Some(FireTextFake::text_post(from, words, "2026-11-23 17:15:30"))
    }

    fn proof(&self) -> Proof {
        Proof::Header("authorization")
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let (deed, question) = match how {
            Misbehaviour::Unavailable => same(Deed::Fail { status: 503, took: false }),
            Misbehaviour::Throttles => same(Deed::Fail { status: 429, took: false }),
            Misbehaviour::RefusesAddress => (FireTextFake::refusal(2), None),
            Misbehaviour::RefusesContent => (FireTextFake::refusal(5), None),
            Misbehaviour::RefusesSettings => same(FireTextFake::refusal(1)),
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

conformance_tests!(firetext, Scene::new());

#[tokio::test]
async fn a_text_is_posted_as_firetext_documents_it_and_known_by_our_reference() {
    let scene = Scene::new();
    let text = text();

    let accepted = scene.http.send(&text).await.unwrap();

    let taken = scene.fake.texts().remove(0);
    assert_eq!(accepted.reference.0, text.reference().to_string());
    assert_eq!((taken["to"].as_str(), taken["from"].as_str()), ("447700900123", FireTextFake::NUMBER));
    assert_eq!(
        (taken["message"].as_str(), taken["reference"].clone()),
        (WORDS, text.reference().to_string())
    );
    assert_eq!(taken["receipt"], "https://liaison.ourschool.example/webhooks/firetext/status");
    assert_eq!(scene.fake.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn codes_say_whose_turn_it_is_although_http_says_yes() {
    let scene = Scene::new();
    for (code, fault) in [
        (1, Fault::Misconfigured),
        (2, Fault::BadAddress),
        (3, Fault::Misconfigured),
        (5, Fault::Refused),
        (7, Fault::Misconfigured),
        (77, Fault::Temporary),
    ] {
        scene.fake.next(1, FireTextFake::refusal(code));

        let error = fails(&scene.http, &text()).await;

        assert_eq!((error.fault, error.went, error.code), (fault, Went::No, Some(code.to_string())));
        assert!(error.said.expose().contains("447700900123"), "the attempt keeps the provider's words");
    }
}

#[tokio::test]
async fn an_answer_that_says_neither_yes_nor_no_leaves_the_text_in_doubt() {
    let scene = Scene::new();
    for body in ["", "{}", "OK", "{\"code\": null}", "[0]"] {
        let answer = Deed::Answer { status: 200, content_type: "application/json", body: body.to_owned() };
        scene.fake.next(1, answer);

        let error = fails(&scene.http, &text()).await;

        assert_eq!((error.fault, error.went), (Fault::Temporary, Went::Perhaps), "{body}");
    }
}

#[tokio::test]
async fn receipts_tell_how_far_our_texts_have_come() {
    let scene = Scene::new();
    let reference = scene.http.send(&text()).await.unwrap().reference;
    for (status, code, progress) in [
        ("0", "000", Progress::Delivered),
        ("2", "000", Progress::Sent),
        ("1", "000", Progress::Failed(FailedAs::Temporary)),
        ("1", "101", Progress::Failed(FailedAs::BadAddress)),
        ("1", "102", Progress::Failed(FailedAs::Temporary)),
        ("1", "103", Progress::Failed(FailedAs::Temporary)),
        ("1", "104", Progress::Failed(FailedAs::Temporary)),
        ("1", "201", Progress::Failed(FailedAs::BadAddress)),
        ("1", "301", Progress::Failed(FailedAs::BadAddress)),
        ("1", "302", Progress::Failed(FailedAs::Temporary)),
        ("1", "401", Progress::Failed(FailedAs::Refused)),
        ("1", "900", Progress::Failed(FailedAs::Temporary)),
        ("1", "999", Progress::Failed(FailedAs::Temporary)),
        ("9", "000", Progress::Accepted),
    ] {
        let told = scene.told(&FireTextFake::receipt(&reference.0, status, code)).unwrap();

        let [Event::Receipt(receipt)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&receipt.reference, receipt.progress), (&reference, progress), "{status} {code}");
        assert_eq!(receipt.ours.map(|ours| ours.to_string()), Some(reference.0.clone()));
        assert_eq!((receipt.status.as_str(), receipt.code.as_deref()), (status, Some(code)));
    }
}

#[test]
fn a_receipt_of_somebody_elses_text_is_nothing_of_ours() {
    let scene = Scene::new();

    assert_eq!(scene.told(&FireTextFake::receipt("newsletter-7", "0", "000")), Ok(Vec::new()));
    assert!(matches!(scene.told(&FireTextFake::receipt("", "0", "000")), Err(NotBelieved::Unreadable(_))));
}

#[test]
fn a_text_without_a_name_is_known_by_its_values_together() {
    let scene = Scene::new();
    let name = |from: &str, words: &str, time: &str| {
        let told = scene.told(&FireTextFake::text_post(from, words, time)).unwrap();
        let [Event::Text(kept)] = told.as_slice() else { panic!("{told:?}") };
        kept.text.reference.0.clone()
    };
    let first = name(CARER, "Yes", "2026-11-23 17:15:30");

    assert_eq!(name(CARER, "Yes", "2026-11-23 17:15:30"), first, "a repeat is the same text");
    for other in [
        name("+447700900124", "Yes", "2026-11-23 17:15:30"),
        name(CARER, "yes", "2026-11-23 17:15:30"),
        name(CARER, "Yes", "2026-11-23 17:15:31"),
        // The same letters, shared out in another way.
        name(CARER, "Yes2026", "-11-23 17:15:30"),
    ] {
        assert_ne!(other, first);
    }
}

#[test]
fn a_post_to_the_wrong_address_or_without_what_is_described_is_for_a_person() {
    let scene = Scene::new();
    let text = FireTextFake::text_post(CARER, "Yes", "now");
    for post in [
        Post { path_and_query: "/webhooks/firetext/status".to_owned(), ..text.clone() },
        FireTextFake::post("text", &[("source", CARER), ("message", "Yes"), ("time", "now")]),
        FireTextFake::post(
            "text",
            &[("source", ""), ("destination", "x"), ("message", "Yes"), ("time", "now")],
        ),
        FireTextFake::post("status", &[("reference", "x")]),
    ] {
        assert!(matches!(scene.told(&post), Err(NotBelieved::Unreadable(_))), "{}", post.path_and_query);
    }
    let elsewhere = Post { path_and_query: "/webhooks/other/text".to_owned(), ..text };
    assert_eq!(scene.told(&elsewhere), Err(NotBelieved::Forged(Forgery::Wrong)));
}

#[tokio::test]
async fn landlines_are_refused_before_anything_is_said() {
    let scene = Scene::new();

    let error = fails(&scene.http, &text_to("020 7946 0018", WORDS)).await;

    assert_eq!((error.fault, error.went, scene.fake.posted()), (Fault::BadAddress, Went::No, 0));
}

#[tokio::test]
async fn slow_down_with_a_time_rests_the_channel() {
    let scene = Scene::new();
    scene.fake.next(1, Deed::Throttle { retry_after: 120 });

    let error = fails(&scene.http, &text()).await;

    let wait = Some(Duration::from_mins(2));
    assert_eq!((error.fault, error.went), (Fault::Throttled { wait }, Went::No));
    assert!(scene.http.pace().wait() > Duration::from_secs(100));
}

#[test]
fn the_shipped_description_is_read() {
    assert_eq!(shipped("firetext").provider, "FireText");
}

#[tokio::test]
async fn a_text_in_doubt_waits_for_its_receipt_where_receipts_carry_our_reference() {
    let scene = Scene::new();
    let message = text();
    let lookup = liaison_channels::sender::Lookup {
        reference: message.reference(),
        message: &message,
        since: jiff::Timestamp::now(),
        known: &[],
    };

    let finding = scene.http.find(&lookup).await.unwrap();

    assert_eq!(finding.found, liaison_channels::sender::Found::NotYet);
}
