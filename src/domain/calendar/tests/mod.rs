//! The worked examples of the rule, its properties, and files with mistakes.
#![expect(clippy::indexing_slicing, reason = "a test that panics has found something")]

mod changes;
mod edits;
mod examples;
mod files;
mod inspecting;
mod properties;
mod year;

use super::*;
use crate::domain::time::Timestamp;

/// The calendar of the worked examples.
fn example() -> Calendar {
    with("")
}

/// The calendar of the worked examples with further rows.
fn with(rows: &str) -> Calendar {
    read(format!("{EXAMPLE_FILE}{rows}\n").as_bytes()).expect("a good calendar")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}
