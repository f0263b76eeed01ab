//! How a SQLite database is opened.

use std::cmp::Ordering;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Memory};
use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::connection::Connection;
use crate::error::{Error, Result};
use crate::sql::schema::DECIMAL_COLLATION;

/// How long SQLite waits for a lock that another process holds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Rows that the thread of a connection may be ahead of the task that reads them.
const ROW_BUFFER: usize = 512;

/// Instructions of SQLite's machine between two looks at the clock, well under a millisecond.
const INSTRUCTIONS_PER_LOOK: i32 = 4096;

/// How the connections of one pool are opened.
pub(super) struct SqliteOpener {
    options: SqliteConnectOptions,
    writes: bool,
    /// A database in memory lives as long as one connection to it; this one is never handed out.
    anchor: Option<OnceCell<SqliteConnection>>,
}

impl SqliteOpener {
    /// The opener of the connection that writes.
    pub(super) fn writer(url: &str) -> Result<Self> {
        let options = parse(url)?;
        let in_memory = is_in_memory(url);
        let options = if in_memory { memory(options) } else { options.journal_mode(SqliteJournalMode::Wal) };
        let options = options.create_if_missing(true).synchronous(SqliteSynchronous::Normal);
        Ok(Self { options: common(options), writes: true, anchor: in_memory.then(OnceCell::new) })
    }

    /// The opener of connections that only read; `None` in memory, where one connection does both, since readers and the
    /// writer would lock each other out.
    pub(super) fn reader(url: &str) -> Result<Option<Self>> {
        if is_in_memory(url) {
            return Ok(None);
        }
        let options = parse(url)?.create_if_missing(false).pragma("query_only", "ON");
        Ok(Some(Self { options: common(options), writes: false, anchor: None }))
    }

    pub(super) async fn open(&self) -> sqlx::Result<Connection> {
        if self.options.get_filename().is_dir() {
            let text = "it is a folder; name a file in it, as in `sqlite://data/app.db`";
            return Err(sqlx::Error::Configuration(text.into()));
        }
        if let Some(anchor) = &self.anchor {
            anchor.get_or_try_init(|| self.options.connect()).await?;
        } else if self.writes
            && let Some(folder) = self.options.get_filename().parent()
        {
            let made = tokio::fs::create_dir_all(folder).await;
            made.map_err(|error| sqlx::Error::Configuration(format!("its folder cannot be made: {error}").into()))?;
        }
        let mut connection = self.options.connect().await?;
        let watch = Watch::new();
        let seen = Arc::clone(&watch.deadline);
        let started = watch.started;
        let goes_on = move || nanoseconds(started.elapsed()) < seen.load(Memory::Relaxed);
        connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS_PER_LOOK, goes_on);
        Ok(Connection::sqlite(connection, watch))
    }

    /// The file, for messages.
    pub(super) fn file(&self) -> &Path {
        self.options.get_filename()
    }
}

/// Interrupts what a connection executes: at a deadline, and when the connection is dropped.
pub(super) struct Watch {
    started: Instant,
    deadline: Arc<AtomicU64>,
}

impl Watch {
    fn new() -> Self {
        Self { started: Instant::now(), deadline: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    pub(super) fn limit(&self, time: Option<Duration>) {
        let deadline = time.map_or(u64::MAX, |time| nanoseconds(self.started.elapsed().saturating_add(time)));
        self.deadline.store(deadline, Memory::Relaxed);
    }
}

/// The connection's thread outlives the connection by the statement that it executes: nobody waits for that one.
impl Drop for Watch {
    fn drop(&mut self) {
        self.deadline.store(0, Memory::Relaxed);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn parse(url: &str) -> Result<SqliteConnectOptions> {
    SqliteConnectOptions::from_str(url)
        .map_err(|error| Error::Configuration(format!("database.url cannot be read: {error}; write `sqlite://path`")))
}

fn is_in_memory(url: &str) -> bool {
    let database = url.trim_start_matches("sqlite:").trim_start_matches("//");
    database.starts_with(":memory:") || database.contains("mode=memory")
}

/// SQLite's own file system in memory: unlike a shared cache, a lock makes others wait instead of failing.
fn memory(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.in_memory(false).shared_cache(false).filename(format!("/couplet-{}", Uuid::now_v7())).vfs("memdb")
}

fn common(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        .collation(DECIMAL_COLLATION, compare_decimals)
        .disable_statement_logging()
}

/// Decimals by value and before all other text: a collation must be a total order.
fn compare_decimals(left: &str, right: &str) -> Ordering {
    match (Decimal::from_str(left), Decimal::from_str(right)) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_by_value_and_come_before_other_text() {
        let mut values = ["x", "10", "9.5", "-1", "", "9.50", "100"];
        values.sort_by(|left, right| compare_decimals(left, right));
        assert_eq!(values, ["-1", "9.5", "9.50", "10", "100", "", "x"]);
    }

    #[test]
    fn memory_is_seen_in_every_spelling() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:file.db?mode=memory"] {
            assert!(is_in_memory(url), "{url}");
        }
        assert!(!is_in_memory("sqlite://data/memory.db"));
    }
}
