//! What arrives: kept, matched, owned, on the clock, and acknowledged only where that is right.

mod answers;
mod clocks;
mod languages;
mod life;
mod limits;
mod loops;
mod machines;
mod mailbox;
mod matching;
mod notices;
mod parts;
mod replies;
mod silence;
mod texts;

use crate::support::people::{Roll, carer, pupil};

/// What a class teacher writes.
const WORDS: &str = "Sam read two whole chapters aloud.";
/// The carer most tests are about.
const AMINA: &str = "amina.begum@home.example";
/// Her number.
const HER_NUMBER: &str = "+447700900101";
/// The other parent.
const BORIS: &str = "boris.czerny@away.example";

/// Sam's separated parents, each with an address of their own.
fn two_parents() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA).mobile("07700 900101").wants("email"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).wants("email"),
        ],
    )
}
