//! `liaison tasks …`: what people must do.

use std::fs;

use anyhow::{Context as _, Result, anyhow};

use super::{TasksCommand, say, say_json, table::table};
use crate::{
    domain::{time::day_in_words, translation::Typed},
    flows::{
        gateway::Gateway,
        tasks::{self, Listed},
        translating,
    },
};

pub(super) async fn run(gateway: &Gateway, what: TasksCommand, json: bool) -> Result<u8> {
    match what {
        TasksCommand::List { all } => {
            let listed = tasks::list(gateway, !all, json).await?;
            if json {
                say_json(&listed)?;
            } else if listed.is_empty() {
                say("nothing is open");
            } else {
                say(&in_table(&listed));
            }
        }
        TasksCommand::Show { id, page } => show(&tasks::show(gateway, id).await?, page, json)?,
        TasksCommand::Translate { id, file, title, checked_by, by_machine, by } => {
            let words = fs::read_to_string(&file)
                .with_context(|| format!("Read {}: it has to be text in UTF-8", file.display()))?;
            let typed = Typed { words, title, by_machine, checked_by };
            let written = translating::translate(gateway, id, &typed, &by.by).await?;
            say(&match written {
                0 => "kept; they are rung all the same: all of it cannot be written to them, or they want to be rung"
                    .to_owned(),
                1 => "kept; it goes in writing to one carer".to_owned(),
                many => format!("kept; it goes in writing to {many} carers"),
            });
        }
        TasksCommand::Done { id, outcome, by } => {
            tasks::close(gateway, id, true, &by.by, &outcome).await?;
            say("done");
        }
        TasksCommand::GiveUp { id, outcome, by } => {
            tasks::close(gateway, id, false, &by.by, &outcome).await?;
            say("given up");
        }
    }
    Ok(0)
}

fn in_table(listed: &[Listed]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|task| {
            vec![
                task.id.to_string(),
                format!("{} ({})", task.role, task.class.as_deref().unwrap_or("no class")),
                task.kind.replace('_', " "),
                task.carer.clone(),
                task.pupil.clone(),
                day_in_words(task.due),
                task.state.clone(),
                task.outcome.clone().unwrap_or_else(|| task.why.clone()),
            ]
        })
        .collect();
    table(&["id", "for", "task", "carer", "pupil", "by", "state", "why or outcome"], &rows, 44)
}

fn show(task: &Listed, page: bool, json: bool) -> Result<()> {
    if page {
        let html = task.needs.as_ref().and_then(|needs| needs.page.as_deref());
        say(html.ok_or_else(|| {
            anyhow!("task {} is no letter that may be posted: it is a {}, {}", task.id, task.kind, task.state)
        })?);
        return Ok(());
    }
    if json {
        return say_json(task);
    }
    say(&in_table(std::slice::from_ref(task)));
    let Some(needs) = &task.needs else { return Ok(()) };
    let facts = [
        ("ring or post to", needs.to.as_deref()),
        ("interpreter", needs.interpreter.as_deref()),
        ("best times", needs.best_times.as_deref()),
        ("format", needs.format),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            say(&format!("{name}: {}", value.replace('\n', ", ")));
        }
    }
    if let Some(words) = &needs.words {
        say(&format!("\n{words}"));
    }
    Ok(())
}
