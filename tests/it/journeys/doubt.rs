//! A line that was cut after the words were given: asked about first, then a person, and a text never simply twice.

use std::time::Duration;

use liaison::flows::{
    operate,
    resolve::{Resolved, resolve},
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::{Deed, Taken, TwilioFake},
};

use crate::support::{
    people::{Roll, carer, one_by_email, one_by_text, pupil},
    school::{School, readable},
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const LONG_ENOUGH: Duration = Duration::from_secs(20);
/// After this a list that does not hold a text is believed.
const SURE: Duration = Duration::from_mins(1);

/// A school whose one text is in doubt; the provider has it, or not.
async fn text_in_doubt(deed: Deed) -> School {
    let school = School::open(&one_by_text()).await;
    // The provider's list has the provider's time, which is this machine's.
    school.real_time();
    school.texts.next(1, deed);
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    assert_eq!(school.delivery().await.state, "unknown");
    school
}

#[tokio::test]
async fn a_text_that_the_provider_has_is_settled_and_not_sent_again() {
    for deed in [Deed::Cut { took: true }, Deed::CutShort, Deed::Garbled, Deed::Nameless] {
        let school = text_in_doubt(deed.clone()).await;

        let too_early = resolve(&school.gateway).await.unwrap();
        school.later(LONG_ENOUGH);
        let asked = resolve(&school.gateway).await.unwrap();
        school.deliver().await;

        assert_eq!(too_early, Resolved { open: 1, ..Resolved::default() });
        assert_eq!(asked, Resolved { went: 1, ..Resolved::default() }, "{deed:?}");
        let delivery = school.delivery().await;
        let sid = school.texts.messages()[0].sid.clone();
        assert_eq!((delivery.state.as_str(), delivery.provider_ref), ("submitted", Some(sid)));
        assert_eq!(school.texts.messages().len(), 1);
        assert_eq!((school.told("in_doubt").await, school.told("doubt_resolved").await), (1, 1));
        school.close().await;
    }
}

#[tokio::test]
async fn a_text_that_the_provider_never_got_is_sent_again_once() {
    let school = text_in_doubt(Deed::Cut { took: false }).await;

    school.later(LONG_ENOUGH);
    // A provider that was slow to answer may be slow to list.
    let unsure = resolve(&school.gateway).await.unwrap();
    school.later(SURE);
    let asked = resolve(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!(unsure, Resolved { open: 1, ..Resolved::default() });
    assert_eq!(asked, Resolved { again: 1, ..Resolved::default() });
    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.tries, delivery.maybe_twice), ("submitted", 2, false));
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_text_nobody_can_tell_about_goes_to_a_person_once_and_is_never_sent_by_itself() {
    let school = text_in_doubt(Deed::Cut { took: false }).await;
    for _ in 0..2 {
        school.texts.plant(wordless(&school));
    }

    school.later(LONG_ENOUGH);
    // Its receipt may still come, and would tell.
    let early = resolve(&school.gateway).await.unwrap();
    school.later(Duration::from_mins(10));
    let asked = resolve(&school.gateway).await.unwrap();
    let asked_again = resolve(&school.gateway).await.unwrap();
    school.later(Duration::from_hours(30));
    resolve(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!((early.person, early.open), (0, 1));
    assert_eq!((asked.person, asked_again.person), (1, 0));
    assert_eq!(school.to_do().await, ["did_it_arrive for Amina Begum"]);
    assert_eq!(school.delivery().await.state, "unknown");
    assert_eq!(school.texts.posted(), 1);
    school.close().await;
}

/// A text to the same number whose words the provider has thrown away.
fn wordless(school: &School) -> Taken {
    Taken {
        sid: format!("SM{}", uuid::Uuid::now_v7().simple()),
        to: "+447700900101".to_owned(),
        from: Some(TwilioFake::NUMBER.to_owned()),
        service: None,
        body: String::new(),
        status: "sent".to_owned(),
        error_code: None,
        direction: "outbound-api".to_owned(),
        created: liaison::flows::Clock::now(school.clock.as_ref()),
        fields: std::collections::BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_is_waited_for_and_then_a_person_is() {
    let school = text_in_doubt(Deed::Cut { took: true }).await;
    school.texts.always_question(Some(Deed::Fail { status: 503, took: false }));

    school.later(LONG_ENOUGH);
    let soon = resolve(&school.gateway).await.unwrap();
    school.later(Duration::from_mins(10));
    let late = resolve(&school.gateway).await.unwrap();
    school.texts.always_question(None);
    let answered = resolve(&school.gateway).await.unwrap();

    assert_eq!((soon.open, late.person), (1, 1));
    assert_eq!(answered.went, 1, "an answer that comes after all still settles it");
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn only_a_person_who_says_so_sends_a_text_in_doubt_again() {
    let school = text_in_doubt(Deed::Cut { took: true }).await;
    let id = school.delivery().await.id;

    let refused = operate::retry(&school.gateway, id, false, "office").await.unwrap_err();
    school.deliver().await;
    let untouched = school.texts.posted();
    operate::retry(&school.gateway, id, true, "office").await.unwrap();
    school.deliver().await;

    assert!(refused.to_string().contains("--even-if-twice"));
    assert_eq!((untouched, school.texts.messages().len()), (1, 2));
    assert!(school.delivery().await.maybe_twice);
    let told = school.entries().await;
    assert!(told.iter().any(|e| e.actor == "office" && e.sentence.contains("may arrive twice")));
    school.close().await;
}

#[tokio::test]
async fn another_carers_text_to_a_shared_number_is_not_taken_for_the_one_in_doubt() {
    let shared =
        |reference, forename| carer("P1", reference, forename, "Begum").mobile("07700 900101").wants("sms");
    let roll = Roll::new(&[pupil("P1", "Sam", "Ash")], &[shared("C1", "Amina"), shared("C2", "Basil")]);
    let school = School::open(&roll).await;
    school.real_time();
    school.texts.next(1, Deed::Cut { took: false });
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    school.later(SURE);
    let asked = resolve(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!(asked.again, 1, "the same words to the same number, and still not the same message");
    assert_eq!(school.texts.messages().len(), 2);
    assert_eq!(school.states().await, ["Amina Begum text submitted", "Basil Begum text submitted"]);
    school.close().await;
}

#[tokio::test]
async fn a_mail_cut_at_its_end_is_sent_again_under_the_same_name_and_marked() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::TakeAndCut);
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let doubt = school.delivery().await;

    let asked = resolve(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!((doubt.state.as_str(), asked.again), ("unknown", 1));
    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.maybe_twice), ("submitted", true));
    let names: Vec<_> = school.mail.messages().iter().map(|mail| message_id(&mail.data)).collect();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], names[1]);
    school.close().await;
}

fn message_id(data: &str) -> String {
    let read = readable(data);
    let line = read.lines().find(|line| line.to_lowercase().starts_with("message-id:"));
    line.expect("a Message-ID").to_owned()
}

#[tokio::test]
async fn a_mail_server_that_cuts_every_time_is_given_up_and_gone_round() {
    let school = School::open(&one_by_email()).await;
    school.mail.always(At::Dot, Act::Cut);
    school.queue(&[("P1", WORDS)]).await;

    for _ in 0..6 {
        school.deliver().await;
        resolve(&school.gateway).await.unwrap();
        school.later(Duration::from_mins(10));
    }

    assert_eq!(school.states().await, ["Amina Begum email failed", "Amina Begum text submitted"]);
    assert_eq!(school.mail.steps(At::Dot), 3, "one try and two repeats, as the schedule says");
    school.close().await;
}

#[tokio::test]
async fn a_receipt_for_a_text_that_was_sent_back_to_the_queue_keeps_it_from_going_twice() {
    let school = text_in_doubt(Deed::Cut { took: true }).await;
    let sid = school.texts.messages()[0].sid.clone();
    operate::retry(&school.gateway, school.delivery().await.id, true, "office").await.unwrap();

    let status =
        super::receipts::post(&school, &school.texts.callback_request(&sid, "delivered", None).unwrap())
            .await;
    school.deliver().await;

    assert_eq!(status, 200);
    assert_eq!(school.texts.messages().len(), 1, "it is known to have arrived");
    assert_eq!(school.delivery().await.state, "delivered");
    school.close().await;
}

#[tokio::test]
async fn a_text_whose_line_is_cut_at_every_try_is_given_up_and_gone_round() {
    let school = text_in_doubt(Deed::Cut { took: false }).await;
    school.texts.always(Some(Deed::Cut { took: false }));

    for _ in 0..8 {
        school.later(LONG_ENOUGH);
        resolve(&school.gateway).await.unwrap();
        school.later(Duration::from_mins(10));
        school.deliver().await;
    }

    assert_eq!(school.states().await, ["Amina Begum email submitted", "Amina Begum text failed"]);
    assert_eq!(school.texts.posted(), 3, "one try and two repeats, as the schedule says");
    school.close().await;
}
