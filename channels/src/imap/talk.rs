//! Commands out, answers in, each within its time.
//!
//! async-imap reads and parses what the server says. The commands are written here, because its own forget whether a
//! `FETCH` was refused, and would trace a password.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_imap::{
    Client,
    imap_proto::{MailboxDatum, RequestId, Response, ResponseCode, Status},
    types::Capability,
};
use secrecy::zeroize::Zeroizing;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::{Instant, timeout, timeout_at},
};

use super::trouble::Snag;
use crate::{line::Io, oauth::is_without_mailbox, private::Private};

/// The stream async-imap works on, which shows nothing of itself.
struct Wire(Box<dyn Io>);

/// A conversation with a server.
pub(super) struct Talk {
    client: Client<Wire>,
    commands: u32,
    deadline: Duration,
    /// The server spoke of mail that has arrived since this was last set to `false`. It does so once.
    pub(super) stirred: bool,
}

/// What came while nothing was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Mail has arrived.
    Mail,
    /// The server waits for what we have to say.
    GoOn,
    /// Something that is of no concern: a keepalive, a mail that was read or removed by others.
    Murmur,
    /// The server says no to what it was asked, and waits for the next command.
    No,
    /// Nothing, until the time given.
    Nothing,
}

/// A sign-in that failed.
pub(super) struct Refused {
    pub(super) snag: Snag,
    /// In which words, which may name an address.
    pub(super) words: Private<String>,
}

impl From<Snag> for Refused {
    fn from(snag: Snag) -> Self {
        Self { snag, words: Private::default() }
    }
}

impl Talk {
    /// On a stream of which nothing has been read.
    pub(super) fn new(io: Box<dyn Io>, deadline: Duration) -> Self {
        Self { client: Client::new(Wire(io)), commands: 0, deadline, stirred: false }
    }

    /// The bare stream, to be encrypted. What was read ahead is dropped: nobody can slip in an answer.
    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.client.into_inner().0
    }

    /// RFC 9051 §7.1: the greeting comes unasked and must be read before anything is said. Tells its status.
    pub(super) async fn greeting(&mut self) -> Result<Status, Snag> {
        self.next(|response| match response {
            Response::Data { status: Status::Ok, .. } => Ok(Status::Ok),
            Response::Data { status: Status::PreAuth, .. } => Ok(Status::PreAuth),
            Response::Data { .. } => Err(Snag::Cut),
            _ => Err(Snag::Garbled),
        })
        .await?
    }

    /// Says a command and shows every untagged answer to `each`, to the last: none is left over for the next command.
    pub(super) async fn command(
        &mut self,
        command: &str,
        each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), Snag> {
        let tag = self.begin(command).await?;
        self.finish(&tag, each).await
    }

    /// Says a command, and no more.
    pub(super) async fn begin(&mut self, command: &str) -> Result<RequestId, Snag> {
        self.commands += 1;
        let tag = format!("L{}", self.commands);
        self.say(&Zeroizing::new(format!("{tag} {command}"))).await?;
        Ok(RequestId(tag))
    }

    /// Says a line that is no command of its own.
    pub(super) async fn say(&mut self, line: &str) -> Result<(), Snag> {
        let bytes = Zeroizing::new(format!("{line}\r\n"));
        let wire = self.client.get_mut();
        let writing = async {
            wire.write_all(bytes.as_bytes()).await?;
            wire.flush().await
        };
        match timeout(self.deadline, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Snag::Cut),
            Err(_) => Err(Snag::Late),
        }
    }

    /// Hears a command out.
    pub(super) async fn finish(
        &mut self,
        tag: &RequestId,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), Snag> {
        loop {
            let done = self.next(|response| {
                if let Response::Done { tag: of, status, outcome } = response {
                    return (of == tag).then(|| judge(status, outcome.information.as_deref()));
                }
                each(response);
                is_goodbye(response).then_some(Err(Snag::Cut))
            });
            if let Some(done) = done.await? {
                return done;
            }
        }
    }

    /// Signs in by one answer of ours, in base64 (RFC 9051 §6.2.2). It goes with the command where the server takes it so
    /// (SASL-IR, RFC 4959), and else when the server asks for it.
    pub(super) async fn authenticate(
        &mut self,
        mechanism: &str,
        answer: &str,
        at_once: bool,
    ) -> Result<(), Refused> {
        let command = if at_once {
            Zeroizing::new(format!("AUTHENTICATE {mechanism} {answer}"))
        } else {
            Zeroizing::new(format!("AUTHENTICATE {mechanism}"))
        };
        let tag = self.begin(&command).await?;
        let (mut answered, mut challenged) = (at_once, false);
        loop {
            let heard = self.next(|response| match response {
                Response::Continue(_) => Some(None),
                Response::Done { tag: of, status, outcome } if *of == tag => {
                    let words = outcome.information.as_deref().unwrap_or_default();
                    Some(Some((judge(status, Some(words)), Private::new(words.to_owned()))))
                }
                other => is_goodbye(other).then(|| Some((Err(Snag::Cut), Private::default()))),
            });
            match heard.await? {
                None => {}
                // A yes where a question was due makes no sense.
                Some(Some((Ok(()), _))) if !answered || challenged => return Err(Snag::Garbled.into()),
                Some(Some((done, words))) => return done.map_err(|snag| Refused { snag, words }),
                Some(None) if !answered => {
                    answered = true;
                    self.say(answer).await?;
                }
                // It says why in its own way, and its no only after an empty line.
                Some(None) if !challenged => {
                    challenged = true;
                    self.say("").await?;
                }
                Some(None) => return Err(Snag::Garbled.into()),
            }
        }
    }

    /// The next thing the server says unasked, until a time on the wall clock.
    pub(super) async fn listen(&mut self, until: Instant) -> Result<Heard, Snag> {
        let Ok(came) = timeout_at(until, self.client.read_response()).await else {
            return Ok(Heard::Nothing);
        };
        let came = came.map_err(|why| broken(&why))?.ok_or(Snag::Cut)?;
        match came.parsed() {
            Response::MailboxData(MailboxDatum::Exists(_) | MailboxDatum::Recent(_)) => Ok(Heard::Mail),
            Response::Continue(_) => Ok(Heard::GoOn),
            Response::Done { status: Status::No | Status::Bad, .. } => Ok(Heard::No),
            Response::Done { .. } => Err(Snag::Garbled),
            other if is_goodbye(other) => Err(Snag::Cut),
            _ => Ok(Heard::Murmur),
        }
    }

    async fn next<T>(&mut self, see: impl FnOnce(&Response<'_>) -> T) -> Result<T, Snag> {
        let came = timeout(self.deadline, self.client.read_response()).await.map_err(|_| Snag::Late)?;
        let came = came.map_err(|why| broken(&why))?.ok_or(Snag::Cut)?;
        if matches!(came.parsed(), Response::MailboxData(MailboxDatum::Exists(_))) {
            self.stirred = true;
        }
        Ok(see(came.parsed()))
    }
}

/// The names in a `CAPABILITY` answer, in capitals.
pub(super) fn capabilities(response: &Response<'_>) -> Vec<String> {
    let listed = match response {
        Response::Capabilities(listed) => listed,
        Response::Data { outcome, .. } | Response::Done { outcome, .. } => match &outcome.code {
            Some(ResponseCode::Capabilities(listed)) => listed,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let names = listed.iter().map(|one| match Capability::from(one) {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    });
    names.collect()
}

/// A string as IMAP quotes it (RFC 9051 §4.3). The caller has seen to it that it holds no line break.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn judge(status: &Status, information: Option<&str>) -> Result<(), Snag> {
    match status {
        Status::Ok => Ok(()),
        Status::No | Status::Bad if information.is_some_and(is_without_mailbox) => Err(Snag::Withheld),
        // async-imap knows few of the codes; the others stay in the words.
        Status::No => Err(Snag::No { passing: information.is_some_and(passes) }),
        Status::Bye => Err(Snag::Cut),
        Status::Bad | Status::PreAuth => Err(Snag::No { passing: true }),
    }
}

/// The reasons that pass by themselves (RFC 5530 §3).
fn passes(information: &str) -> bool {
    let words = information.to_ascii_uppercase();
    ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[EXPUNGEISSUED]"]
        .iter()
        .any(|code| words.contains(code))
}

const fn is_goodbye(response: &Response<'_>) -> bool {
    matches!(response, Response::Data { status: Status::Bye, .. })
}

/// async-imap tells a parse error as an error without a kind. Its words repeat the mail, so they end here.
fn broken(why: &io::Error) -> Snag {
    if why.kind() == io::ErrorKind::Other { Snag::Garbled } else { Snag::Cut }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
