//! A mailbox that is a folder: other programs, or the demonstration, put mails into it as `.eml` files.
//!
//! Nothing in it is deleted, moved or changed. Files are to be written under another name, or one that begins with a
//! dot, and renamed into place: what is there counts as whole. A file is read once; it is numbered when first seen, and
//! the numbers last as long as the folder is open. Each opening reads all of it again, so the caller must know mails it
//! has by their content.

use std::{
    collections::HashSet,
    ffi::OsString,
    fmt,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use serde::Deserialize;

use crate::{
    address::EmailAddress,
    disk,
    error::{Fault, OpenError},
    imap::{addresses_wrong, readable_addresses},
    inbox::{ArrivedMail, Batch, FetchError, Inbox, Most, Position, Standing},
    kind::Kind,
    message::ChannelId,
    sender::Carries,
};

/// `kind = "inbox_folder"`: mails as files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxFolderConfig {
    /// Where the files are put. Made if it is missing (its parent is not).
    pub path: PathBuf,
    /// The addresses whose mail arrives here, at least one: by them our own mail is known again.
    pub addresses: Vec<String>,
    /// Seconds between two looks; 0.1 to 3600.
    #[serde(default = "default_poll")]
    pub poll_secs: f64,
}

const fn default_poll() -> f64 {
    2.0
}

impl InboxFolderConfig {
    fn poll(&self) -> Duration {
        let secs = if self.poll_secs.is_finite() { self.poll_secs } else { default_poll() };
        Duration::from_secs_f64(secs.clamp(0.1, 3600.0))
    }
}

impl Kind for InboxFolderConfig {
    fn name() -> &'static str {
        "inbox_folder"
    }

    fn carries(&self) -> Option<Carries> {
        None
    }

    fn hears(&self) -> bool {
        true
    }

    fn open_inbox(&self, id: ChannelId) -> Result<Box<dyn Inbox>, OpenError> {
        Ok(Box::new(InboxFolder::open(id, self)?))
    }

    fn own_addresses(&self) -> Vec<EmailAddress> {
        readable_addresses(&self.addresses)
    }
}

/// A folder, opened as a mailbox.
pub struct InboxFolder {
    id: ChannelId,
    addresses: Vec<EmailAddress>,
    path: PathBuf,
    poll: Duration,
    generation: u32,
    /// In the order of first sight: the first has the UID 1.
    names: Vec<OsString>,
    seen: HashSet<OsString>,
}

impl fmt::Debug for InboxFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxFolder").field("id", &self.id).finish_non_exhaustive()
    }
}

impl InboxFolder {
    /// Checks the settings and makes the folder if it is missing.
    pub fn open(id: ChannelId, config: &InboxFolderConfig) -> Result<Self, OpenError> {
        if let Some(wrong) = addresses_wrong(&config.addresses) {
            return Err(OpenError(format!("channel {id}: {wrong}")));
        }
        make(&config.path).map_err(|why| {
            OpenError(format!("channel {id}: path: {}: {}", config.path.display(), disk::hint(&why)))
        })?;
        Ok(Self {
            addresses: config.own_addresses(),
            path: config.path.clone(),
            poll: config.poll(),
            generation: disk::generation(),
            names: Vec::new(),
            seen: HashSet::new(),
            id,
        })
    }

    /// The addresses whose mail arrives here.
    pub fn own_addresses(&self) -> &[EmailAddress] {
        &self.addresses
    }

    /// Numbers the files that are new.
    async fn look(&mut self) -> Result<(), FetchError> {
        let mut found = self.on_disk(files).await?;
        found.retain(|(_, name)| !self.seen.contains(name));
        found.sort_unstable();
        for (_, name) in found {
            self.seen.insert(name.clone());
            self.names.push(name);
        }
        Ok(())
    }

    fn is_numbered_as(&self, position: Position) -> Result<(), FetchError> {
        if position.generation == self.generation {
            return Ok(());
        }
        let summary = format!("The folder {} was opened anew; it is read again.", self.path.display());
        Err(FetchError { fault: Fault::Temporary, summary })
    }

    fn next(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Does something with the disk on a thread that may block.
    async fn on_disk<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, FetchError> {
        let path = self.path.clone();
        disk::on_thread(&self.path, move || deed(&path)).await?.map_err(|why| disk::told(&self.path, &why))
    }
}

#[async_trait]
impl Inbox for InboxFolder {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn starts_at_the_beginning(&self) -> bool {
        true
    }

    async fn standing(&mut self) -> Result<Standing, FetchError> {
        self.look().await?;
        Ok(Standing { generation: self.generation, next: self.next() })
    }

    async fn fetch(&mut self, position: Position, most: Most) -> Result<Batch, FetchError> {
        self.is_numbered_as(position)?;
        self.look().await?;
        let waiting = self.names.iter().skip(position.after as usize);
        let wanted: Vec<_> =
            (position.after.saturating_add(1)..).zip(waiting.take(most.mails.max(1)).cloned()).collect();
        let mut batch = self.on_disk(move |folder| Ok(taken(folder, wanted, most.bytes))).await?;
        batch.up_to = batch.up_to.max(position.after);
        batch.more = batch.up_to.saturating_add(1) < self.next();
        Ok(batch)
    }

    async fn listed(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, FetchError> {
        self.is_numbered_as(after)?;
        let there: HashSet<_> = self.on_disk(files).await?.into_iter().map(|(_, name)| name).collect();
        let numbered = (1_u32..).zip(&self.names).take(up_to as usize).skip(after.after as usize);
        Ok(numbered.filter(|(_, name)| there.contains(*name)).map(|(uid, _)| uid).collect())
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), FetchError> {
        tokio::time::sleep(limit.min(self.poll)).await;
        Ok(())
    }

    async fn probe(&mut self) -> Result<String, FetchError> {
        let found = self.on_disk(files).await?;
        Ok(format!("the folder {} can be read and holds {} mail(s)", self.path.display(), found.len()))
    }
}

/// The mails that lie in a folder, with the time each was put there.
fn files(folder: &Path) -> io::Result<Vec<(SystemTime, OsString)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let shown = name.as_encoded_bytes();
        if shown.starts_with(b".") || !shown.ends_with(b".eml") {
            continue;
        }
        // Whoever put it there may take it away at any time.
        // A link is not followed: it could point at what is not a mail.
        let Ok(about) = fs::symlink_metadata(folder.join(&name)) else { continue };
        if about.is_file() && about.len() > 0 {
            found.push((about.modified()?, name));
        }
    }
    Ok(found)
}

/// Reads files until `most` bytes are reached; one always.
fn taken(folder: &Path, wanted: Vec<(u32, OsString)>, most: usize) -> Batch {
    let mut batch = Batch::default();
    let mut bytes = 0_usize;
    for (uid, name) in wanted {
        let path = folder.join(name);
        let size = fs::symlink_metadata(&path).map_or(0, |about| about.len().min(disk::LARGEST));
        bytes = bytes.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        if bytes > most && batch.up_to > 0 {
            break;
        }
        batch.mails.extend(one(&path, uid));
        batch.up_to = uid;
    }
    batch
}

/// A file as a mail; `None` when it is gone.
fn one(path: &Path, uid: u32) -> Option<ArrivedMail> {
    match disk::mail(path, uid) {
        Ok(mail) => Some(mail),
        Err(why) if why.kind() == io::ErrorKind::NotFound => None,
        Err(why) => {
            let trouble = format!("The file cannot be read: {}", disk::hint(&why));
            Some(disk::mail_in_trouble(uid, trouble))
        }
    }
}

/// Makes the last folder of a path. A missing parent is a slip in the path, and is told instead of made.
fn make(path: &Path) -> io::Result<()> {
    if !fs::exists(path)? {
        DirBuilder::new().mode(0o700).create(path)?;
    }
    fs::read_dir(path).map(drop)
}

#[cfg(test)]
#[path = "inbox_folder_tests.rs"]
mod tests;
