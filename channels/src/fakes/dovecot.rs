//! A real Dovecot of a test's own: on a loopback port, in a folder of its own, with one user and one mailbox.
//!
//! It touches nothing of a Dovecot that this machine may run, works for root and for an ordinary user, and ends with the
//! value that stands for it.

mod settings;

use std::{
    fs::{self, File, FileTimes, Permissions},
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::settings::Setup;
use super::smtp::{Authority, Flaw};

const PROGRAM: &str = "/usr/sbin/dovecot";
const TOOL: &str = "/usr/bin/doveadm";

/// Who signs in.
pub const USER: &str = "parents";

/// With which password.
pub const PASSWORD: &str = "s3cret pass";

/// How long starting and stopping may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whose the mails are when root runs the tests: `nobody`, who owns nothing else.
const NOBODY: u32 = 65534;

/// A running server.
pub struct Dovecot {
    folder: TempDir,
    server: Option<Child>,
    port: u16,
    tls_port: u16,
    delivered: AtomicU64,
}

impl Dovecot {
    /// Starts a server without encryption that takes the password, and the tokens that this address knows
    /// ([`TokenServer::introspection_url`](super::token_server::TokenServer::introspection_url)).
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_with_tokens(introspection_url: &str) -> Option<Self> {
        Self::start_with(&Setup { introspection_url: Some(introspection_url), ..Setup::default() })
    }

    /// Starts a server without encryption. `None` where Dovecot is not installed and nobody insists on it.
    ///
    /// # Panics
    /// When it does not start, or is missing while `LIAISON_REQUIRE_TOOLS` is set.
    pub fn start() -> Option<Self> {
        Self::start_with(&Setup::default())
    }

    /// Starts a server that offers STARTTLS at [`port`](Self::port) and TLS at [`tls_port`](Self::tls_port), by a
    /// certificate for `localhost`.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_encrypted(authority: &Authority) -> Option<Self> {
        Self::start_with(&Setup { authority: Some(authority), ..Setup::default() })
    }

    /// The same, with something wrong with the certificate.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_with_flaw(authority: &Authority, flaw: Flaw) -> Option<Self> {
        Self::start_with(&Setup { authority: Some(authority), flaw, ..Setup::default() })
    }

    fn start_with(setup: &Setup<'_>) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            assert!(
                std::env::var_os("LIAISON_REQUIRE_TOOLS").is_none(),
                "{PROGRAM} (Debian's dovecot-imapd) is not installed"
            );
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        // Its processes run as several users.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open the folder");
        let [port, tls_port] = two_ports();
        let mut dovecot = Self { folder, server: None, port, tls_port, delivered: AtomicU64::new(0) };
        settings::write(&dovecot, setup);
        for part in ["tmp", "new", "cur"] {
            Self::make(&dovecot.maildir().join(part));
        }
        dovecot.launch();
        Some(dovecot)
    }

    /// Where it speaks plain, or STARTTLS.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it is encrypted from the first byte.
    pub const fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// Settings of a `kind = "imap"` channel that reads it without encryption; `more` is laid over them.
    ///
    /// # Panics
    /// When `more` is not an object.
    pub fn settings(&self, more: &Value) -> Value {
        let mut settings = json!({
            "host": "127.0.0.1", "port": self.port, "tls": "none",
            "username": USER, "password_file": self.at("password"),
            "addresses": ["parents@northfield.example"], "deadline_secs": 10.0,
        });
        let more = more.as_object().expect("an object").clone();
        settings.as_object_mut().expect("an object").extend(more);
        settings
    }

    /// Puts a mail into the mailbox, as a delivery agent does. Its lines are to end in CR LF, as Dovecot shows them.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn deliver(&self, raw: &[u8]) {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        // Dovecot numbers by the time in the name.
        let name = format!("{}.M1P1Q{number}.liaison", 1_700_000_000 + number);
        let (unfinished, whole) =
            (self.maildir().join("tmp").join(&name), self.maildir().join("new").join(&name));
        let mut file = File::create(&unfinished).expect("a file for the mail");
        file.write_all(raw).expect("write the mail");
        file.set_times(FileTimes::new().set_modified(SystemTime::now())).expect("date the mail");
        give(&unfinished);
        fs::rename(unfinished, whole).expect("deliver the mail");
    }

    /// Makes a folder beside the inbox, by the name that people read.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn make_folder(&self, name: &str) {
        self.tool(&["mailbox", "create", "-u", USER, name]);
    }

    /// Puts a mail into a folder, as a filter on the server does.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn file(&self, folder: &str, raw: &[u8]) {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let path = self.at(&format!("filed-{number}"));
        fs::write(&path, raw).expect("write the mail");
        // It reads the mail as its own user does.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("open the mail");
        self.tool(&["save", "-u", USER, "-m", folder, &path.display().to_string()]);
    }

    /// Marks a mail as read, as somebody at a mail program does.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn mark_read(&self, uid: u32) {
        self.tool(&["flags", "add", "-u", USER, "\\Seen", "mailbox", "INBOX", "uid", &uid.to_string()]);
    }

    /// Deletes a mail, as somebody at a mail program does.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn expunge(&self, uid: u32) {
        self.tool(&["expunge", "-u", USER, "mailbox", "INBOX", "uid", &uid.to_string()]);
    }

    /// UID and marks of each mail, such as `3 \Seen`; `\Recent`, which any visit changes, is left out.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn marks(&self) -> Vec<String> {
        let told = self.tool(&["-f", "flow", "fetch", "-u", USER, "uid flags", "mailbox", "INBOX", "all"]);
        let lines = told.lines().map(|line| {
            let words = line.split([' ', '=']).filter(|word| !["uid", "flags", "\\Recent"].contains(word));
            words.collect::<Vec<_>>().join(" ").trim().to_owned()
        });
        lines.collect()
    }

    /// Numbers the mailbox anew: the next look finds another `UIDVALIDITY`.
    ///
    /// # Panics
    /// When `doveadm` fails.
    pub fn change_uidvalidity(&self, to: u32) {
        self.kill_sessions();
        self.tool(&["mailbox", "update", "-u", USER, "--uid-validity", &to.to_string(), "INBOX"]);
    }

    /// Ends every session of the user, as a server does that is short of memory.
    pub fn kill_sessions(&self) {
        // It fails where there are none.
        let _ = self.run(&["kick", USER]);
    }

    /// Stops the server and starts it again, on the same port and with the same mails.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    /// Stops the server; [`restart`](Self::restart) brings it back.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // The processes of open sessions outlive the master for a while; they are of its group, which is ours alone.
        let group = format!("-{}", server.id());
        let to_all = |signal: &str| {
            let kill = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            kill.is_ok_and(|done| done.success())
        };
        to_all("-TERM");
        let until = Instant::now() + PATIENCE;
        let mut ended = false;
        while !ended || to_all("-0") {
            ended |= server.try_wait().expect("wait for dovecot").is_some();
            if Instant::now() > until {
                to_all("-KILL");
            }
            std::thread::yield_now();
        }
    }

    fn launch(&mut self) {
        let log = File::create(self.at("start.log")).expect("a log");
        let mut command = Command::new(PROGRAM);
        command.args(["-F", "-c"]).arg(self.at("dovecot.conf")).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("the log")).stderr(log);
        command.process_group(0);
        self.server = Some(command.spawn().expect("start dovecot"));
        let until = Instant::now() + PATIENCE;
        while !greets(self.port) {
            let ended =
                self.server.as_mut().is_some_and(|server| server.try_wait().is_ok_and(|end| end.is_some()));
            assert!(!ended && Instant::now() < until, "dovecot does not start: {}", self.log());
            std::thread::yield_now();
        }
    }

    /// What the server said to its log.
    pub fn log(&self) -> String {
        ["start.log", "log"].iter().filter_map(|name| fs::read_to_string(self.at(name)).ok()).collect()
    }

    fn tool(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments).expect("run doveadm");
        assert!(done.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    fn run(&self, arguments: &[&str]) -> io::Result<std::process::Output> {
        Command::new(TOOL)
            .arg("-c")
            .arg(self.at("dovecot.conf"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
    }

    /// The server's certificate, as PEM.
    ///
    /// # Panics
    /// When it does not encrypt.
    pub fn certificate(&self) -> String {
        fs::read_to_string(self.at("cert.pem")).expect("it has a certificate")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn maildir(&self) -> PathBuf {
        self.at("mail")
    }

    fn make(path: &Path) {
        fs::create_dir_all(path).expect("a folder for mails");
        give(path);
        give(path.parent().expect("its parent"));
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes the mails' owner of it.
fn give(path: &Path) {
    if settings::is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("give it to nobody");
    }
}

/// Two ports that were free a moment ago: Dovecot wants to be told numbers.
fn two_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("its number").port())
}

fn greets(port: u16) -> bool {
    let Ok(mut line) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut greeting = [0; 4];
    line.set_read_timeout(Some(PATIENCE)).is_ok()
        && line.read_exact(&mut greeting).is_ok()
        && &greeting == b"* OK"
}
