//! An autumn term of sixty families, day by day, with what a term brings: an order in the middle of a batch, both parents
//! answering, a shared phone, a bounce, a question that nobody answers, a snow day, an absent teacher, a complaint, a request
//! for information on the last day, a disclosure on Christmas Eve. Every obligation is met, or its breach is on record and has
//! climbed; nobody reads of another family; and the chronology reads like a story, which is kept beside this.

mod families;
mod incidents;
mod story;

use std::collections::BTreeMap;

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time, Weekday, date, time},
};
use liaison::{
    domain::{
        calendar::Day,
        hours::{Days, Hours},
        ids::TaskId,
        time::school_zone,
    },
    flows::{
        Clock as _, absences, announcements, complaint, current, drafts, ladder, life, notices, queue,
        resolve, tasks,
    },
};

use self::{
    families::{CLASSES, class, mailbox, mobile, own, pupil_ref, roll},
    incidents::{INCIDENTS, Incident},
    story::Line,
};
use crate::support::school::{School, readable, sender};

const FIRST: Date = date(2026, 9, 1);
const LAST: Date = date(2027, 1, 20);
const FAMILIES: usize = 60;

/// Name, roles and class.
const COLLEAGUES: [(&str, &str, &str); 9] = [
    ("Tess", "teacher", "Oak"),
    ("Elin", "teacher", "Elm"),
    ("Anwar", "teacher", "Beech"),
    ("Olga", "office", ""),
    ("Selma", "slt", ""),
    ("Sven", "slt", ""),
    ("Dora", "dsl", ""),
    ("Ivan", "it", ""),
    ("Gwen", "governor", ""),
];

/// A term under way.
struct Term {
    school: School,
    /// How many mails and texts have been looked at.
    seen: (usize, usize),
    /// What colleagues were mailed, digests apart.
    mailed: Vec<Line>,
    digests: usize,
    /// Who must not be told of a pupil, and since when.
    forbidden: Vec<(String, Timestamp)>,
    left: Vec<(&'static str, &'static str)>,
    updates: usize,
}

fn moment(day: Date, at: Time) -> Timestamp {
    day.to_datetime(at).to_zoned_datetime(school_zone()).unwrap().timestamp()
}

impl Term {
    async fn begin() -> Self {
        let school = School::with(&roll(&[]), |setup| {
            setup.begins = Some(moment(FIRST, time(7, 0, 0, 0)));
            let policy = &mut setup.policy;
            policy.hours = Hours { from: time(8, 0, 0, 0), until: time(18, 0, 0, 0), days: Days::School };
            policy.notices.head = Some("head@northfield.example".into());
            policy.notices.chair = Some("chair@northfield.example".into());
        })
        .await;
        for (name, roles, class) in COLLEAGUES {
            let hired = format!(
                "with hired as (insert into staff (id, name, email, roles)
                     values (gen_random_uuid(), '{name}', lower('{name}') || '@northfield.example', array['{roles}'])
                     returning id),
                 teaches as (insert into class_staff select k.id, hired.id from class k, hired where k.name = '{class}')
                 select id::text from hired"
            );
            school.rows(&hired).await;
        }
        Self {
            school,
            seen: (0, 0),
            mailed: Vec::new(),
            digests: 0,
            forbidden: Vec::new(),
            left: Vec::new(),
            updates: 0,
        }
    }

    /// The id of a colleague, as their deeds name it.
    async fn who(&self, name: &str) -> String {
        self.school.rows(&format!("select id::text from staff where name = '{name}'")).await.remove(0)
    }

    /// What the daemon does in a round, until nothing is left to do now.
    async fn care(&mut self) {
        let gateway = &self.school.gateway;
        if current::refresh(gateway).await.unwrap() {
            ladder::redate(gateway).await.unwrap();
            complaint::redate(gateway).await.unwrap();
        }
        resolve::resolve(gateway).await.unwrap();
        drafts::send_due(gateway).await.unwrap();
        announcements::send_due(gateway).await.unwrap();
        absences::turn(gateway).await.unwrap();
        ladder::climb(gateway).await.unwrap();
        notices::digests(gateway).await.unwrap();
        life::ask_ahead(gateway).await.unwrap();
        self.school.deliver().await;
        let lane = self.school.lane(gateway, sender(gateway, "school-mail").id().as_str()).await;
        while lane.notices().await.unwrap() > 0 {}
        self.look();
    }

    /// Reads every message that left since the last look: nobody reads of another family.
    fn look(&mut self) {
        let now = self.school.clock.now();
        let mails = self.school.mail.messages().split_off(self.seen.0);
        let texts = self.school.texts.messages().split_off(self.seen.1);
        self.seen = (self.seen.0 + mails.len(), self.seen.1 + texts.len());
        for mail in mails {
            let words = readable(&mail.data).to_lowercase();
            if mail.to.ends_with("@northfield.example") {
                for n in 0..FAMILIES {
                    assert_eq!(
                        named(&words, n),
                        Vec::<String>::new(),
                        "a colleague is mailed a name: {words}"
                    );
                }
                self.note(now, &mail.to, &mail.data);
            } else {
                self.judge(&mail.to, &words);
            }
        }
        for text in texts {
            self.judge(&text.to, &text.body.to_lowercase());
        }
    }

    fn judge(&self, to: &str, words: &str) {
        let n = (0..FAMILIES).find(|n| own(*n).iter().any(|one| one == to)).expect("a family's address");
        for other in (0..FAMILIES).filter(|other| *other != n) {
            assert_eq!(named(words, other), Vec::<String>::new(), "{to} reads of another family: {words}");
        }
        let apart = [0, 1].into_iter().find(|nth| mailbox(n, *nth) == to || mobile(n, *nth) == to);
        let other = mailbox(n, 1 - apart.unwrap_or_default());
        assert!(!words.contains(&other), "{to} reads the other carer's address: {words}");
        let now = self.school.clock.now();
        for (forbidden, since) in &self.forbidden {
            assert!(forbidden != to || now < *since, "{to} was told at {now}: {words}");
        }
    }

    fn note(&mut self, at: Timestamp, to: &str, mail: &str) {
        let subject = crate::support::inbound::header(mail, "Subject").expect("a subject");
        if subject.contains("What waits for you today") {
            self.digests += 1;
            return;
        }
        let says = format!("→ mail to {}: {subject}", to.replace("@northfield.example", ""));
        self.mailed.push(Line { at, order: format!("~{says}"), says });
    }

    /// Friday afternoon: each teacher, or who covers, sends the week's updates of a class.
    async fn write(&mut self, day: Date, which: &[&str]) {
        let monday = day.saturating_sub(4.days());
        for name in which {
            let staying = (0..FAMILIES).filter(|n| class(*n) == *name).filter(|n| {
                let gone = self.left.iter().find(|(surname, _)| families::family(surname) == *n);
                gone.is_none_or(|(_, last)| last.parse::<Date>().unwrap() >= monday)
            });
            let mut file = "pupil,week,text,sensitive\n".to_owned();
            for n in staying {
                self.updates += 1;
                file.push_str(&format!("{},{monday},A good week with much to tell.,no\n", pupil_ref(n)));
            }
            let covered = *name == "Beech" && incidents::AWAY.contains(&day);
            let teacher = COLLEAGUES.iter().find(|(_, _, class)| class == name).unwrap().0;
            let teacher = if covered { "Elin" } else { teacher };
            let teacher = self.who(teacher).await;
            queue::updates(&self.school.gateway, file.as_bytes(), &teacher).await.unwrap();
        }
    }

    /// The office rings and posts what is on its lists.
    async fn ring_and_post(&self) {
        let office = self.who("Olga").await;
        let open =
            "select id::text from task where state = 'open' and kind in ('call', 'letter') order by id";
        for id in self.school.rows(open).await {
            let id = TaskId(id.parse().unwrap());
            tasks::close(&self.school.gateway, id, true, &office, "told").await.unwrap();
        }
    }

    async fn day(&mut self, day: Date) {
        let school_day = {
            let policy = self.school.gateway.policy();
            matches!(policy.calendar.as_ref().unwrap().day(day), Day::School)
        };
        let happens = INCIDENTS.iter().filter(|(on, ..)| *on == day);
        let mut todo: Vec<(Time, Todo)> = happens.map(|(_, at, what)| (*at, Todo::Happens(*what))).collect();
        todo.extend([(time(7, 50, 0, 0), Todo::Nothing), (time(17, 5, 0, 0), Todo::Nothing)]);
        if school_day {
            todo.push((time(12, 0, 0, 0), Todo::RingAndPost));
        }
        if school_day && day.weekday() == Weekday::Friday {
            todo.push((time(17, 10, 0, 0), Todo::Write));
        }
        todo.sort_by_key(|(at, _)| *at);
        for (at, what) in todo {
            self.school.clock.set(moment(day, at));
            match what {
                Todo::Happens(incident) => self.happens(incident).await,
                Todo::RingAndPost => self.ring_and_post().await,
                Todo::Write => {
                    let written = incidents::written_by_hand(day);
                    let which: Vec<_> =
                        CLASSES.into_iter().filter(|class| !written.contains(class)).collect();
                    self.write(day, &which).await;
                }
                Todo::Nothing => {}
            }
            self.care().await;
        }
    }
}

/// What is done at a time of a day, before the daemon's round.
enum Todo {
    Happens(Incident),
    RingAndPost,
    Write,
    Nothing,
}

/// What of a family's own a message holds.
fn named(words: &str, family: usize) -> Vec<String> {
    let is_word = |word: &str| {
        words.match_indices(word).any(|(at, _)| {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !letter(words[..at].chars().next_back()) && !letter(words[at + word.len()..].chars().next())
        })
    };
    own(family).into_iter().filter(|one| is_word(one)).collect()
}

#[tokio::test]
async fn a_term_of_sixty_families_is_a_story_in_which_nobody_is_forgotten() {
    let mut term = Term::begin().await;
    let mut day = FIRST;
    while day <= LAST {
        term.day(day).await;
        day = day.tomorrow().unwrap();
    }

    let story =
        story::tell(&term.school, moment(FIRST, time(8, 0, 0, 0)), std::mem::take(&mut term.mailed)).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("a_term", story);
    });
    assert!(term.updates > 800, "{} updates", term.updates);
    assert!(term.digests > 200, "{} digests", term.digests);
    kept_or_climbed(&term.school).await;
    term.school.close().await;
}

/// Every clock was met in time, or its breach is an entry of its case and it has climbed; and no case is open without one.
async fn kept_or_climbed(school: &School) {
    let late = school
        .rows(
            "select c.code || ' ' || k.rung || ' ' || exists (
                 select from chronology_entry e where e.case_id = k.case_id
                   and e.sentence like 'overdue: no answer by%')
             from clock k join carer_case c on c.id = k.case_id
             where k.kind = 'answer' and coalesce(k.met_at, timestamptz '2027-01-20 20:00Z') > k.due_at
             order by k.started_at",
        )
        .await;
    let climbed: BTreeMap<bool, usize> = late.iter().fold(BTreeMap::new(), |mut counts, row| {
        *counts.entry(!row.contains(" 0 ") && row.ends_with("true")).or_default() += 1;
        counts
    });
    assert_eq!(climbed, BTreeMap::from([(true, incidents::BREACHES)]), "{late:?}");
    let idle = "select c.code from carer_case c where c.state = 'open' and not exists (
                    select from clock k where k.case_id = c.id and k.state = 'running')";
    assert_eq!(school.rows(idle).await, Vec::<String>::new(), "cases that nothing chases");
}
