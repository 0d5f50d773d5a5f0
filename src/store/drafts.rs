//! Drafts of updates: one for a pupil and a week, with a version that each save moves on.

use liaison_channels::private::Private;
use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
    updates::topic,
};
use crate::domain::{
    ids::PupilId,
    second_person::SecondFor,
    time::{Date, Timestamp},
    topic::Topic,
};

/// A draft as it stands. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The week's Monday.
    pub week: Date,
    /// The words; may be empty.
    pub words: String,
    /// Marked sensitive: never goes by text.
    pub sensitive: bool,
    /// What it is about, where its writer said so.
    pub topic: Option<Topic>,
    /// Why the SLT lets this version go by text all the same.
    pub text_because: Option<Private<String>>,
    /// Marked as good news.
    pub praise: bool,
    /// The contact card that was shown when it was saved, by its digest; `None`: none was.
    pub card_seen: Option<String>,
    /// The first save makes 1, each further one adds 1.
    pub version: i64,
    /// Who saved this version.
    pub author: String,
    /// When this version was saved.
    pub saved_at: Timestamp,
    /// Queued: it leaves from then on.
    pub send_at: Option<Timestamp>,
    /// Whether it has become an update with its messages.
    pub sent: bool,
    /// Why it could not become one.
    pub trouble: Option<String>,
    /// Queued, and a second person must approve it first, for this.
    pub second_for: Option<SecondFor>,
    /// The second person who has.
    pub approved_by: Option<String>,
    /// Who queued it.
    pub queued_by: Option<String>,
}

impl DraftRow {
    /// Why it waits for a second person; `None`: it does not.
    pub fn waits_for_second(&self) -> Option<SecondFor> {
        self.second_for.filter(|_| self.approved_by.is_none())
    }
}

impl std::fmt::Debug for DraftRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftRow").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The draft of a pupil's week.
pub async fn find(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
) -> Result<Option<DraftRow>, StoreError> {
    Ok(of_week(connection, &[pupil], week).await?.pop())
}

/// The drafts of these pupils for the week of that Monday, where there is one, in no order.
pub async fn of_week(
    connection: &mut PgConnection,
    pupils: &[PupilId],
    week: Date,
) -> Result<Vec<DraftRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select pupil_id, words, sensitive, topic, text_because, praise, card_seen, version, author,
                  saved_at as "saved_at: Ts", send_at as "send_at: Ts", update_id is not null as "sent!", trouble,
                  second_for, approved_by, sent_by
           from draft where pupil_id = any($1) and week = $2"#,
        &pupils.iter().map(|pupil| pupil.0).collect::<Vec<_>>(),
        Day(week) as _,
    )
    .fetch_all(connection)
    .await?;
    let drafts = rows.into_iter().map(|row| {
        let pupil = PupilId(row.pupil_id);
        Ok(DraftRow {
            pupil,
            week,
            words: row.words,
            sensitive: row.sensitive,
            topic: topic("draft", pupil.0, row.topic.as_deref())?,
            text_because: row.text_because.map(Private::new),
            praise: row.praise,
            card_seen: row.card_seen,
            version: row.version,
            author: row.author,
            saved_at: row.saved_at.0,
            send_at: row.send_at.map(|at| at.0),
            sent: row.sent,
            trouble: row.trouble,
            second_for: row.second_for.map(|word| second(pupil, &word)).transpose()?,
            approved_by: row.approved_by,
            queued_by: row.sent_by,
        })
    });
    drafts.collect()
}

pub(super) fn second(pupil: PupilId, word: &str) -> Result<SecondFor, StoreError> {
    SecondFor::parse(word).map_err(|why| StoreError::row("draft", "second_for", pupil.0, why))
}

/// Keeps `draft` as the version after `draft.version - 1`, without leave to go by text; `false` when the draft stands at another
/// version by now.
pub async fn save(connection: &mut PgConnection, draft: &DraftRow) -> Result<bool, StoreError> {
    let kept = sqlx::query!(
        "with moved as (
             update draft set words = $4, sensitive = $5, praise = $6, version = $7::bigint, author = $8, saved_at = $9,
                              card_seen = $10, topic = $11, text_because = null, trouble = null
             where pupil_id = $2 and week = $3 and version = $7::bigint - 1 and send_at is null
             returning id),
         made as (
             insert into draft (id, pupil_id, week, words, sensitive, praise, version, author, saved_at, card_seen, topic)
             select $1, $2, $3, $4, $5, $6, $7::bigint, $8, $9, $10, $11 where $7::bigint = 1
             on conflict (pupil_id, week) do nothing
             returning id)
         select id from moved union all select id from made",
        uuid::Uuid::now_v7(),
        draft.pupil.0,
        Day(draft.week) as _,
        draft.words,
        draft.sensitive,
        draft.praise,
        draft.version,
        draft.author,
        Ts(draft.saved_at) as _,
        draft.card_seen,
        draft.topic.map(Topic::as_str),
    )
    .fetch_optional(connection)
    .await?;
    Ok(kept.is_some())
}

/// A draft that is to be queued, as it was seen.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The pupil.
    pub pupil: PupilId,
    /// The version that was seen.
    pub version: i64,
    /// The contact card as it stands now, by its digest.
    pub card: String,
}

/// Queues the drafts of these pupils at these versions: words that are not blank, not queued before, and written with the
/// contact card before one's eyes as it is now. Returns how many.
pub async fn queue(
    connection: &mut PgConnection,
    week: Date,
    chosen: &[Chosen],
    send_at: Timestamp,
    by: &str,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update draft d set send_at = $4, sent_by = $5, trouble = null
         from unnest($1::uuid[], $2::bigint[], $6::text[]) as c (pupil_id, version, card)
         where d.pupil_id = c.pupil_id and d.version = c.version and d.week = $3 and d.send_at is null
           and btrim(d.words) <> '' and d.card_seen = c.card",
        &chosen.iter().map(|one| one.pupil.0).collect::<Vec<_>>(),
        &chosen.iter().map(|one| one.version).collect::<Vec<_>>(),
        Day(week) as _,
        Ts(send_at) as _,
        by,
        &chosen.iter().map(|one| one.card.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// How many of these drafts were written before another contact card than the one that stands now, or before none.
pub async fn unseen_cards(
    connection: &mut PgConnection,
    week: Date,
    chosen: &[Chosen],
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from draft d
           join unnest($1::uuid[], $2::text[]) as c (pupil_id, card) on c.pupil_id = d.pupil_id
           where d.week = $3 and d.card_seen is distinct from c.card"#,
        &chosen.iter().map(|one| one.pupil.0).collect::<Vec<_>>(),
        &chosen.iter().map(|one| one.card.clone()).collect::<Vec<_>>(),
        Day(week) as _,
    )
    .fetch_one(connection)
    .await?)
}

/// Keeps why the SLT lets this version go by text; `false` when it stands at another version, or has become an update.
pub async fn allow_text(
    connection: &mut PgConnection,
    draft: &DraftRow,
    because: &Private<String>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update draft set text_because = $4
         where pupil_id = $1 and week = $2 and version = $3 and update_id is null",
        draft.pupil.0,
        Day(draft.week) as _,
        draft.version,
        because.expose(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a queued draft back; `false` when it is not queued, or has become an update.
pub async fn take_back(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update draft set send_at = null, sent_by = null, second_for = null, approved_by = null, approved_at = null
         where pupil_id = $1 and week = $2 and send_at is not null and update_id is null",
        pupil.0,
        Day(week) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A queued draft whose time has come. Personal.
pub struct DueDraft {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil by the school's own reference.
    pub pupil_ref: String,
    /// The week's Monday.
    pub week: Date,
    /// The words.
    pub words: String,
    /// Marked sensitive.
    pub sensitive: bool,
    /// What it is about.
    pub topic: Option<Topic>,
    /// Why the SLT lets it go by text all the same.
    pub text_because: Option<Private<String>>,
    /// Who saved these words.
    pub author: String,
    /// Who queued it.
    pub by: String,
    /// Whether a second person has approved it.
    pub approved: bool,
}

/// The next draft whose time has come, locked until the transaction ends; one that another daemon has locked is passed by.
pub async fn next_due(connection: &mut PgConnection, now: Timestamp) -> Result<Option<DueDraft>, StoreError> {
    let row = sqlx::query!(
        r#"select d.pupil_id, p.pupil_ref, d.week as "week: Day", d.words, d.sensitive, d.topic, d.text_because, d.author, d.sent_by as "sent_by!",
                  d.approved_by is not null as "approved!"
           from draft d join pupil p on p.id = d.pupil_id
           where d.send_at <= $1 and d.update_id is null and (d.second_for is null or d.approved_by is not null)
           order by d.send_at, d.id limit 1
           for update of d skip locked"#,
        Ts(now) as _,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(DueDraft {
        topic: topic("draft", row.pupil_id, row.topic.as_deref())?,
        text_because: row.text_because.map(Private::new),
        pupil: PupilId(row.pupil_id),
        pupil_ref: row.pupil_ref,
        week: row.week.0,
        words: row.words,
        sensitive: row.sensitive,
        author: row.author,
        by: row.sent_by,
        approved: row.approved,
    }))
}

/// Notes that a draft has become the update of its pupil and week.
pub async fn became_update(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with moved as (
             update draft d set update_id = u.id from pupil_update u
             where d.pupil_id = $1 and d.week = $2 and u.pupil_id = $1 and u.week = $2
             returning u.id, d.praise)
         update pupil_update u set praise = moved.praise from moved where u.id = moved.id",
        pupil.0,
        Day(week) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks a draft, where there is one, until the transaction ends.
pub async fn lock(connection: &mut PgConnection, pupil: PupilId, week: Date) -> Result<(), StoreError> {
    sqlx::query!(
        "select id from draft where pupil_id = $1 and week = $2 for update",
        pupil.0,
        Day(week) as _
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// Notes why a draft could not become an update; it is not queued any more.
pub async fn in_trouble(
    connection: &mut PgConnection,
    pupil: PupilId,
    week: Date,
    why: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update draft set send_at = null, sent_by = null, trouble = $3, second_for = null, approved_by = null, approved_at = null
         where pupil_id = $1 and week = $2 and update_id is null",
        pupil.0,
        Day(week) as _,
        why,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there is such a pupil.
pub async fn pupil_exists(connection: &mut PgConnection, pupil: PupilId) -> Result<bool, StoreError> {
    let row = sqlx::query!("select id from pupil where id = $1", pupil.0).fetch_optional(connection).await?;
    Ok(row.is_some())
}
