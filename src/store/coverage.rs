//! Weekly updates by pupil and week, and the carers whom they have not reached. Read as a colleague, or as the daemon for
//! counts that name nobody.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    coverage::Pupil,
    ids::{CarerId, ClassId, PupilId, UpdateId},
    time::{Date, Timestamp},
};

/// The pupils with the weeks they have among these, by class and surname. Those who had left before the first of them are not
/// among them, and nobody is reminded of one who died. `as_of`: only updates that were queued by then, and no drafts; and a
/// pupil whose death was recorded by then counts up to that day.
pub async fn pupils(
    connection: &mut PgConnection,
    mondays: &[Date],
    as_of: Option<Timestamp>,
) -> Result<Vec<Pupil>, StoreError> {
    let oldest = mondays.iter().min().copied();
    let mondays: Vec<Day> = mondays.iter().copied().map(Day).collect();
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  p.class_id, k.name as "class_name?", p.on_roll_from as "from: Day",
                  least(p.leaving_date, case when p.died_set_at <= $3 then p.died_on end) as "until: Day",
                  coalesce(u.weeks, '{}') as "sent!: Vec<Day>", coalesce(d.weeks, '{}') as "queued!: Vec<Day>"
           from pupil p
           left join class k on k.id = p.class_id
           left join (select pupil_id, array_agg(week) as weeks from pupil_update
                      where week = any($1::date[]) and ($3::timestamptz is null or queued_at <= $3) group by pupil_id) u
               on u.pupil_id = p.id
           left join (select pupil_id, array_agg(week) as weeks from draft
                      where week = any($1) and $3 is null and send_at is not null and update_id is null
                      group by pupil_id) d
               on d.pupil_id = p.id
           where (p.leaving_date is null or p.leaving_date >= $2) and ($3 is not null or p.died_on is null)
           order by k.name nulls last, p.legal_surname, p.legal_forename, p.id"#,
        &mondays as _,
        oldest.map(Day) as _,
        as_of.map(Ts) as _,
    )
    .fetch_all(connection)
    .await?;
    let days = |days: Vec<Day>| days.into_iter().map(|day| day.0).collect();
    let pupils = rows.into_iter().map(|row| Pupil {
        id: PupilId(row.id),
        name: row.name,
        class: row.class_id.map(ClassId),
        class_name: row.class_name,
        from: row.from.map(|day| day.0),
        until: row.until.map(|day| day.0),
        sent: days(row.sent),
        queued: days(row.queued),
    });
    Ok(pupils.collect())
}

/// A carer whom an update has not reached by any way so far, by ids.
#[derive(Debug, Clone)]
pub struct Unreached {
    /// The week's Monday.
    pub week: Date,
    /// The pupil.
    pub pupil: PupilId,
    /// The carer.
    pub carer: CarerId,
    /// The update.
    pub update: UpdateId,
    /// Why the last message did not arrive; `None`: no message could be sent.
    pub why: Option<String>,
    /// A message that waits or is on its way: its route.
    pub on_its_way: Option<String>,
    /// A task that a colleague has still to do: its kind, and by when.
    pub task: Option<(String, Date)>,
}

/// The carers whom the updates of these weeks have not reached, the newest week first; at most `limit`. A carer counts from a
/// failure on, or from when nobody knew a way, until a message or a colleague has told them, also of a later week up to
/// `last`; one who may not be told is not missed, nor is one who died
/// or whose link has ended by `today`. Only what was tried `since` then is looked at. Read as the daemon, for so
/// many policies would be planned for longer than it is read; [`named`] leaves those whom a colleague may see.
pub async fn unreached(
    connection: &mut PgConnection,
    weeks: (Date, Date),
    last: Date,
    since: Timestamp,
    today: Date,
    limit: i64,
) -> Result<Vec<Unreached>, StoreError> {
    let rows = sqlx::query!(
        r#"with hurt as (
               select update_id, carer_id from delivery
               where state = 'failed' and update_id is not null and settled_at >= $4
               union
               select update_id, carer_id from task
               where update_id is not null and created_at >= $4
                 and ((state = 'given_up' and kind in ('call', 'letter', 'check_address'))
                      or (state = 'open' and kind = 'check_address')))
           select u.week as "week!: Day", u.pupil_id as "pupil!", h.carer_id as "carer!", h.update_id as "update!",
                  (select d.reason from delivery d where d.update_id = h.update_id and d.carer_id = h.carer_id
                                                     and d.state = 'failed' order by d.settled_at desc limit 1) as why,
                  (select d.route from delivery d where d.update_id = h.update_id and d.carer_id = h.carer_id
                                                    and d.state in ('queued', 'submitting', 'unknown') limit 1) as on_its_way,
                  t.kind as "kind?", t.due as "due?: Day"
           from hurt h
           join pupil_update u on u.id = h.update_id and u.week between $1 and $2
           left join lateral (select kind, due from task
                              where update_id = h.update_id and carer_id = h.carer_id and state = 'open'
                              order by due limit 1) t on true
           where exists (
                   select from link l join pupil p on p.id = l.pupil_id join carer c on c.id = l.carer_id
                   where l.pupil_id = u.pupil_id and l.carer_id = h.carer_id and p.died_on is null and c.died_on is null
                     and (l.ends is null or l.ends >= $6))
             and not exists (
                   select from pupil_update v join delivery d on d.update_id = v.id
                   where v.pupil_id = u.pupil_id and v.week between u.week and $3 and d.carer_id = h.carer_id
                     and d.state in ('submitted', 'delivered'))
             and not exists (
                   select from pupil_update v join task x on x.update_id = v.id
                   where v.pupil_id = u.pupil_id and v.week between u.week and $3 and x.carer_id = h.carer_id
                     and x.kind in ('call', 'letter') and x.state = 'done'
                     and not exists (select from returned_letter r where r.task_id = x.id))
           order by u.week desc, u.pupil_id, h.carer_id
           limit $5"#,
        Day(weeks.0) as _,
        Day(weeks.1) as _,
        Day(last) as _,
        Ts(since) as _,
        limit,
        Day(today) as _,
    )
    .fetch_all(connection)
    .await?;
    let carers = rows.into_iter().map(|row| Unreached {
        week: row.week.0,
        pupil: PupilId(row.pupil),
        carer: CarerId(row.carer),
        update: UpdateId(row.update),
        why: row.why,
        on_its_way: row.on_its_way,
        task: row.kind.zip(row.due.map(|day| day.0)),
    });
    Ok(carers.collect())
}

/// A carer whom an update has not reached, with the names for those who may read them.
#[derive(Debug, Clone)]
pub struct NotReached {
    /// Who, and what is being done.
    pub unreached: Unreached,
    /// The pupil's name.
    pub pupil_name: String,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// The class's name.
    pub class_name: Option<String>,
    /// The carer's name.
    pub carer_name: String,
}

/// Of these the carers, with names, whom the reader may see with their pupils; in the same order.
pub async fn named(
    connection: &mut PgConnection,
    unreached: Vec<Unreached>,
) -> Result<Vec<NotReached>, StoreError> {
    if unreached.is_empty() {
        return Ok(Vec::new());
    }
    let pupils = sqlx::query!(
        r#"select p.id as "id!", coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  p.class_id, k.name as "class_name?"
           from pupil p left join class k on k.id = p.class_id where p.id = any($1)"#,
        &unreached.iter().map(|one| one.pupil.0).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let carers = sqlx::query!(
        r#"select id as "id!", forename || ' ' || surname as "name!" from carer where id = any($1)"#,
        &unreached.iter().map(|one| one.carer.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let pupils: HashMap<_, _> = pupils.into_iter().map(|row| (row.id, row)).collect();
    let carers: HashMap<_, _> = carers.into_iter().map(|row| (row.id, row.name)).collect();
    let named = unreached.into_iter().filter_map(|one| {
        let (pupil, carer) = (pupils.get(&one.pupil.0)?, carers.get(&one.carer.0)?);
        Some(NotReached {
            pupil_name: pupil.name.clone(),
            class: pupil.class_id.map(ClassId),
            class_name: pupil.class_name.clone(),
            carer_name: carer.clone(),
            unreached: one,
        })
    });
    Ok(named.collect())
}
