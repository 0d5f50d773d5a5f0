//! The server as a process: how it is started, found again and told to stop.
//!
//! A process identifier alone proves nothing: it may belong to a zombie or, after a restart of the machine, to a
//! stranger. The server and all its helpers stay in the data folder, and the kernel tells where a process is
//! (`/proc/<pid>/cwd`); a zombie is nowhere. So only a process *in the data folder* counts.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use tokio::sync::watch;

use super::account::Account;

/// A program of Postgres, run as the server's user, with none of our environment: ours may hold secrets, and
/// Postgres would read `PGPORT` and the like.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    // The user may not be able to stay in our own folder.
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
    if let Some(account) = account {
        // std also drops root's other groups when it changes the user.
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// A server that is our child. Dropping it changes nothing.
pub(super) struct Child {
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Child {
    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }
}

/// Starts the server in a session of its own, so that Ctrl-C on our terminal does not reach it, writing to `log`.
///
/// A thread waits for its end: nobody else would, and a dead child that nobody waited for counts as alive for
/// Postgres when it looks at its old pid file.
pub(super) fn spawn(mut command: Command, log: File) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    own_session(&mut command);
    let mut child = command.spawn()?;
    let (tell, ended) = watch::channel(None);
    std::thread::Builder::new().name("postgres-wait".into()).stack_size(64 * 1024).spawn(move || {
        tell.send_replace(child.wait().ok().or_else(|| Some(ExitStatus::default())));
    })?;
    Ok(Child { ended })
}

#[expect(unsafe_code, reason = "std's own `setsid` is not stable yet")]
fn own_session(command: &mut Command) {
    let setsid = || {
        // SAFETY: no arguments, no memory of ours.
        if unsafe { libc::setsid() } == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `setsid` is one, and reading errno
    // allocates nothing.
    unsafe { command.pre_exec(setsid) };
}

/// Asks the server for a fast shutdown: no new connections, open transactions rolled back, all written.
#[expect(unsafe_code, reason = "std sends no signal but SIGKILL, and only to children")]
pub(super) fn interrupt(pid: i32) -> io::Result<()> {
    // SAFETY: two numbers, no memory of ours.
    if unsafe { libc::kill(pid, libc::SIGINT) } == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The server that runs on these data, if one does.
pub(super) fn running(data: &Path) -> Option<i32> {
    named(data).filter(|pid| is_in(data, format!("/proc/{pid}")))
}

/// Whether any process of a server, new or old, is still on these data. After the server itself was killed its
/// helpers need a moment to notice, and a new one must not start beside them.
pub(super) fn occupied(data: &Path) -> bool {
    let postgres =
        |process: &PathBuf| fs::read_to_string(process.join("comm")).is_ok_and(|c| c.trim() == "postgres");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|process| is_in(data, &process) && postgres(&process))
}

/// Removes a pid file whose process is a zombie: Postgres would take that for a running server and refuse to
/// start. Happens where the first process of a container collects no children. Any other stale file is Postgres's
/// own business. Only to be called when nobody [`occupied`] the data.
pub(super) fn forget_zombie(data: &Path) -> io::Result<()> {
    let Some(pid) = named(data) else { return Ok(()) };
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in brackets and may itself hold brackets: `proc(5)`.
    let zombie = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']));
    if zombie { fs::remove_file(pid_file(data)) } else { Ok(()) }
}

fn pid_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// The process that the pid file names: its first line.
fn named(data: &Path) -> Option<i32> {
    let text = fs::read_to_string(pid_file(data)).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| *pid > 1)
}

fn is_in(data: &Path, process: impl AsRef<Path>) -> bool {
    let place = |m: fs::Metadata| (m.dev(), m.ino());
    let cwd = fs::metadata(process.as_ref().join("cwd")).map(place);
    cwd.is_ok_and(|cwd| fs::metadata(data).map(place).is_ok_and(|data| data == cwd))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A process that ended and that nobody waits for, until this is dropped.
    struct Zombie(std::process::Child);

    impl Zombie {
        fn new() -> Self {
            let mut child = Command::new("true").stdout(Stdio::piped()).spawn().unwrap();
            let stat = format!("/proc/{}/stat", child.id());
            io::Read::read_to_end(child.stdout.as_mut().unwrap(), &mut Vec::new()).unwrap();
            while !fs::read_to_string(&stat).unwrap().contains(") Z ") {
                std::thread::yield_now();
            }
            Self(child)
        }
    }

    impl Drop for Zombie {
        fn drop(&mut self) {
            self.0.wait().ok();
        }
    }

    fn data_naming(pid: u32) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::write(pid_file(data.path()), format!("{pid}\n{}\n", data.path().display())).unwrap();
        data
    }

    #[test]
    fn a_zombie_is_no_running_server_and_its_pid_file_goes() {
        let zombie = Zombie::new();
        let data = data_naming(zombie.0.id());

        assert_eq!(running(data.path()), None);

        forget_zombie(data.path()).unwrap();

        assert!(!pid_file(data.path()).exists());
    }

    #[test]
    fn a_stranger_with_the_old_number_is_no_running_server_and_is_left_to_postgres() {
        let data = data_naming(std::process::id());

        forget_zombie(data.path()).unwrap();

        assert_eq!(running(data.path()), None);
        assert!(pid_file(data.path()).exists());
    }

    #[test]
    fn a_helper_that_outlived_its_server_still_occupies_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let (data, program) = (folder.path().join("data"), folder.path().join("postgres"));
        fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink("/bin/cat", &program).unwrap();
        let mut helper = Command::new(&program).current_dir(&data).stdin(Stdio::piped()).spawn().unwrap();

        let while_there = occupied(&data);
        helper.kill().unwrap();
        helper.wait().unwrap();

        assert!(while_there);
        assert!(!occupied(&data));
    }
}
