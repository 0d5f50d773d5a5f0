//! What comes from a new address that was asked whether it is right (R07): "yes" makes it the carer's, "no" has the office find out,
//! and anything else is a stranger's message until somebody knows whose it is.

use super::{
    FlowError,
    decide::{Deciding, Verdict, seen_by},
    outcome::Outcome,
};
use crate::{
    domain::{
        acknowledge::Ack,
        chronology::{Entry, kind},
        standard::{Answer, confirms},
        suggest::Found,
    },
    flows::planning::check,
    store::{
        Tx, addresses, explain,
        standard::{self, Unconfirmed},
    },
};

/// Why an address that says "no" is looked into.
const NOT_THEIRS: &str = "whoever has this address says that it is not theirs";

/// Takes the answer of an address that waits to be confirmed; `true` when nothing else is to be made of the message. Where more is
/// said than the answer, somebody must read it: then it goes on like any message of somebody of whom we were not sure.
pub(super) async fn take(
    tx: &mut Tx,
    deciding: &Deciding<'_>,
    outcome: &mut Outcome,
) -> Result<bool, FlowError> {
    let asked = deciding.known.unconfirmed(deciding.message);
    let Some(first) = asked.first() else { return Ok(false) };
    let Some(Answer { yes, alone }) = confirms(deciding.message.words.expose()) else { return Ok(false) };
    let (kind, said) = if yes {
        standard::confirm(tx, first.address, deciding.now).await?;
        ("confirmed", "whoever has the new address says that it is theirs")
    } else {
        addresses::mark(tx, first.address, "failing", NOT_THEIRS, deciding.now).await?;
        ("declined", NOT_THEIRS)
    };
    for one in asked {
        let entry = Entry::now(
            deciding.now,
            kind::ADDRESS,
            if yes { "a new address was confirmed at it" } else { said },
        )
        .about_carer(one.carer, None)
        .received(deciding.message.id)
        .seen_by(seen_by(one.restricted));
        outcome.entries.push(entry);
        if !yes {
            outcome.tasks.extend(look_into(tx, deciding, one).await?);
        }
    }
    if !alone {
        return Ok(false);
    }
    let verdict = Verdict {
        kind,
        sentence: said.to_owned(),
        answered: Ack::Hold(0, "an answer to a question of ours is carried out, not answered".to_owned())
            .sentence(),
        whose: None,
        case: None,
        delivery: None,
        visibility: seen_by(asked.iter().any(|one| one.restricted)),
        found: Found::default(),
        fired: Vec::new(),
    };
    deciding.keep(verdict, outcome);
    Ok(true)
}

async fn look_into(
    tx: &mut Tx,
    deciding: &Deciding<'_>,
    one: &Unconfirmed,
) -> Result<Option<crate::store::tasks::NewTask>, FlowError> {
    let Some(pupil) = explain::pupils_of(tx, one.carer).await?.into_iter().next() else { return Ok(None) };
    let whose = (one.carer, pupil);
    let mut task = check(&deciding.gateway.policy(), whose, Some(one.address), NOT_THEIRS, deciding.now);
    if one.restricted {
        task.role = "dsl";
    }
    Ok(Some(task))
}
