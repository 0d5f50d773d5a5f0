//! What the database can say no to, in words an operator can act on.

/// An error from the database. The text never holds a value from a row: rows are personal.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or went away in the middle: whatever was begun is undone; try again.
    #[error("the database cannot be reached ({0}); Liaison goes on when it answers again")]
    Away(String),
    /// A named constraint refused.
    #[error("the database refused: {}", sentence(.0))]
    Constraint(String),
    /// The schema is older or newer than this program.
    #[error("{0}")]
    Schema(String),
    /// A stored row makes no sense.
    #[error("table {table}, column {column}, row {row}: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: String,
        /// What is wrong with it.
        why: String,
    },
    /// Anything else the driver or server reports.
    #[error("the database reported {0}")]
    Driver(String),
}

impl StoreError {
    /// Whether the database is away, so that trying again later may help.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// A row that makes no sense.
    pub(crate) fn row(
        table: &'static str,
        column: &'static str,
        row: impl std::fmt::Display,
        why: impl std::fmt::Display,
    ) -> Self {
        Self::Row { table, column, row: row.to_string(), why: why.to_string() }
    }

    /// Reads a driver's error without keeping values: `detail` of a server error repeats the row.
    pub(crate) fn from_driver(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(server) => {
                let code = server.code().unwrap_or_default();
                match server.constraint() {
                    Some(name) => Self::Constraint(name.to_owned()),
                    // Class 57P: shutting down or starting; class 08: connection; 53300: too many connections.
                    None if code.starts_with("57P") || code.starts_with("08") || code == "53300" => {
                        Self::Away(format!("it answered {code}"))
                    }
                    // Class 22, data exceptions: the server's sentence repeats the value it could not take.
                    None if code.starts_with("22") => {
                        Self::Driver(format!("error {code}: a value that does not fit"))
                    }
                    None => Self::Driver(format!("error {code}: {}", server.message())),
                }
            }
            sqlx::Error::Io(io) => Self::Away(io.kind().to_string()),
            sqlx::Error::PoolTimedOut => Self::Away("no connection within 5 seconds".to_owned()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Away("the connection was closed".to_owned())
            }
            sqlx::Error::Protocol(_) => {
                Self::Away("the connection broke off in the middle of an answer".to_owned())
            }
            sqlx::Error::Tls(_) => {
                Self::Driver("a TLS failure: check the certificate and sslmode".to_owned())
            }
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Driver(format!("a value it cannot read in column {index}"))
            }
            other => Self::Driver(format!("{:?}", std::mem::discriminant(other))),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::from_driver(&error)
    }
}

/// The sentence for a constraint, by its name.
fn sentence(constraint: &str) -> String {
    match constraint {
        "update_once" => "there is already an update for this pupil and week",
        "delivery_once" => "this carer already has a message about this by this route",
        "link_once" => "this carer and pupil are already linked",
        "update_body_not_blank" => "an update needs words",
        "restriction_dates_in_order" => "a restriction ends before it starts",
        other => return format!("the rule {other}"),
    }
    .to_owned()
}
