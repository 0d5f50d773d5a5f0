//! Messages of a case, and questions about messages, as a colleague may see them.

use liaison_channels::{inbound::RawForm, private::Private};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{
    StoreError,
    questions::QuestionRow,
    types::{Day, Ts},
};
use crate::domain::{
    chronology::Visibility,
    ids::{CaseId, QuestionId, ReceivedId},
    matching::evidence,
    route::Fired,
    time::{Date, Timestamp},
};

/// A message as it came, with what was made of it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: ReceivedId,
    /// When the school had it.
    pub received_at: Timestamp,
    /// Where it came from.
    pub sender: Option<String>,
    /// What was made of it, one sentence.
    pub verdict: String,
    /// Whether it was acknowledged, or why not.
    pub answered: String,
    /// Why it is this carer's, as far as rules decided it: each in plain words.
    pub evidence: Vec<String>,
    /// How its bytes are to be read.
    pub form: RawForm,
    /// Its bytes.
    pub raw: Private<Vec<u8>>,
}

/// The messages of a case, or one message, in order of arrival.
pub async fn messages(
    connection: &mut PgConnection,
    case: Option<CaseId>,
    one: Option<ReceivedId>,
) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.received_id, g.sender, g.verdict, g.answered, g.rules, r.received_at as "received_at!: Ts",
                  r.form as "form!", r.raw as "raw!"
           from reading g
           -- One at a time, or the view would be asked about every message there is.
           cross join lateral (select x.received_at, x.form, x.raw from received_seen x
                               where x.id = g.received_id limit 1) r
           where ($1::uuid is null or g.case_id = $1) and ($2::uuid is null or g.received_id = $2)
             and ($1::uuid is not null or $2::uuid is not null)
           order by r.received_at, g.received_id"#,
        case.map(|id| id.0),
        one.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let form = RawForm::parse(&row.form)
                .ok_or_else(|| StoreError::row("received", "form", row.received_id, "an unknown word"))?;
            Ok(Message {
                id: ReceivedId(row.received_id),
                received_at: row.received_at.0,
                sender: row.sender,
                verdict: row.verdict,
                answered: row.answered,
                evidence: evidence(&serde_json::from_str::<Vec<Fired>>(&row.rules).unwrap_or_default()),
                form,
                raw: Private::new(row.raw),
            })
        })
        .collect()
}

/// Which questions.
#[derive(Debug, Clone, Copy)]
pub enum WhichQuestions {
    /// This one, whatever its state.
    One(QuestionId),
    /// Open ones, by due date: at most `limit` of those after a due date and id.
    Open {
        /// The last that was seen.
        after: Option<(Date, Uuid)>,
        /// How many.
        limit: i64,
    },
}

/// Questions by due date.
pub async fn questions(
    connection: &mut PgConnection,
    which: WhichQuestions,
) -> Result<Vec<QuestionRow>, StoreError> {
    let (one, after, limit) = match which {
        WhichQuestions::One(id) => (Some(id.0), None, 1),
        WhichQuestions::Open { after, limit } => (None, after, limit),
    };
    let rows = sqlx::query!(
        r#"select q.id, q.kind, q.received_id, q.case_id, q.why, q.candidates, q.role, q.due as "due: Day",
                  case when liaison_is_dsls(null, q.received_id, null, null) then 'restricted' else q.visibility end as "visibility!",
                  q.state, q.outcome, g.sender, g.subject, r.received_at as "received_at!: Ts"
           from question q
           join reading g on g.received_id = q.received_id
           cross join lateral (select x.received_at from received_seen x where x.id = q.received_id limit 1) r
           where ($1::uuid is not null and q.id = $1)
              or ($1::uuid is null and q.state = 'open' and ($2::date is null or (q.due, q.id) > ($2, $3::uuid)))
           order by q.due, q.id
           limit $4"#,
        one,
        after.map(|(due, _)| Day(due)) as _,
        after.map(|(_, id)| id),
        limit,
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

/// A question that was decided.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Its id.
    pub id: QuestionId,
    /// Its kind.
    pub kind: String,
    /// `answered` or `dismissed`.
    pub state: String,
    /// What came of it.
    pub outcome: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Where the message came from.
    pub sender: Option<String>,
    /// When the school had it.
    pub received_at: Timestamp,
    /// The message.
    pub received: ReceivedId,
    /// For whose eyes; what a message was taken for later counts, too.
    pub visibility: Visibility,
}

/// Questions that were decided, the last decided first: at most `limit` of those before a moment and question.
pub async fn decided(
    connection: &mut PgConnection,
    before: Option<(Timestamp, QuestionId)>,
    limit: i64,
) -> Result<Vec<Decided>, StoreError> {
    let rows = sqlx::query!(
        r#"select q.id, q.kind, q.state, q.outcome as "outcome!", q.closed_by as "closed_by!", q.closed_at as "closed_at!: Ts",
                  q.received_id, g.sender, r.received_at as "received_at!: Ts",
                  case when liaison_is_dsls(null, q.received_id, null, null) then 'restricted' else q.visibility end as "visibility!"
           from question q
           join reading g on g.received_id = q.received_id
           cross join lateral (select x.received_at from received_seen x where x.id = q.received_id limit 1) r
           where q.state <> 'open' and ($1::timestamptz is null or (q.closed_at, q.id) < ($1, $2::uuid))
           order by q.closed_at desc, q.id desc
           limit $3"#,
        before.map(|(at, _)| Ts(at)) as _,
        before.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let decided = rows.into_iter().map(|row| Decided {
        id: QuestionId(row.id),
        kind: row.kind,
        state: row.state,
        outcome: row.outcome,
        by: row.closed_by,
        at: row.closed_at.0,
        sender: row.sender,
        received_at: row.received_at.0,
        received: ReceivedId(row.received_id),
        visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
    });
    Ok(decided.collect())
}

/// The questions about a case and its messages, with whether each is decided, the oldest first.
pub async fn questions_of_case(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Vec<(QuestionId, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select q.id, q.state <> 'open' as "decided!" from question q
           join reading g on g.received_id = q.received_id
           where g.case_id = $1 or q.case_id = $1
           order by q.opened_at, q.id"#,
        case.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (QuestionId(row.id), row.decided)).collect())
}
