//! Lines as a strict server reads them: CR LF ends a line, and neither stands anywhere else.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A byte stream, plain or encrypted.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Reads lines and writes answers.
pub(super) struct Lines {
    io: Box<dyn Io>,
    unread: Vec<u8>,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum NoLine {
    /// The client is gone.
    Gone,
    /// The client broke a rule.
    Broken(&'static str),
}

impl From<io::Error> for NoLine {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl Lines {
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self { io, unread: Vec::new() }
    }

    /// The next line without its end.
    pub(super) async fn next(&mut self) -> Result<String, NoLine> {
        self.next_within(998).await
    }

    /// The next line of a sign-in, which may be longer than any other (RFC 4954 §4).
    pub(super) async fn next_of_sign_in(&mut self) -> Result<String, NoLine> {
        self.next_within(12_286).await
    }

    async fn next_within(&mut self, most: usize) -> Result<String, NoLine> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=end).collect();
                line.pop();
                if line.pop() != Some(b'\r') {
                    return Err(NoLine::Broken("a bare LF"));
                }
                return read(line, most);
            }
            if self.io.read_buf(&mut self.unread).await? == 0 {
                return Err(NoLine::Gone);
            }
        }
    }

    /// Whether the client has already said more.
    pub(super) fn more(&self) -> bool {
        !self.unread.is_empty()
    }

    pub(super) async fn say(&mut self, text: &str) -> Result<(), NoLine> {
        self.io.write_all(format!("{text}\r\n").as_bytes()).await?;
        Ok(self.io.flush().await?)
    }

    /// Waits until the client hangs up.
    pub(super) async fn until_gone(&mut self) {
        while self.io.read_buf(&mut self.unread).await.is_ok_and(|count| count > 0) {
            self.unread.clear();
        }
    }

    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.io
    }
}

fn read(line: Vec<u8>, most: usize) -> Result<String, NoLine> {
    if line.len() > most {
        return Err(NoLine::Broken("a line that is too long"));
    }
    if line.contains(&b'\r') {
        return Err(NoLine::Broken("a bare CR"));
    }
    if line.contains(&0) {
        return Err(NoLine::Broken("a NUL"));
    }
    String::from_utf8(line).map_err(|_| NoLine::Broken("bytes that are not UTF-8"))
}
