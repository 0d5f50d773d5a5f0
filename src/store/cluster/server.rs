//! The server's life: attach to it, start it, stop it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Instant;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::account::Account;
use super::binaries::Programs;
use super::error::{ClusterError, Tried};
use super::layout::{Layout, PORT};
use super::process::{self, Child};
use super::{Durability, PATIENCE, POLL};

/// A log longer than this, in bytes, is put aside at the next start; one old log is kept.
const LONGEST_LOG: u64 = 10 * 1024 * 1024;

/// What a start needs to know.
pub(super) struct Server<'a> {
    pub(super) layout: &'a Layout,
    pub(super) account: Option<&'a Account>,
    pub(super) durability: Durability,
}

/// What a knock at the socket told.
enum Knock {
    Open,
    NotYet,
}

impl Server<'_> {
    /// Waits for a server that runs already; false when none does, or when it ends while we wait.
    pub(super) async fn attach(&self) -> Result<bool, ClusterError> {
        let until = Instant::now() + PATIENCE;
        while process::running(&self.layout.data).is_some() {
            self.check_durable()?;
            if self.answers(until).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Starts the server and waits until it answers. One that takes longer is left to its recovery: the next
    /// start will find it.
    pub(super) async fn start(&self, programs: &Programs) -> Result<(), ClusterError> {
        let until = Instant::now() + PATIENCE;
        while process::occupied(&self.layout.data) && Instant::now() < until {
            tokio::time::sleep(POLL).await;
        }
        process::forget_zombie(&self.layout.data).tried("remove the old pid file in", &self.layout.data)?;
        let (log, from) = self.open_log()?;
        let mut command = process::command(&programs.postgres(), self.account);
        command.args(arguments(self.layout, self.durability));
        let child = process::spawn(command, log).tried("run", &programs.postgres())?;
        while !self.answers(until).await? {
            self.check_alive(&child, from)?;
        }
        Ok(())
    }

    /// One knock; when it is not open yet, a short wait.
    async fn answers(&self, until: Instant) -> Result<bool, ClusterError> {
        match knock(self.layout).await? {
            Knock::Open => return Ok(true),
            Knock::NotYet if Instant::now() >= until => {
                return Err(ClusterError::NotReady(self.layout.log.clone()));
            }
            Knock::NotYet => {}
        }
        tokio::time::sleep(POLL).await;
        Ok(false)
    }

    fn check_alive(&self, child: &Child, log_from: u64) -> Result<(), ClusterError> {
        if !child.has_ended() {
            return Ok(());
        }
        let said = telling_line(&self.layout.log, log_from);
        Err(ClusterError::Exited { said, log: self.layout.log.clone() })
    }

    /// Postgres notes the options it was started with; one that a test left must not serve a school.
    fn check_durable(&self) -> Result<(), ClusterError> {
        let options = fs::read_to_string(self.layout.data.join("postmaster.opts")).unwrap_or_default();
        let careless = options.contains("fsync=off");
        if careless && self.durability == Durability::Safe {
            return Err(ClusterError::NotDurable(self.layout.data.clone()));
        }
        Ok(())
    }

    /// The log to append to, and how long it is already.
    fn open_log(&self) -> Result<(File, u64), ClusterError> {
        let path = &self.layout.log;
        let length = fs::metadata(path).map_or(0, |found| found.len());
        if length > LONGEST_LOG {
            fs::rename(path, path.with_extension("log.old")).tried("put aside", path)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(path).tried("open", path)?;
        let length = file.metadata().tried("look at", path)?.len();
        Ok((file, length))
    }
}

/// Stops the server that runs on these data, if one does, and waits until it has ended.
pub(super) async fn stop(layout: &Layout, until: Instant) -> Result<(), ClusterError> {
    let Some(pid) = process::running(&layout.data) else { return Ok(()) };
    process::interrupt(pid).tried("stop the server of", &layout.data)?;
    while process::running(&layout.data) == Some(pid) {
        if Instant::now() >= until {
            return Err(ClusterError::NotStopped { pid, log: layout.log.clone() });
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Tries to connect once.
async fn knock(layout: &Layout) -> Result<Knock, ClusterError> {
    let options = super::connect_options(layout, "postgres");
    let source = match tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => {
            connection.close().await.ok();
            return Ok(Knock::Open);
        }
        Ok(Err(e)) => e,
        Err(_) => return Ok(Knock::NotYet),
    };
    match source.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        // 57P03: starting up or shutting down. No code: nobody listens, or it hung up on us.
        None | Some("57P03") => Ok(Knock::NotYet),
        // 53300: every connection is taken, so it is up.
        Some("53300") => Ok(Knock::Open),
        Some(_) => Err(ClusterError::Refused { dir: layout.data.clone(), source }),
    }
}

/// The server's command line. Settings are given here and not in a file, so that an upgrade brings its own.
fn arguments(layout: &Layout, durability: Durability) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["-D".into(), layout.data.clone().into()];
    let mut set = |setting: String| all.extend(["-c".into(), setting.into()]);
    // The value is a list: a path with a comma or a blank needs the quotes.
    let socket_dir = layout.socket_dir.to_string_lossy().replace('"', "\"\"");
    set(format!("unix_socket_directories=\"{socket_dir}\""));
    set(format!("port={PORT}"));
    let more = match durability {
        Durability::Safe => SAFE,
        Durability::Throwaway => THROWAWAY,
    };
    SETTINGS.iter().chain(more).for_each(|setting| set((*setting).to_owned()));
    all
}

const SETTINGS: &[&str] = &[
    "cluster_name=liaison",
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "shared_buffers=128MB",
    "jit=off", // costs memory and a pause, and helps only long reports
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_line_prefix=%m [%p] ",
    "log_checkpoints=off", // a line every five minutes would fill the log
    // No personal data in the log: a failed statement, its values, and the `DETAIL` that quotes a row go to the
    // client only. `log` ranks above `error` here.
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
];

const SAFE: &[&str] = &["fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=60"];

// Tests run side by side, each with a pool of its own.
const THROWAWAY: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=256MB", // it may be kept in memory
    "max_connections=200",
];

/// The line that tells why it ended, from what was written since `from`: the last fatal one, else the last.
fn telling_line(log: &Path, from: u64) -> String {
    let mut bytes = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        file.take(LONGEST_LOG).read_to_end(&mut bytes)
    });
    let text = String::from_utf8_lossy(&bytes);
    let fatal = text.lines().rev().find(|line| line.contains("FATAL:") || line.contains("PANIC:"));
    let line = fatal.or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()));
    match (read, line) {
        (Ok(_), Some(line)) => line.to_owned(),
        _ => "it gave no reason".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn layout(socket_dir: &str) -> Layout {
        let dir = Path::new("/srv/liaison");
        Layout {
            dir: dir.to_owned(),
            data: dir.join("data"),
            half_made: dir.join("data.new"),
            socket_dir: socket_dir.into(),
            log: dir.join("postgres.log"),
        }
    }

    #[test]
    fn a_safe_server_is_never_told_to_skip_the_disk() {
        let safe = arguments(&layout("/srv/liaison/socket"), Durability::Safe);

        assert!(safe.contains(&"fsync=on".into()));
        assert!(!safe.contains(&"fsync=off".into()));
        assert!(!safe.contains(&"synchronous_commit=off".into()));
        assert!(!safe.contains(&"full_page_writes=off".into()));
    }

    #[test]
    fn a_socket_folder_with_a_comma_stays_one_folder() {
        let all = arguments(&layout("/srv/a, b/socket"), Durability::Safe);

        assert!(all.contains(&"unix_socket_directories=\"/srv/a, b/socket\"".into()));
    }

    #[test]
    fn the_fatal_line_is_quoted_and_older_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("postgres.log");
        let old = "FATAL:  an old story\n";
        fs::write(&log, format!("{old}LOG:  starting\nFATAL:  could not map memory\nLOG:  shut down\n"))
            .unwrap();

        assert_eq!(telling_line(&log, old.len() as u64), "FATAL:  could not map memory");
        assert_eq!(telling_line(&log, fs::metadata(&log).unwrap().len()), "it gave no reason");
    }
}
