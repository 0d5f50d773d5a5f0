//! Writes what an import changes: one statement per table, however many rows.

use sqlx::PgConnection;

use crate::{
    domain::{
        import::{
            AddressUse, CarerWrite, Changes, LinkWrite, NewRestriction, PreferenceWrite, PupilWrite, Review,
        },
        time::{Date, Timestamp, school_date},
    },
    store::{
        StoreError,
        types::{Day, Ts},
    },
};

/// Writes everything, in the caller's transaction. `at` is the time of the import; reviews are due that day.
pub async fn write(
    connection: &mut PgConnection,
    changes: &Changes,
    at: Timestamp,
) -> Result<(), StoreError> {
    classes(connection, changes).await?;
    pupils(connection, &changes.pupils, at).await?;
    carers(connection, &changes.carers).await?;
    links(connection, &changes.links).await?;
    missing(connection, changes, at).await?;
    restrictions(connection, &changes.restrictions, at).await?;
    note_refs(connection, changes).await?;
    reviews(connection, &changes.reviews, at).await?;
    addresses(connection, changes).await?;
    uses(connection, &changes.uses, at).await?;
    unused(connection, changes, at).await?;
    preferences(connection, &changes.preferences, at).await
}

/// One column of many rows, for `unnest`.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn day(date: Option<Date>) -> Option<Day> {
    date.map(Day)
}

async fn classes(connection: &mut PgConnection, changes: &Changes) -> Result<(), StoreError> {
    if !changes.classes.is_empty() {
        sqlx::query!(
            "insert into class (id, name) select * from unnest($1::uuid[], $2::text[])",
            &column(&changes.classes, |class| class.id.0),
            &column(&changes.classes, |class| class.name.as_str()) as _,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !changes.staff.is_empty() {
        sqlx::query!(
            "insert into staff (id, name, email, roles)
             select id, name, email, array['teacher'] from unnest($1::uuid[], $2::text[], $3::text[]) as new (id, name, email)",
            &column(&changes.staff, |staff| staff.id.0),
            &column(&changes.staff, |staff| staff.name.expose().as_str()) as _,
            &column(&changes.staff, |staff| staff.email.expose().as_str()) as _,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !changes.class_staff.is_empty() {
        sqlx::query!(
            "insert into class_staff (class_id, staff_id) select * from unnest($1::uuid[], $2::uuid[])
             on conflict do nothing",
            &column(&changes.class_staff, |(class, _)| class.0),
            &column(&changes.class_staff, |(_, staff)| staff.0),
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// A new pupil is on roll from the day of the import; on an old one that day stays.
async fn pupils(
    connection: &mut PgConnection,
    pupils: &[PupilWrite],
    at: Timestamp,
) -> Result<(), StoreError> {
    if pupils.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into pupil (id, pupil_ref, upn, legal_surname, legal_forename, preferred_name, date_of_birth, year_group,
                            class_id, home_language, leaving_date, on_roll_from)
         select new.*, $12::date from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[],
                              $8::text[], $9::uuid[], $10::text[], $11::date[]) as new
         on conflict (id) do update set
             upn = excluded.upn, legal_surname = excluded.legal_surname, legal_forename = excluded.legal_forename,
             preferred_name = excluded.preferred_name, date_of_birth = excluded.date_of_birth,
             year_group = excluded.year_group, class_id = excluded.class_id, home_language = excluded.home_language,
             leaving_date = excluded.leaving_date",
        &column(pupils, |pupil| pupil.id.0),
        &column(pupils, |pupil| pupil.pupil_ref.as_str()) as _,
        &column(pupils, |pupil| pupil.fields.upn.as_ref().map(|upn| upn.expose().as_str())) as _,
        &column(pupils, |pupil| pupil.fields.legal_surname.expose().as_str()) as _,
        &column(pupils, |pupil| pupil.fields.legal_forename.expose().as_str()) as _,
        &column(pupils, |pupil| pupil.fields.preferred_name.as_ref().map(|name| name.expose().as_str())) as _,
        &column(pupils, |pupil| day(pupil.fields.date_of_birth)) as _,
        &column(pupils, |pupil| pupil.fields.year_group.as_deref()) as _,
        &column(pupils, |pupil| pupil.class.map(|class| class.0)) as _,
        &column(pupils, |pupil| pupil.fields.home_language.as_deref()) as _,
        &column(pupils, |pupil| day(pupil.fields.leaving_date)) as _,
        Day(school_date(at)) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn carers(connection: &mut PgConnection, carers: &[CarerWrite]) -> Result<(), StoreError> {
    if carers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into carer (id, contact_ref, title, surname, forename, language, format, interpreter, best_times,
                            address_confidential, consent_note)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                              $8::text[], $9::text[], $10::bool[], $11::text[])
         on conflict (id) do update set
             title = excluded.title, surname = excluded.surname, forename = excluded.forename,
             language = excluded.language, format = excluded.format, interpreter = excluded.interpreter,
             best_times = excluded.best_times, address_confidential = excluded.address_confidential,
             consent_note = excluded.consent_note",
        &column(carers, |carer| carer.id.0),
        &column(carers, |carer| carer.contact_ref.as_str()) as _,
        &column(carers, |carer| carer.fields.title.as_ref().map(|title| title.expose().as_str())) as _,
        &column(carers, |carer| carer.fields.surname.expose().as_str()) as _,
        &column(carers, |carer| carer.fields.forename.expose().as_str()) as _,
        &column(carers, |carer| carer.fields.language.as_str()) as _,
        &column(carers, |carer| carer.fields.format.as_str()) as _,
        &column(carers, |carer| carer.fields.interpreter.as_ref().map(|text| text.expose().as_str())) as _,
        &column(carers, |carer| carer.fields.best_times.as_ref().map(|text| text.expose().as_str())) as _,
        &column(carers, |carer| carer.fields.address_confidential),
        &column(carers, |carer| carer.fields.contact_consent_note.as_ref().map(|text| text.expose().as_str())) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn links(connection: &mut PgConnection, links: &[LinkWrite]) -> Result<(), StoreError> {
    if links.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into link (id, carer_id, pupil_id, relationship, priority, parental_responsibility, lives_with_pupil,
                           receives_correspondence, receives_reports, emergency_contact)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int2[], $6::text[], $7::bool[],
                              $8::bool[], $9::bool[], $10::bool[])
         on conflict (id) do update set
             relationship = excluded.relationship, priority = excluded.priority,
             parental_responsibility = excluded.parental_responsibility, lives_with_pupil = excluded.lives_with_pupil,
             receives_correspondence = excluded.receives_correspondence, receives_reports = excluded.receives_reports,
             emergency_contact = excluded.emergency_contact, missing_since = null",
        &column(links, |link| link.id.0),
        &column(links, |link| link.carer.0),
        &column(links, |link| link.pupil.0),
        &column(links, |link| link.fields.relationship.as_str()) as _,
        &column(links, |link| link.fields.priority),
        &column(links, |link| link.fields.parental_responsibility.as_str()) as _,
        &column(links, |link| link.fields.lives_with_pupil),
        &column(links, |link| link.fields.receives_correspondence),
        &column(links, |link| link.fields.receives_reports),
        &column(links, |link| link.fields.emergency_contact),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn missing(connection: &mut PgConnection, changes: &Changes, at: Timestamp) -> Result<(), StoreError> {
    if changes.missing.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update link set missing_since = $2 where id = any($1) and missing_since is null",
        &column(&changes.missing, |link| link.0),
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn restrictions(
    connection: &mut PgConnection,
    restrictions: &[NewRestriction],
    at: Timestamp,
) -> Result<(), StoreError> {
    if restrictions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into restriction (id, link_id, kind, starts, ends, note_ref, recorded_at, recorded_by)
         select id, link_id, kind, starts, ends, note_ref, $7, 'import'
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::text[])
             as new (id, link_id, kind, starts, ends, note_ref)",
        &column(restrictions, |new| new.id.0),
        &column(restrictions, |new| new.link.0),
        &column(restrictions, |new| new.written.restriction.kind.as_str()) as _,
        &column(restrictions, |new| day(new.written.restriction.starts)) as _,
        &column(restrictions, |new| day(new.written.restriction.ends)) as _,
        &column(restrictions, |new| new.written.note_ref.as_deref()) as _,
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn note_refs(connection: &mut PgConnection, changes: &Changes) -> Result<(), StoreError> {
    if changes.note_refs.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update restriction set note_ref = new.note_ref
         from unnest($1::uuid[], $2::text[]) as new (id, note_ref) where restriction.id = new.id",
        &column(&changes.note_refs, |(id, _)| id.0),
        &column(&changes.note_refs, |(_, note_ref)| note_ref.as_str()) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn reviews(connection: &mut PgConnection, reviews: &[Review], at: Timestamp) -> Result<(), StoreError> {
    if reviews.is_empty() {
        return Ok(());
    }
    let why = |review: &Review| {
        format!("An import would have loosened a restriction ({}); it was kept.", review.kind)
    };
    sqlx::query!(
        "insert into task (id, kind, role, carer_id, pupil_id, why, due, state, created_at)
         select id, 'review_restriction', 'dsl', carer_id, pupil_id, why, $5, 'open', $6
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as new (id, carer_id, pupil_id, why)",
        &column(reviews, |review| review.task.0),
        &column(reviews, |review| review.carer.0),
        &column(reviews, |review| review.pupil.0),
        &column(reviews, why),
        Day(school_date(at)) as _,
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn addresses(connection: &mut PgConnection, changes: &Changes) -> Result<(), StoreError> {
    if changes.addresses.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into address (id, kind, value) select * from unnest($1::uuid[], $2::text[], $3::text[])",
        &column(&changes.addresses, |address| address.id.0),
        &column(&changes.addresses, |address| address.kind.as_str()) as _,
        &column(&changes.addresses, |address| address.value.expose().as_str()) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn uses(connection: &mut PgConnection, uses: &[AddressUse], at: Timestamp) -> Result<(), StoreError> {
    if uses.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into carer_address (carer_id, address_id, position, added_at)
         select carer_id, address_id, position, $4
         from unnest($1::uuid[], $2::uuid[], $3::int2[]) as new (carer_id, address_id, position)
         on conflict (carer_id, address_id) do update set position = excluded.position, removed_at = null",
        &column(uses, |one| one.carer.0),
        &column(uses, |one| one.address.0),
        &column(uses, |one| one.position),
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn unused(connection: &mut PgConnection, changes: &Changes, at: Timestamp) -> Result<(), StoreError> {
    if changes.unused.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update carer_address set removed_at = $3
         from unnest($1::uuid[], $2::uuid[]) as gone (carer_id, address_id)
         where carer_address.carer_id = gone.carer_id and carer_address.address_id = gone.address_id",
        &column(&changes.unused, |(carer, _)| carer.0),
        &column(&changes.unused, |(_, address)| address.0),
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A colleague's preference stays even if it was set since the comparison.
async fn preferences(
    connection: &mut PgConnection,
    preferences: &[PreferenceWrite],
    at: Timestamp,
) -> Result<(), StoreError> {
    if preferences.is_empty() {
        return Ok(());
    }
    // An array of arrays cannot be unnested by its outer dimension; routes travel as words with spaces.
    let routes =
        |one: &PreferenceWrite| one.routes.iter().map(|route| route.as_str()).collect::<Vec<_>>().join(" ");
    sqlx::query!(
        "insert into preference (carer_id, purpose, routes, source, set_at)
         select carer_id, purpose, string_to_array(routes, ' '), 'import', $4
         from unnest($1::uuid[], $2::text[], $3::text[]) as new (carer_id, purpose, routes)
         on conflict (carer_id, purpose) do update set routes = excluded.routes, set_at = excluded.set_at
         where preference.source = 'import'",
        &column(preferences, |one| one.carer.0),
        &column(preferences, |one| one.purpose.as_str()) as _,
        &column(preferences, routes),
        Ts(at) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
