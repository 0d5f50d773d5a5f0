//! Brings mails in, though other programs rename and remove files at any moment.

use std::{fs, io, path::Path};

use super::list::Listing;
use crate::{
    disk,
    inbox::{ArrivedMail, Batch, FetchError, Most},
    stubborn::Stubborn,
};

/// What one fetch came to.
pub(super) struct Taken {
    pub(super) batch: Batch,
    /// The numbers of mails that were not found. They may have been renamed just now.
    pub(super) gone: Vec<u32>,
}

/// Takes these mails, in this order, until `most` bytes are reached; one always.
pub(super) fn take(
    listing: &Listing,
    after: u32,
    wanted: &[(u32, Vec<u8>)],
    most: Most,
    stubborn: &mut Stubborn,
) -> Result<Taken, FetchError> {
    let mut batch = Batch { up_to: after, ..Batch::default() };
    let mut gone = Vec::new();
    let mut bytes = 0_usize;
    for (uid, unique) in wanted {
        let begun = batch.up_to > after;
        let path = listing.get(unique).map(|found| found.path.as_path());
        bytes = bytes.saturating_add(path.map_or(0, size));
        if begun && bytes > most.bytes {
            break;
        }
        match path.map(|path| (path, read(path, *uid))) {
            None => gone.push(*uid),
            Some((_, Ok(mail))) => batch.mails.push(mail),
            Some((_, Err(why))) if why.kind() == io::ErrorKind::NotFound => gone.push(*uid),
            Some((path, Err(why))) if why.kind() == io::ErrorKind::PermissionDenied => {
                batch.mails.push(in_trouble(*uid, path, &why));
            }
            // The disk fails. What came before it is not lost, and the next fetch begins with it.
            Some(_) if begun => break,
            Some((path, Err(why))) if stubborn.is_given_up(*uid) => {
                batch.mails.push(in_trouble(*uid, path, &why));
            }
            Some((path, Err(why))) => return Err(disk::told_of("file", path, &why)),
        }
        batch.up_to = *uid;
    }
    Ok(Taken { batch, gone })
}

fn size(path: &Path) -> usize {
    let about = fs::symlink_metadata(path);
    about.map_or(0, |about| usize::try_from(about.len().min(disk::LARGEST)).unwrap_or(usize::MAX))
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{error::Fault, inbox_maildir::list::Found};

    #[test]
    fn a_mail_at_which_the_disk_fails_is_asked_for_again_and_then_given_up() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let good = folder.path().join("good");
        fs::write(&good, "good").expect("written");
        // A path that the system refuses, neither as missing nor for want of permission.
        let paths = [("good", good), ("bad", PathBuf::from("bad\0path"))];
        let listing: Listing = paths
            .into_iter()
            .map(|(name, path)| (name.as_bytes().to_vec(), Found { path, folder: 0 }))
            .collect();
        let (good, bad) = ((1, b"good".to_vec()), (2, b"bad".to_vec()));
        let later = (3, b"good".to_vec());
        let most = Most { mails: 9, bytes: 1 << 20 };
        let mut stubborn = Stubborn::default();

        let before = take(&listing, 0, &[good, bad.clone()], most, &mut stubborn).expect("one").batch;
        let wanted = [bad, later];
        let first = take(&listing, 1, &wanted, most, &mut stubborn).err().expect("asked for again");
        let second = take(&listing, 1, &wanted, most, &mut stubborn).err().expect("asked for again");
        let third = take(&listing, 1, &wanted, most, &mut stubborn).expect("given up").batch;

        assert_eq!((before.up_to, before.mails.len()), (1, 1));
        assert_eq!((first.fault, second.fault), (Fault::Temporary, Fault::Temporary));
        assert_eq!((third.up_to, third.mails.len()), (3, 2));
        assert!(third.mails.iter().map(|mail| mail.trouble.is_some()).eq([true, false]));
    }
}
