//! What ends what stands between a carer and a pupil: the last day of an arrangement, a death, and the birthdays at which a
//! pupil is asked.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    age::{ADULT_AT, ASKED_AT, born_by},
    ids::{CarerId, ClassId, LinkId, PupilId, TaskId},
    time::{Date, Timestamp},
};

/// A day that somebody recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The day.
    pub day: Date,
    /// Who recorded it: a colleague's id.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Recorded {
    /// From a row's three columns, which are there together or not at all.
    pub(super) fn of(day: Option<Day>, by: Option<String>, at: Option<Ts>) -> Option<Self> {
        Some(Self { day: day?.0, by: by?, at: at?.0 })
    }
}

/// A link with what ends it.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The carer.
    pub carer: CarerId,
    /// The pupil.
    pub pupil: PupilId,
    /// The last day on which it holds.
    pub ends: Option<Date>,
    /// Whether it is recorded that the pupil agrees that this carer is told after 18.
    pub adult_agreed: bool,
}

/// A link, locked until the transaction ends.
pub async fn link(connection: &mut PgConnection, link: LinkId) -> Result<Option<Ending>, StoreError> {
    let row = sqlx::query!(
        r#"select carer_id, pupil_id, ends as "ends: Day", adult_agreed_at is not null as "adult_agreed!"
           from link where id = $1 for update"#,
        link.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Ending {
        carer: CarerId(row.carer_id),
        pupil: PupilId(row.pupil_id),
        ends: row.ends.map(|day| day.0),
        adult_agreed: row.adult_agreed,
    }))
}

/// Sets the last day on which a link holds; `None`: it has no end.
pub async fn set_end(
    connection: &mut PgConnection,
    link: LinkId,
    last: Option<Date>,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update link set ends = $2::date, ends_set_by = case when $2::date is not null then $3 end,
                         ends_set_at = case when $2::date is not null then $4::timestamptz end
         where id = $1",
        link.0,
        last.map(Day) as _,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets whether the pupil of a link agrees that its carer is told after 18.
pub async fn set_agreed(
    connection: &mut PgConnection,
    link: LinkId,
    agreed: bool,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update link set adult_agreed_by = case when $2 then $3 end,
                         adult_agreed_at = case when $2 then $4::timestamptz end
         where id = $1",
        link.0,
        agreed,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the day on which a pupil died, or with `None` that they live; `false` where that stands there already, or there is no
/// such pupil.
pub async fn set_pupil_died(
    connection: &mut PgConnection,
    pupil: PupilId,
    day: Option<Date>,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "update pupil set died_on = $2::date, died_set_by = case when $2::date is not null then $3 end,
                          died_set_at = case when $2::date is not null then $4::timestamptz end
         where id = $1 and (died_on is null) = ($2::date is not null)",
        pupil.0,
        day.map(Day) as _,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() > 0)
}

/// The same of a carer.
pub async fn set_carer_died(
    connection: &mut PgConnection,
    carer: CarerId,
    day: Option<Date>,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "update carer set died_on = $2::date, died_set_by = case when $2::date is not null then $3 end,
                          died_set_at = case when $2::date is not null then $4::timestamptz end
         where id = $1 and (died_on is null) = ($2::date is not null)",
        carer.0,
        day.map(Day) as _,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() > 0)
}

/// The open tasks by which somebody would be rung, written to or looked for about a pupil or at a carer. What is announced
/// to many may rest on another of the carer's pupils, and is not among a pupil's.
pub async fn reaching_out(
    connection: &mut PgConnection,
    pupil: Option<PupilId>,
    carer: Option<CarerId>,
) -> Result<Vec<TaskId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from task
         where state = 'open'
           and ((pupil_id = $1 and announcement_id is null
                 and kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'turns_16', 'turns_18', 'opted_out'))
                or (carer_id = $2 and kind in ('call', 'letter', 'check_address', 'did_it_arrive', 'opted_out')))
         order by id",
        pupil.map(|id| id.0),
        carer.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TaskId).collect())
}

/// A pupil who turns 16 or 18, and has not been asked.
#[derive(Debug, Clone, Copy)]
pub struct Turning {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// The carer under whom the task stands: the first who is told now, as far as that is seen here.
    pub carer: CarerId,
    /// When the pupil was born.
    pub born: Date,
    /// 16 or 18.
    pub age: i16,
}

/// The pupils at the school who turn 16 or 18 by that day, or are it already, and for whom no such task was ever opened. Who is
/// 18 by then is asked once, and not for 16 too.
pub async fn turning(
    connection: &mut PgConnection,
    today: Date,
    by: Date,
) -> Result<Vec<Turning>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, p.class_id, l.carer_id, p.date_of_birth as "born!: Day", p.date_of_birth <= $3 as "adult!"
           from pupil p
           join lateral (
               select l.carer_id from link l join carer c on c.id = l.carer_id
               where l.pupil_id = p.id and c.died_on is null and (l.ends is null or l.ends >= $1)
               order by exists (select from restriction r where r.link_id = l.id and r.ended_at is null), l.priority, l.id
               limit 1) l on true
           where p.date_of_birth <= $2 and p.died_on is null and (p.leaving_date is null or p.leaving_date >= $1)
             and not exists (select from task t
                             where t.pupil_id = p.id
                               and t.kind = case when p.date_of_birth <= $3 then 'turns_18' else 'turns_16' end)
           order by p.id"#,
        Day(today) as _,
        Day(born_by(by, ASKED_AT)) as _,
        Day(born_by(by, ADULT_AT)) as _,
    )
    .fetch_all(connection)
    .await?;
    let turning = rows.into_iter().map(|row| Turning {
        pupil: PupilId(row.id),
        class: row.class_id.map(ClassId),
        carer: CarerId(row.carer_id),
        born: row.born.0,
        age: if row.adult { ADULT_AT } else { ASKED_AT },
    });
    Ok(turning.collect())
}
