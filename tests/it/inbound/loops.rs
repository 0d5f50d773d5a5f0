//! Mail that answers mail: whatever the other side is, and whatever a relay takes off on the way, it ends by itself.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use liaison::flows::Clock as _;
use liaison_channels::fakes::smtp::Caught;

use crate::support::{
    inbound::{Letter, header},
    people::{Roll, carer, pupil},
    school::School,
};

const NORTH: &str = "parents@northfield.example";
const SOUTH: &str = "parents@southfield.example";
/// Exchanges to watch; far more than any of these may take.
const ROUNDS: usize = 12;

/// The headers by which machines know a machine's mail.
const MARKS: [&str; 4] = ["Auto-Submitted", "X-Auto-Response-Suppress", "X-Liaison", "Precedence"];
/// Those by which an answer is known to be one; the subject carries the case's reference.
const THREAD: [&str; 3] = ["In-Reply-To", "References", "Subject"];

/// What stands between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relay {
    /// Hands on what it is given.
    Honest,
    /// Takes the marks off.
    Unmarks,
    /// Also makes the empty envelope sender of a machine's mail an ordinary one.
    Resends,
    /// And puts a word of its own in front of the subject, by which a machine's mail is known without its marks.
    Relabels,
    /// And takes the thread off.
    Retells,
}

impl Relay {
    fn drops(self, name: &str) -> bool {
        let among = |names: &[&str]| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        // The tests' schools live at a time of their own, and mails are dated by this machine.
        among(&["Date"])
            || (self >= Self::Unmarks && among(&MARKS))
            || (self >= Self::Retells && among(&THREAD))
    }

    /// A mail as the other side's server keeps it.
    fn carries(self, mail: &Caught, from: &str, now: Timestamp) -> Vec<u8> {
        let path = if self >= Self::Resends { from } else { &mail.from };
        let date = jiff::fmt::rfc2822::to_string(&now.to_zoned_datetime(TimeZone::UTC)).expect("a date");
        let (head, body) = mail.data.split_once("\r\n\r\n").expect("a head and a body");
        let mut kept = vec![format!("Return-Path: <{path}>"), format!("Date: {date}")];
        let mut dropped = false;
        for line in head.split("\r\n") {
            if !line.starts_with([' ', '\t']) {
                dropped = self.drops(line.split(':').next().unwrap_or_default());
            }
            match line.strip_prefix("Subject: ").filter(|_| self >= Self::Relabels) {
                _ if dropped => {}
                Some(subject) => kept.push(format!("Subject: [EXTERNAL] {subject}")),
                None => kept.push(line.to_owned()),
            }
        }
        format!("{}\r\n\r\n{body}", kept.join("\r\n")).into_bytes()
    }
}

/// Two schools, each of which has the other's address on record as a carer's.
struct Wired {
    schools: Vec<School>,
    /// What is on its way to each.
    waiting: [Vec<Vec<u8>>; 2],
    /// How many mails of each have been carried.
    carried: [usize; 2],
    relay: Relay,
}

impl Wired {
    async fn by(relay: Relay) -> Self {
        let roll = |child: &str, address: &str| {
            let them = carer("P1", "C1", "Amina", "Begum").email(address);
            Roll::new(&[pupil("P1", child, "Ash")], &[them])
        };
        let north = School::open(&roll("Sam", SOUTH)).await;
        let south = School::with(&roll("Tom", NORTH), |setup| SOUTH.clone_into(&mut setup.address)).await;
        Self { schools: vec![north, south], waiting: [Vec::new(), Vec::new()], carried: [0, 0], relay }
    }

    /// A person at each writes one mail, and the two cross.
    fn both_write(&mut self) {
        let now = self.schools[0].clock.now();
        self.waiting[0].push(Letter::from(SOUTH).to(NORTH).bytes(now));
        self.waiting[1].push(Letter::from(NORTH).to(SOUTH).bytes(now));
    }

    /// Carries mail to and fro until none is on its way. Returns how many rounds that took.
    async fn exchange(&mut self) -> usize {
        for round in 0..ROUNDS {
            if self.waiting.iter().all(Vec::is_empty) {
                return round;
            }
            for (here, there, from) in [(0, 1, NORTH), (1, 0, SOUTH)] {
                let school = &self.schools[here];
                let arrived = std::mem::take(&mut self.waiting[here]);
                let kept = school.keep(&arrived).await;
                assert_eq!(usize::try_from(kept.new), Ok(arrived.len()), "every mail is kept");
                school.understand().await;
                school.deliver().await;
                let new = school.mail.messages().split_off(self.carried[here]);
                self.carried[here] += new.len();
                let now = school.clock.now();
                self.waiting[there].extend(new.iter().map(|mail| self.relay.carries(mail, from, now)));
            }
        }
        panic!("the two still answer each other after {ROUNDS} rounds: {:?} mails", self.carried);
    }

    async fn close(self) {
        for school in self.schools {
            school.close().await;
        }
    }
}

/// What became of each mail: `human acknowledged`, or the number of the rule against it.
async fn answered(school: &School) -> Vec<String> {
    let all = school.received().await.into_iter().map(|seen| {
        let answered = seen.answered.unwrap_or_default();
        let short = answered.split(':').next().unwrap_or_default();
        format!("{} {short}", seen.kind.unwrap_or_default())
    });
    all.collect()
}

#[tokio::test]
async fn two_installations_acknowledge_each_other_once_and_are_silent_from_then_on() {
    // The mark ends it; without marks, the subject.
    for relay in [Relay::Honest, Relay::Unmarks, Relay::Resends] {
        let mut wired = Wired::by(relay).await;
        wired.both_write();

        let rounds = wired.exchange().await;

        assert_eq!((wired.carried, rounds), ([1, 1], 2), "{relay:?}");
        for school in &wired.schools {
            let seen = answered(school).await;
            assert_eq!(seen, ["human acknowledged", "auto_reply not acknowledged (rule 1)"], "{relay:?}");
        }
        wired.close().await;
    }
}

#[tokio::test]
async fn where_a_relay_takes_every_mark_off_that_a_case_is_answered_once_ends_it() {
    let mut wired = Wired::by(Relay::Relabels).await;
    wired.both_write();

    let rounds = wired.exchange().await;

    // The other's acknowledgement of what its person wrote looks like a person's mail and is answered; what comes back
    // on that answers a mail of ours, whose case has been acknowledged.
    assert_eq!((wired.carried, rounds), ([2, 2], 2));
    for school in &wired.schools {
        let seen = answered(school).await;
        assert_eq!(seen, ["human acknowledged", "human acknowledged", "human not acknowledged (rule 11)"]);
        assert_eq!((school.cases().await.len(), school.clocks().await.len()), (2, 3), "none is lost");
    }
    wired.close().await;
}

#[tokio::test]
async fn where_a_relay_takes_the_thread_off_as_well_three_to_an_address_in_a_day_end_it() {
    let mut wired = Wired::by(Relay::Retells).await;
    wired.both_write();

    let rounds = wired.exchange().await;

    assert_eq!((wired.carried, rounds), ([3, 3], 3));
    for school in &wired.schools {
        let mut expected = vec!["human acknowledged"; 3];
        expected.push("human not acknowledged (rule 12)");
        assert_eq!(answered(school).await, expected);
        assert_eq!((school.cases().await.len(), school.clocks().await.len()), (4, 4), "none is lost");
        // The cap is over, and what it held back stays unsaid.
        school.later(Duration::from_hours(25));
        school.understand().await;
        school.deliver().await;
        assert_eq!(school.mail.taken(), 3);
    }
    wired.close().await;
}

/// How a responder names the mail it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// As mail programs do.
    TheMail,
    /// Not at all: each of its answers is a mail of its own.
    Nothing,
}

/// A machine that answers every mail to any address of its own, without a word in the head that it is one, and each time
/// from its next address.
struct Responder {
    addresses: Vec<String>,
    /// How many mails it has written.
    written: usize,
    /// How many of the school's mails it has answered.
    answered: usize,
    names: Names,
}

impl Responder {
    fn new(addresses: Vec<String>, names: Names) -> Self {
        Self { addresses, written: 0, answered: 0, names }
    }

    /// Its next mail, from its next address.
    fn writes(&mut self) -> Letter {
        let from = &self.addresses[self.written % self.addresses.len()];
        self.written += 1;
        Letter::from(from).subject("Thank you for your mail").says("We read every mail. What is it about?")
    }

    /// Answers what the school has sent it, as long as anything comes back.
    async fn converses(&mut self, school: &School) {
        for _ in 0..ROUNDS * 10 {
            school.understand().await;
            school.deliver().await;
            let all = school.mail.messages();
            let Some(ours) = all.get(self.answered) else { return };
            self.answered += 1;
            let mut letter = self.writes();
            if self.names == Names::TheMail {
                let id = header(&ours.data, "Message-ID").expect("a Message-ID");
                letter = letter.answers(id.trim_matches(['<', '>']));
            }
            self.sends(school, &letter).await;
        }
        panic!("it is still answered after {} mails", self.written);
    }

    async fn sends(&self, school: &School, letter: &Letter) {
        let kept = school.keep(&[letter.bytes(school.clock.now())]).await;
        assert_eq!(kept.new, 1, "every mail is kept");
    }
}

/// `r1@loop.example` and so on.
fn addresses(many: usize, domain: impl Fn(usize) -> String) -> Vec<String> {
    (1..=many).map(|n| format!("r{n}@{}", domain(n))).collect()
}

/// Sam's carers, each with one of these addresses.
fn known(addresses: &[String]) -> Roll {
    let carers: Vec<_> = addresses
        .iter()
        .enumerate()
        .map(|(n, address)| carer("P1", &format!("C{n}"), "Ann", "Other").email(address))
        .collect();
    Roll::new(&[pupil("P1", "Sam", "Ash")], &carers)
}

/// How many of the school's mails of their own accord stood within any hour at most.
async fn most_within_an_hour(school: &School) -> usize {
    let rows = school
        .rows(
            "select count(*)::text from answer a join answer b on b.purpose = a.purpose
               and b.written_at <= a.written_at and b.written_at > a.written_at - interval '1 hour'
             where a.purpose = 'acknowledgement' group by a.id order by count(*) desc limit 1",
        )
        .await;
    rows.first().map_or(0, |most| most.parse().expect("a number"))
}

#[tokio::test]
async fn a_responder_with_a_new_address_each_time_is_a_stranger_from_its_second_mail_on() {
    for tagged in [false, true] {
        let all: Vec<_> =
            (1..=9)
                .map(|n| {
                    if tagged && n > 1 {
                        format!("r1+{n}@loop.example")
                    } else {
                        format!("r{n}@loop.example")
                    }
                })
                .collect();
        for names in [Names::Nothing, Names::TheMail] {
            let school = School::open(&known(&all[..1])).await;
            let mut responder = Responder::new(all.clone(), names);
            let first = responder.writes();
            responder.sends(&school, &first).await;

            responder.converses(&school).await;

            assert_eq!((responder.written, school.mail.taken()), (2, 1), "{names:?}");
            assert_eq!(answered(&school).await, ["human acknowledged", "human not acknowledged (rule 9)"]);
            assert_eq!(school.case().await.code, school.received().await[0].case.clone().expect("a case"));
            assert_eq!(school.question().await.kind, "who_is_this");
            school.close().await;
        }
    }
}

#[tokio::test]
async fn a_responder_all_of_whose_addresses_are_carers_is_asked_about_where_it_answers_another_s_mail() {
    let all = addresses(9, |_| "loop.example".to_owned());
    let school = School::open(&known(&all)).await;
    let mut responder = Responder::new(all, Names::TheMail);
    let first = responder.writes();
    responder.sends(&school, &first).await;

    responder.converses(&school).await;

    assert_eq!((responder.written, school.mail.taken()), (2, 1));
    assert_eq!(answered(&school).await, ["human acknowledged", "human not acknowledged (rule 9)"]);
    assert_eq!(school.question().await.kind, "whose_reply");
    school.close().await;
}

#[tokio::test]
async fn a_responder_that_names_no_mail_and_never_rests_stops_at_the_hour_s_caps_and_none_of_it_is_lost() {
    // Its addresses are at one mail domain, then at as many as there are addresses.
    for (one_domain, cap) in [(true, 3), (false, 4)] {
        let all =
            addresses(40, |n| if one_domain { "loop.example".into() } else { format!("loop{n}.example") });
        let school = School::with(&known(&all), |setup| {
            setup.policy.acknowledge.per_domain_hour = 3;
            setup.policy.acknowledge.per_hour = 4;
        })
        .await;
        let mut responder = Responder::new(all, Names::Nothing);

        // Whatever came back, it begins anew every ten minutes.
        for _ in 0..18 {
            let letter = responder.writes();
            responder.sends(&school, &letter).await;
            responder.converses(&school).await;
            school.later(Duration::from_mins(10));
        }

        assert_eq!(most_within_an_hour(&school).await, cap, "one domain: {one_domain}");
        assert_eq!(school.mail.taken(), cap * 3, "three hours");
        let to: std::collections::BTreeSet<_> =
            school.mail.messages().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to.len(), cap * 3, "one to each address");
        let answered = answered(&school).await;
        let held = answered.iter().filter(|one| *one == "human not acknowledged (rule 12)").count();
        assert_eq!((answered.len(), held), (responder.written, responder.written - cap * 3));
        assert_eq!(school.cases().await.len(), responder.written, "each is before a person");
        assert_eq!(school.clocks().await.len(), responder.written, "and waits for its answer");
        school.close().await;
    }
}

#[tokio::test]
async fn a_responder_that_comes_round_to_its_first_address_again_finds_the_day_s_three_gone() {
    let all = addresses(2, |_| "loop.example".to_owned());
    let school = School::open(&known(&all)).await;
    let mut responder = Responder::new(all, Names::Nothing);

    for _ in 0..20 {
        let letter = responder.writes();
        responder.sends(&school, &letter).await;
        responder.converses(&school).await;
        school.later(Duration::from_hours(1));
    }

    assert_eq!(school.mail.taken(), 6);
    assert_eq!(school.cases().await.len(), responder.written);
    school.close().await;
}
