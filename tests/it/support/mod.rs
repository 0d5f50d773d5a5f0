//! What every test here stands on: a real Postgres of its own, migrated, with a clock that stands still.

pub(crate) mod furnished;
pub(crate) mod html;
pub(crate) mod inbound;
pub(crate) mod people;
pub(crate) mod proxy;
pub(crate) mod school;
pub(crate) mod sink;
pub(crate) mod staffed;
pub(crate) mod walk;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use liaison::{
    flows::clock::SetClock,
    store::{
        self, Store,
        cluster::{Cluster, ClusterOptions, Durability, reachable_dir},
    },
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

const TEMPLATE: &str = "liaison_template";

/// The cluster that all tests of this process share; it is stopped when the process ends.
static CLUSTER: Mutex<Option<Cluster>> = Mutex::new(None);
/// How to connect to it.
static SERVER: OnceLock<PgConnectOptions> = OnceLock::new();
/// Whether a test failed, so that its database is left to be looked at.
static FAILED: AtomicBool = AtomicBool::new(false);

/// A database of one test's own.
pub(crate) struct Database {
    name: String,
    options: PgConnectOptions,
    clock: Arc<SetClock>,
}

impl Database {
    /// A pool that works as the daemon does.
    pub(crate) fn store(&self) -> Store {
        Store::open(self.options.clone(), 8)
    }

    /// The test's clock: Monday 23 November 2026, 10:00, until it is moved.
    pub(crate) fn clock(&self) -> Arc<SetClock> {
        Arc::clone(&self.clock)
    }

    /// How to connect as the owner, who is a superuser.
    pub(crate) fn owner(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Removes the database when the test is over, unless it failed: then it is left to be looked at, until the next run.
    pub(crate) fn goes_with_the_test(&self) -> Gone {
        Gone(self.name.clone())
    }

    /// Runs statements as superuser with every trigger off: what only somebody with the database in his hands can do.
    pub(crate) async fn as_superuser(&self, statements: &str) {
        let mut connection = PgConnection::connect_with(&self.options).await.expect("connect as superuser");
        connection.execute("set session_replication_role = replica").await.expect("switch triggers off");
        run(&mut connection, statements.to_owned()).await;
        connection.close().await.expect("close");
    }

    /// Cuts every connection to this database, as a restart of Postgres does.
    pub(crate) async fn cut_connections(&self) {
        let mut connection = connect().await;
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
        sqlx::query(cut).bind(&self.name).execute(&mut connection).await.expect("cut the connections");
        connection.close().await.expect("close");
    }
}

/// Removes a database when dropped.
pub(crate) struct Gone(String);

impl Drop for Gone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            FAILED.store(true, Ordering::Relaxed);
            return;
        }
        let name = self.0.clone();
        // On a thread of its own: the test's runtime may be on its way out.
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut connection = connect().await;
                run(&mut connection, format!("drop database {name} with (force)")).await;
                connection.close().await.expect("close");
            });
        });
        dropped.join().expect("drop the database");
    }
}

/// A fresh, migrated database.
pub(crate) async fn database() -> Database {
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start)).await.expect("a cluster");
    let name = format!("t_{}", uuid::Uuid::now_v7().simple());
    let mut connection = connect().await;
    run(&mut connection, format!("create database {name} template {TEMPLATE} strategy file_copy")).await;
    connection.close().await.expect("close");
    let monday = "2026-11-23T10:00:00Z".parse().expect("an instant");
    Database { options: server.clone().database(&name), clock: Arc::new(SetClock::at(monday)), name }
}

async fn connect() -> PgConnection {
    let server = SERVER.get().expect("the cluster runs");
    PgConnection::connect_with(server).await.expect("connect to the cluster")
}

async fn run(connection: &mut PgConnection, statements: String) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.expect("run the statements");
}

/// Starts the shared cluster in a runtime of its own, since a test's runtime ends with the test.
fn start() -> PgConnectOptions {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = ClusterOptions { dir: place(), bin_dir: None, durability: Durability::Throwaway };
        let cluster = Cluster::start(&options).await.expect("start a throwaway Postgres");
        clear(&cluster).await;
        cluster.ensure_database(TEMPLATE).await.expect("make the template");
        store::migrate(&cluster.connect_options(TEMPLATE)).await.expect("migrate the template");
        // SAFETY: the function only stops the server; it is called once, by exit.
        assert_eq!(unsafe { libc::atexit(stop) }, 0, "atexit");
        let options = cluster.connect_options("postgres");
        *CLUSTER.lock().expect("the cluster") = Some(cluster);
        options
    })
}

/// Where the cluster is kept: in memory where there is room. A database is 330 files, each test makes and removes one,
/// and ext4 spends more on finding free inodes among so many just freed than Postgres on the test.
fn place() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = concat!("postgres-", env!("CARGO_CRATE_NAME"));
    if has_room(MEMORY) {
        let mut checkout = DefaultHasher::new();
        target.hash(&mut checkout);
        Path::new(MEMORY).join(format!("liaison-{name}-{:016x}", checkout.finish()))
    } else {
        reachable_dir(&target.join(name))
    }
}

const MEMORY: &str = "/dev/shm";

/// Whether 2 GiB are free there: twice what a run has needed.
fn has_room(dir: &str) -> bool {
    let asked = Command::new("df").args(["--output=avail", "--block-size=1M", dir]).output();
    let said = asked.map(|asked| String::from_utf8_lossy(&asked.stdout).into_owned()).unwrap_or_default();
    said.lines().nth(1).and_then(|free| free.trim().parse().ok()).is_some_and(|free: u64| free >= 2048)
}

/// Removes what an earlier run left.
async fn clear(cluster: &Cluster) {
    let mut connection = PgConnection::connect_with(&cluster.connect_options("postgres"))
        .await
        .expect("connect to the cluster");
    let left: Vec<String> =
        sqlx::query_scalar("select datname from pg_database where datname like 't\\_%' or datname = $1")
            .bind(TEMPLATE)
            .fetch_all(&mut connection)
            .await
            .expect("list databases");
    for name in left {
        run(&mut connection, format!("drop database {name} with (force)")).await;
    }
    connection.close().await.expect("close");
}

extern "C" fn stop() {
    // On a thread of its own: this one's thread-local values are gone by now.
    let stopped = std::thread::spawn(|| {
        let Some(cluster) = CLUSTER.lock().ok().and_then(|mut cluster| cluster.take()) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(cluster.release()).expect("stop the throwaway Postgres");
        let dir = place();
        if dir.starts_with(MEMORY) && !FAILED.load(Ordering::Relaxed) {
            std::fs::remove_dir_all(dir).expect("give the memory back");
        }
    });
    let _ = stopped.join();
}
