//! The only place with SQL. One file per group of tables.
//!
//! Functions work on the connection they are given; the flow that calls them decides where a transaction begins and
//! ends. They return domain types; a row that makes no sense is an error that names it.

pub mod absences;
pub mod accounts;
pub mod addresses;
pub mod announced;
pub mod announcements;
pub mod answers;
pub mod ask_again;
pub mod attachments;
pub mod audits;
pub mod carers;
pub mod case_deeds;
pub mod case_lists;
pub mod cases;
pub mod chronology;
pub mod clocks;
pub mod cluster;
pub mod colleagues;
pub mod complaint_lists;
pub mod complaints;
pub mod conflicts;
pub mod contacts;
pub mod coverage;
pub mod daemons;
pub mod desk;
pub mod diverted;
pub mod doubt;
pub mod drafts;
pub mod entries;
mod error;
pub mod explain;
pub mod facts;
pub mod figures;
pub mod inbox;
pub mod key_items;
pub mod leader;
pub mod letters;
pub mod life;
pub mod matching;
pub mod milestones;
pub mod newsletters;
pub mod notices;
pub mod outbox;
pub mod outbox_list;
pub mod people;
pub mod play;
pub mod probes;
pub mod proposals;
pub mod questions;
pub mod raw_copy;
pub mod readings;
pub mod receipts;
pub mod record_drops;
pub mod recording;
pub mod roll;
mod schema;
pub mod seals;
pub mod search;
pub mod second_person;
pub mod standard;
pub mod tasks;
pub mod templates;
pub mod text_parts;
pub mod texts_of_month;
pub mod today;
pub mod translations;
pub(crate) mod types;
pub mod updates;
pub mod versions;
pub mod week;

use std::time::Duration;

pub use error::StoreError;
pub use schema::{MIGRATOR, applied, migrate, remove_database};
use sqlx::{
    Executor, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::domain::ids::StaffId;

/// A transaction; dropped without `commit` it undoes all that was done in it.
pub type Tx = Transaction<'static, Postgres>;

/// The database, by a pool of connections that work as `liaison_daemon`.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Opens a pool of at most `connections`. Connects at first use, and again after a loss.
    pub fn open(options: PgConnectOptions, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_mins(5))
            // A parked connection that died shows at its first statement; asking each time costs a round trip.
            .test_before_acquire(false)
            .after_connect(|connection, _| Box::pin(async move { work_as_daemon(connection).await }))
            .connect_lazy_with(options);
        Self { pool }
    }

    /// Begins a transaction.
    ///
    /// The pool does not test parked connections, and after a restart of Postgres all of them are dead: each that turns
    /// out to be is dropped and the next is tried, until a new one is made or none can be.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let mut parked = self.pool.size();
        loop {
            match self.pool.begin().await {
                Ok(tx) => return Ok(tx),
                Err(sqlx::Error::PoolTimedOut) => {
                    return Err(StoreError::from_driver(&sqlx::Error::PoolTimedOut));
                }
                Err(error) => {
                    let error = StoreError::from_driver(&error);
                    if parked == 0 || !error.is_away() {
                        return Err(error);
                    }
                    parked -= 1;
                }
            }
        }
    }

    /// A connection outside any transaction, for reading.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Postgres>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        if sqlx::Connection::ping(&mut *connection).await.is_err() {
            drop(connection.detach());
            connection = self.pool.acquire().await?;
        }
        Ok(connection)
    }

    /// Begins reading as a colleague: what they may not see is not there (row-level security), and nothing can be written.
    /// All of it is one snapshot.
    pub async fn as_colleague(&self, staff: StaffId) -> Result<Tx, StoreError> {
        let mut tx = self.begin().await?;
        // An id has no characters that mean anything to SQL. One round trip for all of it.
        let work_as = format!(
            "set transaction isolation level repeatable read read only; set local role liaison_staff; \
             set local plan_cache_mode = auto; set local liaison.staff = '{}'",
            staff.0
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(work_as)).execute(&mut *tx).await?;
        Ok(tx)
    }

    /// The pool, for the listener and for tests.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Proves that the database answers and is migrated to what this program expects.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        schema::expect_current(&mut connection).await
    }

    /// Closes every connection; waits for the ones in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes a transaction that has just begun read one snapshot, however long it takes, and write nothing.
pub async fn one_snapshot(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute("set transaction isolation level repeatable read read only").await?;
    Ok(())
}

async fn work_as_daemon(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("set role liaison_daemon").await?;
    connection.execute("set time zone 'UTC'").await?;
    // Every statement is prepared and takes arrays; planning each group anew costs more than the group itself.
    connection.execute("set plan_cache_mode = force_generic_plan").await?;
    connection.execute("set jit = off").await?;
    Ok(())
}
