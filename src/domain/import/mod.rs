//! Contact data from the school's own system: two CSV files become pupils, carers and links.
//!
//! Two steps, both pure. [`read`] turns bytes into a [`Roll`], or into [`Problem`]s that say file, line, column and what
//! to do. [`plan`] compares the roll with what is [`Stored`] and says what would change. One refused row stops the whole
//! import: half a file is a state that nobody meant, and a row left out could be the one with the order in it.
//!
//! Rules that hold whatever a file says:
//!
//! * a restriction is only ever added; what the file would loosen is kept and goes to the DSL;
//! * what a colleague set (a preference with source `staff`, an address added or taken away) is left alone;
//! * nothing is deleted: what is no longer in the file is marked as missing;
//! * a file owns only the fields it has a column for, see [`Given`].

mod cell;
mod changes;
mod checks;
mod columns;
mod contacts;
mod diff;
mod plan;
mod problem;
mod pupils;
mod report;
mod roll;
mod shared;
mod stored;
mod table;

pub use changes::{
    AddressUse, CarerWrite, Changes, LinkWrite, NewAddress, NewClass, NewRestriction, NewStaff,
    PreferenceWrite, PupilWrite, Review,
};
pub use checks::Proposal;
pub use columns::Given;
pub use contacts::read_address;
pub use diff::{Diff, DiffCount, DiffLine};
pub use plan::{Plan, plan};
use problem::Problems;
pub use problem::{File, Problem, Severity};
pub use report::{Change, Count, Counts, FileFacts, Line, Report, Restrictions, What};
pub use roll::{
    CarerFields, ContactRow, LinkFields, PupilFields, PupilRow, Roll, WrittenAddress, WrittenRestriction,
    routes,
};
pub use stored::{
    Stored, StoredCarer, StoredLink, StoredPreference, StoredPupil, StoredRestriction, StoredUse,
};

use super::time::Date;

/// What two files say, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The rows without a fault.
    pub roll: Roll,
    /// All that is wrong, what stops the import first.
    pub problems: Vec<Problem>,
    /// Contacts that may be one person.
    pub proposals: Vec<Proposal>,
}

impl Read {
    /// Whether the files may be imported.
    pub fn is_good(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }
}

/// Reads both files. `today` is the school's date: a restriction that has ended no longer counts.
pub fn read(pupils: &[u8], contacts: &[u8], today: Date) -> Read {
    let mut problems = Problems::default();
    let pupil_table = table::read(File::Pupils, pupils, &mut problems);
    let contact_table = table::read(File::Contacts, contacts, &mut problems);
    let (Some(pupil_table), Some(contact_table)) = (pupil_table, contact_table) else {
        return Read { problems: problems.into_sorted(), ..Read::default() };
    };
    let (pupils, seen) = pupils::read(&pupil_table, &mut problems);
    let contacts = contacts::read(&contact_table, &mut problems);
    checks::unknown_pupils(&contacts, &seen, &mut problems);
    checks::one_contact_one_person(&contacts, &mut problems);
    checks::shared_with_restricted(&contacts, today, &mut problems);
    let proposals = checks::proposals(&contacts);
    let roll =
        Roll { pupils, contacts, pupil_columns: pupil_table.given, contact_columns: contact_table.given };
    if problems.refused() == 0 {
        // With rows left out, these would be guesses.
        checks::thin_pupils(&roll, &mut problems);
    }
    Read { roll, problems: problems.into_sorted(), proposals }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
