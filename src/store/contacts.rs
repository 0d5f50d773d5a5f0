//! Contacts that colleagues wrote down. Rows are added, never changed; a correction names the row it corrects.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
    updates::topic,
};
use crate::domain::{
    chronology::Visibility,
    contact::{ContactKind, Direction},
    ids::{CarerId, CaseId, ClassId, ContactId, PupilId, StaffId, TaskId},
    time::{Date, Timestamp},
    topic::Topic,
};

/// A contact to be kept. Personal.
#[derive(Debug)]
pub struct NewContact<'a> {
    /// Its id.
    pub id: ContactId,
    /// How it came about.
    pub kind: ContactKind,
    /// Who sought whom.
    pub direction: Direction,
    /// The pupil it was about.
    pub pupil: PupilId,
    /// The carer, where it was with one.
    pub carer: Option<CarerId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it is written down.
    pub recorded_at: Timestamp,
    /// Who writes it down.
    pub recorded_by: &'a str,
    /// Where.
    pub place: Option<&'a str>,
    /// The colleagues who were there.
    pub colleagues: &'a [StaffId],
    /// What happened.
    pub facts: &'a str,
    /// What was agreed.
    pub agreed: Option<&'a str>,
    /// What it was about, where that was said.
    pub topic: Option<Topic>,
    /// For few eyes.
    pub sensitive: bool,
    /// Good news.
    pub praise: bool,
    /// When what was agreed is to be confirmed in writing, and the task for it.
    pub follow_up: Option<(Date, TaskId)>,
    /// Why one colleague was alone.
    pub one_colleague_because: Option<&'a str>,
    /// The contact it corrects, and why.
    pub corrects: Option<(ContactId, &'a str)>,
}

/// Keeps a contact; `false` when the one it corrects has been corrected already.
pub async fn insert(connection: &mut PgConnection, new: &NewContact<'_>) -> Result<bool, StoreError> {
    let kept = sqlx::query!(
        "insert into contact (id, kind, direction, pupil_id, carer_id, case_id, happened_at, recorded_at, recorded_by,
                              place, colleagues, facts, agreed, sensitive, praise, follow_up_due, follow_up_task,
                              one_colleague_because, corrects, correction_why, topic)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         on conflict (corrects) do nothing",
        new.id.0,
        new.kind.as_str(),
        new.direction.as_str(),
        new.pupil.0,
        new.carer.map(|id| id.0),
        new.case.map(|id| id.0),
        Ts(new.happened_at) as _,
        Ts(new.recorded_at) as _,
        new.recorded_by,
        new.place,
        &new.colleagues.iter().map(|id| id.0).collect::<Vec<_>>(),
        new.facts,
        new.agreed,
        new.sensitive,
        new.praise,
        new.follow_up.map(|(due, _)| Day(due)) as _,
        new.follow_up.map(|(_, task)| task.0),
        new.one_colleague_because,
        new.corrects.map(|(id, _)| id.0),
        new.corrects.map(|(_, why)| why),
        new.topic.map(Topic::as_str),
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// A contact as a page shows it. Personal.
#[derive(Debug, Clone)]
pub struct ContactRow {
    /// Its id.
    pub id: ContactId,
    /// How it came about.
    pub kind: ContactKind,
    /// Who sought whom.
    pub direction: Direction,
    /// The pupil it was about.
    pub pupil: PupilId,
    /// The carer, where it was with one.
    pub carer: Option<CarerId>,
    /// The carer's name.
    pub carer_name: Option<String>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who wrote it down: a colleague's id, or an operator's name.
    pub recorded_by: String,
    /// Where.
    pub place: Option<String>,
    /// The colleagues who were there.
    pub colleagues: Vec<StaffId>,
    /// What happened.
    pub facts: String,
    /// What was agreed.
    pub agreed: Option<String>,
    /// What it was about, where that was said.
    pub topic: Option<Topic>,
    /// For few eyes.
    pub sensitive: bool,
    /// Good news.
    pub praise: bool,
    /// When what was agreed is to be confirmed in writing.
    pub follow_up_due: Option<Date>,
    /// The task for that.
    pub follow_up_task: Option<TaskId>,
    /// Why one colleague was alone.
    pub one_colleague_because: Option<String>,
    /// The contact it corrects, and why.
    pub corrects: Option<(ContactId, String)>,
    /// The contact that corrects it, as far as the reader may see that.
    pub corrected_by: Option<ContactId>,
}

/// Whose contacts.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// About this pupil.
    Pupil(PupilId),
    /// With this carer.
    Carer(CarerId),
    /// This one alone.
    One(ContactId),
}

/// Contacts, the latest happening first, corrected ones too; `before` is the time and id of the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    of: Of,
    before: Option<(Timestamp, ContactId)>,
    limit: i64,
) -> Result<Vec<ContactRow>, StoreError> {
    let (pupil, carer, one) = match of {
        Of::Pupil(id) => (Some(id.0), None, None),
        Of::Carer(id) => (None, Some(id.0), None),
        Of::One(id) => (None, None, Some(id.0)),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"select k.id, k.kind, k.direction, k.pupil_id, k.carer_id, c.forename || ' ' || c.surname as "carer_name?",
                  k.case_id, k.happened_at as "happened_at: Ts", k.recorded_at as "recorded_at: Ts", k.recorded_by,
                  k.place, k.colleagues, k.facts, k.agreed, k.sensitive, k.praise, k.follow_up_due as "follow_up_due: Day",
                  k.follow_up_task, k.one_colleague_because, k.corrects, k.correction_why, k.topic, n.id as "corrected_by?"
           from contact k
           left join carer c on c.id = k.carer_id
           left join contact n on n.corrects = k.id
           where ($1::uuid is null or k.pupil_id = $1) and ($2::uuid is null or k.carer_id = $2)
             and ($3::uuid is null or k.id = $3)
             and ($4::timestamptz is null or (k.happened_at, k.id) < ($4, $5::uuid))
           order by k.happened_at desc, k.id desc limit $6"#,
        pupil,
        carer,
        one,
        before.map(|(at, _)| Ts(at)) as _,
        before.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ContactRow::try_from).collect()
}

/// One contact.
pub async fn find(connection: &mut PgConnection, id: ContactId) -> Result<Option<ContactRow>, StoreError> {
    Ok(list(connection, Of::One(id), None, 1).await?.pop())
}

/// How good news and other contact stand for a pupil (R25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Contacts and updates that were good news.
    pub praise: i64,
    /// Contacts that the school sought and that were not; posts on the website are neither.
    pub other: i64,
    /// Cases that are a concern or a complaint.
    pub concerns: i64,
    /// When the last good news was, however long ago.
    pub last_praise: Option<Timestamp>,
}

/// The balance for a pupil since an instant. Corrected contacts count as corrected; what the reader may not see does not
/// count.
pub async fn balance(
    connection: &mut PgConnection,
    pupil: PupilId,
    since: Timestamp,
) -> Result<Balance, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where praise and at >= $2) as "praise!",
                  count(*) filter (where other and at >= $2) as "other!",
                  max(at) filter (where praise) as "last_praise: Ts",
                  (select count(*) from carer_case c
                   where c.carer_id in (select carer_id from link where pupil_id = $1)
                     and coalesce(c.pupil_id, c.link_pupil) = $1
                     and c.kind in ('concern', 'complaint') and c.opened_at >= $2) as "concerns!"
           from (select k.happened_at as at, k.praise,
                        not k.praise and k.direction = 'out' and k.kind <> 'website' as other
                 from contact k
                 where k.pupil_id = $1 and not exists (select from contact n where n.corrects = k.id)
                 union all
                 select queued_at, true, false from pupil_update where pupil_id = $1 and praise) told"#,
        pupil.0,
        Ts(since) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Balance {
        praise: row.praise,
        other: row.other,
        concerns: row.concerns,
        last_praise: row.last_praise.map(|at| at.0),
    })
}

/// What is known of those a contact names.
#[derive(Debug)]
pub struct Named {
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// Whether the carer is linked to the pupil.
    pub linked: bool,
    /// How many of the colleagues are ours.
    pub colleagues: i64,
    /// The author's roles; none when the author is no colleague of ours.
    pub roles: Vec<String>,
    /// Whether the author is in charge of the pupil's class.
    pub own_class: bool,
}

/// Looks up whom a contact names; `None` when there is no such pupil.
pub async fn named(
    connection: &mut PgConnection,
    pupil: PupilId,
    carer: Option<CarerId>,
    colleagues: &[StaffId],
    author: Option<StaffId>,
) -> Result<Option<Named>, StoreError> {
    let row = sqlx::query!(
        r#"select p.class_id,
                  exists (select from link l where l.pupil_id = p.id and l.carer_id = $2) as "linked!",
                  (select count(*) from staff s where s.id = any($3)) as "colleagues!",
                  (select roles from staff s where s.id = $4) as "roles?",
                  exists (select from class_staff x where x.class_id = p.class_id and x.staff_id = $4) as "own_class!"
           from pupil p where p.id = $1"#,
        pupil.0,
        carer.map(|id| id.0),
        &colleagues.iter().map(|id| id.0).collect::<Vec<_>>(),
        author.map(|id| id.0),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Named {
        class: row.class_id.map(ClassId),
        linked: row.linked,
        colleagues: row.colleagues,
        roles: row.roles.unwrap_or_default(),
        own_class: row.own_class,
    }))
}

/// Whose a case is, and who may see it.
pub async fn case(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Option<(CarerId, Option<PupilId>, Visibility)>, StoreError> {
    let row = sqlx::query!("select carer_id, pupil_id, visibility from carer_case where id = $1", case.0)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let visibility = Visibility::parse(&row.visibility)
        .ok_or_else(|| StoreError::row("carer_case", "visibility", case, "an unknown word"))?;
    Ok(Some((CarerId(row.carer_id), row.pupil_id.map(PupilId), visibility)))
}

struct Row {
    id: Uuid,
    kind: String,
    direction: String,
    pupil_id: Uuid,
    carer_id: Option<Uuid>,
    carer_name: Option<String>,
    case_id: Option<Uuid>,
    happened_at: Ts,
    recorded_at: Ts,
    recorded_by: String,
    place: Option<String>,
    colleagues: Vec<Uuid>,
    facts: String,
    agreed: Option<String>,
    sensitive: bool,
    praise: bool,
    follow_up_due: Option<Day>,
    follow_up_task: Option<Uuid>,
    one_colleague_because: Option<String>,
    corrects: Option<Uuid>,
    correction_why: Option<String>,
    topic: Option<String>,
    corrected_by: Option<Uuid>,
}

impl TryFrom<Row> for ContactRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| {
            move |why: crate::domain::people::UnknownWord| StoreError::row("contact", column, row.id, why)
        };
        Ok(Self {
            id: ContactId(row.id),
            kind: ContactKind::parse(&row.kind).map_err(bad("kind"))?,
            direction: Direction::parse(&row.direction).map_err(bad("direction"))?,
            pupil: PupilId(row.pupil_id),
            carer: row.carer_id.map(CarerId),
            carer_name: row.carer_name,
            case: row.case_id.map(CaseId),
            happened_at: row.happened_at.0,
            recorded_at: row.recorded_at.0,
            recorded_by: row.recorded_by,
            place: row.place,
            colleagues: row.colleagues.into_iter().map(StaffId).collect(),
            facts: row.facts,
            agreed: row.agreed,
            topic: topic("contact", row.id, row.topic.as_deref())?,
            sensitive: row.sensitive,
            praise: row.praise,
            follow_up_due: row.follow_up_due.map(|day| day.0),
            follow_up_task: row.follow_up_task.map(TaskId),
            one_colleague_because: row.one_colleague_because,
            corrects: row.corrects.map(ContactId).zip(row.correction_why),
            corrected_by: row.corrected_by.map(ContactId),
        })
    }
}
