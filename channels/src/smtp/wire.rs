//! The line to the server: bytes out, replies in, each within its time.
//!
//! Liaison speaks SMTP itself and uses lettre only to encode mail. lettre's own connection writes body and final dot
//! apart, cannot pipeline, and keeps what it had read before `STARTTLS` for after it, so that somebody on the way
//! could slip in answers, a false "taken" among them.

use std::{io, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use super::reply::Reply;
use crate::{
    line::Io,
    wire_log::{Recorder, STRUCK},
};

/// How a line fails. Whatever it is, the line must not be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Closed or reset by the other side.
    Closed,
    /// Silent beyond the time allowed.
    Late,
    /// What came is no reply, or not one that can stand here.
    Garbled,
}

/// Which replies are written down with their words, and which by their digits alone: words about the recipient or the
/// message may repeat them. Those that decided stand with the attempt, in `said`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// All: what is talked about is the line, the login and the sender.
    Kept,
    /// A yes, in which servers name their queue. A no is about the message.
    KeptOfYes,
    /// None: they are about the recipient.
    Struck,
}

impl Words {
    const fn are_kept(self, reply: &Reply) -> bool {
        match self {
            Self::Kept => true,
            Self::KeptOfYes => reply.is_yes(),
            Self::Struck => false,
        }
    }
}

impl Broken {
    const fn as_words(self) -> &'static str {
        match self {
            Self::Closed => "the line was closed",
            Self::Late => "nothing came in time",
            Self::Garbled => "what came is no reply",
        }
    }
}

/// A write that did not end well.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// How many bytes left our hands; those beyond it certainly did not.
    pub(super) given: usize,
    /// What happened.
    pub(super) how: Broken,
}

/// A connected line.
pub(super) struct Wire {
    io: Box<dyn Io>,
    unread: Vec<u8>,
    /// Where what is said is written down: the attempt that uses the line now.
    pub(super) recorder: Recorder,
    /// Which replies are written down with their words.
    pub(super) words: Words,
}

impl Wire {
    /// Wraps a stream on which nothing has been read.
    pub(super) fn new(io: Box<dyn Io>, recorder: Recorder) -> Self {
        Self { io, unread: Vec::with_capacity(4096), recorder, words: Words::Kept }
    }

    /// Writes all bytes within `limit`.
    pub(super) async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Unwritten> {
        let mut given = 0;
        let writing = async {
            while let Some(rest) = bytes.get(given..).filter(|rest| !rest.is_empty()) {
                match self.io.write(rest).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => given += count,
                }
            }
            self.io.flush().await
        };
        let how = match timeout(limit, writing).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => Broken::Closed,
            Err(_) => Broken::Late,
        };
        self.recorder.broke(&format!("{} after {given} bytes", how.as_words()));
        Err(Unwritten { given, how })
    }

    /// Reads the next reply within `limit`.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, Broken> {
        let heard = self.next_reply(limit).await;
        match &heard {
            Ok(reply) if self.words.are_kept(reply) => self.recorder.heard(&reply.said()),
            Ok(reply) => self.recorder.heard(&format!("{} {STRUCK}", reply.label())),
            Err(how) => self.recorder.broke(how.as_words()),
        }
        heard
    }

    async fn next_reply(&mut self, limit: Duration) -> Result<Reply, Broken> {
        let until = Instant::now() + limit;
        loop {
            if let Some((reply, used)) = Reply::read(&self.unread).map_err(|_| Broken::Garbled)? {
                self.unread.drain(..used);
                return Ok(reply);
            }
            self.unread.reserve(1024);
            match timeout_at(until, self.io.read_buf(&mut self.unread)).await {
                Ok(Ok(0) | Err(_)) => return Err(Broken::Closed),
                Ok(Ok(_)) => {}
                Err(_) => return Err(Broken::Late),
            }
        }
    }

    /// Whether every reply that was read has been taken. If not, replies and commands no longer match.
    pub(super) fn is_in_step(&self) -> bool {
        self.unread.is_empty()
    }

    /// Whether nothing has come in unasked, not even the end. Looks without waiting.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.is_in_step() && self.io.read_buf(&mut self.unread).now_or_never().is_none()
    }

    /// The bare stream, to be encrypted. Refused when something was read ahead: it would be believed as encrypted.
    pub(super) fn into_io(self) -> Result<Box<dyn Io>, Broken> {
        if self.unread.is_empty() { Ok(self.io) } else { Err(Broken::Garbled) }
    }
}
