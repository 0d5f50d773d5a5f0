//! Mail may be broken although nothing failed: a mail to ourselves that must come back, mailboxes that must be read, and what was
//! taken compared with what lies there.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use liaison::{
    domain::staff::Role,
    flows::{Clock as _, channels, colleagues, keep::Kept, mailbox::Mailbox, probe},
    store::inbox::{self, Place},
};
use liaison_channels::{
    Inbox,
    fakes::smtp::{Act, At},
    inbox::{ArrivedMail, Batch, FetchError, Most, Position, Standing},
    message::ChannelId,
};

use super::AMINA;
use crate::support::{
    inbound::{INBOX, Letter, bounce},
    people::{Roll, one_by_email},
    school::School,
};

/// A school that writes to itself at a quarter past seven, with one colleague of each kind who may be told.
async fn probing(roll: &Roll) -> School {
    let school = School::with(roll, |setup| {
        setup.patience.probe_at = Some(liaison::domain::time::Time::constant(7, 15, 0, 0));
    })
    .await;
    for (name, role) in [("office", Role::Office), ("it", Role::It), ("dsl", Role::Dsl)] {
        let email = format!("{name}@northfield.example");
        colleagues::add(&school.gateway, name, &email, &[role], "test").await.expect("added");
    }
    school
}

async fn told(school: &School) -> Vec<String> {
    let sql =
        "select s.email || ': ' || n.kind from staff_notice n join staff s on s.id = n.staff_id order by 1";
    school.rows(sql).await
}

/// What is known of the mailbox.
async fn health(school: &School) -> channels::Health {
    let all = channels::health(&school.gateway, None).await.unwrap();
    all.into_iter().find(|one| one.id == INBOX).expect("the mailbox")
}

#[tokio::test]
async fn a_mail_to_ourselves_leaves_once_a_school_day_and_is_known_when_it_comes_back() {
    let school = probing(&one_by_email()).await;
    let started = school.clock.now();

    school.set_clock("2026-11-22T12:00:00Z");
    let on_sunday = probe::send_due(&school.gateway).await.unwrap();
    school.set_clock("2026-11-23T07:14:00Z");
    let early = probe::send_due(&school.gateway).await.unwrap();
    school.set_clock("2026-11-23T07:15:00Z");
    let due = probe::send_due(&school.gateway).await.unwrap();
    let again = probe::send_due(&school.gateway).await.unwrap();
    let [sent] = school.mail.messages().try_into().unwrap();
    school.later(Duration::from_secs(12));
    school.keep(&[sent.data.clone().into_bytes()]).await;
    school.understand().await;
    school.later(Duration::from_hours(1));
    let alarms = probe::alarm(&school.gateway, started).await.unwrap();
    school.deliver().await;

    assert_eq!((on_sunday, early, due, again), (0, 0, 1, 0));
    assert_eq!(sent.to, "parents@northfield.example");
    assert!(sent.data.contains("Auto-Submitted: auto-replied"), "{}", sent.data);
    let came = health(&school).await.probe.expect("a probe");
    assert_eq!(came.came_at.unwrap().duration_since(came.sent_at).as_secs(), 12);
    assert_eq!(
        (alarms, school.mail.taken(), school.cases().await.len()),
        (0, 1, 0),
        "it is answered by nobody"
    );
    school.close().await;
}

#[tokio::test]
async fn a_mail_to_ourselves_that_does_not_come_back_is_told_once_to_whom_it_concerns() {
    let school = probing(&one_by_email()).await;
    let started = school.clock.now();
    probe::send_due(&school.gateway).await.unwrap();

    school.later(Duration::from_mins(19));
    let in_time = probe::alarm(&school.gateway, started).await.unwrap();
    school.later(Duration::from_mins(1));
    let late = probe::alarm(&school.gateway, started).await.unwrap();
    let again = probe::alarm(&school.gateway, started).await.unwrap();

    let [sent] = school.mail.messages().try_into().unwrap();
    let id = sent.data.split("Message-ID: <").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
    let bounce = bounce(id, "parents@northfield.example", "failed", "5.2.2")
        .subject("Undeliverable: Does mail come in?");
    school.arrives(&bounce).await;

    assert_eq!((in_time, late, again), (0, 1, 0));
    assert_eq!(health(&school).await.probe.unwrap().came_at, None, "a bounce of it proves the contrary");
    assert_eq!(
        told(&school).await,
        ["it@northfield.example: mail_silent", "office@northfield.example: mail_silent"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_relay_that_renames_mails_raises_no_alarm_and_a_held_channel_is_not_probed() {
    let school = probing(&one_by_email()).await;
    let started = school.clock.now();
    liaison::flows::operate::hold(&school.gateway, "school-mail", "moving", "it").await.unwrap();
    let held = probe::send_due(&school.gateway).await.unwrap();
    liaison::flows::operate::release(&school.gateway, "school-mail", "it").await.unwrap();
    probe::send_due(&school.gateway).await.unwrap();
    let [sent] = school.mail.messages().try_into().unwrap();

    let renamed = sent
        .data
        .lines()
        .map(|line| if line.starts_with("Message-ID:") { "Message-ID: <0102@relay.example>" } else { line });
    let renamed: String = renamed.map(|line| format!("{line}\r\n")).collect();
    school.keep(&[renamed.into_bytes()]).await;
    school.understand().await;
    school.later(Duration::from_mins(10));

    assert_eq!(held, 0);
    assert!(health(&school).await.probe.unwrap().came_at.is_some());
    school.later(Duration::from_mins(14));
    assert_eq!(
        probe::alarm(&school.gateway, started).await.unwrap(),
        1,
        "but for the mailbox, which nobody reads"
    );
    let why = "select sentence from chronology_entry where sentence like 'colleagues are told%'";
    assert!(school.rows(why).await[0].contains("was last read well"), "{:?}", school.rows(why).await);
    school.close().await;
}

#[tokio::test]
async fn a_mailbox_that_is_quietly_not_read_is_told_once_and_again_well() {
    let school = probing(&one_by_email()).await;
    let started = school.clock.now();
    let look = |at| Place { generation: 1, taken_to: 3, since: started, looked_at: at, renumbered: false };
    let noted = async |at| {
        let mut tx = school.gateway.store.begin().await.unwrap();
        inbox::note(&mut tx, INBOX, &look(at)).await.unwrap();
        tx.commit().await.unwrap();
    };
    noted(started).await;

    school.later(Duration::from_mins(15));
    let in_time = probe::alarm(&school.gateway, started).await.unwrap();
    school.later(Duration::from_mins(1));
    let just_started = probe::alarm(&school.gateway, school.clock.now()).await.unwrap();
    let late = probe::alarm(&school.gateway, started).await.unwrap();
    let again = probe::alarm(&school.gateway, started).await.unwrap();
    let silent = health(&school).await.reading.unwrap().silent_since;
    noted(school.clock.now()).await;
    let well = probe::alarm(&school.gateway, started).await.unwrap();

    assert_eq!((in_time, just_started, late, again, well), (0, 0, 1, 0, 0));
    assert_eq!(silent, Some(started));
    assert_eq!(health(&school).await.reading.unwrap().silent_since, None);
    let story = "select sentence from chronology_entry where kind = 'operator' order by id desc limit 1";
    assert_eq!(school.rows(story).await, ["parents-inbox is read again"]);
    school.close().await;
}

/// A mailbox that passes over some of its mails when it is asked the first time.
struct Forgetful {
    id: ChannelId,
    mails: BTreeMap<u32, Vec<u8>>,
    forgets: Vec<u32>,
}

#[async_trait]
impl Inbox for Forgetful {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    async fn standing(&mut self) -> Result<Standing, FetchError> {
        Ok(Standing { generation: 1, next: 1 })
    }

    async fn fetch(&mut self, position: Position, _: Most) -> Result<Batch, FetchError> {
        let lie = self.mails.iter().filter(|(uid, _)| **uid > position.after);
        let up_to = lie.clone().map(|(uid, _)| *uid).max().unwrap_or(position.after);
        let told = lie.filter(|(uid, _)| !self.forgets.contains(uid));
        let mails = told.map(|(uid, raw)| ArrivedMail {
            uid: *uid,
            arrived_at: None,
            raw: raw.clone().into(),
            left_out: 0,
            trouble: None,
        });
        let mails = mails.collect();
        self.forgets.clear();
        Ok(Batch { mails, up_to, more: false })
    }

    async fn listed(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, FetchError> {
        Ok(self.mails.keys().copied().filter(|uid| (after.after + 1..=up_to).contains(uid)).collect())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), FetchError> {
        Ok(())
    }

    async fn probe(&mut self) -> Result<String, FetchError> {
        Ok(String::new())
    }
}

#[tokio::test]
async fn a_mail_that_was_passed_over_is_found_within_the_hour_and_nothing_is_taken_twice() {
    let school = School::open(&one_by_email()).await;
    let now = school.clock.now();
    let letter = |n: u32| Letter::from(AMINA).subject(&format!("Mail {n}")).bytes(now);
    let inbox = Forgetful { id: ChannelId::parse(INBOX).unwrap(), mails: BTreeMap::new(), forgets: vec![2] };
    let mut mailbox = Mailbox::new(Arc::clone(&school.gateway), Box::new(inbox));
    mailbox.read().await.unwrap();
    let inbox = Forgetful {
        id: ChannelId::parse(INBOX).unwrap(),
        mails: (1..=3).map(|n| (n, letter(n))).collect(),
        forgets: vec![2],
    };
    let mut mailbox = Mailbox::new(Arc::clone(&school.gateway), Box::new(inbox));

    let first = mailbox.read().await.unwrap();
    school.later(Duration::from_mins(59));
    let same = mailbox.read().await.unwrap();
    school.later(Duration::from_mins(1));
    mailbox.read().await.unwrap();
    let found = mailbox.read().await.unwrap();
    school.later(Duration::from_hours(1));
    let after = mailbox.read().await.unwrap();

    assert_eq!((first.new, same.new), (2, 0));
    assert_eq!((found.new, found.known), (1, 2), "the passed over alone is new");
    assert_eq!((after.new, after.known), (0, 0), "and then all is well");
    let story = "select sentence from chronology_entry where sentence like 'mailbox%mail(s)%'";
    assert_eq!(
        school.rows(story).await,
        ["mailbox parents-inbox holds 1 mail(s) that were passed over: it is read again"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_mail_that_colleagues_file_away_hides_none_that_was_passed_over() {
    let school = School::open(&one_by_email()).await;
    let now = school.clock.now();
    let mails: BTreeMap<_, _> =
        (1..=3).map(|n| (n, Letter::from(AMINA).subject(&format!("Mail {n}")).bytes(now))).collect();
    reads(&school, BTreeMap::new(), &[]).await;
    reads(&school, mails.clone(), &[2]).await;
    let left: BTreeMap<_, _> = mails.into_iter().filter(|(uid, _)| *uid != 1).collect();

    school.later(Duration::from_hours(1));
    reads(&school, left.clone(), &[]).await;
    let found = reads(&school, left, &[]).await;

    assert_eq!((found.new, found.known), (1, 1));
    school.close().await;
}

#[tokio::test]
async fn a_mail_that_a_server_lists_and_never_gives_is_read_for_once_more_and_then_told() {
    let school = probing(&one_by_email()).await;
    let now = school.clock.now();
    let mails: BTreeMap<_, _> =
        (1..=3).map(|n| (n, Letter::from(AMINA).subject(&format!("Mail {n}")).bytes(now))).collect();
    reads(&school, BTreeMap::new(), &[]).await;
    reads(&school, mails.clone(), &[2]).await;

    let mut again = Vec::new();
    for _ in 0..4 {
        school.later(Duration::from_hours(1));
        for _ in 0..2 {
            let kept = reads(&school, mails.clone(), &[2]).await;
            again.push(kept.new + kept.known);
        }
    }

    assert_eq!(again, [0, 2, 0, 0, 0, 0, 0, 0], "once");
    let story = "select sentence from chronology_entry where sentence like 'mailbox%mail(s)%' order by id";
    assert_eq!(
        school.rows(story).await,
        [
            "mailbox parents-inbox holds 1 mail(s) that were passed over: it is read again",
            "mailbox parents-inbox lists 1 mail(s) that its server does not give: look into it by hand"
        ]
    );
    assert_eq!(told(&school).await.len(), 2, "IT and the office");
    school.close().await;
}

/// The mailbox with these mails is read once; those are passed over.
async fn reads(school: &School, mails: BTreeMap<u32, Vec<u8>>, forgets: &[u32]) -> Kept {
    let id = ChannelId::parse(INBOX).unwrap();
    let inbox = Forgetful { id, mails, forgets: forgets.to_vec() };
    Mailbox::new(Arc::clone(&school.gateway), Box::new(inbox)).read().await.unwrap()
}

#[tokio::test]
async fn a_mail_to_ourselves_that_could_not_leave_is_tried_again_before_anybody_is_told() {
    let school = probing(&one_by_email()).await;
    let started = school.clock.now();
    school.mail.next(At::Rcpt, Act::Say("451 4.7.1 greylisted, try again".into()));

    let refused = probe::send_due(&school.gateway).await.unwrap();
    school.later(Duration::from_mins(4));
    let resting = probe::send_due(&school.gateway).await.unwrap();
    school.later(Duration::from_mins(1));
    let left = probe::send_due(&school.gateway).await.unwrap();
    school.later(Duration::from_mins(19));
    let in_time = probe::alarm(&school.gateway, started).await.unwrap();
    let restarted = probe::alarm(&school.gateway, school.clock.now()).await.unwrap();
    school.later(Duration::from_mins(1));
    let just_started = probe::alarm(&school.gateway, school.clock.now()).await.unwrap();
    let late = probe::alarm(&school.gateway, started).await.unwrap();

    assert_eq!((refused, resting, left), (0, 0, 1));
    assert_eq!((in_time, restarted, just_started, late), (0, 0, 0, 1));
    let said = "select sentence from chronology_entry where sentence like 'colleagues are told%'";
    assert_eq!(
        school.rows(said).await,
        ["colleagues are told of a silence: the mail to ourselves at parents-inbox did not come back"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_mail_to_ourselves_without_its_headers_is_no_strangers_and_asks_nobody() {
    let school = probing(&one_by_email()).await;
    probe::send_due(&school.gateway).await.unwrap();
    let [sent] = school.mail.messages().try_into().unwrap();
    let subject = sent.data.lines().find(|line| line.starts_with("Subject: ")).unwrap().to_owned();
    let subject = subject.strip_prefix("Subject: ").unwrap();

    school.arrives(&Letter::from("noreply@relay.example").subject(subject)).await;

    assert_eq!((school.cases().await.len(), school.questions().await.len()), (0, 0));
    assert!(health(&school).await.probe.unwrap().came_at.is_some());
    school.close().await;
}

#[tokio::test]
async fn mails_that_colleagues_delete_raise_nothing() {
    let school = School::open(&one_by_email()).await;
    let now = school.clock.now();
    let id = ChannelId::parse(INBOX).unwrap();
    let empty = Forgetful { id: id.clone(), mails: BTreeMap::new(), forgets: Vec::new() };
    Mailbox::new(Arc::clone(&school.gateway), Box::new(empty)).read().await.unwrap();
    let mails: BTreeMap<_, _> = (1..=3).map(|n| (n, Letter::from(AMINA).bytes(now))).collect();
    let full = Forgetful { id: id.clone(), mails: mails.clone(), forgets: Vec::new() };
    Mailbox::new(Arc::clone(&school.gateway), Box::new(full)).read().await.unwrap();
    let left = Forgetful { id, mails: mails.into_iter().skip(2).collect(), forgets: Vec::new() };

    school.later(Duration::from_hours(1));
    Mailbox::new(Arc::clone(&school.gateway), Box::new(left)).read().await.unwrap();

    let story = "select sentence from chronology_entry where sentence like 'mailbox%mail(s)%'";
    assert_eq!(school.rows(story).await, Vec::<String>::new());
    assert!(health(&school).await.reading.unwrap().compared_at.is_some());
    school.close().await;
}
