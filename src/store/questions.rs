//! What only a person can decide about an arrived message.

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts, as_array},
};
use crate::domain::{
    chronology::Visibility,
    ids::{CarerId, CaseId, QuestionId, ReceivedId},
    matching::Candidate,
    time::{Date, Timestamp},
};

/// A question to be asked.
#[derive(Debug)]
pub struct NewQuestion {
    /// Its id.
    pub id: QuestionId,
    /// `who_is_this`, `which_child`, `whose_reply` or `what_is_this`.
    pub kind: &'static str,
    /// The message it is about.
    pub received: ReceivedId,
    /// The case it is about, where there is one already.
    pub case: Option<CaseId>,
    /// One neutral sentence.
    pub why: String,
    /// Who it may be.
    pub candidates: Vec<Candidate>,
    /// Whose list it is on.
    pub role: &'static str,
    /// For whose eyes.
    pub visibility: Visibility,
    /// To be answered by.
    pub due: Date,
    /// The carers who may have written: no colleague of theirs is asked.
    pub may_be: Vec<CarerId>,
}

/// Asks questions.
pub async fn insert(
    connection: &mut PgConnection,
    questions: &[NewQuestion],
    now: Timestamp,
) -> Result<(), StoreError> {
    if questions.is_empty() {
        return Ok(());
    }
    let candidates: Vec<String> = questions
        .iter()
        .map(|question| serde_json::to_string(&question.candidates).unwrap_or_else(|_| "[]".to_owned()))
        .collect();
    sqlx::query!(
        "insert into question (id, kind, received_id, case_id, why, candidates, role, visibility, due, state, opened_at,
                               may_be)
         select id, kind, received_id, case_id, why, candidates, role, visibility, due, 'open', $10, may_be::uuid[]
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::date[], $11::text[])
              as q (id, kind, received_id, case_id, why, candidates, role, visibility, due, may_be)",
        &questions.iter().map(|q| q.id.0).collect::<Vec<_>>(),
        &questions.iter().map(|q| q.kind).collect::<Vec<_>>() as _,
        &questions.iter().map(|q| q.received.0).collect::<Vec<_>>(),
        &questions.iter().map(|q| q.case.map(|id| id.0)).collect::<Vec<_>>() as _,
        &questions.iter().map(|q| q.why.as_str()).collect::<Vec<_>>() as _,
        &candidates as _,
        &questions.iter().map(|q| q.role).collect::<Vec<_>>() as _,
        &questions.iter().map(|q| q.visibility.as_str()).collect::<Vec<_>>() as _,
        &questions.iter().map(|q| Day(q.due)).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &questions.iter().map(|q| as_array(&q.may_be)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A question as it stands.
#[derive(Debug, Clone)]
pub struct QuestionRow {
    /// Its id.
    pub id: QuestionId,
    /// Its kind.
    pub kind: String,
    /// The message it is about.
    pub received: ReceivedId,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// One neutral sentence.
    pub why: String,
    /// Who it may be.
    pub candidates: Vec<Candidate>,
    /// Whose list it is on.
    pub role: String,
    /// For whose eyes.
    pub visibility: Visibility,
    /// To be answered by.
    pub due: Date,
    /// `open`, `answered` or `dismissed`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Where the message came from.
    pub sender: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// When the school had it.
    pub received_at: Timestamp,
}

/// Questions by due date: open ones, or with `closed` all; restricted ones only where `restricted` says so.
pub async fn list(
    connection: &mut PgConnection,
    one: Option<QuestionId>,
    closed: bool,
    restricted: bool,
) -> Result<Vec<QuestionRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select q.id, q.kind, q.received_id, q.case_id, q.why, q.candidates, q.role, q.visibility, q.due as "due: Day",
                  q.state, q.outcome, g.sender, g.subject, r.received_at as "received_at: Ts"
           from question q
           join received r on r.id = q.received_id
           left join reading g on g.received_id = q.received_id
           left join carer_case k on k.id = coalesce(q.case_id, g.case_id)
           where ($1::uuid is null or q.id = $1) and ($2 or q.state = 'open') and ($3 or q.visibility = 'ordinary' and coalesce(k.visibility, 'ordinary') = 'ordinary')
           order by q.due, q.id"#,
        one.map(|id| id.0),
        closed,
        restricted,
    )
    .fetch_all(connection)
    .await?;
    let questions = rows.into_iter().map(|row| QuestionRow {
        id: QuestionId(row.id),
        kind: row.kind,
        received: ReceivedId(row.received_id),
        case: row.case_id.map(CaseId),
        why: row.why,
        candidates: serde_json::from_str(&row.candidates).unwrap_or_default(),
        role: row.role,
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
        due: row.due.0,
        state: row.state,
        outcome: row.outcome,
        sender: row.sender,
        subject: row.subject,
        received_at: row.received_at.0,
    });
    Ok(questions.collect())
}

/// The question of this kind that was asked about a message, open or not; the latest where there were several.
pub async fn about_message(
    connection: &mut PgConnection,
    received: ReceivedId,
    which_child: bool,
) -> Result<Option<QuestionId>, StoreError> {
    let found = sqlx::query_scalar!(
        "select id from question where received_id = $1 and (kind = 'which_child') = $2 order by id desc limit 1",
        received.0,
        which_child,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(QuestionId))
}

/// Closes an open question as `answered` or `dismissed`; `false` when it was not open.
pub async fn close(
    connection: &mut PgConnection,
    question: QuestionId,
    state: &str,
    by: &str,
    outcome: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let closed = sqlx::query!(
        "update question set state = $2, closed_by = $3, outcome = $4, closed_at = $5 where id = $1 and state = 'open'",
        question.0,
        state,
        by,
        outcome,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(closed.rows_affected() > 0)
}
