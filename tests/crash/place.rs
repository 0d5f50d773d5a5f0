//! A Postgres of one test's own that can be struck down and started again.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use liaison::store::cluster::{Cluster, ClusterOptions, Durability};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

/// How long anything may take before the test says that it never will.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often another process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How Postgres goes down.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blow {
    /// A restart for an upgrade: open transactions are rolled back.
    Fast,
    /// Its processes end where they are; the next start recovers.
    Immediate,
    /// `kill -9` of the postmaster; its children notice by themselves.
    Kill,
}

/// A folder that the server's user may enter when the tests run as root; its server dies with it.
pub(crate) struct Place {
    cluster: Option<Cluster>,
    root: TempDir,
}

impl Place {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let root = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        Self { cluster: None, root }
    }

    /// A folder with a server that writes to the disk as a school's would, and an empty database.
    pub(crate) async fn with_server() -> Self {
        let mut place = Self::empty();
        place.start().await;
        place.cluster.as_ref().unwrap().ensure_database("liaison").await.unwrap();
        place
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// Where its server listens.
    pub(crate) fn socket_dir(&self) -> PathBuf {
        self.path().join("postgres/socket")
    }

    /// Starts the server, or attaches to the one that runs.
    pub(crate) async fn start(&mut self) {
        self.cluster = None;
        let options =
            ClusterOptions { dir: self.path().join("postgres"), bin_dir: None, durability: Durability::Safe };
        self.cluster = Some(Cluster::start(&options).await.expect("start Postgres"));
    }

    /// Strikes the server down, without starting it again.
    pub(crate) async fn strike(&self, blow: Blow) {
        let pid = self.postmaster().expect("a server that runs");
        let signal = match blow {
            Blow::Fast => "-INT",
            Blow::Immediate => "-QUIT",
            Blow::Kill => "-KILL",
        };
        signal_to(signal, pid);
        until("Postgres has ended", || !is_alive(pid)).await;
    }

    /// The server's process, while its pid file is there: a clean stop removes it.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.path().join("postgres/data/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    /// A connection to its database as the owner, as soon as it answers.
    pub(crate) async fn connect(&self) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.socket_dir())
            .port(5432)
            .username("liaison")
            .database("liaison");
        let until = Instant::now() + PATIENCE;
        loop {
            match PgConnection::connect_with(&options).await {
                Ok(connection) => return connection,
                Err(error) if Instant::now() > until => panic!("Postgres does not answer: {error}"),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(pid) = self.postmaster().filter(|pid| is_alive(*pid)) else { return };
        signal_to("-QUIT", pid);
        // Bounded: what is left after it is a folder in /tmp.
        for _ in 0..200 {
            if !is_alive(pid) {
                break;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Sends a signal, such as `-TERM`.
pub(crate) fn signal_to(signal: &str, pid: u32) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(sent.success(), "kill {signal}");
}

/// Whether a process runs; a zombie does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits for something that another process does.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        tokio::time::sleep(LOOK).await;
    }
}
