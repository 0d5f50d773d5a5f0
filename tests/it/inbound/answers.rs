//! A colleague answers: the reply leaves in the thread, stops the clock, and starts it again where it does not arrive.

use std::time::Duration;

use liaison::{
    domain::people::{Purpose, Route},
    flows::{FlowError, cases, deliver::Lane, people, resolve, tasks},
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::Deed,
};

use super::{AMINA, HER_NUMBER, two_parents};
use crate::support::{
    inbound::{Letter, bounce, header},
    people::{Roll, carer, one_by_email, one_by_text, pupil},
    school::{School, readable},
};

const RUNNING: &str = "answer running 2026-11-27 17:00";
const MET: &str = "answer met 2026-11-27 17:00";
const ANSWER: &str = "The trip is on 4 December.";

async fn reply(school: &School, promise: Option<&str>) -> Result<cases::Replied, FlowError> {
    let promise = promise.map(|day| day.parse().unwrap());
    let full_answer = promise.is_none();
    let reply = cases::Reply {
        words: ANSWER,
        promise,
        full_answer,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    let code = school.cases().await[0].code.clone();
    cases::reply(&school.gateway, &code, false, &reply).await
}

/// A school that has been asked something by this carer's mail, and has acknowledged it.
async fn asked(roll: &Roll) -> (School, Letter) {
    let school = School::open(roll).await;
    let letter = Letter::from(AMINA);
    school.arrives(&letter).await;
    school.deliver().await;
    assert_eq!(school.clocks().await, [RUNNING]);
    (school, letter)
}

#[tokio::test]
async fn an_acknowledgement_stops_no_clock_and_a_reply_by_mail_in_the_thread_does() {
    let (school, letter) = asked(&one_by_email()).await;

    let replied = reply(&school, None).await.unwrap();
    school.deliver().await;

    assert_eq!((replied.route, replied.clocks_stopped), ("email", 1));
    assert_eq!(school.clocks().await, [MET]);
    let mail = school.mail.messages().pop().unwrap();
    let of = |name: &str| header(&mail.data, name);
    assert_eq!((mail.to.as_str(), mail.from.as_str()), (AMINA, "parents@northfield.example"));
    assert_eq!(of("In-Reply-To"), Some(format!("<{}>", letter.id())));
    assert_eq!(of("References"), Some(format!("<{}>", letter.id())));
    assert_eq!(of("Auto-Submitted"), None, "a colleague wrote it");
    let read = readable(&mail.data);
    assert!(read.contains(ANSWER) && !read.contains("Could you tell me"), "nothing is quoted: {read}");
    assert_eq!(school.told("replied").await, 1);
    school.close().await;
}

#[tokio::test]
async fn a_promise_has_a_clock_of_its_own_which_the_full_answer_stops() {
    let (school, _) = asked(&one_by_email()).await;

    let sunday = reply(&school, Some("2026-12-06")).await;
    let past = reply(&school, Some("2026-11-20")).await;
    let first = reply(&school, Some("2026-12-04")).await.unwrap();
    school.deliver().await;
    let promised = school.clocks().await;
    reply(&school, None).await.unwrap();
    school.deliver().await;

    assert!(sunday.unwrap_err().to_string().contains("nobody is at school that day"));
    assert!(past.unwrap_err().to_string().contains("it has passed"));
    assert_eq!(first.clocks_stopped, 1);
    assert_eq!(promised, [MET, "promise running 2026-12-04 17:00"]);
    assert_eq!(school.clocks().await, [MET, "promise met 2026-12-04 17:00"]);
    let mails = school.mail.messages();
    assert!(readable(&mails[1].data).contains("by the end of Friday 4 December"));
    school.close().await;
}

#[tokio::test]
async fn a_text_is_answered_by_text() {
    let school = School::open(&one_by_email()).await;
    school.text_arrives(HER_NUMBER, "When is the trip?").await;
    school.deliver().await;

    let replied = reply(&school, None).await.unwrap();
    school.deliver().await;

    assert_eq!((replied.route, school.mail.taken()), ("text", 0), "although she prefers email");
    let texts = school.texts.messages();
    assert_eq!((texts.len(), texts[1].to.as_str()), (2, HER_NUMBER));
    assert!(
        texts[0].body.contains("Fri 27 Nov") && texts[0].body.contains("01632 960100"),
        "{}",
        texts[0].body
    );
    assert!(!texts[0].body.contains("Sam") && !texts[0].body.contains("trip"), "{}", texts[0].body);
    assert!(texts[1].body.contains(ANSWER), "{}", texts[1].body);
    assert_eq!(school.clocks().await, [MET]);
    school.close().await;
}

#[tokio::test]
async fn a_reply_that_cannot_go_by_mail_becomes_a_call_and_the_clock_runs_until_somebody_has_rung() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Amina", "Begum").email(AMINA).with("phone", "01632 960101")],
    );
    let (school, _) = asked(&roll).await;
    school.mail.always(At::Rcpt, Act::Say("550 5.1.1 no such mailbox".into()));

    reply(&school, None).await.unwrap();
    let before = school.clocks().await;
    school.deliver().await;
    let failed = school.clocks().await;
    let call = school.task("call").await;
    tasks::close(&school.gateway, call.id, true, "h.barlow", "told her").await.unwrap();

    assert_eq!((before, failed), (vec![MET.to_owned()], vec![RUNNING.to_owned()]));
    assert!(call.needs.unwrap().words.unwrap().contains(ANSWER));
    assert_eq!(school.clocks().await, [MET]);
    assert!(school.entries().await.iter().any(|entry| entry.sentence.contains("runs again")));
    school.close().await;
}

#[tokio::test]
async fn a_reply_that_goes_by_the_next_route_has_answered() {
    let (school, _) = asked(&one_by_email()).await;
    school.mail.always(At::Rcpt, Act::Say("550 5.1.1 no such mailbox".into()));

    reply(&school, None).await.unwrap();
    school.deliver().await;

    assert!(school.states().await.contains(&"Amina Begum text submitted".to_owned()));
    assert!(school.texts.messages()[0].body.contains(ANSWER));
    assert_eq!(school.clocks().await, [MET], "she has her answer, by text");
    school.close().await;
}

#[tokio::test]
async fn who_wants_answers_by_phone_is_rung_though_they_wrote_a_mail() {
    let roll = || {
        Roll::new(
            &[pupil("P1", "Sam", "Ash")],
            &[carer("P1", "C1", "Amina", "Begum").email(AMINA).with("phone", "01632 960101")],
        )
    };

    let mut taken = Vec::new();
    for purpose in [Purpose::WeeklyUpdate, Purpose::Reply] {
        let (school, _) = asked(&roll()).await;
        let carer = school.rows("select id::text from carer").await.remove(0).parse().unwrap();
        people::set_preference(&school.gateway, carer, purpose, &[Route::Call], "Amina, by phone", "office")
            .await
            .unwrap();
        taken.push(reply(&school, None).await.unwrap().route);
        if purpose == Purpose::Reply {
            let call = school.task("call").await;
            assert!(call.needs.unwrap().words.unwrap().contains(ANSWER));
            assert_eq!(school.clocks().await, [RUNNING], "she is answered once somebody has rung");
        }
        school.close().await;
    }

    assert_eq!(taken, ["email", "call"], "a wish for updates is none for answers");
}

#[tokio::test]
async fn a_call_that_was_given_up_answers_nobody() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Amina", "Begum").email(AMINA).with("phone", "01632 960101")],
    );
    let (school, _) = asked(&roll).await;
    school.mail.always(At::Rcpt, Act::Say("550 5.1.1 no such mailbox".into()));
    reply(&school, None).await.unwrap();
    school.deliver().await;

    let call = school.task("call").await.id;
    tasks::close(&school.gateway, call, false, "h.barlow", "nobody picks up").await.unwrap();

    assert_eq!(school.clocks().await, [RUNNING]);
    school.close().await;
}

#[tokio::test]
async fn a_reply_that_bounces_starts_the_clock_again() {
    let (school, _) = asked(&one_by_email()).await;
    reply(&school, None).await.unwrap();
    school.deliver().await;
    let id = school.message_id_to(AMINA);

    school.arrives(&bounce(&id, AMINA, "failed", "5.1.1")).await;

    assert_eq!(school.clocks().await, [RUNNING]);
    assert!(school.entries().await.iter().any(|entry| entry.sentence.contains("runs again")));
    school.close().await;
}

/// A reply that bounced, and whose text has just been handed over without our having settled it; with the lane that did so.
async fn replied_by_the_next_route(took: Option<Deed>) -> (School, Lane) {
    let (school, _) = asked(&one_by_email()).await;
    reply(&school, None).await.unwrap();
    school.deliver().await;
    let id = school.message_id_to(AMINA);
    school.arrives(&bounce(&id, AMINA, "failed", "5.1.1")).await;
    assert_eq!(school.clocks().await, [RUNNING]);
    school.texts.next(usize::from(took.is_some()), took.unwrap_or(Deed::Redirect));
    let mut lane = school.lane(&school.gateway, "texts").await;
    lane.step().await.unwrap();
    assert_eq!(school.texts.messages().len(), 1);
    (school, lane)
}

#[tokio::test]
async fn a_reply_of_which_a_receipt_tells_first_that_it_went_has_answered() {
    let (school, mut lane) = replied_by_the_next_route(None).await;
    let sid = school.texts.messages()[0].sid.clone();

    let told = school.texts.callback_request(&sid, "sent", None).expect("a post");
    assert_eq!(school.post(&told).await, 200);

    assert_eq!(school.clocks().await, [MET]);
    lane.finish().await.unwrap();
    assert_eq!(school.clocks().await, [MET]);
    school.close().await;
}

#[tokio::test]
async fn a_reply_in_doubt_that_is_found_to_have_gone_has_answered() {
    let (school, mut lane) = replied_by_the_next_route(Some(Deed::Cut { took: true })).await;
    lane.finish().await.unwrap();
    assert_eq!(school.clocks().await, [RUNNING], "nobody knows yet");

    school.later(Duration::from_mins(2));
    resolve::resolve(&school.gateway).await.unwrap();

    assert_eq!(school.clocks().await, [MET]);
    school.close().await;
}

#[tokio::test]
async fn where_the_school_counts_it_an_acknowledgement_that_left_meets_the_clock_and_its_day_is_a_promise() {
    const PROMISED: &str = "promise running 2026-11-27 17:00";
    let school = School::with(&one_by_email(), |setup| setup.policy.acknowledge.counts = true).await;

    let letter = Letter::from(AMINA);
    school.arrives(&letter).await;
    let queued = school.clocks().await;
    school.deliver().await;
    let left = school.clocks().await;
    school.arrives(&Letter::from(AMINA).answers(letter.id()).says("And one thing more.")).await;
    school.deliver().await;
    let more = school.clocks().await;
    reply(&school, None).await.unwrap();

    assert_eq!(queued, [RUNNING], "one that waits to leave meets nothing");
    assert_eq!(left, [MET, PROMISED]);
    assert_eq!(more, [MET, PROMISED, RUNNING], "what is not acknowledged again is still to be");
    assert_eq!(school.clocks().await, [MET, "promise met 2026-11-27 17:00", MET]);
    let told: Vec<_> = school.entries().await.into_iter().map(|entry| entry.sentence).collect();
    let counts = "the acknowledgement counts as the school's: its clock is met, and a full answer is promised for Friday 27 November";
    assert_eq!(told.iter().filter(|said| *said == counts).count(), 1, "{told:#?}");
    school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn an_acknowledgement_counts_for_its_own_message_and_leaves_a_promise_as_it_is() {
    let school = School::with(&one_by_email(), |setup| setup.policy.acknowledge.counts = true).await;
    let letter = Letter::from(AMINA);
    school.arrives(&letter).await;
    school.later(Duration::from_hours(30));
    school.arrives(&Letter::from(AMINA).answers(letter.id()).says("And one thing more.")).await;
    let code = school.cases().await[0].code.clone();
    cases::promise(&school.gateway, &code, false, "2026-12-04".parse().unwrap(), "h.barlow").await.unwrap();

    school.deliver().await;

    assert_eq!(
        school.clocks().await,
        [MET, "answer running 2026-11-30 17:00", "promise running 2026-12-04 17:00"]
    );
    let told: Vec<_> = school.entries().await.into_iter().map(|entry| entry.sentence).collect();
    assert!(
        told.contains(&"the acknowledgement counts as the school's: its clock is met".to_owned()),
        "{told:#?}"
    );
    school.close().await;
}

#[tokio::test]
async fn an_acknowledgement_that_counted_and_bounced_leaves_the_clock_running() {
    let school = School::with(&one_by_email(), |setup| setup.policy.acknowledge.counts = true).await;
    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;
    let id = school.message_id_to(AMINA);

    school.arrives(&bounce(&id, AMINA, "failed", "5.1.1")).await;

    assert_eq!(school.clocks().await, [RUNNING, "promise running 2026-11-27 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_clock_that_had_no_date_has_none_after_its_reply_bounced() {
    let school = School::with(&one_by_email(), |setup| setup.policy.calendar = None).await;
    school.arrives(&Letter::from(AMINA)).await;
    reply(&school, None).await.unwrap();
    school.deliver().await;
    let id = school.message_id_to(AMINA);

    school.arrives(&bounce(&id, AMINA, "failed", "5.1.1")).await;

    assert_eq!(school.clocks().await, ["answer calendar_missing"]);
    school.close().await;
}

#[tokio::test]
async fn a_restriction_that_comes_before_the_reply_leaves_stops_it_and_the_clock_runs_again() {
    let (school, _) = asked(&two_parents()).await;
    reply(&school, None).await.unwrap();
    let restricted = two_parents().changed("C1", |carer| carer.restricted("no_contact", "", ""));
    school.import(&restricted).await;

    school.deliver().await;

    assert!(school.states().await.contains(&"Amina Begum email refused".to_owned()));
    assert_eq!(school.acknowledgements().len(), 1);
    assert_eq!((school.mail.taken(), school.texts.posted()), (1, 0), "only the acknowledgement, before");
    assert_eq!(school.clocks().await, [RUNNING]);
    assert!(reply(&school, None).await.is_err(), "nor can another be queued");
    school.close().await;
}

#[tokio::test]
async fn a_case_is_handed_on_with_its_clock_and_closed_only_with_an_outcome() {
    let (school, _) = asked(&one_by_email()).await;
    let code = school.case().await.code;

    cases::assign(&school.gateway, &code, false, "office", Some("j.field"), "h.barlow").await.unwrap();
    let nobody = cases::assign(&school.gateway, &code, false, "caretaker", None, "h.barlow").await;
    let handed_on = school.case().await;
    let silent = cases::close(&school.gateway, &code, false, "  ", "j.field").await;
    cases::close(&school.gateway, &code, false, "settled at the gate", "j.field").await.unwrap();
    let twice = cases::close(&school.gateway, &code, false, "again", "j.field").await;

    assert_eq!((handed_on.role.as_str(), handed_on.owner.as_deref()), ("office", Some("j.field")));
    assert!(nobody.is_err() && silent.is_err() && twice.is_err());
    assert_eq!(school.clocks().await, ["answer closed 2026-11-27 17:00"]);
    let closed = school.entries().await.pop().unwrap();
    assert!(closed.sentence.contains("1 clock(s) ended without an answer"), "{}", closed.sentence);
    assert_eq!(closed.words.as_deref(), Some("settled at the gate"));
    school.close().await;
}

#[tokio::test]
async fn a_reply_needs_words_and_a_case() {
    let (school, _) = asked(&one_by_text()).await;
    let empty = cases::Reply {
        words: " \n",
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    let words = cases::Reply { words: ANSWER, ..empty.clone() };
    let code = school.case().await.code;

    assert!(cases::reply(&school.gateway, &code, false, &empty).await.is_err());
    assert!(cases::reply(&school.gateway, "ABCD-2345", false, &words).await.is_err());

    assert_eq!(school.clocks().await, [RUNNING]);
    school.close().await;
}
