//! The mailbox reader against a real Dovecot, and against a scripted server that misbehaves.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod faults;
mod folders;
mod gate;
mod kit;
mod lines;
mod mails;
mod script;
mod secure;
mod tokens;
mod waiting;
