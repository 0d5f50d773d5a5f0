//! Taking back what a colleague said about whose a message is: the question is asked again, and nothing is deleted.

use super::{
    FlowError, case_deeds::said, cases::find, complaint::expect_no_complaint, gateway::Gateway, salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{CaseId, QuestionId},
        time::Timestamp,
    },
    store::{
        StoreError, Tx, case_deeds, cases,
        cases::CaseRow,
        chronology, clocks,
        questions::{self, QuestionRow},
        readings,
    },
};

/// Takes the answer to a question back (T29): the message leaves the case that the answer had opened, which is closed as
/// matched wrongly where nothing else is in it; or a case no longer says which child it is about. The question is open
/// again. Refused where the carer has been told something in that case: that cannot be taken back. Returns what was done,
/// in words.
pub async fn undo(
    gateway: &Gateway,
    id: QuestionId,
    restricted: bool,
    reason: &str,
    by: &str,
) -> Result<String, FlowError> {
    let reason = said("reason", reason, "say why it was wrong: the record needs a reason")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let question = questions::list(&mut tx, Some(id), true, restricted).await?.pop();
    let question = question.ok_or_else(|| {
        FlowError::Refused(format!("there is no question {id}; `liaison questions list` shows them"))
    })?;
    if !case_deeds::ask_again(&mut tx, id).await? {
        return Err(FlowError::Refused("this question is open: there is nothing to take back".to_owned()));
    }
    let done = match (question.case, question.state.as_str()) {
        (_, "dismissed") => ask_again(&mut tx, &question, reason, by, now).await?,
        (Some(case), _) => unsay_child(&mut tx, &question, case, restricted, reason, by, now).await?,
        (None, _) => unsay_carer(&mut tx, &question, restricted, reason, by, now).await?,
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

async fn ask_again(
    tx: &mut Tx,
    question: &QuestionRow,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<String, FlowError> {
    let done = "a question about a message is open again";
    let entry = Entry::now(now, kind::QUESTION, done)
        .by(by)
        .received(question.received)
        .seen_by(question.visibility)
        .words(salt(), reason.into());
    chronology::append(tx, &[entry]).await?;
    Ok(done.to_owned())
}

/// The case as it stands, in which nobody has been told anything.
async fn untold(tx: &mut Tx, case: CaseId, restricted: bool) -> Result<CaseRow, FlowError> {
    let case = find(tx, &case.to_string(), restricted).await?;
    if case_deeds::anything_said(tx, case.id).await? {
        return Err(FlowError::Refused(format!(
            "a colleague has replied in case {}, or a reply waits there: somebody may have been told what was not theirs \
             to know. Cancel what waits, and pass the case to the DSL",
            case.code
        )));
    }
    expect_no_complaint(tx, &case, "taken apart").await?;
    Ok(case)
}

/// The message is not this carer's: it goes back to those that wait for an answer, and its clock ends.
async fn unsay_carer(
    tx: &mut Tx,
    question: &QuestionRow,
    restricted: bool,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<String, FlowError> {
    let case = case_deeds::case_of(tx, question.received).await?.ok_or_else(|| {
        FlowError::Refused("this message is in no case: there is nothing to take back".to_owned())
    })?;
    let case = untold(tx, case, restricted).await?;
    clocks::stop_of_message(tx, question.received, by, now).await?;
    case_deeds::take_away(tx, question.received, "a colleague took back whose it is").await?;
    let empty = case_deeds::messages(tx, case.id).await? == 0;
    let mut done = format!("case {} was matched wrongly: the message is not this carer's", case.code);
    if empty {
        case_deeds::blank_subject(tx, case.id, "(matched wrongly)").await?;
        cases::close(tx, case.id, by, "matched wrongly", now).await?;
        done += "; the case is closed";
    } else {
        done += "; the other messages stay";
    }
    done += ", and the question is open again";
    tell(tx, question, &case, &done, reason, by, now).await?;
    Ok(done)
}

/// The case is this carer's, but not about this child. Its clocks run on, and what is the DSL's stays the DSL's.
async fn unsay_child(
    tx: &mut Tx,
    question: &QuestionRow,
    case: CaseId,
    restricted: bool,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<String, FlowError> {
    let case = untold(tx, case, restricted).await?;
    let children = question.candidates.iter().filter_map(|candidate| candidate.pupil);
    let rests_on = children.into_iter().find(|pupil| Some(*pupil) != case.pupil).unwrap_or(case.link_pupil);
    case_deeds::about_nobody(tx, case.id, rests_on).await?;
    let verdict = "a colleague took back which child it is about";
    readings::settle(tx, question.received, case.carer, None, case.id, verdict).await?;
    let mut done =
        format!("case {} is not about this child; which child it is about is asked again", case.code);
    if case.visibility == Visibility::Restricted {
        done += ", and the case stays with the DSL";
    }
    tell(tx, question, &case, &done, reason, by, now).await?;
    Ok(done)
}

async fn tell(
    tx: &mut Tx,
    question: &QuestionRow,
    case: &CaseRow,
    done: &str,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let entry = Entry::now(now, kind::QUESTION, done)
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .received(question.received)
        .seen_by(case.visibility)
        .words(salt(), reason.into());
    Ok(chronology::append(tx, &[entry]).await?)
}
