//! What every flow stands on: the database, the clock, the school's policy and the open channels.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use liaison_channels::{
    RecordSink, Sender, address::EmailAddress, message::ChannelId, private::Private, reading::Limits,
    scan::Scanner,
};
use sqlx::PgConnection;

use super::{Clock, FlowError, current::Current, refused::Refused, salt};
use crate::{
    domain::{
        lately::Lately,
        people::Route,
        policy::Policy,
        route::Channels,
        tag::ReplyKey,
        time::{Time, Timestamp},
    },
    store::{Store, answers},
};

/// Which channel carries which route.
#[derive(Debug, Clone, Default)]
pub struct Carriers {
    /// The channel for email.
    pub email: Option<ChannelId>,
    /// The channel for texts.
    pub text: Option<ChannelId>,
    /// The channel that prints and posts letters, for those that the office hands over.
    pub letter: Option<ChannelId>,
}

impl Carriers {
    /// The channel of a route that sends by itself; `None` for calls and letters, which a colleague does or hands over, and
    /// where none is set up.
    pub const fn of(&self, route: Route) -> Option<&ChannelId> {
        match route {
            Route::Email => self.email.as_ref(),
            Route::Text => self.text.as_ref(),
            Route::Call | Route::Letter => None,
        }
    }

    /// The channels that are chosen, in the order of their routes.
    pub fn all(&self) -> impl Iterator<Item = &ChannelId> {
        [&self.email, &self.text, &self.letter].into_iter().flatten()
    }

    /// Which routes have a channel.
    pub const fn set_up(&self) -> Channels {
        Channels { email: self.email.is_some(), text: self.text.is_some() }
    }
}

/// How long things may take before somebody else takes over.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A daemon not seen for this long is dead: what it had is taken over.
    pub lease: Duration,
    /// A text in doubt is asked about when it has been in doubt for this long; a provider's list lags a little.
    pub ask_after: Duration,
    /// A text still in doubt after this goes to a person.
    pub person_after: Duration,
    /// How often a provider's list is asked for texts whose post was missed.
    pub poll_texts: Duration,
    /// When Liaison writes to itself on a school day, school time; `None`: never.
    pub probe_at: Option<Time>,
    /// How long such a mail may take to come back until colleagues are told.
    pub probe_back: Duration,
    /// How long a mailbox may not be read until colleagues are told.
    pub silent_after: Duration,
}

/// A mailbox that is read.
#[derive(Debug, Clone)]
pub struct ReadMailbox {
    /// The channel.
    pub id: ChannelId,
    /// An address whose mail arrives there.
    pub address: EmailAddress,
    /// Whether it is proved by a mail to that address: of several folders of one account only the one where mail arrives is.
    pub probed: bool,
}

/// What every flow stands on.
pub struct Gateway {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The school's policy, as the settings and the colleagues have it.
    pub current: Current,
    /// Which channel carries which route.
    pub carriers: Carriers,
    /// The open channels. Empty in commands that send nothing.
    pub senders: BTreeMap<ChannelId, Arc<dyn Sender>>,
    /// Where sheets for the school's own recording system are put; `None`: nowhere.
    pub sink: Option<Arc<dyn RecordSink>>,
    /// How much of a mail is read.
    pub reading: Limits,
    /// What looks through files for viruses; `None`: nothing does.
    pub scanner: Option<Scanner>,
    /// When to take over.
    pub patience: Patience,
    /// Stops everything when the volume is absurd.
    pub breaker: Breaker,
    /// What left lately for each address.
    pub lately: Lately,
    /// Signs the marks in `Reply-To`; read from the database at first use.
    pub key: OnceLock<ReplyKey>,
    /// The school's own addresses, by the mailboxes it reads: mail from them is our own.
    pub own: Vec<Private<String>>,
    /// The mailboxes that are read.
    pub mailboxes: Vec<ReadMailbox>,
    /// Posts to our webhooks that were not believed.
    pub refused: Refused,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("senders", &self.senders.keys()).finish_non_exhaustive()
    }
}

impl Gateway {
    /// The key that signs and reads the marks in `Reply-To`; made once, by whoever needs it first.
    pub async fn reply_key(&self, connection: &mut PgConnection) -> Result<ReplyKey, FlowError> {
        if let Some(key) = self.key.get() {
            return Ok(key.clone());
        }
        let mut fresh = [0; 32];
        let (first, second) = fresh.split_at_mut(16);
        first.copy_from_slice(&salt());
        second.copy_from_slice(&salt());
        let key = ReplyKey::new(&answers::reply_key(connection, &fresh).await?);
        Ok(self.key.get_or_init(|| key).clone())
    }

    /// The school's policy as it is now. One decision takes it once: a moment later another calendar may count.
    pub fn policy(&self) -> Arc<Policy> {
        self.current.policy()
    }

    /// What so many parts of texts cost in pounds, such as `£1.08`, by the price of the channel that carries texts; `None` where
    /// that is not known.
    pub fn texts_cost(&self, parts: usize) -> Option<String> {
        let channel = self.senders.get(self.carriers.text.as_ref()?)?;
        let millipence = channel.limits().cost.of_parts(u32::try_from(parts).unwrap_or(u32::MAX))?;
        let pence = millipence.div_ceil(1000);
        Some(format!("\u{a3}{}.{:02}", pence / 100, pence % 100))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Counts what leaves in an hour (R14): 10,000 messages queued by mistake must not all go.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<Option<(Timestamp, u32)>>);

impl Breaker {
    /// Starts the count where another daemon, or this one before a restart, left it.
    pub fn start_at(&self, now: Timestamp, sent: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, sent));
    }

    /// How many of `want` may still leave in this hour.
    pub fn allows(&self, want: usize, ceiling: u32, now: Timestamp) -> usize {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, sent) = *window.get_or_insert((now, 0));
        if now.duration_since(start) >= SignedDuration::from_hours(1) {
            *window = Some((now, 0));
            return want.min(ceiling as usize);
        }
        want.min(ceiling.saturating_sub(sent) as usize)
    }

    /// Counts messages that leave.
    pub fn count(&self, messages: usize) {
        if let Some((_, sent)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *sent = sent.saturating_add(u32::try_from(messages).unwrap_or(u32::MAX));
        }
    }

    /// Forgets the count: the trip is recorded, and a person will release it knowingly.
    pub fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
