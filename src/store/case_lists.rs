//! Lists of cases as a colleague has them, by clock and paged by key. Read as the colleague: what they may not see is not
//! there, nor counted.

use sqlx::PgConnection;

use super::{
    StoreError,
    cases::{CaseRow, case_row},
    types::Ts,
};
use crate::domain::{
    chronology::Visibility,
    ids::{CarerId, CaseId, ClassId, PupilId},
    people::Route,
    time::Timestamp,
};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// On the colleague's own list.
    Mine,
    /// About pupils of the colleague's classes.
    Classes,
    /// All that they may see.
    School,
    /// The DSL's.
    Restricted,
}

impl List {
    const fn word(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Classes => "classes",
            Self::School => "school",
            Self::Restricted => "restricted",
        }
    }
}

/// Where an open case stands in a list: what is due first stands first, what has no clock running last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// By when a person must answer.
    pub due: Option<Timestamp>,
    /// When its first message came.
    pub opened_at: Timestamp,
    /// The case.
    pub id: CaseId,
}

/// Open cases of a list, by clock: at most `limit` of those after a place, each with its own.
pub async fn open(
    connection: &mut PgConnection,
    list: List,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(CaseRow, Place)>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.code as "code!", c.carer_id as "carer_id!", r.forename || ' ' || r.surname as "carer_name!",
                  c.pupil_id, c.link_pupil as "link_pupil!",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as pupil_name,
                  c.kind as "kind!", c.came_by as "came_by!", c.visibility as "visibility!", c.subject as "subject!",
                  c.role as "role!", c.class_id, k.name as "class_name?",
                  coalesce((select s.name from staff s where s.id::text = c.owner), c.owner) as owner,
                  true as "open!", c.opened_at as "opened_at!: Ts", c.last_at as "last_at!: Ts", c.outcome,
                  nullif(c.due, 'infinity') as "due: Ts"
           from open_case c
           join carer r on r.id = c.carer_id
           left join pupil p on p.id = c.pupil_id
           left join class k on k.id = c.class_id
           where case $1 when 'mine' then c.mine when 'classes' then c.my_class
                         when 'restricted' then c.visibility = 'restricted' else true end
             and ($2::uuid is null
                  or (c.due, c.opened_at, c.id) > (coalesce($3::timestamptz, 'infinity'), $4::timestamptz, $2))
           order by c.due, c.opened_at, c.id
           limit $5"#,
        list.word(),
        after.map(|place| place.id.0),
        after.and_then(|place| place.due).map(Ts) as _,
        after.map(|place| Ts(place.opened_at)) as _,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let due = row.due.map(|at| at.0);
            let case = case_row!(row)?;
            let place = Place { due, opened_at: case.opened_at, id: case.id };
            Ok((case, place))
        })
        .collect()
}

/// Closed cases, the last closed first: at most `limit` of those closed before that moment and case.
pub async fn closed(
    connection: &mut PgConnection,
    before: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> Result<Vec<(CaseRow, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.code, c.carer_id, r.forename || ' ' || r.surname as "carer_name!", c.pupil_id, c.link_pupil,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as pupil_name,
                  c.kind, c.came_by, c.visibility, c.subject, c.role, c.class_id, k.name as "class_name?",
                  coalesce((select s.name from staff s where s.id::text = c.owner), c.owner) as owner,
                  false as "open!", c.opened_at as "opened_at: Ts", c.last_at as "last_at: Ts", c.outcome,
                  c.closed_at as "closed_at!: Ts"
           from carer_case c
           join carer r on r.id = c.carer_id
           left join pupil p on p.id = c.pupil_id
           left join class k on k.id = c.class_id
           where c.state = 'closed' and ($1::timestamptz is null or (c.closed_at, c.id) < ($1, $2::uuid))
           order by c.closed_at desc, c.id desc
           limit $3"#,
        before.map(|(at, _)| Ts(at)) as _,
        before.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let at = row.closed_at.0;
            Ok((case_row!(row)?, at))
        })
        .collect()
}

/// How many cases stand on each list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`List::Mine`].
    pub mine: i64,
    /// [`List::Classes`].
    pub classes: i64,
    /// [`List::School`].
    pub school: i64,
    /// [`List::Restricted`].
    pub restricted: i64,
    /// Closed ones, counted up to one more than `most`.
    pub closed: i64,
}

/// Counts the lists; closed cases, of which there are many, only until it is clear that there are more than `most`.
pub async fn counts(connection: &mut PgConnection, most: i64) -> Result<Counts, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where mine) as "mine!", count(*) filter (where my_class) as "classes!",
                  count(*) as "school!", count(*) filter (where visibility = 'restricted') as "restricted!",
                  (select count(*) from (select from carer_case where state = 'closed' limit $1::bigint + 1) c) as "closed!"
           from open_case"#,
        most,
    )
    .fetch_one(connection)
    .await?;
    Ok(Counts {
        mine: row.mine,
        classes: row.classes,
        school: row.school,
        restricted: row.restricted,
        closed: row.closed,
    })
}

/// A colleague to whom a case can be given by name.
#[derive(Debug, Clone)]
pub struct Taker {
    /// The colleague.
    pub id: uuid::Uuid,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Whether they are staff of the pupil's class.
    pub of_class: bool,
}

/// The colleagues who could see this case, by name: by their role and class, and not where it is their own family's. Read
/// as the daemon, for whose family somebody is of is no page's to know.
pub async fn takers(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Taker>, StoreError> {
    let rows = sqlx::query!(
        r#"with the as (select c.carer_id, p.id as pupil_id, p.class_id, c.visibility
                        from carer_case c join pupil p on p.id = coalesce(c.pupil_id, c.link_pupil) where c.id = $1),
                colleague as (
                    select s.id, s.name, s.roles,
                           'teacher' = any(s.roles)
                           and exists (select from class_staff k where k.staff_id = s.id and k.class_id = the.class_id)
                               as of_class
                    from staff s cross join the where s.disabled_at is null),
                family as (
                    select f.staff_id, f.pupil_id from conflict_of_interest f
                    union
                    select f.staff_id, sibling.pupil_id from conflict_of_interest f
                    join link parent on parent.pupil_id = f.pupil_id
                    join link sibling on sibling.carer_id = parent.carer_id)
           select s.id as "id!", s.name as "name!", s.roles as "roles!", s.of_class as "of_class!"
           from colleague s cross join the
           where ('dsl' = any(s.roles)
                  or the.visibility = 'ordinary' and (s.roles && array['office', 'slt'] or s.of_class))
             and not exists (select from family f
                             where f.staff_id = s.id
                               and (f.pupil_id = the.pupil_id
                                    or exists (select from link l
                                               where l.pupil_id = f.pupil_id and l.carer_id = the.carer_id)))
           order by s.name, s.id"#,
        case.0,
    )
    .fetch_all(connection)
    .await?;
    let takers = rows.into_iter().map(|row| Taker {
        id: row.id,
        name: row.name,
        roles: row.roles,
        of_class: row.of_class,
    });
    Ok(takers.collect())
}
