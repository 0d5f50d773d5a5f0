//! `liaison updates queue` and `liaison queue …`.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{QueueCommand, say, say_json, table::table};
use crate::{
    domain::time::moment_in_words,
    flows::{
        gateway::Gateway,
        operate,
        queue::{self, QueueError, Queued},
    },
    store::{
        daemons,
        explain::{self, Filter},
    },
};

pub(super) async fn updates(gateway: &Gateway, file: &Path, author: &str, json: bool) -> Result<u8> {
    let bytes = std::fs::read(file).with_context(|| format!("Read {}", file.display()))?;
    match queue::updates(gateway, &bytes, author).await {
        Ok(queued) if json => say_json(&queued).map(|()| 0),
        Ok(queued) => {
            say(&in_words(&queued));
            Ok(0)
        }
        Err(QueueError::Lines(problems)) => {
            if json {
                say_json(&serde_json::json!({ "problems": problems }))?;
            } else {
                say(&format!("Nothing was queued. Mend these lines of {} and run it again:", file.display()));
                for problem in &problems {
                    say(&format!("  line {}: {}", problem.line, problem.sentence));
                }
            }
            Ok(1)
        }
        Err(QueueError::Flow(error)) => Err(error.into()),
    }
}

/// A report as a teacher would read it.
pub(super) fn in_words(queued: &Queued) -> String {
    let mut text = format!("{} update(s) queued", queued.updates);
    if queued.already > 0 {
        text += &format!(", {} were queued before", queued.already);
    }
    text += &format!(
        ".\n  {} by email, {} by text, {} to ring, {} to post",
        queued.email, queued.text, queued.call, queued.letter
    );
    for (reason, count) in &queued.left_out {
        text += &format!("\n  {count} carer(s) left out: {}", reason.replace('_', " "));
    }
    if queued.no_way > 0 {
        text +=
            &format!("\n  {} carer(s) nobody knows how to reach: see `liaison tasks list`", queued.no_way);
    }
    for pupil in &queued.without_carers {
        text += &format!("\n  pupil {pupil} has no carer on record: nobody was told");
    }
    text
}

pub(super) async fn run(gateway: &Gateway, what: QueueCommand, json: bool) -> Result<u8> {
    match what {
        QueueCommand::List { state, channel, limit } => {
            list(gateway, &Filter { id: None, state, channel, limit }, json).await
        }
        QueueCommand::Hold { scope, reason, by } => {
            let new = operate::hold(gateway, &scope, &reason, &by.by).await?;
            done(
                json,
                new,
                &format!("{scope} is held until `liaison queue release {scope}`"),
                "it is held already",
            )
        }
        QueueCommand::Release { scope, by } => {
            let new = operate::release(gateway, &scope, &by.by).await?;
            done(json, new, &format!("{scope} is released"), "it was not held")
        }
        QueueCommand::Retry { id, even_if_twice, by } => {
            operate::retry(gateway, id, even_if_twice, &by.by).await?;
            done(json, true, "back in the queue; the gate is asked again", "")
        }
        QueueCommand::Cancel { id, by } => {
            operate::cancel(gateway, id, &by.by).await?;
            done(json, true, "cancelled: it will not be sent", "")
        }
    }
}

fn done(json: bool, changed: bool, sentence: &str, otherwise: &str) -> Result<u8> {
    if json {
        say_json(&serde_json::json!({ "changed": changed }))?;
    } else {
        say(if changed { sentence } else { otherwise });
    }
    Ok(0)
}

/// When it came to rest, or when it is due; a message held by itself has no time.
fn when(delivery: &explain::DeliveryView) -> String {
    let at = delivery.settled_at.unwrap_or(delivery.not_before);
    if at >= operate::HELD_UNTIL { "held".to_owned() } else { moment_in_words(at) }
}

async fn list(gateway: &Gateway, filter: &Filter, json: bool) -> Result<u8> {
    let mut connection = gateway.store.acquire().await?;
    let holds = daemons::holds(&mut connection).await?;
    let deliveries = explain::deliveries(&mut connection, filter).await?;
    let counts = explain::counts(&mut connection).await?;
    if json {
        let counts: Vec<_> = counts
            .iter()
            .map(|(channel, state, count)| serde_json::json!({ "channel": channel, "state": state, "count": count }))
            .collect();
        say_json(&serde_json::json!({ "holds": holds, "counts": counts, "deliveries": deliveries }))?;
        return Ok(0);
    }
    for hold in &holds {
        say(&format!("HELD {}: {} (by {}, {})", hold.scope, hold.reason, hold.set_by, hold.set_at));
    }
    let rows: Vec<Vec<String>> = deliveries
        .iter()
        .map(|d| {
            vec![
                d.id.to_string(),
                d.carer.clone(),
                d.pupil.clone(),
                d.channel.clone(),
                d.state.clone(),
                d.tries.to_string(),
                when(d),
                d.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    say(&table(&["id", "carer", "pupil", "channel", "state", "tries", "when", "why"], &rows, 44));
    let all: Vec<_> =
        counts.iter().map(|(channel, state, count)| format!("{channel} {state} {count}")).collect();
    say(&format!("in all: {}", if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }));
    Ok(0)
}

/// Queues the demo's file, whose every line must be good.
pub(super) async fn updates_for_demo(gateway: &Gateway, file: &[u8], author: &str) -> Result<Queued> {
    match queue::updates(gateway, file, author).await {
        Ok(queued) => Ok(queued),
        Err(QueueError::Lines(problems)) => {
            anyhow::bail!("the demo's own updates have problems: {problems:?}")
        }
        Err(QueueError::Flow(error)) => Err(error.into()),
    }
}
