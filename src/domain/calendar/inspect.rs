//! What the clock makes of one instant, for the operator's `inspect due`.

use serde::Serialize;

use super::{Calendar, Rule, due, due_words};
use crate::domain::time::{Date, Timestamp};

/// The answer; serialises as one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DueReading {
    /// There is a date.
    Due {
        /// The counted days.
        counted: Vec<Date>,
        /// The last moment, UTC.
        due: Timestamp,
        /// Why it is due then.
        words: String,
    },
    /// The calendar does not reach.
    Missing {
        /// Empty.
        counted: Vec<Date>,
        /// Always `null`.
        due: Option<Timestamp>,
        /// `calendar_missing`.
        state: &'static str,
        /// What is missing and what to do.
        words: String,
    },
    /// The question cannot be read.
    Error {
        /// Why, and what to write.
        error: String,
    },
}

/// Reads an instant such as `2026-11-09T09:15Z` (RFC 3339; seconds may be left out; it must say its offset from UTC) and
/// counts `days` from it under the default [`Rule`].
pub fn inspect_due(instant: &str, calendar: &Calendar, days: u8) -> DueReading {
    let Ok(received) = instant.trim().parse::<Timestamp>() else {
        let error = "this is not an instant with its offset: write it like 2026-11-09T09:15:00Z";
        return DueReading::Error { error: error.to_owned() };
    };
    if days == 0 {
        return DueReading::Error { error: "the number of days must be between 1 and 255".to_owned() };
    }
    let rule = Rule { days, ..Rule::default() };
    match due(received, calendar, &rule) {
        Ok(due) => {
            let words = due_words(&due, received, calendar, &rule);
            DueReading::Due { counted: due.counted, due: due.at, words }
        }
        Err(missing) => DueReading::Missing {
            counted: Vec::new(),
            due: None,
            state: "calendar_missing",
            words: missing.sentence(),
        },
    }
}
