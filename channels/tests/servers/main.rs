//! The channels against mail servers of the world: Postfix and Exim, each a whole one with a queue of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod kit;
mod sending;
