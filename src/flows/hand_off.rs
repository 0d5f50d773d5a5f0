//! Where a restricted case goes on: its reference in the school's safeguarding system, or why it needs none (R57).

use super::{
    FlowError,
    case_deeds::{said, tell},
    cases::find,
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::{Visibility, kind},
        ids::HandOffId,
    },
    store::{
        StoreError, Tx,
        cases::CaseRow,
        diverted::{self, Gone, NewHandOff},
    },
};

/// The systems that a case can be handed off to.
pub const SYSTEMS: [&str; 2] = ["CPOMS", "Engage"];

/// Records under which reference a restricted case goes on in another system. A further one corrects it; both stay.
pub async fn hand_off(
    gateway: &Gateway,
    name: &str,
    system: &str,
    reference: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reference = said("reference", reference, "enter the reference that the other system gave it")?;
    let wanted = system.trim();
    let system = SYSTEMS.into_iter().find(|known| known.eq_ignore_ascii_case(wanted));
    let system = system.ok_or_else(|| {
        FlowError::at("system", format!("a case is handed off to one of: {}", SYSTEMS.join(", ")))
    })?;
    let mut tx = gateway.store.begin().await?;
    let case = restricted(&mut tx, name).await?;
    let sentence = format!("case {} goes on in {system}", case.code);
    keep(&mut tx, gateway, &case, Gone::To { system, reference }, by).await?;
    tell(&mut tx, &case, kind::HAND_OFF, sentence, Some(reference), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Records why a restricted case needs no reference in another system.
pub async fn not_needed_because(
    gateway: &Gateway,
    name: &str,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reason = said("reference", reason, "say why it needs no reference: the record needs a reason")?;
    let mut tx = gateway.store.begin().await?;
    let case = restricted(&mut tx, name).await?;
    let sentence = format!("case {} needs no reference in another system", case.code);
    keep(&mut tx, gateway, &case, Gone::Nowhere { because: reason }, by).await?;
    tell(&mut tx, &case, kind::HAND_OFF, sentence, Some(reason), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn restricted(tx: &mut Tx, name: &str) -> Result<CaseRow, FlowError> {
    let case = find(tx, name, true).await?;
    if case.visibility == Visibility::Restricted {
        return Ok(case);
    }
    Err(FlowError::Refused(format!("case {} is not the DSL's: divert it first", case.code)))
}

async fn keep(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    gone: Gone<'_>,
    by: &str,
) -> Result<(), FlowError> {
    let new = NewHandOff { id: HandOffId::new(), case: case.id, gone };
    Ok(diverted::hand_off(tx, &new, by, gateway.now()).await?)
}
