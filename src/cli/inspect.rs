//! `liaison inspect`: what Liaison would make of something. Keeps nothing, needs no database.

use liaison_channels::{address::inspect_number, text::inspect_text};

use super::{InspectCommand, say};

pub(super) fn run(what: &InspectCommand) {
    let json = match what {
        InspectCommand::Text { text, raw } => serde_json::to_string(&inspect_text(text, *raw)),
        InspectCommand::Number { number } => serde_json::to_string(&inspect_number(number)),
    };
    say(&json.unwrap_or_else(|_| "{}".to_owned()));
}
