//! A letter that the office hands to a provider: printed and posted there, back with the office when it is not, and begun again
//! another way when it comes back.

use liaison::{
    domain::ids::TaskId,
    flows::{
        handed_over::{HandedOver, hand_over},
        operate, receipts, resolve,
    },
};
use liaison_channels::{
    ChannelConfig,
    fakes::{govuk_notify::GovukNotifyFake, stage::Deed},
    sender::Carries,
};
use tempfile::TempDir;

use crate::support::{
    people::{Roll, one_by_text},
    school::{School, sender},
};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// A school whose letters may be handed to a strict stand-in, and the stand-in.
struct Scene {
    school: School,
    notify: GovukNotifyFake,
    _secrets: TempDir,
}

impl Scene {
    async fn open(roll: &Roll) -> Self {
        let (secrets, notify) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
        notify.letter_template("A letter from school", "((words))");
        let mut config = notify.config(secrets.path()).unwrap();
        config.carries = Carries::Letter;
        let school = School::with(roll, |setup| setup.letters = Some(ChannelConfig::new(config))).await;
        Self { school, notify, _secrets: secrets }
    }

    /// Amina wants letters, and an update about Sam is queued.
    async fn with_a_letter() -> (Self, TaskId) {
        let scene = Self::open(&wants_letters()).await;
        scene.school.queue(&[("P1", WORDS)]).await;
        let letter = scene.school.task("letter").await.id;
        (scene, letter)
    }

    async fn hand_over(&self, letter: TaskId) -> HandedOver {
        hand_over(&self.school.gateway, &[letter], "office").await.expect("asked")
    }

    /// The daemon asks the provider how far its letters have come.
    async fn ask(&self) {
        let letters = sender(&self.school.gateway, "letters");
        receipts::catch_up(&self.school.gateway, letters.as_ref())
            .await
            .expect("a list")
            .expect("it has one");
    }

    async fn close(self) {
        assert_eq!(self.notify.complaints(), Vec::<String>::new());
        self.school.close().await;
    }
}

fn wants_letters() -> Roll {
    one_by_text()
        .changed("C1", |carer| carer.lives_at("1 Elm Row").with("postcode", "SW1A 1AA").wants("letter"))
}

#[tokio::test]
async fn a_letter_is_handed_over_printed_and_counted_as_posted() {
    let (scene, letter) = Scene::with_a_letter().await;

    let handed = scene.hand_over(letter).await;
    let twice = scene.hand_over(letter).await;
    scene.school.deliver().await;
    let [taken] = <[_; 1]>::try_from(scene.notify.texts()).unwrap();
    let sent = scene.school.delivery().await;
    scene.ask().await;
    let before = scene.school.rows("select count(*)::text from posting").await;
    assert!(scene.notify.set_status(&taken.id, "received"));
    scene.ask().await;
    scene.ask().await;

    assert_eq!((handed.now, handed.left_out.len(), twice.now), (1, 0, 0));
    assert_eq!(twice.left_out[0].why, "it is done already");
    assert_eq!(taken.kind, "letter");
    assert!(
        taken.to.starts_with("Amina Begum\n1 Elm Row\n") && taken.to.ends_with("SW1A 1AA"),
        "{}",
        taken.to
    );
    assert!(taken.words.contains(WORDS) && !taken.words.contains("Elm Row"), "{}", taken.words);
    assert_eq!((sent.route.as_str(), sent.state.as_str()), ("letter", "submitted"));
    assert_eq!(before, ["0"]);
    assert_eq!(scene.school.delivery().await.state, "delivered");
    assert_eq!(scene.school.rows("select posted_by from posting").await, ["letters"]);
    assert_eq!(scene.school.to_do().await, Vec::<String>::new());
    assert_eq!(scene.school.told("queued").await, 1);
    scene.close().await;
}

#[tokio::test]
async fn a_letter_that_is_not_printed_there_is_the_offices_again() {
    let (scene, letter) = Scene::with_a_letter().await;
    scene.hand_over(letter).await;
    scene.school.deliver().await;
    let [taken] = <[_; 1]>::try_from(scene.notify.texts()).unwrap();
    assert!(scene.notify.set_status(&taken.id, "technical-failure"));

    scene.ask().await;
    let again = scene.school.task("letter").await;
    let handed = scene.hand_over(letter).await;

    assert_eq!(scene.school.delivery().await.state, "failed");
    assert_eq!((again.id, again.state.as_str()), (letter, "open"));
    assert!(again.why.ends_with("print and post it here"), "{}", again.why);
    assert_eq!(handed.left_out[0].why, "it was handed over before and was not posted: print it here");
    scene.close().await;
}

#[tokio::test]
async fn a_letter_that_came_back_to_the_provider_is_begun_again_another_way() {
    let (scene, letter) = Scene::with_a_letter().await;
    scene.hand_over(letter).await;
    scene.school.deliver().await;
    let [taken] = <[_; 1]>::try_from(scene.notify.texts()).unwrap();
    assert!(scene.notify.set_status(&taken.id, "received"));
    scene.ask().await;

    let returned = scene.notify.returned(&taken.id).expect("a post");
    let letters = sender(&scene.school.gateway, "letters");
    let events = letters.callback().expect("it posts").events(&returned.posted()).expect("believed");
    let told: Vec<_> = events
        .into_iter()
        .map(|event| match event {
            liaison_channels::inbound::Event::Receipt(receipt) => receipt,
            liaison_channels::inbound::Event::Text(_) => panic!("a text"),
        })
        .collect();
    for _ in 0..2 {
        receipts::keep(&scene.school.gateway, "letters", &told).await.expect("kept");
    }
    scene.school.deliver().await;

    assert_eq!(scene.school.rows("select count(*)::text from returned_letter").await, ["1"]);
    assert!(scene.school.to_do().await.contains(&"check_address for Amina Begum".to_owned()));
    assert_eq!((scene.school.mail.taken(), scene.school.texts.posted()), (1, 0), "told by email instead");
    scene.close().await;
}

#[tokio::test]
async fn what_a_provider_cannot_print_as_it_is_to_be_read_stays_here() {
    for (format, words, why) in [
        ("large_print", WORDS, "this carer reads in another form"),
        (
            "standard",
            "Sam read two chapters: \u{627}\u{644}\u{643}\u{62a}\u{627}\u{628}",
            "cannot carry one of the letters",
        ),
    ] {
        let scene = Scene::open(&wants_letters().changed("C1", |carer| carer.with("format", format))).await;
        scene.school.queue(&[("P1", words)]).await;
        let letter = scene.school.task("letter").await;

        let handed = scene.hand_over(letter.id).await;

        assert_eq!(handed.now, 0);
        assert!(handed.left_out[0].why.contains(why), "{}", handed.left_out[0].why);
        assert_eq!(scene.school.task("letter").await.state, "open");
        assert!(scene.school.deliveries().await.is_empty());
        scene.close().await;
    }
}

#[tokio::test]
async fn a_letter_whose_right_ended_leaves_neither_here_nor_there() {
    let (scene, letter) = Scene::with_a_letter().await;
    scene.hand_over(letter).await;
    scene.school.import(&wants_letters().changed("C1", |carer| carer.restricted("no_contact", "", ""))).await;

    scene.school.deliver().await;

    assert!(scene.notify.texts().is_empty());
    assert_eq!(scene.school.delivery().await.state, "refused");
    assert_eq!(scene.school.to_do().await, Vec::<String>::new());
    scene.close().await;
}

#[tokio::test]
async fn a_rehearsal_has_no_letter_printed() {
    let mut scene = Scene::open(&wants_letters()).await;
    scene.school.policy(|policy| policy.rehearsal = Some(std::iter::empty().collect()));
    scene.school.queue(&[("P1", WORDS)]).await;
    let letter = scene.school.task("letter").await.id;

    scene.hand_over(letter).await;
    scene.school.deliver().await;

    assert!(scene.notify.texts().is_empty());
    assert_eq!(scene.school.delivery().await.state, "refused");
    scene.close().await;
}

#[tokio::test]
async fn a_letter_in_doubt_is_looked_for_and_not_printed_twice() {
    let (scene, letter) = Scene::with_a_letter().await;
    scene.hand_over(letter).await;
    scene.notify.next(1, Deed::Cut { took: true });
    scene.school.deliver().await;
    let doubt = scene.school.delivery().await.state;

    scene.school.later(std::time::Duration::from_mins(5));
    resolve::resolve(&scene.school.gateway).await.expect("asked");
    scene.school.deliver().await;

    assert_eq!(doubt, "unknown");
    assert_eq!(scene.school.delivery().await.state, "submitted");
    assert_eq!(scene.notify.texts().len(), 1);
    scene.close().await;
}

#[tokio::test]
async fn a_letter_that_is_cancelled_before_it_leaves_is_the_offices_again_and_not_sent_by_hand() {
    let (scene, letter) = Scene::with_a_letter().await;
    scene.hand_over(letter).await;
    let id = scene.school.delivery().await.id;

    operate::cancel(&scene.school.gateway, id, "office").await.expect("cancelled");
    let refused = operate::retry(&scene.school.gateway, id, false, "office").await.expect_err("refused");
    scene.school.deliver().await;

    assert_eq!(scene.school.task("letter").await.state, "open");
    assert!(refused.to_string().contains("print it there"), "{refused}");
    assert!(scene.notify.texts().is_empty());
    scene.close().await;
}
