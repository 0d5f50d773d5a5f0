//! Staff pages in a real browser: Debian's Chromium, driven through chromedriver, with scripts on and off.
//!
//! `tests/run browser` brings what this needs. To add a journey: write it in `journeys.rs` and name it in `twice!` there.
//! New pages are looked at by themselves: `looks.rs` walks every route that exists.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has found something")]
#![allow(unsafe_code, reason = "stopping the shared server when the process ends needs atexit")]

mod answers;
mod chrome;
mod journeys;
mod keyboard;
mod looks;
mod served;
#[expect(dead_code, reason = "the other suite uses the rest")]
#[path = "../it/support/mod.rs"]
mod support;
