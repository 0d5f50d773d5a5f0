//! A channel that writes each message as a file: for rehearsals, for the first evening with Liaison, and for another
//! program that picks messages up.
//!
//! A mail becomes `<our reference>.eml`, which every mail program opens; a text or letter `<our reference>.txt`. The
//! file appears whole or not at all, and a repeat writes the same name again, so a message is never there twice.

use std::{
    fmt,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    num::NonZeroU32,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    Sender,
    address::PhoneNumber,
    cost::{Cost, CostConfig},
    error::{Fault, OpenError, SendError, Went},
    kind::Kind,
    message::{ChannelId, OurRef, Outgoing, Parts, ProviderRef, Text},
    mime::{Letterhead, mailbox},
    pace::Pace,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::Alphabet,
    texting::wrong_kind,
    wire_log::Recorder,
};

/// Files written at once. A disk gains nothing from more.
const IN_FLIGHT: usize = 16;

/// How long the disk may take. A network share that has gone away can block for ever.
const DEADLINE: Duration = Duration::from_secs(30);

/// `kind = "folder"`: messages as files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// Where the files go. Made if it is missing (its parent is not), readable by Liaison's own user alone.
    pub path: PathBuf,
    /// `mail`, `text` or `letter`.
    pub carries: Carries,
    /// Who writes: for mail `Northfield School <parents@northfield.example>`, for texts a number or a name of at most
    /// 11 letters, for letters the school's name.
    pub from: String,
    /// Messages a minute, to rehearse a provider's pace. Without it, as fast as the disk takes them.
    #[serde(default)]
    pub per_minute: Option<NonZeroU32>,
    /// What a part of a text would cost, and how many may leave in a month, to rehearse a budget. For texts only.
    #[serde(default)]
    pub cost: CostConfig,
}

impl Kind for FolderConfig {
    fn name() -> &'static str {
        "folder"
    }

    fn carries(&self) -> Option<Carries> {
        Some(self.carries)
    }

    fn hears(&self) -> bool {
        false
    }

    fn open(&self, id: ChannelId) -> Result<Arc<dyn Sender>, OpenError> {
        Ok(Arc::new(Folder::open(id, self)?))
    }
}

/// A folder, opened as a channel.
pub struct Folder {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    path: PathBuf,
    from: From,
    places: Arc<Semaphore>,
}

/// Who writes.
enum From {
    Mail(Letterhead),
    /// What a text shows as its sender.
    Text(String),
    /// Whose letters they are.
    Letter(String),
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Folder {
    /// Checks the settings and makes the folder if it is missing.
    pub fn open(id: ChannelId, config: &FolderConfig) -> Result<Self, OpenError> {
        let of_channel = |why: String| OpenError(format!("channel {id}: {why}"));
        let (from, can_be_answered) = From::read(config).map_err(of_channel)?;
        make(&config.path)
            .map_err(|e| of_channel(format!("path: {}: {}", config.path.display(), hint(&e))))?;
        let cost = config.cost.check().map_err(|OpenError(why)| of_channel(why))?;
        if config.carries != Carries::Text && cost != Cost::default() {
            return Err(of_channel("cost: it is for texts alone; leave it out".to_owned()));
        }
        let limits = Limits {
            carries: config.carries,
            in_flight: IN_FLIGHT,
            alphabet: (config.carries == Carries::Text).then_some(Alphabet::Unicode),
            can_be_answered,
            cost,
        };
        let minute = Duration::from_mins(1);
        let pace =
            config.per_minute.map_or_else(Pace::unlimited, |n| Pace::limited(n, minute, NonZeroU32::MIN));
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        Ok(Self { id, limits, pace, path: config.path.clone(), from, places })
    }

    /// The file's bytes and what the message is called, for a message this channel carries.
    fn write(&self, message: &Outgoing) -> Result<(Vec<u8>, ProviderRef), SendError> {
        let reference = message.reference();
        let bytes = match (&self.from, message.parts()) {
            (From::Mail(head), Parts::Mail(mail)) => head.write(mail, reference)?,
            (From::Text(from), Parts::Text(text)) => {
                text.to
                    .textable()
                    .map_err(|no| SendError::not_sent(Fault::BadAddress, format!("the number is {no}")))?;
                written_out(from, text).into_bytes()
            }
            (From::Letter(from), Parts::Letter(letter)) => {
                let (to, words) = (letter.to.expose().trim_end(), letter.words.expose().trim_end());
                format!("{from}\n\n{to}\n\n{words}\n").into_bytes()
            }
            (_, other) => return Err(wrong_kind(self.limits.carries, other)),
        };
        Ok((bytes, self.name(reference)))
    }

    /// What a message is called here: its Message-ID, or its file's name.
    fn name(&self, reference: OurRef) -> ProviderRef {
        ProviderRef(match &self.from {
            From::Mail(head) => head.message_id(reference),
            From::Text(_) | From::Letter(_) => self.file_name(reference),
        })
    }

    fn file_name(&self, reference: OurRef) -> String {
        let ending = if self.limits.carries == Carries::Mail { "eml" } else { "txt" };
        format!("{reference}.{ending}")
    }

    /// Does something with the disk on a thread that may block. Dropping the future neither stops it halfway nor
    /// frees its place before it is done.
    async fn on_disk<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SendError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| closed())?;
        let path = self.path.clone();
        let work = tokio::task::spawn_blocking(move || {
            let done = deed(&path);
            drop(place);
            done
        });
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(Ok(done)) => done.map_err(|e| self.failed(&e)),
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(SendError::in_doubt(format!("the folder {} does not answer", self.path.display()))),
        }
    }

    /// Nothing was written. Most failures are settings; a full disk passes.
    fn failed(&self, error: &io::Error) -> SendError {
        use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
        let ours = [NotFound, NotADirectory, IsADirectory, PermissionDenied, ReadOnlyFilesystem];
        let fault = if ours.contains(&error.kind()) { Fault::Misconfigured } else { Fault::Temporary };
        let sent = SendError::not_sent(fault, format!("the folder {}: {}", self.path.display(), hint(error)));
        match error.raw_os_error() {
            Some(number) => sent.code(format!("os error {number}")),
            None => sent,
        }
    }
}

impl From {
    /// Who writes, and whether a carer can answer to it.
    fn read(config: &FolderConfig) -> Result<(Self, bool), String> {
        let text = config.from.trim();
        match config.carries {
            Carries::Mail => {
                let from = mailbox(text)
                    .ok_or("from: write it like Northfield School <parents@northfield.example>")?;
                Ok((Self::Mail(Letterhead::new(from, None, false)), true))
            }
            Carries::Letter if text.is_empty() => {
                Err("from: the school's name, as on its letters".to_owned())
            }
            Carries::Letter => Ok((Self::Letter(text.to_owned()), true)),
            Carries::Text => match PhoneNumber::parse(text) {
                Ok(number) => Ok((Self::Text(number.expose().to_owned()), true)),
                Err(_) if is_name(text) => Ok((Self::Text(text.to_owned()), false)),
                Err(_) => {
                    Err("from: a number such as 07700 900123, or a name of 1 to 11 letters and digits"
                        .to_owned())
                }
            },
        }
    }
}

/// A text, to be read by people.
fn written_out(from: &str, text: &Text) -> String {
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!("To: {}\nFrom: {from}\nDate: {date}\n\n{}\n", text.to.expose(), text.body.expose())
}

#[async_trait]
impl Sender for Folder {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let (bytes, reference) = self.write(message)?;
        let name = self.file_name(message.reference());
        let said = format!("written to {name}");
        let recorder = Recorder::default();
        recorder.said(&format!("{name} ({} bytes)", bytes.len()));
        let written = self.on_disk(move |folder| put(folder, &name, &bytes)).await;
        match written.as_ref().map_err(|error| error.code.as_deref()) {
            Ok(()) => recorder.heard("written"),
            Err(Some(code)) => recorder.heard(code),
            Err(None) => recorder.broke("no answer"),
        }
        recorder.log(&[]).on(written.map(|()| Accepted::new(reference, said)))
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        let name = self.file_name(lookup.reference);
        let found = self.on_disk(move |folder| {
            // A share that is not mounted holds no files either, and says nothing about what was written to it.
            fs::read_dir(folder)?;
            fs::exists(folder.join(name))
        });
        let found = found.await.map_err(|e| SendError { went: Went::No, ..e })?;
        let found = if found { Found::Yes(self.name(lookup.reference)) } else { Found::No };
        Ok(found.into())
    }

    async fn probe(&self) -> Result<String, SendError> {
        self.on_disk(|folder| {
            let name = format!(".probe-{}", Uuid::now_v7().simple());
            put(folder, &name, b"Liaison was here\n")?;
            fs::remove_file(folder.join(name))
        })
        .await
        .map_err(|e| SendError { went: Went::No, ..e })?;
        Ok(format!("the folder {} can be written", self.path.display()))
    }
}

/// Makes the last folder of a path. A missing parent is a slip in the path, and is told instead of made.
fn make(path: &Path) -> io::Result<()> {
    if !fs::exists(path)? {
        DirBuilder::new().mode(0o700).create(path)?;
    }
    fs::read_dir(path).map(drop)
}

/// Writes a file under another name first, so that whoever looks sees all of it or nothing.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{}.unfinished", Uuid::now_v7().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let put = file.write_all(bytes).and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if put.is_err() {
        fs::remove_file(&unfinished).ok();
    }
    put
}

/// What to do about a failure of the disk.
pub(crate) fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it is missing; is the disk or share mounted, and is the path right?",
        io::ErrorKind::PermissionDenied => "Liaison's user may not write there; give it the folder",
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "that is not a folder; choose another path"
        }
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; mount it for writing",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full; make room",
        _ => "the disk reports an error; see the code",
    }
}

/// What networks take as a sender's name.
fn is_name(text: &str) -> bool {
    (1..=11).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .&_-".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn closed() -> SendError {
    SendError::not_sent(Fault::Temporary, "Liaison is stopping")
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
