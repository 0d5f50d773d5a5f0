//! `liaison questions …` and `liaison received …`: what arrived, and what only a person can decide about it.

use std::io::Write as _;

use anyhow::{Result, anyhow};
use clap::Subcommand;

use super::{By, say, say_json, table::table};
use crate::{
    domain::{
        ids::{QuestionId, ReceivedId},
        time::{day_in_words, moment_in_words},
    },
    flows::{
        gateway::Gateway,
        questions::{self, Listed, Says},
    },
    store::{
        inbox,
        readings::{self, ReceivedView, WhichReceived},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum QuestionsCommand {
    /// List open questions, soonest due first, with the evidence beside each candidate
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
        /// Restricted ones too, for the DSL; that they were read is recorded
        #[arg(long)]
        restricted: bool,
    },
    /// Answer one: whose it is, or that it needs nothing
    Answer {
        /// Its id, from `questions list`
        id: QuestionId,
        /// The carer who wrote, by the contact's reference or id
        #[arg(long, conflicts_with = "nobody")]
        carer: Option<String>,
        /// The pupil it is about, by the school's reference or id
        #[arg(long, conflicts_with = "nobody")]
        pupil: Option<String>,
        /// It is nobody's of ours, or needs nothing: why, for the record
        #[arg(long, value_name = "WHY")]
        nobody: Option<String>,
        /// Also where it is restricted, for the DSL
        #[arg(long)]
        restricted: bool,
        #[command(flatten)]
        by: By,
    },
    /// Take an answer back: the question is open again, and the message leaves the case it was put into
    Undo {
        /// Its id, from `questions list --all`
        id: QuestionId,
        /// Why it was wrong
        reason: String,
        /// Also where it is restricted, for the DSL
        #[arg(long)]
        restricted: bool,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ReceivedCommand {
    /// List everything that arrived, what was made of it, and whether it was acknowledged
    List {
        /// Restricted ones too, for the DSL
        #[arg(long)]
        restricted: bool,
    },
    /// Print the bytes of one as they came
    Raw {
        /// Its id, from `received list`
        id: ReceivedId,
        /// Also where it is restricted, for the DSL
        #[arg(long)]
        restricted: bool,
    },
}

pub(super) async fn run(gateway: &Gateway, what: QuestionsCommand, json: bool) -> Result<u8> {
    match what {
        QuestionsCommand::List { all, restricted } => {
            let listed = questions::list(gateway, all, restricted).await?;
            match (json, listed.is_empty()) {
                (true, _) => say_json(&listed)?,
                (false, true) => say("no question is open"),
                (false, false) => listed.iter().for_each(|question| say(&one(question))),
            }
        }
        QuestionsCommand::Answer { id, carer, pupil, nobody, restricted, by } => {
            let says = match &nobody {
                Some(why) => Says::Nothing(why),
                None if carer.is_none() && pupil.is_none() => {
                    return Err(anyhow!(
                        "say whose it is (--carer, --pupil), or that it needs nothing (--nobody WHY)"
                    ));
                }
                None => Says::Is { carer: carer.as_deref(), pupil: pupil.as_deref() },
            };
            let answered = questions::answer(gateway, id, restricted, &says, &by.by).await?;
            if json {
                say_json(&answered)?;
            } else {
                say(&answered.said);
            }
        }
        QuestionsCommand::Undo { id, reason, restricted, by } => {
            let done = questions::undo(gateway, id, restricted, &reason, &by.by).await?;
            if json {
                say_json(&serde_json::json!({ "changed": true, "said": done }))?;
            } else {
                say(&done);
            }
        }
    }
    Ok(0)
}

fn one(question: &Listed) -> String {
    let mut text = format!(
        "{}  {}: {}\n  {}, from {}{}; for the {}, by {}; {}\n",
        question.id,
        question.kind.replace('_', " "),
        question.why,
        moment_in_words(question.received_at),
        question.sender.as_deref().unwrap_or("an unknown sender"),
        question.subject.as_ref().map(|subject| format!(", \"{subject}\"")).unwrap_or_default(),
        question.role,
        day_in_words(question.due),
        question.outcome.as_deref().unwrap_or(&question.state),
    );
    for line in question.words.trim().lines().take(6) {
        text += &format!("    {line}\n");
    }
    for person in &question.candidates {
        let about = person.pupil_name.as_ref().map(|pupil| format!(" about {pupil}")).unwrap_or_default();
        text += &format!(
            "  perhaps {}{about}: {}\n    --carer {}{}\n",
            person.carer_name,
            person.evidence,
            person.carer,
            person.pupil.map(|pupil| format!(" --pupil {pupil}")).unwrap_or_default(),
        );
    }
    text
}

pub(super) async fn received(gateway: &Gateway, what: ReceivedCommand, json: bool) -> Result<u8> {
    let mut connection = gateway.store.acquire().await?;
    match what {
        ReceivedCommand::List { restricted } => {
            let which = WhichReceived { restricted, ..WhichReceived::default() };
            let listed = readings::list(&mut connection, which).await?;
            match (json, listed.is_empty()) {
                (true, _) => say_json(&listed)?,
                (false, true) => say("nothing has arrived"),
                (false, false) => say(&in_table(&listed)),
            }
        }
        ReceivedCommand::Raw { id, restricted } => {
            let which = WhichReceived { id: Some(id), restricted, case: None };
            let seen = readings::list(&mut connection, which).await?;
            let kept = if seen.is_empty() { None } else { inbox::find(&mut connection, id).await? };
            let kept =
                kept.ok_or_else(|| anyhow!("there is no message {id}; `liaison received list` shows them"))?;
            if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
                return Err(anyhow!(
                    "a stranger's bytes could steer this terminal: write them to a file, … > mail.eml"
                ));
            }
            std::io::stdout().lock().write_all(kept.raw.expose())?;
        }
    }
    Ok(0)
}

pub(super) fn in_table(listed: &[ReceivedView]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|one| {
            vec![
                moment_in_words(one.received_at),
                one.channel.clone(),
                one.sender.clone().unwrap_or_else(|| "?".to_owned()),
                one.kind.as_deref().unwrap_or("not yet read").replace('_', " "),
                one.carer.clone().unwrap_or_else(|| "nobody yet".to_owned()),
                one.verdict.clone().unwrap_or_default(),
                one.answered.clone().unwrap_or_default(),
                one.id.to_string(),
            ]
        })
        .collect();
    table(&["when", "channel", "from", "kind", "carer", "what was made of it", "answered", "id"], &rows, 34)
}
