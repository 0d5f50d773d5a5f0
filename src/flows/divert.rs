//! The safeguarding divert: one act after which a case is the DSL's alone, as if nobody else had ever had it (R61).

use super::{FlowError, case_deeds::said, cases::find, gateway::Gateway, notices, salt};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        time::{Timestamp, day_in_words, school_date},
    },
    store::{StoreError, Tx, case_deeds, cases, cases::CaseRow, chronology, diverted},
};

/// Passes a case to the DSL: the case, its messages, questions and tasks, and all that the chronology has told of it are the
/// DSL's from now on, and its clocks climb no further than the DSL. For everybody else one sentence stays on the pupil:
/// that something was passed to the DSL, and when. What was queued still leaves.
pub async fn divert(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reason = said("reason", reason, "say why: the DSL needs a reason")?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    divert_in(&mut tx, &case, reason, by, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The same in the caller's transaction.
pub(super) async fn divert_in(
    tx: &mut Tx,
    case: &CaseRow,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if case.kind == "safeguarding" {
        return Err(FlowError::Refused(format!("case {} has been passed to the DSL already", case.code)));
    }
    cases::restrict(tx, &[case.id], now).await?;
    case_deeds::rekind(tx, case.id, "safeguarding", now).await?;
    diverted::restrict_around(tx, case.id).await?;
    diverted::hide_entries(tx, case.id, "passed to the DSL", by, now).await?;
    let told = format!("case {} passed to the DSL; before, it was of the kind {}", case.code, case.kind);
    let mut entries = vec![
        Entry::now(now, kind::DIVERTED, told)
            .by(by)
            .about_carer(case.carer, case.pupil)
            .case(case.id)
            .seen_by(Visibility::Restricted)
            .words(salt(), reason.into()),
    ];
    // Nobody else knew of a case that was the DSL's before.
    if case.visibility == Visibility::Ordinary {
        let left = format!("passed to the DSL on {}", day_in_words(school_date(now)));
        let mut entry = Entry::now(now, kind::DIVERTED, left).by(by);
        entry.pupil = Some(case.pupil.unwrap_or(case.link_pupil));
        entries.push(entry);
    }
    chronology::append(tx, &entries).await?;
    notices::alert(tx, 1, Some(by), now).await
}
