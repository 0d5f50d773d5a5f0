//! The safeguarding divert.

use liaison::flows::{
    cases::{self, Reply},
    divert, ladder,
};

use super::{AMINA, RUNNING, asked, refusal};
use crate::support::inbound::Letter;

const REASON: &str = "She writes that he hits the boy.";

#[tokio::test]
async fn a_divert_takes_everything_to_the_dsl_and_leaves_one_neutral_sentence() {
    let (school, code) = asked().await;
    cases::note(&school.gateway, &code, false, "He looked frightened.", "h.barlow").await.unwrap();
    let update_entries = school.entries().await.iter().filter(|entry| entry.update_id.is_some()).count();

    let silent = divert::divert(&school.gateway, &code, false, " ", "h.barlow").await;
    divert::divert(&school.gateway, &code, false, REASON, "h.barlow").await.unwrap();
    let again = divert::divert(&school.gateway, &code, true, REASON, "h.barlow").await;

    assert!(refusal(silent).contains("say why") && refusal(again).contains("already"));
    let case = school.case().await;
    assert_eq!(
        (case.role.as_str(), case.visibility, case.kind.as_str()),
        ("dsl", "restricted", "safeguarding")
    );
    assert!(cases::list(&school.gateway, true, false).await.unwrap().is_empty());
    assert!(cases::show(&school.gateway, &code, false).await.is_err());
    assert!(school.received_as(false).await.is_empty());
    let left = school.entries().await;
    let about: Vec<_> =
        left.iter().filter(|entry| entry.kind != "imported" && entry.update_id.is_none()).collect();
    assert_eq!((about.len(), update_entries), (1, 0), "{about:?}");
    assert_eq!(about[0].sentence, "passed to the DSL on Monday 23 November");
    assert_eq!((about[0].words.as_deref(), about[0].case_id, about[0].carer_id), (None, None, None));
    assert!(about[0].pupil.is_some());
    let reasons = "select b.body from chronology_body b join chronology_entry e on e.id = b.entry_id \
                   where e.kind = 'diverted' and e.visibility = 'restricted'";
    assert_eq!(school.rows(reasons).await, [REASON]);
    school.close().await;
}

#[tokio::test]
async fn after_a_divert_its_clock_stays_with_the_dsl_and_what_comes_later_is_the_dsls_too() {
    let (school, code) = asked().await;
    divert::divert(&school.gateway, &code, false, REASON, "h.barlow").await.unwrap();

    let more = Letter::from(AMINA).subject(&format!("Re: x [Ref {code}]")).says("It was worse today.");
    school.arrives(&more).await;
    school.deliver().await;
    school.set_clock("2026-11-27T17:00:01Z");
    ladder::climb(&school.gateway).await.unwrap();

    assert_eq!(school.clocks().await, [RUNNING, RUNNING]);
    assert_eq!(school.case().await.role, "dsl");
    assert!(school.received_as(false).await.is_empty());
    let told: Vec<_> = school.entries().await.into_iter().filter(|entry| entry.case_id.is_some()).collect();
    assert!(told.is_empty(), "{told:?}");
    school.close().await;
}

#[tokio::test]
async fn a_reply_that_waits_when_its_case_is_diverted_still_leaves_and_nobody_else_reads_it() {
    let (school, code) = asked().await;
    let words = "We will talk to him.";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();

    divert::divert(&school.gateway, &code, false, REASON, "h.barlow").await.unwrap();
    let sent = school.deliver().await;

    assert_eq!((sent, school.mail.taken()), (1, 2));
    let told = school.entries().await;
    assert!(told.iter().all(|entry| !entry.words.as_deref().unwrap_or_default().contains(words)), "{told:?}");
    assert!(told.iter().all(|entry| entry.delivery.is_none()), "{told:?}");
    school.close().await;
}

#[tokio::test]
async fn a_reply_at_the_very_moment_of_a_divert_does_not_slip_past_it() {
    let (school, code) = asked().await;
    let mut diverting = school.gateway.store.begin().await.unwrap();
    let restrict = "update carer_case set visibility = 'restricted', role = 'dsl', kind = 'safeguarding'";
    sqlx::query(restrict).execute(&mut *diverting).await.unwrap();
    let (gateway, case) = (school.gateway.clone(), code.clone());

    let replying = tokio::spawn(async move {
        let reply = Reply {
            words: "He has his coat.",
            promise: None,
            full_answer: true,
            sensitive: false,
            topic: None,
            by_text: None,
            by: "h.barlow",
        };
        cases::reply(&gateway, &case, false, &reply).await
    });
    let own = "select pg_current_xact_id()::xid::text";
    let own: String = sqlx::query_scalar(own).fetch_one(&mut *diverting).await.unwrap();
    let waits =
        format!("select count(*)::text from pg_locks where not granted and transactionid::text = '{own}'");
    while !replying.is_finished() && school.rows(&waits).await == ["0"] {
        tokio::task::yield_now().await;
    }
    diverting.commit().await.unwrap();

    let outcome = replying.await.unwrap();
    assert!(refusal(outcome).contains("no case"), "it is gone for whoever is not the DSL");
    assert_eq!(
        school.rows("select id::text from answer where purpose = 'reply'").await,
        Vec::<String>::new()
    );
    school.close().await;
}

#[tokio::test]
async fn what_goes_wrong_after_a_divert_is_the_dsls_to_mend() {
    let (school, code) = asked().await;
    let words = "We will talk to him.";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    divert::divert(&school.gateway, &code, false, REASON, "h.barlow").await.unwrap();
    school.mail.refuse(AMINA, "550 5.1.1 no such mailbox");

    school.deliver().await;

    let opened = school.rows("select distinct role from task where state = 'open'").await;
    assert_eq!(opened, ["dsl"]);
    assert!(school.tasks().await.iter().any(|task| task.kind == "check_address"));
    school.close().await;
}

#[tokio::test]
async fn a_clock_that_runs_out_at_the_very_moment_of_a_divert_leaves_the_case_with_the_dsl() {
    let (school, _) = asked().await;
    school.set_clock("2026-11-27T17:00:01Z");
    let mut diverting = school.gateway.store.begin().await.unwrap();
    let restrict = "update carer_case set visibility = 'restricted', role = 'dsl', kind = 'safeguarding'";
    sqlx::query(restrict).execute(&mut *diverting).await.unwrap();
    let gateway = school.gateway.clone();

    let climbing = tokio::spawn(async move { ladder::climb(&gateway).await });
    let own = "select pg_current_xact_id()::xid::text";
    let own: String = sqlx::query_scalar(own).fetch_one(&mut *diverting).await.unwrap();
    let waits =
        format!("select count(*)::text from pg_locks where not granted and transactionid::text = '{own}'");
    while !climbing.is_finished() && school.rows(&waits).await == ["0"] {
        tokio::task::yield_now().await;
    }
    diverting.commit().await.unwrap();

    assert_eq!(climbing.await.unwrap().unwrap(), 1);
    assert_eq!(school.case().await.role, "dsl");
    let told = school.rows("select visibility from chronology_entry where sentence like 'overdue:%'").await;
    assert_eq!(told, ["restricted"]);
    school.close().await;
}
