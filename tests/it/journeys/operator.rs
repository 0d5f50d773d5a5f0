//! What people do to the queue by hand, and what the queue does to protect them from their own slips.

use std::time::Duration;

use liaison::flows::{
    explain::for_operator,
    operate,
    queue::{self, QueueError},
};
use liaison_channels::fakes::smtp::{Act, At};

use crate::support::{
    people::{Roll, carer, four_ways, one_by_email, pupil, updates},
    school::{School, received},
};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// One pupil with this many carers, all by email.
fn many(count: usize) -> Roll {
    let carers: Vec<_> = (1..=count)
        .map(|n| carer("P1", &format!("C{n}"), "Ann", "Other").email(&format!("ann{n}@home.example")))
        .collect();
    Roll::new(&[pupil("P1", "Sam", "Ash")], &carers)
}

#[tokio::test]
async fn an_absurd_volume_stops_everything_at_the_ceiling_and_loses_nothing() {
    let school = School::with(&many(12), |setup| setup.policy.ceiling_per_hour = 5).await;
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    let first = school.mail.taken();
    let holds = school.rows("select scope || ' ' || set_by from hold").await;
    school.later(Duration::from_hours(5));
    school.deliver().await;
    let held = school.mail.taken();
    let mut released = Vec::new();
    for _ in 0..2 {
        assert!(operate::release(&school.gateway, "all", "head").await.unwrap());
        school.deliver().await;
        released.push(school.mail.taken());
    }

    assert_eq!((first, held), (5, 5));
    assert_eq!(holds, ["all breaker"]);
    assert_eq!(released, [10, 12], "it trips again, and the rest leaves");
    let mut to: Vec<_> = school.mail.messages().into_iter().map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 12, "nobody twice, nobody forgotten");
    school.close().await;
}

#[tokio::test]
async fn an_ordinary_day_under_the_ceiling_never_trips() {
    let school = School::with(&many(5), |setup| setup.policy.ceiling_per_hour = 5).await;

    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!(school.mail.taken(), 5);
    assert_eq!(school.rows("select scope from hold").await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn what_comes_too_thick_for_one_address_waits_its_turn_and_nothing_is_lost() {
    let school = School::with(&many(2), |setup| setup.policy.address_per_hour = 2).await;
    for week in ["2026-11-09", "2026-11-16", "2026-11-23"] {
        school.queue_week(week, "P1", WORDS).await;
    }

    school.deliver().await;
    let first = school.mail.taken();
    let why = school.rows("select distinct reason from delivery where state = 'queued'").await;
    school.later(Duration::from_mins(59));
    school.deliver().await;
    let early = school.mail.taken();
    school.later(Duration::from_mins(2));
    school.deliver().await;

    assert_eq!((first, early, school.mail.taken()), (4, 4, 6));
    assert_eq!(why, ["2 messages went to this address within an hour; leaves Monday 23 November, 11:00"]);
    for ann in ["ann1@home.example", "ann2@home.example"] {
        assert_eq!(received(&school, ann).len(), 3, "{ann}");
    }
    school.close().await;
}

#[tokio::test]
async fn held_sending_waits_and_released_sending_goes_on() {
    let school = School::open(&four_ways()).await;
    let hold = |scope: &'static str| operate::hold(&school.gateway, scope, "a fire drill", "office");
    assert!(hold("all").await.unwrap() && !hold("all").await.unwrap());
    assert!(hold("texts").await.unwrap());
    school.queue(&[("P1", WORDS)]).await;

    school.deliver().await;
    let all_held = (school.mail.taken(), school.texts.posted());
    operate::release(&school.gateway, "all", "office").await.unwrap();
    school.deliver().await;
    let texts_held = (school.mail.taken(), school.texts.posted());
    operate::release(&school.gateway, "texts", "office").await.unwrap();
    school.deliver().await;
    let unknown = operate::hold(&school.gateway, "pigeons", "why not", "office").await;

    assert_eq!((all_held, texts_held), ((0, 0), (1, 0)));
    assert_eq!((school.mail.taken(), school.texts.posted()), (1, 1));
    assert!(unknown.unwrap_err().to_string().contains("there is no channel pigeons"));
    assert_eq!(school.told("operator").await, 4);
    school.close().await;
}

#[tokio::test]
async fn a_hold_set_while_a_daemon_has_claimed_stops_what_has_not_left() {
    let school = School::open(&many(12)).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "school-mail").await;
    lane.step().await.unwrap();
    let before = school.mail.taken();

    operate::hold(&school.gateway, "all", "stop", "head").await.unwrap();
    let step = lane.step().await.unwrap();
    let given_back = school.rows("select id::text from delivery where holder is not null").await;
    operate::release(&school.gateway, "all", "head").await.unwrap();
    lane.finish().await.unwrap();
    school.deliver().await;

    assert!(before > 0 && before < 12);
    assert_eq!(step, liaison::flows::deliver::Step::Held);
    assert_eq!(given_back, Vec::<String>::new());
    assert_eq!(school.mail.taken(), 12);
    school.close().await;
}

#[tokio::test]
async fn a_message_taken_back_before_it_leaves_never_leaves_even_when_a_daemon_had_claimed_it() {
    let school = School::open(&many(12)).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "school-mail").await;
    lane.step().await.unwrap();
    let waiting: Vec<_> = school.deliveries().await.into_iter().filter(|d| d.state == "queued").collect();

    for delivery in &waiting {
        operate::cancel(&school.gateway, delivery.id, "office").await.unwrap();
    }
    lane.step().await.unwrap();
    lane.finish().await.unwrap();
    school.deliver().await;
    let again = operate::cancel(&school.gateway, waiting[0].id, "office").await;

    assert_eq!(school.mail.taken() + waiting.len(), 12);
    assert!(again.unwrap_err().to_string().contains("only what waits can be cancelled"));
    school.close().await;
}

#[tokio::test]
async fn a_failed_message_sent_back_by_hand_goes_once_and_one_that_went_cannot() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::Say("554 5.7.1 rejected".into()));
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let failed = school.deliveries().await.remove(0);

    operate::retry(&school.gateway, failed.id, false, "office").await.unwrap();
    school.deliver().await;
    let again = operate::retry(&school.gateway, failed.id, true, "office").await;

    assert_eq!(school.state_of(failed.id).await, "submitted");
    assert_eq!(school.mail.taken(), 1);
    assert!(again.unwrap_err().to_string().contains("cannot be sent again"));
    school.close().await;
}

#[tokio::test]
async fn the_same_file_twice_queues_nothing_more() {
    let school = School::open(&four_ways()).await;
    let first = school.queue(&[("P1", WORDS)]).await;
    let before = school.entries().await.len();

    let second = school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let third = school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!((first.updates, first.already), (1, 0));
    assert_eq!((second.updates, second.already, third.already), (0, 1, 1));
    assert_eq!(before, 5, "an import and four carers");
    assert_eq!((school.mail.taken(), school.texts.posted(), school.tasks().await.len()), (1, 1, 2));
    school.close().await;
}

#[tokio::test]
async fn other_words_for_the_same_week_refuse_the_whole_file() {
    let mut roll = four_ways();
    roll.pupils.push(pupil("P2", "Tom", "Birch"));
    roll.carers.push(carer("P2", "C9", "Una", "Birch").email("una@home.example"));
    let school = School::open(&roll).await;
    school.queue(&[("P1", WORDS)]).await;

    for (other, sensitive) in [("Sam read nothing.", false), (WORDS, true)] {
        let file = updates(&[("P2", "Tom painted.", false), ("P1", other, sensitive)]);
        let refused = queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await;

        let Err(QueueError::Lines(problems)) = refused else { panic!("{refused:?}") };
        assert_eq!((problems.len(), problems[0].line), (1, 3));
        assert!(problems[0].sentence.contains("in other words"));
    }

    assert_eq!(school.rows("select count(*)::text from pupil_update").await, ["1"]);
    school.deliver().await;
    assert_eq!(school.mail.taken(), 1);
    school.close().await;
}

#[tokio::test]
async fn an_unknown_pupil_in_a_file_refuses_all_of_it_with_the_line() {
    let school = School::open(&four_ways()).await;
    let file = updates(&[("P1", WORDS, false), ("P7", "Who is this?", false)]);

    let refused = queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await;

    let Err(QueueError::Lines(problems)) = refused else { panic!("{refused:?}") };
    assert_eq!(problems[0].line, 3);
    assert_eq!(school.deliveries().await.len() + school.tasks().await.len(), 0);
    school.close().await;
}

#[tokio::test]
async fn every_send_every_task_and_every_refusal_can_say_why() {
    let school = School::open(&four_ways()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.import(&four_ways().changed("C2", |c| c.restricted("see_dsl", "", ""))).await;
    school.deliver().await;

    for delivery in school.deliveries().await {
        let explained = for_operator(&school.gateway, &delivery.id.to_string()).await.unwrap();
        let [route, gate, ..] = explained.decisions.as_slice() else { panic!("{explained:?}") };
        assert!(route.rules.iter().any(|rule| rule.rule == "rights" && rule.verdict == "ok"));
        let verdict = if delivery.state == "refused" { "stop" } else { "ok" };
        assert!(gate.rules.iter().any(|rule| rule.rule == "rights" && rule.verdict == verdict), "{gate:?}");
    }
    for task in school.tasks().await {
        let explained = for_operator(&school.gateway, &task.id.to_string()).await.unwrap();
        let rules = &explained.decisions[0].rules;
        assert!(rules.iter().any(|rule| rule.rule == task.kind && rule.verdict == "ok"));
    }
    let nobody = for_operator(&school.gateway, &uuid::Uuid::now_v7().to_string()).await.unwrap_err();
    assert!(nobody.to_string().contains("there is nothing to explain"));
    school.close().await;
}
