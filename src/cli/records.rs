//! `liaison records …`: what is about safeguarding, SEND or behaviour, and its reference in the school's own recording system.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use serde_json::json;

use super::{By, cases::changed, say, say_json, table::table};
use crate::{
    domain::{key_item::late_before, time::moment_in_words},
    flows::{gateway::Gateway, hand_off, hand_off_sheet},
    store::key_items::KeyItem,
};

#[derive(Debug, Subcommand)]
pub(super) enum RecordsCommand {
    /// List what has neither a reference nor a reason to need none, the oldest first
    List {
        /// Restricted and sensitive ones too, for the DSL; that they were read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Print the sheet of one, ready to paste into the other system
    Sheet {
        /// A case's code, or an id from `records list`
        item: String,
        /// As a CSV file: a head and one row
        #[arg(long)]
        csv: bool,
        /// Also what is restricted, sensitive or about safeguarding, for the DSL; that it was read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Record where one goes on, or why it needs no reference
    HandOff {
        /// A case's code, or an id from `records list`
        item: String,
        /// CPOMS or Engage
        #[arg(long, requires = "reference", required_unless_present = "not_needed")]
        system: Option<String>,
        /// What that system calls it
        #[arg(long, requires = "system")]
        reference: Option<String>,
        /// Why it needs no reference
        #[arg(long, value_name = "WHY", conflicts_with = "system")]
        not_needed: Option<String>,
        /// Also where it is restricted or sensitive, for the DSL
        #[arg(long)]
        restricted: bool,
        #[command(flatten)]
        by: By,
    },
}

pub(super) async fn run(gateway: &Gateway, what: RecordsCommand, json: bool) -> Result<u8> {
    match what {
        RecordsCommand::List { restricted } => {
            let open = hand_off::all_open(gateway, restricted).await?;
            match (json, open.is_empty()) {
                (true, _) => say_json(&open.iter().map(as_json).collect::<Vec<_>>())?,
                (false, true) => say("nothing waits for a reference"),
                (false, false) => say(&in_table(gateway, &open)),
            }
        }
        RecordsCommand::Sheet { item, csv, restricted } => {
            let sheet = hand_off_sheet::for_operator(gateway, &item, restricted).await?;
            let text = if csv { sheet.csv() } else { sheet.plain() };
            if json {
                say_json(&json!({ "sheet": text }))?;
            } else {
                say(text.trim_end());
            }
        }
        RecordsCommand::HandOff { item, system, reference, not_needed, restricted, by } => {
            let id = hand_off::id_of(gateway, &item, restricted).await?;
            match (system, reference, not_needed) {
                (Some(system), Some(reference), _) => {
                    hand_off::hand_off(gateway, id, restricted, (&system, &reference), &by.by).await?;
                }
                (_, _, Some(why)) => {
                    hand_off::not_needed_because(gateway, id, restricted, &why, &by.by).await?;
                }
                _ => {
                    return Err(anyhow!("say where it goes on (--system, --reference), or --not-needed WHY"));
                }
            }
            changed(json, "recorded")?;
        }
    }
    Ok(0)
}

fn as_json(item: &KeyItem) -> serde_json::Value {
    json!({
        "id": item.item.id(),
        "what": item.called,
        "topic": item.topic,
        "pupil": item.pupil_name,
        "carer": item.carer_name,
        "since": item.since,
        "restricted": item.restricted,
        "sensitive": item.sensitive,
    })
}

fn in_table(gateway: &Gateway, open: &[KeyItem]) -> String {
    let late = late_before(&gateway.policy(), gateway.now());
    let rows: Vec<Vec<String>> = open
        .iter()
        .map(|item| {
            let since = moment_in_words(item.since);
            vec![
                item.item.id().to_string(),
                item.called.clone(),
                item.topic.in_words().to_owned(),
                item.pupil_name.clone().unwrap_or_default(),
                if item.since < late { format!("{since} (late)") } else { since },
            ]
        })
        .collect();
    table(&["id", "what", "about", "pupil", "waits since"], &rows, 40)
}
