//! What the school means: pure types and decisions. No I/O, no clock of its own; `now` is handed in.

pub mod acknowledge;
pub mod audit;
pub mod calendar;
pub mod card;
pub mod chronology;
pub mod contact;
pub mod coverage;
pub mod csv_file;
pub mod delivery;
pub mod excerpt;
pub mod gate;
pub mod groups;
pub mod ids;
pub mod import;
pub mod matching;
pub mod opt_out;
pub mod people;
pub mod policy;
pub mod rights;
pub mod route;
pub mod seal;
pub mod staff;
pub mod tag;
pub mod time;
pub mod update;
pub mod wording;
