//! Records as files in a folder: `<id>.txt` to paste, `<id>.csv`, and last `<id>.sha256`, which `sha256sum -c` reads. Whoever picks
//! them up takes those that have the last one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::{
    error::{Fault, OpenError},
    folder::hint,
    record_sink::{Record, RecordSink, SinkError},
};

/// How long the disk may take. A network share that has gone away can block for ever.
const DEADLINE: Duration = Duration::from_secs(30);

/// A folder that takes records.
#[derive(Debug, Clone)]
pub struct RecordFolder {
    path: PathBuf,
}

impl RecordFolder {
    /// Makes the folder if it is missing (its parent is not), readable by Liaison's own user and its group.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let made = if path.is_dir() { Ok(()) } else { DirBuilder::new().mode(0o750).create(path) };
        made.map_err(|e| OpenError(format!("records.folder: {}: {}", path.display(), hint(&e))))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Does something with the disk on a thread that may block.
    async fn on_disk(
        &self,
        deed: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
    ) -> Result<(), SinkError> {
        let path = self.path.clone();
        let work = tokio::task::spawn_blocking(move || deed(&path));
        let later = |summary: String| SinkError { fault: Fault::Temporary, summary };
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(Ok(done)) => done.map_err(|e| self.failed(&e)),
            Ok(Err(_)) => Err(later("Liaison is stopping".to_owned())),
            Err(_) => Err(later(format!("the folder {} does not answer", self.path.display()))),
        }
    }

    /// Most failures are settings; a full disk passes.
    fn failed(&self, error: &io::Error) -> SinkError {
        use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
        let ours = [NotFound, NotADirectory, IsADirectory, PermissionDenied, ReadOnlyFilesystem];
        let fault = if ours.contains(&error.kind()) { Fault::Misconfigured } else { Fault::Temporary };
        SinkError { fault, summary: format!("the folder {}: {}", self.path.display(), hint(error)) }
    }
}

#[async_trait]
impl RecordSink for RecordFolder {
    async fn take(&self, record: &Record) -> Result<(), SinkError> {
        let record = record.clone();
        self.on_disk(move |folder| {
            let (text, csv) = (format!("{}.txt", record.id), format!("{}.csv", record.id));
            let sums =
                format!("{}  {text}\n{}  {csv}\n", sum(record.plain.expose()), sum(record.csv.expose()));
            put(folder, &text, record.plain.expose())?;
            put(folder, &csv, record.csv.expose())?;
            put(folder, &format!("{}.sha256", record.id), &sums)?;
            // A name is kept by its folder, not by its file.
            File::open(folder)?.sync_all()
        })
        .await
    }

    async fn probe(&self) -> Result<String, SinkError> {
        self.on_disk(|folder| {
            let name = format!(".probe-{}", Uuid::now_v7().simple());
            put(folder, &name, "Liaison was here\n")?;
            fs::remove_file(folder.join(name))
        })
        .await?;
        Ok(format!("the folder {} can be written", self.path.display()))
    }
}

/// Writes a file under another name first, so that whoever looks sees all of it or nothing.
fn put(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!(".{}.unfinished", Uuid::now_v7().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&unfinished)?;
    let put = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if put.is_err() {
        fs::remove_file(&unfinished).ok();
    }
    put
}

fn sum(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "record_folder_tests.rs"]
mod tests;
