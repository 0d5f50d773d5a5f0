//! Colleagues, their accounts and their sessions.

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{ids::StaffId, staff::Role, time::Timestamp};

/// A colleague with what is needed to let them in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The colleague.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// The argon2id hash (PHC string); `None` until one is set.
    pub password: Option<Private<String>>,
    /// Whether the password was made by somebody else and is to be changed first.
    pub must_change: bool,
    /// The second factor's secret.
    pub totp_secret: Option<Private<Vec<u8>>>,
    /// Whether it has been confirmed by a code.
    pub totp_confirmed: bool,
    /// The last step whose code was used.
    pub totp_last_step: Option<i64>,
}

macro_rules! account {
    ($row:expr) => {{
        let row = $row;
        Account {
            id: StaffId(row.id),
            name: row.name,
            email: row.email,
            roles: row.roles.iter().filter_map(|role| Role::parse(role).ok()).collect(),
            disabled_at: row.disabled_at.map(|at| at.0),
            password: row.password.map(Private::new),
            must_change: row.must_change.unwrap_or_default(),
            totp_secret: row.totp_secret.map(Private::new),
            totp_confirmed: row.totp_confirmed_at.is_some(),
            totp_last_step: row.totp_last_step,
        }
    }};
}

/// The colleague with this address (in any case of letters) or id.
pub async fn account(connection: &mut PgConnection, named: &str) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query!(
        r#"select s.id as "id!", s.name as "name!", s.email as "email!", s.roles as "roles!",
                  s.disabled_at as "disabled_at: Ts", a.password as "password?",
                  a.must_change as "must_change?", a.totp_secret as "totp_secret?",
                  a.totp_confirmed_at as "totp_confirmed_at?: Ts", a.totp_last_step as "totp_last_step?"
           from staff s left join staff_account a on a.staff_id = s.id
           where lower(s.email) = lower($1) or s.id::text = $1"#,
        named,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| account!(row)))
}

/// A colleague as a list shows them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Colleague {
    /// The colleague.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Their classes.
    pub classes: Vec<String>,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// Whether they have a password.
    pub can_sign_in: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
}

/// All colleagues by name.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Colleague>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.email, s.roles, s.disabled_at as "disabled_at: Ts",
                  coalesce(array_agg(c.name order by c.name) filter (where c.id is not null), '{}') as "classes!",
                  coalesce(bool_or(a.password is not null), false) as "can_sign_in!",
                  coalesce(bool_or(a.totp_confirmed_at is not null), false) as "second_factor!"
           from staff s
           left join staff_account a on a.staff_id = s.id
           left join class_staff cs on cs.staff_id = s.id
           left join class c on c.id = cs.class_id
           group by s.id order by s.name, s.id"#
    )
    .fetch_all(connection)
    .await?;
    let listed = rows.into_iter().map(|row| Colleague {
        id: StaffId(row.id),
        name: row.name,
        email: row.email,
        roles: row.roles,
        classes: row.classes,
        disabled_at: row.disabled_at.map(|at| at.0),
        can_sign_in: row.can_sign_in,
        second_factor: row.second_factor,
    });
    Ok(listed.collect())
}

/// Adds a colleague, or gives one who is there already a name and roles. Returns their id.
pub async fn add(
    connection: &mut PgConnection,
    name: &str,
    email: &str,
    roles: &[Role],
) -> Result<StaffId, StoreError> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let id = sqlx::query_scalar!(
        "insert into staff (id, name, email, roles) values ($1, $2, $3, $4)
         on conflict (email) do update set name = excluded.name, roles = excluded.roles
         returning id",
        StaffId::new().0,
        name,
        email,
        &roles as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(StaffId(id))
}

/// Gives a colleague these roles and no others.
pub async fn set_roles(
    connection: &mut PgConnection,
    staff: StaffId,
    roles: &[Role],
) -> Result<(), StoreError> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    sqlx::query!("update staff set roles = $2 where id = $1", staff.0, &roles as _)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many colleagues other than this one hold a role and may sign in. Keeps them as they are until the transaction ends.
pub async fn others_with(
    connection: &mut PgConnection,
    role: Role,
    except: StaffId,
) -> Result<usize, StoreError> {
    let others = sqlx::query_scalar!(
        "select id from staff where $1 = any(roles) and disabled_at is null and id <> $2 order by id for update",
        role.as_str(),
        except.0
    )
    .fetch_all(connection)
    .await?;
    Ok(others.len())
}

/// Gives a colleague the classes with these names and no others; returns the names that no class has.
pub async fn set_classes(
    connection: &mut PgConnection,
    staff: StaffId,
    classes: &[String],
) -> Result<Vec<String>, StoreError> {
    let known = sqlx::query!("select id, name from class where name = any($1)", classes)
        .fetch_all(&mut *connection)
        .await?;
    let unknown: Vec<String> =
        classes.iter().filter(|name| !known.iter().any(|row| row.name == **name)).cloned().collect();
    if !unknown.is_empty() {
        return Ok(unknown);
    }
    let ids: Vec<Uuid> = known.iter().map(|row| row.id).collect();
    sqlx::query!("delete from class_staff where staff_id = $1 and class_id <> all($2)", staff.0, &ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "insert into class_staff (class_id, staff_id) select unnest($2::uuid[]), $1 on conflict do nothing",
        staff.0,
        &ids
    )
    .execute(connection)
    .await?;
    Ok(unknown)
}

/// Lets a colleague in no more, or again.
pub async fn set_disabled(
    connection: &mut PgConnection,
    staff: StaffId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query!("update staff set disabled_at = $2 where id = $1", staff.0, since.map(Ts) as _)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets the password's hash. `must_change`: somebody else made it.
pub async fn set_password(
    connection: &mut PgConnection,
    staff: StaffId,
    hash: &str,
    must_change: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into staff_account (staff_id, password, password_set_at, must_change) values ($1, $2, $3, $4)
         on conflict (staff_id) do update set password = excluded.password, must_change = excluded.must_change,
                                              password_set_at = excluded.password_set_at",
        staff.0,
        hash,
        Ts(now) as _,
        must_change,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a second factor's secret, not in force until it is confirmed; `None` takes the second factor away with its
/// recovery codes.
pub async fn set_totp(
    connection: &mut PgConnection,
    staff: StaffId,
    secret: Option<&[u8]>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into staff_account (staff_id, totp_secret) values ($1, $2)
         on conflict (staff_id) do update set totp_secret = excluded.totp_secret, totp_confirmed_at = null,
                                              totp_last_step = null",
        staff.0,
        secret,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from recovery_code where staff_id = $1", staff.0).execute(connection).await?;
    Ok(())
}

/// Puts a second factor in force, with its recovery codes (SHA-256 of each).
pub async fn confirm_totp(
    connection: &mut PgConnection,
    staff: StaffId,
    recovery: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update staff_account set totp_confirmed_at = $2 where staff_id = $1",
        staff.0,
        Ts(now) as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into recovery_code (staff_id, digest) select $1, unnest($2::bytea[])",
        staff.0,
        recovery
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Spends a code's step; `false` when it, or a later one, was spent already.
pub async fn spend_step(
    connection: &mut PgConnection,
    staff: StaffId,
    step: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update staff_account set totp_last_step = $2
         where staff_id = $1 and (totp_last_step is null or totp_last_step < $2)",
        staff.0,
        step
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Spends a recovery code; `false` when there is no such unused one.
pub async fn spend_recovery(
    connection: &mut PgConnection,
    staff: StaffId,
    digest: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update recovery_code set used_at = $3 where staff_id = $1 and digest = $2 and used_at is null",
        staff.0,
        digest,
        Ts(now) as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A session to be kept.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of the token in the cookie.
    pub digest: &'a [u8],
    /// Whose.
    pub staff: StaffId,
    /// Marks its forms.
    pub form_key: &'a [u8],
    /// Whether a second factor was given.
    pub second_factor: bool,
    /// When it ends, whatever is done in it.
    pub ends_at: Timestamp,
}

/// Keeps a session.
pub async fn open_session(
    connection: &mut PgConnection,
    session: &NewSession<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into staff_session (digest, staff_id, form_key, second_factor, made_at, seen_at, ends_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
        session.digest,
        session.staff.0,
        session.form_key,
        session.second_factor,
        Ts(now) as _,
        Ts(session.ends_at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A session that holds, with the colleague whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    /// The colleague.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Marks its forms.
    pub form_key: Private<Vec<u8>>,
    /// Whether a second factor was given.
    pub second_factor: bool,
    /// Whether the colleague has one in force.
    pub has_second_factor: bool,
    /// Whether the password is to be changed first.
    pub must_change: bool,
}

/// The session with this digest, where it has neither ended nor been left alone since before `idle_since`, and its
/// colleague may sign in. Notes that it was used, at most once a minute.
pub async fn session(
    connection: &mut PgConnection,
    digest: &[u8],
    idle_since: Timestamp,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query!(
        r#"select n.staff_id, n.form_key, n.second_factor, n.seen_at as "seen_at: Ts", s.name, s.roles,
                  coalesce(a.must_change, false) as "must_change!",
                  a.totp_confirmed_at is not null as "has_second_factor!"
           from staff_session n
           join staff s on s.id = n.staff_id
           left join staff_account a on a.staff_id = n.staff_id
           where n.digest = $1 and n.ends_at > $2 and n.seen_at > $3 and s.disabled_at is null"#,
        digest,
        Ts(now) as _,
        Ts(idle_since) as _,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if now.duration_since(row.seen_at.0).as_secs() >= 60 {
        sqlx::query!("update staff_session set seen_at = $2 where digest = $1", digest, Ts(now) as _)
            .execute(connection)
            .await?;
    }
    Ok(Some(Session {
        staff: StaffId(row.staff_id),
        name: row.name,
        roles: row.roles.iter().filter_map(|role| Role::parse(role).ok()).collect(),
        form_key: Private::new(row.form_key),
        second_factor: row.second_factor,
        has_second_factor: row.has_second_factor,
        must_change: row.must_change,
    }))
}

/// Ends one session.
pub async fn end_session(connection: &mut PgConnection, digest: &[u8]) -> Result<(), StoreError> {
    sqlx::query!("delete from staff_session where digest = $1", digest).execute(connection).await?;
    Ok(())
}

/// Ends every session of a colleague; returns how many there were.
pub async fn end_sessions(connection: &mut PgConnection, staff: StaffId) -> Result<u64, StoreError> {
    let done =
        sqlx::query!("delete from staff_session where staff_id = $1", staff.0).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Forgets sessions that have ended and forms sent before `forms_before`.
pub async fn sweep(
    connection: &mut PgConnection,
    forms_before: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!("delete from staff_session where ends_at < $1", Ts(now) as _)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from form_sent where sent_at < $1", Ts(forms_before) as _)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is known of a form that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormSent {
    /// Never seen before: do it.
    New,
    /// It is being done, or was when the daemon died.
    Begun(Timestamp),
    /// It was done; the browser goes there.
    Done(String),
    /// It was done with something else filled in.
    DoneOtherwise,
    /// Another colleague, or another form, has sent this key.
    NotYours,
}

/// Enters a form by its key, once; `fields` is the digest of what was filled in.
pub async fn form_sent(
    connection: &mut PgConnection,
    once: Uuid,
    staff: StaffId,
    path: &str,
    fields: &[u8],
    now: Timestamp,
) -> Result<FormSent, StoreError> {
    let done = sqlx::query!(
        "insert into form_sent (once, staff_id, path, sent_at, fields) values ($1, $2, $3, $4, $5) on conflict do nothing",
        once,
        staff.0,
        path,
        Ts(now) as _,
        fields,
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(FormSent::New);
    }
    let row = sqlx::query!(
        r#"select staff_id, path, sent_at as "sent_at: Ts", answer, coalesce(fields = $2, true) as "same!"
           from form_sent where once = $1"#,
        once,
        fields,
    )
    .fetch_one(connection)
    .await?;
    Ok(match row.answer {
        _ if row.staff_id != staff.0 || row.path != path => FormSent::NotYours,
        Some(answer) if row.same => FormSent::Done(answer),
        Some(_) => FormSent::DoneOtherwise,
        None => FormSent::Begun(row.sent_at.0),
    })
}

/// Notes where a form's sender was sent to; `None` forgets the form, which did nothing and may be sent again.
pub async fn form_answered(
    connection: &mut PgConnection,
    once: Uuid,
    answer: Option<&str>,
) -> Result<(), StoreError> {
    match answer {
        Some(answer) => {
            sqlx::query!("update form_sent set answer = $2 where once = $1", once, answer)
                .execute(connection)
                .await?
        }
        None => sqlx::query!("delete from form_sent where once = $1", once).execute(connection).await?,
    };
    Ok(())
}
