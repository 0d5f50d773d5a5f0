//! What colleagues are told by email: that something waits, never what; at once only what cannot wait.

use std::{sync::Arc, time::Duration};

use liaison::{
    domain::hours::{Days, Hours},
    flows::{cases, divert, gateway::Gateway, ladder, notices, operate, queue},
};
use liaison_channels::fakes::smtp::Caught;

use super::{AMINA, BORIS, WORDS, two_parents};
use crate::support::{
    inbound::{Letter, bounce},
    people::one_by_email,
    school::{School, only, readable, sender},
};

const DISCLOSURE: &str = "Sam told me that his uncle hit him again and he is scared to go home.";
const DORA: &str = "dora@northfield.example";
const SELMA: &str = "selma@northfield.example";
/// What no notice may hold: names, addresses, words and codes of the families here.
const NEVER: [&str; 9] = ["Sam", "Ash", "Amina", "Begum", "Boris", "home.example", "uncle", "trip", "Ref"];

/// A school with a DSL, a leader, the office, Sam's teacher, IT and a governor, who answers by day on school days.
async fn staffed(school: &School) {
    for (name, roles, class) in [
        ("dora", "dsl", ""),
        ("selma", "slt", ""),
        ("olga", "office", ""),
        ("tess", "teacher", "Oak"),
        ("ivan", "it", ""),
        ("gwen", "governor", ""),
    ] {
        hire(school, name, roles, class).await;
    }
}

async fn hire(school: &School, name: &str, roles: &str, class: &str) {
    let hired = format!(
        "with hired as (insert into staff (id, name, email, roles)
                        values (gen_random_uuid(), '{name}', '{name}@northfield.example', string_to_array('{roles}', ','))
                        returning id),
              teaches as (insert into class_staff select k.id, hired.id from class k, hired where k.name = '{class}')
         select id::text from hired"
    );
    school.rows(&hired).await;
}

fn by_day(policy: &mut liaison::domain::policy::Policy) {
    let time = |hour| jiff::civil::Time::constant(hour, 0, 0, 0);
    policy.hours = Hours { from: time(8), until: time(18), days: Days::School };
    policy.notices.pages_url = Some("https://liaison.school.example".to_owned());
}

/// Sends the notices that are due by a daemon's mail channel; how many were settled.
async fn notify(school: &School, gateway: &Arc<Gateway>) -> usize {
    let lane = school.lane(gateway, sender(gateway, "school-mail").id().as_str()).await;
    let mut all = 0;
    loop {
        match lane.notices().await.expect("the notices") {
            0 => return all,
            some => all += some,
        }
    }
}

/// The notices that reached an address, as they read.
fn told(school: &School, address: &str) -> Vec<String> {
    let to_them = |mail: &Caught| mail.to == address;
    school.mail.messages().into_iter().filter(to_them).map(|mail| readable(&mail.data)).collect()
}

/// All mails to colleagues: their count by name.
fn colleagues_told(school: &School) -> Vec<String> {
    let mut to: Vec<_> = school.mail.messages().into_iter().map(|mail| mail.to).collect();
    to.retain(|to| to.ends_with("@northfield.example"));
    to.sort();
    to
}

fn says_nothing(notice: &str) {
    for never in NEVER {
        assert!(!notice.contains(never), "{never} in {notice}");
    }
}

#[tokio::test]
async fn a_restricted_carer_writes_on_christmas_night_and_the_dsl_alone_is_told_that_something_came() {
    let roll = two_parents().changed("C2", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::with(&roll, |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.set_clock("2026-12-25T03:00:00Z");

    school.arrives(&Letter::from(BORIS).says("When is the trip?")).await;
    let other = school.another_daemon(school.db.store());
    let (mine, theirs) = tokio::join!(notify(&school, &school.gateway), notify(&school, &other));

    assert_eq!(mine + theirs, 1, "two daemons, one alert");
    assert_eq!(colleagues_told(&school), [DORA]);
    let alert = told(&school, DORA).remove(0);
    says_nothing(&alert);
    assert!(alert.contains("For the safeguarding lead: please look now"), "{alert}");
    assert!(alert.contains("https://liaison.school.example/"), "{alert}");
    assert!(
        alert.contains("Auto-Submitted: auto-generated") || alert.contains("Auto-Submitted: auto-replied"),
        "{alert}"
    );
    school.close().await;
}

#[tokio::test]
async fn an_alert_that_comes_back_has_failed_and_one_that_is_only_late_has_not() {
    let school = School::with(&two_parents(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;
    notify(&school, &school.gateway).await;
    let id = school.message_id_to(DORA);
    let states = "select state || coalesce(': ' || why, '') from staff_notice where kind = 'dsl_alert'";

    school.arrives(&bounce(&id, DORA, "delayed", "4.4.1")).await;
    let late = school.rows(states).await;
    school.arrives(&bounce(&id, DORA, "failed", "5.1.1")).await;
    school.arrives(&bounce(&id, DORA, "failed", "5.1.1")).await;

    assert_eq!(
        (late, school.rows(states).await),
        (vec!["sent".to_owned()], vec!["failed: it came back".to_owned()])
    );
    let verdicts = school.rows("select distinct verdict from reading where kind = 'bounce' order by 1").await;
    assert!(verdicts.contains(&"a notice to a colleague did not arrive".to_owned()), "{verdicts:?}");
    school.close().await;
}

#[tokio::test]
async fn what_may_be_a_disclosure_alerts_the_dsl_and_a_question_alerts_nobody() {
    let school = School::with(&two_parents(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.set_clock("2026-11-28T23:00:00Z");

    school.arrives(&Letter::from(AMINA)).await;
    let question = notify(&school, &school.gateway).await;
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;
    school.arrives(&Letter::from("a.neighbour@street.example").says(DISCLOSURE)).await;
    let disclosures = notify(&school, &school.gateway).await;

    assert_eq!((question, disclosures), (0, 1), "two that wait are told together");
    let alert = told(&school, DORA).remove(0);
    says_nothing(&alert);
    assert!(alert.contains("2 things have come"), "{alert}");
    assert_eq!(colleagues_told(&school), [DORA]);
    school.close().await;
}

#[tokio::test]
async fn a_flood_of_disclosures_interrupts_at_once_and_then_every_ten_minutes() {
    let school = School::with(&two_parents(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;

    let mut sent = Vec::new();
    for _ in 0..4 {
        for _ in 0..5 {
            school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;
        }
        sent.push(notify(&school, &school.gateway).await);
        school.later(Duration::from_mins(4));
    }

    assert_eq!(sent, [1, 0, 0, 1]);
    assert!(told(&school, DORA)[1].contains("15 things have come"), "none of them is forgotten");
    school.close().await;
}

#[tokio::test]
async fn who_diverts_a_case_is_not_alerted_of_it_and_every_other_dsl_is() {
    let school = School::with(&one_by_email(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    hire(&school, "dermot", "dsl,teacher", "").await;
    school.arrives(&Letter::from(AMINA)).await;
    let code = school.case().await.code;
    let dermot = school.rows("select id::text from staff where name = 'dermot'").await.remove(0);

    divert::divert(&school.gateway, &code, false, "a bruise", &dermot).await.unwrap();
    notify(&school, &school.gateway).await;

    assert_eq!(colleagues_told(&school), [DORA]);
    assert!(!told(&school, DORA)[0].contains("bruise"));
    school.close().await;
}

#[tokio::test]
async fn a_pause_of_what_goes_to_families_does_not_silence_an_alert_and_a_restored_copy_is_silent() {
    let school = School::open(&one_by_email()).await;
    staffed(&school).await;
    operate::hold(&school.gateway, "all", "a wrong newsletter", "i.t").await.unwrap();
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;

    let paused = notify(&school, &school.gateway).await;
    school.rows("update hold set set_by = 'restore' where scope = 'all' returning scope").await;
    school.later(Duration::from_hours(1));
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;
    let restored = notify(&school, &school.gateway).await;

    assert_eq!((paused, restored), (1, 0));
    school.close().await;
}

#[tokio::test]
async fn a_notice_follows_the_account_as_it_is_when_it_leaves() {
    let school = School::open(&one_by_email()).await;
    staffed(&school).await;
    hire(&school, "dermot", "dsl", "").await;
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;
    school.rows("update staff set disabled_at = now() where name = 'dora' returning name").await;
    school.rows("update staff set roles = '{office}' where name = 'dermot' returning name").await;

    notify(&school, &school.gateway).await;

    assert_eq!(colleagues_told(&school), [""; 0]);
    let why = school.rows("select why from staff_notice where state = 'dropped' order by why").await;
    assert_eq!(why, ["their account is closed", "they no longer have the role it is for"]);
    school.close().await;
}

#[tokio::test]
async fn a_rehearsal_reaches_listed_colleagues_only() {
    let school =
        School::with(&one_by_email(), |setup| setup.policy.rehearsal = Some(only(&["x@y.example"]))).await;
    staffed(&school).await;
    school.arrives(&Letter::from(AMINA).says(DISCLOSURE)).await;

    notify(&school, &school.gateway).await;

    assert_eq!(colleagues_told(&school), [""; 0]);
    school.close().await;
}

#[tokio::test]
async fn two_hundred_messages_in_an_hour_interrupt_nobody_and_stand_in_one_digest_in_the_morning() {
    let school = School::with(&two_parents(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.queue(&[("P1", WORDS)]).await;
    let letters: Vec<_> = (0..200).map(|n| Letter::from(AMINA).says(&format!("When is trip {n}?"))).collect();
    school.arrive_all(&letters).await;

    let at_once = notify(&school, &school.gateway).await;
    school.set_clock("2026-11-24T07:44:00Z");
    let early = notices::digests(&school.gateway).await.unwrap();
    school.set_clock("2026-11-24T07:45:00Z");
    let made = notices::digests(&school.gateway).await.unwrap();
    let again = notices::digests(&school.gateway).await.unwrap();
    notify(&school, &school.gateway).await;
    notify(&school, &school.gateway).await;

    assert_eq!((at_once, early, made, again), (0, 0, 4, 0), "for all who meet families, once");
    assert_eq!(colleagues_told(&school), ["tess@northfield.example"], "nothing waits for the others");
    let digest = told(&school, "tess@northfield.example").remove(0);
    says_nothing(&digest);
    assert!(digest.contains("What waits for you on Tuesday 24 November"), "{digest}");
    assert!(
        digest.contains("case waits for you in all") || digest.contains("cases wait for you in all"),
        "{digest}"
    );
    school.close().await;
}

#[tokio::test]
async fn a_digest_says_what_has_waited_for_two_days_and_three_and_the_record_that_somebody_was_reminded() {
    let school = School::with(&one_by_email(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.set_clock("2026-11-26T10:00:00Z");
    school.arrives(&Letter::from(AMINA)).await;

    let mut lines = Vec::new();
    // Friday, the weekend, Monday, Tuesday, Wednesday.
    for day in ["27", "28", "29", "30", "01", "02"] {
        let month = if day < "10" { "12" } else { "11" };
        school.set_clock(&format!("2026-{month}-{day}T08:00:00Z"));
        notices::digests(&school.gateway).await.unwrap();
        notify(&school, &school.gateway).await;
        let all = told(&school, "tess@northfield.example");
        lines.push(format!("{day}: {}", all.len()));
    }

    let all = told(&school, "tess@northfield.example");
    assert_eq!(lines, ["27: 1", "28: 1", "29: 1", "30: 2", "01: 3", "02: 4"]);
    assert!(!all[0].contains("school days"), "{}", all[0]);
    assert!(all[1].contains("1 message has waited for two school days"), "{}", all[1]);
    assert!(all[2].contains("1 message has waited for three school days"), "{}", all[2]);
    assert!(all[3].contains("1 case of yours is due today"), "{}", all[3]);
    let reminders = school.entries().await.into_iter().filter(|entry| entry.sentence.starts_with("reminder"));
    assert_eq!(reminders.count(), 2);
    school.close().await;
}

#[tokio::test]
async fn silence_climbs_on_school_days_to_the_slt_then_the_head_then_the_chair_and_each_is_told_once() {
    let school = School::with(&one_by_email(), |setup| {
        by_day(&mut setup.policy);
        setup.policy.notices.head = Some(SELMA.into());
        setup.policy.notices.chair = Some("chair@trust.example".into());
    })
    .await;
    staffed(&school).await;
    hire(&school, "sid", "slt", "").await;
    // Due on Friday 4 December at 17:00.
    school.set_clock("2026-11-30T10:00:00Z");
    school.arrives(&Letter::from(AMINA)).await;

    let mut climbed = Vec::new();
    for at in [
        "2026-12-04T17:00:00Z", // due this moment
        "2026-12-04T17:00:01Z", // late: SLT
        "2026-12-05T18:00:00Z", // Saturday
        "2026-12-07T16:59:00Z", // Monday, not a whole school day yet
        "2026-12-07T17:01:00Z", // head
        "2026-12-08T17:01:00Z",
        "2026-12-09T17:01:00Z", // chair
        "2026-12-16T17:01:00Z", // nobody is above
    ] {
        school.set_clock(at);
        let count = ladder::climb(&school.gateway).await.unwrap();
        let again = ladder::climb(&school.gateway).await.unwrap();
        notify(&school, &school.gateway).await;
        climbed.push((count, again));
    }

    assert_eq!(climbed, [(0, 0), (1, 0), (0, 0), (0, 0), (1, 0), (0, 0), (1, 0), (0, 0)]);
    let moved = school.entries().await.into_iter().filter(|entry| entry.kind == "case_moved");
    let moved: Vec<_> = moved.map(|entry| entry.sentence).collect();
    assert_eq!(
        moved,
        [
            "overdue: no answer by Friday 4 December, 17:00; passed up to the SLT",
            "overdue: no answer by Friday 4 December, 17:00, nor in 1 school day since; passed up to the headteacher",
            "overdue: no answer by Friday 4 December, 17:00, nor in 3 school days since; the regional director or chair of \
             governors is told",
        ]
    );
    assert_eq!(
        colleagues_told(&school),
        [SELMA, SELMA, "sid@northfield.example"],
        "both of the SLT, then the head by herself"
    );
    let to_the_chair = told(&school, "chair@trust.example");
    assert_eq!(to_the_chair.len(), 1);
    says_nothing(&to_the_chair[0]);
    assert!(to_the_chair[0].contains("https://liaison.school.example/audit"), "{}", to_the_chair[0]);
    let selma = school.rows("select id::text from staff where name = 'selma'").await;
    assert_eq!(school.rows("select owner from carer_case").await, selma, "it is the head's now");
    school.close().await;
}

#[tokio::test]
async fn where_no_head_is_named_the_record_says_so_and_the_dsls_stays_with_the_dsl() {
    let roll = two_parents().changed("C2", |carer| carer.restricted("see_dsl", "", ""));
    let school = School::with(&roll, |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.set_clock("2026-11-30T10:00:00Z");
    school.arrives(&Letter::from(AMINA)).await;
    school.arrives(&Letter::from(BORIS)).await;
    notify(&school, &school.gateway).await;

    school.set_clock("2026-12-04T17:01:00Z");
    ladder::climb(&school.gateway).await.unwrap();
    notify(&school, &school.gateway).await;
    school.set_clock("2026-12-07T17:01:00Z");
    ladder::climb(&school.gateway).await.unwrap();
    notify(&school, &school.gateway).await;

    assert_eq!(
        colleagues_told(&school),
        [DORA, DORA, DORA, SELMA, SELMA],
        "an alert and two breaches; two breaches"
    );
    let moved = "select sentence from chronology_entry where kind = 'case_moved' and visibility = ";
    let theirs = school.rows(&format!("{moved}'restricted' order by id")).await;
    let slts = school.rows(&format!("{moved}'ordinary' order by id")).await;
    assert!(
        theirs.len() == 2 && theirs.iter().all(|said| said.ends_with("; it stays with the DSL")),
        "{theirs:?}"
    );
    assert!(slts[1].ends_with("the settings name no address for the headteacher (notices.head)"), "{slts:?}");
    school.close().await;
}

#[tokio::test]
async fn a_hundred_that_become_late_together_are_one_interruption() {
    let school = School::with(&one_by_email(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    let letters: Vec<_> = (0..100).map(|n| Letter::from(AMINA).says(&format!("When is trip {n}?"))).collect();
    school.arrive_all(&letters).await;
    school.set_clock("2026-11-27T17:00:01Z");

    ladder::climb(&school.gateway).await.unwrap();
    notify(&school, &school.gateway).await;

    let breach = told(&school, SELMA);
    assert_eq!((breach.len(), colleagues_told(&school).len()), (1, 1));
    assert!(breach[0].contains("100 answers to carers are overdue now"), "{}", breach[0]);
    school.close().await;
}

#[tokio::test]
async fn what_was_answered_is_reminded_of_no_more() {
    let school = School::with(&one_by_email(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    school.arrives(&Letter::from(AMINA)).await;
    let code = school.case().await.code;
    cases::close(&school.gateway, &code, false, "told by phone", "tess").await.unwrap();

    school.set_clock("2026-11-25T08:00:00Z");
    notices::digests(&school.gateway).await.unwrap();
    notify(&school, &school.gateway).await;

    assert_eq!(colleagues_told(&school), [""; 0]);
    assert!(school.entries().await.iter().all(|entry| !entry.sentence.starts_with("reminder")));
    school.close().await;
}

#[tokio::test]
async fn a_stop_of_all_sending_is_told_to_it_and_the_slt_once() {
    let school = School::with(&two_parents(), |setup| setup.policy.ceiling_per_hour = 1).await;
    staffed(&school).await;
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    school.deliver().await;
    notify(&school, &school.gateway).await;

    assert_eq!(colleagues_told(&school), ["ivan@northfield.example", SELMA]);
    let stopped = told(&school, SELMA).remove(0);
    assert!(stopped.contains("Liaison has stopped all sending to families"), "{stopped}");
    operate::release(&school.gateway, "all", "i.t").await.unwrap();
    school.close().await;
}

#[tokio::test]
async fn a_digest_counts_what_a_working_day_has_left_without_a_reference_and_to_each_only_what_they_may_see()
{
    let school = School::with(&two_parents(), |setup| by_day(&mut setup.policy)).await;
    staffed(&school).await;
    hire(&school, "timo", "teacher", "").await;
    // The last day before Christmas.
    school.set_clock("2026-12-18T10:00:00Z");
    let file = "pupil,week,text,topic\nP1,2026-12-14,Sam was upset.,behaviour\n";
    queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await.unwrap();
    school.arrives(&Letter::from(AMINA)).await;
    let code = school.case().await.code;
    divert::divert(&school.gateway, &code, false, "a bruise", "h.barlow").await.unwrap();
    let said = |address: &str| {
        let line = |notice: &String| {
            let line = notice
                .lines()
                .find(|line| line.contains("CPOMS or Engage"))
                .map(str::trim)
                .unwrap_or_default();
            line.to_owned()
        };
        told(&school, address).iter().map(line).next_back().unwrap_or_default()
    };
    let names = ["dora", "selma", "tess", "timo", "olga"].map(|name| format!("{name}@northfield.example"));

    let mut lines = Vec::new();
    for day in ["2027-01-04T08:00:00Z", "2027-01-05T08:00:00Z"] {
        school.set_clock(day);
        notices::digests(&school.gateway).await.unwrap();
        notify(&school, &school.gateway).await;
        lines.push(names.each_ref().map(|name| said(name)));
    }

    let one = "- 1 key item has had no CPOMS or Engage reference for over a working day";
    let two = "- 2 key items have had no CPOMS or Engage reference for over a working day";
    assert_eq!(lines[0], [""; 5], "the holiday gives time: the INSET day is the working day");
    assert_eq!(lines[1], [two, one, one, "", ""]);
    school.close().await;
}
