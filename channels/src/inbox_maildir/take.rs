//! Brings mails in, though other programs rename and remove files at any moment.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::list::{self, Folder, Listing};
use crate::{
    disk,
    inbox::{ArrivedMail, Batch, FetchError, Most},
    stubborn::Stubborn,
};

/// Looks for one mail before it counts as gone. A list that is made while a file is renamed may miss it.
const LOOKS: u32 = 4;

/// Looks in one fetch; what is left then waits for the next.
const MOST_LOOKS: u32 = 24;

/// One fetch at work.
pub(super) struct Taker<'a> {
    folders: &'a [Folder],
    listing: Listing,
    stubborn: &'a mut Stubborn,
    looks: u32,
    /// The numbers of mails that were never found.
    pub(super) gone: Vec<u32>,
}

/// What became of a mail.
enum Single {
    Mail(ArrivedMail),
    Gone,
    /// The disk fails just now.
    Later(PathBuf, io::Error),
}

impl<'a> Taker<'a> {
    pub(super) fn new(folders: &'a [Folder], listing: Listing, stubborn: &'a mut Stubborn) -> Self {
        Self { folders, listing, stubborn, looks: 0, gone: Vec::new() }
    }

    /// Takes these mails, in this order, until `most` bytes are reached; one always.
    pub(super) fn take(
        &mut self,
        after: u32,
        wanted: &[(u32, Vec<u8>)],
        most: Most,
    ) -> Result<Batch, FetchError> {
        for _ in 1..LOOKS {
            if wanted.iter().all(|(_, unique)| self.listing.contains_key(unique)) {
                break;
            }
            self.look_again()?;
        }
        let mut batch = Batch { up_to: after, ..Batch::default() };
        let mut bytes = 0_usize;
        for (uid, unique) in wanted {
            bytes = bytes.saturating_add(self.size(unique));
            let begun = batch.up_to > after;
            if begun && (bytes > most.bytes || self.looks >= MOST_LOOKS) {
                break;
            }
            match self.single(*uid, unique)? {
                Single::Mail(mail) => batch.mails.push(mail),
                Single::Gone => self.gone.push(*uid),
                // What came before it is not lost, and the next fetch begins with it.
                Single::Later(..) if begun => break,
                Single::Later(path, why) if self.stubborn.is_given_up(*uid) => {
                    batch.mails.push(in_trouble(*uid, &path, &why));
                }
                Single::Later(path, why) => return Err(disk::told(&path, &why)),
            }
            batch.up_to = *uid;
        }
        Ok(batch)
    }

    fn look_again(&mut self) -> Result<(), FetchError> {
        self.looks = self.looks.saturating_add(1);
        self.listing = list::all(self.folders)?;
        Ok(())
    }

    fn size(&self, unique: &[u8]) -> usize {
        let found = self.listing.get(unique).and_then(|found| fs::symlink_metadata(&found.path).ok());
        found.map_or(0, |about| usize::try_from(about.len().min(disk::LARGEST)).unwrap_or(usize::MAX))
    }

    fn single(&mut self, uid: u32, unique: &[u8]) -> Result<Single, FetchError> {
        let mut looks = 0;
        loop {
            // One that is on no list was looked for already.
            let Some(found) = self.listing.get(unique) else { return Ok(Single::Gone) };
            match read(&found.path, uid) {
                Ok(mail) => return Ok(Single::Mail(mail)),
                Err(why) if why.kind() == io::ErrorKind::PermissionDenied => {
                    return Ok(Single::Mail(in_trouble(uid, &found.path, &why)));
                }
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    return Ok(Single::Later(found.path.clone(), why));
                }
                Err(_) => {}
            }
            looks += 1;
            if looks >= LOOKS {
                return Ok(Single::Gone);
            }
            self.look_again()?;
            while !self.listing.contains_key(unique) && looks < LOOKS {
                looks += 1;
                self.look_again()?;
            }
        }
    }
}

/// A file as a mail. What is no file by now is gone.
fn read(path: &Path, uid: u32) -> io::Result<ArrivedMail> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mail = disk::mail(path, uid)?;
    if mail.raw.expose().is_empty() {
        let empty = format!("The file {} is empty; ask whoever runs the mail server.", path.display());
        return Ok(ArrivedMail { trouble: Some(empty), ..mail });
    }
    Ok(mail)
}

fn in_trouble(uid: u32, path: &Path, why: &io::Error) -> ArrivedMail {
    let trouble = format!("The file {} cannot be read: {}", path.display(), disk::hint(why));
    disk::mail_in_trouble(uid, trouble)
}
