//! Deeds of a colleague in a case that send nothing: a note, up to the SLT, open again.

use super::{FlowError, cases::find, gateway::Gateway, salt};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        time::Timestamp,
    },
    store::{StoreError, Tx, case_deeds, cases, cases::CaseRow, chronology},
};

/// Writes an internal note: beside the case, for colleagues; nothing of it is ever sent.
pub async fn note(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    words: &str,
    by: &str,
) -> Result<(), FlowError> {
    let words = said("note", words, "a note needs words")?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    let sentence = format!("a note in case {}", case.code);
    tell(&mut tx, &case, kind::NOTE, sentence, Some(words), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Passes a case of a teacher or the office up to the SLT, by a person and with a reason. Its clocks run on.
pub async fn escalate(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reason = said("reason", reason, "say why: the SLT needs a reason")?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_open(&case)?;
    if case.visibility == Visibility::Restricted || case.role == "dsl" {
        return Err(FlowError::Refused("this case is the DSL's, and stays there".to_owned()));
    }
    if case.role == "slt" {
        return Err(FlowError::Refused(
            "the SLT has this case already: give it to a colleague of the SLT by name".to_owned(),
        ));
    }
    cases::assign(&mut tx, case.id, "slt", None).await?;
    let sentence = format!("case {} passed up to the SLT by a colleague", case.code);
    tell(&mut tx, &case, kind::CASE_MOVED, sentence, Some(reason), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Opens a closed case again. Clocks that ended with it stay ended: whoever owes an answer now promises a day.
pub async fn reopen(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reason = said("reason", reason, "say why it is opened again: the record needs a reason")?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if !case_deeds::reopen(&mut tx, case.id).await? {
        return Err(FlowError::Refused(format!("case {} is open already", case.code)));
    }
    let sentence = format!("case {} opened again by a colleague", case.code);
    tell(&mut tx, &case, kind::CASE_MOVED, sentence, Some(reason), by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The words without blanks around them; refused with this sentence where there are none.
pub(super) fn said<'a>(field: &'static str, words: &'a str, or: &str) -> Result<&'a str, FlowError> {
    let words = words.trim();
    if words.is_empty() { Err(FlowError::at(field, or)) } else { Ok(words) }
}

pub(super) fn expect_open(case: &CaseRow) -> Result<(), FlowError> {
    if case.open {
        return Ok(());
    }
    Err(FlowError::Refused(format!("case {} is closed: reopen it first", case.code)))
}

/// Writes the entry of a deed, for the eyes the case is for; what a person wrote stands beside it, where it can be erased.
pub(super) async fn tell(
    tx: &mut Tx,
    case: &CaseRow,
    event: &str,
    sentence: String,
    words: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let entry = Entry::now(now, event, sentence)
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility);
    let entry = match words {
        Some(words) => entry.words(salt(), words.into()),
        None => entry,
    };
    Ok(chronology::append(tx, &[entry]).await?)
}
