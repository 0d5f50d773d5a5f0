//! One line with the mailbox open: what is asked of it, and how the answers read.

use std::{collections::HashMap, time::Duration};

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    talk::{Heard, Talk, quoted},
    trouble::{Phase, Snag, Trouble},
};
use crate::inbox::Standing;

/// A mail that is there, before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    /// Bytes, as the server counts them; some only estimate. `None` where it could not be read.
    pub(super) size: Option<u32>,
    pub(super) arrived_at: Option<Timestamp>,
}

/// How a wait on a line ended that is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idled {
    /// Mail has arrived, or the time is over.
    Done,
    /// The server offers to tell of new mail, and says no when asked to.
    Refused,
}

/// A connection that has the mailbox open, for reading only.
pub(super) struct Line {
    talk: Talk,
    mailbox: String,
    /// The server tells of new mail.
    pub(super) can_idle: bool,
    /// `UIDVALIDITY` at the last look.
    pub(super) generation: u32,
    /// No mail that we know of has this UID or a later one.
    pub(super) next: u32,
    /// Mails in the mailbox at the last look.
    pub(super) mails: u32,
}

impl Line {
    /// Opens the mailbox.
    pub(super) async fn open(talk: Talk, mailbox: &str, can_idle: bool) -> Result<Self, Trouble> {
        let mut line = Self { talk, mailbox: quoted(mailbox), can_idle, generation: 0, next: 0, mails: 0 };
        line.look().await?;
        Ok(line)
    }

    /// Where the mailbox stood at the last look.
    pub(super) const fn standing(&self) -> Standing {
        Standing { generation: self.generation, next: self.next }
    }

    /// Looks where the mailbox stands now. `EXAMINE` and not `SELECT`: nothing is marked by being read (RFC 9051 §6.3.3).
    pub(super) async fn look(&mut self) -> Result<(), Trouble> {
        let (mut generation, mut next, mut mails) = (None, None, 0);
        let command = format!("EXAMINE {}", self.mailbox);
        let asked = self.talk.command(&command, |response| match response {
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(number)) => generation = Some(number),
                Some(ResponseCode::UidNext(number)) => next = Some(number),
                _ => {}
            },
            Response::MailboxData(MailboxDatum::Exists(count)) => mails = *count,
            _ => {}
        });
        asked.await.map_err(|snag| Trouble::Snag(Phase::Open, snag))?;
        self.generation = generation.filter(|number| *number > 0).ok_or(Trouble::NoNumbers)?;
        self.mails = mails;
        // What the answer counts is known by it.
        self.talk.stirred = false;
        self.next = match next {
            Some(next) => next,
            None => self.last_uid().await?.saturating_add(1),
        };
        Ok(())
    }

    /// For servers that do not say `UIDNEXT`.
    async fn last_uid(&mut self) -> Result<u32, Trouble> {
        if self.mails == 0 {
            return Ok(0);
        }
        let last = self.listed("*").await.map_err(|snag| Trouble::Snag(Phase::Open, snag))?;
        Ok(last.iter().map(|mail| mail.uid).max().unwrap_or(0))
    }

    /// Lets the server tell of what has arrived: only then are the new mails there for `*`.
    pub(super) async fn refresh(&mut self) -> Result<(), Snag> {
        self.talk.command("NOOP", |_| {}).await?;
        self.talk.stirred = false;
        Ok(())
    }

    /// The mails of a set of UIDs, such as `7:*`, in order.
    pub(super) async fn listed(&mut self, set: &str) -> Result<Vec<Listed>, Snag> {
        let mut found = Vec::new();
        let command = format!("UID FETCH {set} (UID INTERNALDATE RFC822.SIZE)");
        self.talk.command(&command, |response| found.extend(listing(response))).await?;
        found.sort_unstable_by_key(|mail: &Listed| mail.uid);
        found.dedup_by_key(|mail| mail.uid);
        Ok(found)
    }

    /// The UIDs of a set, in order, and nothing else about them: an answer that is always plain numbers.
    pub(super) async fn uids(&mut self, set: &str) -> Result<Vec<u32>, Snag> {
        let mut found = Vec::new();
        let command = format!("UID SEARCH UID {set}");
        let asked = self.talk.command(&command, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        });
        asked.await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The UIDs above `after` and at most `up_to`, rising. Those of ten thousand mails are 60 kB.
    pub(super) async fn range(&mut self, after: u32, up_to: u32) -> Result<Vec<u32>, Snag> {
        // A set whose ends are the wrong way round holds what lies between them (RFC 9051 §9, seq-range).
        let Some(first) = after.checked_add(1).filter(|first| *first <= up_to) else { return Ok(Vec::new()) };
        // What others deleted is there until the server has told us.
        self.refresh().await?;
        self.uids(&format!("{first}:{up_to}")).await
    }

    /// Takes the mails of a set whole into `bodies`: also those that came before it failed. `None` for a mail of which
    /// the server has no content. `BODY.PEEK` and not `BODY`, which would mark it as read.
    pub(super) async fn bodies(
        &mut self,
        set: &str,
        bodies: &mut HashMap<u32, Option<Vec<u8>>>,
    ) -> Result<(), Snag> {
        let command = format!("UID FETCH {set} (UID BODY.PEEK[])");
        self.talk.command(&command, |response| bodies.extend(body(response))).await
    }

    /// Appends a part of a mail to `raw`. Says how many bytes came; `None` when there is no such mail.
    pub(super) async fn part(
        &mut self,
        uid: u32,
        bytes: u32,
        raw: &mut Vec<u8>,
    ) -> Result<Option<usize>, Snag> {
        let mut came = None;
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{}.{bytes}>)", raw.len());
        let asked = self.talk.command(&command, |response| {
            if let Some((of, content)) = content(response)
                && of == uid
                && came.is_none()
            {
                let content = content.unwrap_or_default();
                raw.extend_from_slice(content);
                came = Some(content.len());
            }
        });
        asked.await?;
        Ok(came)
    }

    /// Waits until mail arrives or `limit` is over, by the wall clock: keepalives do not prolong it. A line that fails
    /// has an error, and is of no more use.
    pub(super) async fn idle(&mut self, limit: Duration) -> Result<Idled, Snag> {
        if std::mem::take(&mut self.talk.stirred) {
            return Ok(Idled::Done);
        }
        // A part of the time is for the server's goodbye to IDLE.
        let goodbye = (limit / 4).min(GOODBYE);
        let until = Instant::now() + limit.saturating_sub(goodbye);
        let tag = self.talk.begin("IDLE").await?;
        let mut leave = false;
        let mut mail = false;
        // Some servers tell at once what had changed before, ahead of their consent.
        while !leave || !mail {
            match self.talk.listen(until).await? {
                Heard::GoOn => leave = true,
                Heard::Mail => mail = true,
                Heard::Murmur => {}
                Heard::No => return Ok(Idled::Refused),
                Heard::Nothing if leave => break,
                Heard::Nothing => return Err(Snag::Late),
            }
        }
        let done = async {
            self.talk.say("DONE").await?;
            self.talk.finish(&tag, |_| {}).await
        };
        match timeout(goodbye, done).await.unwrap_or(Err(Snag::Late)) {
            Err(Snag::No { .. }) => Ok(Idled::Refused),
            done => done.map(|()| Idled::Done),
        }
    }

    /// Says goodbye.
    pub(super) async fn log_out(mut self, limit: Duration) {
        let _ = timeout(limit, self.talk.command("LOGOUT", |_| {})).await;
    }
}

/// How long a server may take to end IDLE.
const GOODBYE: Duration = Duration::from_secs(15);

fn listing(response: &Response<'_>) -> Option<Listed> {
    let Response::Fetch(_, attributes) = response else { return None };
    let (mut uid, mut size, mut arrived_at) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Some(*number),
            AttributeValue::Rfc822Size(bytes) => size = Some(*bytes),
            AttributeValue::InternalDate(text) => arrived_at = date(text),
            _ => {}
        }
    }
    // Without a size it tells of a mark that somebody set.
    size?;
    Some(Listed { uid: uid?, size, arrived_at })
}

/// RFC 9051 §9, `date-time`: the day of one digit has a space before it.
fn date(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()
}

fn body(response: &Response<'_>) -> Option<(u32, Option<Vec<u8>>)> {
    content(response).map(|(uid, content)| (uid, content.map(<[u8]>::to_vec)))
}

/// The UID and the content, or the part of it, in an answer that has one.
fn content<'a>(response: &'a Response<'_>) -> Option<(u32, Option<&'a [u8]>)> {
    let Response::Fetch(_, attributes) = response else { return None };
    let (mut uid, mut content) = (None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Some(*number),
            AttributeValue::BodySection { section: None, data, .. } => content = Some(data.as_deref()),
            _ => {}
        }
    }
    Some((uid?, content?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_date_is_read_with_its_offset() {
        for (text, read) in [
            ("17-Jul-1996 02:44:25 -0700", Some("1996-07-17T09:44:25Z")),
            (" 1-Nov-2026 08:00:00 +0000", Some("2026-11-01T08:00:00Z")),
            ("yesterday", None),
        ] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), read, "{text}");
        }
    }
}
