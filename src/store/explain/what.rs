//! What an id stands for, and what is kept of it. Read by whoever asks: a colleague finds only what they may see.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        complaint::Number,
        explain::Explains,
        time::{Date, Timestamp},
    },
    store::{
        StoreError,
        types::{Day, Ts},
    },
};

/// What an id, a case's code or a complaint's number stands for.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// What it is.
    pub what: Explains,
    /// Its id.
    pub id: Uuid,
    /// Whether it is the DSL's alone.
    pub restricted: bool,
    /// The case it belongs to.
    pub case: Option<Uuid>,
}

/// What stands under this name; `None` where there is nothing, or nothing that whoever asks may see.
pub async fn find(connection: &mut PgConnection, named: &str) -> Result<Option<Found>, StoreError> {
    let number = Number::parse(named);
    let row = sqlx::query!(
        r#"select what as "what!", id as "id!", restricted as "restricted!", case_id from (
               select 'delivery' as what, d.id, liaison_of_restricted(d.answer_id) as restricted,
                      (select a.case_id from answer a where a.id = d.answer_id) as case_id
               from delivery d where d.id = $1
               union all
               select 'task', id, liaison_is_dsls(null, null, null, id), case_id from task where id = $1
               union all
               select 'case', id, visibility = 'restricted', id from carer_case where id = $1 or code = upper($2)
               union all
               select 'clock', k.id, c.visibility = 'restricted', c.id
               from clock k join carer_case c on c.id = k.case_id where k.id = $1
               union all
               select 'received', received_id, liaison_is_dsls(null, received_id, null, null), case_id
               from reading where received_id = $1
               union all
               select 'question', id, visibility = 'restricted' or liaison_is_dsls(null, received_id, null, null), case_id
               from question where id = $1
               union all
               select 'entry', e.id,
                      visibility = 'restricted' or exists (select from entry_hidden h where h.entry_id = e.id)
                      or ((num_nonnulls(case_id, received_id) > 0 or update_id is null)
                          and liaison_is_dsls(case_id, received_id, delivery_id, task_id)), case_id
               from chronology_entry e where e.id = $1
               union all
               select 'complaint', m.id, c.visibility = 'restricted', c.id
               from complaint m join carer_case c on c.id = m.case_id
               where m.id = $1 or (m.of_the_dsl = $3 and m.no = $4)
               union all
               select 'announcement', id, false, null from announcement where id = $1
               union all
               select 'update', id, false, null from pupil_update where id = $1
               union all
               select 'answer', id, liaison_of_restricted(id), case_id from answer where id = $1) found
           limit 1"#,
        named.parse::<Uuid>().ok(),
        named,
        number.map(|number| number.of_the_dsl),
        number.map(|number| number.no),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let what = Explains::parse(&row.what).map_err(|why| StoreError::row("explained", "what", row.id, why))?;
    Ok(Some(Found { what, id: row.id, restricted: row.restricted, case: row.case_id }))
}

/// Something that stands beside what is explained, and can be explained itself: its id, what it is, in words, and the carer.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub what: Explains,
    /// How it stands, in a few words of ours.
    pub stands: String,
    /// The carer's name.
    pub carer: Option<String>,
}

/// What became of an update or an announcement, carer by carer: messages, tasks, and who was left out. At most `most`.
pub async fn told(connection: &mut PgConnection, of: Uuid, most: i64) -> Result<Vec<Beside>, StoreError> {
    let rows = sqlx::query!(
        r#"select f.id as "id!", f.what as "what!", f.stands as "stands!", c.forename || ' ' || c.surname as "carer?"
           from (select id, carer_id, 'delivery' as what, 'by ' || route || ': ' || state as stands from delivery
                 where update_id = $1 or announcement_id = $1
                 union all
                 select id, carer_id, 'task', kind || ': ' || state from task
                 where update_id = $1 or announcement_id = $1
                 union all
                 select id, carer_id, 'entry', 'left out' from chronology_entry
                 where kind = 'left_out' and carer_id is not null
                   and (announcement_id = $1
                        or (update_id = $1 and pupil_id = (select pupil_id from pupil_update where id = $1)))) f
           join carer c on c.id = f.carer_id
           order by c.surname, c.forename, f.id limit $2"#,
        of,
        most,
    )
    .fetch_all(connection)
    .await?;
    let beside = rows.into_iter().map(|row| {
        let what =
            Explains::parse(&row.what).map_err(|why| StoreError::row("explained", "what", row.id, why))?;
        Ok(Beside { id: row.id, what, stands: row.stands, carer: row.carer })
    });
    beside.collect()
}

/// A task, as far as explaining it goes.
#[derive(Debug, Clone)]
pub struct TaskWhy {
    /// Its kind.
    pub kind: String,
    /// Whose list it is on.
    pub role: String,
    /// One sentence.
    pub why: String,
    /// By when.
    pub due: Date,
    /// How it stands.
    pub state: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// The message whose failure led to it.
    pub delivery: Option<Uuid>,
}

/// A task.
pub async fn task(connection: &mut PgConnection, id: Uuid) -> Result<Option<TaskWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select t.kind, t.role, t.why, t.due as "due: Day", t.state, t.created_at as "created_at: Ts", t.delivery_id,
                  c.forename || ' ' || c.surname as "carer!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from task t join carer c on c.id = t.carer_id join pupil p on p.id = t.pupil_id
           where t.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| TaskWhy {
        kind: row.kind,
        role: row.role,
        why: row.why,
        due: row.due.0,
        state: row.state,
        created_at: row.created_at.0,
        carer: row.carer,
        pupil: row.pupil,
        delivery: row.delivery_id,
    }))
}

/// An entry of the chronology, as far as explaining it goes.
#[derive(Debug, Clone)]
pub struct EntryWhy {
    /// Who did it.
    pub actor: String,
    /// What kind of event.
    pub kind: String,
    /// One sentence.
    pub sentence: String,
    /// When it happened.
    pub happened_at: Timestamp,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// What it tells of: the most exact first.
    pub about: Vec<(Explains, Uuid)>,
}

/// An entry of the chronology.
pub async fn entry(connection: &mut PgConnection, id: Uuid) -> Result<Option<EntryWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select e.actor, e.kind, e.sentence, e.happened_at as "happened_at: Ts", e.delivery_id, e.task_id, e.received_id,
                  e.case_id, e.update_id, e.announcement_id, c.forename || ' ' || c.surname as "carer?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?"
           from chronology_entry e left join carer c on c.id = e.carer_id left join pupil p on p.id = e.pupil_id
           where e.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| EntryWhy {
        actor: row.actor,
        kind: row.kind,
        sentence: row.sentence,
        happened_at: row.happened_at.0,
        carer: row.carer,
        pupil: row.pupil,
        about: [
            (Explains::Task, row.task_id),
            (Explains::Delivery, row.delivery_id),
            (Explains::Received, row.received_id),
            (Explains::Case, row.case_id),
            (Explains::Update, row.update_id),
            (Explains::Announcement, row.announcement_id),
        ]
        .into_iter()
        .filter_map(|(what, id)| Some((what, id?)))
        .collect(),
    }))
}

/// An announcement, as far as explaining it goes.
#[derive(Debug, Clone)]
pub struct AnnouncementWhy {
    /// Newsletter or notice.
    pub purpose: String,
    /// How large its audience is.
    pub audience: String,
    /// When it was sent for approval.
    pub asked_at: Option<Timestamp>,
    /// What a second person said, and when.
    pub decided: Option<(String, Timestamp)>,
    /// From when on its messages were made.
    pub send_at: Option<Timestamp>,
    /// When they were made.
    pub sent_at: Option<Timestamp>,
    /// When it was taken back or dropped.
    pub cancelled_at: Option<Timestamp>,
}

/// An announcement.
pub async fn announcement(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<AnnouncementWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select purpose, audience, asked_at as "asked_at: Ts", decision, decided_at as "decided_at: Ts",
                  send_at as "send_at: Ts", sent_at as "sent_at: Ts", cancelled_at as "cancelled_at: Ts"
           from announcement where id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| AnnouncementWhy {
        purpose: row.purpose,
        audience: row.audience,
        asked_at: row.asked_at.map(|at| at.0),
        decided: row.decision.zip(row.decided_at.map(|at| at.0)),
        send_at: row.send_at.map(|at| at.0),
        sent_at: row.sent_at.map(|at| at.0),
        cancelled_at: row.cancelled_at.map(|at| at.0),
    }))
}

/// An update's pupil, week and when it was queued.
pub async fn update(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<(String, Date, Timestamp)>, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!",
                  u.week as "week: Day", u.queued_at as "queued_at: Ts"
           from pupil_update u join pupil p on p.id = u.pupil_id where u.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.pupil, row.week.0, row.queued_at.0)))
}

/// A notice to a colleague, as far as explaining it goes. As the daemon: no page reads it.
#[derive(Debug, Clone)]
pub struct NoticeWhy {
    /// Its kind.
    pub kind: String,
    /// Its numbers.
    pub counts: serde_json::Value,
    /// The post it is for; `None`: a colleague.
    pub post: Option<String>,
    /// How it stands.
    pub state: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Why it was dropped, or has failed.
    pub why: Option<String>,
    /// How often it was tried.
    pub tries: i16,
}

/// A notice to a colleague.
pub async fn notice(connection: &mut PgConnection, id: Uuid) -> Result<Option<NoticeWhy>, StoreError> {
    let row = sqlx::query!(
        r#"select kind, counts, post, state, made_at as "made_at: Ts", why, tries from staff_notice where id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| NoticeWhy {
        kind: row.kind,
        counts: row.counts,
        post: row.post,
        state: row.state,
        made_at: row.made_at.0,
        why: row.why,
        tries: row.tries,
    }))
}
