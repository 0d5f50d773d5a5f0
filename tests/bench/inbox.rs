//! Measures what arrives at the real daemon: mails taken from Dovecot, kept, read and matched; how soon a delivered mail is
//! kept; texts posted and kept; memory with large mails.
//!
//! `cargo bench --bench inbox -- take 5000`, or `-- idle 50`, `-- posts 5`, `-- large 4`. A private Postgres with fsync on
//! and Dovecot run beside it on this machine. Prints one JSON object.

#![expect(clippy::print_stdout, reason = "the result is printed")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::ToSpan as _;
use liaison::{
    domain::time::school_date,
    flows::{
        Clock as _, SystemClock,
        import::{Files, import},
    },
    store::{
        self, Store,
        cluster::{Cluster, ClusterOptions, Durability, reachable_dir},
    },
};
use liaison_channels::fakes::{
    dovecot::{Dovecot, PASSWORD, USER},
    twilio::TwilioFake,
};
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

/// Carers of the bench's school.
const CARERS: usize = 200;
/// Where the provider calls, as far as it knows.
const PUBLIC: &str = "https://liaison.school.example";

/// Ends the process when the bench does, however it does.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = arguments.get(1).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("take") | None => take(number.unwrap_or(5_000)).await,
        Some("idle") => idle(number.unwrap_or(50)).await,
        Some("posts") => posts(number.unwrap_or(5)).await,
        Some("large") => large(number.unwrap_or(4)).await,
        Some(other) => panic!("there is no benchmark {other}: say take, idle, posts or large"),
    }
}

struct Rig {
    folder: tempfile::TempDir,
    cluster: Cluster,
    options: PgConnectOptions,
    mailbox: Dovecot,
    texts: TwilioFake,
    listen: u16,
}

impl Rig {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = reachable_dir(&folder.path().join("postgres"));
        let options = ClusterOptions { dir, bin_dir: None, durability: Durability::Safe };
        let cluster = Cluster::start(&options).await.expect("a private Postgres");
        cluster.ensure_database("liaison").await.expect("a database");
        let options = cluster.connect_options("liaison");
        store::migrate(&options).await.expect("migrations");
        let mailbox = Dovecot::start().expect("Dovecot: install dovecot-imapd");
        let texts = TwilioFake::start().expect("a free port on loopback");
        let listen = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let rig = Self { folder, cluster, options, mailbox, texts, listen };
        rig.write_settings();
        rig.people().await;
        rig
    }

    fn write_settings(&self) {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let imap = self.mailbox.settings(&serde_json::json!({}));
        std::fs::write(at("token"), TwilioFake::TOKEN).expect("write the token");
        let today = school_date(SystemClock.now());
        let (from, until) = (today.saturating_sub(30.days()), today.saturating_add(90.days()));
        std::fs::write(at("calendar.csv"), format!("kind,from,until,reason\nterm,{from},{until},\n"))
            .expect("write the calendar");
        let mut text = format!(
            "[school]\nname = \"Northfield School\"\noffice_phone = \"01632 960100\"\n\
             [database]\nurl = \"postgres:///liaison?host={}&user=liaison&port={}\"\n\
             [web]\nlisten = \"127.0.0.1:{}\"\n[log]\nformat = \"json\"\n[calendar]\nfile = \"{}\"\n\
             [channels.practice]\nkind = \"folder\"\ncarries = \"mail\"\npath = \"{}\"\n\
             from = \"Northfield School <parents@northfield.example>\"\n\
             [channels.texts]\nkind = \"twilio\"\naccount_sid = \"{}\"\nauth_token_file = \"{}\"\nfrom = \"{}\"\n\
             base_url = \"{}\"\npublic_url = \"{PUBLIC}\"\n[daemon]\nprobe_at = \"\"\n[channels.parents-inbox]\nkind = \"imap\"\n",
            self.options.get_socket().expect("a socket").display(),
            self.options.get_port(),
            self.listen,
            at("calendar.csv"),
            at("outbox"),
            TwilioFake::ACCOUNT,
            at("token"),
            TwilioFake::NUMBER,
            self.texts.base_url(),
        );
        std::fs::create_dir_all(at("outbox")).expect("a folder");
        for (name, value) in imap.as_object().expect("settings") {
            let _ = writeln!(text, "{name} = {value}");
        }
        std::fs::write(at("liaison.toml"), text).expect("write the settings");
    }

    /// A school of some carers, each of whom has been sent an update that can be answered.
    async fn people(&self) {
        let mut pupils = "pupil_ref,legal_surname,legal_forename,class\n".to_owned();
        let mut contacts =
            "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                            legal_restriction,receives_correspondence,preferred_channel,email,mobile\n"
                .to_owned();
        let mut updates = "pupil,week,text\n".to_owned();
        let week = school_date(SystemClock.now());
        for n in 0..CARERS {
            let _ = writeln!(pupils, "P{n},Test,Sam,Oak");
            let _ = writeln!(
                contacts,
                "P{n},C{n},Test,Pat,mother,1,yes,none,yes,email,carer{n}@family.example,07700 900{n:03}"
            );
            let _ = writeln!(updates, "P{n},{week},A good week.");
        }
        let store = Store::open(self.options.clone(), 4);
        let files = Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };
        let report = import(&store, &SystemClock, files, "bench", false).await.expect("import");
        assert!(!report.refused, "the bench's own files were refused");
        store.close().await;
        let file = self.folder.path().join("updates.csv");
        std::fs::write(&file, updates).expect("write the updates");
        let done =
            self.command(&["updates", "queue", file.to_str().expect("a path")]).output().expect("queue");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
        command.arg("--config").arg(self.folder.path().join("liaison.toml")).args(arguments);
        command
    }

    /// The daemon, once it reads the mailbox.
    async fn daemon(&self, connection: &mut PgConnection) -> Ends {
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let daemon = Ends(self.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("the daemon"));
        until(connection, "select count(*) from inbox where channel = 'parents-inbox'", 1).await;
        daemon
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.expect("connect")
    }

    async fn deliveries(&self, connection: &mut PgConnection) -> Vec<(String, uuid::Uuid)> {
        let rows = sqlx::query(
            "select a.value, d.id from delivery d join carer_address ca on ca.carer_id = d.carer_id
             join address a on a.id = ca.address_id and a.kind = 'email'",
        )
        .fetch_all(connection)
        .await
        .expect("deliveries");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

/// Waits until a count has come to at least so many.
async fn until(connection: &mut PgConnection, count: &'static str, wanted: i64) {
    let begun = Instant::now();
    loop {
        let found: i64 = sqlx::query_scalar(count).fetch_one(&mut *connection).await.expect("count");
        if found >= wanted {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(5), "{found} of {wanted}: {count}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One mail as families write them: a short reply over a long quote, the same with HTML beside it, or with a photograph.
fn mail(n: usize, from: &str, answers: Option<uuid::Uuid>) -> Vec<u8> {
    let quote = "> Sam read a whole page aloud on Wednesday and explained why two quarters are a half.\r\n"
        .repeat(20);
    let words =
        format!("Thank you for this. Question {n}: may he bring his own lunch on Friday?\r\n\r\nPat\r\n");
    let plain = format!("{words}\r\nOn Mon, 23 Nov 2026 at 09:14, Northfield School wrote:\r\n{quote}");
    let html = format!("<p>{words}</p><blockquote type=\"cite\">{}</blockquote>", quote.replace("> ", "<p>"));
    let thread = answers.map_or_else(String::new, |id| {
        let id = id.simple();
        format!("In-Reply-To: <{id}@northfield.example>\r\nReferences: <{id}@northfield.example>\r\n")
    });
    let date = SystemClock.now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let head = format!(
        "Return-Path: <{from}>\r\nFrom: Pat Test <{from}>\r\nTo: parents@northfield.example\r\n\
         Subject: Re: Weekly update\r\nDate: {date}\r\nMessage-ID: <{n}.bench@family.example>\r\n{thread}MIME-Version: 1.0\r\n"
    );
    let text = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}");
    let both = format!(
        "Content-Type: multipart/alternative; boundary=\"alt\"\r\n\r\n--alt\r\n{text}\r\n--alt\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--alt--\r\n"
    );
    match n % 3 {
        0 => format!("{head}{text}").into_bytes(),
        1 => format!("{head}{both}").into_bytes(),
        _ => format!(
            "{head}Content-Type: multipart/mixed; boundary=\"mix\"\r\n\r\n--mix\r\n{both}\r\n--mix\r\n\
             Content-Type: image/jpeg; name=\"note.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--mix--\r\n",
            "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgK\r\n".repeat(760)
        )
        .into_bytes(),
    }
}

/// So many mails lie in the mailbox when the daemon comes back: how long until all are kept, and all understood.
async fn take(count: usize) {
    let rig = Rig::new().await;
    let mut connection = rig.connection().await;
    let mut first = rig.daemon(&mut connection).await;
    stop(&mut first);
    let sent = rig.deliveries(&mut connection).await;
    let mut bytes = 0;
    for n in 0..count {
        let (from, id) = sent.get(n % sent.len()).expect("a carer");
        // Half answer what they were sent; of the rest every tenth comes from nobody we know.
        let raw = match n % 20 {
            0..10 => mail(n, from, Some(*id)),
            10 | 11 => mail(n, &format!("stranger{n}@elsewhere.example"), None),
            _ => mail(n, from, None),
        };
        bytes += raw.len();
        rig.mailbox.deliver(&raw);
    }
    sqlx::query("vacuum analyze").execute(&mut connection).await.expect("vacuum");
    sqlx::query("checkpoint").execute(&mut connection).await.expect("checkpoint");
    let began = Instant::now();
    let daemon = rig.daemon(&mut connection).await;
    let wanted = i64::try_from(count).expect("a count");
    until(&mut connection, "select count(*) from reading", wanted).await;
    let wall = began.elapsed().as_secs_f64();
    let row = sqlx::query(
        "select extract(epoch from max(kept_at) - min(kept_at))::float8,
                extract(epoch from (select max(read_at) from reading) - min(kept_at))::float8,
                (select count(*) from carer_case), (select count(*) from question) from received",
    )
    .fetch_one(&mut connection)
    .await
    .expect("times");
    let (kept, understood): (f64, f64) = (row.get(0), row.get(1));
    let memory = memory(daemon.0.id());
    println!(
        "{}",
        serde_json::json!({
            "bench": "take", "mails": count, "mean_bytes": bytes / count, "kept_per_second": count as f64 / kept,
            "kept_and_understood_per_second": count as f64 / understood, "wall_seconds_with_start": wall,
            "cases": row.get::<i64, _>(2), "questions": row.get::<i64, _>(3), "memory_peak_mb": memory,
        })
    );
    drop(daemon);
    rig.cluster.release().await.expect("stop Postgres");
}

fn stop(daemon: &mut Ends) {
    let _ = Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status();
    let _ = daemon.0.wait();
}

/// How long after the server's own notice a delivered mail is kept.
async fn idle(count: usize) {
    let rig = Rig::new().await;
    let mut connection = rig.connection().await;
    let daemon = rig.daemon(&mut connection).await;
    let mut listener =
        sqlx::postgres::PgListener::connect_with(&Store::open(rig.options.clone(), 2).pool().clone())
            .await
            .expect("listen");
    listener.listen("liaison_received").await.expect("listen");
    let (told, mut notices) = tokio::sync::mpsc::unbounded_channel();
    let port = rig.mailbox.port();
    std::thread::spawn(move || watch(port, &told));
    notices.recv().await.expect("the watcher is ready");
    let (mut over, mut total) = (Vec::new(), Vec::new());
    for n in 0..count {
        let raw = mail(n * 3, "carer1@family.example", None);
        let delivered = Instant::now();
        rig.mailbox.deliver(&raw);
        let noticed = async { notices.recv().await.expect("a notice") };
        let kept = async {
            listener.recv().await.expect("a notice");
            Instant::now()
        };
        let (noticed, kept) = tokio::join!(noticed, kept);
        over.push(kept.saturating_duration_since(noticed).as_secs_f64() * 1000.0);
        total.push((kept - delivered).as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!(
        "{}",
        serde_json::json!({
            "bench": "idle", "mails": count, "over_notice_median_ms": at(&mut over, 50),
            "over_notice_p99_ms": at(&mut over, 99), "delivered_to_kept_median_ms": at(&mut total, 50),
        })
    );
    drop(daemon);
    rig.cluster.release().await.expect("stop Postgres");
}

/// A plain IDLE beside the daemon's: tells of itself once, then of every notice.
fn watch(port: u16, told: &tokio::sync::mpsc::UnboundedSender<Instant>) {
    let mut line = TcpStream::connect(("127.0.0.1", port)).expect("connect");
    let mut lines = BufReader::new(line.try_clone().expect("a second handle")).lines();
    let login = format!("a LOGIN {USER} \"{PASSWORD}\"\r\nb EXAMINE INBOX\r\nc IDLE\r\n");
    line.write_all(login.as_bytes()).expect("write");
    while let Some(Ok(said)) = lines.next() {
        let ready = said.starts_with("+ idling");
        if (ready || (said.ends_with("EXISTS") && !said.starts_with("* 0 ")))
            && told.send(Instant::now()).is_err()
        {
            return;
        }
    }
}

fn at(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) * percent / 100).copied().unwrap_or_default()
}

/// Texts posted over sixteen connections for so many seconds: how many are answered 200, which is to say kept.
async fn posts(seconds: usize) {
    let rig = Rig::new().await;
    let mut connection = rig.connection().await;
    let daemon = rig.daemon(&mut connection).await;
    let url = format!("{PUBLIC}/webhooks/texts/text");
    let client = reqwest::Client::new();
    let address = format!("http://127.0.0.1:{}/webhooks/texts/text", rig.listen);
    let ready: Vec<_> = (0..seconds * 1600)
        .map(|n| {
            let from = format!("+447700900{:03}", n % CARERS);
            rig.texts.receive(&url, &from, &format!("Question {n}: is there swimming tomorrow?"), 0)
        })
        .collect();
    let ready = Arc::new(std::sync::Mutex::new(ready));
    let ends = Instant::now() + Duration::from_secs(seconds as u64);
    let workers: Vec<_> = (0..16)
        .map(|_| {
            let (client, address, ready) = (client.clone(), address.clone(), Arc::clone(&ready));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < ends {
                    let next = ready.lock().expect("the posts").pop();
                    let Some(post) = next else { break };
                    let mut request = client.post(&address).body(post.body);
                    for (name, value) in &post.headers {
                        request = request.header(name, value);
                    }
                    let began = Instant::now();
                    let answer = request.send().await.expect("an answer");
                    assert_eq!(answer.status(), 200, "a post was refused");
                    times.push(began.elapsed().as_secs_f64() * 1000.0);
                }
                times
            })
        })
        .collect();
    let began = Instant::now();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await.expect("a worker"));
    }
    let took = began.elapsed().as_secs_f64();
    let kept: i64 =
        sqlx::query_scalar("select count(*) from received").fetch_one(&mut connection).await.expect("count");
    assert_eq!(usize::try_from(kept).expect("a count"), times.len(), "each 200 is a row");
    let waited = Instant::now();
    until(&mut connection, "select count(*) from reading", kept).await;
    println!(
        "{}",
        serde_json::json!({
            "bench": "posts", "posts": times.len(), "per_second": times.len() as f64 / took,
            "median_ms": at(&mut times, 50), "p99_ms": at(&mut times, 99),
            "understood_seconds_later": waited.elapsed().as_secs_f64(),
        })
    );
    drop(daemon);
    rig.cluster.release().await.expect("stop Postgres");
}

/// Memory while mails of 25 MB pass.
async fn large(count: usize) {
    let rig = Rig::new().await;
    let mut connection = rig.connection().await;
    let daemon = rig.daemon(&mut connection).await;
    let idle = memory(daemon.0.id());
    for n in 0..count {
        let mut raw = mail(n * 3 + 2, "carer1@family.example", None);
        let line = b"/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgK\r\n";
        let end = raw.split_off(raw.len() - 10);
        while raw.len() < 25 * 1024 * 1024 {
            raw.extend_from_slice(line);
        }
        raw.extend_from_slice(&end);
        rig.mailbox.deliver(&raw);
    }
    until(&mut connection, "select count(*) from reading", i64::try_from(count).expect("a count")).await;
    println!(
        "{}",
        serde_json::json!({
            "bench": "large", "mails": count, "memory_idle_mb": idle, "memory_peak_mb": memory(daemon.0.id()),
        })
    );
    drop(daemon);
    rig.cluster.release().await.expect("stop Postgres");
}

/// The most memory the process ever had resident, in megabytes.
fn memory(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}
