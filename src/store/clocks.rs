//! Clocks: each belongs to the message that started it.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    chronology::Visibility,
    ids::{AnswerId, CarerId, CaseId, ClockId, PupilId, ReceivedId},
    ladder::Silence,
    time::{Date, Timestamp},
};

/// A clock to be started.
#[derive(Debug, Clone)]
pub struct NewClock {
    /// Its id.
    pub id: ClockId,
    /// The case.
    pub case: CaseId,
    /// The message that starts it.
    pub received: ReceivedId,
    /// `answer`, `promise`, or the word of a [`Statutory`](crate::domain::statutory::Statutory).
    pub kind: &'static str,
    /// When the message came.
    pub started_at: Timestamp,
    /// When it is due, and the day of it; `None`: the calendar does not reach so far.
    pub due: Option<(Timestamp, Date)>,
    /// How many days were counted.
    pub days: u8,
    /// Why it is due then.
    pub words: String,
    /// The calendar's version.
    pub calendar: String,
    /// The settings'.
    pub settings: String,
}

/// Starts clocks.
pub async fn insert(connection: &mut PgConnection, clocks: &[NewClock]) -> Result<(), StoreError> {
    if clocks.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into clock (id, case_id, received_id, kind, state, started_at, due_at, due_day, days, words, calendar,
                            settings)
         select id, case_id, received_id, kind, case when due_at is null then 'calendar_missing' else 'running' end,
                started_at, due_at, due_day, days, words, calendar, settings
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::date[],
                     $8::smallint[], $9::text[], $10::text[], $11::text[])
              as c (id, case_id, received_id, kind, started_at, due_at, due_day, days, words, calendar, settings)",
        &clocks.iter().map(|c| c.id.0).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.case.0).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.received.0).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.kind).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| Ts(c.started_at)).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.due.map(|(at, _)| Ts(at))).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.due.map(|(_, day)| Day(day))).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| i16::from(c.days)).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.words.as_str()).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.calendar.as_str()).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.settings.as_str()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A clock as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct ClockRow {
    /// Its id.
    pub id: ClockId,
    #[serde(skip)]
    /// The case.
    pub case: CaseId,
    #[serde(skip)]
    /// The carer.
    pub carer: CarerId,
    #[serde(skip)]
    /// The pupil.
    pub pupil: Option<PupilId>,
    #[serde(skip)]
    /// For whose eyes.
    pub visibility: Visibility,
    #[serde(skip)]
    /// Whose list the case is on.
    pub role: String,
    /// The message that started it.
    pub received: ReceivedId,
    /// `answer`, `promise`, or the word of a [`Statutory`](crate::domain::statutory::Statutory).
    pub kind: String,
    /// `running`, `met`, `calendar_missing` or `closed`.
    pub state: String,
    /// When the message came.
    pub started_at: Timestamp,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// How many days were counted.
    pub days: i16,
    /// Why it is due then.
    pub words: String,
    /// When it was met or ended.
    pub met_at: Option<Timestamp>,
    /// How far it has climbed.
    pub rung: i16,
    /// On which school day somebody was last reminded of it.
    #[serde(skip)]
    pub reminded: i16,
    /// Where it went on, where it ended without an answer for that: `complaint C-7, stage 1`.
    pub moved_to: Option<String>,
}

impl From<&ClockRow> for Silence {
    fn from(clock: &ClockRow) -> Self {
        let ClockRow { started_at, due_at, rung, reminded, .. } = *clock;
        Self { started_at, due_at, rung, reminded }
    }
}

/// Which clocks.
#[derive(Debug, Clone, Copy)]
pub enum WhichClocks<'a> {
    /// Of these cases.
    Of(&'a [CaseId]),
    /// Running, due before this, and not yet at the top of the ladder.
    Overdue(Timestamp),
    /// For an answer, running or without a date, on the first rung, and of which somebody may still be reminded.
    Unanswered,
    /// Running or without a date, and counted by another calendar than this.
    CountedBefore(&'a str),
}

/// Clocks, the first due first.
pub async fn list(
    connection: &mut PgConnection,
    which: WhichClocks<'_>,
) -> Result<Vec<ClockRow>, StoreError> {
    let (cases, overdue, calendar) = match which {
        WhichClocks::Of(cases) => (Some(cases.iter().map(|id| id.0).collect::<Vec<_>>()), None, None),
        WhichClocks::Overdue(now) => (None, Some(now), None),
        WhichClocks::CountedBefore(version) => (None, None, Some(version)),
        WhichClocks::Unanswered => (None, None, None),
    };
    let rows = sqlx::query!(
        r#"select k.id, k.case_id, c.carer_id, c.pupil_id, c.visibility, c.role, k.received_id, k.kind, k.state,
                  k.started_at as "started_at: Ts", k.due_at as "due_at: Ts", k.days, k.words, k.met_at as "met_at: Ts",
                  k.rung, k.reminded, k.moved_to
           from clock k join carer_case c on c.id = k.case_id
           where ($1::uuid[] is null or k.case_id = any($1))
             and ($2::timestamptz is null or (k.state = 'running' and k.due_at < $2 and k.rung < 3))
             and ($3::text is null or (k.state in ('running', 'calendar_missing') and k.kind = 'answer'
                                       and k.calendar <> $3))
             and (not $4 or (k.state in ('running', 'calendar_missing') and k.kind = 'answer' and k.rung = 0
                             and k.reminded < 3))
           order by k.due_at nulls first, k.id"#,
        cases.as_deref(),
        overdue.map(Ts) as _,
        calendar,
        matches!(which, WhichClocks::Unanswered),
    )
    .fetch_all(connection)
    .await?;
    let clocks = rows.into_iter().map(|row| ClockRow {
        id: ClockId(row.id),
        case: CaseId(row.case_id),
        carer: CarerId(row.carer_id),
        pupil: row.pupil_id.map(PupilId),
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
        role: row.role,
        received: ReceivedId(row.received_id),
        kind: row.kind,
        state: row.state,
        started_at: row.started_at.0,
        due_at: row.due_at.map(|at| at.0),
        days: row.days,
        words: row.words,
        met_at: row.met_at.map(|at| at.0),
        rung: row.rung,
        reminded: row.reminded,
        moved_to: row.moved_to,
    });
    Ok(clocks.collect())
}

/// The codes of these cases; of those that whoever asks may see.
pub async fn codes(
    connection: &mut PgConnection,
    cases: &[CaseId],
) -> Result<HashMap<CaseId, String>, StoreError> {
    let rows = sqlx::query!(
        "select id, code from carer_case where id = any($1)",
        &cases.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId(row.id), row.code)).collect())
}

/// Stops the running clocks of a case of this kind (`None`: the school's own, not those of the law): `met` by an answer, else
/// `closed`. Returns how many stopped.
pub async fn stop(
    connection: &mut PgConnection,
    case: CaseId,
    kind: Option<&str>,
    met_by: Option<AnswerId>,
    by: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let state = if met_by.is_some() { "met" } else { "closed" };
    let stopped = sqlx::query!(
        "update clock
         set state = $3, met_at = $4, met_by = $5, ended_by = $6, due_at = coalesce(due_at, $4)
         where case_id = $1 and (kind = $2 or ($2::text is null and kind in ('answer', 'promise')))
           and state in ('running', 'calendar_missing')",
        case.0,
        kind,
        state,
        Ts(now) as _,
        met_by.map(|id| id.0),
        by,
    )
    .execute(connection)
    .await?;
    Ok(stopped.rows_affected())
}

/// Ends the school's own running clocks of a case, for the matter goes on there and has dates of its own. Returns how many.
pub async fn move_to(
    connection: &mut PgConnection,
    case: CaseId,
    there: &str,
    by: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let moved = sqlx::query!(
        "update clock set state = 'closed', met_at = $3, ended_by = $4, due_at = coalesce(due_at, $3), moved_to = $2
         where case_id = $1 and kind in ('answer', 'promise') and state in ('running', 'calendar_missing')",
        case.0,
        there,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected())
}

/// Sets running again the clocks that an answer had met, when it turns out not to have arrived (T16). Returns how many.
pub async fn reopen(connection: &mut PgConnection, answer: AnswerId) -> Result<u64, StoreError> {
    let reopened = sqlx::query!(
        "update clock
         set state = case when due_day is null then 'calendar_missing' else 'running' end,
             due_at = case when due_day is null then null else due_at end, met_at = null, met_by = null, ended_by = null
         where met_by = $1 and state = 'met'",
        answer.0
    )
    .execute(connection)
    .await?;
    Ok(reopened.rows_affected())
}

/// Stops the clocks that these replies answer, where they still run: a failed try had set them running again, or the reply
/// was said by phone or posted.
/// Only those of messages that were there when it was written; an acknowledgement stops none.
pub async fn meet_again(
    connection: &mut PgConnection,
    answers: &[AnswerId],
    now: Timestamp,
) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update clock k
         set state = 'met', met_at = $2, met_by = a.id, ended_by = a.author, due_at = coalesce(k.due_at, $2)
         from answer a
         where a.id = any($1) and a.purpose = 'reply' and k.case_id = a.case_id
           and k.state in ('running', 'calendar_missing') and k.started_at <= a.written_at
           and (k.kind = 'answer' or (a.full_answer and k.kind = 'promise'))",
        &answers.iter().map(|id| id.0).collect::<Vec<_>>(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A clock for an answer that an acknowledgement met.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    /// The case.
    pub case: CaseId,
    /// The carer.
    pub carer: CarerId,
    /// The pupil, where it is known which.
    pub pupil: Option<PupilId>,
    /// For whose eyes.
    pub visibility: Visibility,
    /// The day the carer was told, where it is a promise from now on; `None`: another promise of the case stands.
    pub promised: Option<Date>,
}

/// Stops the dated clocks of the messages that these acknowledgements answer, and starts a promise of the same day in each
/// case that has none; replies are left alone. One statement, which takes no lock of a case: whoever replies takes that first
/// and the clock's after it.
pub async fn meet_by_acknowledgement(
    connection: &mut PgConnection,
    answers: &[AnswerId],
    now: Timestamp,
) -> Result<Vec<Acknowledged>, StoreError> {
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"with met as (
               update clock k set state = 'met', met_at = $2, met_by = a.id, ended_by = a.author
               from answer a
               where a.id = any($1) and a.purpose = 'acknowledgement' and k.case_id = a.case_id
                 and k.received_id = a.received_id and k.kind = 'answer' and k.state = 'running'
               returning a.id as answer_id, k.case_id, k.received_id, k.due_at, k.due_day, k.days, k.words, k.calendar,
                         k.settings),
           promised as (
               insert into clock (id, case_id, received_id, kind, state, started_at, due_at, due_day, days, words, calendar,
                                  settings)
               select f.id, m.case_id, m.received_id, 'promise', 'running', $2, m.due_at, m.due_day, m.days, m.words,
                      m.calendar, m.settings
               from met m join unnest($1::uuid[], $3::uuid[]) as f (answer_id, id) on f.answer_id = m.answer_id
               on conflict do nothing
               returning case_id, received_id, due_day)
           select m.case_id as "case_id!", c.carer_id, c.pupil_id, c.visibility, p.due_day as "promised?: Day"
           from met m
           join carer_case c on c.id = m.case_id
           left join promised p on p.case_id = m.case_id and p.received_id = m.received_id"#,
        &answers.iter().map(|id| id.0).collect::<Vec<_>>(),
        Ts(now) as _,
        &answers.iter().map(|_| ClockId::new().0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let met = rows.into_iter().map(|row| Acknowledged {
        case: CaseId(row.case_id),
        carer: CarerId(row.carer_id),
        pupil: row.pupil_id.map(PupilId),
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
        promised: row.promised.map(|day| day.0),
    });
    Ok(met.collect())
}

/// Stops the running answer clocks of a case that a colleague answered elsewhere at that moment, with `full_answer` also
/// that of a promise; not those of what came or was promised after it. Returns how many.
pub async fn met_elsewhere(
    connection: &mut PgConnection,
    case: CaseId,
    full_answer: bool,
    by: &str,
    happened_at: Timestamp,
) -> Result<u64, StoreError> {
    let met = sqlx::query!(
        "update clock set state = 'met', met_at = $2, ended_by = $3, due_at = coalesce(due_at, $2)
         where case_id = $1 and (kind = 'answer' or ($4 and kind = 'promise')) and state in ('running', 'calendar_missing')
           and started_at <= $2",
        case.0,
        Ts(happened_at) as _,
        by,
        full_answer,
    )
    .execute(connection)
    .await?;
    Ok(met.rows_affected())
}

/// The clocks of this kind in a case are met: what they ask for is done. Returns how many were running.
pub async fn fulfil(
    connection: &mut PgConnection,
    case: CaseId,
    kind: &str,
    by: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let met = sqlx::query!(
        "update clock set state = 'met', met_at = $3, ended_by = $4 where case_id = $1 and kind = $2 and state = 'running'",
        case.0,
        kind,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(met.rows_affected())
}

/// Stops the clocks that a message started: it was not this case's. Returns how many.
pub async fn stop_of_message(
    connection: &mut PgConnection,
    received: ReceivedId,
    by: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let stopped = sqlx::query!(
        "update clock set state = 'closed', met_at = $2, ended_by = $3, due_at = coalesce(due_at, $2)
         where received_id = $1 and state in ('running', 'calendar_missing')",
        received.0,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(stopped.rows_affected())
}

/// Moves a clock to another date, or gives it its first, by these versions of the calendar and of the settings.
pub async fn redate(
    connection: &mut PgConnection,
    clock: ClockId,
    due: Option<(Timestamp, Date)>,
    words: &str,
    (calendar, settings): (&str, &str),
) -> Result<(), StoreError> {
    sqlx::query!(
        "update clock
         set due_at = $2, due_day = $3, words = $4, calendar = $5, settings = $6,
             state = case when $2::timestamptz is null then 'calendar_missing' else 'running' end
         where id = $1 and state in ('running', 'calendar_missing')",
        clock.0,
        due.map(|(at, _)| Ts(at)) as _,
        due.map(|(_, day)| Day(day)) as _,
        words,
        calendar,
        settings,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a clock has climbed to the next rung; `false` when another daemon was first.
pub async fn climb(connection: &mut PgConnection, clock: ClockId, rung: i16) -> Result<bool, StoreError> {
    let climbed = sqlx::query!(
        "update clock set rung = $2 where id = $1 and rung < $2 and state = 'running'",
        clock.0,
        rung
    )
    .execute(connection)
    .await?;
    Ok(climbed.rows_affected() > 0)
}

/// Notes that somebody is reminded of these clocks, each on its school day; returns those for which that was not done yet.
pub async fn remind(
    connection: &mut PgConnection,
    clocks: &[(ClockId, i16)],
) -> Result<HashSet<ClockId>, StoreError> {
    let reminded = sqlx::query_scalar!(
        "update clock k set reminded = r.day from unnest($1::uuid[], $2::smallint[]) as r (id, day)
         where k.id = r.id and k.reminded < r.day returning k.id",
        &clocks.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &clocks.iter().map(|(_, day)| *day).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(reminded.into_iter().map(ClockId).collect())
}

/// Notes by which calendar a clock was last looked at.
pub async fn counted_by(
    connection: &mut PgConnection,
    clock: ClockId,
    calendar: &str,
) -> Result<(), StoreError> {
    sqlx::query!("update clock set calendar = $2 where id = $1", clock.0, calendar)
        .execute(connection)
        .await?;
    Ok(())
}
