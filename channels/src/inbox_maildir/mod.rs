//! Reading the Maildir of a mail server on this machine, or on a share (<https://cr.yp.to/proto/maildir.html>).
//!
//! * Mails are read where they lie, in `new/` and `cur/`; `tmp/`, names that begin with a dot, links and all that is no
//!   file are left alone. No mail is deleted and none is changed. Other programs may deliver, flag, move and delete at
//!   any moment.
//! * A mail is known by the unique part of its name. `names` numbers it when it is first seen and keeps that in a small
//!   file, `liaison-<channel>.names`, in the Maildir or in `state_dir`: so it comes once, under whatever name it is
//!   found later, and one that sorts before those that were read comes as well.
//! * A file that takes up a known name again is the same mail, as the convention has it, and does not come again. A name
//!   is forgotten at an opening that finds no file of it, from 30 days after it was first seen.
//! * If the list of names is lost, or is older than the caller's position (a backup), the generation changes and all is
//!   handed out anew, for the caller to compare.
//! * What lies there at the very first look, or in a folder that is added to the settings, is from before.
//! * A mail that is kept is moved from `new/` to `cur/` and marked as seen. Unmarked stay: what another program has moved
//!   to `cur/` before, what could not be read, and what lay there at the very first look or when the list was lost.

mod kind;
mod list;
mod mark;
mod name;
mod names;
mod take;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use rustix::fs::{Access, access};
use serde::Deserialize;

use self::{
    list::{Folder, Listing},
    names::Names,
    take::{Taken, take},
};
use crate::{
    address::EmailAddress,
    disk,
    error::{Fault, OpenError},
    imap::addresses_wrong,
    inbox::{Batch, FetchError, Inbox, Most, Position, Standing},
    kind::Kind as _,
    message::ChannelId,
    stubborn::Stubborn,
};

/// `kind = "maildir"`: the mailbox of a mail server on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaildirConfig {
    /// The Maildir: the folder that holds `new` and `cur`. Never made.
    pub path: PathBuf,
    /// The addresses whose mail arrives here, at least one: by them our own mail is known again.
    pub addresses: Vec<String>,
    /// Folders below it that are read as well, as Maildir++ has them: `Parents` or `Parents.2026`, without the first dot.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Whether what is kept is moved from `new/` to `cur/` and marked as seen.
    #[serde(default = "yes")]
    pub mark_seen: bool,
    /// Where the list of names is kept; the Maildir itself if it is not set.
    pub state_dir: Option<PathBuf>,
    /// Seconds between two looks; 0.1 to 3600.
    #[serde(default = "default_poll")]
    pub poll_secs: f64,
}

const fn yes() -> bool {
    true
}

const fn default_poll() -> f64 {
    10.0
}

impl MaildirConfig {
    fn poll(&self) -> Duration {
        let secs = if self.poll_secs.is_finite() { self.poll_secs } else { default_poll() };
        Duration::from_secs_f64(secs.clamp(0.1, 3600.0))
    }

    /// All that is wrong, as sentences.
    fn check(&self) -> Result<(), String> {
        let mut wrong: Vec<_> = addresses_wrong(&self.addresses).map(str::to_owned).into_iter().collect();
        if !self.path.is_absolute() {
            wrong.push("path: write it from the root, such as /var/vmail/parents/Maildir".to_owned());
        }
        if self.state_dir.as_ref().is_some_and(|dir| !dir.is_absolute()) {
            wrong.push("state_dir: write it from the root, such as /var/lib/liaison".to_owned());
        }
        let odd = |name: &&String| {
            name.is_empty() || name.starts_with('.') || name.contains(|c: char| c == '/' || c.is_control())
        };
        if let Some(name) = self.folders.iter().find(odd) {
            wrong.push(format!(
                "folders has {name:?}: write a folder's name on the disk without its first dot, such as Parents.2026"
            ));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }
}

/// Where everything lies.
#[derive(Debug)]
struct Place {
    folders: Vec<Folder>,
    state: PathBuf,
}

/// What is carried from call to call. After a call that was cut off it is read from the disk again.
#[derive(Debug, Default)]
struct Hands {
    names: Option<Names>,
    /// Whether this opening has tidied the list of names.
    tidied: bool,
    stubborn: Stubborn,
}

/// A Maildir, opened as a mailbox.
pub struct Maildir {
    id: ChannelId,
    addresses: Vec<EmailAddress>,
    path: PathBuf,
    place: Arc<Place>,
    poll: Duration,
    mark_seen: bool,
    /// The last failure to mark, which is told once.
    unmarked: Option<String>,
    hands: Hands,
}

impl fmt::Debug for Maildir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maildir").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Maildir {
    /// Checks the settings. Reaches nothing yet: the mail server may make its folders later.
    pub fn open(id: ChannelId, config: &MaildirConfig) -> Result<Self, OpenError> {
        config.check().map_err(|wrong| OpenError(format!("channel {id}: {wrong}")))?;
        let root = Folder { name: String::new(), path: config.path.clone() };
        let below = config
            .folders
            .iter()
            .map(|name| Folder { name: name.clone(), path: config.path.join(format!(".{name}")) });
        let state = config.state_dir.as_ref().unwrap_or(&config.path).join(format!("liaison-{id}.names"));
        Ok(Self {
            addresses: config.own_addresses(),
            path: config.path.clone(),
            place: Arc::new(Place { folders: std::iter::once(root).chain(below).collect(), state }),
            poll: config.poll(),
            mark_seen: config.mark_seen,
            unmarked: None,
            hands: Hands::default(),
            id,
        })
    }

    /// The addresses whose mail arrives here.
    pub fn own_addresses(&self) -> &[EmailAddress] {
        &self.addresses
    }

    /// Does something with the list of names on a thread that may block; nobody else changes the list meanwhile.
    async fn with_names<T: Send + 'static>(
        &mut self,
        deed: impl FnOnce(&Place, &mut Names, &mut Stubborn) -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        let place = Arc::clone(&self.place);
        let mut hands = std::mem::take(&mut self.hands);
        let (hands, done) = disk::on_thread(&self.path, move || {
            let done = hands.work(&place, deed);
            (hands, done)
        })
        .await?;
        self.hands = hands;
        done
    }
}

impl Hands {
    /// After a failure the list is read again: part of what was to be added may be in it.
    fn work<T>(
        &mut self,
        place: &Place,
        deed: impl FnOnce(&Place, &mut Names, &mut Stubborn) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let mut names = self.names(place)?;
        let done = deed(place, &mut names, &mut self.stubborn)?;
        names.release();
        self.names = Some(names);
        Ok(done)
    }

    fn names(&mut self, place: &Place) -> Result<Names, FetchError> {
        let told = |why| place.told(&why);
        if let Some(names) = self.names.take()
            && let Some(same) = names.resume(&place.state).map_err(told)?
        {
            return Ok(same);
        }
        let names = match Names::open(&place.state).map_err(told)? {
            None => place.begin()?,
            Some(names) if self.tidied => names,
            Some(names) => {
                let listing = list::twice(&place.folders)?;
                names.tidied(&place.state, &place.names(), &listing).map_err(told)?
            }
        };
        self.tidied = true;
        Ok(names)
    }
}

impl Place {
    fn names(&self) -> Vec<&str> {
        self.folders.iter().map(|folder| folder.name.as_str()).collect()
    }

    /// Numbers everything anew.
    fn begin(&self) -> Result<Names, FetchError> {
        let mails = in_order(&list::twice(&self.folders)?, |_| true);
        Names::begin(&self.state, &self.names(), &mails).map_err(|why| self.told(&why))
    }

    /// Numbers what is new.
    fn look(&self, names: &mut Names) -> Result<Listing, FetchError> {
        let all_known = self.folders.iter().all(|folder| names.has_folder(&folder.name));
        let listing = if all_known { list::all(&self.folders) } else { list::twice(&self.folders) }?;
        for (index, folder) in self.folders.iter().enumerate() {
            if !names.has_folder(&folder.name) {
                let before = in_order(&listing, |unique| {
                    listing.get(unique).is_some_and(|found| found.folder == index) && !names.knows(unique)
                });
                names.add_folder(&folder.name, before).map_err(|why| self.told(&why))?;
            }
        }
        let new = in_order(&listing, |unique| !names.knows(unique));
        names.number(new).map_err(|why| self.told(&why))?;
        Ok(listing)
    }

    /// What is wrong with the list of names.
    fn told(&self, why: &io::Error) -> FetchError {
        let (fault, hint) = match why.kind() {
            io::ErrorKind::WouldBlock => (Fault::Temporary, "another process of Liaison's has it just now"),
            io::ErrorKind::NotFound => {
                (Fault::Misconfigured, "its folder is missing; make it, or mend state_dir")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
                Fault::Misconfigured,
                "Liaison's user may not write there; give it leave to (under systemd in ReadWritePaths too), or set state_dir",
            ),
            _ => (disk::fault(why), disk::hint(why)),
        };
        FetchError { fault, summary: format!("The list of names {}: {hint}", self.state.display()) }
    }

    /// Whether the list of names can be written, without writing.
    fn can_write(&self) -> Result<(), FetchError> {
        let target = if self.state.exists() { Some(self.state.as_path()) } else { None };
        let mut targets = target.into_iter().chain(self.state.parent());
        targets
            .try_for_each(|path| access(path, Access::WRITE_OK))
            .map_err(|why| self.told(&io::Error::from(why)))
    }
}

/// Mails by when they were put there, then by name.
fn in_order(listing: &Listing, wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut found: Vec<_> = listing
        .iter()
        .filter(|(unique, _)| wanted(unique))
        // One that is renamed just now is numbered all the same: it must not count as new at the next look.
        .map(|(unique, found)| {
            let modified = found.path.symlink_metadata().and_then(|about| about.modified());
            (modified.unwrap_or_else(|_| SystemTime::now()), unique)
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, unique)| unique.clone()).collect()
}

fn other_generation(path: &Path) -> FetchError {
    let summary = format!("The names of {} were numbered anew; all of it is compared.", path.display());
    FetchError { fault: Fault::Temporary, summary }
}

#[async_trait]
impl Inbox for Maildir {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    /// Numbers nothing, unless it is the very first look: a list older than the caller's position is found by
    /// [`fetch`](Self::fetch).
    async fn standing(&mut self) -> Result<Standing, FetchError> {
        self.with_names(|_, names, _| {
            Ok(Standing { generation: names.generation, next: names.highest.saturating_add(1) })
        })
        .await
    }

    async fn fetch(&mut self, position: Position, most: Most) -> Result<Batch, FetchError> {
        let path = self.path.clone();
        self.with_names(move |place, names, stubborn| {
            if position.generation != names.generation {
                return Err(other_generation(&path));
            }
            if position.after > names.highest {
                // Its numbers would be given a second time, to mails that nobody would then ask for.
                *names = place.begin()?;
                return Err(other_generation(&path));
            }
            let listing = place.look(names)?;
            let wanted: Vec<_> = names
                .after(position.after)
                .take(most.mails.max(1))
                .map(|(uid, unique)| (uid, unique.clone()))
                .collect();
            let Taken { mut batch, gone } = take(&listing, position.after, &wanted, most, stubborn)?;
            // What is renamed at this moment may be missing in a list, and comes under a new number.
            names.take_back(&gone).map_err(|why| place.told(&why))?;
            batch.more = names.after(batch.up_to).next().is_some();
            Ok(batch)
        })
        .await
    }

    /// Numbers nothing: a mail that has no number yet is above every `up_to`.
    async fn listed(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, FetchError> {
        let path = self.path.clone();
        self.with_names(move |place, names, _| {
            if after.generation != names.generation || after.after > names.highest {
                return Err(other_generation(&path));
            }
            let listing = list::twice(&place.folders)?;
            let numbered = names.after(after.after).take_while(|(uid, _)| *uid <= up_to);
            Ok(numbered.filter(|(_, unique)| listing.contains_key(*unique)).map(|(uid, _)| uid).collect())
        })
        .await
    }

    async fn kept(&mut self, position: Position) -> Result<(), FetchError> {
        if !self.mark_seen {
            return Ok(());
        }
        let marked =
            self.with_names(move |place, names, _| mark::seen(&place.folders, names, position)).await;
        let told = marked.as_ref().err().map(|error| error.summary.clone());
        let again = told.is_some() && told == self.unmarked;
        self.unmarked = told;
        if again { Ok(()) } else { marked }
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), FetchError> {
        tokio::time::sleep(limit.min(self.poll)).await;
        Ok(())
    }

    async fn probe(&mut self) -> Result<String, FetchError> {
        let (place, mark_seen) = (Arc::clone(&self.place), self.mark_seen);
        let counts = disk::on_thread(&self.path, move || {
            let mut counts = [0_usize; 2];
            for folder in &place.folders {
                for (count, part) in counts.iter_mut().zip(["new", "cur"]) {
                    let dir = folder.path.join(part);
                    *count = count.saturating_add(list::files(&dir)?.len());
                    if mark_seen {
                        mark::can(&dir)?;
                    }
                }
            }
            place.can_write()?;
            Ok::<_, FetchError>(counts)
        })
        .await?;
        let [new, cur] = counts?;
        let path = self.path.display();
        let below = match self.place.folders.len().saturating_sub(1) {
            0 => String::new(),
            many => format!(" and {many} folder(s) below it"),
        };
        let marks = if self.mark_seen { "marked as seen once they are kept" } else { "left unmarked" };
        Ok(format!(
            "the Maildir {path}{below} can be read; new holds {new} mail(s), cur {cur}; mails are {marks}"
        ))
    }
}
