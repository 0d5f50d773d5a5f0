//! Measures the real daemon: how fast a full queue drains, how soon a single message is taken, how much memory it needs.
//!
//! `cargo bench --bench outbox -- drain 10000`, or `-- latency 300`. A private Postgres with fsync on and Postfix's
//! `smtp-sink` run beside it on this machine. Prints one JSON object.

#![expect(clippy::print_stdout, reason = "the result is printed")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    fmt::Write as _,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

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
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

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
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = arguments.get(1).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("latency") => latency(number.unwrap_or(300)).await,
        Some("drain") | None => drain(number.unwrap_or(10_000)).await,
        Some(other) => panic!("there is no benchmark {other}: say drain or latency"),
    }
}

struct Rig {
    _folder: tempfile::TempDir,
    cluster: Cluster,
    options: PgConnectOptions,
    config: std::path::PathBuf,
    _sink: Ends,
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
        let port =
            std::env::var("SINK_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or_else(free_port);
        let sink = sink(port);
        let config = folder.path().join("liaison.toml");
        let connections = std::env::var("CONNECTIONS").unwrap_or_else(|_| "16".to_owned());
        let text = format!(
            "[school]\nname = \"Northfield School\"\noffice_phone = \"01632 960100\"\n\
             [database]\nurl = \"postgres:///liaison?host={}&user=liaison&port={}\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [sending]\nfrom = \"00:00\"\nuntil = \"00:00\"\ndays = \"every_day\"\nceiling_per_hour = 4000000\naddress_per_hour = 0\n\
             [log]\nformat = \"json\"\n\
             [channels.school-mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             connections = {connections}\nfrom = \"Northfield School <parents@northfield.example>\"\n",
            options.get_socket().expect("a socket").display(),
            options.get_port(),
        );
        std::fs::write(&config, text).expect("write the settings");
        Self { _folder: folder, cluster, options, config, _sink: sink }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
        command.arg("--config").arg(&self.config).args(arguments);
        command
    }

    fn daemon(&self) -> Ends {
        let log = std::fs::File::create(self.config.with_extension("log")).expect("a log");
        Ends(self.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("the daemon"))
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.expect("connect")
    }

    async fn end(self) {
        self.cluster.release().await.expect("stop Postgres");
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Postfix's sink; one that runs already (for a comparison in one run) is used as it is.
fn sink(port: u16) -> Ends {
    if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
        return Ends(Command::new("true").spawn().expect("true"));
    }
    let child = Command::new("smtp-sink")
        .args(["-u", "nobody", "-c", &format!("127.0.0.1:{port}"), "1000"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("smtp-sink: install postfix");
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the sink did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ends(child)
}

/// Two kilobytes of a teacher's words.
fn words(n: usize) -> String {
    let line =
        "Sam read a whole page aloud on Wednesday and explained why two quarters are the same as a half. ";
    format!("{n}: {}", line.repeat(20))
}

/// A school of as many pupils, each with one carer who wants email.
async fn school(options: &PgConnectOptions, count: usize) {
    let mut pupils = "pupil_ref,legal_surname,legal_forename,class\n".to_owned();
    let mut contacts =
        "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                        legal_restriction,receives_correspondence,preferred_channel,email\n"
            .to_owned();
    for n in 0..count {
        let _ = writeln!(pupils, "P{n},Test,Sam,Oak");
        let _ = writeln!(contacts, "P{n},C{n},Test,Pat,mother,1,yes,none,yes,email,carer{n}@family.example");
    }
    let store = Store::open(options.clone(), 4);
    for chunk in pieces(&pupils, 40_000).iter().zip(pieces(&contacts, 40_000)) {
        let files = Files { pupils: chunk.0.as_bytes(), contacts: chunk.1.as_bytes() };
        let report = import(&store, &SystemClock, files, "bench", false).await.expect("import");
        assert!(!report.refused, "the bench's own files were refused");
    }
    store.close().await;
}

/// A CSV in pieces of at most so many rows, each with the header: an import has a row limit.
fn pieces(csv: &str, rows: usize) -> Vec<String> {
    let (header, rest) = csv.split_once('\n').expect("a header");
    let lines: Vec<_> = rest.lines().collect();
    lines.chunks(rows).map(|chunk| format!("{header}\n{}\n", chunk.join("\n"))).collect()
}

fn updates(range: std::ops::Range<usize>) -> String {
    let week = school_date(SystemClock.now());
    let mut csv = "pupil,week,text\n".to_owned();
    for n in range {
        let _ = writeln!(csv, "P{n},{week},\"{}\"", words(n));
    }
    csv
}

async fn drain(count: usize) {
    let rig = Rig::new().await;
    school(&rig.options, count).await;
    let file = rig.config.with_extension("csv");
    std::fs::write(&file, updates(0..count)).expect("write the updates");
    let done = rig.command(&["updates", "queue", file.to_str().expect("a path")]).output().expect("queue");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut connection = rig.connection().await;
    sqlx::query("vacuum analyze").execute(&mut connection).await.expect("vacuum");
    sqlx::query("checkpoint").execute(&mut connection).await.expect("checkpoint");
    let mut daemon = rig.daemon();
    let begun = Instant::now();
    loop {
        let left: i64 =
            sqlx::query_scalar("select count(*) from delivery where state in ('queued', 'submitting')")
                .fetch_one(&mut connection)
                .await
                .expect("count");
        if left == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_mins(10), "{left} messages are still there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let memory = memory(daemon.0.id());
    let row = sqlx::query(
        "select extract(epoch from max(d.settled_at) - min(a.started_at))::float8, count(*) filter (where d.state = 'submitted')
         from delivery d join attempt a on a.delivery_id = d.id",
    )
    .fetch_one(&mut connection)
    .await
    .expect("times");
    let (seconds, sent): (f64, i64) = (row.get(0), row.get(1));
    let _ = Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status();
    let _ = daemon.0.wait();
    let spent = spent(&rig.config.with_extension("log"));
    println!(
        "{}",
        serde_json::json!({
            "bench": "drain", "messages": sent, "seconds": seconds, "per_second": sent as f64 / seconds,
            "lanes_ms": spent, "memory_peak_mb": memory,
        })
    );
    rig.end().await;
}

/// What the lanes say about where their time went, summed.
fn spent(log: &Path) -> serde_json::Value {
    let mut sums = serde_json::Map::new();
    for line in std::fs::read_to_string(log).unwrap_or_default().lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        for key in ["claim_ms", "gate_ms", "wire_ms", "settle_ms"] {
            if let Some(more) = line.get(key).and_then(serde_json::Value::as_u64) {
                let sum = sums.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
                sums.insert(key.to_owned(), (sum + more).into());
            }
        }
    }
    sums.into()
}

/// The most memory the process ever had resident, in megabytes.
fn memory(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

async fn latency(count: usize) {
    let rig = Rig::new().await;
    school(&rig.options, count).await;
    let _daemon = rig.daemon();
    let store = Store::open(rig.options.clone(), 2);
    let gateway = queueing_gateway(&store);
    let mut connection = rig.connection().await;
    // The daemon is there when it has entered itself.
    while sqlx::query_scalar::<_, i64>("select count(*) from daemon")
        .fetch_one(&mut connection)
        .await
        .expect("ask")
        == 0
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for n in 0..count {
        let csv = updates(n..n + 1);
        liaison::flows::queue::updates(&gateway, csv.as_bytes(), "bench").await.expect("queue");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let rows: Vec<f64> = sqlx::query_scalar(
        "select extract(epoch from a.ended_at - d.queued_at)::float8 * 1000
         from delivery d join attempt a on a.delivery_id = d.id order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .expect("times");
    let at = |percent: usize| rows.get((rows.len() - 1) * percent / 100).copied().unwrap_or_default();
    println!(
        "{}",
        serde_json::json!({
            "bench": "latency", "messages": rows.len(), "median_ms": at(50), "p99_ms": at(99), "most_ms": at(100),
        })
    );
    store.close().await;
    rig.end().await;
}

/// A gateway that queues for the daemon's channel and opens none itself.
fn queueing_gateway(store: &Store) -> liaison::flows::gateway::Gateway {
    use liaison::flows::{
        current::Current,
        gateway::{Breaker, Carriers, Gateway},
    };
    let settings = liaison::cli::settings::read_text("").expect("defaults");
    Gateway {
        sink: None,
        store: store.clone(),
        clock: std::sync::Arc::new(SystemClock),
        current: Current::new(settings.policy),
        carriers: Carriers {
            email: liaison_channels::message::ChannelId::parse("school-mail").ok(),
            text: None,
            letter: None,
        },
        senders: std::collections::BTreeMap::new(),
        reading: settings.reading,
        scanner: None,
        patience: settings.patience,
        breaker: Breaker::default(),
        lately: liaison::domain::lately::Lately::default(),
        key: std::sync::OnceLock::new(),
        own: Vec::new(),
        mailboxes: Vec::new(),
        refused: liaison::flows::refused::Refused::default(),
    }
}
