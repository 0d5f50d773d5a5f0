//! Complaints as they stand, one by one and in lists paged by key. Read by a colleague's own connection they are those whose
//! papers the colleague may read.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    chronology::Visibility,
    complaint::{Number, Outcome, Stage},
    ids::{CarerId, CaseId, ComplaintId, PupilId, StaffId},
    time::{Date, Timestamp},
};

/// A complaint as it stands.
#[derive(Debug, Clone)]
pub struct ComplaintRow {
    /// Its id.
    pub id: ComplaintId,
    /// What people call it.
    pub number: Number,
    /// The case it came from.
    pub case: CaseId,
    /// That case's code.
    pub code: String,
    /// The carer.
    pub carer_id: CarerId,
    /// The carer's name.
    pub carer: String,
    /// The pupil by whom staff of a class see the case.
    pub pupil: PupilId,
    /// The pupil's name, where it is known which.
    pub pupil_name: Option<String>,
    /// For whose eyes.
    pub visibility: Visibility,
    /// When it began.
    pub opened_at: Timestamp,
    /// How far it is.
    pub stage: Stage,
    /// Who has it.
    pub owner: StaffId,
    /// Their name.
    pub owner_name: String,
    /// Whether they still see the case: they have not left, nor was it made the DSL's.
    pub owner_sees: bool,
    /// When the present stage began.
    pub began_at: Timestamp,
    /// The last day of it that counts; `None`: the calendar does not reach so far.
    pub due_day: Option<Date>,
    /// Why then.
    pub due_words: String,
    /// How many school days were counted.
    pub days: i16,
    /// When the present stage was answered.
    pub answered_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl ComplaintRow {
    /// Whether somebody must still answer the present stage.
    pub const fn waits(&self) -> bool {
        self.answered_at.is_none() && self.closed_at.is_none()
    }

    /// Whether its day has passed without an answer.
    pub fn is_late(&self, today: Date) -> bool {
        self.waits() && self.due_day.is_some_and(|day| day < today)
    }
}

/// These complaints, in this order.
pub async fn read(
    connection: &mut PgConnection,
    ids: &[ComplaintId],
) -> Result<Vec<ComplaintRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.id, k.no, k.of_the_dsl, k.case_id, c.code, c.carer_id, r.forename || ' ' || r.surname as "carer!",
                  about.id as "pupil!",
                  case when c.pupil_id is not null then
                      coalesce(nullif(about.preferred_name, ''), about.legal_forename) || ' ' || about.legal_surname
                  end as pupil_name,
                  c.visibility, k.opened_at as "opened_at: Ts", k.stage, k.owner, s.name as owner_name,
                  liaison_owner(k.owner::text, about.id, c.carer_id, about.class_id, c.visibility) is not null as "owner_sees!",
                  k.began_at as "began_at: Ts", k.due_day as "due_day: Day", k.due_words, k.days,
                  k.answered_at as "answered_at: Ts", k.outcome, k.closed_at as "closed_at: Ts"
           from unnest($1::uuid[]) with ordinality as wanted (id, place)
           join complaint k on k.id = wanted.id
           join carer_case c on c.id = k.case_id
           join carer r on r.id = c.carer_id
           join pupil about on about.id = coalesce(c.pupil_id, c.link_pupil)
           join staff s on s.id = k.owner
           order by wanted.place"#,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let stage = Stage::of_number(row.stage)
                .ok_or_else(|| StoreError::row("complaint", "stage", row.id, "no such stage"))?;
            let outcome = row.outcome.as_deref().map(Outcome::parse).transpose();
            Ok(ComplaintRow {
                id: ComplaintId(row.id),
                number: Number { of_the_dsl: row.of_the_dsl, no: row.no },
                case: CaseId(row.case_id),
                code: row.code,
                carer_id: CarerId(row.carer_id),
                carer: row.carer,
                pupil: PupilId(row.pupil),
                pupil_name: row.pupil_name,
                visibility: Visibility::parse(&row.visibility).unwrap_or(Visibility::Restricted),
                opened_at: row.opened_at.0,
                stage,
                owner: StaffId(row.owner),
                owner_name: row.owner_name,
                owner_sees: row.owner_sees,
                began_at: row.began_at.0,
                due_day: row.due_day.map(|day| day.0),
                due_words: row.due_words,
                days: row.days,
                answered_at: row.answered_at.map(|at| at.0),
                outcome: outcome.map_err(|why| StoreError::row("complaint", "outcome", row.id, why))?,
                closed_at: row.closed_at.map(|at| at.0),
            })
        })
        .collect()
}

/// The complaint of this number.
pub async fn named(connection: &mut PgConnection, number: Number) -> Result<Option<ComplaintId>, StoreError> {
    let id = sqlx::query_scalar!(
        "select id from complaint where no = $1 and of_the_dsl = $2",
        number.no,
        number.of_the_dsl
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(ComplaintId))
}

/// The complaints that came from a case, the newest first.
pub async fn of_case(connection: &mut PgConnection, case: CaseId) -> Result<Vec<ComplaintId>, StoreError> {
    let ids = sqlx::query_scalar!("select id from complaint where case_id = $1 order by id desc", case.0)
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(ComplaintId).collect())
}

/// Where an open complaint stands on the list: by the day it is due, one without a day first (as 1970).
pub type OpenPlace = (Date, Uuid);

/// Open complaints: at most `limit` of those after a place, each with its own.
pub async fn open(
    connection: &mut PgConnection,
    after: Option<OpenPlace>,
    limit: i64,
) -> Result<Vec<(ComplaintId, OpenPlace)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, coalesce(due_day, '1970-01-01') as "day!: Day" from complaint
           where closed_at is null
             and ($1::date is null or (coalesce(due_day, '1970-01-01'), id) > ($1, $2::uuid))
           order by coalesce(due_day, '1970-01-01'), id
           limit $3"#,
        after.map(|(day, _)| Day(day)) as _,
        after.map(|(_, id)| id),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ComplaintId(row.id), (row.day.0, row.id))).collect())
}

/// Closed complaints, the last closed first: at most `limit` of those before a moment and id, each with its own.
pub async fn closed(
    connection: &mut PgConnection,
    before: Option<(Timestamp, ComplaintId)>,
    limit: i64,
) -> Result<Vec<(ComplaintId, (Timestamp, ComplaintId))>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, closed_at as "closed_at!: Ts" from complaint
           where closed_at is not null and ($1::timestamptz is null or (closed_at, id) < ($1, $2::uuid))
           order by closed_at desc, id desc
           limit $3"#,
        before.map(|(at, _)| Ts(at)) as _,
        before.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let place = |id, at: Ts| (ComplaintId(id), (at.0, ComplaintId(id)));
    Ok(rows.into_iter().map(|row| place(row.id, row.closed_at)).collect())
}

/// Open complaints whose stage waits and was counted by another calendar than this, held for this transaction.
pub async fn counted_before(
    connection: &mut PgConnection,
    calendar: &str,
) -> Result<Vec<ComplaintId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from complaint
         where closed_at is null and answered_at is null and calendar <> $1
         order by id
         for update",
        calendar
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ComplaintId).collect())
}

/// What there is to see to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Stages to be answered today or before.
    pub due: i64,
    /// Of those, before today.
    pub late: i64,
    /// Without a day, or with a colleague who does not see it any more.
    pub stuck: i64,
}

/// Counts the complaints that wait for somebody, of those whose papers whoever asks may read.
pub async fn waiting(connection: &mut PgConnection, today: Date) -> Result<Waiting, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where k.due_day <= $1) as "due!", count(*) filter (where k.due_day < $1) as "late!",
                  count(*) filter (where k.due_day is null
                                      or liaison_owner(k.owner::text, about.id, c.carer_id, about.class_id, c.visibility) is null)
                      as "stuck!"
           from complaint k
           join carer_case c on c.id = k.case_id
           join pupil about on about.id = coalesce(c.pupil_id, c.link_pupil)
           where k.closed_at is null and k.answered_at is null"#,
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Waiting { due: row.due, late: row.late, stuck: row.stuck })
}
