//! Whom the server runs as. Postgres refuses root, so a Liaison started by root hands it to an ordinary user.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::error::{ClusterError, Tried};
use super::layout::{self, Layout};

/// An ordinary user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: String,
}

impl Account {
    /// The user that root must hand the server of `dir` to; `None` when we are no root and run it ourselves.
    ///
    /// Existing data keep their owner: root's command in a folder that an ordinary user set up acts as that user.
    pub(super) fn of_server(dir: &Path) -> Result<Option<Self>, ClusterError> {
        let owner = match fs::metadata(layout::data_dir(dir)) {
            Ok(found) => Some(found.uid()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e).tried("look at", dir),
        };
        let me = effective_uid();
        match owner {
            Some(uid) if me != 0 && uid != me => {
                Err(ClusterError::OtherOwner { dir: dir.to_owned(), owner: uid })
            }
            _ if me != 0 => Ok(None),
            Some(uid) if uid != 0 => known().find(|a| a.uid == uid).ok_or(ClusterError::NoAccount).map(Some),
            _ => unprivileged().ok_or(ClusterError::NoAccount).map(Some),
        }
    }

    /// Gives a folder to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        chown(path, Some(self.uid), Some(self.gid)).tried("give to the database's user", path)
    }

    /// Says which folder on the way to `dir` this user may not enter, if any.
    pub(super) fn check_reaches(&self, dir: &Path) -> Result<(), ClusterError> {
        match self.blocked_at(dir) {
            Some(folder) => Err(ClusterError::Unreachable { user: self.name.clone(), folder }),
            None => Ok(()),
        }
    }

    /// The outermost existing folder on the way to `dir`, or `dir` itself, that this user may not enter. Access
    /// lists beyond the mode bits are not considered.
    fn blocked_at(&self, dir: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        let closed = |p: &&Path| fs::metadata(p).is_ok_and(|found| !self.may_enter(&found));
        way.into_iter().find(closed).map(Path::to_owned)
    }

    fn may_enter(&self, folder: &fs::Metadata) -> bool {
        let bit = match () {
            () if folder.uid() == self.uid => 0o100,
            () if folder.gid() == self.gid => 0o010,
            () => 0o001,
        };
        folder.mode() & bit != 0
    }
}

/// `wanted`, or a folder of its own under `/var/tmp` when root asks and the server's user could not enter
/// `wanted` (a checkout under `/root`). For the demonstration and for tests: a daemon's data belong where its
/// settings say, and it gets [`ClusterError::Unreachable`] instead.
pub fn reachable_dir(wanted: &Path) -> PathBuf {
    let absolute = std::path::absolute(wanted).unwrap_or_else(|_| wanted.to_owned());
    let blocked = effective_uid() == 0 && unprivileged().is_some_and(|a| a.blocked_at(&absolute).is_some());
    if blocked { PathBuf::from("/var/tmp").join(layout::short_name(&absolute)) } else { absolute }
}

/// Refuses a folder that somebody else put in our way, in a place where everybody may make folders.
pub(super) fn check_ours(layout: &Layout) -> Result<(), ClusterError> {
    let dir = &layout.dir;
    let found = fs::metadata(dir).tried("look at", dir)?;
    let shared = dir.parent().and_then(|p| fs::metadata(p).ok()).is_some_and(|p| p.mode() & 0o002 != 0);
    if shared && found.uid() != effective_uid() { Err(ClusterError::Untrusted(dir.clone())) } else { Ok(()) }
}

/// The user we act as.
#[expect(unsafe_code, reason = "std has no way to ask for the effective user")]
pub(super) fn effective_uid() -> u32 {
    // SAFETY: takes nothing, cannot fail, touches no memory of ours.
    unsafe { libc::geteuid() }
}

/// `postgres`, which Debian's package makes; else `nobody`, which every machine has. An invented number would not
/// do: initdb looks its user up by name.
fn unprivileged() -> Option<Account> {
    ["postgres", "nobody"].into_iter().find_map(|name| known().find(|a| a.name == name))
}

fn known() -> impl Iterator<Item = Account> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd.lines().filter_map(parse).collect::<Vec<_>>().into_iter()
}

/// One line of `passwd(5)`: name, password, user, group, and more that we leave.
fn parse(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { uid, gid, name })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_line_of_passwd_becomes_an_account() {
        let account = parse("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash");

        assert_eq!(account, Some(Account { uid: 101, gid: 104, name: "postgres".into() }));
        assert_eq!(parse("# a comment"), None);
        assert_eq!(parse("+@netgroup::::::"), None);
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let open = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let closed = open.path().join("closed");
        fs::create_dir_all(closed.join("inner")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { uid: 4_000_000, gid: 4_000_000, name: "stranger".into() };

        let found = stranger.blocked_at(&closed.join("inner/not-yet-made"));

        assert_eq!(found, Some(closed));
        assert_eq!(stranger.blocked_at(&open.path().join("not-yet-made")), None);
    }
}
