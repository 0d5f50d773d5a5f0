//! Whole families, with everything that can happen to them between the teacher's file and the last try.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::civil::Date;
use liaison::{
    domain::{
        announcement::{Audience, Written},
        ids::LinkId,
        people::Purpose,
        topic::read_topic,
    },
    flows::{
        Clock as _, announcements,
        cases::{self, Reply},
        drafts::{self, Words},
        life::{self, Person},
        notices, operate, queue,
        rescue::rescue,
        resolve::resolve,
    },
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::{Deed as Misdeed, Shape},
};
use proptest::prelude::*;

use super::family::{Deed, Family, day, family};
use crate::{
    oracle::{Known, Said},
    support::{
        inbound::Letter,
        people::WEEK,
        school::{School, readable, sender},
    },
};

/// What is announced to everybody.
const ANNOUNCED: &str = "The zephyr fair is on Friday.";
/// What a colleague replies, after the name of the pupil whom the case is about.
const REPLIED: &str = "will be met at the gate.";
/// What only an acknowledgement says, by mail and by text.
const ACKNOWLEDGED: [&str; 2] =
    ["This answer was sent automatically", "has your message. A person will answer"];

/// A family on its way, and what has been looked at so far.
struct Journey<'a> {
    family: &'a Family,
    school: School,
    file: usize,
    mails: usize,
    texts: usize,
    happened: Happened,
}

/// What has happened to them on the way.
#[derive(Debug, Default)]
struct Happened {
    ends: BTreeMap<(usize, usize), Date>,
    carers_died: BTreeSet<usize>,
    pupils_died: BTreeSet<usize>,
    agreed: BTreeSet<(usize, usize)>,
    /// Who wants no more texts.
    stopped: BTreeSet<usize>,
}

impl Journey<'_> {
    fn misbehave(&self) {
        for (n, one) in self.family.carers.iter().enumerate() {
            let (mailbox, number) = (format!("carer{n}q@home.example"), format!("+44770090010{n}"));
            match one.trouble {
                1 => self.school.mail.refuse(&mailbox, "451 4.3.0 later"),
                2 => {
                    self.school.mail.refuse(&mailbox, "550 5.1.1 unknown");
                    self.school.texts.answer(&number, 21_614, Shape::Classic);
                }
                3 => self.school.texts.answer(&number, 21_610, Shape::Problem),
                4 => {
                    self.school.mail.next(At::Dot, Act::TakeAndCut);
                    self.school.texts.next(1, Misdeed::Cut { took: true });
                }
                5 => {
                    self.school.mail.next(At::Dot, Act::Cut);
                    self.school.texts.next(1, Misdeed::Cut { took: false });
                }
                _ => {}
            }
        }
    }

    async fn does(&mut self, deed: Deed) {
        let school = &self.school;
        match deed {
            Deed::Deliver => drop(school.deliver().await),
            Deed::AnotherDaemon => {
                let daemon = school.another_daemon(school.db.store());
                crate::support::school::deliver_with(&daemon).await;
            }
            Deed::NextFile => {
                self.file = 1;
                school.import(&self.family.roll(1)).await;
            }
            Deed::Hours(hours) => school.later(Duration::from_hours(hours)),
            Deed::Resolve => {
                rescue(&school.gateway).await.unwrap();
                resolve(&school.gateway).await.unwrap();
            }
            Deed::RetryAll => {
                for delivery in school.deliveries().await {
                    // What has gone cannot be sent again; that is refused with a sentence.
                    let _ = operate::retry(&school.gateway, delivery.id, true, "office").await;
                }
            }
            Deed::LookAtTasks => {}
            Deed::Behave => school.mail.behave(),
            Deed::Mails(n) => {
                let from = format!("carer{n}q@home.example");
                school.arrives(&Letter::from(&from).says("Can we talk about the week?")).await;
            }
            Deed::Texts(n, stop) => {
                let number = format!("+44770090010{n}");
                school.text_arrives(&number, if stop { "STOP" } else { "Can we talk?" }).await;
                if stop {
                    self.happened.stopped.insert(n);
                }
            }
            Deed::Replies => self.reply_to_all().await,
            Deed::Notices => {
                notices::digests(&school.gateway).await.unwrap();
                let mail = sender(&school.gateway, "school-mail").id().as_str().to_owned();
                let lane = school.lane(&school.gateway, &mail).await;
                while lane.notices().await.unwrap() > 0 {}
            }
            Deed::Ends(..) | Deed::CarerDies(_) | Deed::PupilDies(_) | Deed::Agrees(..) => {
                self.happens(deed).await;
            }
        }
        self.look().await;
    }

    /// Lets something happen to a carer, a pupil or what links them, where they are there and it has not happened before.
    async fn happens(&mut self, deed: Deed) {
        let gateway = &self.school.gateway;
        match deed {
            Deed::Ends(n, p, after) => {
                let Some(link) = self.link(n, p).await else { return };
                // Only an earlier end is taken without a reason.
                if life::end_link(gateway, link, day(after), "office").await.is_ok() {
                    self.happened.ends.insert((n, p), day(after));
                }
            }
            Deed::CarerDies(n) => {
                let Some(carer) = self.id(&format!("carer where contact_ref = 'C{n}'")).await else { return };
                let person = Person::Carer(carer.parse().unwrap());
                drop(life::record_death(gateway, person, day(0), "office").await);
                self.happened.carers_died.insert(n);
            }
            Deed::PupilDies(p) => {
                let Some(pupil) = self.id(&format!("pupil where pupil_ref = 'P{p}'")).await else { return };
                let person = Person::Pupil(pupil.parse().unwrap());
                drop(life::record_death(gateway, person, day(0), "office").await);
                self.happened.pupils_died.insert(p);
            }
            Deed::Agrees(n, p) => {
                let Some(link) = self.link(n, p).await else { return };
                drop(life::agree(gateway, link, "in a talk", "slt", &["slt"]).await);
                self.happened.agreed.insert((n, p));
            }
            _ => unreachable!("the other deeds are done by somebody"),
        }
    }

    /// Replies in every open case, naming the pupil it is about. What may not be said is refused, and nothing is sent.
    async fn reply_to_all(&self) {
        let gateway = &self.school.gateway;
        let open =
            "select c.code || ' ' || p.legal_forename from carer_case c join pupil p on p.id = c.pupil_id
                    where c.state = 'open' and c.visibility = 'ordinary'";
        for case in self.school.rows(open).await {
            let (code, pupil) = case.split_once(' ').unwrap();
            let reply = Reply {
                words: &format!("{pupil} {REPLIED}"),
                promise: None,
                full_answer: false,
                sensitive: false,
                topic: None,
                by_text: None,
                by: "h.barlow",
            };
            drop(cases::reply(gateway, code, false, &reply).await);
        }
    }

    /// Replies that neither left, nor wait, nor were refused with a reason, nor are a colleague's to say.
    async fn lost_replies(&self) -> Vec<String> {
        self.school
            .rows(
                "select a.id::text from answer a where a.purpose = 'reply'
                   and not exists (select from delivery d where d.answer_id = a.id)
                   and not exists (select from task t where t.answer_id = a.id)
                   and not exists (select from chronology_entry e where e.case_id = a.case_id and e.kind in ('left_out', 'refused'))",
            )
            .await
    }

    async fn id(&self, of: &str) -> Option<String> {
        self.school.rows(&format!("select id::text from {of}")).await.pop()
    }

    async fn link(&self, n: usize, p: usize) -> Option<LinkId> {
        let of = format!(
            "link where carer_id = (select id from carer where contact_ref = 'C{n}')
             and pupil_id = (select id from pupil where pupil_ref = 'P{p}')"
        );
        self.id(&of).await.map(|id| id.parse().unwrap())
    }

    /// What the oracle knows of a carer and a pupil now.
    fn known(&self, n: usize, p: usize) -> Option<Known> {
        let known = self.family.known(n, p, self.file)?;
        Some(Known {
            ends: self.happened.ends.get(&(n, p)).copied(),
            died: self.happened.carers_died.contains(&n) || self.happened.pupils_died.contains(&p),
            agrees: self.happened.agreed.contains(&(n, p)),
            ..known
        })
    }

    /// Every message since the last look, and every task that can be read now, against the oracle.
    async fn look(&mut self) {
        let mails = self.school.mail.messages().split_off(self.mails);
        let texts = self.school.texts.messages().split_off(self.texts);
        self.mails += mails.len();
        self.texts += texts.len();
        for mail in &mails {
            if mail.to.ends_with("@northfield.example") {
                judge_notice(&readable(&mail.data));
            }
            if let Some(n) =
                mail.to.strip_prefix("carer").and_then(|rest| rest.split('q').next()?.parse().ok())
            {
                self.judge(n, &readable(&mail.data));
            }
        }
        for text in &texts {
            let n = text.to.strip_prefix("+44770090010").unwrap().parse().unwrap();
            assert!(!self.happened.stopped.contains(&n), "carer {n} is texted after STOP: {}", text.body);
            self.judge(n, &text.body);
            self.judge_text(&text.body);
        }
        for task in self.school.tasks().await {
            let Some(needs) = task.needs else { continue };
            let Some(n) =
                task.carer.strip_prefix("Ann Carer").and_then(|rest| rest.trim_end_matches('q').parse().ok())
            else {
                continue;
            };
            self.judge(n, &format!("{} {} {}", task.pupil, needs.words.unwrap(), needs.to.unwrap()));
        }
        assert_eq!(self.school.forgotten().await, Vec::<String>::new(), "someone was silently left out");
        assert_eq!(self.lost_replies().await, Vec::<String>::new(), "a reply is nowhere");
    }

    /// An announcement is for whoever may be told about any of their pupils. It names none of them, nor does what a
    /// colleague reads out.
    fn judge_announced(&self, n: usize, words: &str) {
        let now = self.school.clock.now();
        let known = [0, 1].map(|p| self.known(n, p));
        assert!(
            known.iter().flatten().any(|known| known.may_be_told(now)),
            "carer {n} was announced to at {now}, and may not be told about anybody: {known:?}"
        );
        // A task is shown to the colleague with the pupil on whose link it rests.
        let said = words.trim_start_matches("Pupil0q Ash ").trim_start_matches("Pupil1q Ash ");
        assert!(
            !said.contains("Pupil0q") && !said.contains("Pupil1q"),
            "an announcement names a child: {words}"
        );
    }

    /// What is about a pupil goes by text only where it may.
    fn judge_text(&self, words: &str) {
        let pupils = self.family.said.iter().enumerate();
        for (p, said) in pupils.filter(|(p, _)| words.contains(&format!("Pupil{p}q"))) {
            // A file brings no leave.
            let said = Said { allowed: said.allowed && p == 1, ..*said };
            assert!(said.may_be_texted(), "what is {said:?} was texted: {words}");
        }
    }

    /// The first pupil's update comes from a file; the second's is written on a page, and the SLT let it go by text where it
    /// needs that.
    async fn write(&self) {
        let gateway = &self.school.gateway;
        let [first, second] = self.family.said;
        let file = format!(
            "pupil,week,text,sensitive,topic\nP0,{WEEK},Pupil0q read aloud.,{},{}\n",
            if first.sensitive { "yes" } else { "no" },
            first.topic.unwrap_or_default()
        );
        queue::updates(gateway, file.as_bytes(), "h.barlow").await.unwrap();
        let pupil = self.id("pupil where pupil_ref = 'P1'").await.unwrap().parse().unwrap();
        let words = Words {
            text: "Pupil1q counted to ten.",
            sensitive: second.sensitive,
            topic: read_topic(second.topic.unwrap_or_default()).unwrap(),
            praise: false,
            card: None,
        };
        drafts::save(gateway, pupil, day(0), words, 0, "h.barlow").await.unwrap();
        if second.allowed {
            // Where nothing keeps it from a text there is no leave to give.
            drop(drafts::allow_text(gateway, pupil, day(0), 1, "they asked for it", "slt").await);
        }
        self.school.rows("update draft set send_at = '2026-01-01', sent_by = author returning author").await;
        assert_eq!(drafts::send_due(gateway).await.unwrap(), 1);
    }

    /// Writes to the whole school; a second person approves it.
    async fn announce(&self) {
        let gateway = &self.school.gateway;
        let written = if self.family.urgent {
            Written::read_urgent("it cannot wait", "Fair", ANNOUNCED, Audience::School).unwrap()
        } else {
            Written::read(Purpose::Notice, "Fair", ANNOUNCED, Audience::School).unwrap()
        };
        let id = announcements::write(gateway, &written, "office").await.unwrap();
        announcements::ask(gateway, id, 1, "office").await.unwrap();
        announcements::approve(gateway, id, 1, "slt").await.unwrap();
        announcements::queue(gateway, id, 1, "office").await.unwrap();
        self.school.later(gateway.policy().undo);
        assert_eq!(announcements::send_due(gateway).await.unwrap(), 1);
    }

    /// Carers of a pupil who stays, of whom an announcement knows nothing.
    async fn unannounced(&self) -> Vec<String> {
        let staying: Vec<_> = [0, 1].iter().filter(|p| self.family.leaves[**p] == [None, None]).collect();
        let pupils: Vec<_> = staying.iter().map(|p| format!("'P{p}'")).collect();
        let pupils = if pupils.is_empty() { "''".to_owned() } else { pupils.join(", ") };
        self.school
            .rows(&format!(
                "select c.contact_ref from announcement n
                 join pupil p on p.pupil_ref in ({pupils}) join link l on l.pupil_id = p.id
                 join carer c on c.id = l.carer_id
                 where not exists (select from announcement_step s where s.announcement_id = n.id and s.carer_id = c.id)"
            ))
            .await
    }

    /// What this carer has been given, now.
    fn judge(&self, n: usize, words: &str) {
        let now = self.school.clock.now();
        let about: Vec<_> = [0, 1].into_iter().filter(|p| words.contains(&format!("Pupil{p}q"))).collect();
        if words.contains(ANNOUNCED) {
            self.judge_announced(n, words);
        } else if ACKNOWLEDGED.iter().any(|own| words.contains(own)) {
            let known = [0, 1].map(|p| self.known(n, p));
            assert!(
                about.is_empty() && known.iter().flatten().any(|known| known.may_be_answered(now)),
                "carer {n} was acknowledged at {now}, and may not be, or by a name: {known:?} {words}"
            );
        } else {
            assert_eq!(about.len(), 1, "one message, one pupil: {words}");
            let known = self.known(n, about[0]);
            assert!(
                known.as_ref().is_some_and(|known| known.may_be_told(now)),
                "carer {n} was told about pupil {} at {now}, and may not: {known:?}",
                about[0]
            );
        }
        for other in (0..self.family.carers.len()).filter(|other| *other != n) {
            assert!(
                !words.to_lowercase().contains(&format!("carer{other}q")),
                "carer {n} reads of carer {other}: {words}"
            );
        }
    }
}

/// What colleagues are mailed names nobody.
fn judge_notice(words: &str) {
    let words = words.to_lowercase();
    for name in ["pupil0q", "pupil1q", "carer0q", "carer1q", "carer2q", "carer3q", "talk about"] {
        assert!(!words.contains(name), "a notice says {name}: {words}");
    }
}

async fn travel(family: &Family) {
    let school = School::open(&family.roll(0)).await;
    for (name, role) in [("tess", "teacher"), ("dora", "dsl"), ("selma", "slt")] {
        let hired = format!(
            "insert into staff (id, name, email, roles)
             values (gen_random_uuid(), '{name}', '{name}@northfield.example', array['{role}']) returning id::text"
        );
        school.rows(&hired).await;
    }
    let happened = Happened::default();
    let mut journey = Journey { family, school, file: 0, mails: 0, texts: 0, happened };
    journey.misbehave();
    journey.write().await;
    journey.announce().await;
    assert_eq!(journey.unannounced().await, Vec::<String>::new());
    for deed in &family.deeds {
        journey.does(*deed).await;
    }
    for deed in [Deed::Behave, Deed::Hours(1), Deed::Deliver, Deed::Resolve, Deed::Hours(1), Deed::Deliver] {
        journey.does(deed).await;
    }
    journey.school.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_nobody_is_told_past_a_restriction_and_nobody_is_forgotten(family in family()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(travel(&family));
    }
}
