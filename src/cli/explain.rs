//! `liaison explain ID`: why anything that has an id is as it is. Without names, addresses and words of messages.

use anyhow::Result;

use super::{say, say_json};
use crate::{
    domain::{
        explain::{asked, capital, said},
        time::{day_in_words, moment_in_words, school_date},
    },
    flows::{
        explain::{self, Decision, Explained, Version},
        gateway::Gateway,
    },
};

pub(super) async fn run(gateway: &Gateway, id: &str, json: bool) -> Result<u8> {
    let explained = explain::for_operator(gateway, id).await?;
    if json {
        say_json(&explained)?;
    } else {
        say(&in_words(&explained));
    }
    Ok(0)
}

fn in_words(explained: &Explained) -> String {
    let mut text = format!("{}: {}", capital(&explained.what), explained.stands);
    for decision in &explained.decisions {
        text += &decided(decision);
    }
    if !explained.see.is_empty() {
        text += "\n\nSee also:";
    }
    for see in &explained.see {
        text += &format!("\n  {}  {} ({})", see.id, see.kind, see.what);
    }
    text
}

fn decided(decision: &Decision) -> String {
    let mut text = format!("\n\n{}: {}", decision.title, decision.result);
    if let Some(at) = decision.at {
        text += &format!("\n  {}", moment_in_words(at));
    }
    for rule in &decision.rules {
        text += &format!("\n  {} {}: {}", asked(&rule.rule), said(&rule.verdict), rule.saw);
    }
    for (what, version) in [("Settings", &decision.settings), ("Calendar", &decision.calendar)] {
        if let Some(version) = version {
            text += &format!("\n  {what} version {}", dated(version));
        }
    }
    for line in &decision.wire {
        text += &format!("\n    {line}");
    }
    text
}

fn dated(version: &Version) -> String {
    match version.since {
        Some(since) => format!("{}, in force since {}", version.digest, day_in_words(school_date(since))),
        None => version.digest.clone(),
    }
}
