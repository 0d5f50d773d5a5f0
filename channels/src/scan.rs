//! Files that strangers send, looked at by the ClamAV daemon of this machine.
//!
//! The bytes go over the daemon's own socket (clamd's protocol, command `INSTREAM`: docs.clamav.net, "ClamD Protocol",
//! and clamd(8)), so the daemon needs no right to read our files. Nothing but a plain "OK" counts as clean: silence, a
//! cut line, an error and words that are not understood are [`Verdict::Unknown`].

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{
    error::OpenError,
    settings::{bad, seconds, within},
};

/// Bytes handed over at once; far below every length that clamd may be set to.
const CHUNK: usize = 64 * 1024;

/// The longest answer that is read, in bytes. clamd's own are shorter than a hundred.
const ANSWER: u64 = 4096;

/// The longest name of a find that is kept, in characters.
const NAME: usize = 100;

/// The file that every scanner must find, in two pieces, so that no scanner finds it in our own program
/// (eicar.org, "Download Anti Malware Testfile").
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAND", "ARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// The section `[scanning]` of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanningConfig {
    /// Where clamd listens: the path of its socket (`LocalSocket` in clamd.conf), such as `/run/clamav/clamd.ctl`, or an
    /// address of this machine with a port, such as `127.0.0.1:3310` (`TCPSocket`). Files go over it as they are, so
    /// another machine is refused.
    pub clamd: String,
    /// Seconds for one file, from reaching clamd to its verdict, 1 to 300.
    #[serde(default = "a_minute")]
    pub timeout_secs: u64,
    /// The largest file that is handed over, in bytes, 1 to 2,000,000,000; what is larger stays unknown.
    ///
    /// It must not be more than clamd's `StreamMaxLength`, `MaxFileSize` and `MaxScanSize`: above the last two clamd
    /// says "OK" without having looked, unless its `AlertExceedsMax` is on. The default is the smallest of theirs in
    /// the versions still in use, 25 MiB; unverified for other packagers' files.
    #[serde(default = "twenty_five_mebibytes")]
    pub largest_bytes: usize,
}

const fn a_minute() -> u64 {
    60
}

const fn twenty_five_mebibytes() -> usize {
    25 * 1024 * 1024
}

/// What the scanner says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was looked at, and nothing was found.
    Clean,
    /// Something was found: its name in the scanner's lists, at most 100 plain characters.
    Found(String),
    /// Nobody knows; it must not be taken for clean.
    Unknown(Why),
}

/// Why nobody knows. Its words are for staff and logs: they name no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is larger than is handed over, or than clamd takes.
    TooLarge,
    /// clamd gave up at one of its limits, such as the depth of archives, and looked at a part only.
    NotWholly,
    /// clamd cannot be reached.
    Unreachable,
    /// clamd's socket may not be opened by us.
    Forbidden,
    /// clamd did not answer in time.
    Slow,
    /// The line was cut before the whole answer.
    Cut,
    /// clamd reports an error of its own.
    Failed,
    /// The answer is not one of clamd's.
    NotUnderstood,
    /// clamd answers, and does not find even the file that is made to be found: its lists are missing.
    Blind,
}

impl Why {
    /// Whether the same file may get a verdict later, without anybody changing it or the limits.
    pub const fn may_pass(self) -> bool {
        !matches!(self, Self::TooLarge | Self::NotWholly)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "It is larger than the virus scanner takes.",
            Self::NotWholly => "The virus scanner came to one of its limits and looked at a part only.",
            Self::Unreachable => {
                "The virus scanner cannot be reached: see that clamd runs, and where it listens."
            }
            Self::Forbidden => {
                "The virus scanner's socket may not be opened: give Liaison's user the right to."
            }
            Self::Slow => "The virus scanner did not answer in time.",
            Self::Cut => "The virus scanner hung up before its whole answer.",
            Self::Failed => "The virus scanner reports an error: see its log.",
            Self::NotUnderstood => "What answers is not the virus scanner: see where clamd listens.",
            Self::Blind => {
                "The virus scanner does not find the test file: see that freshclam has fetched its lists."
            }
        })
    }
}

/// The way to clamd.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Socket(PathBuf),
    Port(SocketAddr),
}

/// A client of clamd. Each question has a line of its own, so it may be asked from many places at once.
#[derive(Debug, Clone)]
pub struct Scanner {
    place: Place,
    deadline: Duration,
    largest: usize,
}

impl Scanner {
    /// Checks the settings; nothing is reached yet.
    ///
    /// # Errors
    /// A place that is neither a path nor an address of this machine, and numbers out of their range.
    pub fn open(config: &ScanningConfig) -> Result<Self, OpenError> {
        Ok(Self {
            place: place(&config.clamd)?,
            deadline: seconds("scanning.timeout_secs", config.timeout_secs)?,
            largest: within("scanning.largest_bytes", config.largest_bytes, 1, 2_000_000_000)?,
        })
    }

    /// Has a file looked at. Never fails: what went wrong is in [`Verdict::Unknown`].
    pub async fn scan(&self, file: &[u8]) -> Verdict {
        if file.len() > self.largest {
            return Verdict::Unknown(Why::TooLarge);
        }
        match self.ask(b"zINSTREAM\0", Some(file)).await {
            Ok(answer) => verdict(&answer),
            Err(why) => Verdict::Unknown(why),
        }
    }

    /// Proves that clamd answers and finds what it must; gives what it calls itself, with the age of its lists.
    ///
    /// # Errors
    /// The reason why files would stay unknown.
    pub async fn probe(&self) -> Result<String, Why> {
        if self.ask(b"zPING\0", None).await? != "PONG" {
            return Err(Why::NotUnderstood);
        }
        let version = self.ask(b"zVERSION\0", None).await?;
        if !version.starts_with("ClamAV ") {
            return Err(Why::NotUnderstood);
        }
        match self.scan(EICAR.concat().as_bytes()).await {
            Verdict::Found(_) => Ok(plain(&version)),
            Verdict::Clean => Err(Why::Blind),
            Verdict::Unknown(why) => Err(why),
        }
    }

    /// One question and its answer, without the NUL that ends both.
    async fn ask(&self, command: &[u8], file: Option<&[u8]>) -> Result<String, Why> {
        let asked = async {
            match &self.place {
                Place::Socket(path) => {
                    talk(UnixStream::connect(path).await.map_err(|error| unreachable(&error))?, command, file)
                        .await
                }
                Place::Port(address) => {
                    talk(
                        TcpStream::connect(address).await.map_err(|error| unreachable(&error))?,
                        command,
                        file,
                    )
                    .await
                }
            }
        };
        timeout(self.deadline, asked).await.unwrap_or(Err(Why::Slow))
    }
}

fn place(text: &str) -> Result<Place, OpenError> {
    let text = text.trim();
    if text.starts_with('/') {
        return Ok(Place::Socket(PathBuf::from(text)));
    }
    let numbered = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    match numbered.parse::<SocketAddr>() {
        Ok(address) if is_here(address.ip()) && address.port() > 0 => Ok(Place::Port(address)),
        Ok(_) => Err(bad(
            "scanning.clamd must be on this machine, as files go to it unencrypted: name its socket, such as \
                          /run/clamav/clamd.ctl, or an address such as 127.0.0.1:3310",
        )),
        Err(_) => Err(bad(
            "scanning.clamd must be the path of clamd's socket, such as /run/clamav/clamd.ctl, or an address \
                           of this machine with a port, such as 127.0.0.1:3310",
        )),
    }
}

fn is_here(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn unreachable(error: &io::Error) -> Why {
    if error.kind() == io::ErrorKind::PermissionDenied { Why::Forbidden } else { Why::Unreachable }
}

/// Hands over while it listens: clamd says that a file is too large, and hangs up, while we are still sending it.
async fn talk(line: impl AsyncRead + AsyncWrite, command: &[u8], file: Option<&[u8]>) -> Result<String, Why> {
    let (read, write) = tokio::io::split(line);
    let answer = answer(read);
    let given = give(write, command, file);
    tokio::pin!(answer, given);
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        // A line that takes no more may still hold the answer that says why.
        _ = &mut given => {}
    }
    answer.await
}

async fn give(mut line: impl AsyncWrite + Unpin, command: &[u8], file: Option<&[u8]>) -> io::Result<()> {
    line.write_all(command).await?;
    if let Some(file) = file {
        for chunk in file.chunks(CHUNK) {
            let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
            line.write_all(&length.to_be_bytes()).await?;
            line.write_all(chunk).await?;
        }
        line.write_all(&[0; 4]).await?;
    }
    line.flush().await
}

async fn answer(line: impl AsyncRead + Unpin) -> Result<String, Why> {
    let mut line = line.take(ANSWER);
    let mut said = Vec::new();
    let mut piece = [0; 512];
    loop {
        let count = line.read(&mut piece).await.map_err(|_| Why::Cut)?;
        let piece = piece.get(..count).unwrap_or_default();
        if let Some(end) = piece.iter().position(|byte| *byte == 0) {
            said.extend_from_slice(piece.get(..end).unwrap_or_default());
            return String::from_utf8(said).map_err(|_| Why::NotUnderstood);
        }
        said.extend_from_slice(piece);
        if count == 0 {
            return Err(if line.limit() == 0 { Why::NotUnderstood } else { Why::Cut });
        }
    }
}

/// What an answer to `INSTREAM` says (clamd(8); the words of its errors stand in clamd/session.c).
fn verdict(answer: &str) -> Verdict {
    if answer == "stream: OK" {
        return Verdict::Clean;
    }
    // One line is one answer: of two, neither is believed.
    if answer.contains(char::is_control) {
        return Verdict::Unknown(Why::NotUnderstood);
    }
    if answer.starts_with("INSTREAM size limit exceeded") {
        return Verdict::Unknown(Why::TooLarge);
    }
    if answer.ends_with(" ERROR") {
        return Verdict::Unknown(Why::Failed);
    }
    match answer.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND")) {
        // `AlertExceedsMax`: nothing was found, and not all was looked at.
        Some(name) if name.starts_with("Heuristics.Limits.Exceeded") => Verdict::Unknown(Why::NotWholly),
        Some(name) if !name.trim().is_empty() => Verdict::Found(plain(name)),
        _ => Verdict::Unknown(Why::NotUnderstood),
    }
}

/// Words that may go into a log and onto a page.
fn plain(words: &str) -> String {
    words
        .chars()
        .map(|sign| if sign.is_ascii_graphic() || sign == ' ' { sign } else { '?' })
        .take(NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_verdict_and_only_a_plain_ok_is_clean() {
        let unknown = Verdict::Unknown;
        let table = [
            ("stream: OK", Verdict::Clean),
            ("stream: Eicar-Signature FOUND", Verdict::Found("Eicar-Signature".to_owned())),
            ("stream: Win.Test.EICAR_HDB-1 FOUND", Verdict::Found("Win.Test.EICAR_HDB-1".to_owned())),
            ("stream: A b\u{202e}c FOUND", Verdict::Found("A b?c".to_owned())),
            ("stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", unknown(Why::NotWholly)),
            ("stream: Heuristics.Encrypted.PDF FOUND", Verdict::Found("Heuristics.Encrypted.PDF".to_owned())),
            ("INSTREAM size limit exceeded. ERROR", unknown(Why::TooLarge)),
            ("stream: Can't allocate memory ERROR", unknown(Why::Failed)),
            ("INSTREAM: Can't write to temporary file. ERROR", unknown(Why::Failed)),
            ("COMMAND READ TIMED OUT ERROR", unknown(Why::Failed)),
            ("UNKNOWN COMMAND", unknown(Why::NotUnderstood)),
            ("stream:  FOUND", unknown(Why::NotUnderstood)),
            ("stream: FOUND", unknown(Why::NotUnderstood)),
            ("stream: OK FOUND OK", unknown(Why::NotUnderstood)),
            ("stream: OK\nstream: X FOUND", unknown(Why::NotUnderstood)),
            ("OK", unknown(Why::NotUnderstood)),
            ("stream: ok", unknown(Why::NotUnderstood)),
            ("", unknown(Why::NotUnderstood)),
        ];
        for (answer, expected) in table {
            assert_eq!(verdict(answer), expected, "{answer}");
        }
    }

    #[test]
    fn clamd_is_named_by_its_socket_or_by_an_address_of_this_machine() {
        let good = ["/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "localhost:3310", "127.9.9.9:1"];
        let refused = [
            "",
            "clamd.ctl",
            "10.0.0.2:3310",
            "clamd.example:3310",
            "127.0.0.1",
            "127.0.0.1:0",
            "0.0.0.0:3310",
            "[::]:1",
        ];

        for text in good {
            assert!(place(text).is_ok(), "{text}");
        }
        for text in refused {
            let said = place(text).expect_err(text).to_string();
            assert!(
                said.starts_with("scanning.clamd must be") && said.contains("/run/clamav/clamd.ctl"),
                "{said}"
            );
        }
    }
}
