//! Reading a mailbox over IMAP (RFC 9051, and RFC 3501 for older servers).
//!
//! * [`ImapConfig`] is what can be set; [`Imap`] is the mailbox;
//! * `dial` reaches the server, encrypts and signs in; `talk` is commands out and answers in; `line` is what we ask of
//!   an open mailbox;
//! * `folder_name` writes a folder's name as the protocol has it;
//! * `take` brings mails in, large ones in parts, and sees to it that one bad mail never blocks those behind it;
//! * `trouble` says whose turn it is when it does not go.

mod config;
mod dial;
mod folder_name;
mod kind;
mod line;
mod take;
mod talk;
mod trouble;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;

pub use self::config::ImapConfig;
pub(crate) use self::config::{addresses_wrong, readable_addresses};
use self::{
    dial::Dialer,
    line::{Idled, Line},
    take::Taker,
    trouble::{Phase, Trouble},
};
pub use crate::tls::Tls;
use crate::{
    address::EmailAddress,
    error::OpenError,
    inbox::{Batch, FetchError, Inbox, Most, Position, Standing},
    kind::Kind as _,
    message::ChannelId,
    stubborn::Stubborn,
};

/// How long a server may take over our goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// The longest wait in one piece. Servers may drop a line that was silent for 30 minutes (RFC 2177).
const LONGEST_WAIT: Duration = Duration::from_mins(25);

/// A mailbox that is read over IMAP.
pub struct Imap {
    id: ChannelId,
    addresses: Vec<EmailAddress>,
    dialer: Dialer,
    mailbox: String,
    poll: Duration,
    /// Whether the server is to tell of new mail; no longer once it has refused to, though it offers it.
    idle: bool,
    /// Waits in a row in which the line failed.
    failed_waits: u32,
    largest: u32,
    /// Absent while it is in use: a call that is cancelled, or fails, leaves none behind.
    line: Option<Line>,
    stubborn: Stubborn,
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Imap {
    /// Checks the settings and reads password and certificates. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &ImapConfig) -> Result<Self, OpenError> {
        let named = |OpenError(why): OpenError| OpenError(format!("channel {id}: {why}"));
        config.check().map_err(named)?;
        let dialer = Dialer::new(config).map_err(named)?;
        Ok(Self {
            addresses: config.own_addresses(),
            dialer,
            mailbox: config.mailbox.clone(),
            poll: config.poll(),
            idle: config.idle,
            failed_waits: 0,
            largest: config.largest(),
            line: None,
            stubborn: Stubborn::default(),
            id,
        })
    }

    /// The addresses whose mail arrives here.
    pub fn own_addresses(&self) -> &[EmailAddress] {
        &self.addresses
    }

    /// A look at the mailbox on the line that is there, or on a new one.
    async fn look(&mut self) -> Result<Line, Trouble> {
        if let Some(mut line) = self.line.take() {
            match line.look().await {
                Ok(()) => return Ok(line),
                Err(trouble) if trouble.is_stale_line() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        self.dialer.dial().await
    }

    async fn take(&mut self, position: Position, most: Most) -> Result<Batch, Trouble> {
        if let Some(line) = self.line.take() {
            let mut taker = Taker::new(&self.dialer, line, self.largest, &mut self.stubborn);
            match taker.list(position, most).await {
                // Servers close lines they find idle; nothing was taken yet, so a fresh line starts anew.
                Err(trouble) if trouble.is_stale_line() => {}
                Err(trouble) => return Err(trouble),
                Ok(listing) => {
                    let batch = taker.take(position, listing, most).await?;
                    self.line = taker.into_line();
                    return Ok(batch);
                }
            }
        }
        let line = self.dialer.dial().await?;
        let mut taker = Taker::new(&self.dialer, line, self.largest, &mut self.stubborn);
        let listing = taker.list(position, most).await?;
        let batch = taker.take(position, listing, most).await?;
        self.line = taker.into_line();
        Ok(batch)
    }

    async fn range(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, Trouble> {
        if let Some(mut line) = self.line.take() {
            match range(&mut line, after, up_to).await {
                Err(trouble) if trouble.is_stale_line() => {}
                Err(trouble) => return Err(trouble),
                Ok(mails) => {
                    self.line = Some(line);
                    return Ok(mails);
                }
            }
        }
        let mut line = self.dialer.dial().await?;
        let mails = range(&mut line, after, up_to).await?;
        self.line = Some(line);
        Ok(mails)
    }

    fn told(&self, trouble: Trouble) -> FetchError {
        trouble.into_error(&self.dialer.place())
    }
}

async fn range(line: &mut Line, after: Position, up_to: u32) -> Result<Vec<u32>, Trouble> {
    if line.generation != after.generation {
        return Err(Trouble::OtherGeneration);
    }
    line.range(after.after, up_to).await.map_err(|snag| Trouble::Snag(Phase::List, snag))
}

/// How long a wait lasts at least in which the line failed: doubled from a second by each that came before it in a row.
/// The first may be a server that starts anew, whose mail is not to wait for long.
fn hesitation(failed_waits: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(failed_waits.saturating_sub(1)).unwrap_or(u64::MAX))
}

#[async_trait]
impl Inbox for Imap {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    async fn standing(&mut self) -> Result<Standing, FetchError> {
        let line = self.look().await.map_err(|trouble| self.told(trouble))?;
        let standing = line.standing();
        self.line = Some(line);
        Ok(standing)
    }

    async fn fetch(&mut self, position: Position, most: Most) -> Result<Batch, FetchError> {
        self.take(position, most).await.map_err(|trouble| self.told(trouble))
    }

    async fn listed(&mut self, after: Position, up_to: u32) -> Result<Vec<u32>, FetchError> {
        self.range(after, up_to).await.map_err(|trouble| self.told(trouble))
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), FetchError> {
        let began = Instant::now();
        let limit = limit.min(LONGEST_WAIT);
        let pause = limit.min(self.poll);
        let least = match self.line.take() {
            Some(mut line) if self.idle && line.can_idle => match line.idle(limit).await {
                Ok(Idled::Done) => {
                    (self.line, self.failed_waits) = (Some(line), 0);
                    return Ok(());
                }
                Ok(Idled::Refused) => {
                    (self.line, self.idle) = (Some(line), false);
                    pause
                }
                // The line is dropped, and whatever happened on it is found by the fetch that follows.
                Err(_) => {
                    self.failed_waits = self.failed_waits.saturating_add(1);
                    pause.min(hesitation(self.failed_waits))
                }
            },
            kept => {
                self.line = kept;
                pause
            }
        };
        // A wait that ended at once would be followed by a fetch, a new line for it, and the same again without end.
        tokio::time::sleep(least.saturating_sub(began.elapsed())).await;
        Ok(())
    }

    async fn probe(&mut self) -> Result<String, FetchError> {
        let line = self.dialer.dial().await.map_err(|trouble| self.told(trouble))?;
        let (mails, can_idle) = (line.mails, line.can_idle);
        line.log_out(GOODBYE).await;
        let tells = match (self.idle, can_idle) {
            (true, true) => "the server tells of new mail (IDLE)".to_owned(),
            _ => format!("looked at every {} s", self.poll.as_secs_f64()),
        };
        let (place, encrypted, mailbox) =
            (self.dialer.place(), self.dialer.encryption_in_words(), &self.mailbox);
        let login = self.dialer.login_in_words();
        Ok(format!("reached {place} {encrypted}, {login}, {mailbox} holds {mails} mail(s), {tells}"))
    }

    async fn close(&mut self) {
        if let Some(line) = self.line.take() {
            line.log_out(GOODBYE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_that_fails_after_another_lasts_twice_as_long() {
        let waits: Vec<_> = [1, 2, 3, 7, 64, 65, u32::MAX].map(|n| hesitation(n).as_secs()).into();

        assert_eq!(waits, [1, 2, 4, 64, 1 << 63, u64::MAX, u64::MAX]);
    }
}
