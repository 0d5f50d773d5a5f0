//! The embedded migrations, and whether the database is at them.

use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use super::StoreError;

/// The migrations compiled into this program, forward-only.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Brings the database up to this program, as the owner that `options` names. Safe to run at any time, by several at
/// once (they wait for each other); returns how many migrations were applied now.
pub async fn migrate(options: &PgConnectOptions) -> Result<usize, StoreError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let before = applied(&mut connection).await?.len();
    MIGRATOR.run(&mut connection).await.map_err(|error| migration_error(&error))?;
    let after = applied(&mut connection).await?.len();
    connection.close().await?;
    Ok(after.saturating_sub(before))
}

/// Removes the database `liaison` with all that is in it, cutting off whoever is connected: for the demo, which starts
/// clean. `options` name another database of the same server.
pub async fn remove_database(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::raw_sql("drop database if exists liaison with (force)").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// The versions applied so far.
pub async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
        .fetch_all(connection)
        .await?)
}

/// `Err` with a sentence when the schema is older or newer than this program.
pub(super) async fn expect_current(connection: &mut PgConnection) -> Result<(), StoreError> {
    let newest: i64 = sqlx::query_scalar("select liaison_schema_version()")
        .fetch_one(connection)
        .await
        .map_err(|error| match StoreError::from_driver(&error) {
            StoreError::Away(why) => StoreError::Away(why),
            _ => {
                StoreError::Schema("the database has no Liaison tables yet: run `liaison migrate`".to_owned())
            }
        })?;
    let wanted = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
    match newest.cmp(&wanted) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(StoreError::Schema(format!(
            "the database is at {newest} and needs {wanted}: run `liaison migrate`"
        ))),
        std::cmp::Ordering::Greater => Err(StoreError::Schema(format!(
            "the database is at {newest}, this program only knows {wanted}: install the newer Liaison"
        ))),
    }
}

fn migration_error(error: &sqlx::migrate::MigrateError) -> StoreError {
    use sqlx::migrate::MigrateError;
    match error {
        MigrateError::VersionMismatch(version) => StoreError::Schema(format!(
            "migration {version} was changed after it was applied: install the released program, or restore the database"
        )),
        MigrateError::VersionMissing(version) => StoreError::Schema(format!(
            "the database has migration {version}, which this program does not know: install the newer Liaison"
        )),
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
            match StoreError::from_driver(inner) {
                StoreError::Driver(why) if why.contains("42501") => StoreError::Schema(format!(
                    "the database user may not do this ({why}); let the owner of the database run `liaison migrate`, \
                     with the right to create roles"
                )),
                other => other,
            }
        }
        other => StoreError::Schema(format!("the migrations did not run: {other}")),
    }
}
