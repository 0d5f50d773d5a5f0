//! Several daemons on one database, and what becomes of the work of one that dies.

use std::time::Duration;

use liaison::flows::{
    deliver::{Lane, Step},
    rescue::rescue,
    resolve::resolve,
};
use liaison_channels::fakes::smtp::{Act, At};

use crate::support::{
    people::{Roll, carer, one_by_email, pupil},
    school::{School, work},
};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// One pupil with this many carers, by text or by email.
fn many(count: usize, text: bool) -> Roll {
    let one = |n: usize| {
        let carer = carer("P1", &format!("C{n}"), "Ann", &format!("Other{n}"));
        if text {
            carer.mobile(&format!("077009002{n:02}")).wants("sms")
        } else {
            carer.email(&format!("ann{n}@home.example"))
        }
    };
    Roll::new(&[pupil("P1", "Sam", "Ash")], &(1..=count).map(one).collect::<Vec<_>>())
}

#[tokio::test]
async fn two_daemons_share_a_queue_without_sending_anything_twice() {
    let school = School::open(&many(40, false)).await;
    let second = school.another_daemon(school.db.store());
    school.queue(&[("P1", WORDS)]).await;
    let mut ours = school.lane(&school.gateway, "school-mail").await;
    let mut theirs = school.lane(&second, "school-mail").await;

    let (a, b) = tokio::join!(work(&mut ours), work(&mut theirs));
    ours.finish().await.unwrap();
    theirs.finish().await.unwrap();
    school.deliver().await;

    assert_eq!(a + b, 40);
    let mut to: Vec<_> = school.mail.messages().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to.len(), 40);
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 40);
    assert_eq!(school.told("submitted").await, 40);
    school.close().await;
}

#[tokio::test]
async fn four_lanes_of_two_daemons_at_once_send_every_text_once() {
    let school = School::open(&many(60, true)).await;
    let second = school.another_daemon(school.db.store());
    school.queue(&[("P1", WORDS)]).await;
    let mut lanes = Vec::new();
    for gateway in [&school.gateway, &second, &school.gateway, &second] {
        lanes.push(school.lane(gateway, "texts").await);
    }

    let work = lanes.iter_mut().map(async |lane: &mut Lane| {
        // A few, then back: so that they take from each other's leavings.
        while let Step::Did(_) = lane.step().await.unwrap() {
            lane.finish().await.unwrap();
        }
        lane.finish().await.unwrap();
    });
    futures_util::future::join_all(work).await;
    school.deliver().await;

    assert_eq!(school.texts.messages().len(), 60);
    assert_eq!(school.texts.doubled(), Vec::<(String, String)>::new());
    school.close().await;
}

#[tokio::test]
async fn what_a_dead_daemon_had_claimed_or_sent_is_taken_over_without_loss_or_double() {
    let school = School::open(&many(10, true)).await;
    school.real_time();
    school.queue(&[("P1", WORDS)]).await;
    let mut dead = school.lane(&school.gateway, "texts").await;
    let Step::Did(on_the_wire) = dead.step().await.unwrap() else { panic!("it sends") };
    drop(dead);

    school.later(Duration::from_secs(29));
    let too_early = rescue(&school.gateway).await.unwrap();
    let meanwhile = school.deliver().await;
    school.later(Duration::from_secs(2));
    let in_doubt = rescue(&school.gateway).await.unwrap();
    let resolved = resolve(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!((too_early, meanwhile), (0, 0), "within the lease nothing is touched");
    assert_eq!((in_doubt, resolved.went), (on_the_wire, on_the_wire));
    assert_eq!(school.texts.messages().len(), 10);
    assert_eq!(school.texts.doubled(), Vec::<(String, String)>::new());
    assert!(school.states().await.iter().all(|state| state.ends_with("submitted")));
    assert_eq!(school.told("in_doubt").await, on_the_wire);
    school.close().await;
}

#[tokio::test]
async fn a_daemon_that_says_it_is_alive_is_not_robbed() {
    let school = School::open(&many(10, true)).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut alive = school.lane(&school.gateway, "texts").await;
    alive.step().await.unwrap();

    for _ in 0..5 {
        school.later(Duration::from_secs(20));
        school.beat(&alive).await;
        assert_eq!(rescue(&school.gateway).await.unwrap(), 0);
    }
    work(&mut alive).await;
    alive.finish().await.unwrap();

    assert_eq!(school.texts.messages().len(), 10);
    assert_eq!(school.told("in_doubt").await, 0);
    school.close().await;
}

#[tokio::test]
async fn a_worker_that_comes_back_late_cannot_overwrite_what_happened_since() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::Say("554 5.7.1 rejected".into()));
    school.queue(&[("P1", WORDS)]).await;
    let mut late = school.lane(&school.gateway, "school-mail").await;
    late.step().await.unwrap();

    school.later(Duration::from_mins(5));
    rescue(&school.gateway).await.unwrap();
    resolve(&school.gateway).await.unwrap();
    school.deliver().await;
    let before = school.delivery().await;
    late.step().await.unwrap();
    late.finish().await.unwrap();

    let after = school.delivery().await;
    assert_eq!((before.state.as_str(), before.tries), ("submitted", 2));
    assert_eq!((after.state.as_str(), after.tries, after.reason), ("submitted", 2, None));
    assert_eq!(school.texts.posted(), 0, "its failure, long overtaken, starts no other route");
    assert_eq!(school.mail.taken(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_late_worker_that_did_send_has_it_told_and_changes_nothing_else() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut late = school.lane(&school.gateway, "school-mail").await;
    late.step().await.unwrap();

    school.later(Duration::from_mins(5));
    rescue(&school.gateway).await.unwrap();
    resolve(&school.gateway).await.unwrap();
    school.deliver().await;
    late.finish().await.unwrap();

    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.maybe_twice), ("submitted", true));
    assert_eq!((school.mail.taken(), school.told("submitted").await), (2, 2), "each copy is told");
    school.close().await;
}

#[tokio::test]
async fn a_daemon_cut_off_from_postgres_between_its_steps_goes_on_and_doubles_nothing() {
    let school = School::open(&many(30, true)).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "texts").await;

    let mut steps = 0;
    loop {
        school.db.cut_connections().await;
        match lane.step().await {
            Ok(Step::Idle) => break,
            Ok(_) | Err(_) => steps += 1,
        }
        assert!(steps < 100, "it never comes to rest");
    }
    lane.finish().await.unwrap();

    assert_eq!(school.texts.messages().len(), 30);
    assert_eq!(school.texts.doubled(), Vec::<(String, String)>::new());
    assert!(school.states().await.iter().all(|state| state.ends_with("submitted")));
    assert_eq!(school.told("submitted").await, 30);
    school.close().await;
}

#[tokio::test]
async fn what_a_late_worker_knows_to_have_gone_is_not_sent_again() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut late = school.lane(&school.gateway, "school-mail").await;
    late.step().await.unwrap();
    school.later(Duration::from_mins(5));
    rescue(&school.gateway).await.unwrap();
    resolve(&school.gateway).await.unwrap();

    late.finish().await.unwrap();
    school.deliver().await;

    assert_eq!((school.delivery().await.state.as_str(), school.mail.taken()), ("submitted", 1));
    assert_eq!(school.told("submitted").await, 1);
    school.close().await;
}
