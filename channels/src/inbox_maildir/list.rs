//! What lies in a Maildir now.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::name;
use crate::{disk, inbox::FetchError};

/// One folder that is read: the Maildir itself, or one below it.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// As it is set; empty for the Maildir itself.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Mails by what they are known by.
pub(super) type Listing = HashMap<Vec<u8>, Found>;

/// Where a mail lay when it was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Which of the folders.
    pub(super) folder: usize,
}

/// All mails. `new/` first: a mail that is moved to `cur/` meanwhile is then found there.
pub(super) fn all(folders: &[Folder]) -> Result<Listing, FetchError> {
    let mut listing = Listing::new();
    for part in ["new", "cur"] {
        for (index, folder) in folders.iter().enumerate() {
            let place = folder.path.join(part);
            for (unique, name) in files(&place)? {
                listing.insert(unique, Found { path: place.join(name), folder: index });
            }
        }
    }
    Ok(listing)
}

/// The same where nothing may be missed: a file that is renamed during one look is found by another.
pub(super) fn twice(folders: &[Folder]) -> Result<Listing, FetchError> {
    let mut listing = all(folders)?;
    listing.extend(all(folders)?);
    Ok(listing)
}

/// The mails in one `new/` or `cur/`, with their whole names. Links, folders and the like are none.
pub(super) fn files(place: &Path) -> Result<Vec<(Vec<u8>, OsString)>, FetchError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place).map_err(|why| disk::told(place, &why))? {
        let entry = entry.map_err(|why| disk::told(place, &why))?;
        // What cannot be asked about has just gone, and is found at the next look if it was only renamed.
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Some(unique) = name::unique(&entry.file_name())
        {
            found.push((unique, entry.file_name()));
        }
    }
    Ok(found)
}
