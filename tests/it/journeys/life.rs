//! What happens in the life of a family while messages wait: it stops them at the gate, at midnight where it is a day.

use std::time::Duration;

use liaison::{
    domain::{
        announcement::{Audience, Written},
        ids::LinkId,
        people::Purpose,
        time::Date,
    },
    flows::{
        FlowError, announcements, cases, drafts,
        life::{self, Person},
        operate,
    },
};
use liaison_channels::fakes::smtp::{Act, At};

use crate::support::{
    inbound::Letter,
    people::{Roll, WEEK, carer, four_ways, one_by_email, pupil},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const AMINA: &str = "amina.begum@home.example";

/// Two carers by email; the second is there to show that the others are not stopped.
fn two() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA).mobile("07700 900101"),
            carer("P1", "C2", "Boris", "Czerny").email("boris.czerny@away.example"),
        ],
    )
}

async fn id_of(school: &School, what: &str) -> String {
    school.rows(&format!("select id::text from {what}")).await.remove(0)
}

async fn link(school: &School, contact: &str, of: &str) -> LinkId {
    let what = format!(
        "link where carer_id = (select id from carer where contact_ref = '{contact}')
         and pupil_id = (select id from pupil where pupil_ref = '{of}')"
    );
    id_of(school, &what).await.parse().unwrap()
}

async fn the_pupil(school: &School, reference: &str) -> Person {
    let id = id_of(school, &format!("pupil where pupil_ref = '{reference}'")).await;
    Person::Pupil(id.parse().unwrap())
}

async fn the_carer(school: &School, reference: &str) -> Person {
    let id = id_of(school, &format!("carer where contact_ref = '{reference}'")).await;
    Person::Carer(id.parse().unwrap())
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// What may happen on Monday 23 November or before, as far as it stops Amina's messages about Sam.
#[derive(Debug, Clone, Copy)]
enum Event {
    PlacementEnded,
    CarerDied,
    PupilDied,
    Eighteen,
}

const EVENTS: [(Event, &str); 4] = [
    (Event::PlacementEnded, "the arrangement between this carer and the pupil ended on Sunday 22 November"),
    (Event::CarerDied, "this carer has died"),
    (Event::PupilDied, "the pupil has died"),
    (Event::Eighteen, "the pupil is 18, and it is not recorded that they agree"),
];

/// Lets it happen to these carers and Sam.
async fn happens(school: &School, event: Event, carers: &[&str]) {
    let gateway = &school.gateway;
    match event {
        Event::PlacementEnded => {
            for contact in carers {
                let link = link(school, contact, "P1").await;
                life::end_link(gateway, link, day("2026-11-22"), "office").await.unwrap();
            }
        }
        Event::CarerDied => {
            for contact in carers {
                let who = the_carer(school, contact).await;
                life::record_death(gateway, who, day("2026-11-22"), "office").await.unwrap();
            }
        }
        Event::PupilDied => {
            let who = the_pupil(school, "P1").await;
            life::record_death(gateway, who, day("2026-11-22"), "office").await.unwrap();
        }
        Event::Eighteen => {
            let born =
                "update pupil set date_of_birth = '2008-11-23' where pupil_ref = 'P1' returning id::text";
            school.rows(born).await;
        }
    }
}

#[tokio::test]
async fn each_event_stops_a_mail_a_text_a_call_and_a_letter_that_wait_and_says_why() {
    for (event, why) in EVENTS {
        let school = School::open(&four_ways()).await;
        school.queue(&[("P1", WORDS)]).await;
        let open = [school.task("call").await.id, school.task("letter").await.id];

        happens(&school, event, &["C1", "C2", "C3", "C4"]).await;
        school.deliver().await;
        let shown = [school.show(open[0]).await, school.show(open[1]).await];

        assert_eq!(
            school.states().await,
            ["Amina Begum email refused", "Boris Czerny text refused"],
            "{event:?}"
        );
        assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0), "{event:?}");
        for task in shown {
            assert_eq!((task.state.as_str(), task.needs.is_none()), ("withdrawn", true), "{event:?}");
        }
        assert_eq!(school.to_do().await, Vec::<String>::new(), "no other route may be taken: {event:?}");
        let told = school.entries().await;
        let refused = told.iter().filter(|e| e.kind == "refused" && e.sentence.contains(why)).count();
        assert_eq!(refused, 2, "{event:?}: {told:#?}");
        school.close().await;
    }
}

#[tokio::test]
async fn each_event_stops_the_second_try_the_next_route_and_one_that_is_sent_back_by_hand() {
    for (event, _) in EVENTS {
        let school = School::open(&two()).await;
        school.mail.refuse(AMINA, "451 4.3.0 try later");
        school.queue(&[("P1", WORDS)]).await;
        school.deliver().await;
        school.mail.behave();
        let taken = school.mail.taken();

        happens(&school, event, &["C1"]).await;
        school.later(Duration::from_hours(1));
        school.deliver().await;
        let hers = school.deliveries().await.into_iter().find(|d| d.carer == "Amina Begum").unwrap();
        operate::retry(&school.gateway, hers.id, true, "office").await.unwrap();
        school.deliver().await;

        assert_eq!(school.state_of(hers.id).await, "refused", "{event:?}");
        assert_eq!((school.mail.taken(), school.texts.posted()), (taken, 0), "{event:?}");
        school.close().await;
    }
}

#[tokio::test]
async fn each_event_while_a_message_is_on_the_wire_stops_the_way_that_would_be_taken_next() {
    for (event, _) in EVENTS {
        let school = School::open(&two()).await;
        school.mail.refuse(AMINA, "550 5.1.1 no such mailbox");
        school.queue(&[("P1", WORDS)]).await;
        let mut lane = school.lane(&school.gateway, "school-mail").await;
        lane.step().await.unwrap();

        happens(&school, event, &["C1"]).await;
        lane.finish().await.unwrap();
        school.deliver().await;

        assert_eq!(school.texts.posted(), 0, "{event:?}");
        assert_eq!(school.told("left_out").await, 1, "{event:?}");
        school.close().await;
    }
}

#[tokio::test]
async fn an_arrangement_holds_on_its_last_day_and_ends_at_midnight_in_london() {
    // The nights before the clocks go forward and back, and a plain one.
    for (last, late, midnight) in [
        ("2026-03-28", "2026-03-28T23:50:00Z", "2026-03-29T00:00:00Z"),
        ("2026-03-29", "2026-03-29T22:50:00Z", "2026-03-29T23:00:00Z"),
        ("2026-10-24", "2026-10-24T22:50:00Z", "2026-10-24T23:00:00Z"),
        ("2026-10-25", "2026-10-25T23:50:00Z", "2026-10-26T00:00:00Z"),
        ("2026-11-23", "2026-11-23T23:50:00Z", "2026-11-24T00:00:00Z"),
    ] {
        let school = School::open(&one_by_email()).await;
        life::end_link(&school.gateway, link(&school, "C1", "P1").await, day(last), "office").await.unwrap();
        school.set_clock(late);
        school.mail.refuse(AMINA, "451 4.3.0 try later");
        let queued = school.queue(&[("P1", WORDS)]).await;
        school.deliver().await;
        let tried = school.delivery().await.state;
        school.mail.behave();

        school.set_clock(midnight);
        school.deliver().await;

        assert_eq!((queued.email, tried.as_str()), (1, "queued"), "{last}");
        assert_eq!((school.delivery().await.state.as_str(), school.mail.taken()), ("refused", 0), "{last}");
        school.close().await;
    }
}

#[tokio::test]
async fn at_18_messages_stop_at_midnight_unless_the_pupil_agrees_and_stop_again_when_they_do_not() {
    let mut roll = two();
    roll.pupils[0] = roll.pupils[0].clone().with("date_of_birth", "2008-11-24");
    let school = School::open(&roll).await;
    let amina = link(&school, "C1", "P1").await;
    life::agree(&school.gateway, amina, "Sam, in a talk", "slt", &["slt"]).await.unwrap();
    school.set_clock("2026-11-23T23:50:00Z");
    school.mail.refuse(AMINA, "451 4.3.0 try later");
    school.mail.refuse("boris.czerny@away.example", "451 4.3.0 try later");
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    school.mail.behave();

    school.set_clock("2026-11-24T00:00:00Z");
    school.deliver().await;
    let midnight = school.states().await;
    life::agree_no_more(&school.gateway, amina, "office").await.unwrap();
    let after = school.queue_week("2026-11-30", "P1", "Sam counted to ten.").await;

    assert_eq!(midnight, ["Amina Begum email submitted", "Boris Czerny email refused"]);
    assert_eq!((after.email, after.left_out.get("adult")), (0, Some(&2)));
    school.close().await;
}

#[tokio::test]
async fn at_16_nothing_stops_and_the_school_is_asked_once_ahead_of_the_day() {
    let mut roll = Roll::new(
        &[
            pupil("P1", "Sam", "Ash"),
            pupil("P2", "Tia", "Ash"),
            pupil("P3", "Lou", "Ash"),
            pupil("P4", "Kit", "Ash"),
        ],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA),
            carer("P2", "C1", "Amina", "Begum").email(AMINA),
            carer("P3", "C1", "Amina", "Begum").email(AMINA),
            carer("P4", "C1", "Amina", "Begum").email(AMINA),
        ],
    );
    // 16 in thirty days, in thirty-one, and 18 today; of Kit nothing is known.
    for (at, born) in [(0, "2010-12-23"), (1, "2010-12-24"), (2, "2008-11-23")] {
        roll.pupils[at] = roll.pupils[at].clone().with("date_of_birth", born);
    }
    let school = School::open(&roll).await;
    let asked = async || {
        let mut all: Vec<_> = school
            .tasks()
            .await
            .into_iter()
            .map(|t| format!("{} {} {} {}: {}", t.kind, t.role, t.pupil, t.due, t.why))
            .collect();
        all.sort();
        all
    };

    let opened =
        [life::ask_ahead(&school.gateway).await.unwrap(), life::ask_ahead(&school.gateway).await.unwrap()];
    let first = asked().await;
    for task in school.tasks().await {
        liaison::flows::tasks::close(&school.gateway, task.id, true, "slt", "they agreed").await.unwrap();
    }
    school.set_clock("2026-11-24T09:00:00Z");
    let next = life::ask_ahead(&school.gateway).await.unwrap();
    school.set_clock("2026-12-24T09:00:00Z");
    let later = life::ask_ahead(&school.gateway).await.unwrap();
    let queued = school.queue(&[("P1", WORDS), ("P4", "Kit sang.")]).await;

    assert_eq!(opened, [2, 0]);
    assert_eq!(
        first,
        [
            "turns_16 slt Sam Ash 2026-12-23: turns 16 on Wednesday 23 December 2026: ask whom we may tell",
            "turns_18 slt Lou Ash 2026-11-25: turned 18 on Monday 23 November 2026: ask whom we may tell; from then on a \
             carer is told only where it is recorded that the pupil agrees",
        ]
    );
    assert_eq!((next, later), (1, 0), "once each, also after it was done");
    assert_eq!(queued.email, 2, "nothing stops at 16, and nothing is guessed");
    let told = school.entries().await;
    assert!(told.iter().all(|entry| !entry.sentence.contains("23 December")), "no birthday in the record");
    school.close().await;
}

#[tokio::test]
async fn an_announcement_rests_on_another_child_after_a_death_and_reaches_no_dead_carer() {
    let hers = |child| carer(child, "C1", "Amina", "Begum").email(AMINA);
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Una", "Ash")],
        &[
            hers("P1"),
            hers("P2"),
            carer("P1", "C2", "Boris", "Czerny").email("boris.czerny@away.example"),
            carer("P2", "C3", "Carys", "Dafydd").email("carys@home.example"),
        ],
    );
    let school = School::open(&roll).await;
    let gateway = &school.gateway;
    let written = Written::read(Purpose::Notice, "Fair", "The fair is on Friday.", Audience::School).unwrap();
    let id = announcements::write(gateway, &written, "office").await.unwrap();
    announcements::ask(gateway, id, 1, "office").await.unwrap();
    announcements::approve(gateway, id, 1, "slt").await.unwrap();
    announcements::queue(gateway, id, 1, "office").await.unwrap();
    school.later(gateway.policy().undo);
    announcements::send_due(gateway).await.unwrap();

    life::record_death(gateway, the_pupil(&school, "P1").await, day("2026-11-22"), "office").await.unwrap();
    life::record_death(gateway, the_carer(&school, "C3").await, day("2026-11-22"), "office").await.unwrap();
    school.deliver().await;

    assert_eq!(
        school.states().await,
        ["Amina Begum email submitted", "Boris Czerny email refused", "Carys Dafydd email refused"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_draft_that_is_queued_about_a_pupil_who_died_becomes_nobodys_message() {
    let school = School::open(&two()).await;
    let Person::Pupil(sam) = the_pupil(&school, "P1").await else { unreachable!() };
    let staff = id_of(&school, "(select gen_random_uuid() as id) x").await.parse().unwrap();
    school
        .db
        .as_superuser(&format!(
            "insert into staff (id, name, email, roles) values ('{staff}', 's', 's@northfield.example', '{{slt}}')"
        ))
        .await;
    let card = drafts::cards_now(
        &mut school.gateway.store.as_colleague(staff).await.unwrap(),
        &[sam],
        day("2026-11-23"),
    )
    .await
    .unwrap();
    let words = drafts::Words {
        text: WORDS,
        sensitive: false,
        topic: None,
        praise: false,
        card: card.get(&sam).map(String::as_str),
    };
    drafts::save(&school.gateway, sam, day(WEEK), words, 0, &staff.to_string()).await.unwrap();
    drafts::queue_drafts(&school.gateway, day(WEEK), &[(sam, 1)], staff).await.unwrap();

    life::record_death(&school.gateway, Person::Pupil(sam), day("2026-11-23"), "office").await.unwrap();
    school.later(school.gateway.policy().undo);
    drafts::send_due(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!(school.deliveries().await.len(), 0);
    assert_eq!(school.told("left_out").await, 2);
    school.close().await;
}

#[tokio::test]
async fn each_event_stops_an_acknowledgement_that_waits_and_an_answer_but_18_only_the_answer() {
    for (event, _) in EVENTS {
        let school = School::open(&one_by_email()).await;
        school.arrives(&Letter::from(AMINA)).await;

        happens(&school, event, &["C1"]).await;
        school.deliver().await;
        let code = school.case().await.code;
        let reply = cases::Reply {
            words: "On Friday.",
            promise: None,
            full_answer: true,
            sensitive: false,
            topic: None,
            by_text: None,
            by: "h.barlow",
        };
        let answered = cases::reply(&school.gateway, &code, false, &reply).await;
        school.deliver().await;

        let acknowledged = usize::from(matches!(event, Event::Eighteen));
        assert_eq!(school.acknowledgements().len(), acknowledged, "{event:?}");
        assert_eq!(school.mail.taken(), acknowledged, "{event:?}");
        let Err(FlowError::Refused(why)) = answered else { panic!("{event:?}: {answered:?}") };
        assert!(why.starts_with("nothing was sent: "), "{why}");
        school.close().await;
    }
}

#[tokio::test]
async fn a_reply_that_waits_is_stopped_and_its_clock_runs_again() {
    let school = School::open(&one_by_email()).await;
    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;
    let code = school.case().await.code;
    let reply = cases::Reply {
        words: "On Friday.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "h.barlow",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();

    happens(&school, Event::PlacementEnded, &["C1"]).await;
    school.deliver().await;

    assert_eq!(school.mail.taken(), 1, "the acknowledgement");
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    school.close().await;
}

#[tokio::test]
async fn a_mail_in_doubt_is_not_sent_again_after_a_death() {
    let school = School::open(&one_by_email()).await;
    school.mail.next(At::Dot, Act::Cut);
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    happens(&school, Event::PupilDied, &[]).await;
    liaison::flows::rescue::rescue(&school.gateway).await.unwrap();
    liaison::flows::resolve::resolve(&school.gateway).await.unwrap();
    school.later(Duration::from_hours(1));
    school.deliver().await;

    assert_eq!(school.delivery().await.state, "refused");
    assert_eq!((school.mail.steps(At::Dot), school.texts.posted()), (1, 0));
    school.close().await;
}

#[tokio::test]
async fn that_a_way_is_to_be_found_to_somebody_ends_with_their_right_to_be_told() {
    let roll = Roll::new(&[pupil("P1", "Sam", "Ash")], &[carer("P1", "C1", "Amina", "Begum")]);
    let school = School::open(&roll).await;
    school.queue(&[("P1", WORDS)]).await;
    let task = school.task("check_address").await.id;

    happens(&school, Event::PlacementEnded, &["C1"]).await;

    assert_eq!(school.show(task).await.state, "withdrawn");
    school.close().await;
}
