//! "Stop" and "start" by text (R35): the route is closed or opened for that number, the office is told, and the carer's
//! next route takes over at the next message, so that nobody falls silent. The teachers of their pupils are told.

use std::collections::BTreeSet;

use super::{
    FlowError,
    decide::{Deciding, Verdict, only_link, seen_by},
    outcome::Outcome,
};
use crate::{
    domain::{
        acknowledge::Ack,
        chronology::{Entry, kind},
        ids::TaskId,
        matching::{Writer, WriterLink},
        opt_out::Wish,
        suggest::Found,
        time::Timestamp,
    },
    flows::{planning::opted_out, tasks::withdraw},
    store::{
        Tx, addresses, people,
        tasks::{self, NewTask},
    },
};

/// Takes a wish; `true` when nothing else is to be made of the message. A word that only the provider may have read as
/// "stop" is a message like any other, with a warning beside it.
pub(super) async fn take(
    tx: &mut Tx,
    deciding: &Deciding<'_>,
    wish: Wish,
    outcome: &mut Outcome,
) -> Result<bool, FlowError> {
    let writers = deciding.known.writers(deciding.message);
    let (kind, said) = match wish {
        Wish::Stop => ("opt_out", "asks for no more texts"),
        Wish::Start => ("opt_in", "asks for texts again"),
        Wish::MaybeBlocked => {
            let why =
                "a text that the provider may have taken for STOP: ask whether texts still reach this carer";
            outcome.tasks.extend(writers.iter().filter_map(|writer| ask_office(deciding, writer, why)));
            return Ok(false);
        }
    };
    if kind == "opt_in" && writers.is_empty() {
        // "Yes" from a stranger is no wish of anybody's.
        return Ok(false);
    }
    // All of them have the one address that wrote.
    let changed = match writers.first() {
        None => false,
        Some(writer) if kind == "opt_out" => {
            let why = "the carer asked for no more texts";
            addresses::mark(tx, writer.address, "stopped", why, deciding.now).await?
        }
        Some(writer) => addresses::start_again(tx, writer.address, deciding.now).await?,
    };
    if kind == "opt_in" && !changed {
        // Nothing was stopped, so this is an answer to something else.
        return Ok(false);
    }
    for writer in writers {
        tell(deciding, writer, kind, changed, outcome);
        if kind == "opt_in" {
            tell_no_more(tx, writer, deciding.now).await?;
        }
    }
    let verdict = Verdict {
        kind,
        sentence: said.to_owned(),
        answered: Ack::Hold(0, "an opt-out or opt-in is carried out, not answered".to_owned()).sentence(),
        whose: match writers {
            [writer] => only_link(writer),
            _ => None,
        },
        case: None,
        delivery: None,
        visibility: seen_by(writers.iter().any(is_restricted)),
        found: Found::default(),
        fired: Vec::new(),
    };
    deciding.keep(verdict, outcome);
    Ok(true)
}

/// Tells the record, the office and the teachers of one who has the address.
fn tell(deciding: &Deciding<'_>, writer: &Writer, kind: &str, changed: bool, outcome: &mut Outcome) {
    let told = if kind == "opt_out" {
        let ask = "the carer opted out of texts: agree another way with them";
        outcome.tasks.extend(ask_office(deciding, writer, ask));
        "asked for no more texts: another route is taken from now on"
    } else {
        "asked for texts again"
    };
    let mut about: Vec<_> = with_whom_we_speak(writer).map(|link| Some(link.pupil)).collect();
    if about.is_empty() {
        about.push(None);
    }
    outcome.entries.extend(about.into_iter().map(|pupil| {
        Entry::now(deciding.now, self::kind::ADDRESS_FAILING, told)
            .about_carer(writer.carer, pupil)
            .received(deciding.message.id)
            .seen_by(seen_by(is_restricted(writer)))
    }));
    if changed && kind == "opt_out" && !is_restricted(writer) {
        outcome.tasks.extend(tell_teachers(deciding, writer));
    }
}

/// What teachers were told of an opt-out is over, where they have not looked at it yet.
async fn tell_no_more(tx: &mut Tx, writer: &Writer, now: Timestamp) -> Result<(), FlowError> {
    for task in people::opt_outs(tx, writer.carer).await? {
        if let Some(row) = tasks::find(tx, task).await? {
            withdraw(tx, &row, "the carer asked for texts again", now).await?;
        }
    }
    Ok(())
}

/// One task a class, about the first of the carer's pupils in it.
fn tell_teachers(deciding: &Deciding<'_>, writer: &Writer) -> Vec<NewTask> {
    let mut told = BTreeSet::new();
    with_whom_we_speak(writer)
        .filter(|link| !link.left && link.class.is_some_and(|class| told.insert(class)))
        .map(|link| {
            let whose = (writer.carer, link.pupil);
            opted_out(&deciding.gateway.policy(), whose, link.class, deciding.now)
        })
        .collect()
}

/// The links by which there is still something to agree or to tell.
fn with_whom_we_speak(writer: &Writer) -> impl Iterator<Item = &WriterLink> {
    writer.links.iter().filter(|link| !writer.died && !link.ended && !link.died)
}

fn ask_office(deciding: &Deciding<'_>, writer: &Writer, why: &str) -> Option<NewTask> {
    // With whom nothing is to be agreed any more, nobody is to agree a way.
    let link = with_whom_we_speak(writer).next()?;
    Some(NewTask {
        id: TaskId::new(),
        kind: "check_address",
        role: if is_restricted(writer) { "dsl" } else { "office" },
        class: link.class,
        carer: writer.carer,
        pupil: link.pupil,
        carried: None,
        case: None,
        delivery: None,
        address: None,
        why: why.to_owned(),
        due: deciding.gateway.policy().task_due(deciding.now),
    })
}

/// What a restricted carer wishes is the DSL's to know (R32), like everything else they write.
fn is_restricted(writer: &Writer) -> bool {
    writer.links.iter().any(|link| link.restricted)
}
