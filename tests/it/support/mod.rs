//! What every test here stands on: a real Postgres of its own, migrated, with a clock that stands still.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
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

/// A database of one test's own.
pub struct Database {
    options: PgConnectOptions,
    clock: Arc<SetClock>,
}

impl Database {
    /// A pool that works as the daemon does.
    pub fn store(&self) -> Store {
        Store::open(self.options.clone(), 8)
    }

    /// The test's clock: Monday 23 November 2026, 10:00, until it is moved.
    pub fn clock(&self) -> Arc<SetClock> {
        Arc::clone(&self.clock)
    }

    /// How to connect as the owner, who is a superuser.
    pub fn owner(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Runs statements as superuser with every trigger off: what only somebody with the database in his hands can do.
    pub async fn as_superuser(&self, statements: &str) {
        let mut connection = PgConnection::connect_with(&self.options).await.expect("connect as superuser");
        connection.execute("set session_replication_role = replica").await.expect("switch triggers off");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))).await.expect("run as superuser");
        connection.close().await.expect("close");
    }
}

/// A fresh, migrated database.
pub async fn database() -> Database {
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start)).await.expect("a cluster");
    let name = format!("t_{}", uuid::Uuid::now_v7().simple());
    let mut connection = PgConnection::connect_with(server).await.expect("connect to the cluster");
    let clone = format!("create database {name} template {TEMPLATE} strategy file_copy");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(clone))).await.expect("clone the template");
    connection.close().await.expect("close");
    let monday = "2026-11-23T10:00:00Z".parse().expect("an instant");
    Database { options: server.clone().database(&name), clock: Arc::new(SetClock::at(monday)) }
}

/// Starts the shared cluster in a runtime of its own, since a test's runtime ends with the test.
fn start() -> PgConnectOptions {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let dir = reachable_dir(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres"));
        let options = ClusterOptions { dir, bin_dir: None, durability: Durability::Throwaway };
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

/// Removes what an earlier run left.
async fn clear(cluster: &Cluster) {
    let mut connection =
        PgConnection::connect_with(&cluster.connect_options("postgres")).await.expect("connect to the cluster");
    let left: Vec<String> = sqlx::query_scalar("select datname from pg_database where datname like 't\\_%' or datname = $1")
        .bind(TEMPLATE)
        .fetch_all(&mut connection)
        .await
        .expect("list databases");
    for name in left {
        let drop = format!("drop database {name} with (force)");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.expect("drop a database");
    }
    connection.close().await.expect("close");
}

extern "C" fn stop() {
    // On a thread of its own: this one's thread-local values are gone by now.
    let stopped = std::thread::spawn(|| {
        let Some(cluster) = CLUSTER.lock().ok().and_then(|mut cluster| cluster.take()) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(cluster.release()).expect("stop the throwaway Postgres");
    });
    let _ = stopped.join();
}
