//! Updates that wait for a second person (R17).

use sqlx::PgConnection;

use super::{
    StoreError,
    drafts::second,
    types::{Day, Ts},
};
use crate::domain::{
    ids::{PupilId, StaffId},
    second_person::SecondFor,
    time::{Date, Timestamp},
};

/// Has queued drafts of a week wait for a second person, each for its reason.
pub async fn ask(
    connection: &mut PgConnection,
    week: Date,
    asked: &[(PupilId, SecondFor)],
) -> Result<(), StoreError> {
    sqlx::query!(
        "update draft d set second_for = a.why
         from unnest($1::uuid[], $3::text[]) as a (pupil_id, why)
         where d.pupil_id = a.pupil_id and d.week = $2 and d.send_at is not null and d.update_id is null",
        &asked.iter().map(|(pupil, _)| pupil.0).collect::<Vec<_>>(),
        Day(week) as _,
        &asked.iter().map(|(_, why)| why.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps that `by` approves this version, which leaves from `send_at` on; `false` when it does not wait any more as it was seen.
pub async fn approve(
    connection: &mut PgConnection,
    (pupil, week, version): (PupilId, Date, i64),
    by: &str,
    now: Timestamp,
    send_at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update draft set approved_by = $4, approved_at = $5, send_at = greatest(send_at, $6)
         where pupil_id = $1 and week = $2 and version = $3 and update_id is null
           and second_for is not null and approved_by is null",
        pupil.0,
        Day(week) as _,
        version,
        by,
        Ts(now) as _,
        Ts(send_at) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An update that waits for a second person. Personal.
#[derive(Clone)]
pub struct Waiting {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub name: String,
    /// The class, where the pupil is in one.
    pub class: Option<String>,
    /// The week's Monday.
    pub week: Date,
    /// Who wrote it.
    pub author: String,
    /// Why it waits.
    pub why: SecondFor,
    /// When it was to leave.
    pub send_at: Timestamp,
}

/// The updates that wait for this colleague: of all that they may see, those that they neither wrote nor queued, in the order
/// in which they were to leave; at most 200.
pub async fn waiting_for(connection: &mut PgConnection, staff: StaffId) -> Result<Vec<Waiting>, StoreError> {
    let rows = sqlx::query!(
        r#"select d.pupil_id, coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  k.name as "class?", d.week as "week: Day", d.author, d.second_for as "why!", d.send_at as "send_at!: Ts"
           from draft d join pupil p on p.id = d.pupil_id left join class k on k.id = p.class_id
           where d.update_id is null and d.second_for is not null and d.approved_by is null
             and d.author <> $1 and d.sent_by <> $1
           order by d.send_at, d.id
           limit 200"#,
        staff.to_string(),
    )
    .fetch_all(connection)
    .await?;
    let waiting = rows.into_iter().map(|row| {
        let pupil = PupilId(row.pupil_id);
        Ok(Waiting {
            pupil,
            name: row.name,
            class: row.class,
            week: row.week.0,
            author: row.author,
            why: second(pupil, &row.why)?,
            send_at: row.send_at.0,
        })
    });
    waiting.collect()
}
