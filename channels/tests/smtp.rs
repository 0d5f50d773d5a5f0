//! The mail channel against a strict server on loopback, which misbehaves on demand.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "smtp/kit.rs"]
mod kit;
#[path = "smtp/lines.rs"]
mod lines;
#[path = "smtp/log.rs"]
mod log;
#[path = "smtp/outcome.rs"]
mod outcome;
#[path = "smtp/pool.rs"]
mod pool;
#[path = "smtp/secure.rs"]
mod secure;
#[path = "smtp/sink.rs"]
mod sink;
#[path = "smtp/tokens.rs"]
mod tokens;
#[path = "smtp/words.rs"]
mod words;
