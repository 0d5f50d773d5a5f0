//! `liaison cases …`: the deeds that send nothing.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};

use super::{By, cases::changed};
use crate::{
    domain::time::{Date, Timestamp, day_in_words},
    flows::{
        cases::{self, Elsewhere, How},
        divert,
        gateway::Gateway,
    },
};

/// Which case, and who does it.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its code or id, from `cases list`
    case: String,
    /// Also where it is restricted, for the DSL
    #[arg(long)]
    restricted: bool,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Subcommand)]
pub(super) enum Deed {
    /// Write an internal note; it is never sent
    Note {
        #[command(flatten)]
        which: Which,
        /// The words
        words: String,
    },
    /// A full answer follows by the end of this school day; a clock of its own
    Promise {
        #[command(flatten)]
        which: Which,
        /// The day, such as 2026-12-04
        day: Date,
    },
    /// Say what kind of matter it is; its list and its clocks follow
    Kind {
        #[command(flatten)]
        which: Which,
        /// The kind: query, attendance, medical, concern, complaint, thanks, send, behaviour, or one of the law: `subject_access`, `data_complaint`
        kind: String,
    },
    /// Say whether one is what its words suggest: yes gives it that kind or passes it to the DSL, no ends the law's clock
    Suggested {
        #[command(flatten)]
        which: Which,
        /// yes or no
        #[arg(value_parser = ["yes", "no"])]
        is: String,
    },
    /// Record that what the law asks for is done: a subject access request answered, a data-protection complaint acknowledged
    Fulfilled {
        #[command(flatten)]
        which: Which,
        /// What was sent, to whom and when
        how: String,
    },
    /// Pass one up to the SLT
    Escalate {
        #[command(flatten)]
        which: Which,
        /// Why
        reason: String,
    },
    /// Open a closed one again
    Reopen {
        #[command(flatten)]
        which: Which,
        /// Why
        reason: String,
    },
    /// Record that a colleague answered by phone, in person or otherwise; stops the clock as of then
    Elsewhere {
        #[command(flatten)]
        which: Which,
        /// How
        #[arg(value_parser = ["phone", "in-person", "other"])]
        how: String,
        /// What was said
        words: String,
        /// When it happened, such as 2026-11-27T15:40:00Z; now where left out
        #[arg(long, value_name = "INSTANT")]
        at: Option<Timestamp>,
        /// It is all that was promised: stops the clock of the promise too
        #[arg(long)]
        full: bool,
    },
    /// Pass one to the DSL alone, with everything that was told of it
    Divert {
        #[command(flatten)]
        which: Which,
        /// Why
        reason: String,
    },
}

pub(super) async fn run(gateway: &Gateway, deed: Deed, json: bool) -> Result<()> {
    let sentence = match deed {
        Deed::Note { which: Which { case, restricted, by }, words } => {
            cases::note(gateway, &case, restricted, &words, &by.by).await?;
            "noted".to_owned()
        }
        Deed::Promise { which: Which { case, restricted, by }, day } => {
            cases::promise(gateway, &case, restricted, day, &by.by).await?;
            format!("promised for {}; tell the carer", day_in_words(day))
        }
        Deed::Kind { which: Which { case, restricted, by }, kind } => {
            cases::rekind(gateway, &case, restricted, &kind, &by.by).await?;
            "its kind is changed".to_owned()
        }
        Deed::Suggested { which: Which { case, restricted, by }, is } => {
            if cases::decide(gateway, &case, restricted, is == "yes", &by.by).await? {
                "passed to the DSL; nobody else sees it any more".to_owned()
            } else {
                "recorded".to_owned()
            }
        }
        Deed::Fulfilled { which: Which { case, restricted, by }, how } => {
            cases::fulfil(gateway, &case, restricted, &how, &by.by).await?;
            "recorded; the clock of the law is met".to_owned()
        }
        Deed::Escalate { which: Which { case, restricted, by }, reason } => {
            cases::escalate(gateway, &case, restricted, &reason, &by.by).await?;
            "passed up to the SLT; the clock runs on".to_owned()
        }
        Deed::Reopen { which: Which { case, restricted, by }, reason } => {
            cases::reopen(gateway, &case, restricted, &reason, &by.by).await?;
            "open again, without a clock: promise a day if an answer is owed".to_owned()
        }
        Deed::Elsewhere { which: Which { case, restricted, by }, how, words, at, full } => {
            let how = How::parse(&how).ok_or_else(|| anyhow!("say how: phone, in-person or other"))?;
            let happened_at = at.unwrap_or_else(|| gateway.clock.now());
            let answer = Elsewhere { how, words: &words, happened_at, full_answer: full };
            let stopped = cases::answered_elsewhere(gateway, &case, restricted, &answer, &by.by).await?;
            format!("recorded; {stopped} clock(s) stopped")
        }
        Deed::Divert { which: Which { case, restricted, by }, reason } => {
            divert::divert(gateway, &case, restricted, &reason, &by.by).await?;
            "passed to the DSL; nobody else sees it any more".to_owned()
        }
    };
    changed(json, &sentence)
}
