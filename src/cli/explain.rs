//! `liaison explain ID`: why a message or task is as it is.

use anyhow::Result;
use uuid::Uuid;

use super::{say, say_json};
use crate::{
    domain::{people::Purpose, route::Fired, time::moment_in_words},
    flows::{
        explain::{self, Explained},
        gateway::Gateway,
    },
};

pub(super) async fn run(gateway: &Gateway, id: Uuid, json: bool) -> Result<u8> {
    let explained = explain::explain(gateway, id).await?;
    if json {
        say_json(&explained)?;
    } else {
        say(&in_words(&explained));
    }
    Ok(0)
}

fn in_words(explained: &Explained) -> String {
    let mut text = String::new();
    if let Some(d) = &explained.delivery {
        let what = match Purpose::parse(&d.purpose) {
            Ok(Purpose::WeeklyUpdate) | Err(_) => format!("weekly update about {}", d.pupil),
            Ok(other) => other.in_words().to_owned(),
        };
        text += &format!(
            "{}{} for {}, by {} ({}): {}",
            what.get(..1).unwrap_or_default().to_uppercase(),
            what.get(1..).unwrap_or_default(),
            d.carer,
            d.route,
            d.channel,
            d.state
        );
        if let Some(reason) = &d.reason {
            text += &format!(", because {reason}");
        }
        if d.maybe_twice {
            text += "; it may have arrived twice";
        }
        if let Some(before) = d.follows {
            text += &format!("\nIt follows {before}, which will not arrive.");
        }
    }
    if let Some(task) = &explained.task {
        text += &format!("Task for {} about {}: {} ({})", task.role, task.pupil, task.why, task.state);
    }
    text += "\n\nWhy this route:";
    text += &rules(&explained.route);
    for one in &explained.attempts {
        let attempt = &one.attempt;
        text += &format!(
            "\n\nTry {}, {}: {}",
            attempt.try_no,
            moment_in_words(attempt.started_at),
            attempt.outcome.replace('_', " ")
        );
        for (name, value) in [("fault", &attempt.fault), ("code", &attempt.code), ("said", &attempt.said)] {
            if let Some(value) = value {
                text += &format!("\n  {name}: {value}");
            }
        }
        text += "\n  The gate:";
        text += &rules(&one.gate).replace('\n', "\n  ");
    }
    for receipt in &explained.receipts {
        text += &format!("\n\nReported {}: {} {}", moment_in_words(receipt.at), receipt.status, receipt.code);
    }
    text
}

fn rules(fired: &[Fired]) -> String {
    fired.iter().map(|rule| format!("\n  {:<12} {}: {}", rule.verdict, rule.rule, rule.saw)).collect()
}
