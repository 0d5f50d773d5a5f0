//! `liaison complaints …`: cases that were handed on to the Complaints Procedure. What is done with them is done on their pages,
//! by colleagues who may.

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{say, say_json, table::table};
use crate::{
    domain::{
        chronology::Visibility,
        complaint::Outcome,
        time::{day_in_words, moment_in_words, school_date},
    },
    flows::{complaints, gateway::Gateway},
    store::{
        complaint_lists::ComplaintRow,
        complaints::{Step, StepRow},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum ComplaintsCommand {
    /// List open complaints, what is due first standing first
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
        /// Restricted ones too, for the DSL; that they were read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Show one with all that was done with it
    Show {
        /// Its number, such as C-7, from `complaints list`
        complaint: String,
        /// Also where it is restricted, for the DSL; that it was read is recorded
        #[arg(long)]
        restricted: bool,
    },
}

pub(super) async fn run(gateway: &Gateway, what: ComplaintsCommand, json: bool) -> Result<u8> {
    match what {
        ComplaintsCommand::List { all, restricted } => {
            let listed = complaints::listed(gateway, all, restricted).await?;
            match (json, listed.is_empty()) {
                (true, _) => say_json(&listed.iter().map(as_json).collect::<Vec<_>>())?,
                (false, true) => say("no complaint is open"),
                (false, false) => say(&in_table(gateway, &listed)),
            }
        }
        ComplaintsCommand::Show { complaint, restricted } => {
            let (complaint, steps) = complaints::one(gateway, &complaint, restricted).await?;
            if json {
                let steps: Vec<_> = steps.iter().map(step_as_json).collect();
                say_json(&json!({ "complaint": as_json(&complaint), "steps": steps }))?;
            } else {
                say(&in_table(gateway, std::slice::from_ref(&complaint)));
                say(&format!("{}\n", complaint.due_words));
                for step in &steps {
                    say(&in_words(step));
                }
            }
        }
    }
    Ok(0)
}

fn as_json(one: &ComplaintRow) -> Value {
    json!({
        "number": one.number.to_string(), "case": one.code, "carer": one.carer, "pupil": one.pupil_name,
        "visibility": one.visibility.as_str(), "stage": one.stage.number(), "owner": one.owner_name,
        "owner_sees": one.owner_sees, "due": one.due_day.map(|day| day.to_string()), "why": one.due_words,
        "outcome": one.outcome, "opened_at": one.opened_at, "answered_at": one.answered_at,
        "closed_at": one.closed_at,
    })
}

fn step_as_json(row: &StepRow) -> Value {
    json!({
        "stage": row.stage.number(), "what": what(row), "outcome": row.step.outcome(), "at": row.at, "by": row.by,
        "words": row.words,
    })
}

const fn what(row: &StepRow) -> &'static str {
    match row.step {
        Step::Begun(_) => "begun",
        Step::Given(_) => "given to another colleague",
        Step::Answered(_) => "answered",
        Step::Closed(_) => "closed",
    }
}

fn in_table(gateway: &Gateway, listed: &[ComplaintRow]) -> String {
    let today = school_date(gateway.now());
    let row = |one: &ComplaintRow| {
        let outcome = one.outcome.map_or("", Outcome::in_words);
        let stands = match (one.closed_at, one.answered_at, one.due_day) {
            (Some(_), _, _) => format!("closed, {outcome}"),
            (None, Some(_), _) => format!("answered, {outcome}"),
            (None, None, None) => "NO DAY: the calendar does not reach so far".to_owned(),
            (None, None, Some(day)) if day < today => format!("OVERDUE since {}", day_in_words(day)),
            (None, None, Some(day)) => format!("due {}", day_in_words(day)),
        };
        let blind = if one.owner_sees || one.closed_at.is_some() { "" } else { ", WHO DOES NOT SEE IT" };
        let restricted = if one.visibility == Visibility::Restricted { ", restricted" } else { "" };
        vec![
            one.number.to_string(),
            format!("{}{restricted}", one.code),
            one.carer.clone(),
            one.pupil_name.clone().unwrap_or_else(|| "which child?".to_owned()),
            one.stage.number().to_string(),
            format!("{}{blind}", one.owner_name),
            stands,
        ]
    };
    let rows: Vec<_> = listed.iter().map(row).collect();
    table(&["complaint", "case", "carer", "pupil", "stage", "with", "state"], &rows, 30)
}

fn in_words(row: &StepRow) -> String {
    let outcome = row.step.outcome().map(|outcome| format!(": {}", outcome.in_words())).unwrap_or_default();
    let mut text = format!(
        "{}  stage {} {}{outcome}, by {}\n",
        moment_in_words(row.at),
        row.stage.number(),
        what(row),
        row.by
    );
    for line in row.words.as_deref().unwrap_or_default().lines() {
        text += &format!("    {line}\n");
    }
    text
}
