//! What colleagues are told by email: that something waits, never what. Made in the transaction of the deed that makes it
//! wait; sent by the lane of the school's mail channel.

use std::time::Duration;

use sqlx::PgConnection;

use super::{FlowError, gateway::Gateway, planning::as_json};
use crate::{
    domain::{
        chronology::{Entry, kind},
        coverage::{Tally, newest_weeks},
        key_item::late_before,
        ladder::{fired_again, reminder},
        notice::{Digest, Notice, Post},
        policy::Policy,
        staff::Role,
        time::{Date, Timestamp, school_date, school_time, week_of},
    },
    store::{
        StoreError, Tx, chronology,
        clocks::{self, WhichClocks},
        complaint_lists, coverage, key_items,
        notices::{self, For, Told},
        outbox, today,
    },
};

/// No colleague is alerted again so soon after an alert: what comes meanwhile is told together.
const ALERTS_APART: Duration = Duration::from_mins(10);
/// The same for overdue answers.
const BREACHES_APART: Duration = Duration::from_hours(1);
/// The same for notices that a channel is held.
const HELD_APART: Duration = Duration::from_hours(4);

/// Alerts every DSL but `by`, who knows already: so many things have come that they should look at now (R32, R61).
pub(super) async fn alert(
    connection: &mut PgConnection,
    count: usize,
    by: Option<&str>,
    now: Timestamp,
) -> Result<(), FlowError> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let dsls = notices::colleagues(&mut *connection).await?;
    for dsl in dsls.iter().filter(|told| told.roles.contains(&Role::Dsl)) {
        if by.is_none_or(|by| by != dsl.id.0.to_string()) {
            notices::add(&mut *connection, For::Colleague(dsl.id), ("dsl_alert", count), ALERTS_APART, now)
                .await?;
        }
    }
    Ok(())
}

/// Tells so many new overdue answers to the SLT, or to the DSLs what is theirs, or to a post.
pub(super) async fn breach(tx: &mut Tx, whom: Overdue, count: u32, now: Timestamp) -> Result<(), FlowError> {
    if count == 0 {
        return Ok(());
    }
    let of_kind = ("breach", count);
    let role = match whom {
        Overdue::Slt => Role::Slt,
        Overdue::Dsl => Role::Dsl,
        Overdue::Post(post) => {
            return Ok(notices::add(tx, For::Post(post), of_kind, BREACHES_APART, now).await?);
        }
    };
    for told in notices::colleagues(&mut *tx).await?.iter().filter(|told| told.roles.contains(&role)) {
        notices::add(tx, For::Colleague(told.id), of_kind, BREACHES_APART, now).await?;
    }
    Ok(())
}

/// Who is told of an overdue answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Overdue {
    /// Senior leadership.
    Slt,
    /// The DSL, of what nobody else may know of.
    Dsl,
    /// The headteacher, the regional director or chair.
    Post(Post),
}

/// Tells those who can mend it that a channel is held because of our settings or account; again only after a while, however
/// often it is held.
pub(super) async fn channel_held(tx: &mut Tx, now: Timestamp) -> Result<(), FlowError> {
    let notice = Notice::ChannelHeld;
    for told in notices::colleagues(&mut *tx).await?.iter().filter(|told| notice.is_for(&told.roles)) {
        notices::add(tx, For::Colleague(told.id), (notice.kind(), 1), HELD_APART, now).await?;
    }
    Ok(())
}

/// Tells IT and the SLT, once for each time, that all sending has stopped.
pub(super) async fn sending_stopped(tx: &mut Tx, now: Timestamp) -> Result<(), FlowError> {
    at_once(tx, Notice::SendingStopped, now).await
}

/// Tells a trouble of the machine, once for each time, to those whom it concerns.
pub(super) async fn at_once(tx: &mut Tx, notice: Notice, now: Timestamp) -> Result<(), FlowError> {
    let colleagues = notices::colleagues(&mut *tx).await?;
    let told: Vec<_> = colleagues
        .iter()
        .filter(|told| notice.is_for(&told.roles))
        .map(|told| (For::Colleague(told.id), notice))
        .collect();
    notices::insert(tx, &told, &format!("{} {now}", notice.kind().replace('_', " ")), now).await?;
    Ok(())
}

/// At the start of a school day: reminds of what has waited for two and three school days, then makes each colleague's
/// digest; once a day, whoever asks. Returns how many were made.
pub async fn digests(gateway: &Gateway) -> Result<u64, FlowError> {
    let (now, policy) = (gateway.now(), gateway.policy());
    let day = school_date(now);
    if !policy.is_school_day(day) || school_time(now) < policy.notices.digest_at {
        return Ok(0);
    }
    let mut tx = gateway.store.begin().await?;
    let colleagues = notices::without(&mut tx, &once(day)).await?;
    if colleagues.is_empty() {
        return Ok(0);
    }
    remind(&mut tx, &policy, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let mut made = Vec::new();
    for told in colleagues {
        let digest = waits_for(gateway, &policy, &told, now).await?;
        made.push((For::Colleague(told.id), Notice::Digest(digest)));
    }
    let mut tx = gateway.store.begin().await?;
    let count = notices::insert(&mut tx, &made, &once(day), now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(count)
}

fn once(day: Date) -> String {
    format!("digest {day}")
}

/// Notes of each message that nobody has answered on its second and third school day that a colleague is reminded.
async fn remind(tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<(), FlowError> {
    let waiting = clocks::list(tx, WhichClocks::Unanswered).await?;
    let due: Vec<_> =
        waiting.iter().filter_map(|clock| Some((clock, reminder(&clock.into(), policy, now)?))).collect();
    let days: Vec<_> = due.iter().map(|(clock, day)| (clock.id, *day)).collect();
    let fresh = clocks::remind(tx, &days).await?;
    let (mut entries, mut rules) = (Vec::new(), Vec::new());
    for (clock, day) in due.into_iter().filter(|(clock, _)| fresh.contains(&clock.id)) {
        let which = if day == 2 { "second" } else { "third" };
        let entry =
            Entry::now(now, kind::CLOCK, format!("reminder: nobody has answered on the {which} school day"))
                .about_carer(clock.carer, clock.pupil)
                .case(clock.case)
                .received(clock.received)
                .seen_by(clock.visibility);
        rules.push((entry.id.0, as_json(&fired_again(&clock.into(), day), policy)));
        entries.push(entry);
    }
    outbox::keep_choices(tx, &rules).await?;
    Ok(chronology::append(tx, &entries).await?)
}

/// What waits for a colleague, read as that colleague.
async fn waits_for(
    gateway: &Gateway,
    policy: &Policy,
    told: &Told,
    now: Timestamp,
) -> Result<Digest, FlowError> {
    let is = |roles: &[Role]| told.roles.iter().any(|role| roles.contains(role));
    let day = school_date(now);
    let mut tx = gateway.store.as_colleague(told.id).await?;
    let midnight = day.tomorrow().map_or(now, crate::domain::time::start_of);
    let cases = today::cases(&mut tx, now, midnight).await?;
    let (second, third) = today::reminded(&mut tx).await?;
    let tasks = today::tasks(&mut tx, day).await?;
    let of_kind = |kind: &str| tasks.get(kind).map_or(0, |(count, _)| *count);
    let all: i64 = tasks.values().map(|(count, _)| count).sum();
    let mut digest = Digest {
        cases: number(cases.mine),
        late: number(cases.mine_late),
        today: number(cases.mine_today),
        second_day: number(second),
        third_day: number(third),
        calls: number(of_kind("call")),
        letters: number(of_kind("letter")),
        complaints: number(complaint_lists::waiting(&mut tx, day).await?.due),
        tasks: number(all - of_kind("call") - of_kind("letter")),
        ..Digest::default()
    };
    if is(&[Role::Slt, Role::Dsl]) {
        digest.school_late = number(cases.late);
    }
    if is(&[Role::Dsl]) {
        digest.restricted = number(cases.restricted);
    }
    if is(&[Role::Teacher, Role::Slt, Role::Dsl]) {
        digest.unreferenced = number(key_items::count(&mut tx, late_before(policy, now)).await?.1);
    }
    if is(&[Role::Office, Role::Slt, Role::Dsl]) {
        digest.questions = number(today::questions(&mut tx, day).await?.0);
    }
    if is(&[Role::Office, Role::Slt]) {
        digest.calendar_ends = policy.calendar_ends(day).map(number);
        digest.undated = number(today::undated(&mut tx).await?);
    }
    if is(&[Role::Teacher, Role::Slt]) {
        digest.missed = missed(&mut tx, policy, day).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(digest)
}

/// The updates of the last school week that nobody wrote, of the pupils whom the colleague sees.
async fn missed(tx: &mut Tx, policy: &Policy, day: Date) -> Result<u32, StoreError> {
    let weeks = policy.calendar.as_ref().map(|calendar| newest_weeks(calendar, day, 2)).unwrap_or_default();
    let Some(last) = weeks.iter().find(|week| week.monday < week_of(day)) else { return Ok(0) };
    let mut tally = Tally::default();
    for pupil in coverage::pupils(tx, &[last.monday], None).await? {
        tally.add(pupil.standing(last, day));
    }
    Ok(tally.missed)
}

fn number(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}
