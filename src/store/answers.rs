//! What is said in cases, and the key that marks it.

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
    updates::topic,
};
use crate::domain::{
    ids::{AddressId, AnswerId, CaseId, ReceivedId},
    people::{Purpose, Route},
    time::{Date, Timestamp},
    topic::Topic,
};

/// What is to be said in a case.
#[derive(Debug)]
pub struct NewAnswer {
    /// Its id.
    pub id: AnswerId,
    /// The case.
    pub case: CaseId,
    /// What it answers.
    pub received: ReceivedId,
    /// Acknowledgement or reply.
    pub purpose: Purpose,
    /// A reply's words.
    pub words: Option<String>,
    /// Marked sensitive by who wrote it.
    pub sensitive: bool,
    /// What it is about, where its writer said so.
    pub topic: Option<Topic>,
    /// Why the SLT lets it go by text all the same.
    pub text_because: Option<Private<String>>,
    /// The day it names.
    pub due_day: Option<Date>,
    /// Said to be all that was promised.
    pub full_answer: bool,
    /// Whether the school was on holiday.
    pub holiday: bool,
    /// The route by which the carer wrote.
    pub came_by: Route,
    /// The only address it may go to.
    pub address: Option<AddressId>,
    /// That address's mail domain.
    pub to_domain: Option<String>,
    /// The Message-ID it answers.
    pub in_reply_to: Option<String>,
    /// The thread, oldest first.
    pub thread: Vec<String>,
    /// Who wrote it.
    pub author: String,
}

/// Keeps answers. A message that has its acknowledgement gets no second one: that is an error.
pub async fn insert(
    connection: &mut PgConnection,
    answers: &[NewAnswer],
    now: Timestamp,
) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    // An array of arrays of different lengths is none for Postgres; a Message-ID holds no space (RFC 5322 §3.6.4).
    let threads: Vec<String> = answers.iter().map(|answer| answer.thread.join(" ")).collect();
    sqlx::query!(
        "insert into answer (id, case_id, received_id, purpose, words, sensitive, due_day, holiday, came_by, address_id,
                             to_domain, in_reply_to, thread, author, written_at, full_answer, topic, text_because)
         select id, case_id, received_id, purpose, words, sensitive, due_day, holiday, came_by, address_id, to_domain,
                in_reply_to, string_to_array(thread, ' '), author, $15, full_answer, topic, text_because
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::date[],
                     $8::boolean[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[],
                     $16::boolean[], $17::text[], $18::text[])
              as a (id, case_id, received_id, purpose, words, sensitive, due_day, holiday, came_by, address_id,
                    to_domain, in_reply_to, thread, author, full_answer, topic, text_because)",
        &answers.iter().map(|a| a.id.0).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.case.0).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.received.0).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.purpose.as_str()).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.words.as_deref()).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.sensitive).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.due_day.map(Day)).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.holiday).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.came_by.as_str()).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.address.map(|id| id.0)).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.to_domain.as_deref()).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.in_reply_to.as_deref()).collect::<Vec<_>>() as _,
        &threads as _,
        &answers.iter().map(|a| a.author.as_str()).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &answers.iter().map(|a| a.full_answer).collect::<Vec<_>>(),
        &answers.iter().map(|a| a.topic.map(Topic::as_str)).collect::<Vec<_>>() as _,
        &answers.iter().map(|a| a.text_because.as_ref().map(|why| why.expose().as_str())).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One acknowledgement of the last day, as far as the caps ask.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The case.
    pub case: CaseId,
    /// The address it went to.
    pub address: Option<AddressId>,
    /// That address's mail domain.
    pub to_domain: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The acknowledgements since `since`, and those of these cases whenever they were.
pub async fn acknowledged(
    connection: &mut PgConnection,
    since: Timestamp,
    cases: &[CaseId],
) -> Result<Vec<Acknowledged>, StoreError> {
    let rows = sqlx::query!(
        r#"select case_id, address_id, to_domain, written_at as "at: Ts" from answer
           where purpose = 'acknowledgement' and written_at >= $1
           union
           select case_id, address_id, to_domain, written_at from answer
           where purpose = 'acknowledgement' and case_id = any($2)"#,
        Ts(since) as _,
        &cases.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let case =
                row.case_id.ok_or_else(|| StoreError::row("answer", "case_id", "of a list", "is missing"))?;
            let at = row.at.ok_or_else(|| StoreError::row("answer", "written_at", case, "is missing"))?;
            Ok(Acknowledged {
                case: CaseId(case),
                address: row.address_id.map(AddressId),
                to_domain: row.to_domain,
                at: at.0,
            })
        })
        .collect()
}

/// An answer as people read of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AnswerView {
    /// `acknowledgement` or `reply`.
    pub purpose: String,
    /// The words of a reply.
    pub words: Option<String>,
    /// What a reply is about, where its writer said so.
    pub topic: Option<Topic>,
    /// The day it names.
    pub due_day: Option<Date>,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub written_at: Timestamp,
    /// The delivery that carries it, and how far that is.
    pub delivery: Option<uuid::Uuid>,
    /// Its route.
    pub route: Option<String>,
    /// Its state; of the newest, where another route was taken.
    pub state: Option<String>,
    /// Why it waits, failed or was refused.
    pub reason: Option<String>,
}

/// What was said in a case, in order.
pub async fn of_case(connection: &mut PgConnection, case: CaseId) -> Result<Vec<AnswerView>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.purpose, a.words, a.topic, a.due_day as "due_day: Day", a.author, a.written_at as "written_at: Ts",
                  d.id as "delivery?", d.route as "route?", d.state as "state?", d.reason
           from answer a
           left join lateral (select id, route, state, reason from delivery
                              where answer_id = a.id order by id desc limit 1) d on true
           where a.case_id = $1 order by a.id"#,
        case.0
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| {
        Ok(AnswerView {
            topic: topic("answer", case.0, row.topic.as_deref())?,
            purpose: row.purpose,
            words: row.words,
            due_day: row.due_day.map(|day| day.0),
            author: row.author,
            written_at: row.written_at.0,
            delivery: row.delivery,
            route: row.route,
            state: row.state,
            reason: row.reason,
        })
    });
    views.collect()
}

/// The key that marks `Reply-To`; `fresh` becomes it where there is none yet.
pub async fn reply_key(connection: &mut PgConnection, fresh: &[u8; 32]) -> Result<[u8; 32], StoreError> {
    sqlx::query!("insert into reply_key (key) values ($1) on conflict do nothing", fresh.as_slice())
        .execute(&mut *connection)
        .await?;
    let key = sqlx::query_scalar!("select key from reply_key").fetch_one(connection).await?;
    key.try_into().map_err(|_| StoreError::row("reply_key", "key", "the only one", "is not 32 bytes"))
}
