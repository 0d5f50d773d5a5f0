//! Compares a roll with what is stored: what to write, and what to tell.

mod carers;
mod classes;
mod links;
mod pupils;
mod sharing;

use std::collections::HashMap;

use super::{
    changes::Changes,
    problem::{Problem, Problems},
    report::{Counts, Line},
    roll::Roll,
    stored::Stored,
};
use crate::domain::{
    ids::{AddressId, CarerId, PupilId},
    people::AddressKind,
    time::Date,
};

/// What an import of a roll would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What to write.
    pub changes: Changes,
    /// How many.
    pub counts: Counts,
    /// Which.
    pub lines: Vec<Line>,
    /// What only the comparison can tell. One refusal stops the import, as in [`read`](super::read).
    pub problems: Vec<Problem>,
}

/// Compares a roll that was read without a refusal with what is stored. `today` is the school's date.
pub fn plan(roll: &Roll, stored: &Stored, today: Date) -> Plan {
    let mut planner = Planner::new(roll, stored, today);
    let classes = planner.classes();
    planner.pupils(&classes);
    planner.carers();
    planner.links();
    planner.missing();
    planner.sharing();
    Plan {
        changes: planner.changes,
        counts: planner.counts,
        lines: planner.lines,
        problems: planner.problems.into_sorted(),
    }
}

/// The comparison as it goes.
struct Planner<'a> {
    roll: &'a Roll,
    stored: &'a Stored,
    today: Date,
    changes: Changes,
    counts: Counts,
    lines: Vec<Line>,
    problems: Problems,
    /// Every pupil in the file, known or new.
    pupil_ids: HashMap<&'a str, PupilId>,
    /// Every carer in the file, known or new.
    carer_ids: HashMap<&'a str, CarerId>,
    /// The `pupil_ref` of every pupil, in the file or stored.
    pupil_refs: HashMap<PupilId, &'a str>,
    /// The `contact_ref` of every carer, in the file or stored.
    contact_refs: HashMap<CarerId, &'a str>,
    /// Addresses added so far: two carers of one file may share a new one.
    new_addresses: HashMap<(AddressKind, &'a str), AddressId>,
}

impl<'a> Planner<'a> {
    fn new(roll: &'a Roll, stored: &'a Stored, today: Date) -> Self {
        Self {
            roll,
            stored,
            today,
            changes: Changes::default(),
            counts: Counts::default(),
            lines: Vec::new(),
            problems: Problems::default(),
            pupil_ids: HashMap::new(),
            carer_ids: HashMap::new(),
            pupil_refs: stored.pupils.iter().map(|(known, pupil)| (pupil.id, known.as_str())).collect(),
            contact_refs: stored.carers.iter().map(|(known, carer)| (carer.id, known.as_str())).collect(),
            new_addresses: HashMap::new(),
        }
    }

    /// Whether a restriction that ends then holds today, or will.
    fn still_holds(&self, ends: Option<Date>) -> bool {
        ends.is_none_or(|ends| self.today <= ends)
    }
}

#[cfg(test)]
#[path = "../plan_tests.rs"]
mod tests;
