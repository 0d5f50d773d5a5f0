//! Which mail has which number, kept in a file: a Maildir has no order, and a mail may come under any name.
//!
//! The first line tells format, generation, how many numbers were given at the very first look, and the highest number.
//! Then a line for each folder that is read, for each mail (number, when it was first seen in seconds, name; the number 0
//! for one that is never handed out), and for each number that was taken back. Lines are only added, and on the disk
//! before any number is told; at each opening the file is made anew beside its place and moved there.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{list::Listing, name};
use crate::disk;

/// How long a name is remembered of which there is no file any more: so a backup that is put back brings nothing twice.
const REMEMBERED_SECS: u64 = 30 * 24 * 3600;

const FORMAT: &str = "liaison-maildir-1";

/// The numbers of mails. From opening or resuming to [`release`](Names::release), no other process changes the file.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) generation: u32,
    /// What has this number or a lower one was there at the very first look.
    pub(super) history: u32,
    pub(super) highest: u32,
    folders: BTreeSet<String>,
    known: HashMap<Vec<u8>, Known>,
    by_uid: BTreeMap<u32, Vec<u8>>,
    file: File,
    bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    uid: u32,
    since: u64,
}

impl Names {
    /// Takes the file for this process; `None` when there is none, or none that can be read as ours. `WouldBlock`: another
    /// has it.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(why),
        };
        locked(&file)?;
        if !is_at(&file, path)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        // A line without its end was cut off by a crash, and no number of it was told.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        text.truncate(whole);
        file.set_len(whole as u64)?;
        Ok(String::from_utf8(text).ok().and_then(|text| Self::parse(&text, file)))
    }

    fn parse(text: &str, file: File) -> Option<Self> {
        let mut lines = text.lines();
        let mut head = lines.next()?.strip_prefix(FORMAT)?.split_ascii_whitespace();
        let mut number = || head.next()?.parse().ok();
        let mut names = Self {
            generation: number()?,
            history: number()?,
            highest: number()?,
            folders: BTreeSet::new(),
            known: HashMap::new(),
            by_uid: BTreeMap::new(),
            file,
            bytes: text.len() as u64,
        };
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            match *words.as_slice() {
                ["folder", folder] => {
                    names.folders.insert(String::from_utf8(name::unescaped(folder)?).ok()?);
                }
                ["gone", uid] => names.drop_uid(uid.parse().ok()?),
                [uid, since, unique] => {
                    let known = Known { uid: uid.parse().ok()?, since: since.parse().ok()? };
                    names.learn(name::unescaped(unique)?, known);
                }
                _ => return None,
            }
        }
        Some(names)
    }

    /// Begins with what lies there, in this order.
    pub(super) fn begin(path: &Path, folders: &[&str], mails: &[Vec<u8>]) -> io::Result<Self> {
        let highest = u32::try_from(mails.len()).unwrap_or(u32::MAX);
        let since = now();
        let lines = (1..).zip(mails).map(|(uid, unique)| line(uid, since, unique));
        let text = head(disk::generation(), highest, highest, folders) + &lines.collect::<String>();
        Self::write(path, &text)
    }

    /// The same without what need not be remembered any longer, and with these folders alone.
    pub(super) fn tidied(self, path: &Path, folders: &[&str], listing: &Listing) -> io::Result<Self> {
        let still: Vec<_> = folders.iter().copied().filter(|name| self.folders.contains(*name)).collect();
        let mut text = head(self.generation, self.history, self.highest, &still);
        let oldest = now().saturating_sub(REMEMBERED_SECS);
        let mut known: Vec<_> = self.known.iter().collect();
        known.retain(|(unique, known)| listing.contains_key(*unique) || known.since > oldest);
        known.sort_unstable_by_key(|(_, known)| known.uid);
        for (unique, known) in known {
            text.push_str(&line(known.uid, known.since, unique));
        }
        Self::write(path, &text)
    }

    fn write(path: &Path, text: &str) -> io::Result<Self> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&beside)?;
        locked(&file)?;
        // Whoever had it before us may have moved it to its place meanwhile.
        if !is_at(&file, &beside)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Self::parse(text, file).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Whether it is still the file that lies there, as we left it; takes it for this process again if so.
    pub(super) fn resume(mut self, path: &Path) -> io::Result<Option<Self>> {
        locked(&self.file)?;
        let same = is_at(&self.file, path)? && self.file.seek(SeekFrom::End(0))? == self.bytes;
        Ok(same.then_some(self))
    }

    /// Lets others have the file until [`resume`](Self::resume).
    pub(super) fn release(&self) {
        // A lock that cannot be given back goes with the file.
        let _ = self.file.unlock();
    }

    pub(super) fn has_folder(&self, folder: &str) -> bool {
        self.folders.contains(folder)
    }

    pub(super) fn knows(&self, unique: &[u8]) -> bool {
        self.known.contains_key(unique)
    }

    /// The number of a mail that is or was handed out.
    pub(super) fn uid_of(&self, unique: &[u8]) -> Option<u32> {
        self.known.get(unique).map(|known| known.uid).filter(|uid| *uid > 0)
    }

    /// The mails after a number, in order.
    pub(super) fn after(&self, uid: u32) -> impl Iterator<Item = (u32, &Vec<u8>)> {
        self.by_uid.range(uid.saturating_add(1)..).map(|(uid, unique)| (*uid, unique))
    }

    /// Numbers new mails, in this order.
    pub(super) fn number(&mut self, mails: Vec<Vec<u8>>) -> io::Result<()> {
        let since = now();
        let mut uid = self.highest;
        let mut given = Vec::with_capacity(mails.len());
        for unique in mails {
            uid = uid.checked_add(1).ok_or(io::ErrorKind::StorageFull)?;
            given.push((unique, Known { uid, since }));
        }
        self.add(&given.iter().map(|(unique, known)| line(known.uid, since, unique)).collect::<String>())?;
        for (unique, known) in given {
            self.learn(unique, known);
        }
        Ok(())
    }

    /// What lies in a folder that was added to the settings is from before, and never handed out.
    pub(super) fn add_folder(&mut self, folder: &str, mails: Vec<Vec<u8>>) -> io::Result<()> {
        let since = now();
        let lines: String = mails.iter().map(|unique| line(0, since, unique)).collect();
        self.add(&(lines + &folder_line(folder)))?;
        self.folders.insert(folder.to_owned());
        for unique in mails {
            self.learn(unique, Known { uid: 0, since });
        }
        Ok(())
    }

    /// Takes numbers back of mails that were never handed out: should one of them turn up, it is new.
    pub(super) fn take_back(&mut self, uids: &[u32]) -> io::Result<()> {
        self.add(&uids.iter().fold(String::new(), |text, uid| text + &format!("gone {uid}\n")))?;
        for uid in uids {
            self.drop_uid(*uid);
        }
        Ok(())
    }

    /// On the disk when this returns. After a failure the file is to be read again.
    fn add(&mut self, lines: &str) -> io::Result<()> {
        if !lines.is_empty() {
            self.file.write_all(lines.as_bytes())?;
            self.file.sync_data()?;
            self.bytes = self.bytes.saturating_add(lines.len() as u64);
        }
        Ok(())
    }

    fn learn(&mut self, unique: Vec<u8>, known: Known) {
        if known.uid > 0 {
            self.by_uid.insert(known.uid, unique.clone());
            self.highest = self.highest.max(known.uid);
        }
        self.known.insert(unique, known);
    }

    fn drop_uid(&mut self, uid: u32) {
        if let Some(unique) = self.by_uid.remove(&uid) {
            self.known.remove(&unique);
        }
    }
}

fn head(generation: u32, history: u32, highest: u32, folders: &[&str]) -> String {
    let mut text = format!("{FORMAT} {generation} {history} {highest}\n");
    for folder in folders {
        text.push_str(&folder_line(folder));
    }
    text
}

fn folder_line(folder: &str) -> String {
    format!("folder {}\n", name::escaped(folder.as_bytes()))
}

fn line(uid: u32, since: u64, unique: &[u8]) -> String {
    let mut line = String::new();
    let _ = writeln!(line, "{uid} {since} {}", name::escaped(unique));
    line
}

fn locked(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(why)) => Err(why),
    }
}

/// Whether a file that is open still lies at its path, and not another in its place.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(there) => {
            let ours = file.metadata()?;
            Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino()))
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
