//! Accounts as those see them who look after them. Read in a transaction of [`super::Store::as_colleague`].

use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{ids::StaffId, staff::Role, time::Timestamp};

/// A colleague's account. Holds nothing of any pupil or carer.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// The colleague.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Their classes, by name.
    pub classes: Vec<String>,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// Whether they have a password.
    pub can_sign_in: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// How many pupils of their own family are hidden from them.
    pub own_family: i64,
}

/// Accounts by name, or the one. Nothing for whoever does not look after accounts.
pub async fn accounts(
    connection: &mut PgConnection,
    one: Option<StaffId>,
) -> Result<Vec<AccountRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.email, s.roles, s.disabled_at as "disabled_at: Ts",
                  a.can_sign_in as "can_sign_in!", a.second_factor as "second_factor!", a.own_family as "own_family!",
                  coalesce((select array_agg(c.name order by c.name)
                            from class_staff cs join class c on c.id = cs.class_id where cs.staff_id = s.id), '{}')
                      as "classes!"
           from staff s join liaison_accounts() a on a.staff_id = s.id
           where $1::uuid is null or s.id = $1
           order by s.disabled_at is not null, s.name, s.id"#,
        one.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| AccountRow {
        id: StaffId(row.id),
        name: row.name,
        email: row.email,
        roles: row.roles.iter().filter_map(|role| Role::parse(role).ok()).collect(),
        classes: row.classes,
        disabled_at: row.disabled_at.map(|at| at.0),
        can_sign_in: row.can_sign_in,
        second_factor: row.second_factor,
        own_family: row.own_family,
    });
    Ok(accounts.collect())
}

/// Every class by name, with whether a teacher who may sign in has it.
pub async fn classes(connection: &mut PgConnection) -> Result<Vec<(String, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.name, exists (select from class_staff cs join staff s on s.id = cs.staff_id
                                  where cs.class_id = c.id and s.disabled_at is null and 'teacher' = any(s.roles))
                              as "covered!"
           from class c order by c.name"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.covered)).collect())
}
