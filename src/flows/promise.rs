//! A full answer by a day: a clock of its own beside the one for an answer (R41).

use super::{
    FlowError,
    cases::{find, no_case},
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::{AnswerId, ClockId, ReceivedId},
        time::{Date, Timestamp, day_in_words, school_date, school_zone},
    },
    store::{
        StoreError, Tx,
        cases::CaseRow,
        chronology,
        clocks::{self, ClockRow, NewClock, WhichClocks},
        readings::{self, WhichReceived},
    },
};

/// Promises a full answer in a case by the end of that school day. A promise that still runs gives way to it and stays on
/// record; the clock for an answer runs on, for nothing has been said to the carer by this.
pub async fn promise(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    day: Date,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if !case.open {
        return Err(FlowError::Refused(format!("case {} is closed: reopen it first", case.code)));
    }
    let due = promised(gateway, day, now).map_err(|error| error.or_at("day"))?;
    let messages =
        readings::list(&mut tx, WhichReceived { case: Some(case.id), restricted, id: None }).await?;
    let last = messages.last().map(|view| ReceivedId(view.id)).ok_or_else(|| no_case(name))?;
    run_promise(&mut tx, gateway, &case, last, due, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The last moment of a promised day; it must lie ahead, and be a day on which somebody is at school.
pub(super) fn promised(gateway: &Gateway, day: Date, now: Timestamp) -> Result<(Timestamp, Date), FlowError> {
    let policy = gateway.policy();
    let near: Vec<_> = policy.school_days_near(day, school_date(now)).into_iter().map(day_in_words).collect();
    let near = match near.as_slice() {
        [] => String::new(),
        [only] => format!("; the nearest school day is {only}"),
        several => format!("; the nearest school days are {}", several.join(" and ")),
    };
    let refuse =
        |why: &str| FlowError::Refused(format!("{} cannot be promised: {why}{near}", day_in_words(day)));
    let rule = &policy.clock;
    let at = day.to_datetime(rule.day_end).to_zoned_datetime(school_zone());
    let at = at.map_err(|_| refuse("it is not a day of the calendar"))?.timestamp();
    if at <= now {
        return Err(refuse("it has passed"));
    }
    match policy.calendar.as_ref().map(|calendar| rule.counts(calendar, day)) {
        Some(Some(false)) => Err(refuse("nobody is at school that day")),
        Some(None) => Err(refuse("the calendar does not reach so far")),
        Some(Some(true)) | None => Ok((at, day)),
    }
}

/// Starts the clock of a promise; one that ran before gives way to it.
pub(super) async fn run_promise(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    received: ReceivedId,
    due: (Timestamp, Date),
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let before = clocks::list(tx, WhichClocks::Of(&[case.id])).await?;
    let before = before.into_iter().find(|clock| clock.kind == "promise" && clock.state == "running");
    clocks::stop(tx, case.id, Some("promise"), None, by, now).await?;
    let day = day_in_words(due.1);
    let clock = NewClock {
        id: ClockId::new(),
        case: case.id,
        received,
        kind: "promise",
        started_at: now,
        due: Some(due),
        days: 0,
        words: format!("promised for {day}"),
        calendar: gateway.policy().calendar_version(),
        settings: gateway.policy().version().to_owned(),
    };
    clocks::insert(tx, &[clock]).await?;
    let entry =
        Entry::now(now, kind::CLOCK, format!("a full answer is promised for {day}{}", instead(before)))
            .by(by)
            .about_carer(case.carer, case.pupil)
            .case(case.id)
            .seen_by(case.visibility);
    Ok(chronology::append(tx, &[entry]).await?)
}

/// Where the school counts its acknowledgements (R38): those that have left meet the clock of their message, and the day they
/// named is a promise from now on. A promise that already runs in the case stands.
pub(super) async fn kept_for_acknowledged(
    tx: &mut Tx,
    gateway: &Gateway,
    answers: &[AnswerId],
    now: Timestamp,
) -> Result<(), FlowError> {
    if !gateway.policy().acknowledge.counts {
        return Ok(());
    }
    let met = clocks::meet_by_acknowledgement(tx, answers, now).await?;
    let entries: Vec<_> = met
        .into_iter()
        .map(|met| {
            let day =
                met.promised.map(|day| format!(", and a full answer is promised for {}", day_in_words(day)));
            let said = "the acknowledgement counts as the school's: its clock is met";
            Entry::now(now, kind::CLOCK, format!("{said}{}", day.unwrap_or_default()))
                .about_carer(met.carer, met.pupil)
                .case(met.case)
                .seen_by(met.visibility)
        })
        .collect();
    Ok(chronology::append(tx, &entries).await?)
}

fn instead(before: Option<ClockRow>) -> String {
    let day = before.and_then(|clock| clock.due_at).map(school_date);
    day.map(|day| format!(", instead of {}", day_in_words(day))).unwrap_or_default()
}
