//! A real mail server of a test's own, Postfix or Exim: on a loopback port, in a folder of its own.
//!
//! It has one mailbox, a Maildir; it hands mail for `post.example` to the server it is told, and gives up at the first
//! try, so that a bounce comes at once. It touches nothing of a mail server that this machine may run, and ends with the
//! value that stands for it. It needs root, as both servers do.

mod exim;
mod postfix;

use std::{
    fs::{self, File, Permissions},
    io::Read as _,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::smtp::Authority;

/// The one mailbox.
pub const MAILBOX: &str = "parents@northfield.example";

/// A mailbox that is full, kept by Dovecot's delivery agent, which refuses for good.
pub const FULL: &str = "full@northfield.example";

/// Another, whose agent hopes that it will be emptied.
pub const FULL_FOR_NOW: &str = "full-for-now@northfield.example";

/// The largest message that is taken, in bytes.
pub const LARGEST: usize = 1_000_000;

/// How long starting and stopping may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Mta {
    kind: Kind,
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Debian's `postfix`.
    Postfix,
    /// Debian's `exim4-daemon-light`, unpacked beside Postfix: see `deploy/packages.sh`.
    Exim,
}

impl Mta {
    /// Starts a server that hands mail for `post.example` to `next_hop`, and offers STARTTLS by a certificate for
    /// `localhost`. `None`, with a line that says so, where it cannot run and nobody insists on it.
    ///
    /// # Panics
    /// When it does not start, or is missing while `LIAISON_REQUIRE_TOOLS` is set.
    pub fn start(kind: Kind, next_hop: SocketAddr, authority: &Authority) -> Option<Self> {
        if let Some(lacking) = lacking(kind) {
            eprintln!("skipped: {lacking}");
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        // Its processes run as several users.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open the folder");
        let mut mta = Self { kind, folder, port: free_port(), server: None };
        let (certificate, key) = authority.certify("localhost");
        for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
            fs::write(mta.at(name), text).expect("write certificate and key");
        }
        match kind {
            Kind::Postfix => postfix::set_up(&mta, next_hop),
            Kind::Exim => exim::set_up(&mta, next_hop),
        }
        mta.launch();
        Some(mta)
    }

    /// Which server it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Settings of a `kind = "smtp"` channel that sends by it without encryption; `more` is laid over them.
    ///
    /// # Panics
    /// When `more` is not an object.
    pub fn settings(&self, more: &Value) -> Value {
        let mut settings = json!({
            "host": "127.0.0.1", "port": self.port, "tls": "none", "from": format!("Northfield School <{MAILBOX}>"),
        });
        let more = more.as_object().expect("an object").clone();
        settings.as_object_mut().expect("an object").extend(more);
        settings
    }

    /// The mailbox on the disk.
    pub fn maildir(&self) -> PathBuf {
        self.at("mail").join("parents")
    }

    /// Stops the server and starts it again, on the same port and with the same mails.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    /// What the server said to its log.
    pub fn log(&self) -> String {
        ["start.log", "log", "logs/mainlog", "logs/paniclog"]
            .iter()
            .filter_map(|name| fs::read_to_string(self.at(name)).ok())
            .collect()
    }

    /// Stops the server; [`restart`](Self::restart) brings it back.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Of its groups are only processes of its own.
        let mut groups = vec![server.id().to_string()];
        groups.extend(if self.kind == Kind::Postfix { postfix::group(self) } else { None });
        let to_all = |signal: &str| {
            let of = |group: &String| {
                let args = [signal, "--", &format!("-{group}")];
                Command::new("kill")
                    .args(args)
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|done| done.success())
            };
            groups.iter().map(of).fold(false, |any, one| any | one)
        };
        to_all("-TERM");
        let until = Instant::now() + PATIENCE;
        while server.try_wait().expect("wait for the server").is_none() || to_all("-0") {
            if Instant::now() > until {
                to_all("-KILL");
            }
            std::thread::yield_now();
        }
    }

    fn launch(&mut self) {
        let log = File::create(self.at("start.log")).expect("a log");
        let mut command = match self.kind {
            Kind::Postfix => postfix::command(self),
            Kind::Exim => exim::command(self),
        };
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log).process_group(0);
        self.server = Some(command.spawn().expect("start the server"));
        let until = Instant::now() + PATIENCE;
        while !greets(self.port) {
            let ended =
                self.server.as_mut().is_some_and(|server| server.try_wait().is_ok_and(|end| end.is_some()));
            assert!(!ended && Instant::now() < until, "{:?} does not start: {}", self.kind, self.log());
            std::thread::yield_now();
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Mta {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Why it cannot run here. A program that is missing fails the tests that want it where the tools are insisted upon; who
/// we are, and what we may, they cannot change.
fn lacking(kind: Kind) -> Option<String> {
    if !is_root() {
        return Some(format!("{kind:?} needs root"));
    }
    let program = match kind {
        Kind::Postfix => PathBuf::from(postfix::PROGRAM),
        Kind::Exim => exim::program(),
    };
    if !program.exists() {
        let missing = format!("{} is not installed", program.display());
        assert!(std::env::var_os("LIAISON_REQUIRE_TOOLS").is_none(), "{missing}");
        return Some(missing);
    }
    (kind == Kind::Exim && !exim::can_run())
        .then(|| "Exim needs a root who may mount, to be shown its user".to_owned())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// A port that was free a moment ago: both servers want to be told numbers.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its number").port()
}

fn greets(port: u16) -> bool {
    let Ok(mut line) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut greeting = [0; 4];
    line.set_read_timeout(Some(PATIENCE)).is_ok()
        && line.read_exact(&mut greeting).is_ok()
        && &greeting == b"220 "
}

/// Dovecot's delivery agent, of Debian's `dovecot-core`.
const AGENT: &str = "/usr/lib/dovecot/dovecot-lda";

/// Sets up the mailboxes that are full from the first mail on, for this user.
fn set_up_full(mta: &Mta, user: u32) {
    for (name, for_now) in [("full", "no"), ("full-for-now", "yes")] {
        give(&mta.at(name), user);
        let settings =
            QUOTA.replace("@folder@", &mta.at(name).display().to_string()).replace("@tempfail@", for_now);
        fs::write(mta.at(&format!("{name}.conf")), settings).expect("write the agent's settings");
    }
}

const QUOTA: &str = "
base_dir = @folder@/run
state_dir = @folder@/state
log_path = @folder@/log
mail_location = maildir:@folder@/mail
mail_plugins = quota
quota_full_tempfail = @tempfail@
hostname = mail.northfield.example
postmaster_address = postmaster@northfield.example
ssl = no
plugin {
  quota = maildir:User quota
  quota_rule = *:bytes=10
}
";

/// Makes a folder that belongs to this user.
fn give(path: &Path, user: u32) {
    fs::create_dir_all(path).expect("a folder");
    std::os::unix::fs::chown(path, Some(user), Some(user)).expect("give it away");
}
