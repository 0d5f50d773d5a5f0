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

    /// Starts the clock that the law sets where the message may be what it is for: it runs until a colleague says no.
    pub(super) fn start_statutory(&self, found: Found, case: CaseId, outcome: &mut Outcome) {
        if let Some(law) = found.law {
            let message = self.message;
            let policy = self.gateway.policy();
            outcome.clocks.push(statutory_clock(law, case, message.id, message.received_at, &policy));
        }
    }

    /// Tells in the chronology what is suggested, by the rule's own words.
    pub(super) fn tell_suggestion(
        &self,
        found: Found,
        whose: &matching::Known,
        case: CaseId,
        visibility: Visibility,
        outcome: &mut Outcome,
    ) {
        let Some(suggested) = found.suggested else { return };
        let what = suggested.kind.in_words();
        let sentence = format!("it may be a {what}: {}. A colleague says yes or no", suggested.why);
        outcome.entries.push(
            Entry::now(self.now, kind::CASE, sentence)
                .about_carer(whose.carer, whose.pupil)
                .case(case)
                .received(self.message.id)
                .seen_by(visibility),
        );
    }
}
