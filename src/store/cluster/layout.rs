//! Where things lie in the cluster's folder.
//!
//! `data` is Postgres's own, `data.new` a half-made one, `socket` where it listens, `postgres.log` what it says,
//! and the two lock files belong to us. The folder itself stays ours even when root hands the server to another
//! user: root opens files in it, and must not be led elsewhere by that user's symbolic links.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::{self, Account};
use super::error::{ClusterError, Tried};

/// Only names the socket file; nothing listens on the network.
pub(super) const PORT: u16 = 5432;
/// The longest path of a Unix socket, in bytes (`unix(7)`: 108 with the closing zero).
const LONGEST_SOCKET_PATH: usize = 107;

/// The paths of one cluster. Its own folder exists; `data` and the socket's may not yet.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) dir: PathBuf,
    pub(super) data: PathBuf,
    pub(super) half_made: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
}

/// Where the data of the cluster in `dir` are.
pub(super) fn data_dir(dir: &Path) -> PathBuf {
    dir.join("data")
}

impl Layout {
    /// Makes the cluster's own folder when it is missing.
    pub(super) fn open(dir: &Path, account: Option<&Account>) -> Result<Self, ClusterError> {
        let absolute = std::path::absolute(dir).tried("find", dir)?;
        if let Some(account) = account {
            account.check_reaches(&absolute)?;
        }
        // With another user's server inside, that user must be able to pass through; what is inside is closed.
        let mode = if account.is_some() { 0o711 } else { 0o700 };
        make_dirs(&absolute, mode)?;
        let dir = fs::canonicalize(&absolute).tried("find", &absolute)?;
        let layout = Self {
            data: data_dir(&dir),
            half_made: dir.join("data.new"),
            socket_dir: socket_dir(&dir),
            log: dir.join("postgres.log"),
            dir,
        };
        account::check_ours(&layout)?;
        Ok(layout)
    }

    /// The major version of Postgres that wrote the data; `None` when there are none yet.
    pub(super) fn made_by(&self) -> Result<Option<u32>, ClusterError> {
        match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(text) => match text.trim().parse() {
                Ok(version) => Ok(Some(version)),
                Err(_) => Err(ClusterError::NotData(self.data.clone())),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_empty(&self.data) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(ClusterError::NotData(self.data.clone())),
            Err(e) => Err(e).tried("read", &self.data),
        }
    }

    /// Makes the socket's folder when it is missing, for the server's user alone. Only while the cluster is in
    /// use: the last user may remove it.
    pub(super) fn make_socket_dir(&self, account: Option<&Account>) -> Result<(), ClusterError> {
        make_dirs(&self.socket_dir, 0o700)?;
        let found = fs::symlink_metadata(&self.socket_dir).tried("look at", &self.socket_dir)?;
        let me = account::effective_uid();
        let trusted = found.uid() == me || account.is_some_and(|a| a.uid == found.uid());
        if !found.is_dir() || !trusted {
            return Err(ClusterError::Untrusted(self.socket_dir.clone()));
        }
        if let Some(account) = account {
            account.own(&self.socket_dir)?;
        }
        fs::set_permissions(&self.socket_dir, Permissions::from_mode(0o700)).tried("close", &self.socket_dir)
    }

    /// Removes a socket folder outside the cluster's own; a stopped server leaves it empty.
    pub(super) fn tidy_socket_dir(&self) {
        if !self.socket_dir.starts_with(&self.dir) {
            // One that stays does no harm: the next start takes it over.
            fs::remove_dir(&self.socket_dir).ok();
        }
    }
}

/// `socket` in the folder, unless its path would be too long (or no text): then a short one that every process
/// works out alike from the folder's path. It is under `/tmp` and not in a user's run-time folder, because that
/// one vanishes when the user signs out, while the server lives on.
fn socket_dir(dir: &Path) -> PathBuf {
    let near = dir.join("socket");
    let file = near.join(format!(".s.PGSQL.{PORT}"));
    if near.to_str().is_some() && file.as_os_str().len() <= LONGEST_SOCKET_PATH {
        return near;
    }
    Path::new("/tmp").join(short_name(dir))
}

/// `liaison-` and sixteen hexadecimal digits that only `path` gives.
pub(super) fn short_name(path: &Path) -> String {
    use std::fmt::Write as _;

    let digest = ring::digest::digest(&ring::digest::SHA256, path.as_os_str().as_encoded_bytes());
    digest.as_ref().iter().take(8).fold(String::from("liaison-"), |mut name, byte| {
        write!(name, "{byte:02x}").ok();
        name
    })
}

/// Makes the folder and those above it; what is there already stays as it is.
fn make_dirs(path: &Path, mode: u32) -> Result<(), ClusterError> {
    DirBuilder::new().recursive(true).mode(mode).create(path).tried("make the folder", path)
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_folder_gets_a_short_socket_path_and_always_the_same() {
        let shallow = Path::new("/var/lib/liaison/postgres");
        let deep = PathBuf::from("/srv").join("x".repeat(120));

        let short = socket_dir(&deep);

        assert_eq!(socket_dir(shallow), shallow.join("socket"));
        assert!(short.starts_with("/tmp") && short.as_os_str().len() < 40, "{}", short.display());
        assert_eq!(short, socket_dir(&deep));
        assert_ne!(short, socket_dir(&deep.join("another")));
    }
}
