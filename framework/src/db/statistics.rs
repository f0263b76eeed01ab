//! What SQLite knows of its tables. PostgreSQL looks after that itself.

use super::database::Database;
use super::tokens;
use crate::error::Result;
use crate::sql::Dialect;

/// Looks at a few hundred rows of each index, and only of tables that have grown or shrunk much since they were looked at
/// last: milliseconds, however large the database is (<https://sqlite.org/pragma.html#pragma_optimize>).
const OPTIMIZE: &str = "PRAGMA analysis_limit = 400; PRAGMA optimize = 0x10002";

impl Database {
    /// Lets SQLite count what its indexes hold, so that it takes the one that finds the fewest rows. An app does so at its start
    /// and when it closes the database; one that grows from nothing while it runs may do so once more.
    pub async fn optimize(&self) {
        if self.dialect() == Dialect::Postgres {
            return;
        }
        if let Err(error) = self.make_statistics().await {
            // Another process may write, or the file be read-only: then it stays as it is.
            tracing::debug!(%error, "SQLite has made no statistics");
        }
        // The first statistics are a table of their own, which makes the schema another one than the tokens rely on.
        if let Err(error) = tokens::look_at_once(self).await {
            tracing::debug!(%error, "the tables cannot be looked at now");
        }
    }

    /// Makes statistics of SQLite.
    pub(super) async fn make_statistics(&self) -> Result<()> {
        match self.dialect() {
            Dialect::Sqlite => self.acquire(true).await?.batch(OPTIMIZE).await,
            Dialect::Postgres => Ok(()),
        }
    }
}
