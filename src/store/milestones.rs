//! Reports, reviews and newsletters through the year: what was done, by pupil and class.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    cadence::{Milestone, OnRoll},
    ids::{ClassId, MilestoneId, PupilId},
    time::{Date, Timestamp, school_date},
};

/// A pupil with what was recorded of them. Personal.
#[derive(Debug)]
pub struct PupilYear {
    /// The pupil.
    pub id: PupilId,
    /// The pupil's name.
    pub name: String,
    /// The class.
    pub class: Option<ClassId>,
    /// Its name.
    pub class_name: Option<String>,
    /// When they are here, and what was done.
    pub on_roll: OnRoll,
}

/// The pupils whom the reader sees, by class and surname; those who left before `since`, or died, are not among them.
pub async fn pupils(connection: &mut PgConnection, since: Date) -> Result<Vec<PupilYear>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  p.class_id, k.name as "class_name?", p.on_roll_from as "from: Day", p.leaving_date as "until: Day",
                  coalesce(m.kinds, '{}') as "kinds!", coalesce(m.days, '{}') as "days!: Vec<Day>"
           from pupil p
           left join class k on k.id = p.class_id
           left join (select pupil_id, array_agg(kind) as kinds, array_agg(day) as days from milestone
                      where withdrawn_at is null group by pupil_id) m on m.pupil_id = p.id
           where (p.leaving_date is null or p.leaving_date >= $1) and p.died_on is null
           order by k.name nulls last, p.legal_surname, p.legal_forename, p.id"#,
        Day(since) as _,
    )
    .fetch_all(connection)
    .await?;
    let pupils = rows.into_iter().map(|row| {
        let id = row.id;
        let done = row.kinds.iter().zip(row.days).map(|(kind, day)| {
            let kind = Milestone::parse(kind).map_err(|why| StoreError::row("milestone", "kind", id, why))?;
            Ok((kind, day.0))
        });
        Ok(PupilYear {
            id: PupilId(row.id),
            name: row.name,
            class: row.class_id.map(ClassId),
            class_name: row.class_name,
            on_roll: OnRoll {
                from: row.from.map(|day| day.0),
                until: row.until.map(|day| day.0),
                done: done.collect::<Result<_, StoreError>>()?,
            },
        })
    });
    pupils.collect()
}

/// On which day the newest newsletter was sent to each class that the reader sees, where one was.
pub async fn newsletters(connection: &mut PgConnection) -> Result<HashMap<ClassId, Date>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.id, max(a.sent_at) as "at!: Ts"
           from announcement a
           join class k on a.audience = 'school' or k.id = a.class_id
                or exists (select from pupil p where p.class_id = k.id and p.year_group = a.year_group)
           where a.purpose = 'newsletter' and a.sent_at is not null and a.cancelled_at is null
           group by k.id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ClassId(row.id), school_date(row.at.0))).collect())
}

/// When the school began: the moment of its first entry. Read as the daemon, who sees all; `None`: there is none yet.
pub async fn began(connection: &mut PgConnection) -> Result<Option<Timestamp>, StoreError> {
    let at =
        sqlx::query_scalar!(r#"select recorded_at as "at: Ts" from chronology_entry order by id limit 1"#)
            .fetch_optional(connection)
            .await?;
    Ok(at.map(|at| at.0))
}

/// Records that something was done for these pupils on that day; those of whom it is on record already are passed by. Returns
/// of whom it is new.
pub async fn insert(
    connection: &mut PgConnection,
    (kind, day): (Milestone, Date),
    pupils: &[PupilId],
    by: &str,
    now: Timestamp,
) -> Result<Vec<PupilId>, StoreError> {
    let ids: Vec<_> = pupils.iter().map(|_| MilestoneId::new().0).collect();
    let new = sqlx::query_scalar!(
        "insert into milestone (id, pupil_id, kind, day, recorded_at, recorded_by)
         select n.id, p.id, $3, $4, $5, $6 from unnest($1::uuid[], $2::uuid[]) as n (id, pupil) join pupil p on p.id = n.pupil
         on conflict (pupil_id, kind, day) where withdrawn_at is null do nothing
         returning pupil_id",
        &ids,
        &pupils.iter().map(|pupil| pupil.0).collect::<Vec<_>>(),
        kind.as_str(),
        Day(day) as _,
        Ts(now) as _,
        by,
    )
    .fetch_all(connection)
    .await?;
    Ok(new.into_iter().map(PupilId).collect())
}

/// What is on record. Personal.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its id.
    pub id: MilestoneId,
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub name: String,
    /// What was done.
    pub kind: Milestone,
    /// On which day.
    pub day: Date,
    /// Who recorded it.
    pub by: String,
}

/// What was recorded of a class's pupils whom the reader sees, or of those in none, the newest first; at most 200. `one`: only
/// that.
pub async fn recorded(
    connection: &mut PgConnection,
    class: Option<ClassId>,
    one: Option<MilestoneId>,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = sqlx::query!(
        r#"select m.id, m.pupil_id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  m.kind, m.day as "day: Day", m.recorded_by
           from milestone m join pupil p on p.id = m.pupil_id
           where m.withdrawn_at is null and p.class_id is not distinct from $1 and ($2::uuid is null or m.id = $2)
           order by m.day desc, p.legal_surname, p.legal_forename, m.id
           limit 200"#,
        class.map(|class| class.0) as _,
        one.map(|one| one.0) as _,
    )
    .fetch_all(connection)
    .await?;
    let all = rows.into_iter().map(|row| {
        Ok(Recorded {
            id: MilestoneId(row.id),
            pupil: PupilId(row.pupil_id),
            name: row.name,
            kind: Milestone::parse(&row.kind)
                .map_err(|why| StoreError::row("milestone", "kind", row.id, why))?,
            day: row.day.0,
            by: row.recorded_by,
        })
    });
    all.collect()
}

/// Takes one back; `None` when it is not there, or was taken back before.
pub async fn withdraw(
    connection: &mut PgConnection,
    id: MilestoneId,
    by: &str,
    now: Timestamp,
) -> Result<Option<(PupilId, Milestone, Date)>, StoreError> {
    let row = sqlx::query!(
        r#"update milestone set withdrawn_at = $2, withdrawn_by = $3 where id = $1 and withdrawn_at is null
           returning pupil_id, kind, day as "day: Day""#,
        id.0,
        Ts(now) as _,
        by,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = Milestone::parse(&row.kind).map_err(|why| StoreError::row("milestone", "kind", id.0, why))?;
    Ok(Some((PupilId(row.pupil_id), kind, row.day.0)))
}
