//! Marks what is kept as seen, for those who look into the mailbox with a program of their own.

use std::{ffi::OsStr, fs::File, io, os::unix::ffi::OsStrExt as _, path::Path};

use rustix::{
    fs::{Access, CWD, RenameFlags, access, renameat_with},
    io::Errno,
};

use super::{list, list::Folder, name, names::Names};
use crate::{disk, error::Fault, inbox::FetchError, inbox::Position};

/// Moves what was handed out up to a position from `new/` to `cur/`. All that can be moved is; the first failure is told.
pub(super) fn seen(folders: &[Folder], names: &Names, position: Position) -> Result<(), FetchError> {
    if position.generation != names.generation {
        return Ok(());
    }
    let mut first = None;
    for folder in folders {
        let new = folder.path.join("new");
        for (unique, file) in list::files(&new)? {
            let kept = names.uid_of(&unique).is_some_and(|uid| uid > names.history && uid <= position.after);
            let from = new.join(&file);
            // What could not be read stays as it is: a person is asked to look at it.
            if kept && File::open(&from).is_ok() {
                let to = folder.path.join("cur").join(OsStr::from_bytes(&name::seen(&file)));
                first = first.or(moved(&from, &to).err().map(|why| unmarked(&new, &why)));
            }
        }
    }
    first.map_or(Ok(()), Err)
}

/// Whether mails may be moved out of this folder and into it, without trying.
pub(super) fn can(folder: &Path) -> Result<(), FetchError> {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|why| unmarked(folder, &why.into()))
}

/// Where another mail of that name lies already, both stay where they are; what was moved by others is no matter.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network shares cannot promise not to replace. No two mails have one name, so looking first will do.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_err() => {
            gone_is_fine(std::fs::rename(from, to))
        }
        Ok(()) | Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS) => Ok(()),
        Err(why) => gone_is_fine(Err(why.into())),
    }
}

fn gone_is_fine(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|why| if why.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(why) })
}

fn unmarked(folder: &Path, why: &io::Error) -> FetchError {
    let hint = match disk::fault(why) {
        Fault::Misconfigured => {
            "Liaison's user may not move mails there; give it leave to write in new and cur (under systemd in ReadWritePaths \
             too), or set mark_seen = false"
        }
        _ => "mails cannot be marked as seen there; read the system's log",
    };
    FetchError { fault: disk::fault(why), summary: format!("The folder {}: {hint}", folder.display()) }
}
