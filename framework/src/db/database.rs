//! The handle of a database.

use std::sync::Arc;
use std::time::Duration;

use super::session::Session;
use super::transaction::Transaction;
use crate::error::Result;
use crate::metrics::Metrics;
use crate::sql::Dialect;

/// How a database is reached.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// `sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/name`.
    pub url: String,
    /// Connections that are kept when they are idle.
    pub pool_size: usize,
    /// Connections beyond `pool_size` that may be opened under load.
    pub max_overflow: usize,
    /// How long a request waits for a connection.
    pub pool_timeout: Duration,
    /// Age at which a connection is closed when it comes back.
    pub pool_recycle: Duration,
    /// Statements that take longer are logged and counted.
    pub slow_query_threshold: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

/// The handle of a database; cheap to clone.
#[derive(Clone)]
pub struct Database {}

impl Database {
    /// Opens a pool and one connection, so that a wrong URL is seen at once. A SQLite file and its folders are created.
    ///
    /// # Errors
    ///
    /// The URL cannot be read, or the database not reached; the message never shows the password.
    pub async fn connect(options: DatabaseOptions, metrics: Arc<Metrics>) -> Result<Self> {
        todo!()
    }

    /// The database's language.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        todo!()
    }

    /// A session that takes a connection with its first statement and keeps it until it is dropped.
    #[must_use]
    pub fn session(&self) -> Session<'_> {
        todo!()
    }

    /// Begins a transaction; on SQLite it takes the one writer at once.
    ///
    /// # Errors
    ///
    /// No connection can be had.
    pub async fn begin(&self) -> Result<Transaction> {
        todo!()
    }
}
