//! The demo's carers, for whoever plays one.

use sqlx::PgConnection;

use super::{StoreError, types::Day};
use crate::domain::{
    ids::{CarerId, TaskId},
    time::Date,
};

/// A carer who can be played.
#[derive(Debug, Clone)]
pub struct Carer {
    /// The carer.
    pub id: CarerId,
    /// Their name.
    pub name: String,
    /// What they are to whom: `mother of Jack Turner`.
    pub of: Vec<String>,
    /// Their mailbox, the first there is.
    pub email: Option<String>,
    /// Their mobile, the first there is.
    pub mobile: Option<String>,
    /// Who else has that mobile, by name.
    pub shared_with: Vec<String>,
}

/// All carers by name, or one.
pub async fn carers(connection: &mut PgConnection, one: Option<CarerId>) -> Result<Vec<Carer>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.forename || ' ' || c.surname as "name!", o.pupils as "of!", m.value as "email?",
                  t.value as "mobile?", s.names as "shared_with!"
           from carer c
           cross join lateral (
               select coalesce(array_agg(l.relationship || ' of ' || coalesce(nullif(p.preferred_name, ''), p.legal_forename)
                                         || ' ' || p.legal_surname order by p.legal_surname, p.legal_forename), '{}') as pupils
               from link l join pupil p on p.id = l.pupil_id where l.carer_id = c.id) o
           left join lateral (
               select a.value from carer_address ca join address a on a.id = ca.address_id
               where ca.carer_id = c.id and ca.removed_at is null and a.kind = 'email'
               order by ca.position, a.id limit 1) m on true
           left join lateral (
               select a.id, a.value from carer_address ca join address a on a.id = ca.address_id
               where ca.carer_id = c.id and ca.removed_at is null and a.kind = 'mobile'
               order by ca.position, a.id limit 1) t on true
           cross join lateral (
               select coalesce(array_agg(x.forename || ' ' || x.surname order by x.surname, x.forename), '{}') as names
               from carer_address ca join carer x on x.id = ca.carer_id
               where ca.address_id = t.id and ca.removed_at is null and x.id <> c.id) s
           where $1::uuid is null or c.id = $1
           order by c.surname, c.forename, c.id
           limit 500"#,
        one.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let carers = rows.into_iter().map(|row| Carer {
        id: CarerId(row.id),
        name: row.name,
        of: row.of,
        email: row.email,
        mobile: row.mobile,
        shared_with: row.shared_with,
    });
    Ok(carers.collect())
}

/// A call or letter for a carer.
#[derive(Debug, Clone)]
pub struct ByHand {
    /// Its task.
    pub task: TaskId,
    /// `call` or `letter`.
    pub kind: String,
    /// About whom.
    pub pupil: String,
    /// `open`, `done`, `given_up` or `withdrawn`.
    pub state: String,
    /// By when.
    pub due: Date,
    /// The day a letter was posted.
    pub posted_on: Option<Date>,
}

/// The calls and letters for a carer, newest first; at most 50.
pub async fn by_hand(connection: &mut PgConnection, carer: CarerId) -> Result<Vec<ByHand>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.id, t.kind, t.state, t.due as "due: Day", g.posted_on as "posted_on?: Day",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil!"
           from task t join pupil p on p.id = t.pupil_id left join posting g on g.task_id = t.id
           where t.carer_id = $1 and t.kind in ('call', 'letter')
           order by t.id desc limit 50"#,
        carer.0,
    )
    .fetch_all(connection)
    .await?;
    let tasks = rows.into_iter().map(|row| ByHand {
        task: TaskId(row.id),
        kind: row.kind,
        pupil: row.pupil,
        state: row.state,
        due: row.due.0,
        posted_on: row.posted_on.map(|day| day.0),
    });
    Ok(tasks.collect())
}
