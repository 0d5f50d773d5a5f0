//! Postfix's own test server, which keeps each mail it takes as a file.

use std::{
    fs::{self, Permissions},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/smtp-sink";

/// A running server; it ends with the test.
pub(crate) struct Sink {
    server: Child,
    pub(crate) port: u16,
    kept: TempDir,
}

impl Sink {
    /// Starts it. `None` where Postfix is not installed and nobody insists on it.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            assert!(
                std::env::var_os("LIAISON_REQUIRE_TOOLS").is_none(),
                "{PROGRAM} (Postfix) is not installed"
            );
            eprintln!("skipped: {PROGRAM} (Postfix) is not installed");
            return None;
        }
        let kept = TempDir::new().expect("a folder");
        fs::set_permissions(kept.path(), Permissions::from_mode(0o777)).expect("open the folder");
        let port =
            TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("its number").port();
        let mut command = Command::new(PROGRAM);
        // Started as root it must be told whom to become.
        if fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
            command.args(["-u", "nobody"]);
        }
        let template = kept.path().join("mail.").display().to_string();
        command.args(["-d", &template, &format!("127.0.0.1:{port}"), "100"]);
        let sink = Self { server: command.spawn().expect("start smtp-sink"), port, kept };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "smtp-sink does not listen");
            std::thread::yield_now();
        }
        Some(sink)
    }

    /// The files it kept, one a mail: its envelope as `X-…` lines, then the mail.
    pub(crate) fn mails(&self) -> Vec<String> {
        let files =
            fs::read_dir(self.kept.path()).expect("the folder").map(|file| file.expect("a file").path());
        let mails = files.map(|file| fs::read(file).expect("a mail"));
        mails
            .map(|mail| String::from_utf8_lossy(&mail).into_owned())
            .filter(|mail| !mail.is_empty())
            .collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
