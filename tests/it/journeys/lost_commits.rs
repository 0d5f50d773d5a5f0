//! A commit whose fate the daemon cannot know: it must be found out, and nothing may be lost, doubled or told twice.

use liaison::flows::{
    deliver::{Lane, Step},
    queue,
};
use liaison_channels::fakes::twilio::Shape;

use crate::support::{
    people::{Roll, carer, four_ways, pupil, updates},
    proxy::{Cut, Proxy},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const CUTS: [Cut; 2] = [Cut::BeforeCommit, Cut::AfterCommit];
/// More than one claim's worth of steps: claiming, sending and settling, and the last settling.
const STEPS: usize = 5;

fn ten_by_text() -> Roll {
    let one = |n: usize| {
        carer("P1", &format!("C{n}"), "Ann", &format!("Other{n}"))
            .mobile(&format!("0770090020{n}"))
            .email(&format!("ann{n}@home.example"))
            .wants("sms")
    };
    Roll::new(&[pupil("P1", "Sam", "Ash")], &(0..10).map(one).collect::<Vec<_>>())
}

/// Steps to the end as a worker would, through errors; the line breaks at the commit of step `at`.
async fn persevere(lane: &mut Lane, proxy: &Proxy, at: usize, cut: Cut) {
    for step in 0..50 {
        if step == at {
            proxy.cut(cut);
        }
        if matches!(lane.step().await, Ok(Step::Idle)) && step > at {
            lane.finish().await.unwrap();
            return;
        }
    }
    panic!("the lane never came to rest");
}

#[tokio::test]
async fn a_commit_lost_at_any_step_loses_doubles_and_retells_nothing() {
    for cut in CUTS {
        for at in 0..STEPS {
            let school = School::open(&ten_by_text()).await;
            let proxy = Proxy::to(&school.db.owner());
            let daemon = school.another_daemon(proxy.store());
            school.queue(&[("P1", WORDS)]).await;
            let mut lane = school.lane(&daemon, "texts").await;

            persevere(&mut lane, &proxy, at, cut).await;

            let case = format!("{cut:?} at step {at}");
            assert!(proxy.has_cut(), "{case}: the line was never cut");
            assert_eq!(school.texts.messages().len(), 10, "{case}");
            assert_eq!(school.texts.doubled(), Vec::<(String, String)>::new(), "{case}");
            let all = school.deliveries().await;
            assert!(all.iter().all(|d| d.state == "submitted" && d.tries == 1), "{case}: {all:#?}");
            assert_eq!(school.told("submitted").await, 10, "{case}: each is told once");
            assert_eq!(school.rows("select count(*)::text from attempt").await, ["10"], "{case}");
            school.close().await;
        }
    }
}

#[tokio::test]
async fn a_commit_lost_while_settling_failures_opens_no_second_task_or_route() {
    for cut in CUTS {
        for at in 0..STEPS {
            let school = School::open(&ten_by_text()).await;
            for n in 0..10 {
                school.texts.answer(&format!("+44770090020{n}"), 21_614, Shape::Classic);
            }
            let proxy = Proxy::to(&school.db.owner());
            let daemon = school.another_daemon(proxy.store());
            school.queue(&[("P1", WORDS)]).await;
            let mut lane = school.lane(&daemon, "texts").await;

            persevere(&mut lane, &proxy, at, cut).await;
            school.deliver().await;

            let case = format!("{cut:?} at step {at}");
            assert_eq!((school.texts.posted(), school.mail.taken()), (10, 10), "{case}");
            assert_eq!(school.tasks().await.len(), 10, "{case}");
            assert_eq!(
                (school.told("failed").await, school.told("address_failing").await),
                (10, 10),
                "{case}"
            );
            school.close().await;
        }
    }
}

#[tokio::test]
async fn a_file_whose_commit_was_lost_may_be_queued_again_and_counts_once() {
    for cut in CUTS {
        let school = School::open(&four_ways()).await;
        let proxy = Proxy::to(&school.db.owner());
        let daemon = school.another_daemon(proxy.store());
        let file = updates(&[("P1", WORDS, false)]);
        proxy.cut(cut);

        let lost = queue::updates(&daemon, file.as_bytes(), "h.barlow").await;
        let again = queue::updates(&daemon, file.as_bytes(), "h.barlow").await.unwrap();
        school.deliver().await;

        assert!(lost.is_err());
        assert_eq!(again.updates + again.already, 1, "{cut:?}");
        assert_eq!((school.mail.taken(), school.texts.posted(), school.tasks().await.len()), (1, 1, 2));
        school.close().await;
    }
}
