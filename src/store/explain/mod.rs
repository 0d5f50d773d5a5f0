//! Reads for people: deliveries and their attempts, the chronology with names joined in, and what explains anything that has
//! an id.

mod case;
mod people;
mod record;
mod sent;
mod what;

pub use self::{case::*, people::*, record::*, sent::*, what::*};
