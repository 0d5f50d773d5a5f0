//! Notices to colleagues, and whom the next one is for. As the daemon: no page reads them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    ids::{NoticeId, StaffId},
    notice::{Notice, Post, Recipient},
    staff::Role,
    time::Timestamp,
};

/// Whom a notice is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// A colleague.
    Colleague(StaffId),
    /// Whoever holds a post, at the address in the settings.
    Post(Post),
}

impl For {
    const fn columns(self) -> (Option<Uuid>, Option<&'static str>) {
        match self {
            Self::Colleague(staff) => (Some(staff.0), None),
            Self::Post(post) => (None, Some(post.as_str())),
        }
    }
}

/// A colleague's account, as far as notices go by it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The colleague.
    pub id: StaffId,
    /// The address they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
}

/// Everybody whose account is open.
pub async fn colleagues(connection: &mut PgConnection) -> Result<Vec<Told>, StoreError> {
    let rows = sqlx::query!("select id, email, roles from staff where disabled_at is null order by id")
        .fetch_all(connection)
        .await?;
    let told =
        rows.into_iter().map(|row| Told { id: StaffId(row.id), email: row.email, roles: roles(&row.roles) });
    Ok(told.collect())
}

/// Those who meet families, are not away, and for whom no notice of this name was made.
pub async fn without(connection: &mut PgConnection, once: &str) -> Result<Vec<Told>, StoreError> {
    let rows = sqlx::query!(
        "select id, email, roles from staff s
         where disabled_at is null and roles && array['teacher', 'office', 'slt', 'dsl']
           and not exists (select from absence a where a.staff_id = s.id and a.state = 'running')
           and not exists (select from staff_notice n where n.staff_id = s.id and n.once = $1)
         order by id",
        once
    )
    .fetch_all(connection)
    .await?;
    let told =
        rows.into_iter().map(|row| Told { id: StaffId(row.id), email: row.email, roles: roles(&row.roles) });
    Ok(told.collect())
}

fn roles(words: &[String]) -> Vec<Role> {
    words.iter().filter_map(|word| Role::parse(word).ok()).collect()
}

/// Makes notices; one that was made for the same person by the same name `once` stands as it is. Returns how many are new.
pub async fn insert(
    connection: &mut PgConnection,
    notices: &[(For, Notice)],
    once: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let columns: Vec<_> = notices.iter().map(|(whom, _)| whom.columns()).collect();
    let made = sqlx::query!(
        "insert into staff_notice (id, staff_id, post, kind, counts, once, made_at, not_before)
         select id, staff_id, post, kind, counts, $6, $7, $7
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[]) as n (id, staff_id, post, kind, counts)
         on conflict (coalesce(staff_id::text, post), once) do nothing",
        &notices.iter().map(|_| NoticeId::new().0).collect::<Vec<_>>(),
        &columns.iter().map(|(staff, _)| *staff).collect::<Vec<_>>() as _,
        &columns.iter().map(|(_, post)| *post).collect::<Vec<_>>() as _,
        &notices.iter().map(|(_, notice)| notice.kind()).collect::<Vec<_>>() as _,
        &notices.iter().map(|(_, notice)| notice.counts()).collect::<Vec<_>>(),
        once,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(made.rows_affected())
}

/// Adds to a notice of this kind that has not left yet, or makes one: at once where none has left within `apart`, otherwise
/// so long after it. So many things that come at once interrupt once (T37).
pub async fn add(
    connection: &mut PgConnection,
    whom: For,
    (kind, count): (&str, u32),
    apart: std::time::Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (staff, post) = whom.columns();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let added = sqlx::query!(
        "update staff_notice set counts = jsonb_build_object('count', (counts ->> 'count')::int + $4)
         where id = (select id from staff_notice
                     where staff_id is not distinct from $1 and post is not distinct from $2 and kind = $3 and state = 'queued'
                       and tries = 0
                     order by made_at limit 1 for update)",
        staff,
        post,
        kind,
        count,
    )
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into staff_notice (id, staff_id, post, kind, counts, once, made_at, not_before)
         select $1::uuid, $2, $3, $4, jsonb_build_object('count', $5::int), $1::uuid::text, $6,
                greatest($6, (select max(not_before) from staff_notice
                              where staff_id is not distinct from $2 and post is not distinct from $3 and kind = $4)
                             + make_interval(secs => $7))",
        NoticeId::new().0,
        staff,
        post,
        kind,
        count,
        Ts(now) as _,
        apart.as_secs_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A notice on its way, and whom it is for.
#[derive(Debug)]
pub struct Due {
    /// The notice.
    pub id: NoticeId,
    /// What it says; `None` where what was kept is none of ours.
    pub notice: Option<Notice>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Tries, with this one.
    pub tries: u16,
    /// The colleague as they are now; `None`: it is for a post.
    pub colleague: Option<Recipient>,
    /// The post it is for.
    pub post: Option<Post>,
}

/// How many notices' time has come.
pub async fn count_due(
    connection: &mut PgConnection,
    lost_before: Timestamp,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff_notice
           where not_before <= $1 and (state = 'queued' or (state = 'submitting' and tried_at < $2))"#,
        Ts(now) as _,
        Ts(lost_before) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Takes notices whose time has come, for this try. One that was taken so long ago that its daemon must be dead is taken
/// again: a mail may go twice, with the same Message-ID, rather than never.
pub async fn claim(
    connection: &mut PgConnection,
    most: usize,
    lost_before: Timestamp,
    now: Timestamp,
) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query!(
        r#"with due as (
               select id from staff_notice
               where not_before <= $1 and (state = 'queued' or (state = 'submitting' and tried_at < $2))
               order by not_before limit $3 for update skip locked),
           taken as (
               update staff_notice n set state = 'submitting', tries = n.tries + 1, tried_at = $1
               from due where n.id = due.id
               returning n.id, n.staff_id, n.post, n.kind, n.counts, n.made_at, n.tries)
           select t.id, t.post, t.kind, t.counts, t.made_at as "made_at: Ts", t.tries, s.name as "name?", s.email as "email?", s.roles as "roles?",
                  s.disabled_at is not null as "disabled!"
           from taken t left join staff s on s.id = t.staff_id"#,
        Ts(now) as _,
        Ts(lost_before) as _,
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| {
        let colleague = row.email.map(|email| Recipient {
            name: row.name.unwrap_or_default().into(),
            email: email.into(),
            roles: roles(&row.roles.unwrap_or_default()),
            post: None,
            disabled: row.disabled,
        });
        Due {
            id: NoticeId(row.id),
            notice: Notice::kept(&row.kind, row.counts),
            made_at: row.made_at.0,
            tries: u16::try_from(row.tries).unwrap_or(u16::MAX),
            colleague,
            post: row.post.and_then(|word| Post::ALL.into_iter().find(|post| post.as_str() == word)),
        }
    });
    Ok(due.collect())
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// The server took it.
    Sent,
    /// It is tried again then.
    Again(Timestamp),
    /// The same, and the try does not count: the server was not there, or was busy.
    Rests(Timestamp),
    /// It is not sent, and why.
    Dropped(&'static str),
    /// It cannot be sent, and why.
    Failed(String),
}

/// Writes what came of each.
pub async fn settle(
    connection: &mut PgConnection,
    came: &[(NoticeId, Came)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let columns = came.iter().map(|(id, came)| match came {
        Came::Sent => (id.0, "sent", None, None),
        Came::Again(at) => (id.0, "queued", Some(Ts(*at)), None),
        Came::Rests(at) => (id.0, "rests", Some(Ts(*at)), None),
        Came::Dropped(why) => (id.0, "dropped", None, Some((*why).to_owned())),
        Came::Failed(why) => (id.0, "failed", None, Some(why.clone())),
    });
    let columns: Vec<_> = columns.collect();
    sqlx::query!(
        "update staff_notice n
         set state = case c.state when 'rests' then 'queued' else c.state end,
             tries = n.tries - (c.state = 'rests')::int, not_before = coalesce(c.not_before, n.not_before), why = c.why,
             settled_at = case when c.state in ('queued', 'rests') then null else $5::timestamptz end
         from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[]) as c (id, state, not_before, why)
         where n.id = c.id and n.state = 'submitting'",
        &columns.iter().map(|(id, ..)| *id).collect::<Vec<_>>(),
        &columns.iter().map(|(_, state, ..)| *state).collect::<Vec<_>>() as _,
        &columns.iter().map(|(_, _, at, _)| *at).collect::<Vec<_>>() as _,
        &columns.iter().map(|(.., why)| why.as_deref()).collect::<Vec<_>>() as _,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A notice that had left has come back: it has failed. `false`: there is none of this id that had left.
pub async fn came_back(
    connection: &mut PgConnection,
    notice: NoticeId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let failed = sqlx::query!(
        "update staff_notice set state = 'failed', why = 'it came back', settled_at = $2 where id = $1 and state = 'sent'",
        notice.0,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(failed.rows_affected() > 0)
}

/// How many notices have failed since then; for the pages that say whether Liaison is well.
pub async fn failed(connection: &mut PgConnection, since: Timestamp) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select liaison_notices_failed($1) as "failed!""#, Ts(since) as _)
        .fetch_one(connection)
        .await?)
}
