//! What the school means: pure types and decisions. No I/O, no clock of its own; `now` is handed in.

pub mod chronology;
pub mod csv_file;
pub mod delivery;
pub mod gate;
pub mod ids;
pub mod import;
pub mod people;
pub mod policy;
pub mod rights;
pub mod route;
pub mod seal;
pub mod time;
pub mod update;
pub mod wording;
