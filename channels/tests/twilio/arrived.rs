//! Texts from carers, as they are posted to us.

use liaison_channels::{
    Sender,
    fakes::twilio::{SignedPost, TwilioFake},
    inbound::{Event, KeptText, OptOut, RawForm, read_text},
    receipt::{Forgery, NotBelieved},
    twilio,
};

use crate::{CARER, Scene, WORDS, text};

const URL: &str = "https://liaison.school.example/webhooks/texts/text";
const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn events(scene: &Scene, post: &SignedPost) -> Result<Vec<Event>, NotBelieved> {
    scene.twilio.callback().unwrap().events(&post.posted())
}

fn kept(scene: &Scene, post: &SignedPost) -> KeptText {
    match events(scene, post).unwrap().remove(0) {
        Event::Text(kept) => *kept,
        Event::Receipt(receipt) => panic!("{receipt:?}"),
    }
}

fn fields() -> Vec<(&'static str, String)> {
    vec![
        ("AccountSid", TwilioFake::ACCOUNT.to_owned()),
        ("MessageSid", SID.to_owned()),
        ("SmsStatus", "received".to_owned()),
        ("From", CARER.to_owned()),
        ("To", TwilioFake::NUMBER.to_owned()),
        ("Body", WORDS.to_owned()),
        ("NumMedia", "0".to_owned()),
    ]
}

fn without(name: &str) -> Vec<(&'static str, String)> {
    fields().into_iter().filter(|(n, _)| *n != name).collect()
}

fn with(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    [without(name), vec![(name, value.to_owned())]].concat()
}

#[test]
fn what_twilio_has_made_of_its_own_keywords_is_told_and_read_again() {
    let scene = Scene::new();
    for (word, told) in [
        ("STOP", Some(OptOut::Stop)),
        ("START", Some(OptOut::Start)),
        ("HELP", Some(OptOut::Help)),
        ("Stop ", Some(OptOut::Stop)),
        ("OF_TOMORROW", None),
        ("", None),
    ] {
        let post = scene.fake.signed(URL.to_owned(), &with("OptOutType", word));

        let kept = kept(&scene, &post);

        assert_eq!((kept.text.opt_out, kept.text.body.expose().as_str()), (told, WORDS), "{word}");
        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
    let post = scene.fake.signed(URL.to_owned(), &fields());
    assert_eq!(kept(&scene, &post).text.opt_out, None);
}

#[test]
fn a_posted_text_is_kept_whole_with_the_bytes_it_came_in() {
    let scene = Scene::new();
    let words = "Dzień dobry & thank you = 100% + café €5\n😀";
    let post = scene.fake.receive(URL, CARER, words, 0);

    let kept = kept(&scene, &post);

    assert_eq!(kept.text.reference.0, scene.fake.arrived()[0].sid);
    assert_eq!(kept.text.from.expose(), CARER);
    assert_eq!(kept.text.to.expose(), TwilioFake::NUMBER);
    assert_eq!(kept.text.body.expose(), words);
    assert_eq!((kept.text.media, kept.text.part.clone(), kept.text.sent_at), (0, None, None));
    assert_eq!((kept.form, kept.raw.expose()), (twilio::POSTED, &post.body));
}

#[test]
fn kept_bytes_are_read_again_as_they_were_at_arrival() {
    let scene = Scene::new();
    for (words, media) in [(WORDS, 0), ("", 2), (" \n ", 0), ("👩‍👧 ać & = % +", 1)] {
        let kept = kept(&scene, &scene.fake.receive(URL, CARER, words, media));

        assert_eq!(read_text(kept.form, kept.raw.expose()), Some(kept.text));
    }
}

#[test]
fn pictures_without_words_are_a_text() {
    let scene = Scene::new();

    let kept = kept(&scene, &scene.fake.receive(URL, CARER, "", 3));

    assert_eq!((kept.text.body.expose().as_str(), kept.text.media), ("", 3));
    assert!(kept.text.reference.0.starts_with("MM"));
}

#[test]
fn pictures_are_counted_where_their_number_is_not_told() {
    let scene = Scene::new();
    let pictures = [("MediaUrl0", "https://a.example/0"), ("MediaUrl1", "https://a.example/1")];
    let fields = [without("NumMedia"), pictures.map(|(name, url)| (name, url.to_owned())).to_vec()].concat();

    let kept = kept(&scene, &scene.fake.signed(URL.to_owned(), &fields));

    assert_eq!(kept.text.media, 2);
}

#[test]
fn a_text_is_believed_at_either_of_our_addresses() {
    let scene = Scene::new();
    let status = "https://liaison.school.example/webhooks/texts/status";

    for url in [URL, status, &URL.replace(".example/", ".example:443/"), &format!("{URL}?x=1")] {
        assert_eq!(
            kept(&scene, &scene.fake.receive(url, CARER, WORDS, 0)).text.body.expose(),
            WORDS,
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_receipt_at_the_address_for_texts_is_still_a_receipt() {
    let scene = Scene::with(|config| config.public_url = Some("https://a.example".to_owned()));
    let taken = scene.twilio.send(&text()).await.unwrap();
    let post = scene.fake.callback_request(&taken.reference.0, "delivered", None).unwrap();
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(&post.body).map(|(name, value)| (name.into(), value.into())).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();

    let moved = scene.fake.signed("https://a.example/webhooks/texts/text".to_owned(), &fields);

    assert!(matches!(events(&scene, &moved).unwrap().as_slice(), [Event::Receipt(_)]));
}

#[test]
fn a_text_changed_on_the_way_is_not_believed() {
    let scene = Scene::new();
    let good = scene.fake.receive(URL, CARER, WORDS, 0);
    let other_path = good.path_and_query.replace("texts/text", "texts/status");

    assert!(events(&scene, &good).is_ok());
    for changed in [
        good.tampered(),
        SignedPost { path_and_query: other_path, ..good.clone() },
        SignedPost { body: Vec::new(), ..good.clone() },
        SignedPost { headers: Vec::new(), ..good.clone() },
    ] {
        let why = if changed.headers.is_empty() { Forgery::Missing } else { Forgery::Wrong };
        assert_eq!(events(&scene, &changed), Err(NotBelieved::Forged(why)));
    }
}

#[test]
fn a_repeated_post_is_the_same_text() {
    let scene = Scene::new();
    let sid = scene.fake.arrive(CARER, WORDS, 0).sid;
    let post = || scene.fake.text_request(URL, &sid).unwrap();

    assert_eq!(kept(&scene, &post()), kept(&scene, &post()));
}

#[test]
fn fields_that_are_not_known_or_not_there_do_not_lose_a_text() {
    let scene = Scene::new();
    for (what, fields) in [
        ("still arriving", with("SmsStatus", "receiving")),
        ("no status", without("SmsStatus")),
        (
            "the status under its other name",
            [without("SmsStatus"), vec![("MessageStatus", "received".into())]].concat(),
        ),
        (
            "the name under its other name",
            [without("MessageSid"), vec![("SmsMessageSid", SID.into())]].concat(),
        ),
        ("no number of ours", without("To")),
        ("no count of pictures", without("NumMedia")),
        ("a count that is none", with("NumMedia", "some")),
        ("a field of tomorrow", with("Mood", "cheerful")),
        ("a sender that is not a number", with("From", "HMRC")),
        ("the same field twice", [fields(), vec![("From", CARER.to_owned())]].concat()),
    ] {
        let kept = kept(&scene, &scene.fake.signed(URL.to_owned(), &fields));

        assert_eq!(
            (kept.text.reference.0.as_str(), kept.text.body.expose().as_str()),
            (SID, WORDS),
            "{what}"
        );
    }
}

#[test]
fn a_signed_text_that_makes_no_sense_is_told_apart_from_a_forged_one() {
    let scene = Scene::new();
    for (what, fields) in [
        ("another account", with("AccountSid", "AC00000000000000000000000000000000")),
        ("no account", without("AccountSid")),
        ("no name", without("MessageSid")),
        ("not a message's name", with("MessageSid", "CA0123456789abcdef0123456789abcdef")),
        ("nobody", without("From")),
        ("neither words nor pictures", without("Body")),
        ("two tales", [fields(), vec![("Body", "no".to_owned())]].concat()),
    ] {
        let read = events(&scene, &scene.fake.signed(URL.to_owned(), &fields));

        assert!(matches!(read, Err(NotBelieved::Unreadable(_))), "{what}: {read:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_not_read_as_one() {
    for raw in [&b""[..], b"\xff\xfe", b"{}", b"[]", b"null", b"{\"sid\":1}", b"MessageSid=SM1&From=x&Body=y"]
    {
        for form in [RawForm::MAIL, twilio::POSTED, twilio::LISTED] {
            assert_eq!(read_text(form, raw), None, "{form:?}");
        }
    }
}

#[test]
fn a_kept_text_does_not_print_what_it_says() {
    let scene = Scene::new();

    let printed = format!("{:?}", kept(&scene, &scene.fake.receive(URL, CARER, WORDS, 0)));

    assert!(!printed.contains("7700900") && !printed.contains("Swimming"), "{printed}");
}

#[test]
fn the_address_to_enter_at_the_provider_is_told() {
    let scene = Scene::new();

    assert_eq!(scene.twilio.inbound_address().as_deref(), Some(URL));
    assert_eq!(Scene::with(|config| config.public_url = None).twilio.inbound_address(), None);
}
