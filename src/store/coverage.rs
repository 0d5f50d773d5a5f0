//! Weekly updates by pupil and week, and the carers whom they have not reached. Read as a colleague, or as the daemon for
//! counts that name nobody.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    coverage::Pupil,
    ids::{CarerId, ClassId, PupilId},
    time::{Date, Timestamp},
};

/// The pupils with the weeks they have among these, by class and surname. Those who had left before the first of them are not
/// among them. `as_of`: only updates that were queued by then, and no drafts.
pub async fn pupils(
    connection: &mut PgConnection,
    mondays: &[Date],
    as_of: Option<Timestamp>,
) -> Result<Vec<Pupil>, StoreError> {
    let oldest = mondays.iter().min().copied();
    let mondays: Vec<Day> = mondays.iter().copied().map(Day).collect();
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  p.class_id, k.name as "class_name?", p.on_roll_from as "from: Day", p.leaving_date as "until: Day",
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
           where p.leaving_date is null or p.leaving_date >= $2
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

/// A carer whom an update has not reached by any way so far.
#[derive(Debug, Clone)]
pub struct NotReached {
    /// The week's Monday.
    pub week: Date,
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub pupil_name: String,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// The class's name.
    pub class_name: Option<String>,
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: String,
    /// Why the last message did not arrive; `None`: no message could be sent.
    pub why: Option<String>,
    /// A message that waits or is on its way: its route.
    pub on_its_way: Option<String>,
    /// A task that a colleague has still to do: its kind, and by when.
    pub task: Option<(String, Date)>,
}

/// The carers whom the updates of these weeks have not reached, the newest week first; at most `limit`. A carer counts from a
/// failure on, or from when nobody knew a way, until a message or a colleague has told them, also of a later week up to
/// `last`; one who may not be told is not missed. Only what was tried `since` then is looked at.
pub async fn not_reached(
    connection: &mut PgConnection,
    weeks: (Date, Date),
    last: Date,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<NotReached>, StoreError> {
    let rows = sqlx::query!(
        r#"with hurt as (
               select update_id, carer_id from delivery
               where state = 'failed' and update_id is not null and settled_at >= $4
               union
               select update_id, carer_id from task
               where update_id is not null and created_at >= $4
                 and ((state = 'given_up' and kind in ('call', 'letter', 'check_address'))
                      or (state = 'open' and kind = 'check_address')))
           select u.week as "week!: Day", u.pupil_id as "pupil!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil_name!",
                  p.class_id, k.name as "class_name?", h.carer_id as "carer!", c.forename || ' ' || c.surname as "carer_name!",
                  (select d.reason from delivery d where d.update_id = h.update_id and d.carer_id = h.carer_id
                                                     and d.state = 'failed' order by d.settled_at desc limit 1) as why,
                  (select d.route from delivery d where d.update_id = h.update_id and d.carer_id = h.carer_id
                                                    and d.state in ('queued', 'submitting', 'unknown') limit 1) as on_its_way,
                  t.kind as "kind?", t.due as "due?: Day"
           from hurt h
           join pupil_update u on u.id = h.update_id and u.week between $1 and $2
           join pupil p on p.id = u.pupil_id
           join carer c on c.id = h.carer_id
           left join class k on k.id = p.class_id
           left join lateral (select kind, due from task
                              where update_id = h.update_id and carer_id = h.carer_id and state = 'open'
                              order by due limit 1) t on true
           where not exists (
                   select from pupil_update v join delivery d on d.update_id = v.id
                   where v.pupil_id = u.pupil_id and v.week between u.week and $3 and d.carer_id = h.carer_id
                     and d.state in ('submitted', 'delivered'))
             and not exists (
                   select from pupil_update v join task x on x.update_id = v.id
                   where v.pupil_id = u.pupil_id and v.week between u.week and $3 and x.carer_id = h.carer_id
                     and x.kind in ('call', 'letter') and x.state = 'done'
                     and not exists (select from returned_letter r where r.task_id = x.id))
           order by u.week desc, k.name nulls last, p.legal_surname, p.legal_forename, p.id, c.surname, c.forename, c.id
           limit $5"#,
        Day(weeks.0) as _,
        Day(weeks.1) as _,
        Day(last) as _,
        Ts(since) as _,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let carers = rows.into_iter().map(|row| NotReached {
        week: row.week.0,
        pupil: PupilId(row.pupil),
        pupil_name: row.pupil_name,
        class: row.class_id.map(ClassId),
        class_name: row.class_name,
        carer: CarerId(row.carer),
        carer_name: row.carer_name,
        why: row.why,
        on_its_way: row.on_its_way,
        task: row.kind.zip(row.due.map(|day| day.0)),
    });
    Ok(carers.collect())
}
