//! Cases with their messages, clocks, questions and complaints, as far as explaining them goes.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::time::Timestamp,
    store::{StoreError, types::Ts},
};

/// A message that arrived.
#[derive(Debug, Clone)]
pub struct ReadingWhy {
    /// What kind of message it is.
    pub kind: String,
    /// What was made of it.
    pub verdict: String,
    /// Whether it was acknowledged, or why not.
    pub answered: String,
    /// JSON of the rules that fired.
    pub rules: String,
    /// What its words suggest it is, and by which rule.
    pub suggested: Option<(String, String)>,
    /// What a colleague said of that.
    pub suggested_is: Option<bool>,
    /// When it was read.
    pub read_at: Timestamp,
    /// The case, and its code.
    pub case: Option<(Uuid, String)>,
    /// The message of ours it answers.
    pub delivery: Option<Uuid>,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// The acknowledgement that was queued for it.
    pub acknowledged_by: Option<Uuid>,
    /// The questions it raised.
    pub questions: Vec<Uuid>,
}

/// A message that arrived and was read.
pub async fn reading(connection: &mut PgConnection, id: Uuid) -> Result<Option<ReadingWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select g.kind, g.verdict, g.answered, g.rules, g.suggested, g.suggested_why, g.suggested_is,
                  g.read_at as "read_at: Ts", k.id as "case_id?", k.code as "code?", g.delivery_id,
                  c.forename || ' ' || c.surname as "carer?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  (select d.id from answer a join delivery d on d.answer_id = a.id
                   where a.received_id = g.received_id and a.purpose = 'acknowledgement' limit 1) as acknowledged_by,
                  array(select q.id from question q where q.received_id = g.received_id order by q.id) as "questions!"
           from reading g
           left join carer_case k on k.id = g.case_id
           left join carer c on c.id = g.carer_id
           left join pupil p on p.id = g.pupil_id
           where g.received_id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ReadingWhy {
        kind: row.kind,
        verdict: row.verdict,
        answered: row.answered,
        rules: row.rules,
        suggested: row.suggested.zip(row.suggested_why),
        suggested_is: row.suggested_is,
        read_at: row.read_at.0,
        case: row.case_id.zip(row.code),
        delivery: row.delivery_id,
        carer: row.carer,
        pupil: row.pupil,
        acknowledged_by: row.acknowledged_by,
        questions: row.questions,
    }))
}

/// When a message that nobody has read yet was kept, and how often reading it was tried. As the daemon: no page reads it.
pub async fn unread(connection: &mut PgConnection, id: Uuid) -> Result<Option<(Timestamp, i16)>, StoreError> {
    let row = sqlx::query!(
        r#"select r.kept_at as "kept_at: Ts", u.tries
           from received_unread u join received r on r.id = u.received_id where u.received_id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.kept_at.0, row.tries)))
}

/// A clock.
#[derive(Debug, Clone)]
pub struct ClockWhy {
    /// Its id.
    pub id: Uuid,
    /// The case.
    pub case: Uuid,
    /// The case's code.
    pub code: String,
    /// The message that started it.
    pub received: Uuid,
    /// `answer`, `promise`, or what the law asks.
    pub kind: String,
    /// `running`, `met`, `calendar_missing` or `closed`.
    pub state: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// How many days were counted.
    pub days: i16,
    /// Why then.
    pub words: String,
    /// The calendar's version.
    pub calendar: String,
    /// The settings'.
    pub settings: Option<String>,
    /// When it was met or ended.
    pub met_at: Option<Timestamp>,
    /// Where it went on.
    pub moved_to: Option<String>,
}

/// Clocks: one, those of a message, or those of a case, whichever this id is.
pub async fn clocks(connection: &mut PgConnection, of: Uuid) -> Result<Vec<ClockWhy>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.id, k.case_id, c.code, k.received_id, k.kind, k.state, k.started_at as "started_at: Ts",
                  k.due_at as "due_at: Ts", k.days, k.words, k.calendar, k.settings, k.met_at as "met_at: Ts", k.moved_to
           from clock k join carer_case c on c.id = k.case_id
           where k.id = $1 or k.case_id = $1
              or k.case_id = (select case_id from reading where received_id = $1) and k.received_id = $1
           order by k.id"#,
        of
    )
    .fetch_all(connection)
    .await?;
    let clocks = rows.into_iter().map(|row| ClockWhy {
        id: row.id,
        case: row.case_id,
        code: row.code,
        received: row.received_id,
        kind: row.kind,
        state: row.state,
        started_at: row.started_at.0,
        due_at: row.due_at.map(|at| at.0),
        days: row.days,
        words: row.words,
        calendar: row.calendar,
        settings: row.settings,
        met_at: row.met_at.map(|at| at.0),
        moved_to: row.moved_to,
    });
    Ok(clocks.collect())
}

/// A step that was taken by itself: its entry, when, the sentence, and JSON of the rules.
pub type StepTaken = (Uuid, Timestamp, String, String);

/// The reminders and escalations of the clock that a message started in a case, the first one first.
pub async fn steps(
    connection: &mut PgConnection,
    case: Uuid,
    received: Uuid,
) -> Result<Vec<StepTaken>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.sentence, c.rules
           from chronology_entry e join choice c on c.subject_id = e.id
           where e.case_id = $1 and e.received_id = $2 order by e.id"#,
        case,
        received,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.happened_at.0, row.sentence, row.rules)).collect())
}

/// A case.
#[derive(Debug, Clone)]
pub struct CaseWhy {
    /// Its code.
    pub code: String,
    /// Its kind.
    pub kind: String,
    /// By which route it began.
    pub came_by: String,
    /// Whose list it is on.
    pub role: String,
    /// Whether somebody has it by name.
    pub owned: bool,
    /// Whether it is open.
    pub open: bool,
    /// When it began.
    pub opened_at: Timestamp,
    /// The complaint it is in, with its stage.
    pub complaint: Option<String>,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name, where it is known about whom it is.
    pub pupil: Option<String>,
    /// The messages that belong to it.
    pub received: Vec<Uuid>,
    /// The messages that were sent in it.
    pub sent: Vec<Uuid>,
}

/// A case.
pub async fn case(connection: &mut PgConnection, id: Uuid) -> Result<Option<CaseWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select k.code, k.kind, k.came_by, k.role, k.owner is not null as "owned!", k.state,
                  k.opened_at as "opened_at: Ts", k.complaint, c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  array(select g.received_id from reading g where g.case_id = k.id order by g.received_id) as "received!",
                  array(select d.id from answer a join delivery d on d.answer_id = a.id where a.case_id = k.id
                        order by d.id) as "sent!"
           from carer_case k join carer c on c.id = k.carer_id left join pupil p on p.id = k.pupil_id
           where k.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| CaseWhy {
        code: row.code,
        kind: row.kind,
        came_by: row.came_by,
        role: row.role,
        owned: row.owned,
        open: row.state == "open",
        opened_at: row.opened_at.0,
        complaint: row.complaint,
        carer: row.carer,
        pupil: row.pupil,
        received: row.received,
        sent: row.sent,
    }))
}

/// A question for a person.
#[derive(Debug, Clone)]
pub struct QuestionWhy {
    /// Its kind.
    pub kind: String,
    /// One sentence.
    pub why: String,
    /// JSON of those who may have written, with the evidence.
    pub candidates: String,
    /// Whose list it is on.
    pub role: String,
    /// `open`, `answered` or `dismissed`.
    pub state: String,
    /// When it was asked.
    pub opened_at: Timestamp,
    /// The message it is about.
    pub received: Uuid,
    /// JSON of the rules that read it.
    pub rules: String,
}

/// A question for a person.
pub async fn question(connection: &mut PgConnection, id: Uuid) -> Result<Option<QuestionWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select q.kind, q.why, q.candidates, q.role, q.state, q.opened_at as "opened_at: Ts", q.received_id,
                  g.rules as "rules?"
           from question q left join reading g on g.received_id = q.received_id
           where q.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| QuestionWhy {
        kind: row.kind,
        why: row.why,
        candidates: row.candidates,
        role: row.role,
        state: row.state,
        opened_at: row.opened_at.0,
        received: row.received_id,
        rules: row.rules.unwrap_or_default(),
    }))
}

/// A complaint.
#[derive(Debug, Clone)]
pub struct ComplaintWhy {
    /// Whether it is the DSL's, and its number.
    pub number: (bool, i64),
    /// Its stage.
    pub stage: i16,
    /// When that began.
    pub began_at: Timestamp,
    /// Why it is due then.
    pub due_words: String,
    /// How many school days were counted.
    pub days: i16,
    /// The calendar's version.
    pub calendar: String,
    /// What came of it, or of its present stage.
    pub outcome: Option<String>,
    /// Whether it is closed.
    pub closed: bool,
    /// The case it came from, and its code.
    pub case: (Uuid, String),
}

/// A complaint.
pub async fn complaint(connection: &mut PgConnection, id: Uuid) -> Result<Option<ComplaintWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select m.of_the_dsl, m.no, m.stage, m.began_at as "began_at: Ts", m.due_words, m.days, m.calendar, m.outcome,
                  m.closed_at is not null as "closed!", k.id as case_id, k.code
           from complaint m join carer_case k on k.id = m.case_id where m.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ComplaintWhy {
        number: (row.of_the_dsl, row.no),
        stage: row.stage,
        began_at: row.began_at.0,
        due_words: row.due_words,
        days: row.days,
        calendar: row.calendar,
        outcome: row.outcome,
        closed: row.closed,
        case: (row.case_id, row.code),
    }))
}

/// What carries an answer: the message that was queued for it last, or the task of a colleague.
pub async fn carries(connection: &mut PgConnection, answer: Uuid) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!" from (select id from delivery where answer_id = $1
                                    union all select id from task where answer_id = $1) carried
           order by id desc limit 1"#,
        answer
    )
    .fetch_optional(connection)
    .await?)
}
