//! The two lock files. The kernel frees a lock when its process ends, however it ends.
//!
//! The files are opened close-on-exec (as std does), so the server we start holds no lock of ours.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::error::{ClusterError, Tried};
use super::layout::Layout;

/// Held while one process sets up, starts or attaches.
#[derive(Debug)]
pub(super) struct Starting {
    _file: File,
}

/// Waits until nobody else starts this cluster.
pub(super) async fn start(layout: &Layout, until: Instant) -> Result<Starting, ClusterError> {
    let path = layout.dir.join("start.lock");
    let file = open(&path)?;
    wait(&path, until, || file.try_lock()).await?;
    Ok(Starting { _file: file })
}

/// Our share in the running server.
#[derive(Debug)]
pub(super) struct InUse {
    file: File,
    path: PathBuf,
}

impl InUse {
    /// Takes a share; waits for a user who is stopping the server.
    pub(super) async fn share(layout: &Layout, until: Instant) -> Result<Self, ClusterError> {
        let path = layout.dir.join("in-use.lock");
        let file = open(&path)?;
        wait(&path, until, || file.try_lock_shared()).await?;
        Ok(Self { file, path })
    }

    /// Makes the share exclusive when nobody else holds one. When it says no, our share may be gone too (`flock(2)`
    /// drops the old lock before it takes the new one), so this is asked only on the way out.
    pub(super) fn is_last(&self) -> Result<bool, ClusterError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(e).tried("lock", &self.path),
        }
    }
}

fn open(path: &Path) -> Result<File, ClusterError> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).tried("open", path)
}

/// Asks again and again instead of blocking a thread, so that a stuck neighbour becomes a sentence.
async fn wait(
    path: &Path,
    until: Instant,
    ask: impl Fn() -> Result<(), TryLockError>,
) -> Result<(), ClusterError> {
    loop {
        match ask() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(e)) => return Err(e).tried("lock", path),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(ClusterError::Busy(path.to_owned()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(super::POLL).await,
        }
    }
}
