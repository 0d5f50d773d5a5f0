//! What a case is: a colleague says so, and its list and its clocks follow (R33). What the rules suggest of a message is only
//! ever a question, except that a clock of the law runs from the moment it is suggested: the law does not wait for us.

use super::{
    FlowError,
    case_deeds::{expect_open, said, tell},
    cases::{find, no_case},
    divert,
    gateway::Gateway,
};
use crate::{
    domain::{
        case_kind::CaseKind,
        chronology::{Visibility, kind},
        ids::{CaseId, ClockId, ReceivedId},
        policy::Policy,
        statutory::Statutory,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, case_deeds, cases,
        cases::CaseRow,
        clocks::{self, ClockRow, NewClock, WhichClocks},
        readings::{self, WhichReceived},
    },
};

/// Gives a case another kind, with the list and the clocks that go with it; the record keeps both kinds.
pub async fn rekind(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    wanted: &str,
    by: &str,
) -> Result<(), FlowError> {
    let wanted = CaseKind::parse(wanted.trim().to_ascii_lowercase().as_str())
        .map_err(|unknown| FlowError::at("kind", unknown.to_string()))?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    become_kind(&mut tx, &gateway.policy(), &case, wanted, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn become_kind(
    tx: &mut Tx,
    policy: &Policy,
    case: &CaseRow,
    wanted: CaseKind,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if wanted == CaseKind::Safeguarding {
        return Err(FlowError::Refused(
            "a safeguarding matter is passed to the DSL, with everything in it: divert the case".to_owned(),
        ));
    }
    let old = CaseKind::parse(&case.kind).map_err(|unknown| FlowError::Refused(unknown.to_string()))?;
    if old == CaseKind::Safeguarding {
        return Err(FlowError::Refused("a safeguarding case stays one".to_owned()));
    }
    if old == wanted {
        return Err(FlowError::at("kind", format!("case {} is of the kind {wanted} already", case.code)));
    }
    case_deeds::rekind(tx, case.id, wanted.as_str(), now).await?;
    let mut sentence = format!("case {} is of the kind {wanted}, no longer {old}", case.code);
    let moves = case.visibility == Visibility::Ordinary && case.role != "dsl" && case.open;
    if let Some(role) = wanted.role().filter(|role| moves && *role != case.role) {
        cases::assign(tx, case.id, role, None).await?;
        sentence = format!("{sentence}; given to {role}");
    }
    tell(tx, case, kind::CASE_MOVED, sentence, None, by, now).await?;
    clocks_of_kind(tx, policy, case, (old, wanted), by, now).await
}

/// The clocks that come and go with a kind.
async fn clocks_of_kind(
    tx: &mut Tx,
    policy: &Policy,
    case: &CaseRow,
    (old, wanted): (CaseKind, CaseKind),
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if let Some(law) = old.statutory()
        && clocks::stop(tx, case.id, Some(law.as_str()), None, by, now).await? > 0
    {
        let sentence = format!("the clock of the law has ended: a colleague says it is not {}", old.as_one());
        tell(tx, case, kind::CLOCK, sentence, None, by, now).await?;
    }
    if !case.open {
        return Ok(());
    }
    let all = clocks::list(tx, WhichClocks::Of(&[case.id])).await?;
    let running = |of: &str| all.iter().find(|clock| clock.kind == of && clock.met_at.is_none());
    if wanted == CaseKind::Thanks && clocks::stop(tx, case.id, Some("answer"), None, by, now).await? > 0 {
        let sentence = "the clock for an answer has ended: a colleague says it is thanks, and no more";
        tell(tx, case, kind::CLOCK, sentence.to_owned(), None, by, now).await?;
    }
    if let Some(law) = wanted.statutory()
        && running(law.as_str()).is_none()
    {
        let (received, at) = started_by(tx, case, running("answer")).await?;
        let clock = statutory_clock(law, case.id, received, at, policy);
        let sentence = clock.words.clone();
        clocks::insert(tx, &[clock]).await?;
        tell(tx, case, kind::CLOCK, sentence, None, by, now).await?;
    }
    if old == CaseKind::Thanks && running("answer").is_none() {
        let (received, at) = started_by(tx, case, None).await?;
        let clock = answer_clock(case.id, received, at, policy);
        let sentence = format!("somebody waits for an answer after all: {}", clock.words);
        clocks::insert(tx, &[clock]).await?;
        tell(tx, case, kind::CLOCK, sentence, None, by, now).await?;
    }
    Ok(())
}

/// The message that a clock is counted from: the first that still waits for an answer, else the newest of the case.
async fn started_by(
    tx: &mut Tx,
    case: &CaseRow,
    waiting: Option<&ClockRow>,
) -> Result<(ReceivedId, Timestamp), FlowError> {
    if let Some(clock) = waiting {
        return Ok((clock.received, clock.started_at));
    }
    let which = WhichReceived { case: Some(case.id), restricted: true, id: None };
    let newest = readings::list(tx, which).await?.pop().ok_or_else(|| no_case(&case.code))?;
    Ok((ReceivedId(newest.id), newest.received_at))
}

/// A clock of the law for a message.
pub(super) fn statutory_clock(
    law: Statutory,
    case: CaseId,
    received: ReceivedId,
    at: Timestamp,
    policy: &Policy,
) -> NewClock {
    let due = law.due(at, policy.clock.day_end);
    NewClock {
        id: ClockId::new(),
        case,
        received,
        kind: law.as_str(),
        started_at: at,
        due: Some((due.at, due.day)),
        days: 0,
        words: due.words,
        calendar: "none".to_owned(),
        settings: policy.version().to_owned(),
    }
}

/// The clock for a person's answer to a message.
pub(super) fn answer_clock(case: CaseId, received: ReceivedId, at: Timestamp, policy: &Policy) -> NewClock {
    let due = policy.answer_due(at);
    let words = policy.due_words(at, &due);
    if let Err(missing) = &due {
        tracing::error!("no date can be named: {missing}");
    }
    NewClock {
        id: ClockId::new(),
        case,
        received,
        kind: "answer",
        started_at: at,
        due: due.ok().map(|due| (due.at, due.day)),
        days: policy.clock.days,
        words,
        calendar: policy.calendar_version(),
        settings: policy.version().to_owned(),
    }
}

/// A colleague says whether the newest message of which something is suggested is that. Yes gives the case the kind, or
/// diverts it to the DSL; no ends the clock that ran on the suggestion. Returns whether the case is the DSL's from now on.
pub async fn decide(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    is: bool,
    by: &str,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    let suggested = readings::suggested(&mut tx, case.id).await?.ok_or_else(|| {
        FlowError::Refused(format!("nothing is suggested of case {}, or a colleague has said", case.code))
    })?;
    readings::say(&mut tx, suggested.received, is, by, now).await?;
    let what = suggested.kind.as_one();
    let answer = if is { "it is" } else { "it is not" };
    let sentence = format!("a message that may be {what}: a colleague says that {answer}");
    tell(&mut tx, &case, kind::CASE_MOVED, sentence, None, by, now).await?;
    let diverts = is && suggested.kind == CaseKind::Safeguarding && case.kind != "safeguarding";
    if is && !diverts && case.kind != suggested.kind.as_str() {
        become_kind(&mut tx, &gateway.policy(), &case, suggested.kind, by, now).await?;
    }
    if let Some(law) = suggested.kind.statutory()
        && !is
        && case.kind != suggested.kind.as_str()
        && clocks::stop(&mut tx, case.id, Some(law.as_str()), None, by, now).await? > 0
    {
        let sentence = format!("the clock of the law has ended: a colleague says it is not {what}");
        tell(&mut tx, &case, kind::CLOCK, sentence, None, by, now).await?;
    }
    if diverts {
        divert::divert_in(&mut tx, &case, "a message that may be a disclosure", by, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(diverts)
}

/// What the law asks was done: its clocks in the case are met. `how` says what was sent or said, and when.
pub async fn fulfil(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    how: &str,
    by: &str,
) -> Result<(), FlowError> {
    let how = said("fulfilled", how, "say what was sent, to whom and when: the record needs it")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_open(&case)?;
    let mut met = Vec::new();
    for law in Statutory::ALL {
        if clocks::fulfil(&mut tx, case.id, law.as_str(), by, now).await? > 0 {
            met.push(law.done());
        }
    }
    if met.is_empty() {
        return Err(FlowError::Refused(format!("no clock of the law runs in case {}", case.code)));
    }
    tell(&mut tx, &case, kind::CLOCK, met.join("; "), Some(how), by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Refuses to end a case while the law still waits.
pub(super) async fn expect_nothing_owed(tx: &mut Tx, case: &CaseRow) -> Result<(), FlowError> {
    let all = clocks::list(tx, WhichClocks::Of(&[case.id])).await?;
    let owed = Statutory::ALL
        .into_iter()
        .find(|law| all.iter().any(|clock| clock.kind == law.as_str() && clock.state == "running"));
    match owed {
        None => Ok(()),
        Some(law) => Err(FlowError::Refused(format!(
            "case {} cannot be closed yet: {} first, and record that it is done",
            case.code,
            law.duty().to_lowercase()
        ))),
    }
}
