//! What a divert makes the DSL's.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{CaseId, TaskId},
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
