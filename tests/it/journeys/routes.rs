//! By which way a carer is told, in which words, and when.

use jiff::civil::Time;
use liaison::domain::{
    hours::{Days, Hours},
    policy::TextUpdate,
};

use crate::support::{
    people::{Roll, carer, four_ways, one_by_email, one_by_text, pupil, updates},
    school::{School, only, readable, received},
    sink::Sink,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

#[tokio::test]
async fn one_update_reaches_four_carers_in_four_ways() {
    let school = School::open(&four_ways()).await;

    let queued = school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!((queued.email, queued.text, queued.call, queued.letter), (1, 1, 1, 1));
    assert_eq!(school.states().await, ["Amina Begum email submitted", "Boris Czerny text submitted"]);
    assert_eq!(school.to_do().await, ["call for Carys Dafydd", "letter for Derek Eames"]);
    let [mail] = received(&school, "amina.begum@home.example").try_into().unwrap();
    let [text] = received(&school, "+447700900102").try_into().unwrap();
    let (call, letter) =
        (school.task("call").await.needs.unwrap(), school.task("letter").await.needs.unwrap());
    assert_eq!(call.to.as_deref(), Some("+447700900103"));
    assert!(letter.to.as_ref().unwrap().contains("4 Quarry Lane"));
    for words in [mail, text, call.words.unwrap(), letter.page.unwrap()] {
        assert!(words.contains(WORDS), "{words}");
    }
    assert_eq!((school.mail.taken(), school.texts.messages().len()), (1, 1));
    school.close().await;
}

#[tokio::test]
async fn the_same_update_goes_through_postfix_to_each_by_itself() {
    let Some(sink) = Sink::start() else { return };
    let mut roll = four_ways();
    roll.carers.push(carer("P1", "C5", "Fay", "Gough").email("fay.gough@home.example"));
    let school = School::with(&roll, |setup| setup.mail_port = Some(sink.port)).await;

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let mut mails = sink.mails();
    mails.sort_by_key(|mail| mail.contains("X-Rcpt-Args: <fay"));
    assert_eq!(mails.len(), 2, "{mails:#?}");
    for (mail, to, other) in
        [(&mails[0], "amina.begum", "fay.gough"), (&mails[1], "fay.gough", "amina.begum")]
    {
        assert_eq!(mail.matches("X-Rcpt-Args:").count(), 1);
        assert!(mail.contains(&format!("X-Rcpt-Args: <{to}@home.example>")), "{mail}");
        let read = readable(&mail.replace('\n', "\r\n"));
        assert!(read.contains(WORDS) && !read.contains(other) && !read.contains("Quarry Lane"), "{read}");
    }
    assert_eq!(school.told("submitted").await, 3);
    school.close().await;
}

#[tokio::test]
async fn separated_parents_each_get_a_message_that_knows_nothing_of_the_other() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum")
                .with("title", "Mrs")
                .email("amina.begum@home.example")
                .mobile("07700 900101")
                .lives_at("1 Quarry Lane"),
            carer("P1", "C2", "Boris", "Czerny")
                .email("boris.czerny@away.example")
                .mobile("07700 900102")
                .lives_at("2 Harbour Row")
                .wants("sms"),
        ],
    );
    let school = School::open(&roll).await;

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let hers = received(&school, "amina.begum@home.example");
    let his = received(&school, "+447700900102");
    assert_eq!((hers.len(), his.len()), (1, 1));
    let of_hers = ["amina", "begum", "900101", "quarry"];
    let of_his = ["boris", "czerny", "900102", "harbour", "away.example"];
    for (message, foreign) in [(&hers[0], of_his.as_slice()), (&his[0], of_hers.as_slice())] {
        let message = message.to_lowercase();
        for word in foreign {
            assert!(!message.contains(word), "{word} stands in {message}");
        }
    }
    school.close().await;
}

#[tokio::test]
async fn two_carers_with_one_number_get_a_text_each_and_no_doubled_one() {
    let shared =
        |reference, forename| carer("P1", reference, forename, "Begum").mobile("07700 900101").wants("sms");
    let school = School::open(&Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[shared("C1", "Amina"), shared("C2", "Basil")],
    ))
    .await;

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum text submitted", "Basil Begum text submitted"]);
    assert_eq!(received(&school, "+447700900101").len(), 2);
    school.close().await;
}

#[tokio::test]
async fn sensitive_words_never_go_by_text() {
    let school = School::open(&one_by_text()).await;
    let file = updates(&[("P1", WORDS, true)]);

    liaison::flows::queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await.unwrap();
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email submitted"]);
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_text_holds_the_whole_update_where_it_fits_and_a_notice_where_not() {
    let long = "Sam wrote a story about the sea. ".repeat(30);
    let roll = one_by_text();

    for (rule, words, whole) in [
        (TextUpdate::Full { max_parts: 3 }, WORDS, true),
        (TextUpdate::Full { max_parts: 3 }, &long, false),
        (TextUpdate::Notice, WORDS, false),
    ] {
        let school = School::with(&roll, |setup| setup.policy.text_update = rule).await;
        school.queue(&[("P1", words)]).await;
        school.deliver().await;

        let body = school.texts.messages().remove(0).body;
        assert_eq!(body.contains(words.trim()), whole, "{body}");
        assert!(whole || body.contains("Ring 01632 960100"), "{body}");
        assert!(!body.contains("story") && body.contains("Sam's update"), "{body}");
        school.close().await;
    }
}

#[tokio::test]
async fn a_carer_who_reads_urdu_is_rung_with_an_interpreter_and_sent_nothing_in_english() {
    let roll = one_by_email().changed("C1", |c| c.with("language", "ur").with("best_times", "after six"));
    let school = School::open(&roll).await;

    let queued = school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!((queued.email, queued.call), (0, 1));
    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0));
    let needs = school.task("call").await.needs.unwrap();
    assert_eq!(needs.interpreter.as_deref(), Some("Urdu"));
    assert_eq!(needs.best_times.as_deref(), Some("after six"));
    assert!(needs.words.unwrap().starts_with("Book an interpreter first: Urdu."));
    school.close().await;
}

#[tokio::test]
async fn a_name_that_is_not_on_record_is_never_greeted_and_the_carer_is_told_another_way() {
    let roll = one_by_email().changed("C1", |c| c.mobile("07700 900101"));
    let school = School::open(&roll).await;
    school.queue(&[("P1", WORDS)]).await;
    school.rows("update carer set forename = ' ' returning forename").await;

    school.deliver().await;

    assert_eq!(school.mail.taken(), 0);
    let refused = school.rows("select reason from delivery where state = 'refused'").await;
    assert_eq!(refused, ["the words greet the carer by name, and part of their name is not on record"]);
    assert_eq!(
        school.states().await,
        ["  Begum email refused", "  Begum text submitted"],
        "a text names no carer"
    );
    school.close().await;
}

#[tokio::test]
async fn a_name_that_is_missing_with_no_other_way_becomes_a_call() {
    let her =
        carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example").with("phone", "01632 960123");
    let roll = Roll::new(&[pupil("P1", "Sam", "Ash")], &[her]);
    let school = School::open(&roll).await;
    school.queue(&[("P1", WORDS)]).await;
    school.rows("update carer set forename = '' returning forename").await;

    school.deliver().await;

    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0));
    assert_eq!(school.to_do().await, ["call for  Begum"]);
    assert!(school.task("call").await.why.contains("as another route failed"));
    assert_eq!(school.forgotten().await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn who_does_not_read_ordinary_print_is_rung_and_the_task_says_how_they_read() {
    for (format, says) in
        [("braille", "reads braille"), ("audio", "is read to"), ("easy_read", "reads easy read")]
    {
        let roll = one_by_email()
            .changed("C1", |c| c.mobile("07700 900101").lives_at("1 Elm Row").with("format", format));
        let school = School::open(&roll).await;

        school.queue(&[("P1", WORDS)]).await;
        school.deliver().await;

        assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0), "{format}");
        let call = school.task("call").await;
        assert!(call.why.contains(says), "{}", call.why);
        assert_eq!(call.needs.unwrap().format, Some(format));
        school.close().await;
    }
}

const SCHOOL_HOURS: Hours =
    Hours { from: Time::constant(8, 0, 0, 0), until: Time::constant(18, 0, 0, 0), days: Days::School };

#[tokio::test]
async fn what_is_queued_after_the_last_afternoon_of_term_leaves_when_school_is_back() {
    let school = School::with(&one_by_email(), |setup| setup.policy.hours = SCHOOL_HOURS).await;
    school.set_clock("2026-12-18T18:30:00Z");

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let waiting = school.delivery().await;
    for holiday in ["2026-12-21T10:00:00Z", "2026-12-25T10:00:00Z", "2027-01-01T10:00:00Z"] {
        school.set_clock(holiday);
        assert_eq!(school.deliver().await, 0, "{holiday}");
    }
    school.set_clock("2027-01-04T08:00:00Z");
    school.deliver().await;

    assert_eq!(
        waiting.not_before.to_string(),
        "2027-01-04T08:00:00Z",
        "the INSET day, on which staff are at work"
    );
    assert_eq!(
        waiting.reason.as_deref(),
        Some("outside the hours of sending; leaves Monday 4 January 2027, 08:00")
    );
    assert_eq!(school.mail.taken(), 1);
    school.close().await;
}

#[tokio::test]
async fn what_is_queued_on_a_saturday_night_leaves_on_monday_morning() {
    let hours = SCHOOL_HOURS;
    let school = School::with(&one_by_email(), |setup| setup.policy.hours = hours).await;
    school.set_clock("2026-11-21T22:40:00Z");

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let waiting = school.delivery().await;
    school.set_clock("2026-11-23T07:59:59Z");
    let too_early = school.deliver().await;
    school.set_clock("2026-11-23T08:00:00Z");
    school.deliver().await;

    assert_eq!((waiting.state.as_str(), waiting.tries), ("queued", 0));
    assert_eq!(waiting.not_before.to_string(), "2026-11-23T08:00:00Z");
    assert_eq!(too_early, 0);
    assert_eq!(school.delivery().await.state, "submitted");
    assert_eq!(school.mail.taken(), 1);
    school.close().await;
}

#[tokio::test]
async fn in_a_rehearsal_only_listed_addresses_are_reached_and_all_else_is_told() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example"),
            carer("P1", "C2", "Boris", "Czerny").email("boris.czerny@away.example"),
            carer("P1", "C3", "Carys", "Dafydd").mobile("07700 900103").wants("sms"),
        ],
    );
    let school =
        School::with(&roll, |setup| setup.policy.rehearsal = Some(only(&["boris.czerny@away.example"])))
            .await;

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(
        school.states().await,
        ["Amina Begum email refused", "Boris Czerny email submitted", "Carys Dafydd text refused"]
    );
    assert_eq!((school.mail.taken(), school.texts.posted()), (1, 0));
    let told = school.entries().await;
    assert_eq!(told.iter().filter(|entry| entry.sentence.contains("it would have been sent")).count(), 2);
    school.close().await;
}

#[tokio::test]
async fn a_wish_that_changed_since_the_queueing_is_heeded() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;

    school.import(&one_by_text()).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email refused", "Amina Begum text submitted"]);
    assert_eq!(school.mail.taken(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_language_learnt_of_since_the_queueing_turns_the_mail_into_a_call() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;

    school.import(&one_by_email().changed("C1", |carer| carer.with("language", "pl"))).await;
    school.deliver().await;

    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0));
    assert_eq!(school.task("call").await.needs.unwrap().interpreter.as_deref(), Some("Polish"));
    school.close().await;
}
