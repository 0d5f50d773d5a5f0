//! Reads one mailbox to its end: fetches the next mails while the ones before are being kept.

use std::{sync::Arc, time::Duration};

use liaison_channels::inbox::{Batch, Inbox, Most, Position};

use super::{
    FlowError,
    gateway::Gateway,
    keep::{self, Kept},
    notices,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        notice::Notice,
    },
    store::{
        StoreError, chronology,
        inbox::{self, Place},
    },
};

/// One fetch: as many mails as keep the line busy, as few bytes as keep memory small.
const MOST: Most = Most { mails: 250, bytes: 6 * 1024 * 1024 };

/// How often what was taken is compared with what the server holds.
const COMPARED_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// A mailbox that this daemon reads.
pub struct Mailbox {
    gateway: Arc<Gateway>,
    inbox: Box<dyn Inbox>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").field("channel", self.inbox.id()).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Takes over an opened mailbox.
    pub fn new(gateway: Arc<Gateway>, inbox: Box<dyn Inbox>) -> Self {
        Self { gateway, inbox }
    }

    /// The channel's name.
    pub fn channel(&self) -> &str {
        self.inbox.id().as_str()
    }

    /// Reads all that has arrived since the last time. At the first connection: nothing, for what was there before is not
    /// ours. After an error nothing is lost: the next call goes on from what was committed.
    pub async fn read(&mut self) -> Result<Kept, FlowError> {
        let channel = self.channel().to_owned();
        let mut place = self.place(&channel).await?;
        // Also what a daemon kept that was cut off before it could mark it.
        self.mark(position(&place)).await;
        let mut total = Kept::default();
        let mut batch = self.inbox.fetch(position(&place), MOST).await?;
        loop {
            let after = Position { generation: place.generation, after: batch.up_to.max(place.taken_to) };
            // Two large mails at once in memory would be one too many.
            let small = batch.mails.iter().map(|mail| mail.raw.expose().len()).sum::<usize>() <= MOST.bytes;
            let (kept, next) = if batch.more && !small {
                let kept = keep::mails(&self.gateway, &channel, &batch, place).await?;
                drop(std::mem::take(&mut batch));
                (kept, Some(self.inbox.fetch(after, MOST).await?))
            } else if batch.more {
                let (kept, next) = tokio::join!(
                    keep::mails(&self.gateway, &channel, &batch, place),
                    self.inbox.fetch(after, MOST)
                );
                (kept?, Some(next?))
            } else {
                (keep_last(&self.gateway, &channel, &batch, place).await?, None)
            };
            total.new += kept.new;
            total.known += kept.known;
            total.older += kept.older;
            place.taken_to = after.after;
            if kept != Kept::default() {
                self.mark(after).await;
            }
            let Some(next) = next else {
                self.compare(&channel, place).await?;
                return Ok(total);
            };
            batch = next;
        }
    }

    /// Each hour: does a mail lie in the mailbox that was not taken? Then all since the last comparison is read again at the
    /// next look; what is kept already is known by its bytes. What is not given then either, people are told of, once.
    async fn compare(&mut self, channel: &str, place: Place) -> Result<(), FlowError> {
        let now = self.gateway.now();
        let compared = inbox::compared(&mut *self.gateway.store.acquire().await?, channel).await?;
        let Some(compared) = compared else { return Ok(()) };
        if compared.at.is_some_and(|at| now.duration_since(at) < COMPARED_EVERY) {
            return Ok(());
        }
        let passed_over = if compared.at.is_none() || compared.to > place.taken_to {
            Vec::new()
        } else {
            let after = Position { generation: place.generation, after: compared.to };
            let mut lie = self.inbox.listed(after, place.taken_to).await?;
            lie.retain(|uid| !compared.taken.contains(uid));
            lie
        };
        let again = passed_over.iter().any(|uid| !compared.passed_over.contains(uid));
        let mut tx = self.gateway.store.begin().await?;
        if again {
            inbox::compared_to(&mut tx, channel, compared.to, &passed_over, now).await?;
        } else {
            inbox::compared_to(&mut tx, channel, place.taken_to, &[], now).await?;
        }
        if let Some(said) = told_of(channel, passed_over.len(), again) {
            tracing::error!(channel, mails = passed_over.len(), "{said}");
            chronology::append(&mut tx, &[Entry::now(now, kind::OPERATOR, said)]).await?;
            if !again {
                notices::at_once(&mut tx, Notice::MailSilent, now).await?;
            }
        }
        tx.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// What is committed may be marked in the mailbox, where its settings ask for it. It is no matter of ours if that fails.
    async fn mark(&mut self, kept: Position) {
        if let Err(error) = self.inbox.kept(kept).await {
            tracing::warn!(channel = self.channel(), fault = %error.fault, "mails were kept, but not marked: {error}");
        }
    }

    /// Returns when something may have arrived, and after `limit` at the latest.
    pub async fn wait(&mut self, limit: Duration) -> Result<(), FlowError> {
        Ok(self.inbox.wait(limit).await?)
    }

    /// Ends the connection politely.
    pub async fn close(&mut self) {
        self.inbox.close().await;
    }

    /// How far the mailbox has been read; begins at the present, and anew when the server has renumbered it.
    async fn place(&mut self, channel: &str) -> Result<Place, FlowError> {
        let standing = self.inbox.standing().await?;
        let now = self.gateway.now();
        let mut tx = self.gateway.store.begin().await?;
        let known = inbox::place(&mut tx, channel).await?;
        let begins = self.inbox.starts_at_the_beginning();
        let (place, told) = match known {
            Some(place) if place.generation == standing.generation => return Ok(place),
            Some(place) if begins => (Place { generation: standing.generation, taken_to: 0, ..place }, None),
            Some(place) => (
                Place { generation: standing.generation, taken_to: 0, renumbered: true, ..place },
                Some("was renumbered by its server: all of it is compared anew, and nothing is taken twice"),
            ),
            None => (
                Place {
                    generation: standing.generation,
                    taken_to: if begins { 0 } else { standing.next.saturating_sub(1) },
                    since: now,
                    looked_at: now,
                    renumbered: false,
                },
                Some("is read from now on; what was there before stays history"),
            ),
        };
        inbox::note(&mut tx, channel, &place).await?;
        inbox::compared_to(&mut tx, channel, place.taken_to, &[], now).await?;
        if let Some(told) = told {
            let entry = Entry::now(now, kind::OPERATOR, format!("mailbox {channel} {told}"));
            chronology::append(&mut tx, &[entry]).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        Ok(place)
    }
}

/// A look that brought nothing is noted seldom: it would be a commit every minute for nobody.
async fn keep_last(gateway: &Gateway, channel: &str, batch: &Batch, place: Place) -> Result<Kept, FlowError> {
    let idle = batch.mails.is_empty() && batch.up_to <= place.taken_to;
    let fresh = gateway.now().duration_since(place.looked_at) < jiff::SignedDuration::from_mins(1);
    if idle && fresh {
        return Ok(Kept::default());
    }
    keep::mails(gateway, channel, batch, place).await
}

/// What is told of mails that lie there and were not taken: they are read `again`, or were not given then either.
fn told_of(channel: &str, mails: usize, again: bool) -> Option<String> {
    match (mails, again) {
        (0, _) => None,
        (_, true) => {
            Some(format!("mailbox {channel} holds {mails} mail(s) that were passed over: it is read again"))
        }
        (_, false) => Some(format!(
            "mailbox {channel} lists {mails} mail(s) that its server does not give: look into it by hand"
        )),
    }
}

const fn position(place: &Place) -> Position {
    Position { generation: place.generation, after: place.taken_to }
}
