//! What is stored, as far as an import compares with it.

use std::collections::{HashMap, HashSet};

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{AddressId, CarerId, ClassId, LinkId, PupilId, RestrictionId, StaffId},
        import::{
            CarerFields, LinkFields, PupilFields, Stored, StoredCarer, StoredLink, StoredPreference,
            StoredPupil, StoredRestriction, StoredUse,
        },
        people::{
            AddressKind, Format, Purpose, Responsibility, Restriction, RestrictionKind, Route, UnknownWord,
        },
    },
    store::{StoreError, types::Day},
};

/// Reads the whole roll. A school's is a few thousand rows, and an import compares with all of them.
pub async fn load(connection: &mut PgConnection) -> Result<Stored, StoreError> {
    let mut stored = Stored {
        pupils: pupils(connection).await?,
        carers: carers(connection).await?,
        links: links(connection).await?,
        restrictions: restrictions(connection).await?,
        preferences: preferences(connection).await?,
        reviews: reviews(connection).await?,
        ..Stored::default()
    };
    addresses(connection, &mut stored).await?;
    classes(connection, &mut stored).await?;
    Ok(stored)
}

/// Turns an unknown word into an error that names the row.
fn at(table: &'static str, column: &'static str, row: Uuid) -> impl FnOnce(UnknownWord) -> StoreError {
    move |unknown| StoreError::row(table, column, row, unknown)
}

async fn pupils(connection: &mut PgConnection) -> Result<HashMap<String, StoredPupil>, StoreError> {
    let rows = sqlx::query!(
        r#"select pupil.id, pupil_ref, upn, legal_surname, legal_forename, preferred_name,
                  date_of_birth as "date_of_birth: Day", year_group, class.name as "class?", home_language,
                  leaving_date as "leaving_date: Day"
           from pupil left join class on class.id = pupil.class_id"#
    )
    .fetch_all(connection)
    .await?;
    let pupils = rows.into_iter().map(|row| {
        let fields = PupilFields {
            upn: row.upn.map(Private::new),
            legal_surname: Private::new(row.legal_surname),
            legal_forename: Private::new(row.legal_forename),
            preferred_name: row.preferred_name.map(Private::new),
            date_of_birth: row.date_of_birth.map(|day| day.0),
            year_group: row.year_group,
            class: row.class,
            home_language: row.home_language,
            leaving_date: row.leaving_date.map(|day| day.0),
        };
        (row.pupil_ref, StoredPupil { id: PupilId(row.id), fields })
    });
    Ok(pupils.collect())
}

async fn carers(connection: &mut PgConnection) -> Result<HashMap<String, StoredCarer>, StoreError> {
    let rows = sqlx::query!(
        "select id, contact_ref, title, surname, forename, language, format, interpreter, best_times,
                address_confidential, consent_note
         from carer"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let fields = CarerFields {
                title: row.title.map(Private::new),
                surname: Private::new(row.surname),
                forename: Private::new(row.forename),
                language: row.language,
                format: Format::parse(&row.format).map_err(at("carer", "format", row.id))?,
                interpreter: row.interpreter.map(Private::new),
                best_times: row.best_times.map(Private::new),
                address_confidential: row.address_confidential,
                contact_consent_note: row.consent_note.map(Private::new),
            };
            Ok((row.contact_ref, StoredCarer { id: CarerId(row.id), fields }))
        })
        .collect()
}

async fn links(connection: &mut PgConnection) -> Result<HashMap<(PupilId, CarerId), StoredLink>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, carer_id, pupil_id, relationship, priority, parental_responsibility, lives_with_pupil,
                  receives_correspondence, receives_reports, emergency_contact,
                  missing_since is not null as "missing!"
           from link"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let fields =
                LinkFields {
                    relationship: row.relationship,
                    priority: row.priority,
                    parental_responsibility: Responsibility::parse(&row.parental_responsibility)
                        .map_err(at("link", "parental_responsibility", row.id))?,
                    lives_with_pupil: row.lives_with_pupil,
                    receives_correspondence: row.receives_correspondence,
                    receives_reports: row.receives_reports,
                    emergency_contact: row.emergency_contact,
                };
            let ids = (PupilId(row.pupil_id), CarerId(row.carer_id));
            Ok((ids, StoredLink { id: LinkId(row.id), fields, missing: row.missing }))
        })
        .collect()
}

async fn restrictions(
    connection: &mut PgConnection,
) -> Result<HashMap<LinkId, Vec<StoredRestriction>>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, link_id, kind, starts as "starts: Day", ends as "ends: Day", note_ref,
                  recorded_by = 'import' as "by_import!"
           from restriction where ended_at is null order by id"#
    )
    .fetch_all(connection)
    .await?;
    let mut restrictions: HashMap<LinkId, Vec<StoredRestriction>> = HashMap::new();
    for row in rows {
        let restriction = Restriction {
            kind: RestrictionKind::parse(&row.kind).map_err(at("restriction", "kind", row.id))?,
            starts: row.starts.map(|day| day.0),
            ends: row.ends.map(|day| day.0),
        };
        restrictions.entry(LinkId(row.link_id)).or_default().push(StoredRestriction {
            id: RestrictionId(row.id),
            restriction,
            note_ref: row.note_ref,
            by_import: row.by_import,
        });
    }
    Ok(restrictions)
}

async fn preferences(
    connection: &mut PgConnection,
) -> Result<HashMap<(CarerId, Purpose), StoredPreference>, StoreError> {
    let rows =
        sqlx::query!(r#"select carer_id, purpose, routes, source = 'staff' as "by_staff!" from preference"#)
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            let purpose = Purpose::parse(&row.purpose).map_err(at("preference", "purpose", row.carer_id))?;
            let routes: Result<Vec<Route>, UnknownWord> =
                row.routes.iter().map(|route| Route::parse(route)).collect();
            let routes = routes.map_err(at("preference", "routes", row.carer_id))?;
            Ok(((CarerId(row.carer_id), purpose), StoredPreference { routes, by_staff: row.by_staff }))
        })
        .collect()
}

/// Every address, and who uses it.
async fn addresses(connection: &mut PgConnection, stored: &mut Stored) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"select address.id as "id!", kind as "kind!", value as "value!", carer_id as "carer_id?", position as "position?",
                  (carer_id is not null and removed_at is null) as "in_use!",
                  set_by is not null as "by_staff!"
           from address left join carer_address on address_id = address.id"#
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let kind = AddressKind::parse(&row.kind).map_err(at("address", "kind", row.id))?;
        let address = AddressId(row.id);
        let value = Private::new(row.value);
        if let (Some(carer), Some(position)) = (row.carer_id, row.position) {
            let value = value.clone();
            let uses = stored.uses.entry(CarerId(carer)).or_default();
            uses.push(StoredUse {
                address,
                kind,
                value,
                position,
                in_use: row.in_use,
                by_staff: row.by_staff,
            });
        }
        stored.addresses.insert((kind, value), address);
    }
    Ok(())
}

/// Classes, colleagues, and who is in charge of what.
async fn classes(connection: &mut PgConnection, stored: &mut Stored) -> Result<(), StoreError> {
    let classes = sqlx::query!("select id, name from class").fetch_all(&mut *connection).await?;
    stored.classes = classes.into_iter().map(|row| (row.name, ClassId(row.id))).collect();
    let staff = sqlx::query!("select id, email from staff").fetch_all(&mut *connection).await?;
    stored.staff =
        staff.into_iter().map(|row| (Private::new(row.email.to_lowercase()), StaffId(row.id))).collect();
    let in_charge = sqlx::query!("select class_id, staff_id from class_staff").fetch_all(connection).await?;
    stored.class_staff =
        in_charge.into_iter().map(|row| (ClassId(row.class_id), StaffId(row.staff_id))).collect();
    Ok(())
}

async fn reviews(connection: &mut PgConnection) -> Result<HashSet<(CarerId, PupilId)>, StoreError> {
    let rows = sqlx::query!(
        "select carer_id, pupil_id from task where kind = 'review_restriction' and state = 'open'"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (CarerId(row.carer_id), PupilId(row.pupil_id))).collect())
}
