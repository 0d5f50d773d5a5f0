//! The whole gateway, started in process, on a real Postgres. One binary: each further one would link it all again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has found something")]
#![allow(unsafe_code, reason = "stopping the shared server when the process ends needs atexit")]

mod chronology;
mod cli;
mod cluster;
mod deeds;
mod gate;
mod import;
mod inbound;
mod journeys;
mod logs;
mod oracle;
mod pages;
mod records;
mod seen;
mod support;
mod term;
