//! The links of many pupils, such as a whole school's: read flat and put together here, since gathering each link's addresses
//! inside Postgres takes longer than all the rest, and reading thousands of rows longer than reading one of long columns.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{LinkRow, StoreError};
use crate::{domain::people::Purpose, store::types::Day};

/// More pupils than this are many.
pub(super) const MANY: usize = 100;

/// The same rows as the view `link_facts` gives for these pupils, by pupil and carer. Read in three steps: what changes between
/// them is noticed by the gate, which reads each link afresh when a message leaves.
pub(super) async fn links(
    connection: &mut PgConnection,
    pupils: &[Uuid],
    purpose: Purpose,
) -> Result<Vec<LinkRow>, StoreError> {
    let mut rows = sqlx::query!(
        r#"select l.id, l.pupil_id, l.carer_id,
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) as "pupil_called!", p.class_id,
                  p.leaving_date as "leaving_date: Day", c.title, c.forename, c.surname, c.language, c.format, c.interpreter,
                  c.best_times, l.parental_responsibility, l.receives_correspondence, l.receives_reports,
                  c.newsletters_ended_at is not null as "no_newsletters!",
                  p.date_of_birth as "born: Day", p.died_on as "pupil_died: Day", c.died_on as "carer_died: Day",
                  l.ends as "ends: Day", l.adult_agreed_at is not null as "adult_agreed!",
                  coalesce(o.routes, w.routes) as "routes?", o.routes is not null as "own_wish!"
           from link l
           join pupil p on p.id = l.pupil_id
           join carer c on c.id = l.carer_id
           left join preference o on o.carer_id = l.carer_id and o.purpose = $2
           left join preference w on w.carer_id = l.carer_id and w.purpose = 'weekly_update'
           where l.pupil_id = any($1)"#,
        pupils,
        purpose.as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    // Put in order here: Postgres would carry every column through its sort.
    rows.sort_unstable_by_key(|row| (row.pupil_id, row.carer_id));
    let mut of_carer = addresses(connection, rows.iter().map(|row| row.carer_id).collect()).await?;
    let mut of_link = restrictions(connection).await?;
    let mut left: HashMap<Uuid, usize> = HashMap::with_capacity(rows.len());
    for row in &rows {
        *left.entry(row.carer_id).or_default() += 1;
    }
    let links = rows.into_iter().map(|row| {
        let mut link = LinkRow {
            pupil_id: row.pupil_id,
            carer_id: row.carer_id,
            pupil_called: row.pupil_called,
            class_id: row.class_id,
            leaving_date: row.leaving_date,
            born: row.born,
            pupil_died: row.pupil_died,
            carer_died: row.carer_died,
            ends: row.ends,
            adult_agreed: row.adult_agreed,
            title: row.title,
            forename: row.forename,
            surname: row.surname,
            language: row.language,
            format: row.format,
            interpreter: row.interpreter,
            best_times: row.best_times,
            parental_responsibility: row.parental_responsibility,
            receives_correspondence: row.receives_correspondence,
            receives_reports: row.receives_reports,
            no_newsletters: row.no_newsletters,
            routes: row.routes,
            own_wish: row.own_wish,
            ..LinkRow::default()
        };
        // Copied only for a carer of whose links more follow.
        let left = left.entry(row.carer_id).or_default();
        *left = left.saturating_sub(1);
        let addresses =
            if *left == 0 { of_carer.remove(&row.carer_id) } else { of_carer.get(&row.carer_id).cloned() };
        if let Some(addresses) = addresses {
            link.address_ids = Some(addresses.ids);
            link.address_kinds = Some(addresses.kinds);
            link.address_values = Some(addresses.values);
            link.address_statuses = Some(addresses.statuses);
        }
        if let Some(restrictions) = of_link.remove(&row.id) {
            link.restriction_kinds = Some(restrictions.kinds);
            link.restriction_starts = Some(restrictions.starts);
            link.restriction_ends = Some(restrictions.ends);
        }
        link
    });
    Ok(links.collect())
}

/// A carer's addresses, column by column.
#[derive(Default, Clone)]
struct Addresses {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    values: Vec<String>,
    statuses: Vec<String>,
}

async fn addresses(
    connection: &mut PgConnection,
    carers: Vec<Uuid>,
) -> Result<HashMap<Uuid, Addresses>, StoreError> {
    let all = sqlx::query!(
        r#"select coalesce(array_agg(ca.carer_id), '{}') as "carers!", coalesce(array_agg(ca.position), '{}') as "positions!",
                  coalesce(array_agg(a.id), '{}') as "ids!", coalesce(array_agg(a.kind), '{}') as "kinds!",
                  coalesce(array_agg(a.value), '{}') as "values!", coalesce(array_agg(a.status), '{}') as "statuses!"
           from carer_address ca
           join address a on a.id = ca.address_id
           where ca.carer_id = any($1) and ca.removed_at is null"#,
        &carers,
    )
    .fetch_one(connection)
    .await?;
    let places = all.carers.into_iter().zip(all.positions).zip(all.ids);
    let mut rows: Vec<_> =
        places.zip(all.kinds.into_iter().zip(all.values.into_iter().zip(all.statuses))).collect();
    // Put in order here: Postgres would carry the long values through its sort.
    rows.sort_unstable_by_key(|(place, _)| *place);
    let mut found: HashMap<Uuid, Addresses> = HashMap::with_capacity(carers.len());
    for (((carer, _), id), (kind, (value, status))) in rows {
        let addresses = found.entry(carer).or_default();
        addresses.ids.push(id);
        addresses.kinds.push(kind);
        addresses.values.push(value);
        addresses.statuses.push(status);
    }
    Ok(found)
}

/// A link's restrictions, column by column.
#[derive(Default)]
struct Restrictions {
    kinds: Vec<String>,
    starts: Vec<Option<Day>>,
    ends: Vec<Option<Day>>,
}

/// The restrictions of every link: a school has few, and looking for those of thousands of links takes longer.
async fn restrictions(connection: &mut PgConnection) -> Result<HashMap<Uuid, Restrictions>, StoreError> {
    let rows = sqlx::query!(
        r#"select link_id, kind, starts as "starts: Day", ends as "ends: Day" from restriction
           where ended_at is null"#,
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<Uuid, Restrictions> = HashMap::new();
    for row in rows {
        let restrictions = found.entry(row.link_id).or_default();
        restrictions.kinds.push(row.kind);
        restrictions.starts.push(row.starts);
        restrictions.ends.push(row.ends);
    }
    Ok(found)
}
