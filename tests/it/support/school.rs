//! A school with its channels open: mail to a strict server, texts to a strict provider, both in this process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
    time::Duration,
};

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use liaison::{
    domain::{
        acknowledge::AckPolicy,
        calendar,
        hours::Hours,
        ids::{DeliveryId, TaskId},
        policy::{Policy, RetrySchedule, School as Named, TextUpdate},
    },
    flows::{
        Clock as _, SystemClock,
        clock::SetClock,
        current::Current,
        deliver::{self, Lane, Step},
        gateway::{Breaker, Carriers, Gateway, Patience, ReadMailbox},
        import::{Files, import},
        play::Phones,
        queue::{self, Queued},
        seal, tasks, verify,
    },
    store::{
        Store, daemons,
        explain::{self, DeliveryView, EntryView, Filter, Whose},
    },
};
use liaison_channels::{
    ChannelConfig, RecordSink, Sender,
    address::EmailAddress,
    cost::CostConfig,
    fakes::{
        smtp::{Script, SmtpFake},
        twilio::TwilioFake,
    },
    message::ChannelId,
    reading::Limits,
    record_folder::RecordFolder,
    scan::Scanner,
};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::{
    Database, Gone,
    people::{Roll, updates},
};

/// How a test's school differs from the usual one.
pub(crate) struct Setup {
    pub(crate) policy: Policy,
    pub(crate) patience: Patience,
    /// Another mail server than the strict one in this process.
    pub(crate) mail_port: Option<u16>,
    /// Whether each mail has a marked `Reply-To` of its own.
    pub(crate) reply_tags: bool,
    /// The school's own address.
    pub(crate) address: String,
    /// When its contact data is imported; `None`: at the time of the tests' clock.
    pub(crate) begins: Option<Timestamp>,
    /// Whether there is a folder of records.
    pub(crate) records: bool,
    /// What looks through files for viruses.
    pub(crate) scanner: Option<Scanner>,
    /// How much of a mail is read.
    pub(crate) reading: Limits,
    /// The most parts of texts in a month.
    pub(crate) parts_per_month: Option<u32>,
    /// Another provider of texts than the strict one in this process.
    pub(crate) texts: Option<ChannelConfig>,
    /// Who prints and posts letters that the office hands over.
    pub(crate) letters: Option<ChannelConfig>,
}

/// A school, its gateway and the two providers.
pub(crate) struct School {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) mail: SmtpFake,
    pub(crate) texts: Arc<TwilioFake>,
    pub(crate) db: Database,
    setup: Setup,
    folder: TempDir,
    _gone: Gone,
}

/// The usual school's settings.
pub(crate) fn usual_policy() -> Policy {
    usual().policy
}

fn usual() -> Setup {
    Setup {
        policy: Policy {
            school: Named { name: "Northfield School".to_owned(), office_phone: "01632 960100".to_owned() },
            text_update: TextUpdate::Full { max_parts: 3 },
            hours: Hours::ALWAYS,
            rehearsal: None,
            retry: RetrySchedule(vec![Duration::from_mins(1), Duration::from_mins(5)]),
            ceiling_per_hour: 3000,
            address_per_hour: 20,
            carers_url: Some("https://liaison.northfield.example".to_owned()),
            confirm_addresses: true,
            meanwhile: liaison::domain::standard::Meanwhile::Nothing,
            task_days: 2,
            call_tries: 3,
            plain_words: Vec::new(),
            notices: liaison::domain::notice::NoticePolicy::default(),
            never_by_text: liaison::domain::topic::Topic::ALL.iter().copied().skip(1).collect(),
            approval: std::iter::once(liaison::domain::second_person::SecondFor::School).collect(),
            undo: Duration::from_mins(5),
            acknowledge: AckPolicy {
                on: true,
                counts: false,
                per_sender_day: 3,
                per_domain_hour: 60,
                per_hour: 600,
                once_days: 14,
                oldest_days: 2,
                urgent_words: String::new(),
                more_words: String::new(),
            },
            calendar: Some(calendar::read(calendar::EXAMPLE_FILE.as_bytes()).expect("a good calendar")),
            clock: calendar::Rule::default(),
            stage_days: [10, 15, 20],
            records: liaison::domain::key_item::RecordPolicy::default(),
            known: liaison::domain::version::Known::default(),
            templates: liaison::domain::wording::Templates::shipped(),
        },
        patience: Patience {
            lease: Duration::from_secs(30),
            ask_after: Duration::from_secs(15),
            person_after: Duration::from_mins(10),
            poll_texts: Duration::from_mins(5),
            probe_at: None,
            probe_back: Duration::from_mins(20),
            silent_after: Duration::from_mins(15),
        },
        mail_port: None,
        reply_tags: false,
        records: false,
        scanner: None,
        reading: Limits::default(),
        parts_per_month: None,
        texts: None,
        letters: None,
        address: "parents@northfield.example".to_owned(),
        begins: None,
    }
}

impl School {
    /// The usual school with this roll.
    pub(crate) async fn open(roll: &Roll) -> Self {
        Self::with(roll, |_| {}).await
    }

    /// One that differs from it.
    pub(crate) async fn with(roll: &Roll, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = usual();
        change(&mut setup);
        let db = super::database().await;
        let mail = SmtpFake::start(Script::default()).await;
        let texts = Arc::new(TwilioFake::start().expect("a free port on loopback"));
        let folder = TempDir::new().expect("a folder");
        let clock = db.clock();
        if let Some(at) = setup.begins {
            clock.set(at);
        }
        let gateway = gateway(&setup, db.store(), &clock, &mail, &texts, &folder);
        let gone = db.goes_with_the_test();
        let school = Self { gateway, clock, mail, texts, db, setup, folder, _gone: gone };
        school.import(roll).await;
        school
    }

    /// A folder of this school's own, made if it is missing; it goes with the test.
    pub(crate) fn place(&self, name: &str) -> std::path::PathBuf {
        let place = self.folder.path().join(name);
        std::fs::create_dir_all(&place).expect("a folder");
        place
    }

    /// The carers' phones, as the demo has them; what they text reaches the pages there.
    pub(crate) fn phones(&self, pages: &str) -> Phones {
        let public_url = "https://liaison.school.example".to_owned();
        Phones { provider: Arc::clone(&self.texts), pages: pages.to_owned(), public_url }
    }

    /// Another daemon of the same school, with channels of its own, on this database.
    pub(crate) fn another_daemon(&self, store: Store) -> Arc<Gateway> {
        gateway(&self.setup, store, &self.clock, &self.mail, &self.texts, &self.folder)
    }

    /// Changes the school's settings, as a restart with another settings file does.
    pub(crate) fn policy(&mut self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.setup.policy);
        self.gateway = self.another_daemon(self.db.store());
    }

    /// Imports both files; they must be good.
    pub(crate) async fn import(&self, roll: &Roll) {
        let (pupils, contacts) = (roll.pupils_csv(), roll.contacts_csv());
        let files = Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };
        let report = import(&self.gateway.store, self.clock.as_ref(), files, "office", false).await;
        let report = report.expect("the database answers");
        assert!(!report.refused, "{:?}", report.problems);
    }

    /// Queues updates, each a pupil and the words.
    pub(crate) async fn queue(&self, rows: &[(&str, &str)]) -> Queued {
        let rows: Vec<_> = rows.iter().map(|(pupil, words)| (*pupil, *words, false)).collect();
        queue::updates(&self.gateway, updates(&rows).as_bytes(), "h.barlow").await.expect("a good file")
    }

    /// Queues an update of another week.
    pub(crate) async fn queue_week(&self, week: &str, pupil: &str, words: &str) -> Queued {
        let file = format!("pupil,week,text,sensitive\n{pupil},{week},{words},no\n");
        queue::updates(&self.gateway, file.as_bytes(), "h.barlow").await.expect("a good file")
    }

    /// Delivers until nothing is left to do now. Returns how many messages were sent or refused.
    pub(crate) async fn deliver(&self) -> usize {
        deliver_with(&self.gateway).await
    }

    /// The lane of a channel's first messages, entered as alive.
    pub(crate) async fn lane(&self, gateway: &Arc<Gateway>, channel: &str) -> Lane {
        let lane = deliver::lanes(gateway, sender(gateway, channel)).swap_remove(0);
        self.beat(&lane).await;
        lane
    }

    /// Says that a lane is alive now.
    pub(crate) async fn beat(&self, lane: &Lane) {
        let mut connection = self.gateway.store.acquire().await.expect("a connection");
        daemons::beat(&mut connection, lane.holder(), self.clock.now()).await.expect("a beat");
    }

    /// Moves the clock on.
    pub(crate) fn later(&self, by: Duration) {
        self.clock.forward(SignedDuration::try_from(by).expect("a short while"));
    }

    /// Sets the clock to this machine's, for what compares its time with a provider's.
    pub(crate) fn real_time(&self) {
        self.clock.set(SystemClock.now());
    }

    pub(crate) fn set_clock(&self, at: &str) {
        self.clock.set(at.parse::<Timestamp>().expect("an instant"));
    }

    /// Every delivery, oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<DeliveryView> {
        let mut connection = self.gateway.store.acquire().await.expect("a connection");
        let mut all = explain::deliveries(&mut connection, &Filter::default()).await.expect("the deliveries");
        all.reverse();
        all
    }

    /// The only delivery.
    pub(crate) async fn delivery(&self) -> DeliveryView {
        let mut all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// `Amina Begum email submitted`, for every delivery, in order.
    pub(crate) async fn states(&self) -> Vec<String> {
        let all = self.deliveries().await;
        let mut states: Vec<_> = all.iter().map(|d| format!("{} {} {}", d.carer, d.route, d.state)).collect();
        states.sort();
        states
    }

    pub(crate) async fn state_of(&self, id: DeliveryId) -> String {
        self.deliveries().await.into_iter().find(|d| d.id == id).expect("the delivery").state
    }

    /// Every open task, with what is needed to do it.
    pub(crate) async fn tasks(&self) -> Vec<tasks::Listed> {
        tasks::list(&self.gateway, true, true).await.expect("the tasks")
    }

    /// `call for Carys Dafydd`, for every open task, in order.
    pub(crate) async fn to_do(&self) -> Vec<String> {
        let mut all: Vec<_> =
            self.tasks().await.iter().map(|task| format!("{} for {}", task.kind, task.carer)).collect();
        all.sort();
        all
    }

    /// The one open task of this kind.
    pub(crate) async fn task(&self, kind: &str) -> tasks::Listed {
        let mut all: Vec<_> = self.tasks().await.into_iter().filter(|task| task.kind == kind).collect();
        assert_eq!(all.len(), 1, "{kind}: {all:?}");
        all.remove(0)
    }

    pub(crate) async fn show(&self, id: TaskId) -> tasks::Listed {
        tasks::show(&self.gateway, id).await.expect("the task")
    }

    /// The whole chronology.
    pub(crate) async fn entries(&self) -> Vec<EntryView> {
        let mut connection = self.gateway.store.acquire().await.expect("a connection");
        explain::chronology(&mut connection, Whose::default()).await.expect("the chronology")
    }

    /// How many entries are of this kind.
    pub(crate) async fn told(&self, kind: &str) -> usize {
        self.entries().await.iter().filter(|entry| entry.kind == kind).count()
    }

    /// The first column of every row, as text.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_all(self.gateway.store.pool()).await.expect("a good query")
    }

    /// Seals all that waits.
    pub(crate) async fn seal(&self) {
        while seal::seal(&self.gateway).await.expect("seal") > 0 {}
    }

    /// What must hold at the end of every journey, whatever happened in it.
    pub(crate) async fn close(self) {
        self.seal().await;
        let verdict = verify::verify(&self.gateway.store, &[]).await.expect("verify");
        assert!(verdict.good && verdict.waiting == 0, "{:?}", verdict.faults);
        assert_eq!(self.mail.violations(), Vec::<String>::new());
        assert_eq!(self.texts.complaints(), Vec::<String>::new());
        assert_eq!(self.forgotten().await, Vec::<String>::new());
        let held = "select id::text from delivery where holder is not null and state not in ('submitting', 'unknown')";
        assert_eq!(self.rows(held).await, Vec::<String>::new(), "claims that nobody works on");
    }

    /// Carers of a pupil with an update, who have no message, no task and no reason.
    pub(crate) async fn forgotten(&self) -> Vec<String> {
        self.rows(
            "select p.pupil_ref || ' ' || c.contact_ref from pupil_update u
             join pupil p on p.id = u.pupil_id join link l on l.pupil_id = p.id join carer c on c.id = l.carer_id
             where not exists (select from delivery d where d.update_id = u.id and d.carer_id = c.id
                               and d.state not in ('failed', 'refused'))
               and not exists (select from task t where t.update_id = u.id and t.carer_id = c.id)
               and not exists (select from chronology_entry e where e.update_id = u.id and e.carer_id = c.id
                               and e.kind in ('left_out', 'refused'))
             order by 1",
        )
        .await
    }
}

/// A daemon's gateway.
fn gateway(
    setup: &Setup,
    store: Store,
    clock: &Arc<SetClock>,
    mail: &SmtpFake,
    texts: &TwilioFake,
    folder: &TempDir,
) -> Arc<Gateway> {
    let mail = json!({
        "host": "127.0.0.1", "port": setup.mail_port.unwrap_or(mail.address().port()), "tls": "none",
        "from": format!("Northfield School <{}>", setup.address), "connections": 4, "reply_tags": setup.reply_tags,
    });
    let mail = ChannelConfig::read("smtp", mail).expect("mail settings");
    let mut texts = texts.config(folder.path()).expect("text settings");
    texts.cost = CostConfig { pence_per_part: Some(4.5), parts_per_month: setup.parts_per_month };
    let texts = setup.texts.clone().unwrap_or(ChannelConfig::new(texts));
    let letters = setup.letters.clone().map(|letters| ("letters", letters));
    let senders: BTreeMap<ChannelId, Arc<dyn Sender>> = [("school-mail", mail), ("texts", texts)]
        .into_iter()
        .chain(letters)
        .map(|(id, config)| {
            let id = ChannelId::parse(id).expect("a name");
            let sender = liaison_channels::open(id.clone(), &config).expect("open the channel");
            (id, sender)
        })
        .collect();
    let named = |name: &str| senders.keys().find(|id| id.as_str() == name).cloned();
    Arc::new(Gateway {
        store,
        clock: Arc::<SetClock>::clone(clock),
        current: Current::new(setup.policy.clone()),
        carriers: Carriers { email: named("school-mail"), text: named("texts"), letter: named("letters") },
        senders,
        sink: setup.records.then(|| {
            let folder = RecordFolder::open(&folder.path().join("records")).expect("a folder of records");
            Arc::new(folder) as Arc<dyn RecordSink>
        }),
        reading: setup.reading,
        scanner: setup.scanner.clone(),
        patience: setup.patience,
        breaker: Breaker::default(),
        lately: liaison::domain::lately::Lately::default(),
        key: OnceLock::new(),
        own: vec![setup.address.as_str().into()],
        mailboxes: vec![ReadMailbox {
            id: ChannelId::parse(super::inbound::INBOX).expect("a name"),
            address: EmailAddress::parse(&setup.address).expect("an address"),
            probed: true,
        }],
        refused: liaison::flows::refused::Refused::default(),
    })
}

/// The open channel of this name.
pub(crate) fn sender<'a>(gateway: &'a Gateway, channel: &str) -> &'a Arc<dyn Sender> {
    gateway.senders.iter().find(|(id, _)| id.as_str() == channel).expect("the channel").1
}

/// Delivers with a daemon's own lanes until nothing is left to do now.
pub(crate) async fn deliver_with(gateway: &Arc<Gateway>) -> usize {
    let mut total = 0;
    for _ in 0..20 {
        let mut did = 0;
        for sender in gateway.senders.values() {
            for mut lane in deliver::lanes(gateway, sender) {
                did += work(&mut lane).await;
                lane.finish().await.expect("finish");
            }
        }
        if did == 0 {
            return total;
        }
        total += did;
    }
    panic!("the lanes never came to rest");
}

/// Steps a lane until it has nothing to do. Returns how many messages it sent or had refused.
pub(crate) async fn work(lane: &mut Lane) -> usize {
    let mut did = 0;
    while let Step::Did(messages) = lane.step().await.expect("a step") {
        did += messages;
        assert!(did < 1000, "the lane never comes to rest");
    }
    did
}

/// The texts of all messages that reached this address, mail and text alike: headers and both bodies, decoded.
pub(crate) fn received(school: &School, address: &str) -> Vec<String> {
    let mails =
        school.mail.messages().into_iter().filter(|mail| mail.to == address).map(|mail| readable(&mail.data));
    let texts = school.texts.messages().into_iter().filter(|text| text.to == address);
    mails.chain(texts.map(|text| format!("{:?}", text.fields))).collect()
}

/// A mail as it travelled and, below, as it reads: nothing in it may hide in an encoding.
pub(crate) fn readable(data: &str) -> String {
    let joined = data.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut pieces = joined.split('=');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        if let Some(byte) = piece.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            bytes.extend_from_slice(&piece.as_bytes()[2..]);
        } else {
            bytes.push(b'=');
            bytes.extend_from_slice(piece.as_bytes());
        }
    }
    for part in data.split("Content-Transfer-Encoding: base64").skip(1) {
        let lines = part.split("\r\n--").next().unwrap_or_default();
        let packed: String = lines.chars().filter(|c| !c.is_whitespace()).collect();
        bytes.extend(base64::engine::general_purpose::STANDARD.decode(packed).unwrap_or_default());
    }
    format!("{data}\n{}", String::from_utf8_lossy(&bytes))
}

/// Addresses that may be reached in a rehearsal.
pub(crate) fn only(addresses: &[&str]) -> BTreeSet<liaison_channels::private::Private<String>> {
    addresses.iter().map(|address| (*address).into()).collect()
}
