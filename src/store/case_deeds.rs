//! Changes that a colleague's deeds make to a case, and what takes an identity decision back.

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{CaseId, PupilId, QuestionId, ReceivedId},
    time::Timestamp,
};

/// Gives a case another kind.
pub async fn rekind(
    connection: &mut PgConnection,
    case: CaseId,
    kind: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update carer_case set kind = $2, kind_since = $3 where id = $1",
        case.0,
        kind,
        Ts(now) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens a closed case; `false` when it was not closed.
pub async fn reopen(connection: &mut PgConnection, case: CaseId) -> Result<bool, StoreError> {
    let opened = sqlx::query!(
        "update carer_case set state = 'open', closed_at = null, closed_by = null, outcome = null
         where id = $1 and state = 'closed'",
        case.0
    )
    .execute(connection)
    .await?;
    Ok(opened.rows_affected() > 0)
}

/// Whether a colleague has told this case's carer anything, or is about to: a reply that was not stopped before it left, or
/// an answer elsewhere.
pub async fn anything_said(connection: &mut PgConnection, case: CaseId) -> Result<bool, StoreError> {
    let said = sqlx::query_scalar!(
        r#"select exists (
               select from answer a
               where a.case_id = $1 and a.purpose = 'reply'
                 and (exists (select from delivery d
                              where d.answer_id = a.id and (d.tries > 0 or d.state not in ('refused', 'cancelled')))
                      or exists (select from task t
                                 where t.answer_id = a.id and t.kind in ('call', 'letter')
                                   and t.state in ('open', 'done'))))
             or exists (select from chronology_entry where case_id = $1 and kind = 'answered_elsewhere') as "said!""#,
        case.0
    )
    .fetch_one(connection)
    .await?;
    Ok(said)
}

/// Takes a message out of its case and away from its carer: nobody knows whose it is.
pub async fn take_away(
    connection: &mut PgConnection,
    received: ReceivedId,
    verdict: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update reading set carer_id = null, pupil_id = null, case_id = null, verdict = $2 where received_id = $1",
        received.0,
        verdict,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The case that a message is in.
pub async fn case_of(
    connection: &mut PgConnection,
    received: ReceivedId,
) -> Result<Option<CaseId>, StoreError> {
    let case = sqlx::query_scalar!("select case_id from reading where received_id = $1", received.0)
        .fetch_optional(connection)
        .await?;
    Ok(case.flatten().map(CaseId))
}

/// How many messages are in a case.
pub async fn messages(connection: &mut PgConnection, case: CaseId) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from reading where case_id = $1"#, case.0)
        .fetch_one(connection)
        .await?;
    Ok(count)
}

/// Takes the subject of a message that was not its carer's off a case; the message keeps it.
pub async fn blank_subject(
    connection: &mut PgConnection,
    case: CaseId,
    subject: &str,
) -> Result<(), StoreError> {
    sqlx::query!("update carer_case set subject = $2 where id = $1", case.0, subject)
        .execute(connection)
        .await?;
    Ok(())
}

/// Unsays which pupil a case is about; until it is said again it rests on the link to this one.
pub async fn about_nobody(
    connection: &mut PgConnection,
    case: CaseId,
    rests_on: PupilId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with unsaid as (update reading set pupil_id = null where case_id = $1)
         update carer_case
         set pupil_id = null, link_pupil = $2, class_id = (select class_id from pupil where id = $2)
         where id = $1",
        case.0,
        rests_on.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens a closed question again; `false` when it was not closed.
pub async fn ask_again(connection: &mut PgConnection, question: QuestionId) -> Result<bool, StoreError> {
    let asked = sqlx::query!(
        "update question set state = 'open', closed_at = null, closed_by = null, outcome = null
         where id = $1 and state <> 'open'",
        question.0
    )
    .execute(connection)
    .await?;
    Ok(asked.rows_affected() > 0)
}
