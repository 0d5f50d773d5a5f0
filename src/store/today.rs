//! What waits for a colleague today, in numbers. Read as the colleague; what no page of theirs shows is counted nowhere.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    StoreError,
    types::{Day, Ts},
};
use crate::domain::time::{Date, Timestamp};

/// Open cases, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cases {
    /// On the colleague's own list.
    pub mine: i64,
    /// Of those, late.
    pub mine_late: i64,
    /// Of those, due today and not late.
    pub mine_today: i64,
    /// Late, of all that they may see.
    pub late: i64,
    /// The DSL's.
    pub restricted: i64,
}

/// Counts open cases; `midnight` is when today ends.
pub async fn cases(
    connection: &mut PgConnection,
    now: Timestamp,
    midnight: Timestamp,
) -> Result<Cases, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where mine) as "mine!", count(*) filter (where mine and due < $1) as "mine_late!",
                  count(*) filter (where mine and due >= $1 and due < $2) as "mine_today!",
                  count(*) filter (where due < $1) as "late!",
                  count(*) filter (where visibility = 'restricted') as "restricted!"
           from open_case"#,
        Ts(now) as _,
        Ts(midnight) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Cases {
        mine: row.mine,
        mine_late: row.mine_late,
        mine_today: row.mine_today,
        late: row.late,
        restricted: row.restricted,
    })
}

/// Of the cases on the colleague's own list, how many hold a message of which they are reminded on its second school day,
/// and on its third.
pub async fn reminded(connection: &mut PgConnection) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where day = 2) as "second!", count(*) filter (where day = 3) as "third!"
           from (select max(k.reminded) as day from open_case c join clock k on k.case_id = c.id
                 where c.mine and k.state = 'running' and k.kind = 'answer' and k.rung = 0 group by c.id) r"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.second, row.third))
}

/// How many open cases have no date, because the calendar does not reach so far.
pub async fn undated(connection: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(distinct case_id) as "count!" from clock where state = 'calendar_missing'"#
    )
    .fetch_one(connection)
    .await?)
}

/// How many open tasks of each kind are on the lists of roles that the colleague holds, and how many of them are late.
pub async fn tasks(
    connection: &mut PgConnection,
    today: Date,
) -> Result<BTreeMap<String, (i64, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.kind, count(*) as "count!", count(*) filter (where t.due < $1) as "late!"
           from task t join pupil p on p.id = t.pupil_id
           where t.state = 'open'
             and (case when t.role = 'teacher' then p.class_id = any ((select liaison_my_classes())::uuid[])
                       else (select liaison_is(t.role)) end
                  or (select liaison_me()) = any (t.only_for))
           group by t.kind"#,
        Day(today) as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, (row.count, row.late))).collect())
}

/// Open questions, and how many of them are late.
pub async fn questions(connection: &mut PgConnection, today: Date) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "count!", count(*) filter (where due < $1) as "late!" from question where state = 'open'"#,
        Day(today) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.count, row.late))
}

/// The classes of which the colleague is a teacher.
pub async fn my_classes(connection: &mut PgConnection) -> Result<Vec<uuid::Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(r#"select liaison_my_classes() as "classes!""#).fetch_one(connection).await?)
}

/// Messages that wait to leave and whose time has come, and since when the first of them could have; without what belongs to
/// a restricted case. As the daemon: it names nobody.
pub async fn queue(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<(i64, Option<Timestamp>), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "count!", min(not_before) as "oldest: Ts" from delivery
           where state = 'queued' and not_before <= $1 and not liaison_of_restricted(answer_id)"#,
        Ts(now) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.count, row.oldest.map(|at| at.0)))
}
