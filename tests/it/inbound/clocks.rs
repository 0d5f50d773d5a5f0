//! Which case a message belongs to, and which clock runs: each belongs to the message that started it.

use liaison::{
    domain::calendar,
    flows::{Clock as _, cases, ladder, receive},
};

use super::{AMINA, BORIS, HER_NUMBER, WORDS, two_parents};
use crate::support::{
    inbound::Letter,
    people::{one_by_email, one_by_text},
    school::School,
};

const RUNNING: &str = "answer running 2026-11-27 17:00";

#[tokio::test]
async fn a_second_mail_in_the_thread_and_a_second_answer_to_the_update_join_the_case() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let ours = school.message_id_to(AMINA);
    let first = Letter::from(AMINA).answers(&ours);

    school.arrives(&first).await;
    school.deliver().await;
    let ack = school.message_id_to(AMINA);
    let in_thread = school.arrives(&Letter::from(AMINA).answers(first.id()).says("And what to bring?")).await;
    let to_update = school.arrives(&Letter::from(AMINA).answers(&ours).says("And who comes?")).await;
    let to_ack = school.arrives(&Letter::from(AMINA).answers(&ack).says("And at what time?")).await;
    let code = school.case().await.code;
    let by_code =
        school.arrives(&Letter::from(AMINA).subject(&format!("Re: x [Ref {code}]")).says("And where?")).await;
    school.deliver().await;

    for seen in [in_thread, to_update, to_ack, by_code] {
        assert_eq!(seen.case.as_deref(), Some(code.as_str()));
        assert!(seen.answered.unwrap().contains("(rule 11)"));
    }
    assert_eq!(school.clocks().await, [RUNNING; 5], "each message has its own");
    assert_eq!(school.acknowledgements().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn two_parents_have_two_cases_and_neither_knows_of_the_other() {
    let school = School::open(&two_parents()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let letters = [AMINA, BORIS].map(|from| Letter::from(from).answers(&school.message_id_to(from)));
    school.arrive_all(&letters).await;
    school.deliver().await;

    let cases = school.cases().await;
    let mut carers: Vec<_> = cases.iter().map(|case| case.carer.as_str()).collect();
    carers.sort_unstable();
    assert_eq!(carers, ["Amina Begum", "Boris Czerny"]);
    for ack in school.acknowledgements() {
        let case = cases.iter().find(|case| ack.data.contains(&case.code)).unwrap();
        let other = cases.iter().find(|other| other.id != case.id).unwrap();
        assert_eq!(case.carer.starts_with("Amina"), ack.to == AMINA);
        assert!(!ack.data.contains(&other.code));
    }
    assert_eq!(school.acknowledgements().len(), 2);
    school.close().await;
}

#[tokio::test]
async fn thanks_join_the_case_without_a_clock_and_without_an_answer() {
    let school = School::open(&one_by_email()).await;
    let first = Letter::from(AMINA);
    school.arrives(&first).await;
    school.deliver().await;
    let code = school.case().await.code;
    cases::close(&school.gateway, &code, false, "told by phone", "h.barlow").await.unwrap();

    let seen = school.arrives(&Letter::from(AMINA).answers(first.id()).says("Thank you!")).await;
    school.deliver().await;

    assert_eq!(seen.case.as_deref(), Some(code.as_str()));
    assert!(seen.answered.unwrap().contains("nobody is waiting"));
    assert_eq!(school.clocks().await, ["answer closed 2026-11-27 17:00"]);
    assert_eq!(school.case().await.state, "closed");
    assert_eq!(school.acknowledgements().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_reply_to_a_closed_case_opens_it_again_with_a_clock_of_its_own() {
    let school = School::open(&one_by_email()).await;
    let first = Letter::from(AMINA);
    school.arrives(&first).await;
    let code = school.case().await.code;
    cases::close(&school.gateway, &code, false, "told by phone", "h.barlow").await.unwrap();
    school.set_clock("2026-11-24T10:00:00Z");

    let seen = school.arrives(&Letter::from(AMINA).answers(first.id()).says("But when?")).await;

    assert_eq!(seen.case.as_deref(), Some(code.as_str()));
    assert_eq!(school.case().await.state, "open");
    assert_eq!(school.clocks().await, ["answer closed 2026-11-27 17:00", "answer running 2026-11-30 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn the_same_message_by_another_way_and_the_same_bytes_twice_change_nothing() {
    let school = School::open(&one_by_email()).await;
    let letter = Letter::from(AMINA);
    let now = school.clock.now();
    let raw = letter.bytes(now);
    let other_way = [b"Received: from list.example by mx.example; x\r\n".to_vec(), raw.clone()].concat();

    let kept = school.keep(&[raw.clone(), raw, other_way]).await;
    school.understand().await;
    school.deliver().await;

    assert_eq!((kept.new, kept.known), (2, 1));
    let seen = school.received().await;
    assert_eq!(seen.iter().map(|one| one.kind.as_deref().unwrap()).collect::<Vec<_>>(), ["human", "repeat"]);
    assert_eq!((school.cases().await.len(), school.acknowledgements().len()), (1, 1));
    assert_eq!(school.clocks().await, [RUNNING]);
    school.close().await;
}

#[tokio::test]
async fn the_same_message_id_with_other_words_is_another_message() {
    let school = School::open(&one_by_email()).await;
    let letter = Letter::from(AMINA);

    let first = school.arrives(&letter).await;
    let second = school.arrives(&letter.clone().says("Something else altogether?")).await;

    assert_eq!((first.kind.as_deref(), second.kind.as_deref()), (Some("human"), Some("human")));
    assert_eq!(school.clocks().await.len(), 2);
    school.close().await;
}

#[tokio::test]
async fn two_daemons_that_read_at_once_make_one_case_of_a_thread() {
    let school = School::open(&one_by_email()).await;
    let other = school.another_daemon(school.db.store());
    for daemon in [&school.gateway, &other] {
        // Both have worked before: nothing they do for the first time holds them up.
        let mut connection = daemon.store.acquire().await.unwrap();
        daemon.reply_key(&mut connection).await.unwrap();
    }
    let first = Letter::from(AMINA);
    let mut raws = vec![first.bytes(school.clock.now())];
    // More than one batch: the second must know what the first came to.
    raws.extend((0..300).map(|n| {
        Letter::from(AMINA).answers(first.id()).says(&format!("And {n}?")).bytes(school.clock.now())
    }));
    school.keep(&raws).await;

    let (mine, theirs) = tokio::join!(receive::step(&school.gateway), receive::step(&other));
    school.understand().await;
    school.deliver().await;

    assert_eq!(mine.unwrap() + theirs.unwrap(), 301);
    assert_eq!((school.cases().await.len(), school.clocks().await.len()), (1, 301));
    assert_eq!(school.acknowledgements().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_further_text_belongs_to_the_case_by_text_that_is_open() {
    let school = School::open(&one_by_text()).await;

    let first = school.text_arrives(HER_NUMBER, "When is the trip?").await;
    let second = school.text_arrives(HER_NUMBER, "And what shall he bring?").await;
    school.deliver().await;
    cases::close(&school.gateway, &first.case.clone().unwrap(), false, "rung", "h.barlow").await.unwrap();
    let third = school.text_arrives(HER_NUMBER, "Is there school tomorrow?").await;

    assert_eq!(first.case, second.case);
    assert_ne!(third.case, first.case);
    assert_eq!(school.texts.posted(), 1, "one acknowledgement");
    school.close().await;
}

#[tokio::test]
async fn what_is_overdue_passes_to_the_slt_once_and_the_dsls_stays_with_the_dsl() {
    let roll = two_parents().changed("C2", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::open(&roll).await;
    school.arrives(&Letter::from(AMINA)).await;
    school.arrives(&Letter::from(BORIS)).await;

    school.set_clock("2026-11-27T17:00:00Z");
    let in_time = ladder::climb(&school.gateway).await.unwrap();
    school.set_clock("2026-11-27T17:00:01Z");
    let late = ladder::climb(&school.gateway).await.unwrap();
    let again = ladder::climb(&school.gateway).await.unwrap();

    assert_eq!((in_time, late, again), (0, 2, 0));
    let roles: Vec<_> = school.cases().await.into_iter().map(|case| (case.carer, case.role)).collect();
    assert_eq!(roles[0], ("Amina Begum".to_owned(), "slt".to_owned()));
    assert_eq!(roles[1], ("Boris Czerny".to_owned(), "dsl".to_owned()));
    assert!(school.cases().await.iter().all(|case| case.overdue));
    let moved = "select visibility from chronology_entry where kind = 'case_moved' order by 1";
    assert_eq!(school.rows(moved).await, ["ordinary", "restricted"]);
    school.close().await;
}

/// The same school with another day closed.
fn with_closure(day: &str) -> calendar::Calendar {
    let file = format!("{}closure,{day},,Snow,\n", calendar::EXAMPLE_FILE);
    calendar::read(file.as_bytes()).expect("a good calendar")
}

#[tokio::test]
async fn a_closure_moves_open_clocks_later_and_forgives_no_missed_one() {
    let mut school = School::open(&two_parents()).await;
    school.arrives(&Letter::from(AMINA)).await;
    school.set_clock("2026-11-25T10:00:00Z");
    school.arrives(&Letter::from(BORIS)).await;

    school.policy(|policy| policy.calendar = Some(with_closure("2026-11-26")));
    let moved = ladder::redate(&school.gateway).await.unwrap();
    let again = ladder::redate(&school.gateway).await.unwrap();
    let snowed = school.clocks().await;
    // The first is missed; only then somebody says that the school was closed on its last day.
    school.set_clock("2026-11-30T18:00:00Z");
    school.policy(|policy| policy.calendar = Some(with_closure("2026-11-30")));
    ladder::redate(&school.gateway).await.unwrap();

    assert_eq!((moved, again), (2, 0));
    assert_eq!(snowed, ["answer running 2026-11-30 17:00", "answer running 2026-12-02 17:00"]);
    assert_eq!(school.clocks().await[0], "answer running 2026-11-30 17:00", "what was missed stays missed");
    let told = school.entries().await.into_iter().filter(|entry| entry.kind == "clock");
    let sentences: Vec<_> = told.map(|entry| entry.sentence).collect();
    assert!(sentences.iter().all(|sentence| sentence.contains("the calendar changed")), "{sentences:?}");
    assert!(sentences[0].contains("instead of"), "{sentences:?}");
    school.close().await;
}

#[tokio::test]
async fn a_clock_without_a_date_gets_one_when_the_calendar_is_loaded() {
    let mut school = School::with(&one_by_email(), |setup| setup.policy.calendar = None).await;
    school.arrives(&Letter::from(AMINA)).await;

    let calendar = calendar::read(calendar::EXAMPLE_FILE.as_bytes()).unwrap();
    school.policy(|policy| policy.calendar = Some(calendar));
    let moved = ladder::redate(&school.gateway).await.unwrap();

    assert_eq!((moved, school.clocks().await), (1, vec![RUNNING.to_owned()]));
    assert!(!school.case().await.calendar_missing);
    school.close().await;
}
