//! What is owed for a message: the clocks that it starts, and what its words suggest that it is.

use super::{decide::Deciding, outcome::Outcome};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::CaseId,
        matching,
        suggest::{Found, suggest},
        time::{Date, Timestamp},
    },
    flows::kinds::{answer_clock, statutory_clock},
};

impl Deciding<'_> {
    /// Starts the clock for a person's answer; returns the day it names.
    pub(super) fn start_clock(&self, case: CaseId, outcome: &mut Outcome) -> Option<(Timestamp, Date)> {
        let message = self.message;
        let clock = answer_clock(case, message.id, message.received_at, &self.gateway.policy());
        let due = clock.due;
        outcome.clocks.push(clock);
        due
    }

    /// What the message may be, by its words.
    pub(super) fn found(&self) -> Found {
        suggest(self.message.subject.expose(), self.message.words.expose())
    }

    /// Starts the clock that the law sets where the message may be what it is for: it runs until a colleague says no. Returns
    /// why it is due when it is.
    pub(super) fn start_statutory(
        &self,
        found: Found,
        case: CaseId,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let (law, message) = (found.law?, self.message);
        let clock = statutory_clock(law, case, message.id, message.received_at, &self.gateway.policy());
        let words = clock.words.clone();
        outcome.clocks.push(clock);
        Some(words)
    }

    /// Tells in the chronology what is suggested, by the rule's own words, and the clock of the law that runs meanwhile.
    pub(super) fn tell_suggestion(
        &self,
        (found, law): (Found, Option<String>),
        whose: &matching::Known,
        case: CaseId,
        visibility: Visibility,
        outcome: &mut Outcome,
    ) {
        let Some(suggested) = found.suggested else { return };
        let what = suggested.kind.as_one();
        let sentence = format!("it may be {what}: {}. A colleague says yes or no", suggested.why);
        let told = [Some((kind::CASE, sentence)), law.map(|words| (kind::CLOCK, words))];
        outcome.entries.extend(told.into_iter().flatten().map(|(kind, sentence)| {
            Entry::now(self.now, kind, sentence)
                .about_carer(whose.carer, whose.pupil)
                .case(case)
                .received(self.message.id)
                .seen_by(visibility)
        }));
    }
}
