//! `liaison cases …`: what carers wrote, and what is done about it.

use anyhow::Result;
use clap::Subcommand;

use super::{
    By,
    case_deeds::{self, Deed},
    say, say_json,
    table::table,
};
use crate::{
    domain::{
        time::{Date, moment_in_words},
        topic::Topic,
    },
    flows::{
        cases::{self, Listed, Reply, Shown},
        gateway::Gateway,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum CasesCommand {
    /// List open cases, the one that has waited longest first
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
        /// Restricted ones too, for the DSL; that they were read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Show one with its whole story
    Show {
        /// Its code or id, from `cases list`
        case: String,
        /// Also where it is restricted, for the DSL; that it was read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Reply to the carer: by the route they want answers by, or wrote by, where that can carry it; stops the clock
    Reply {
        /// Its code or id, from `cases list`
        case: String,
        /// The words; - reads them from standard input
        words: String,
        /// A full answer follows by this day, such as 2026-12-04; a clock of its own
        #[arg(long, value_name = "DATE")]
        promise: Option<Date>,
        /// It is all that was promised before: stops the clock of the promise too
        #[arg(long, conflicts_with = "promise")]
        full: bool,
        /// Not for a text
        #[arg(long)]
        sensitive: bool,
        /// What it is about: attendance, behaviour, send, medical, safeguarding or wellbeing; some never go by text
        #[arg(long, value_parser = Topic::parse)]
        topic: Option<Topic>,
        #[command(flatten)]
        by: By,
    },
    /// Give one to a role, and to a colleague by name
    Assign {
        /// Its code or id, from `cases list`
        case: String,
        /// teacher, office, slt or dsl
        role: String,
        /// The colleague
        #[arg(long)]
        owner: Option<String>,
        /// Also where it is restricted, for the DSL
        #[arg(long)]
        restricted: bool,
        #[command(flatten)]
        by: By,
    },
    /// Close one, with what came of it
    Close {
        /// Its code or id, from `cases list`
        case: String,
        /// What came of it
        #[arg(long)]
        outcome: String,
        /// Also where it is restricted, for the DSL
        #[arg(long)]
        restricted: bool,
        #[command(flatten)]
        by: By,
    },
    #[command(flatten)]
    Deed(Deed),
}

pub(super) async fn run(gateway: &Gateway, what: CasesCommand, json: bool) -> Result<u8> {
    match what {
        CasesCommand::List { all, restricted } => {
            let listed = cases::list(gateway, all, restricted).await?;
            match (json, listed.is_empty()) {
                (true, _) => say_json(&listed)?,
                (false, true) => say("no case is open"),
                (false, false) => say(&in_table(&listed)),
            }
        }
        CasesCommand::Show { case, restricted } => {
            let shown = cases::show(gateway, &case, restricted).await?;
            if json {
                say_json(&shown)?;
            } else {
                say(&story(&shown));
            }
        }
        CasesCommand::Reply { case, words, promise, full, sensitive, topic, by } => {
            let words = if words == "-" { std::io::read_to_string(std::io::stdin())? } else { words };
            let reply = Reply {
                words: &words,
                promise,
                full_answer: full,
                sensitive,
                topic,
                by_text: None,
                by: &by.by,
            };
            let replied = cases::reply(gateway, &case, false, &reply).await?;
            if json {
                say_json(&replied)?;
            } else {
                let clocks = if replied.clocks_stopped > 0 { "; the clock is stopped" } else { "" };
                say(&format!("reply in case {}: {}{clocks}", replied.case, replied.said));
            }
        }
        CasesCommand::Assign { case, role, owner, restricted, by } => {
            cases::assign(gateway, &case, restricted, &role, owner.as_deref(), &by.by).await?;
            changed(json, "given; the clock runs on")?;
        }
        CasesCommand::Close { case, outcome, restricted, by } => {
            cases::close(gateway, &case, restricted, &outcome, &by.by).await?;
            changed(json, "closed")?;
        }
        CasesCommand::Deed(deed) => case_deeds::run(gateway, deed, json).await?,
    }
    Ok(0)
}

pub(super) fn changed(json: bool, sentence: &str) -> Result<()> {
    if json {
        return say_json(&serde_json::json!({ "changed": true }));
    }
    say(sentence);
    Ok(())
}

pub(super) fn in_table(listed: &[Listed]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|case| {
            vec![
                case.code.clone(),
                case.carer.clone(),
                case.pupil.clone().unwrap_or_else(|| "which child?".to_owned()),
                case.subject.clone(),
                whose(case),
                clock(case),
                case.outcome.clone().unwrap_or_else(|| case.state.to_owned()),
            ]
        })
        .collect();
    table(&["case", "carer", "pupil", "subject", "whose turn", "clock", "state"], &rows, 30)
}

fn whose(case: &Listed) -> String {
    let role = match (&case.owner, &case.class) {
        (Some(owner), _) => format!("{owner} ({})", case.role),
        (None, Some(class)) if case.role == "teacher" => format!("staff of {class}"),
        _ => case.role.clone(),
    };
    if case.visibility == "restricted" { format!("{role}, restricted") } else { role }
}

/// The clock in words: due, overdue, answered, or without a date.
fn clock(case: &Listed) -> String {
    match case.due {
        Some(due) if case.overdue => format!("OVERDUE since {}", moment_in_words(due)),
        Some(due) => format!("due {}", moment_in_words(due)),
        None if case.calendar_missing => "NO DATE: the calendar does not reach so far".to_owned(),
        None => match &case.complaint {
            Some(runs) => format!("in complaint {runs}"),
            None if case.clocks.iter().any(|clock| clock.state == "met") => "answered".to_owned(),
            None => "none".to_owned(),
        },
    }
}

fn story(shown: &Shown) -> String {
    let case = &shown.case;
    let mut text = format!(
        "case {}  {}\n  from {} about {}; {}; {}\n",
        case.code,
        case.subject,
        case.carer,
        case.pupil.as_deref().unwrap_or("one of their children: see `liaison questions list`"),
        whose(case),
        clock(case),
    );
    for clock in &case.clocks {
        let state = clock.state.replace('_', " ");
        let state = clock.moved_to.as_ref().map_or(state, |there| format!("moved to {there}"));
        text += &format!("  clock ({}, {state}): {}\n", clock.kind, clock.words);
    }
    for message in &shown.messages {
        let view = &message.view;
        text += &format!(
            "\n{}  by {}: {}; {}\n",
            moment_in_words(view.received_at),
            view.channel,
            view.verdict.as_deref().unwrap_or("not yet read"),
            view.answered.as_deref().unwrap_or_default(),
        );
        for line in message.words.trim().lines() {
            text += &format!("    {line}\n");
        }
        if message.shortened {
            text +=
                &format!("    (quotes and signatures are left out: `liaison received raw {}`)\n", view.id);
        }
    }
    for answer in &shown.answers {
        let how = match (&answer.route, &answer.state) {
            (Some(route), Some(state)) => format!("by {route}, {state}"),
            _ => "by phone or letter: see `liaison tasks list`".to_owned(),
        };
        let why = answer.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        text += &format!(
            "\n{}  {} by {}, {how}{why}\n",
            moment_in_words(answer.written_at),
            answer.purpose,
            answer.author
        );
        for line in answer.words.as_deref().unwrap_or_default().lines() {
            text += &format!("    {line}\n");
        }
    }
    if let Some(outcome) = &case.outcome {
        text += &format!("\nclosed: {outcome}\n");
    }
    text
}
