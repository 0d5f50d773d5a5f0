//! What a divert makes the DSL's, and where restricted cases go on.

use serde::Serialize;
use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{CaseId, HandOffId, TaskId},
    time::Timestamp,
};

/// Makes the messages, questions and open tasks of a case the DSL's.
pub async fn restrict_around(connection: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    sqlx::query!(
        "with messages as (update reading set visibility = 'restricted' where case_id = $1),
              said as (select id from answer where case_id = $1),
              questions as (update question set visibility = 'restricted', role = 'dsl'
                            where case_id = $1 or received_id in (select received_id from reading where case_id = $1))
         update task set role = 'dsl'
         where state = 'open'
           and (case_id = $1 or answer_id in (select id from said)
                or delivery_id in (select id from delivery where answer_id in (select id from said)))",
        case.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Hides from everybody but the DSL every entry so far about a case: about its messages, answers, deliveries and tasks.
pub async fn hide_entries(
    connection: &mut PgConnection,
    case: CaseId,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with said as (select id from answer where case_id = $1),
              sent as (select id from delivery where answer_id in (select id from said)),
              asked as (select id from task where case_id = $1 or answer_id in (select id from said)
                                                  or delivery_id in (select id from sent)),
              came as (select received_id from reading where case_id = $1)
         insert into entry_hidden (entry_id, since, by, reason)
         select id, $2, $3, $4 from chronology_entry
         where visibility = 'ordinary'
           and (case_id = $1 or received_id in (select received_id from came)
                or delivery_id in (select id from sent) or task_id in (select id from asked))
         on conflict do nothing",
        case.0,
        Ts(now) as _,
        by,
        reason,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a case went on.
#[derive(Debug, Clone, Copy)]
pub enum Gone<'a> {
    /// In another system.
    To {
        /// `CPOMS` or `Engage`.
        system: &'a str,
        /// What that system calls it.
        reference: &'a str,
    },
    /// In none.
    Nowhere {
        /// Why.
        because: &'a str,
    },
}

/// Where a case went on, to be kept.
#[derive(Debug)]
pub struct NewHandOff<'a> {
    /// Its id.
    pub id: HandOffId,
    /// The case.
    pub case: CaseId,
    /// Where to.
    pub gone: Gone<'a>,
}

/// Keeps where a case went on; the last one counts.
pub async fn hand_off(
    connection: &mut PgConnection,
    new: &NewHandOff<'_>,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (system, reference, not_needed) = match new.gone {
        Gone::To { system, reference } => (Some(system), Some(reference), None),
        Gone::Nowhere { because } => (None, None, Some(because)),
    };
    sqlx::query!(
        "insert into hand_off (id, case_id, system, reference, not_needed, recorded_at, recorded_by)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.0,
        new.case.0,
        system,
        reference,
        not_needed,
        Ts(now) as _,
        by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A restricted case that stays on the DSL's list.
#[derive(Debug, Clone, Serialize)]
pub struct Unreferenced {
    /// The case.
    pub case: CaseId,
    /// Its code.
    pub code: String,
    /// Its kind: `safeguarding` where it was diverted.
    pub kind: String,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name; `None`: not known.
    pub pupil: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Whether it is open.
    pub open: bool,
    /// When its first message came.
    pub opened_at: Timestamp,
}

/// Restricted cases, open and closed, that have neither a reference nor a reason to need none, the oldest first: `limit` of
/// those after the one opened then with this id. A colleague who is no DSL finds none by a connection of their own.
pub async fn without_reference(
    connection: &mut PgConnection,
    after: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> Result<Vec<Unreferenced>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.code, c.kind, r.forename || ' ' || r.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  c.subject, c.state = 'open' as "open!", c.opened_at as "opened_at: Ts"
           from carer_case c
           join carer r on r.id = c.carer_id
           left join pupil p on p.id = c.pupil_id
           where c.visibility = 'restricted' and not exists (select from hand_off h where h.case_id = c.id)
             and ($1::timestamptz is null or (c.opened_at, c.id) > ($1, $2::uuid))
           order by c.opened_at, c.id
           limit $3"#,
        after.map(|(at, _)| Ts(at)) as _,
        after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let cases = rows.into_iter().map(|row| Unreferenced {
        case: CaseId(row.id),
        code: row.code,
        kind: row.kind,
        carer: row.carer,
        pupil: row.pupil,
        subject: row.subject,
        open: row.open,
        opened_at: row.opened_at.0,
    });
    Ok(cases.collect())
}

/// The restricted cases to which these tasks belong: by what they are about, what they carry, or what led to them.
pub async fn cases_of_tasks(
    connection: &mut PgConnection,
    tasks: &[TaskId],
) -> Result<Vec<CaseId>, StoreError> {
    let cases = sqlx::query_scalar!(
        "select distinct c.id
         from task t
         left join delivery d on d.id = t.delivery_id
         left join answer a on a.id = coalesce(t.answer_id, d.answer_id)
         join carer_case c on c.id = coalesce(t.case_id, a.case_id)
         where t.id = any($1) and c.visibility = 'restricted'",
        &tasks.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(cases.into_iter().map(CaseId).collect())
}
