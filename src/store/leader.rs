//! What one daemon at a time does: the caretaker's round, the sealer, a channel with an exact pace.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::StoreError;

/// A session-level advisory lock on a connection of its own. The lock dies with the connection, so each question asks
/// that very connection; another daemon takes over within seconds of a death.
#[derive(Debug)]
pub struct Leader {
    pool: PgPool,
    duty: String,
    connection: Option<PgConnection>,
}

impl Leader {
    /// A candidate for a duty, such as `caretaker` or `channel:texts`.
    pub fn new(pool: &PgPool, duty: impl Into<String>) -> Self {
        Self { pool: pool.clone(), duty: duty.into(), connection: None }
    }

    /// Whether the duty is ours now.
    pub async fn is_ours(&mut self) -> Result<bool, StoreError> {
        if let Some(connection) = &mut self.connection {
            if connection.ping().await.is_ok() {
                return Ok(true);
            }
            self.connection = None;
        }
        let mut connection = self.pool.acquire().await?.detach();
        // The first half of the key is ours alone; the second tells the duties apart.
        let ours = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock(1279869267, hashtext($1)) as "ours!""#,
            self.duty
        )
        .fetch_one(&mut connection)
        .await?;
        if ours {
            self.connection = Some(connection);
        } else {
            let _ = connection.close().await;
        }
        Ok(ours)
    }

    /// Lets the duty go.
    pub async fn resign(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
    }
}
