//! Taking back what a colleague said about whose a message is: the question is asked again, and nothing is deleted.

use super::{
    FlowError, case_deeds::said, cases::find, complaint::expect_no_complaint, gateway::Gateway, salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{CaseId, PupilId, QuestionId, ReceivedId},
        matching::Candidate,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, case_deeds, cases,
        cases::CaseRow,
        chronology, clocks, explain,
        questions::{self, NewQuestion, QuestionRow},
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

/// What is wrong with where a message was put by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// It is not from this carer.
    Carer,
    /// It is about another of the carer's children.
    Child,
}

/// Takes a message out of the case that it was put into by itself, or unsays which child the case is about, and asks a
/// colleague: nothing is deleted, and the case keeps the trace. What a colleague had said of it before is taken back as
/// [`undo`] does. Returns what was done, in words.
pub async fn unmatch(
    gateway: &Gateway,
    (name, received): (&str, ReceivedId),
    restricted: bool,
    mistake: Mistake,
    reason: &str,
    by: &str,
) -> Result<String, FlowError> {
    let reason = said("reason", reason, "say why it is wrong: the record needs a reason")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if case_deeds::case_of(&mut tx, received).await? != Some(case.id) {
        return Err(FlowError::Refused(
            "this message is not in this case any more: look at it again".to_owned(),
        ));
    }
    let done = match mistake {
        Mistake::Carer => {
            let question = asked_about(&mut tx, gateway, &case, received, None, restricted).await?;
            unsay_carer(&mut tx, &question, restricted, reason, by, now).await?
        }
        Mistake::Child => {
            let children = explain::pupils_of(&mut tx, case.carer).await?;
            if children.len() < 2 {
                let why = "this carer has no other child here: say that it is not from them, or pass it on"
                    .to_owned();
                return Err(FlowError::at("wrong", why));
            }
            let question = asked_about(&mut tx, gateway, &case, received, Some(children), restricted).await?;
            unsay_child(&mut tx, &question, case.id, restricted, reason, by, now).await?
        }
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

/// The open question about a message of a case: the one that was answered before, or a new one. `children`: it asks which of
/// them; otherwise who wrote.
async fn asked_about(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    received: ReceivedId,
    children: Option<Vec<PupilId>>,
    restricted: bool,
) -> Result<QuestionRow, FlowError> {
    if let Some(before) = questions::about_message(tx, received, children.is_some()).await? {
        let question = questions::list(tx, Some(before), true, restricted).await?.pop();
        if let Some(question) = question {
            case_deeds::ask_again(tx, before).await?;
            return Ok(question);
        }
    }
    let (kind, why) = match &children {
        Some(_) => ("which_child", "a colleague says that it is not about the child it was put with"),
        None => ("who_is_this", "a colleague says that it is not from the carer it was put with"),
    };
    let candidate = |pupil| Candidate {
        carer: case.carer,
        pupil: Some(pupil),
        evidence: "a child of this carer at the school".to_owned(),
    };
    let new = NewQuestion {
        id: QuestionId::new(),
        kind,
        received,
        case: children.is_some().then_some(case.id),
        why: why.to_owned(),
        candidates: children.into_iter().flatten().map(candidate).collect(),
        role: if case.visibility == Visibility::Restricted { "dsl" } else { "office" },
        visibility: case.visibility,
        due: gateway.policy().task_due(gateway.now()),
        may_be: vec![case.carer],
    };
    questions::insert(tx, std::slice::from_ref(&new), gateway.now()).await?;
    let asked = questions::list(tx, Some(new.id), false, true).await?.pop();
    asked.ok_or_else(|| FlowError::Refused("the question could not be asked: try again".to_owned()))
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

/// The case as it stands, in which nobody has been told anything; or the DSL takes it apart, who knows what that means.
async fn untold(tx: &mut Tx, case: CaseId, restricted: bool) -> Result<CaseRow, FlowError> {
    let case = find(tx, &case.to_string(), restricted).await?;
    let dsl_decides = restricted && case.visibility == Visibility::Restricted;
    if !dsl_decides && case_deeds::anything_said(tx, case.id).await? {
        return Err(FlowError::Refused(format!(
            "a colleague has replied in case {}, or a reply waits there: somebody may have been told what was not theirs \
             to know. Cancel what waits, and pass the case to the DSL, who can still take it apart",
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
