//! What an audit counts, read as the daemon: a governor sees no row of it. What is restricted, or was when it is counted as of,
//! is in none of these, nor what belongs to it.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::{
    audit::{Counting, Drawn, Event, Overdue, Record, SealSeen, Sent},
    ids::{PackId, StaffId},
    seal::hex,
    time::Timestamp,
};

/// What is counted: from one instant up to, but not at, another, as of a third.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this one.
    pub until: Timestamp,
    /// As things stood then.
    pub as_of: Timestamp,
}

/// The clocks that began in the span.
pub async fn clocks(connection: &mut PgConnection, span: Span) -> Result<Vec<Counting>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.kind, coalesce(n.name, 'No class') as "class!", c.came_by, k.started_at as "started_at: Ts",
                  k.due_at as "due_at: Ts", k.due_day is not null as "dated!", k.state, k.met_at as "met_at: Ts",
                  exists (select from answer a
                          join delivery d on d.answer_id = a.id and d.state in ('submitted', 'delivered')
                          where a.received_id = k.received_id and a.case_id = k.case_id and a.purpose = 'acknowledgement'
                            and a.written_at <= $3) as "acknowledged!"
           from clock k
           join carer_case c on c.id = k.case_id
           join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil)
           left join class n on n.id = p.class_id
           where k.started_at >= $1 and k.started_at < $2 and k.started_at <= $3
             and (c.visibility = 'ordinary' or c.restricted_at > $3)"#,
        Ts(span.from) as _,
        Ts(span.until) as _,
        Ts(span.as_of) as _,
    )
    .fetch_all(connection)
    .await?;
    let clocks = rows.into_iter().map(|row| Counting {
        promise: row.kind == "promise",
        class: row.class,
        came_by: row.came_by,
        started_at: row.started_at.0,
        due_at: row.due_at.map(|at| at.0).filter(|_| row.dated),
        stopped_at: row.met_at.map(|at| at.0),
        answered: row.state == "met",
        acknowledged: row.acknowledged,
    });
    Ok(clocks.collect())
}

/// How many messages of carers belong to cases, and how many cases were opened.
pub async fn arrived(connection: &mut PgConnection, span: Span) -> Result<(u64, u64), StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from reading g
                   join received r on r.id = g.received_id
                   join carer_case c on c.id = g.case_id
                   where r.received_at >= $1 and r.received_at < $2 and r.received_at <= $3
                     and g.kind in ('human', 'calendar')
                     and (c.visibility = 'ordinary' or c.restricted_at > $3)) as "messages!",
                  (select count(*) from carer_case c
                   where c.opened_at >= $1 and c.opened_at < $2 and c.opened_at <= $3
                     and (c.visibility = 'ordinary' or c.restricted_at > $3)) as "opened!""#,
        Ts(span.from) as _,
        Ts(span.until) as _,
        Ts(span.as_of) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.messages.unsigned_abs(), row.opened.unsigned_abs()))
}

/// The contacts that happened in the span and were written down by then, by kind. A correction is not a further contact, and
/// what was marked sensitive is for few eyes.
pub async fn contacts(
    connection: &mut PgConnection,
    span: Span,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.kind, count(*) as "count!"
           from contact k left join carer_case c on c.id = k.case_id
           where k.happened_at >= $1 and k.happened_at < $2 and k.recorded_at <= $3 and k.corrects is null
             and not k.sensitive and (c.id is null or c.visibility = 'ordinary' or c.restricted_at > $3)
           group by k.kind"#,
        Ts(span.from) as _,
        Ts(span.until) as _,
        Ts(span.as_of) as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.count.unsigned_abs())).collect())
}

/// The cases opened in the span, by kind, and how many of them are closed: as they stand now.
pub async fn kinds(
    connection: &mut PgConnection,
    span: Span,
) -> Result<(BTreeMap<String, u64>, u64), StoreError> {
    let rows = sqlx::query!(
        r#"select kind, count(*) as "count!", count(*) filter (where state = 'closed') as "closed!"
           from carer_case
           where opened_at >= $1 and opened_at < $2 and visibility = 'ordinary' group by kind"#,
        Ts(span.from) as _,
        Ts(span.until) as _,
    )
    .fetch_all(connection)
    .await?;
    let closed = rows.iter().map(|row| row.closed.unsigned_abs()).sum();
    Ok((rows.into_iter().map(|row| (row.kind, row.count.unsigned_abs())).collect(), closed))
}

/// Messages to carers queued in the span, by route and how far they have come by now.
pub async fn sent(connection: &mut PgConnection, span: Span) -> Result<BTreeMap<String, Sent>, StoreError> {
    let rows = sqlx::query!(
        r#"select d.route,
                  count(*) filter (where d.state in ('submitted', 'delivered')) as "told!",
                  count(*) filter (where d.state = 'failed') as "failed!", count(*) as "all!"
           from delivery d
           left join answer a on a.id = d.answer_id
           left join carer_case c on c.id = a.case_id
           where d.queued_at >= $1 and d.queued_at < $2 and (c.id is null or c.visibility = 'ordinary')
           group by d.route"#,
        Ts(span.from) as _,
        Ts(span.until) as _,
    )
    .fetch_all(connection)
    .await?;
    let routes = rows.into_iter().map(|row| {
        let (told, failed) = (row.told.unsigned_abs(), row.failed.unsigned_abs());
        (row.route, Sent { told, failed, other: row.all.unsigned_abs() - told - failed })
    });
    Ok(routes.collect())
}

/// The cases whose answer is overdue now.
pub async fn overdue(connection: &mut PgConnection, now: Timestamp) -> Result<Overdue, StoreError> {
    let row = sqlx::query!(
        r#"select count(distinct k.case_id) as "cases!", min(k.due_at) as "oldest: Ts"
           from clock k join carer_case c on c.id = k.case_id
           where k.state = 'running' and k.due_at < $1 and c.visibility = 'ordinary'"#,
        Ts(now) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Overdue { cases: row.cases.unsigned_abs(), oldest: row.oldest.map(|at| at.0) })
}

/// Complaints that are open, and how many of them wait for an answer whose day has passed.
pub async fn complaints(
    connection: &mut PgConnection,
    today: crate::domain::time::Date,
) -> Result<(u64, u64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "open!",
                  count(*) filter (where k.answered_at is null and k.due_day < $1) as "late!"
           from complaint k join carer_case c on c.id = k.case_id
           where k.closed_at is null and c.visibility = 'ordinary'"#,
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.open.unsigned_abs(), row.late.unsigned_abs()))
}

/// Messages that wait for a person to say whose they are, and how many of them have waited too long.
pub async fn unplaced(
    connection: &mut PgConnection,
    today: crate::domain::time::Date,
) -> Result<(u64, u64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "open!", count(*) filter (where q.due < $1) as "late!"
           from question q left join carer_case c on c.id = q.case_id
           where q.state = 'open' and q.visibility = 'ordinary' and (c.id is null or c.visibility = 'ordinary')"#,
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.open.unsigned_abs(), row.late.unsigned_abs()))
}

/// How far the chronology is. Counting the entries reads all of them: `entries` is 0 where that is not wanted.
pub async fn record(connection: &mut PgConnection, count_entries: bool) -> Result<Record, StoreError> {
    let row = sqlx::query!(
        r#"select case when $1 then (select count(*) from chronology_entry) else 0 end as "entries!",
                  (select count(*) from chronology_unsealed) as "waiting!",
                  s.no as "no?", s.root as "root?", s.hash as "hash?", s.sealed_at as "sealed_at?: Ts"
           from (select 1) one
           left join lateral (select no, root, hash, sealed_at from chronology_seal order by no desc limit 1) s on true"#,
        count_entries,
    )
    .fetch_one(connection)
    .await?;
    let seal = row.no.zip(row.root).zip(row.hash.zip(row.sealed_at));
    Ok(Record {
        entries: row.entries.unsigned_abs(),
        waiting: row.waiting.unsigned_abs(),
        seal: seal.map(|((no, root), (hash, at))| SealSeen {
            no,
            root: hex(&root),
            hash: hex(&hash),
            at: at.0,
        }),
    })
}

/// What was drawn, with what it was drawn from.
#[derive(Debug)]
pub struct DrawnRow {
    /// What may be told of it.
    pub drawn: Drawn,
    /// The case.
    pub case: Option<Uuid>,
    /// The contact.
    pub contact: Option<Uuid>,
}

/// A case or a contact as it is read.
struct Row {
    case_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    pupil_id: Uuid,
    carer_id: Option<Uuid>,
    class: String,
    came_by: Option<String>,
    case_kind: Option<String>,
    opened_at: Option<Ts>,
    closed_at: Option<Ts>,
    messages: i64,
    acknowledged_at: Option<Ts>,
    started_at: Option<Ts>,
    due_at: Option<Ts>,
    dated: bool,
    met_at: Option<Ts>,
    state: Option<String>,
    answered_by: Option<String>,
    contact_kind: Option<String>,
    direction: Option<String>,
    happened_at: Option<Ts>,
    recorded_at: Option<Ts>,
    praise: Option<bool>,
    follow_up: Option<Day>,
}

impl Row {
    /// What may be told of it; a time that is missing is that of the drawing.
    fn drawn(self, as_of: Timestamp) -> DrawnRow {
        let at = |moment: Option<Ts>| moment.map_or(as_of, |at| at.0);
        let clock = self.started_at.map(|started| Counting {
            promise: false,
            class: self.class.clone(),
            came_by: self.came_by.clone().unwrap_or_default(),
            started_at: started.0,
            due_at: self.due_at.map(|due| due.0).filter(|_| self.dated),
            stopped_at: self.met_at.map(|met| met.0),
            answered: self.state.as_deref() == Some("met"),
            acknowledged: self.acknowledged_at.is_some(),
        });
        let what = match self.came_by {
            Some(came_by) => Event::Case {
                came_by,
                kind: self.case_kind.unwrap_or_default(),
                opened_at: at(self.opened_at),
                messages: self.messages,
                acknowledged_at: self.acknowledged_at.map(|when| when.0),
                clock,
                answered_by: self.answered_by,
                closed_at: self.closed_at.map(|when| when.0),
            },
            None => Event::Contact {
                kind: self.contact_kind.unwrap_or_default(),
                from_school: self.direction.as_deref() == Some("out"),
                happened_at: at(self.happened_at),
                recorded_at: at(self.recorded_at),
                praise: self.praise.unwrap_or_default(),
                follow_up: self.follow_up.map(|day| day.0),
            },
        };
        let drawn = Drawn { carer: self.carer_id, pupil: self.pupil_id, class: self.class, what };
        DrawnRow { drawn, case: self.case_id, contact: self.contact_id }
    }
}

/// Draws up to `size` cases and contacts of the span: those whose SHA-256 over the pack's id and their own is smallest, so that
/// the same pack always draws the same of the same. What is of this colleague's own family is not drawn from.
pub async fn draw(
    connection: &mut PgConnection,
    pack: PackId,
    for_whom: StaffId,
    span: Span,
    size: i64,
) -> Result<Vec<DrawnRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"with family as (
               select f.pupil_id from conflict_of_interest f where f.staff_id = $2
               union
               select sibling.pupil_id from conflict_of_interest f
               join link parent on parent.pupil_id = f.pupil_id
               join link sibling on sibling.carer_id = parent.carer_id
               where f.staff_id = $2),
             own_carers as (select carer_id from link where pupil_id in (select pupil_id from family)),
             pool as (
               select c.id, c.id as case_id, null::uuid as contact_id, coalesce(c.pupil_id, c.link_pupil) as pupil_id, c.carer_id
               from carer_case c
               where c.opened_at >= $3 and c.opened_at < $4 and c.opened_at <= $5 and c.visibility = 'ordinary'
               union all
               select k.id, null, k.id, k.pupil_id, k.carer_id
               from contact k left join carer_case c on c.id = k.case_id
               where k.happened_at >= $3 and k.happened_at < $4 and k.recorded_at <= $5 and not k.sensitive
                 and (c.id is null or c.visibility = 'ordinary')
                 and not exists (select from contact n where n.corrects = k.id))
           select o.case_id, o.contact_id, o.pupil_id as "pupil_id!", o.carer_id, coalesce(n.name, 'the school') as "class!",
                  c.came_by as "came_by?", c.kind as "case_kind?", c.opened_at as "opened_at?: Ts", c.closed_at as "closed_at?: Ts",
                  (select count(*) from reading g where g.case_id = c.id) as "messages!",
                  (select min(a.written_at) from answer a
                   join delivery d on d.answer_id = a.id and d.state in ('submitted', 'delivered')
                   where a.case_id = c.id and a.purpose = 'acknowledgement') as "acknowledged_at?: Ts",
                  q.started_at as "started_at?: Ts", q.due_at as "due_at?: Ts", q.due_day is not null as "dated!",
                  q.met_at as "met_at?: Ts", q.state as "state?",
                  (select d.route from delivery d where d.answer_id = q.met_by order by d.id desc limit 1) as answered_by,
                  k.kind as "contact_kind?", k.direction as "direction?", k.happened_at as "happened_at?: Ts",
                  k.recorded_at as "recorded_at?: Ts", k.praise as "praise?", k.follow_up_due as "follow_up?: Day"
           from (select * from pool
                 where pupil_id not in (select pupil_id from family)
                   and (carer_id is null or carer_id not in (select carer_id from own_carers))
                 order by sha256(uuid_send($1) || uuid_send(id)), id limit $6) o
           join pupil p on p.id = o.pupil_id
           left join class n on n.id = p.class_id
           left join carer_case c on c.id = o.case_id
           left join contact k on k.id = o.contact_id
           left join lateral (select started_at, due_at, due_day, met_at, met_by, state from clock
                              where case_id = c.id and kind = 'answer' order by started_at, id limit 1) q on true
           order by sha256(uuid_send($1) || uuid_send(o.id)), o.id"#,
        pack.0,
        for_whom.0,
        Ts(span.from) as _,
        Ts(span.until) as _,
        Ts(span.as_of) as _,
        size,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.drawn(span.as_of)).collect())
}
