//! Staff pages as a browser without scripts meets them.

mod admin_calendar;
mod admin_channels;
mod admin_import;
mod admin_staff;
mod admin_wording;
mod announce;
mod audit;
mod away;
mod cases;
mod complaints;
mod coverage;
mod elsewhere;
mod families;
mod faults;
mod forms;
mod home;
mod hostile;
mod inbox;
mod kept;
mod letters;
mod life;
mod matrix;
mod plain;
mod play;
mod records;
mod rules;
mod search;
mod sign_in;
mod snapshots;
mod tasks;
mod templates;
mod week;
mod why;
mod working;

pub(crate) use crate::support::staffed::{AMINA, Answer, BORIS, Browser, CLARA, Staffed, two_classes};
