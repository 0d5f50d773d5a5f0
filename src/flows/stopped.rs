//! What the gate stopped in one group: refused, put off, or sent another way.

use super::{
    FlowError,
    announcing::rest_elsewhere,
    gateway::Gateway,
    planning::{next_route, with_version},
    settle::reopen_clocks,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::State,
        gate::Decision,
        rights::NoRight,
        time::Timestamp,
    },
    store::{
        Tx, chronology,
        doubt::InDoubt,
        facts::DeliveryFacts,
        outbox::{self, Attempt, Move},
    },
};

/// Whom a delivery is about, in the form that failures are followed up in.
pub(super) fn subject(facts: &DeliveryFacts, channel: &str, now: Timestamp) -> InDoubt {
    InDoubt {
        id: facts.id,
        carried: facts.carried,
        pupil: facts.pupil,
        carer: facts.carer,
        channel: channel.to_owned(),
        tries: facts.tries,
        since: now,
        wire_body: None,
        to: None,
        reason: None,
    }
}

/// What the gate stopped in one group.
#[derive(Default)]
pub(super) struct Stopped {
    /// The version of the settings by which the gate was asked.
    version: String,
    pub(super) moves: Vec<Move>,
    attempts: Vec<Attempt>,
    entries: Vec<Entry>,
    another_route: Vec<InDoubt>,
    unsaid: Vec<InDoubt>,
    another_child: Vec<InDoubt>,
}

impl Stopped {
    pub(super) fn new(version: &str) -> Self {
        Self { version: version.to_owned(), ..Self::default() }
    }

    pub(super) fn add(&mut self, facts: &DeliveryFacts, decision: Decision, channel: &str, now: Timestamp) {
        let at = subject(facts, channel, now);
        self.unsaid.extend(match decision {
            Decision::NoRight(..) | Decision::NotThisWay(..) => facts.carried.answer().map(|_| at.clone()),
            Decision::Permit(_) | Decision::Wait(..) | Decision::Rehearsed(_) => None,
        });
        let (to, not_before, why, fired) = match decision {
            Decision::Permit(_) => return,
            Decision::Wait(until, why, _) => {
                let mut postponed = Move::to(facts.id, facts.tries, State::Queued);
                postponed.not_before = until;
                postponed.reason = Some(why);
                self.moves.push(postponed);
                return;
            }
            Decision::NoRight(no, fired) => {
                if no != NoRight::TakenBack && facts.carried.announcement().is_some() {
                    self.another_child.push(at);
                }
                (State::Refused, None, no.sentence(), fired)
            }
            Decision::NotThisWay(why, fired) => {
                self.another_route.push(at.clone());
                (State::Refused, None, why.sentence().to_owned(), fired)
            }
            Decision::Rehearsed(fired) => {
                (State::Refused, None, "rehearsal: it would have been sent".to_owned(), fired)
            }
        };
        let sentence = format!("{} not sent by {}: {why}", facts.message.purpose.in_words(), facts.route);
        self.entries.push(
            Entry::now(now, kind::REFUSED, sentence)
                .about(facts.carer, facts.pupil)
                .carrying(facts.carried)
                .delivery(facts.id),
        );
        self.attempts.push(Attempt {
            delivery: facts.id,
            try_no: facts.tries + 1,
            channel: channel.to_owned(),
            started_at: now,
            ended_at: now,
            outcome: "refused",
            fault: None,
            code: None,
            said: String::new(),
            wire: None,
            gate: with_version(&fired, &self.version),
        });
        let mut refused = Move::to(facts.id, facts.tries, to);
        refused.not_before = not_before;
        refused.reason = Some(why);
        self.moves.push(refused);
    }

    pub(super) async fn write(self, tx: &mut Tx, gateway: &Gateway, now: Timestamp) -> Result<(), FlowError> {
        outbox::settle(tx, &self.moves, &[State::Queued], now).await?;
        outbox::record_attempts(tx, &self.attempts).await?;
        chronology::append(tx, &self.entries).await?;
        for unsaid in &self.unsaid {
            reopen_clocks(tx, unsaid, now).await?;
        }
        for refused in &self.another_child {
            rest_elsewhere(tx, refused, now).await?;
        }
        for refused in &self.another_route {
            next_route(tx, gateway, refused, now).await?;
        }
        Ok(())
    }
}
