//! Nothing personal reaches a log, an error or a panic, whatever goes wrong (R64, T25).

use std::{
    fmt::{Debug, Display},
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, http::Request};
use liaison::{
    flows::{
        Clock as _, deliver, import, operate, queue, rescue::rescue, resolve::resolve, seal::seal, tasks,
        verify::verify,
    },
    store::{Store, explain},
    web,
};
use liaison_channels::fakes::{
    smtp::{Act, At},
    twilio::{Deed, Shape},
};
use tower::ServiceExt as _;
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt as _};

use crate::support::{
    people::{Roll, carer, pupil, updates},
    school::{School, sender},
};

/// What stands in no dictionary, so that a hit is a leak.
const SEEDS: [&str; 9] = [
    "zebedee",
    "quackenbush",
    "wobblethorpe",
    "xanthippe",
    "quack.example",
    "900777",
    "960777",
    "flibbertigibbet",
    "snollygoster",
];

/// Everything that was logged on this thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// An error as it would be shown, logged, or printed by a panic.
    fn error(&mut self, error: &(impl Display + Debug)) {
        writeln!(self, "{error} {error:?} {error:#?}").unwrap();
    }

    fn outcome<T>(&mut self, outcome: Result<T, impl Display + Debug>) {
        if let Err(error) = outcome {
            self.error(&error);
        }
    }
}

fn roll() -> Roll {
    Roll::new(
        &[pupil("P1", "Xanthippe", "Quackenbush")],
        &[
            carer("P1", "C1", "Zebedee", "Quackenbush")
                .email("zebedee@quack.example")
                .mobile("07700 900777")
                .with("phone", "01632 960777")
                .lives_at("1 Wobblethorpe Street")
                .with("best_times", "after the snollygoster"),
            carer("P1", "C2", "Zebedee", "Wobblethorpe").mobile("07700 900777").wants("sms"),
            carer("P1", "C3", "Zebedee", "Restricted").email("other@quack.example").restricted(
                "no_contact",
                "",
                "",
            ),
        ],
    )
}

/// What the other side says, with the carer's data in it, as servers do.
fn talk(school: &School, round: usize) {
    let refused = "550 5.1.1 <zebedee@quack.example>: Zebedee Quackenbush unknown in Wobblethorpe";
    match round {
        0 => school.mail.next(At::Rcpt, Act::Say(refused.replace("550 5.1.1", "451 4.3.0"))),
        1 => school.mail.next(At::Dot, Act::Cut),
        2 => school.mail.next(At::Rcpt, Act::Say(refused.to_owned())),
        3 => school.texts.next(1, Deed::Fail { status: 503, took: false }),
        4 => school.texts.next(1, Deed::Cut { took: true }),
        5 => school.texts.next(1, Deed::Garbled),
        6 => school.texts.answer("+447700900777", 21_614, Shape::Classic),
        _ => {}
    }
}

/// Every flow, well and badly, on this thread.
async fn live(log: &mut Log) {
    let school = School::open(&roll()).await;
    school.real_time();
    let words = "Flibbertigibbet of the week: Xanthippe.";
    log.outcome(queue::updates(&school.gateway, updates(&[("P1", words, false)]).as_bytes(), "office").await);
    log.outcome(
        queue::updates(&school.gateway, updates(&[("P1", "snollygoster", false)]).as_bytes(), "office").await,
    );
    let broken = format!("pupil,week,text\nZebedee,soon,{words}\nP1,2026-11-23,\"{words}\n");
    log.outcome(queue::updates(&school.gateway, broken.as_bytes(), "office").await);
    for round in 0..8 {
        talk(&school, round);
        for sender in school.gateway.senders.values() {
            for mut lane in deliver::lanes(&school.gateway, sender) {
                for _ in 0..100 {
                    let Ok(deliver::Step::Did(_)) = lane.step().await else { break };
                }
                writeln!(log, "{lane:?} {:?}", school.gateway).unwrap();
                log.outcome(lane.finish().await);
            }
            log.outcome(sender.probe().await);
        }
        school.later(Duration::from_mins(6));
        log.outcome(rescue(&school.gateway).await);
        log.outcome(resolve(&school.gateway).await);
        log.outcome(seal(&school.gateway).await);
        for delivery in school.deliveries().await {
            log.outcome(operate::retry(&school.gateway, delivery.id, round % 2 == 1, "office").await);
            log.outcome(operate::cancel(&school.gateway, delivery.id, "office").await);
            log.outcome(operate::retry(&school.gateway, delivery.id, true, "office").await);
        }
    }
    for task in school.tasks().await {
        log.outcome(tasks::close(&school.gateway, task.id, true, "office", "rang Zebedee").await);
        log.outcome(tasks::close(&school.gateway, task.id, true, "office", "rang Zebedee again").await);
    }
    bad_import(&school, log).await;
    broken_rows(&school, log).await;
    webhooks(&school, log).await;
    without_postgres(&school, log).await;
    log.outcome(verify(&school.gateway.store, &[]).await);
}

async fn bad_import(school: &School, log: &mut Log) {
    let bad = roll().changed("C2", |row| {
        row.email("zebedee at quack.example").mobile("900777").with("priority", "Quackenbush")
    });
    for roll in [bad, roll().changed("C3", |row| row.email("zebedee@quack.example"))] {
        let (pupils, contacts) = (roll.pupils_csv(), roll.contacts_csv());
        let files = import::Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };
        let report = import::import(&school.gateway.store, school.clock.as_ref(), files, "office", false)
            .await
            .unwrap();
        assert!(report.refused);
        writeln!(log, "{report:?} {}", serde_json::to_string(&report).unwrap()).unwrap();
    }
}

/// Rows that make no sense, and constraints that refuse: the database's own words repeat the row.
async fn broken_rows(school: &School, log: &mut Log) {
    let pool = school.gateway.store.pool();
    for sql in [
        "insert into pupil_update select gen_random_uuid(), pupil_id, week, body || $1, sensitive, author, queued_at from pupil_update",
        "update carer set format = $1",
        "insert into address (id, kind, value) select gen_random_uuid(), kind, value from address where value <> $1",
        "update pupil set id = $1::uuid",
    ] {
        let error = sqlx::query(sql).bind("Zebedee").execute(pool).await.unwrap_err();
        log.error(&liaison::store::StoreError::from(error));
    }
    school
        .db
        .as_superuser(
            "alter table carer drop constraint carer_format_known;
             update delivery set state = 'queued', settled_at = null, wire_since = null, fault = null",
        )
        .await;
    sqlx::query("update carer set format = $1").bind("Quackenbush").execute(pool).await.unwrap();
    for mut lane in deliver::lanes(&school.gateway, sender(&school.gateway, "school-mail")) {
        log.outcome(lane.step().await);
    }
    let mut connection = school.gateway.store.acquire().await.unwrap();
    log.outcome(explain::pupil_named(&mut connection, "P1").await);
    school.db.as_superuser("update carer set format = 'standard'").await;
}

async fn webhooks(school: &School, log: &mut Log) {
    let sid = school.texts.messages()[0].sid.clone();
    let honest = school.texts.callback_request(&sid, "undelivered", Some(30_005)).unwrap();
    for spoilt in [false, true] {
        let mut request = Request::post(&honest.path_and_query);
        for (name, value) in &honest.headers {
            request = request.header(name, value);
        }
        let body =
            if spoilt { b"To=%2B447700900777&Body=flibbertigibbet".to_vec() } else { honest.body.clone() };
        let answer = web::router(Arc::clone(&school.gateway), web::Site::default())
            .oneshot(request.body(Body::from(body)).unwrap())
            .await;
        writeln!(log, "{answer:?}").unwrap();
    }
}

async fn without_postgres(school: &School, log: &mut Log) {
    let nowhere =
        sqlx::postgres::PgConnectOptions::new_without_pgpass().socket("/nonexistent").username("none");
    let away = school.another_daemon(Store::open(nowhere, 2));
    for mut lane in deliver::lanes(&away, sender(&away, "texts")) {
        log.outcome(lane.step().await);
    }
    log.outcome(
        queue::updates(&away, updates(&[("P1", "flibbertigibbet", false)]).as_bytes(), "office").await,
    );
    let mut lane = deliver::lanes(&school.gateway, sender(&school.gateway, "texts")).swap_remove(0);
    school.db.cut_connections().await;
    log.outcome(lane.step().await);
    assert!(school.clock.now() > jiff::Timestamp::UNIX_EPOCH);
}

/// With what the program itself lets into its log at its most talkative setting.
#[tokio::test]
async fn nothing_personal_is_logged_or_stands_in_an_error_at_the_most_talkative_setting() {
    let mut log = Log::default();
    let filter = "trace,sqlx=warn,hyper=warn,lettre=off,async_imap=off,imap_proto=off";
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log.clone());
    let guard = subscriber.finish().set_default();
    tracing::info!("the log is heard");

    live(&mut log).await;

    drop(guard);
    let text = log.text().to_lowercase();
    assert!(text.contains("the log is heard") && text.len() > 5_000, "{text}");
    let leaks: Vec<_> = text.lines().filter(|line| SEEDS.iter().any(|seed| line.contains(seed))).collect();
    assert_eq!(leaks, Vec::<&str>::new());
}

/// With everything that Liaison's own crates say, and no filter at all for the libraries below them.
#[tokio::test]
async fn even_the_libraries_below_log_nothing_personal() {
    let mut log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone());
    let guard = subscriber.finish().set_default();

    live(&mut log).await;

    drop(guard);
    let text = log.text().to_lowercase();
    let leaks: Vec<_> = text.lines().filter(|line| SEEDS.iter().any(|seed| line.contains(seed))).collect();
    assert_eq!(leaks, Vec::<&str>::new());
}
