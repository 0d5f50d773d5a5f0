//! What staff pages read. Every function is given a transaction of [`super::Store::as_colleague`], so that each row it
//! finds is one this colleague may see.

use std::collections::HashMap;

use liaison_channels::{inbound::RawForm, private::Private};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError, entries,
    questions::QuestionRow,
    types::{Day, Ts},
};
use crate::domain::{
    chronology::Visibility,
    ids::{CarerId, CaseId, ClassId, PupilId, QuestionId, ReceivedId, TaskId},
    matching::evidence,
    route::Fired,
    time::{Date, Timestamp},
};

/// Colleagues' names by their id as text, which is how the record names who did something.
pub async fn names(connection: &mut PgConnection) -> Result<HashMap<String, String>, StoreError> {
    let rows =
        sqlx::query!(r#"select id::text as "id!", name as "name!" from staff"#).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The colleagues who may have been at a contact: those who sign in and work with families, by name.
pub async fn colleagues(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id::text as "id!", name as "name!" from staff
           where disabled_at is null and roles && array['teacher', 'office', 'slt', 'dsl']
           order by name, id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

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
        r#"select q.id, q.kind, q.received_id, q.case_id, q.why, q.candidates, q.role, q.visibility, q.due as "due: Day",
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
    /// For whose eyes.
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
                  q.received_id, q.visibility, g.sender, r.received_at as "received_at!: Ts"
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

/// A pupil as the head of a page names them.
#[derive(Debug, Clone)]
pub struct Named {
    /// The pupil's name.
    pub name: String,
    /// The class.
    pub class: Option<String>,
    /// The class's id.
    pub class_id: Option<ClassId>,
    /// The year group.
    pub year: Option<String>,
}

/// The pupil's name and class; `None` where there is no such pupil for this colleague.
pub async fn pupil(connection: &mut PgConnection, pupil: PupilId) -> Result<Option<Named>, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "name!",
                  k.name as "class?", p.class_id, p.year_group
           from pupil p left join class k on k.id = p.class_id where p.id = $1"#,
        pupil.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Named {
        name: row.name,
        class: row.class,
        class_id: row.class_id.map(ClassId),
        year: row.year_group,
    }))
}

/// A carer of a pupil, with all that a colleague must know before writing.
#[derive(Debug, Clone)]
pub struct CarerOf {
    /// The carer.
    pub id: CarerId,
    /// The carer's name.
    pub name: String,
    /// What they are to the pupil.
    pub relationship: String,
    /// Whether the pupil lives with them.
    pub lives_with: bool,
    /// BCP 47 language in which they read.
    pub language: String,
    /// The form in which they read.
    pub format: String,
    /// The interpreter they need on the phone.
    pub interpreter: Option<String>,
    /// When they are best rung.
    pub best_times: Option<String>,
    /// Whether nobody may learn where they live.
    pub confidential: bool,
    /// Their addresses this colleague may see: kind, value, status.
    pub addresses: Vec<(String, String, String)>,
}

/// The carers of a pupil in the school's order.
pub async fn carers_of(connection: &mut PgConnection, pupil: PupilId) -> Result<Vec<CarerOf>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.forename || ' ' || c.surname as "name!", l.relationship, l.lives_with_pupil, c.language, c.format,
                  c.interpreter, c.best_times, c.address_confidential,
                  coalesce(a.kinds, '{}') as "kinds!", coalesce(a.values, '{}') as "values!",
                  coalesce(a.statuses, '{}') as "statuses!"
           from link l
           join carer c on c.id = l.carer_id
           cross join lateral (
               select array_agg(a.kind order by ca.position, a.id) as kinds,
                      array_agg(a.value order by ca.position, a.id) as values,
                      array_agg(a.status order by ca.position, a.id) as statuses
               from carer_address ca join address a on a.id = ca.address_id
               where ca.carer_id = c.id and ca.removed_at is null) a
           where l.pupil_id = $1
           order by l.priority, c.surname, c.id"#,
        pupil.0,
    )
    .fetch_all(connection)
    .await?;
    let carers = rows.into_iter().map(|row| CarerOf {
        id: CarerId(row.id),
        name: row.name,
        relationship: row.relationship,
        lives_with: row.lives_with_pupil,
        language: row.language,
        format: row.format,
        interpreter: row.interpreter,
        best_times: row.best_times,
        confidential: row.address_confidential,
        addresses: row
            .kinds
            .into_iter()
            .zip(row.values)
            .zip(row.statuses)
            .map(|((kind, value), status)| (kind, value, status))
            .collect(),
    });
    Ok(carers.collect())
}

/// An entry of a case.
#[derive(Debug, Clone)]
pub struct EntryLine {
    /// Its id, which is its place.
    pub id: Uuid,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who did it: a colleague's id, `daemon`, `operator` or `import`.
    pub actor: String,
    /// The carer's name.
    pub carer: Option<String>,
    /// One sentence.
    pub sentence: String,
    /// The words beside it.
    pub words: Option<String>,
    /// Whether it is restricted.
    pub restricted: bool,
}

/// What was done with a case, the oldest first; at most 200 entries.
pub async fn entries_of_case(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Vec<EntryLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.sentence,
                  b.body as "words?"
           from chronology_entry e
           left join chronology_body b on b.entry_id = e.id
           where e.case_id = $1 and e.kind in ('case_moved', 'note', 'answered_elsewhere', 'clock', 'question', 'hand_off', 'diverted')
           order by e.id
           limit 200"#,
        case.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let dsls = entries::of_the_dsl(connection, &ids).await?;
    let lines = rows.into_iter().map(|row| EntryLine {
        restricted: dsls.contains(&row.id),
        id: row.id,
        happened_at: row.happened_at.0,
        recorded_at: row.recorded_at.0,
        actor: row.actor,
        carer: None,
        sentence: row.sentence,
        words: row.words,
    });
    Ok(lines.collect())
}

/// A hold on sending.
#[derive(Debug, Clone)]
pub struct HoldLine {
    /// `all`, or a channel.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// What is held.
pub async fn holds(connection: &mut PgConnection) -> Result<Vec<HoldLine>, StoreError> {
    let rows = sqlx::query!(r#"select scope, reason, set_at as "set_at: Ts" from hold order by set_at"#)
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| HoldLine { scope: row.scope, reason: row.reason, since: row.set_at.0 })
        .collect())
}

/// When each mailbox or list of texts was last read well.
pub async fn inboxes(connection: &mut PgConnection) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let rows = sqlx::query!(r#"select channel, looked_at as "looked_at: Ts" from inbox order by channel"#)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.looked_at.0)).collect())
}

/// A task on a list.
#[derive(Debug, Clone)]
pub struct TaskLine {
    /// Its id.
    pub id: TaskId,
    /// Its kind.
    pub kind: String,
    /// Whose list.
    pub role: String,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// The pupil.
    pub pupil_id: PupilId,
    /// Why.
    pub why: String,
    /// By when.
    pub due: Date,
}

/// One task, as its page shows it.
#[derive(Debug, Clone)]
pub struct OneTask {
    /// Its id.
    pub id: TaskId,
    /// Its kind.
    pub kind: String,
    /// Whose list.
    pub role: String,
    /// The carer.
    pub carer_id: CarerId,
    /// The carer's name.
    pub carer: String,
    /// The pupil.
    pub pupil_id: PupilId,
    /// The pupil's name.
    pub pupil: String,
    /// Why.
    pub why: String,
    /// By when.
    pub due: Date,
    /// `open`, `done`, `given_up` or `withdrawn`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Who closed it, and when.
    pub closed: Option<(String, Timestamp)>,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// Whether that case is restricted.
    pub restricted: bool,
}

/// A task, whatever its state; `None` where there is none for this colleague.
pub async fn task(connection: &mut PgConnection, task: TaskId) -> Result<Option<OneTask>, StoreError> {
    let row = sqlx::query!(
        r#"select t.id, t.kind, t.role, t.why, t.due as "due: Day", t.state, t.outcome, t.closed_by,
                  t.closed_at as "closed_at: Ts", t.pupil_id, t.carer_id, t.case_id,
                  c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!",
                  coalesce(k.visibility = 'restricted', false) as "restricted!"
           from task t join carer c on c.id = t.carer_id join pupil p on p.id = t.pupil_id
           left join carer_case k on k.id = t.case_id
           where t.id = $1"#,
        task.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| OneTask {
        id: TaskId(row.id),
        kind: row.kind,
        role: row.role,
        carer_id: CarerId(row.carer_id),
        carer: row.carer,
        pupil_id: PupilId(row.pupil_id),
        pupil: row.pupil,
        why: row.why,
        due: row.due.0,
        state: row.state,
        outcome: row.outcome,
        closed: row.closed_by.zip(row.closed_at.map(|at| at.0)),
        case: row.case_id.map(CaseId),
        restricted: row.restricted,
    }))
}

/// Which open tasks.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhichTasks<'a> {
    /// Only of this kind.
    pub kind: Option<&'a str>,
    /// Only on the lists of roles that the colleague holds, a teacher's for their classes, and what is kept for them by name.
    pub mine: bool,
    /// Only those after this due date and id.
    pub after: Option<(Date, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

/// Open tasks, the soonest due first.
pub async fn tasks(
    connection: &mut PgConnection,
    which: &WhichTasks<'_>,
) -> Result<Vec<TaskLine>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, t.kind, t.role, t.why, t.due as "due: Day", t.pupil_id, c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from task t join carer c on c.id = t.carer_id join pupil p on p.id = t.pupil_id
           where t.state = 'open' and ($1::text is null or t.kind = $1)
             and (not $2 or case when t.role = 'teacher' then p.class_id = any ((select liaison_my_classes())::uuid[])
                                 else (select liaison_is(t.role)) end
                  or (select liaison_me()) = any (t.only_for))
             and ($3::date is null or (t.due, t.id) > ($3, $4::uuid))
           order by t.due, t.id limit $5"#,
        which.kind,
        which.mine,
        which.after.map(|(due, _)| Day(due)) as _,
        which.after.map(|(_, id)| id),
        which.limit,
    )
    .fetch_all(connection)
    .await?;
    let tasks = rows.into_iter().map(|row| TaskLine {
        id: TaskId(row.id),
        kind: row.kind,
        role: row.role,
        carer: row.carer,
        pupil: row.pupil,
        pupil_id: PupilId(row.pupil_id),
        why: row.why,
        due: row.due.0,
    });
    Ok(tasks.collect())
}
