//! What a message says, by what it carries.

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{
    StoreError, standard, translations,
    types::{Day, Ts},
    updates::topic,
};
use crate::domain::{
    announcement::AudienceKind,
    delivery::Carried,
    ids::{AddressId, AnnouncementId, AnswerId, UpdateId},
    people::{Purpose, Route, UnknownWord},
    route::{About, AnnouncedFacts, AnswerFacts, MessageFacts},
    statutory::Statutory,
    time::school_date,
    translation::Translations,
};

/// What an update, an answer or an announcement says.
pub async fn message(
    connection: &mut PgConnection,
    carried: Carried,
) -> Result<Option<MessageFacts>, StoreError> {
    let message = match carried {
        Carried::Update(update) => of_update(&mut *connection, update).await,
        Carried::Answer(answer) => of_answer(&mut *connection, answer).await,
        Carried::Announcement(announcement) => of_announcement(&mut *connection, announcement).await,
        Carried::Standard(id) => {
            let notice = standard::of(connection, &[id]).await?.remove(&id);
            return Ok(notice.map(MessageFacts::notice));
        }
    };
    let Some(mut message) = message? else { return Ok(None) };
    message.translations =
        translations::of(connection, &[carried]).await?.remove(&carried).unwrap_or_default();
    Ok(Some(message))
}

/// What an announcement says.
async fn of_announcement(
    connection: &mut PgConnection,
    announcement: AnnouncementId,
) -> Result<Option<MessageFacts>, StoreError> {
    let row = sqlx::query!(
        r#"select purpose, title, words, audience, urgent_because, cancelled_at is not null as "taken_back!"
           from announcement where id = $1"#,
        announcement.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let bad = |column, why: UnknownWord| StoreError::row("announcement", column, announcement, why);
    Ok(Some(MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::parse(&row.purpose).map_err(|why| bad("purpose", why))?,
        words: Private::new(row.words),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Announcement(AnnouncedFacts {
            title: Private::new(row.title),
            urgent_because: row.urgent_because.map(Private::new),
            to: AudienceKind::parse(&row.audience).map_err(|why| bad("audience", why))?,
            taken_back: row.taken_back,
        }),
    }))
}

async fn of_update(
    connection: &mut PgConnection,
    update: UpdateId,
) -> Result<Option<MessageFacts>, StoreError> {
    let row = sqlx::query!(
        r#"select week as "week: Day", body, sensitive, topic, text_because from pupil_update where id = $1"#,
        update.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: Private::new(row.body),
        sensitive: row.sensitive,
        topic: topic("pupil_update", update.0, row.topic.as_deref())?,
        text_because: row.text_because.map(Private::new),
        about: About::Week(row.week.0),
    }))
}

async fn of_answer(
    connection: &mut PgConnection,
    answer: AnswerId,
) -> Result<Option<MessageFacts>, StoreError> {
    let row = sqlx::query_as!(
        AnswerRow,
        r#"select a.purpose, coalesce(a.words, '') as "words!", a.sensitive, a.topic, a.text_because, c.code, a.came_by, a.address_id,
                  a.due_day as "due_day: Day", a.holiday, a.in_reply_to, a.thread, a.written_at as "written_at: Ts",
                  l.kind as "law?", l.due_day as "law_day?: Day"
           from answer a
           join carer_case c on c.id = a.case_id
           left join lateral (
               select k.kind, k.due_day from clock k
               where a.purpose = 'acknowledgement' and k.case_id = a.case_id and k.received_id = a.received_id
                 and k.kind in ('subject_access', 'data_complaint') and k.state = 'running'
               limit 1) l on true
           where a.id = $1"#,
        answer.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(mut row) = row else { return Ok(None) };
    let bad = |column, why: UnknownWord| StoreError::row("answer", column, answer, why);
    let purpose = Purpose::parse(&row.purpose).map_err(|why| bad("purpose", why))?;
    let (words, sensitive) = (Private::new(std::mem::take(&mut row.words)), row.sensitive);
    let topic = topic("answer", answer.0, row.topic.as_deref())?;
    let text_because = row.text_because.take().map(Private::new);
    let about = About::Case(row.facts().map_err(|why| bad("came_by", why))?);
    Ok(Some(MessageFacts {
        translations: Translations::default(),
        purpose,
        words,
        sensitive,
        topic,
        text_because,
        about,
    }))
}

pub(super) struct AnswerRow {
    pub(super) purpose: String,
    pub(super) words: String,
    pub(super) sensitive: bool,
    pub(super) topic: Option<String>,
    pub(super) text_because: Option<String>,
    pub(super) code: String,
    pub(super) came_by: String,
    pub(super) address_id: Option<Uuid>,
    pub(super) due_day: Option<Day>,
    pub(super) holiday: bool,
    pub(super) in_reply_to: Option<String>,
    pub(super) thread: Vec<String>,
    pub(super) written_at: Ts,
    /// The clock of the law that the message started, and the day it is due; for an acknowledgement.
    pub(super) law: Option<String>,
    pub(super) law_day: Option<Day>,
}

impl AnswerRow {
    pub(super) fn facts(self) -> Result<AnswerFacts, UnknownWord> {
        Ok(AnswerFacts {
            code: self.code,
            came_by: Route::parse(&self.came_by)?,
            only_to: self.address_id.map(AddressId),
            due_day: self.due_day.map(|day| day.0),
            law: self.law.and_then(|word| Statutory::parse(&word)).zip(self.law_day.map(|day| day.0)),
            holiday: self.holiday,
            written: school_date(self.written_at.0),
            in_reply_to: self.in_reply_to,
            thread: self.thread,
        })
    }
}
