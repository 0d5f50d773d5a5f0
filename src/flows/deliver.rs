//! Claim, gate, submit, send, settle: how queued messages leave, a group at a time.
//!
//! One step is one transaction and then one group on the wire. The transaction settles what the step before sent, asks
//! the gate about the next group from facts read under lock, and marks the group as submitting; only when that is
//! committed does the first byte leave, with no connection to the database held. So a crash leaves in doubt no more
//! than one group, and the disk is paid once a group, not once a message.

mod notices;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::future::join_all;
use liaison_channels::{
    Sender,
    error::{Fault, SendError},
    message::{Outgoing, Parts},
    private::Private,
    sender::Accepted,
    text::measure,
};

use super::{
    FlowError,
    gateway::Gateway,
    month::Budget,
    planning::with_version,
    settle::settle,
    stopped::{Stopped, subject},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::{DEFAULT_PAUSE, UNREACHABLE_REST},
        gate::{Ask, Decision, Permit, decide},
        ids::{DaemonId, DeliveryId},
        policy::Policy,
        route::Unusable,
        tag::ReplyKey,
        time::Timestamp,
    },
    store::{
        Tx, chronology, daemons,
        doubt::{self, InDoubt},
        facts::{self, DeliveryFacts},
        outbox::{self, Submit},
    },
};

/// How many groups a lane claims at once: a claim walks the queue's index from its start, so it is paid seldom; what is
/// claimed by one lane is not shared with another, so it must not be the whole queue.
const GROUPS_A_CLAIM: usize = 16;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing is due.
    Idle,
    /// So many messages were handed to the channel or refused by the gate.
    Did(usize),
    /// The channel's pace or a pause says: not before this long.
    Wait(Duration),
    /// The channel, or all sending, is held.
    Held,
}

/// How long the parts of a lane's steps took: for the benchmark, and for whoever asks where the time goes.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spent {
    /// Claiming.
    pub claim: Duration,
    /// Reading facts, asking the gate, putting into words.
    pub gate: Duration,
    /// On the wire.
    pub wire: Duration,
    /// Settling, and committing the group.
    pub settle: Duration,
}

/// A message that was on the wire, and what came of it.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) at: InDoubt,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) words: Private<String>,
    /// Parts of a text; 0 for a mail.
    pub(super) parts: u32,
    pub(super) gate: String,
    pub(super) outcome: Result<Accepted, SendError>,
}

/// One of a channel's lanes: sends one group after the other. What it has claimed or submitted carries its own holder
/// id, so that after a lost connection it can tell what is its own.
pub struct Lane {
    gateway: Arc<Gateway>,
    sender: Arc<dyn Sender>,
    holder: DaemonId,
    group: usize,
    claimed: VecDeque<DeliveryId>,
    done: Vec<Tried>,
    /// A commit failed, so it is unknown whether it happened: look before going on.
    unsure: bool,
    /// The last group found the server out of reach.
    out_of_reach: bool,
    /// Where the time went.
    pub spent: Spent,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane")
            .field("channel", self.sender.id())
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Lane {
    /// A lane of this channel that keeps up to `group` messages on the wire at once.
    pub fn new(gateway: Arc<Gateway>, sender: Arc<dyn Sender>, group: usize) -> Self {
        Self {
            gateway,
            sender,
            holder: DaemonId::new(),
            group: group.max(1),
            claimed: VecDeque::new(),
            done: Vec::new(),
            unsure: false,
            out_of_reach: false,
            spent: Spent::default(),
        }
    }

    /// Its holder id, to be kept alive by [`daemons::beat`].
    pub const fn holder(&self) -> DaemonId {
        self.holder
    }

    /// The channel it serves.
    pub fn channel(&self) -> &str {
        self.sender.id().as_str()
    }

    /// Whether its channel keeps a steady rate, so that one daemon at a time may use it.
    pub fn has_pace(&self) -> bool {
        self.sender.pace().is_limited()
    }

    /// One step. After an error nothing is lost: the next step takes up what this one could not commit.
    pub async fn step(&mut self) -> Result<Step, FlowError> {
        let places = self.sender.pace().take(self.group);
        if places == 0 && self.done.is_empty() {
            return Ok(Step::Wait(self.sender.pace().wait()));
        }
        let prepared = self.prepare(places).await;
        if prepared.is_err() {
            self.unsure = true;
        }
        let (group, step) = prepared?;
        if group.is_empty() {
            return Ok(if places == 0 && step == Step::Idle {
                Step::Wait(self.sender.pace().wait())
            } else {
                step
            });
        }
        let sent = group.len();
        self.send(group).await;
        Ok(Step::Did(sent))
    }

    /// Settles what was sent and gives back what was claimed; for a soft stop.
    pub async fn finish(&mut self) -> Result<(), FlowError> {
        let mut tx = self.gateway.store.begin().await?;
        self.let_go(&mut tx).await?;
        daemons::stopped(&mut tx, self.holder, self.gateway.now()).await?;
        self.commit_empty(tx).await
    }

    /// The same for a lane that lives on while another daemon has its channel: as this one lives, nobody takes over
    /// from it, so what it kept would stay where it is.
    pub async fn stand_down(&mut self) -> Result<(), FlowError> {
        if self.done.is_empty() && self.claimed.is_empty() && !self.unsure {
            return Ok(());
        }
        // Until the commit is known to have happened.
        self.unsure = true;
        let mut tx = self.gateway.store.begin().await?;
        self.let_go(&mut tx).await?;
        self.commit_empty(tx).await
    }

    async fn let_go(&mut self, tx: &mut Tx) -> Result<(), FlowError> {
        self.settle_done(tx).await?;
        let held = doubt::recover(tx, self.channel(), self.holder).await?;
        Ok(outbox::give_back(tx, &held, self.holder).await?)
    }

    async fn commit_empty(&mut self, tx: Tx) -> Result<(), FlowError> {
        tx.commit().await.map_err(crate::store::StoreError::from)?;
        self.done.clear();
        self.claimed.clear();
        self.unsure = false;
        Ok(())
    }

    /// Settles what was on the wire, once: what a commit recorded whose answer was lost is settled and told already.
    async fn settle_done(&mut self, tx: &mut Tx) -> Result<(), FlowError> {
        if self.unsure {
            let tries: Vec<_> = self.done.iter().map(|one| (one.at.id, one.at.tries)).collect();
            let recorded = outbox::recorded(tx, &tries).await?;
            self.done.retain(|one| !recorded.contains(&one.at.id));
        }
        settle(tx, &self.gateway, self.channel(), &self.done).await
    }

    /// The one transaction of a step.
    async fn prepare(&mut self, places: usize) -> Result<(Vec<Ready>, Step), FlowError> {
        let clock = std::time::Instant::now();
        let now = self.gateway.now();
        let mut tx = self.gateway.store.begin().await?;
        self.settle_done(&mut tx).await?;
        let settled = clock.elapsed();
        let mut claimed = std::mem::take(&mut self.claimed);
        if self.unsure {
            // All that was on the wire is in `done` and settled above; the rest never left.
            claimed = doubt::recover(&mut tx, self.channel(), self.holder).await?.into();
        }
        let held = daemons::hold_on(&mut tx, self.channel()).await?;
        if held.is_none() && claimed.is_empty() && places > 0 {
            claimed = outbox::claim(&mut tx, self.channel(), self.holder, self.group * GROUPS_A_CLAIM, now)
                .await?
                .into();
        }
        if held.is_some() {
            outbox::give_back(&mut tx, claimed.make_contiguous(), self.holder).await?;
            claimed.clear();
        }
        let claim = clock.elapsed();
        let next: Vec<DeliveryId> = claimed.drain(..places.min(claimed.len())).collect();
        let (ready, refused) = self.gate(&mut tx, &next, now).await?;
        let gated = clock.elapsed();
        tx.commit().await.map_err(crate::store::StoreError::from)?;
        self.done.clear();
        self.claimed = claimed;
        self.unsure = false;
        self.spent.settle += settled + clock.elapsed().saturating_sub(gated);
        self.spent.claim += claim.saturating_sub(settled);
        self.spent.gate += gated.saturating_sub(claim);
        let step = match (held, ready.len() + refused) {
            (Some(_), _) => Step::Held,
            (None, 0) => Step::Idle,
            (None, did) => Step::Did(did),
        };
        Ok((ready, step))
    }

    /// Asks the gate about a group and marks what may leave as submitting. Returns it with the number refused.
    async fn gate(
        &self,
        tx: &mut Tx,
        group: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(Vec<Ready>, usize), FlowError> {
        if group.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let facts = facts::of_deliveries(tx, group, Some(self.holder)).await?;
        let allowed = self.gateway.breaker.allows(facts.len(), self.gateway.policy().ceiling_per_hour, now);
        if allowed < facts.len() {
            trip(tx, &self.gateway, now).await?;
        }
        let key = self.gateway.reply_key(tx).await?;
        let policy = self.gateway.policy();
        let mut month = Budget::of(tx, self.channel(), self.sender.limits(), now).await?;
        let (ready, stopped) = self.decided(facts, (allowed, month.as_mut()), &key, &policy, now);
        let submits: Vec<Submit> = ready.iter().map(Ready::submit).collect();
        if !submits.is_empty() {
            outbox::submit(tx, &submits, self.holder, now).await?;
        }
        let refused = stopped.moves.len();
        stopped.write(tx, &self.gateway, now).await?;
        if let Some(month) = month {
            month.write(tx, self.channel(), now).await?;
        }
        self.gateway.breaker.count(ready.len());
        Ok((ready, refused))
    }

    /// What may leave of a group, and what is stopped.
    fn decided(
        &self,
        group: Vec<DeliveryFacts>,
        (allowed, mut month): (usize, Option<&mut Budget>),
        key: &ReplyKey,
        policy: &Policy,
        now: Timestamp,
    ) -> (Vec<Ready>, Stopped) {
        let version = policy.version();
        let mut ready = Vec::with_capacity(group.len());
        let mut stopped = Stopped::new(version);
        for facts in group {
            let decision = if ready.len() < allowed {
                decide(&self.ask(&facts), policy, now)
            } else {
                Decision::Wait(None, "the ceiling of messages in an hour is reached".to_owned(), Vec::new())
            };
            match decision {
                Decision::Permit(permit) => {
                    if let Some(one) = Ready::new(&facts, permit, (key, version), self.channel(), now) {
                        if month.as_deref_mut().is_some_and(|month| !month.takes(one.parts)) {
                            let why = "the month's parts of texts are used up".to_owned();
                            stopped.add(&facts, Decision::Wait(None, why, Vec::new()), self.channel(), now);
                            continue;
                        }
                        if policy.address_per_hour > 0 {
                            self.gateway.lately.note(one.address, now);
                        }
                        ready.push(one);
                    } else {
                        let unreadable = Decision::NotThisWay(Unusable::Failing, Vec::new());
                        stopped.add(&facts, unreadable, self.channel(), now);
                    }
                }
                other => stopped.add(&facts, other, self.channel(), now),
            }
        }
        (ready, stopped)
    }

    fn ask<'a>(&'a self, facts: &'a DeliveryFacts) -> Ask<'a> {
        Ask {
            route: facts.route,
            first_choice: facts.follows.is_none() && facts.tries == 0 && facts.message.may_be_overtaken(),
            link: facts.link.as_ref(),
            message: &facts.message,
            lately: Some(&self.gateway.lately),
            limits: Some(self.sender.limits()),
            channels: self.gateway.carriers.set_up(),
        }
    }

    /// Puts a group on the wire, all at once, and keeps what came of each.
    async fn send(&mut self, group: Vec<Ready>) {
        let clock = std::time::Instant::now();
        let (sender, gateway) = (&self.sender, &self.gateway);
        let sends = group.into_iter().map(|ready| async move {
            let outcome = sender.send(&ready.outgoing).await;
            match outcome.as_ref().err().map(|error| error.fault) {
                Some(Fault::Throttled { wait }) => sender.pace().pause(wait.unwrap_or(DEFAULT_PAUSE)),
                Some(Fault::Unreachable) => sender.pace().pause(UNREACHABLE_REST),
                _ => {}
            }
            Tried {
                at: ready.at,
                started_at: ready.started_at,
                ended_at: gateway.now(),
                words: ready.words,
                parts: ready.parts,
                gate: ready.gate,
                outcome,
            }
        });
        self.done = join_all(sends).await;
        self.say_reach();
        self.spent.wire += clock.elapsed();
    }
}

impl Lane {
    /// Says once that the server cannot be reached, and once that it can again.
    fn say_reach(&mut self) {
        let lost = self.done.iter().filter_map(|tried| tried.outcome.as_ref().err());
        let lost =
            lost.filter(|error| error.fault == Fault::Unreachable).map(|error| error.summary.clone()).next();
        match (lost, self.out_of_reach) {
            (Some(why), false) => {
                tracing::error!(channel = self.channel(), "nothing leaves, messages wait: {why}");
                self.out_of_reach = true;
            }
            (None, true) => {
                tracing::info!(channel = self.channel(), "can be reached again");
                self.out_of_reach = false;
            }
            _ => {}
        }
    }
}

/// A message that the gate let pass in this step.
struct Ready {
    at: InDoubt,
    outgoing: Outgoing,
    address: crate::domain::ids::AddressId,
    started_at: Timestamp,
    words: Private<String>,
    parts: u32,
    gate: String,
}

impl Ready {
    fn new(
        facts: &DeliveryFacts,
        permit: Permit,
        (key, version): (&ReplyKey, &str),
        channel: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let (address, words, gate) =
            (permit.address(), permit.words().plain().clone(), with_version(permit.fired(), version));
        let outgoing = permit.into_outgoing(facts.id, key)?;
        let at = InDoubt { tries: facts.tries + 1, ..subject(facts, channel, now) };
        let parts = match outgoing.parts() {
            Parts::Text(text) => u32::try_from(measure(text.body.expose()).parts).unwrap_or(u32::MAX),
            Parts::Mail(_) | Parts::Letter(_) => 0,
        };
        Some(Self { at, outgoing, address, started_at: now, words, parts, gate })
    }

    fn submit(&self) -> Submit {
        let text = matches!(self.outgoing.parts(), Parts::Text(_));
        let wire_body = text.then(|| self.words.expose().clone());
        Submit { id: self.at.id, address: self.address, wire_body }
    }
}

/// Stops all sending and says so; nothing is lost.
async fn trip(tx: &mut Tx, gateway: &Gateway, now: Timestamp) -> Result<(), FlowError> {
    let ceiling = gateway.policy().ceiling_per_hour;
    let reason = format!(
        "more than {ceiling} messages in an hour; look at `liaison queue list`, then `liaison queue release all`"
    );
    if daemons::hold(tx, daemons::ALL_CHANNELS, &reason, "breaker", now).await? {
        tracing::error!(ceiling, "the breaker has stopped all sending: {reason}");
        chronology::append(tx, &[Entry::now(now, kind::OPERATOR, format!("all sending held: {reason}"))])
            .await?;
        super::notices::sending_stopped(tx, now).await?;
    }
    gateway.breaker.reset();
    Ok(())
}

/// A channel's lanes. A group is as many messages as the channel takes at once. Two lanes let one commit while the other
/// is on the wire (the channel itself never takes more than its limit); a channel that takes only a few at once, or keeps
/// a rate, gets one.
pub fn lanes(gateway: &Arc<Gateway>, sender: &Arc<dyn Sender>) -> Vec<Lane> {
    let in_flight = sender.limits().in_flight.max(1);
    let count = if in_flight >= 4 && !sender.pace().is_limited() { 2 } else { 1 };
    (0..count).map(|_| Lane::new(Arc::clone(gateway), Arc::clone(sender), in_flight)).collect()
}
