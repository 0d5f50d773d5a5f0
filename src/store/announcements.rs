//! Notices and newsletters as they are written, decided about and queued, and whom they are for.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    announcement::{Announcement, Audience, AudienceKind, Decision, Stage, Verdict, Written},
    ids::{AnnouncementId, CarerId, ClassId, PupilId},
    people::Purpose,
    time::{Date, Timestamp},
};

/// Keeps a new one, as its author wrote it.
pub async fn insert(
    connection: &mut PgConnection,
    id: AnnouncementId,
    written: &Written,
    author: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into announcement (id, purpose, title, words, audience, class_id, year_group, author, writers, written_at,
                                   saved_at, urgent_because)
         values ($1, $2, $3, $4, $5, $6, $7, $8, array[$8], $9, $9, $10)",
        id.0,
        written.purpose.as_str(),
        written.title.expose(),
        written.words.expose(),
        written.audience.kind().as_str(),
        written.audience.class().map(|class| class.0),
        written.audience.year(),
        author,
        Ts(now) as _,
        written.urgent_because.as_ref().map(|why| why.expose().as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what it says now as the next version. All that was asked and decided about the version before is void.
pub async fn change(
    connection: &mut PgConnection,
    id: AnnouncementId,
    written: &Written,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update announcement
         set purpose = $2, title = $3, words = $4, audience = $5, class_id = $6, year_group = $7, version = version + 1,
             urgent_because = $10,
             writers = case when $8 = any (writers) then writers else writers || $8 end, saved_at = $9,
             asked_at = null, asked_by = null, decision = null, decided_at = null, decided_by = null, decided_why = null
         where id = $1",
        id.0,
        written.purpose.as_str(),
        written.title.expose(),
        written.words.expose(),
        written.audience.kind().as_str(),
        written.audience.class().map(|class| class.0),
        written.audience.year(),
        by,
        Ts(now) as _,
        written.urgent_because.as_ref().map(|why| why.expose().as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that it was sent for approval.
pub async fn ask(
    connection: &mut PgConnection,
    id: AnnouncementId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update announcement set asked_at = $2, asked_by = $3 where id = $1",
        id.0,
        Ts(now) as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes what a second person decided.
pub async fn decide(
    connection: &mut PgConnection,
    id: AnnouncementId,
    decision: &Decision,
) -> Result<(), StoreError> {
    let (word, why) = match &decision.verdict {
        Verdict::Approved => ("approved", None),
        Verdict::Declined(why) => ("declined", Some(why.expose().as_str())),
    };
    sqlx::query!(
        "update announcement set decision = $2, decided_at = $3, decided_by = $4, decided_why = $5 where id = $1",
        id.0,
        word,
        Ts(decision.at) as _,
        decision.by,
        why,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes from when on its messages are made, and who queued it; `None`: it is taken back.
pub async fn queue(
    connection: &mut PgConnection,
    id: AnnouncementId,
    queued: Option<(Timestamp, &str)>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update announcement set send_at = $2, queued_by = $3 where id = $1",
        id.0,
        queued.map(|(at, _)| Ts(at)) as _,
        queued.map(|(_, by)| by),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that its messages are made.
pub async fn made(
    connection: &mut PgConnection,
    id: AnnouncementId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!("update announcement set sent_at = $2 where id = $1", id.0, Ts(now) as _)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that nothing more of it is to leave.
pub async fn cancel(
    connection: &mut PgConnection,
    id: AnnouncementId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update announcement set cancelled_at = $2, cancelled_by = $3 where id = $1",
        id.0,
        Ts(now) as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One of them, as far as whoever reads may see it.
pub async fn find(
    connection: &mut PgConnection,
    id: AnnouncementId,
) -> Result<Option<Announcement>, StoreError> {
    Ok(rows(connection, Some(id), None, None, 1).await?.pop())
}

/// The same, locked until the transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    id: AnnouncementId,
) -> Result<Option<Announcement>, StoreError> {
    sqlx::query!("select id from announcement where id = $1 for update", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    find(connection, id).await
}

/// Those written before `before`, newest first, at most `limit`.
pub async fn list(
    connection: &mut PgConnection,
    before: Option<AnnouncementId>,
    limit: i64,
) -> Result<Vec<Announcement>, StoreError> {
    rows(connection, None, before, None, limit).await
}

/// Those that wait for a second person and may be decided about by this colleague, newest first, at most 20.
pub async fn to_decide(connection: &mut PgConnection, by: &str) -> Result<Vec<Announcement>, StoreError> {
    rows(connection, None, None, Some(by), 20).await
}

/// The next one whose time has come, locked until the transaction ends; one that another daemon has locked is passed by.
pub async fn next_due(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<Option<Announcement>, StoreError> {
    let id = sqlx::query_scalar!(
        "select id from announcement where send_at <= $1 and sent_at is null
         order by send_at, id limit 1 for update skip locked",
        Ts(now) as _
    )
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => find(connection, AnnouncementId(id)).await,
        None => Ok(None),
    }
}

struct Row {
    id: Uuid,
    purpose: String,
    urgent_because: Option<String>,
    title: String,
    words: String,
    audience: String,
    class_id: Option<Uuid>,
    year_group: Option<String>,
    version: i64,
    author: String,
    writers: Vec<String>,
    saved_at: Ts,
    asked_by: Option<String>,
    decision: Option<String>,
    decided_at: Option<Ts>,
    decided_by: Option<String>,
    decided_why: Option<String>,
    send_at: Option<Ts>,
    queued_by: Option<String>,
    sent_at: Option<Ts>,
    cancelled_at: Option<Ts>,
    cancelled_by: Option<String>,
}

async fn rows(
    connection: &mut PgConnection,
    one: Option<AnnouncementId>,
    before: Option<AnnouncementId>,
    decider: Option<&str>,
    limit: i64,
) -> Result<Vec<Announcement>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, purpose, urgent_because, title, words, audience, class_id, year_group, version, author, writers,
                  saved_at as "saved_at: Ts", asked_by, decision, decided_at as "decided_at: Ts", decided_by, decided_why,
                  send_at as "send_at: Ts", queued_by, sent_at as "sent_at: Ts", cancelled_at as "cancelled_at: Ts",
                  cancelled_by
           from announcement
           where ($1::uuid is null or id = $1) and ($2::uuid is null or id < $2)
             and ($4::text is null
                  or (asked_at is not null and decision is null and cancelled_at is null and asked_by <> $4
                      and $4 <> all (writers)))
           order by id desc limit $3"#,
        one.map(|id| id.0),
        before.map(|id| id.0),
        limit,
        decider,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Announcement::try_from).collect()
}

impl TryFrom<Row> for Announcement {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = row.id;
        let bad = |column: &'static str, why: &str| StoreError::row("announcement", column, id, why);
        let decision = row.decision()?;
        let stage = row.stage();
        let kind = AudienceKind::parse(&row.audience).map_err(|why| bad("audience", why.0))?;
        let audience = match (kind, row.class_id, row.year_group) {
            (AudienceKind::Class, Some(class), _) => Audience::Class(ClassId(class)),
            (AudienceKind::Year, _, Some(year)) => Audience::Year(year),
            (AudienceKind::School, ..) => Audience::School,
            _ => return Err(bad("audience", "does not say which")),
        };
        Ok(Self {
            id: AnnouncementId(id),
            written: Written {
                purpose: Purpose::parse(&row.purpose).map_err(|why| bad("purpose", why.0))?,
                urgent_because: row.urgent_because.map(Into::into),
                title: row.title.into(),
                words: row.words.into(),
                audience,
            },
            version: row.version,
            author: row.author,
            writers: row.writers,
            saved_at: row.saved_at.0,
            asked_by: row.asked_by,
            decision,
            queued_by: row.queued_by,
            cancelled_by: row.cancelled_by,
            stage,
        })
    }
}

impl Row {
    fn decision(&self) -> Result<Option<Decision>, StoreError> {
        let (Some(word), Some(by), Some(at)) = (&self.decision, &self.decided_by, &self.decided_at) else {
            return Ok(None);
        };
        let verdict = match word.as_str() {
            "approved" => Verdict::Approved,
            "declined" => Verdict::Declined(self.decided_why.clone().unwrap_or_default().into()),
            _ => return Err(StoreError::row("announcement", "decision", self.id, "an unknown word")),
        };
        Ok(Some(Decision { verdict, by: by.clone(), at: at.0 }))
    }

    fn stage(&self) -> Stage {
        if let Some(at) = &self.cancelled_at {
            let at = at.0;
            return if self.sent_at.is_some() { Stage::Cancelled { at } } else { Stage::Dropped { at } };
        }
        if let Some(at) = &self.sent_at {
            return Stage::Sent { at: at.0 };
        }
        if let Some(at) = &self.send_at {
            return Stage::Queued { send_at: at.0 };
        }
        match self.decision.as_deref() {
            Some("approved") => Stage::Approved,
            Some(_) => Stage::Declined,
            None if self.asked_by.is_some() => Stage::Asked,
            None => Stage::Draft,
        }
    }
}

/// The pupils of an audience who are at the school on this day; with `carer`, those of that carer.
pub async fn pupils(
    connection: &mut PgConnection,
    audience: &Audience,
    carer: Option<CarerId>,
    today: Date,
) -> Result<Vec<PupilId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select coalesce(array_agg(p.id order by p.id), '{}') as "ids!" from pupil p
           where ($1 = 'school' or ($1 = 'class' and p.class_id = $2) or ($1 = 'year' and p.year_group = $3))
             and (p.leaving_date is null or p.leaving_date >= $5) and p.died_on is null
             -- Never joined: a plan for any audience takes a handful of pupils for granted, and would go through all links for each.
             and ($4::uuid is null or p.id in (select l.pupil_id from link l where l.carer_id = $4))"#,
        audience.kind().as_str(),
        audience.class().map(|class| class.0),
        audience.year(),
        carer.map(|carer| carer.0),
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(ids.into_iter().map(PupilId).collect())
}
