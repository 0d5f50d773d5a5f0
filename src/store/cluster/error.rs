//! What can go wrong with the private cluster, each as a sentence that tells the operator what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::binaries::OLDEST;

/// Why the private cluster could not be started, used or stopped.
///
/// Written for the operator's terminal. Holds paths, user names and the server's own start-up words; never
/// anything out of a table.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No usable Postgres programs on this machine.
    #[error(
        "No Postgres programs (initdb and postgres, version {OLDEST} or later) were found{looked}.\n\
         On Debian or Ubuntu run `apt-get install postgresql`; elsewhere install Postgres and name its bin folder in the setting `database.bin_dir`."
    )]
    NoPrograms {
        /// ` in <folder>` when one was named in the settings, else empty.
        looked: String,
    },
    /// Postgres is there, but too old.
    #[error(
        "Postgres in {} is version {found}; Liaison needs {OLDEST} or later.\n\
         Install a newer one, or name its bin folder in the setting `database.bin_dir`.", bin_dir.display()
    )]
    TooOld {
        /// Where the programs are.
        bin_dir: PathBuf,
        /// Their major version.
        found: u32,
    },
    /// The data were written by another major version of Postgres.
    #[error(
        "The data in {} were written by Postgres {data}, but the programs in {} are version {found}.\n\
         Install Postgres {data} beside it, or move the data over: `pg_upgrade`, or `pg_dumpall` with the old version and `psql` with the new.",
        dir.display(), bin_dir.display()
    )]
    VersionMismatch {
        /// The data folder.
        dir: PathBuf,
        /// Major version that wrote the data.
        data: u32,
        /// Where the programs are.
        bin_dir: PathBuf,
        /// Their major version.
        found: u32,
    },
    /// There is a `data` folder, and it is not a database.
    #[error("{} holds something, but no Postgres data. Choose another data_dir, or move it away.", .0.display())]
    NotData(PathBuf),
    /// The data belong to a user whom we may not act for.
    #[error(
        "{} belongs to user number {owner}, and this process runs as another. Run it as that user, or as root.",
        dir.display()
    )]
    OtherOwner {
        /// The folder.
        dir: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A folder in a place that everybody may write to, made by somebody else.
    #[error("{} was made by another user in a folder that everybody may write to, so it is not used. Choose another data_dir.", .0.display())]
    Untrusted(PathBuf),
    /// Started by root, with no ordinary user to hand the server to.
    #[error(
        "Postgres refuses to run as root, and this machine has neither a user `postgres` nor `nobody`. Run Liaison as an ordinary user."
    )]
    NoAccount,
    /// Started by root, and the server's user cannot get to the folder.
    #[error(
        "Postgres cannot run as root, and the user `{user}` that it runs as instead may not enter {}.\n\
         Choose a data_dir outside that folder, or run Liaison as an ordinary user.", folder.display()
    )]
    Unreachable {
        /// The server's user.
        user: String,
        /// The first folder on the way that is closed to it.
        folder: PathBuf,
    },
    /// Another process holds a lock for too long.
    #[error("Another process has been starting or stopping the database in {} for a minute. Is it stuck?", .0.display())]
    Busy(PathBuf),
    /// `initdb` said no.
    #[error("Postgres could not make a new database in {}: {said}", dir.display())]
    Setup {
        /// The data folder.
        dir: PathBuf,
        /// The last line it wrote.
        said: String,
    },
    /// The server ended while we waited for it to be ready.
    #[error("Postgres ended while starting: {said}\nIts log is {}.", log.display())]
    Exited {
        /// The line of its log that tells why.
        said: String,
        /// The log file.
        log: PathBuf,
    },
    /// The server runs, and does not let us in.
    #[error("Postgres in {} runs, but does not let us in", dir.display())]
    Refused {
        /// The data folder.
        dir: PathBuf,
        /// What it answered.
        #[source]
        source: sqlx::Error,
    },
    /// The server is there and not ready after a minute.
    #[error("Postgres is still not ready after a minute; it may be recovering. Its log is {}. Try again later.", .0.display())]
    NotReady(PathBuf),
    /// The server does not end.
    #[error("Postgres (process {pid}) has not stopped after a minute. Its log is {}.", log.display())]
    NotStopped {
        /// The server's process.
        pid: i32,
        /// The log file.
        log: PathBuf,
    },
    /// A running server that a test started without fsync, found where a durable one is wanted.
    #[error("The Postgres that runs in {} was started for tests and does not keep data safe. Stop it first.", .0.display())]
    NotDurable(PathBuf),
    /// A database name with other than lower-case letters, digits and `_`.
    #[error("A database name here has only lower-case letters, digits and `_`, up to 63 of them")]
    DatabaseName,
    /// The operating system said no.
    #[error("Could not {deed} {}", path.display())]
    Io {
        /// What we tried, as a verb.
        deed: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The server answered a request with an error.
    #[error("The private database refused a request")]
    Sql(#[from] sqlx::Error),
}

/// Adds what we tried and with what to an operating system's error.
pub(super) trait Tried<T> {
    /// `deed` is a verb: "open", "make the folder".
    fn tried(self, deed: &'static str, path: &Path) -> Result<T, ClusterError>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, deed: &'static str, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { deed, path: path.to_owned(), source })
    }
}
