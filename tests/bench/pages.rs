//! Measures every page that a colleague can look at, by role, in a school of a year's work: 1,000 pupils, 2,000 carers and
//! 500,000 chronology entries.
//!
//! `cargo bench --bench pages -- 40`: so many looks at each page in each role, one after the other; `-- 40 4`: by four
//! browsers at once; `-- 40 /announce`: only pages whose path begins so. A private Postgres with fsync on runs beside it. Prints a JSON object a page as it is
//! measured, and one for all; ends with a failure where a page took 100 ms or more at the 95th percentile, or did not answer.

#![expect(clippy::print_stdout, reason = "the result is printed")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use jiff::ToSpan as _;
use liaison::{
    domain::{
        acknowledge::AckPolicy,
        announcement, calendar,
        hours::Hours,
        ids::StaffId,
        people::Purpose,
        policy::{Policy, RetrySchedule, School, TextUpdate},
        staff::Role,
        time::school_date,
    },
    flows::{
        Clock as _, SystemClock, announcements, audit,
        current::Current,
        gateway::{Breaker, Carriers, Gateway, Patience},
        sign_in,
    },
    store::{
        self, Store,
        cluster::{Cluster, ClusterOptions, Durability, reachable_dir},
        colleagues,
    },
    web::{self, Site, Who},
};
use liaison_channels::{ChannelConfig, Sender, message::ChannelId};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

const SCHOOL: &str = include_str!("pages/school.sql");
/// What a page may take at the 95th percentile.
const MOST: Duration = Duration::from_millis(100);

/// Whoever looks: the teacher has one class of fifty.
const PEOPLE: [(Role, &str); 6] = [
    (Role::Teacher, "teacher5@northfield.example"),
    (Role::Office, "office@northfield.example"),
    (Role::Slt, "slt@northfield.example"),
    (Role::Dsl, "dsl@northfield.example"),
    (Role::Governor, "governor@northfield.example"),
    (Role::It, "it@northfield.example"),
];

/// What stands in a path, and the row of the school that is looked at: one of the teacher's own.
const PLACES: &[(&str, &str)] = &[
    ("{class}", "select id from class where name = 'Class 05'"),
    ("{pupil}", "select id from pupil where pupil_ref = 'P5'"),
    ("{carer}", "select id from carer where contact_ref = 'C10'"),
    (
        "{case}",
        "select code from carer_case c join class k on k.id = c.class_id where k.name = 'Class 05' and c.visibility = 'ordinary'
         order by opened_at desc limit 1",
    ),
    ("{staff}", "select id from staff where email = 'teacher6@northfield.example'"),
    ("{question}", "select id from question order by id limit 1"),
    (
        "{task}",
        "select t.id from task t join class k on k.id = t.class_id where k.name = 'Class 05' and t.state = 'open' and t.kind = 'call' limit 1",
    ),
];

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().ok();
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let how = How {
        looks: numbers.first().copied().unwrap_or(40),
        browsers: numbers.get(1).copied().unwrap_or(1),
        under: std::env::args().skip(1).find(|argument| argument.starts_with('/')).unwrap_or_default(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dir = reachable_dir(&folder.path().join("postgres"));
    let cluster = Cluster::start(&ClusterOptions { dir, bin_dir: None, durability: Durability::Safe })
        .await
        .expect("a private Postgres");
    cluster.ensure_database("liaison").await.expect("a database");
    let options = cluster.connect_options("liaison");
    store::migrate(&options).await.expect("migrations");
    let mut owner = PgConnection::connect_with(&options).await.expect("connect");
    owner.execute(sqlx::raw_sql(AssertSqlSafe(SCHOOL.to_owned()))).await.expect("the school");
    let entries: i64 = sqlx::query_scalar("select count(*) from chronology_entry")
        .fetch_one(&mut owner)
        .await
        .expect("a count");
    let mut places = BTreeMap::new();
    for (name, sql) in PLACES {
        let found: Option<String> = sqlx::query_scalar(AssertSqlSafe(format!("select ({sql})::text")))
            .fetch_one(&mut owner)
            .await
            .expect("a place");
        places.insert(*name, found.unwrap_or_else(|| panic!("the school has no {name}")));
    }
    let gateway = gateway(Store::open(options.clone(), 10), folder.path());
    places.insert("{announcement}", announcement(&gateway).await);
    places.insert("{pack}", pack(&gateway).await);
    let good = measure(&gateway, &places, &how, entries).await;
    gateway.store.close().await;
    owner.close().await.expect("close");
    cluster.release().await.expect("stop");
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is measured.
struct How {
    /// Looks at each page.
    looks: usize,
    /// Browsers at once.
    browsers: usize,
    /// How the paths begin that are looked at; empty: all.
    under: String,
}

/// One page as one role sees it.
struct Measured {
    role: Role,
    path: &'static str,
    status: u16,
    bytes: usize,
    times: Vec<Duration>,
}

impl Measured {
    /// Said at once, so that a run that is cut off has told something.
    fn tell(&self) {
        println!(
            "{}",
            json!({
                "page": self.path, "role": self.role.as_str(), "status": self.status, "kilobytes": self.bytes / 1024,
                "median_ms": ms(self.percentile(50)), "p95_ms": ms(self.percentile(95)),
            })
        );
    }

    fn percentile(&self, percent: usize) -> Duration {
        let at = (self.times.len() * percent / 100).min(self.times.len() - 1);
        self.times.get(at).copied().unwrap_or_default()
    }
}

async fn measure(gateway: &Arc<Gateway>, places: &BTreeMap<&str, String>, how: &How, entries: i64) -> bool {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let site = Site { public_url: Some(address.clone()), ..Site::default() };
    let router = web::router(Arc::clone(gateway), site);
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut all = Vec::new();
    for (role, email) in PEOPLE {
        let cookie = cookie(gateway, email).await;
        for route in web::routes() {
            let may = match route.who {
                Who::Anyone | Who::Colleagues => true,
                Who::Holders(roles) => roles.contains(&role),
            };
            // A notice of the office to the school is not the teacher's to see.
            if role == Role::Teacher && route.path.contains("{announcement}") {
                continue;
            }
            // Playing a carer is there in the demo alone.
            if !route.path.starts_with(&how.under) {
                continue;
            }
            if route.method != "GET" || !may || route.path == "/{style}" || route.path.starts_with("/play") {
                continue;
            }
            let mut path = route.path.to_owned();
            for (name, value) in places {
                path = path.replace(name, value);
            }
            if path.contains('{') {
                // An import that waits: it lives for minutes, and is as large as its files.
                continue;
            }
            let asked = Asked { url: format!("{address}{path}"), cookie: cookie.clone(), words: None };
            all.push(ask(role, route.path, &asked, how.looks, how.browsers).await);
            if route.path == "/search" {
                for (words, told) in SEARCHES {
                    let asked = Asked { words: Some(words), ..asked.clone() };
                    all.push(ask(role, told, &asked, how.looks, how.browsers).await);
                }
            }
        }
    }
    served.abort();
    tell(&mut all, entries, how.browsers)
}

/// What is looked for, and how the result calls it.
const SEARCHES: [(&str, &str); 4] = [
    ("Carer10 Surname5", "/search for a carer"),
    ("BN000007", "/search for a case"),
    ("Word505", "/search for a word"),
    ("chapters aloud", "/search for words of every update"),
];

/// A page, or a search on one.
#[derive(Clone)]
struct Asked {
    url: String,
    cookie: String,
    words: Option<&'static str>,
}

async fn ask(role: Role, path: &'static str, asked: &Asked, looks: usize, browsers: usize) -> Measured {
    let mut looking = tokio::task::JoinSet::new();
    for _ in 0..browsers {
        let asked = asked.clone();
        looking.spawn(async move { look(&asked, looks).await });
    }
    let mut measured = Measured { role, path, status: 0, bytes: 0, times: Vec::new() };
    while let Some(one) = looking.join_next().await {
        let (status, bytes, times) = one.expect("a browser");
        (measured.status, measured.bytes) = (status, bytes);
        measured.times.extend(times);
    }
    measured.times.sort();
    measured.tell();
    measured
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

async fn look(asked: &Asked, looks: usize) -> (u16, usize, Vec<Duration>) {
    let browser =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a browser");
    let page = browser.get(&asked.url).header("cookie", &asked.cookie).send().await.expect("an answer");
    let page = page.text().await.expect("a page");
    let (mut status, mut bytes, mut times) = (0, 0, Vec::with_capacity(looks));
    // The first looks fill caches, as a colleague's first page of the day does.
    for n in 0..looks + 3 {
        let begun = Instant::now();
        let request = if let Some(words) = asked.words {
            let form = [
                ("form_key", hidden(&page, "form_key")),
                ("once", hidden(&page, "once")),
                ("words", words.to_owned()),
            ];
            browser.post(&asked.url).header("sec-fetch-site", "same-origin").form(&form)
        } else {
            browser.get(&asked.url)
        };
        let answer = request.header("cookie", &asked.cookie).send().await.expect("an answer");
        status = answer.status().as_u16();
        bytes = answer.bytes().await.expect("a page").len();
        if n >= 3 {
            times.push(begun.elapsed());
        }
    }
    (status, bytes, times)
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn tell(all: &mut [Measured], entries: i64, browsers: usize) -> bool {
    all.sort_by_key(|one| one.percentile(95));
    let slow = all.iter().filter(|one| one.percentile(95) >= MOST).count();
    let broken = all.iter().filter(|one| one.status >= 400).count();
    println!(
        "{}",
        json!({
            "pages": all.len(), "entries": entries, "browsers": browsers, "over_100_ms": slow, "not_answered": broken,
            "slowest_p95_ms": all.last().map(|one| ms(one.percentile(95))),
        })
    );
    slow == 0 && broken == 0
}

/// A notice to the whole school that waits for approval.
async fn announcement(gateway: &Gateway) -> String {
    let to = announcement::Audience::School;
    let written = announcement::Written::read(Purpose::Notice, "Closed on Friday", "It snows.", to);
    let office = staff(gateway, "office@northfield.example").await.to_string();
    announcements::write(gateway, &written.expect("good words"), &office).await.expect("a notice").to_string()
}

/// An audit of most of a year.
async fn pack(gateway: &Gateway) -> String {
    let today = school_date(SystemClock.now());
    let slt = staff(gateway, "slt@northfield.example").await;
    let asked = audit::Asked { from: today.saturating_sub(280.days()), until: today, sample: 10 };
    audit::make(gateway, &asked, slt).await.expect("a pack").to_string()
}

async fn staff(gateway: &Gateway, email: &str) -> StaffId {
    let mut connection = gateway.store.acquire().await.expect("a connection");
    colleagues::account(&mut connection, email).await.expect("an answer").expect("the colleague").id
}

async fn cookie(gateway: &Gateway, email: &str) -> String {
    let token = sign_in::sign_in_as(gateway, staff(gateway, email).await).await.expect("a session");
    format!("liaison={}", token.expose())
}

fn gateway(store: Store, folder: &std::path::Path) -> Arc<Gateway> {
    let today = school_date(SystemClock.now());
    let term = format!(
        "kind,from,until,reason\nterm,{},{},\n",
        today.saturating_sub(300.days()),
        today.saturating_add(120.days())
    );
    let senders: BTreeMap<ChannelId, Arc<dyn Sender>> = [("school-mail", "mail"), ("texts", "text")]
        .into_iter()
        .map(|(id, carries)| {
            let from = if carries == "mail" {
                "Northfield School <parents@northfield.example>"
            } else {
                "+447700900900"
            };
            let settings = json!({ "path": folder.join(id), "carries": carries, "from": from });
            let config = ChannelConfig::read("folder", settings).expect("settings");
            let id = ChannelId::parse(id).expect("a name");
            let sender = liaison_channels::open(id.clone(), &config).expect("a channel");
            (id, sender)
        })
        .collect();
    let named = |name: &str| senders.keys().find(|id| id.as_str() == name).cloned();
    Arc::new(Gateway {
        sink: None,
        reading: liaison_channels::reading::Limits::default(),
        scanner: None,
        store,
        clock: Arc::new(SystemClock),
        current: Current::new(Policy {
            school: School { name: "Northfield School".to_owned(), office_phone: "01632 960100".to_owned() },
            text_update: TextUpdate::Notice,
            hours: Hours::ALWAYS,
            rehearsal: None,
            retry: RetrySchedule(vec![Duration::from_mins(1)]),
            ceiling_per_hour: 3000,
            address_per_hour: 0,
            carers_url: None,
            confirm_addresses: true,
            meanwhile: liaison::domain::standard::Meanwhile::Nothing,
            task_days: 2,
            call_tries: 3,
            plain_words: Vec::new(),
            notices: liaison::domain::notice::NoticePolicy::default(),
            undo: Duration::from_mins(5),
            never_by_text: std::collections::BTreeSet::default(),
            approval: std::collections::BTreeSet::default(),
            stage_days: [10, 15, 20],
            records: liaison::domain::key_item::RecordPolicy::default(),
            known: liaison::domain::version::Known::default(),
            templates: liaison::domain::wording::Templates::shipped(),
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
            calendar: calendar::read(term.as_bytes()).ok(),
            clock: calendar::Rule::default(),
        }),
        carriers: Carriers { email: named("school-mail"), text: named("texts"), letter: named("letters") },
        senders,
        patience: Patience {
            lease: Duration::from_secs(30),
            ask_after: Duration::from_secs(45),
            person_after: Duration::from_mins(10),
            poll_texts: Duration::from_mins(5),
            probe_at: None,
            probe_back: Duration::from_mins(20),
            silent_after: Duration::from_mins(15),
        },
        breaker: Breaker::default(),
        lately: liaison::domain::lately::Lately::default(),
        key: OnceLock::new(),
        own: vec!["parents@northfield.example".into()],
        mailboxes: Vec::new(),
        refused: liaison::flows::refused::Refused::default(),
    })
}
