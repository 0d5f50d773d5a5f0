//! Whose message it is: the address says who, their own right to the pupil decides, and everything else is asked.

use liaison::flows::{cases, questions, questions::Says};

use super::{AMINA, BORIS, HER_NUMBER, WORDS, two_parents};
use crate::support::{
    inbound::{Letter, header},
    people::{Roll, carer, one_by_text, pupil},
    school::School,
};

/// Nothing left but what stood there before, and nobody was answered.
async fn nothing_was_sent(school: &School, before: usize) {
    school.deliver().await;
    assert_eq!((school.mail.taken(), school.texts.posted()), (before, 0));
}

#[tokio::test]
async fn a_stranger_is_asked_about_and_learns_nothing() {
    let school = School::open(&two_parents()).await;

    let seen = school.arrives(&Letter::from("new@elsewhere.example").says("Is Sam Ash in today?")).await;
    nothing_was_sent(&school, 0).await;

    let question = school.question().await;
    assert_eq!((question.kind.as_str(), question.role.as_str()), ("who_is_this", "office"));
    assert!(question.candidates.is_empty());
    assert!(seen.answered.unwrap().contains("(rule 9)"));
    assert_eq!((seen.carer, school.cases().await.len()), (None, 0));
    assert_eq!(school.clocks().await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_restricted_carer_is_kept_for_the_dsl_and_seen_by_nobody_else() {
    let roll = two_parents().changed("C2", |carer| carer.restricted("no_contact", "", ""));
    let school = School::open(&roll).await;

    let seen = school.arrives(&Letter::from(BORIS).says("When is Sam let out?")).await;
    nothing_was_sent(&school, 0).await;

    assert_eq!(
        (seen.visibility.as_deref(), seen.carer.as_deref()),
        (Some("restricted"), Some("Boris Czerny"))
    );
    assert!(seen.answered.unwrap().contains("(rule 9)"));
    let case = school.case().await;
    assert_eq!((case.role.as_str(), case.visibility, case.clocks.len()), ("dsl", "restricted", 1));
    let open = cases::list(&school.gateway, true, false).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
    assert!(cases::show(&school.gateway, &case.code, false).await.is_err(), "it does not exist for others");
    assert!(school.received_as(false).await.is_empty());
    assert_eq!(told_of_arrivals(&school).await, (0, 2));
    let refused = reply(&school, &case.code).await;
    assert!(refused.unwrap_err().to_string().contains("restricted"));
    school.close().await;
}

/// How many entries tell of what arrived: those that everybody sees, and those that only the DSL does.
async fn told_of_arrivals(school: &School) -> (usize, usize) {
    let open = school.entries().await.into_iter().filter(|entry| entry.received_id.is_some()).count();
    let all = "select id::text from chronology_entry where received_id is not null";
    (open, school.rows(all).await.len() - open)
}

async fn reply(school: &School, code: &str) -> Result<cases::Replied, liaison::flows::FlowError> {
    let words = cases::Reply {
        words: "At three.",
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, code, true, &words).await
}

#[tokio::test]
async fn a_machine_and_a_stop_of_a_restricted_carers_are_hidden_too() {
    let roll = one_by_text().changed("C1", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::open(&roll).await;

    school.arrives(&Letter::from(AMINA).header("Auto-Submitted", "auto-replied")).await;
    school.text_arrives(HER_NUMBER, "STOP").await;
    nothing_was_sent(&school, 0).await;

    assert_eq!(school.received().await.len(), 2);
    assert!(school.received_as(false).await.is_empty(), "{:?}", school.received_as(false).await);
    assert_eq!(told_of_arrivals(&school).await, (0, 3));
    assert_eq!(school.rows("select role from task").await, ["dsl"]);
    school.close().await;
}

#[tokio::test]
async fn what_a_restricted_carer_sends_that_is_looked_at_is_looked_at_by_the_dsl_alone() {
    let roll = two_parents().changed("C1", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::open(&roll).await;
    let kind = "multipart/report; report-type=delivery-status; boundary=\"b\"";
    let forwarded = Letter::from(AMINA).header("Content-Type", kind).says(
        "--b\n\nThey keep refusing my mails, where is Sam?\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@other.example\nAction: failed\nStatus: 5.1.1\n\n--b--",
    );

    let seen = school.arrives(&forwarded).await;
    nothing_was_sent(&school, 0).await;

    let question = school.question().await;
    assert_eq!((seen.kind.as_deref(), question.role.as_str()), (Some("bounce"), "dsl"));
    assert!(school.received_as(false).await.is_empty(), "{:?}", school.received_as(false).await);
    let theirs = liaison::flows::questions::list(&school.gateway, false, false).await.unwrap();
    assert!(theirs.is_empty(), "{theirs:?}");
    school.close().await;
}

#[tokio::test]
async fn the_other_parent_who_answers_a_forwarded_mail_is_asked_about() {
    let school = School::open(&two_parents()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let hers = school.message_id_to(AMINA);

    let seen = school.arrives(&Letter::from(BORIS).answers(&hers)).await;
    nothing_was_sent(&school, 2).await;

    let question = school.question().await;
    assert_eq!(question.kind, "whose_reply");
    let names: Vec<_> = question.candidates.iter().map(|person| person.carer_name.as_str()).collect();
    assert_eq!(names, ["Boris Czerny", "Amina Begum"]);
    assert!(seen.verdict.unwrap().contains("a known carer answers what was sent to somebody else"));
    assert!(school.cases().await.is_empty());
    school.close().await;
}

#[tokio::test]
async fn a_new_partner_with_the_marked_address_is_a_stranger_with_a_hint_for_the_colleague() {
    let school = School::with(&two_parents(), |setup| setup.reply_tags = true).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let sent = school.mail.messages().into_iter().find(|mail| mail.to == AMINA).unwrap();
    let marked = header(&sent.data, "Reply-To").unwrap();
    let marked = marked.rsplit('<').next().unwrap().trim_matches('>');

    let seen = school.arrives(&Letter::from("partner@elsewhere.example").to(marked)).await;
    nothing_was_sent(&school, 2).await;

    let question = school.question().await;
    assert_eq!((question.kind.as_str(), question.candidates.len()), ("who_is_this", 1));
    assert_eq!(question.candidates[0].carer_name, "Amina Begum");
    assert_eq!((seen.carer, school.cases().await.len()), (None, 0));
    school.close().await;
}

#[tokio::test]
async fn a_text_from_a_shared_number_is_asked_about_and_only_the_dsl_sees_it_where_one_is_restricted() {
    let share =
        |pupil, reference, name| carer(pupil, reference, name, "Begum").mobile("07700 900101").wants("sms");
    let cousins = [pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Birch")];
    let roll = Roll::new(&cousins, &[share("P1", "C1", "Amina"), share("P2", "C2", "Basil")]);
    let bound = roll.changed("C2", |carer| carer.restricted("no_information", "", ""));
    for (roll, role, visible) in [(roll, "office", 1), (bound, "dsl", 0)] {
        let school = School::open(&roll).await;

        let seen = school.text_arrives(HER_NUMBER, "When is the trip?").await;
        nothing_was_sent(&school, 0).await;

        let question = school.question().await;
        assert_eq!((question.kind.as_str(), question.role.as_str()), ("who_is_this", role));
        assert_eq!(question.candidates.len(), 2);
        assert_eq!(questions::list(&school.gateway, true, false).await.unwrap().len(), visible);
        assert_eq!(school.received_as(false).await.len(), visible);
        assert!(seen.answered.unwrap().contains("(rule 9)"));
        assert!(school.cases().await.is_empty());
        school.close().await;
    }
}

fn siblings() -> Roll {
    let hers = |pupil| carer(pupil, "C1", "Amina", "Begum").email(AMINA).mobile("07700 900101");
    Roll::new(&[pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash")], &[hers("P1"), hers("P2")])
}

#[tokio::test]
async fn a_mail_about_one_of_two_siblings_has_its_clock_at_once_and_its_child_when_somebody_has_said() {
    let school = School::open(&siblings()).await;

    let seen = school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;
    let before = school.case().await;
    let question = school.question().await;
    let says = Says::Is { carer: None, pupil: Some("P2") };
    let answered = questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();
    let twice = questions::answer(&school.gateway, question.id, false, &says, "office").await;

    assert_eq!((question.kind.as_str(), question.candidates.len()), ("which_child", 2));
    assert_eq!((before.pupil, before.carer.as_str(), seen.pupil), (None, "Amina Begum", None));
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    assert_eq!(school.acknowledgements().len(), 1, "she is known: only the child is not");
    assert_eq!(answered.case.as_deref(), Some(before.code.as_str()));
    assert_eq!(school.case().await.pupil.as_deref(), Some("Tom Ash"));
    assert!(twice.unwrap_err().to_string().contains("answered already"));
    school.close().await;
}

#[tokio::test]
async fn a_sibling_is_known_from_the_update_that_is_answered() {
    let school = School::open(&siblings()).await;
    school.queue(&[("P1", WORDS), ("P2", "Tom painted.")]).await;
    school.deliver().await;
    let about_tom =
        school.mail.messages().into_iter().find(|mail| mail.data.contains("Tom painted")).unwrap();
    let id = header(&about_tom.data, "Message-ID").unwrap();

    let seen = school.arrives(&Letter::from(AMINA).answers(id.trim_matches(['<', '>']))).await;

    assert_eq!(seen.pupil.as_deref(), Some("Tom Ash"));
    assert!(school.questions().await.is_empty());
    school.close().await;
}

#[tokio::test]
async fn somebody_with_a_recycled_number_is_asked_about_when_the_school_has_taken_it_off_the_record() {
    let school = School::open(&one_by_text()).await;
    school.import(&one_by_text().changed("C1", |carer| carer.mobile("07700 900199"))).await;

    let seen = school.text_arrives(HER_NUMBER, "Who is this?").await;
    nothing_was_sent(&school, 0).await;

    assert_eq!((seen.carer, school.question().await.kind.as_str()), (None, "who_is_this"));
    assert!(school.cases().await.is_empty());
    school.close().await;
}

#[tokio::test]
async fn a_case_code_or_a_thread_of_somebody_elses_opens_nothing_for_a_known_carer() {
    let school = School::open(&two_parents()).await;
    let hers = Letter::from(AMINA);
    school.arrives(&hers).await;
    school.deliver().await;
    let code = school.case().await.code;

    let by_code = school.arrives(&Letter::from(BORIS).subject(&format!("Re: [Ref {code}]"))).await;
    let by_thread = school.arrives(&Letter::from(BORIS).answers(hers.id())).await;
    school.deliver().await;

    for seen in [by_code, by_thread] {
        assert_eq!((seen.case, seen.carer), (None, None));
    }
    assert_eq!(school.questions().await.len(), 2);
    assert_eq!((school.cases().await.len(), school.mail.taken()), (1, 1));
    let shown = cases::show(&school.gateway, &code, false).await.unwrap();
    assert_eq!(shown.messages.len(), 1, "nothing of the other parent's stands in it");
    school.close().await;
}

#[tokio::test]
async fn who_it_was_is_said_later_and_the_clock_runs_from_when_it_came() {
    let school = School::open(&two_parents()).await;
    let letter = Letter::from("amina@work.example").says("Amina here, from work. When is the trip?");
    school.arrives(&letter).await;
    school.later(std::time::Duration::from_hours(26));
    let question = school.question().await;

    let says = Says::Is { carer: Some("C1"), pupil: None };
    let answered = questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();
    nothing_was_sent(&school, 0).await;

    let case = school.case().await;
    assert_eq!(answered.case.as_deref(), Some(case.code.as_str()));
    assert_eq!((case.carer.as_str(), case.pupil.as_deref()), ("Amina Begum", Some("Sam Ash")));
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"], "of Monday, not of Tuesday");
    assert_eq!(case.opened_at.to_string(), "2026-11-23T10:00:00Z");
    assert_eq!(school.received().await[0].case.as_deref(), Some(case.code.as_str()));
    assert_eq!(
        school.rows("select count(*)::text from address where value = 'amina@work.example'").await,
        ["0"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_question_is_dismissed_only_with_a_reason_and_the_message_stays() {
    let school = School::open(&two_parents()).await;
    school.arrives(&Letter::from("shop@elsewhere.example").says("Cheap pens!")).await;
    let id = school.question().await.id;

    let silent = questions::answer(&school.gateway, id, false, &Says::Nothing(" "), "office").await;
    let says = Says::Nothing("an advertisement");
    questions::answer(&school.gateway, id, false, &says, "office").await.unwrap();

    assert!(silent.unwrap_err().to_string().contains("say why"));
    let closed = questions::list(&school.gateway, true, false).await.unwrap().remove(0);
    assert_eq!((closed.state.as_str(), closed.outcome.as_deref()), ("dismissed", Some("an advertisement")));
    assert!(school.questions().await.is_empty() && school.cases().await.is_empty());
    assert_eq!(school.received().await.len(), 1);
    school.close().await;
}
