//! Two machines that answer each other stop; so does one that changes its address; and a restart forgets nothing.

use std::time::Duration;

use liaison::{flows::Clock as _, store::readings::ReceivedView};
use liaison_channels::fakes::{dovecot::Dovecot, smtp::Caught};

use super::{AMINA, two_parents};
use crate::support::{
    inbound::{INBOX, Letter, put, understand_with},
    people::{Roll, carer, one_by_email, pupil},
    school::{School, deliver_with},
};

/// A mail as the other side's server keeps it: with the envelope sender it was given.
fn as_delivered(mail: &Caught) -> Vec<u8> {
    format!("Return-Path: <{}>\r\n{}", mail.from, mail.data).into_bytes()
}

#[tokio::test]
async fn two_installations_wired_to_each_other_stop_at_one_each() {
    let (Some(here), Some(there)) = (Dovecot::start(), Dovecot::start()) else { return };
    // Each has the other's address on record, as if it were a carer's.
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Amina", "Begum").email("parents@southfield.example")],
    );
    let other = Roll::new(
        &[pupil("P1", "Tom", "Birch")],
        &[carer("P1", "C1", "Una", "Birch").email("parents@northfield.example")],
    );
    let north = School::open(&roll).await;
    let south = School::with(&other, |setup| setup.address = "parents@southfield.example".to_owned()).await;
    let mut mailboxes = [north.mailbox(&here), south.mailbox(&there)];
    for mailbox in &mut mailboxes {
        mailbox.read().await.unwrap();
    }
    // A person at each writes one mail, without any header of ours, and both are crossing.
    put(&here, north.clock.now(), &[Letter::from("parents@southfield.example").bytes(north.clock.now())]);
    let to_south = Letter::from("parents@northfield.example").to("parents@southfield.example");
    put(&there, south.clock.now(), &[to_south.bytes(south.clock.now())]);

    let (mut from_north, mut from_south) = (0, 0);
    for _ in 0..6 {
        for ((school, mailbox), (sent, to)) in [&north, &south]
            .into_iter()
            .zip(&mut mailboxes)
            .zip([(&mut from_north, &there), (&mut from_south, &here)])
        {
            mailbox.read().await.unwrap();
            school.understand().await;
            school.deliver().await;
            let new: Vec<_> = school.mail.messages().split_off(*sent).iter().map(as_delivered).collect();
            *sent += new.len();
            put(to, school.clock.now(), &new);
        }
    }

    assert_eq!((from_north, from_south), (1, 1));
    for school in [&north, &south] {
        let kinds: Vec<_> = school.received().await.into_iter().map(|seen| seen.kind.unwrap()).collect();
        assert_eq!(kinds, ["human", "auto_reply"]);
        assert_eq!((school.cases().await.len(), school.clocks().await.len()), (1, 1));
    }
    north.close().await;
    south.close().await;
}

/// Six known carers at one mail domain.
fn one_domain() -> Roll {
    let carers: Vec<_> = (0..6)
        .map(|n| carer("P1", &format!("C{n}"), "Ann", "Other").email(&format!("ann{n}@robot.example")))
        .collect();
    Roll::new(&[pupil("P1", "Sam", "Ash")], &carers)
}

fn held_by_caps(seen: &[ReceivedView]) -> usize {
    seen.iter().filter(|one| one.answered.as_deref().unwrap_or_default().contains("(rule 12)")).count()
}

#[tokio::test]
async fn a_responder_that_changes_its_address_stops_at_the_cap_of_its_domain() {
    for at_once in [true, false] {
        let school = School::with(&one_domain(), |setup| setup.policy.acknowledge.per_domain_hour = 3).await;
        let letters: Vec<_> = (0..6).map(|n| Letter::from(&format!("ann{n}@robot.example"))).collect();

        let mut seen = Vec::new();
        if at_once {
            seen = school.arrive_all(&letters).await;
        } else {
            for letter in &letters {
                seen.push(school.arrives(letter).await);
            }
        }
        school.deliver().await;
        let in_the_hour = school.acknowledgements().len();
        school.later(Duration::from_hours(1));
        school.arrives(&Letter::from("ann5@robot.example")).await;
        school.deliver().await;

        assert_eq!((in_the_hour, held_by_caps(&seen)), (3, 3), "at once: {at_once}");
        assert_eq!(school.acknowledgements().len(), 4, "an hour later it may again");
        assert_eq!((school.cases().await.len(), school.clocks().await.len()), (7, 7), "each has its case");
        school.close().await;
    }
}

#[tokio::test]
async fn one_address_gets_three_in_a_day_also_across_a_restart() {
    let school = School::open(&two_parents()).await;
    for _ in 0..2 {
        school.arrives(&Letter::from(AMINA)).await;
        school.deliver().await;
    }

    let fresh = school.another_daemon(school.db.store());
    let raws: Vec<_> = (0..3).map(|_| Letter::from(AMINA).bytes(school.clock.now())).collect();
    school.keep(&raws).await;
    understand_with(&fresh).await;
    deliver_with(&fresh).await;
    let in_a_day = school.acknowledgements().len();
    let seen = school.received().await;
    school.later(Duration::from_hours(24));
    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    assert_eq!((in_a_day, held_by_caps(&seen)), (3, 2));
    assert_eq!(school.acknowledgements().len(), 4);
    assert_eq!(school.cases().await.len(), 6);
    school.close().await;
}

#[tokio::test]
async fn in_an_hour_only_so_many_go_to_all() {
    let school = School::with(&one_domain(), |setup| setup.policy.acknowledge.per_hour = 2).await;

    let letters: Vec<_> = (0..6).map(|n| Letter::from(&format!("ann{n}@robot.example"))).collect();
    let seen = school.arrive_all(&letters).await;
    school.deliver().await;

    assert_eq!((school.acknowledgements().len(), held_by_caps(&seen)), (2, 4));
    school.close().await;
}

#[tokio::test]
async fn a_school_that_wants_no_acknowledgements_sends_none_and_owes_the_answer_all_the_same() {
    let school = School::with(&one_by_email(), |setup| setup.policy.acknowledge.on = false).await;

    let seen = school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    assert!(seen.answered.unwrap().contains("switched off"));
    assert_eq!((school.mail.taken(), school.clocks().await.len(), seen.channel.as_str()), (0, 1, INBOX));
    school.close().await;
}
