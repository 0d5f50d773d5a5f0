//! A Maildir read as a mailbox, with real files that others deliver, flag, move and take away.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod kit;
mod marks;
mod restarts;
mod settings;
mod taking;
mod troubles;
