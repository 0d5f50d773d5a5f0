//! The private Postgres cluster: a database for a school that has none to point at, run from the machine's own
//! Postgres programs on a Unix socket in the data directory.
//!
//! Who may use it and when it stops: each user (the daemon, a command) holds a *shared* lock on `in-use.lock`.
//! Whoever leaves tries to make the lock *exclusive*; the one who can is the last, and stops the server. A lock
//! dies with its process, so nothing is left to clean up after `kill -9`: the server lives on, and the next user
//! finds it and attaches. Starting is done by one process at a time, under `start.lock`.
//!
//! Not in here: tables, roles, migrations. The only SQL is what makes an empty database.

mod account;
mod binaries;
mod error;
mod layout;
mod lock;
mod process;
mod server;
mod setup;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, Connection};

pub use account::reachable_dir;
pub use error::ClusterError;

use account::Account;
use layout::Layout;
use lock::InUse;
use server::Server;

/// How long a start or a stop may take before we say so. Recovery after a power cut is the slow case.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a state that we wait for is looked at.
const POLL: Duration = Duration::from_millis(10);
/// The owner of everything in the cluster, and the name we connect by.
const OWNER: &str = "liaison";

/// What happens to a commit when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: `fsync` stays on, and nothing can turn it off.
    Safe,
    /// It may be lost (`fsync` off): for tests only. No setting, flag or variable reaches this.
    Throwaway,
}

/// Where the cluster lives and what runs it.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The cluster's own folder; made when missing. Data, locks, the server's log and its socket are inside.
    pub dir: PathBuf,
    /// The folder that holds `initdb` and `postgres`; when absent it is looked for.
    pub bin_dir: Option<PathBuf>,
    /// [`Durability::Safe`] everywhere but in tests.
    pub durability: Durability,
}

/// What became of the server when one of its users left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// We were the last: it shut down cleanly and has ended.
    Server,
    /// Somebody else still uses it: it runs on.
    StillUsed,
}

/// A running private cluster, in use as long as this value lives.
///
/// Dropping it without [`release`](Self::release) lets go of the lock and leaves the server running, as a killed
/// process would.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    in_use: InUse,
}

impl Cluster {
    /// A cluster that answers: started, or attached to when one runs (left by a daemon that was killed, or in use
    /// by another command). The first start in an empty folder makes the cluster and takes about a second.
    ///
    /// Waits up to 60 s for a server that recovers. The errors are sentences for the operator.
    pub async fn start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let account = Account::of_server(&options.dir)?;
        let layout = Layout::open(&options.dir, account.as_ref())?;
        // The order matters: a leaver holds `in-use.lock` alone while it stops the server, and we wait for it
        // here, so that we never attach to a server on its way out.
        let _starting = lock::start(&layout, Instant::now() + PATIENCE).await?;
        let in_use = InUse::share(&layout, Instant::now() + PATIENCE).await?;
        layout.make_socket_dir(account.as_ref())?;
        let server = Server { layout: &layout, account: account.as_ref(), durability: options.durability };
        if !server.attach().await? {
            let programs = binaries::find(options.bin_dir.as_deref(), layout.made_by()?)?;
            setup::prepare(&layout, &programs, account.as_ref(), options.durability).await?;
            server.start(&programs).await?;
        }
        Ok(Self { layout, in_use })
    }

    /// How to connect to one database of this cluster, as its owner, over the Unix socket.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        connect_options(&self.layout, database)
    }

    /// Makes an empty database when there is none of that name; tells whether it made one.
    ///
    /// Names are lower-case letters, digits and `_`, up to 63 characters: anything else is refused.
    pub async fn ensure_database(&self, name: &str) -> Result<bool, ClusterError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 63 || !name.chars().all(plain) {
            return Err(ClusterError::DatabaseName);
        }
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let made = create_if_missing(&mut connection, name).await;
        connection.close().await.ok();
        Ok(made?)
    }

    /// Lets go. The last user stops the server (fast shutdown: open transactions are rolled back, everything is
    /// written) and waits up to 60 s until it has ended; with other users left it runs on.
    pub async fn release(self) -> Result<Stopped, ClusterError> {
        if !self.in_use.is_last()? {
            return Ok(Stopped::StillUsed);
        }
        server::stop(&self.layout, Instant::now() + PATIENCE).await?;
        self.layout.tidy_socket_dir();
        Ok(Stopped::Server)
    }
}

/// The connection of `database`; every choice that the environment could make (`PGHOST`, `PGUSER`, ..) is made
/// here instead.
fn connect_options(layout: &Layout, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&layout.socket_dir)
        .port(layout::PORT)
        .username(OWNER)
        .database(database)
        .application_name(OWNER)
        .ssl_mode(PgSslMode::Disable)
}

async fn create_if_missing(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if there {
        return Ok(false);
    }
    // Safe to paste: the caller let only plain names through.
    match sqlx::raw_sql(AssertSqlSafe(format!("create database \"{name}\""))).execute(connection).await {
        Ok(_) => Ok(true),
        Err(e) if was_made_meanwhile(&e) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Somebody else made the database between our look and our try.
fn was_made_meanwhile(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("42P04" | "23505"))
}
