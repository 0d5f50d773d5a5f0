//! The real program as a process.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use tokio::process::{Child, Command};

use crate::place::signal_to;

/// `liaison serve`; it dies with this value.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it; its log is appended to `daemon.log` beside the settings.
    pub(crate) fn start(config: &Path) -> Self {
        let log = log_file(config);
        let file: File = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = program(config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("a daemon that runs")
    }

    /// `kill -9`. Returns when it is gone.
    pub(crate) async fn kill(mut self) {
        self.assert_alive();
        self.child.kill().await.unwrap();
    }

    /// A soft stop. Returns when it is gone; the promise is within 25 seconds.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        self.assert_alive();
        signal_to("-TERM", self.pid());
        let ended = tokio::time::timeout(Duration::from_secs(28), self.child.wait()).await;
        ended.expect("the daemon does not stop").unwrap()
    }

    /// A daemon that ended by itself is a finding of its own.
    pub(crate) fn assert_alive(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "the daemon ended by itself");
    }
}

/// Runs a command of the program to its end, which must be good.
pub(crate) async fn run(config: &Path, arguments: &[&str]) -> Output {
    let output = program(config).args(arguments).stdin(Stdio::null()).output().await.unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "liaison {arguments:?}: {}\n{said}\n{wrong}", output.status);
    output
}

/// Where the log is.
pub(crate) fn log_file(config: &Path) -> PathBuf {
    config.with_file_name("daemon.log")
}

/// Nothing of the environment reaches it: a variable could be a setting.
fn program(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").arg("--config").arg(config);
    command
}
