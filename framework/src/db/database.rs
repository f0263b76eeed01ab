//! The handle of a database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::cache_secret::{self, CacheSecret};
use super::data::Data;
use super::execute::Recorder;
use super::framework;
use super::frequent::Frequent;
use super::lease::Lease;
use super::pool::{Opener, PING_TIMEOUT, Pool};
use super::postgres::PostgresOpener;
use super::session::Session;
use super::sqlite::SqliteOpener;
use super::tokens::{self, Held};
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::events::{Bus, Subscription};
use crate::metrics::Metrics;
use crate::query::CursorKeys;
use crate::sql::Dialect;
use crate::sql::token::Known;

/// How a database is reached.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// `sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/name`.
    pub url: String,
    /// Connections that are kept however long they are idle.
    pub pool_size: usize,
    /// Connections beyond `pool_size` that may be opened under load.
    pub max_overflow: usize,
    /// How long a request waits for a connection. On SQLite it is also how long one writer waits for the others, since
    /// they take turns on one connection: a write that would wait longer is better refused than queued.
    pub pool_timeout: Duration,
    /// How long a connection beyond `pool_size` is kept when it is idle, at least; at most twice as long.
    pub pool_idle_timeout: Duration,
    /// Age at which a connection is closed when it comes back.
    pub pool_recycle: Duration,
    /// Statements that take longer are logged and counted.
    pub slow_query_threshold: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

/// Without the URL, which holds a password.
impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseOptions")
            .field("pool_size", &self.pool_size)
            .field("max_overflow", &self.max_overflow)
            .field("pool_timeout", &self.pool_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_recycle", &self.pool_recycle)
            .field("slow_query_threshold", &self.slow_query_threshold)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// The handle of a database; cheap to clone.
///
/// A SQLite file has one connection that writes and others that read beside it. A SQLite database in memory has one
/// connection for both: outside of an open transaction, nothing can be read until it ends.
///
/// # Examples
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use couplet::{db::{Database, DatabaseOptions}, metrics::Metrics};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// let options = DatabaseOptions {
///     url: "sqlite::memory:".to_owned(),
///     pool_size: 20,
///     max_overflow: 10,
///     pool_timeout: Duration::from_secs(1),
///     pool_idle_timeout: Duration::from_secs(30),
///     pool_recycle: Duration::from_secs(3600),
///     slow_query_threshold: Duration::from_millis(100),
///     statement_timeout: Duration::from_secs(5),
/// };
/// let database = Database::connect(options, Arc::new(Metrics::new("1.0.0")?)).await?;
/// let transaction = database.begin().await?;
/// transaction.commit().await?;
/// database.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    data: Data,
}

struct Inner {
    dialect: Dialect,
    /// Every connection of PostgreSQL, the one writer of SQLite.
    main: Pool,
    /// Those of a SQLite file that only read.
    readers: Option<Pool>,
    recorder: Recorder,
    frequent: Frequent,
    cursor_keys: OnceCell<CursorKeys>,
    cache_secret: OnceCell<CacheSecret>,
    /// Whether the framework's own tables are there.
    own_tables: OnceCell<()>,
    /// Which tables have tokens.
    tokens: Held,
    changes: Bus,
    /// Work that goes on when nobody waits for it any more.
    work: TaskTracker,
}

impl Database {
    /// Opens a pool and one connection, so that a wrong URL is seen at once. A SQLite file and its folders are created.
    ///
    /// # Errors
    ///
    /// The URL cannot be read, or the database not reached; the message never shows the password. A server that may come
    /// back is [`Error::Unavailable`]; what a person must mend is [`Error::Configuration`] or [`Error::Startup`].
    pub async fn connect(options: DatabaseOptions, metrics: Arc<Metrics>) -> Result<Self> {
        let database = Self::lazy(options, metrics)?;
        database.inner.main.acquire().await?.check_writable().await.map_err(|error| match error {
            Error::Database(error) => {
                Error::Startup(format!("{} cannot be written: {error}", database.inner.main.target()))
            }
            other => other,
        })?;
        Ok(database)
    }

    /// A pool that opens its first connection when it is asked for one, for an app that starts before its database.
    ///
    /// # Errors
    ///
    /// The URL cannot be read.
    pub fn lazy(options: DatabaseOptions, metrics: Arc<Metrics>) -> Result<Self> {
        let max = options.pool_size.saturating_add(options.max_overflow).max(1);
        let options = Arc::new(options);
        let pool = |opener, keep, max, what| Pool::new(opener, keep, max, what, &options, &metrics);
        let (dialect, main, readers) = if options.url.starts_with("sqlite:") {
            let writer = Opener::Sqlite(SqliteOpener::writer(&options.url)?);
            let readers = match SqliteOpener::reader(&options.url)? {
                Some(reader) => {
                    let (keep, max) = (options.pool_size.saturating_sub(1).max(1), (max - 1).max(1));
                    Some(pool(Opener::Sqlite(reader), keep, max, "connection")?)
                }
                None => None,
            };
            (Dialect::Sqlite, pool(writer, 1, 1, "writing connection")?, readers)
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            let opener = Opener::Postgres(PostgresOpener::new(&options.url, options.statement_timeout)?);
            (Dialect::Postgres, pool(opener, options.pool_size, max, "connection")?, None)
        } else {
            return Err(Error::Configuration(
                "database.url names no database that is known; write `sqlite://path`, `sqlite::memory:` or \
                 `postgres://user:password@host/name`"
                    .to_owned(),
            ));
        };
        let recorder = Recorder::new(metrics, options.slow_query_threshold);
        let (cursor_keys, cache_secret) = (OnceCell::new(), OnceCell::new());
        let (own_tables, tokens) = (OnceCell::new(), Held::default());
        let (changes, work) = (Bus::default(), TaskTracker::new());
        let inner = Inner {
            dialect,
            main,
            readers,
            recorder,
            frequent: Frequent::default(),
            cursor_keys,
            cache_secret,
            own_tables,
            tokens,
            changes,
            work,
        };
        Ok(Self { inner: Arc::new(inner), data: Data::default() })
    }

    /// The database's language.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Signs cursors with these keys, and not with the one that the database keeps. Without effect once a cursor was given
    /// out.
    pub fn sign_cursors_with(&self, keys: CursorKeys) {
        // A cell that is full stays as it is, which is what the documentation says.
        let _ = self.inner.cursor_keys.set(keys);
    }

    /// The keys under which cursors are signed. If no other ones were given, the first call reads the key that all instances
    /// share from the framework's own tables, which are made where they are missing.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, or its user may not make the tables.
    pub async fn cursor_keys(&self) -> Result<&CursorKeys> {
        // Boxed: it runs once, and otherwise the future of every query would hold it, deeper than the compiler follows.
        let read = async || Ok(CursorKeys::new(&Box::pin(framework::cursor_key(self)).await?, []));
        self.inner.cursor_keys.get_or_try_init(read).await
    }

    /// A secret that all instances share, by its name. It is kept in the framework's own tables, and made where there is none.
    ///
    /// # Errors
    ///
    /// As [`Database::cursor_keys`].
    pub async fn shared_secret(&self, name: &str) -> Result<Vec<u8>> {
        framework::shared_secret(self, name).await
    }

    /// What stores beside this database, shared by its instances, keep its values under. The first call reads it; two databases
    /// never have the same, also where one is a copy of the other.
    ///
    /// # Errors
    ///
    /// As [`Database::cursor_keys`].
    pub async fn cache_secret(&self) -> Result<&CacheSecret> {
        self.inner.cache_secret.get_or_try_init(|| cache_secret::read(self)).await
    }

    /// The same, if it is known without asking.
    pub(crate) fn known_cache_secret(&self) -> Option<&CacheSecret> {
        self.inner.cache_secret.get()
    }

    /// The keys, if they are known without asking.
    pub(super) fn known_cursor_keys(&self) -> Option<&CursorKeys> {
        self.inner.cursor_keys.get()
    }

    /// The same database with a value for the hooks of writes through this handle, in place of another one of its type.
    /// [`App::data`](crate::App::data) does so for an app.
    #[must_use]
    pub fn with_data<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.data = self.data.with(value);
        self
    }

    /// The value of that type.
    ///
    /// # Errors
    ///
    /// There is none; the text names the type.
    pub fn data<T: Send + Sync + 'static>(&self) -> Result<&T> {
        self.data.get()
    }

    /// The value of that type, if there is one.
    pub(crate) fn find_data<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.data.find()
    }

    /// A session that takes a connection with its first statement and keeps it until it is dropped.
    #[must_use]
    pub fn session(&self) -> Session<'_> {
        Session::of_pool(self)
    }

    /// Begins a transaction; on SQLite it takes the one writer at once.
    ///
    /// # Errors
    ///
    /// No connection can be had.
    pub async fn begin(&self) -> Result<Transaction> {
        Transaction::begin(self.clone()).await
    }

    /// Makes the framework's own tables where they are missing; asks the database once.
    ///
    /// # Errors
    ///
    /// As [`framework::migrate`].
    pub async fn own_tables(&self) -> Result<()> {
        // Boxed, as above.
        self.inner.own_tables.get_or_try_init(|| Box::pin(framework::migrate(self))).await.map(drop)
    }

    /// Which tables have tokens, where that is known.
    #[must_use]
    pub fn tokens(&self) -> Option<Arc<Known>> {
        self.inner.tokens.known()
    }

    /// Has the tables looked at again in a task of its own, after tokens were missing or a statement failed at them. However often
    /// it is called, there is one look at a time and at most one a second.
    pub fn doubt_tokens(&self) {
        tokens::look_again(self);
    }

    /// From now on these tables have tokens.
    pub(super) fn set_tokens(&self, known: Option<Arc<Known>>) {
        self.inner.tokens.set(known);
    }

    pub(super) fn held_tokens(&self) -> &Held {
        &self.inner.tokens
    }

    /// Comes back once the database is closed and all work is done.
    pub(super) async fn closed(&self) {
        self.inner.work.wait().await;
    }

    /// Listens for changes that are made through this handle or a clone of it, from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.inner.changes.subscribe()
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    ///
    /// It is not, or it does not answer in time.
    pub async fn ping(&self) -> Result<()> {
        self.acquire(false).await?.ping().await
    }

    /// Runs work in a task that goes on when the caller is dropped; [`Database::close`] waits for it.
    pub fn carry_through<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.inner.work.spawn(work)
    }

    /// Waits for work that was begun, then closes the idle connections, and the others when they come back. Nothing can be
    /// executed afterwards.
    pub async fn close(&self) {
        self.inner.work.close();
        self.inner.work.wait().await;
        // What holds the writer still may keep it: the next start makes up for it.
        let _ = tokio::time::timeout(PING_TIMEOUT, self.make_statistics()).await;
        // The writer last: the connection that closes a SQLite file last folds the log into it.
        if let Some(readers) = &self.inner.readers {
            readers.close().await;
        }
        self.inner.main.close().await;
    }

    /// A connection that may write, or one that need not.
    pub(super) async fn acquire(&self, writes: bool) -> Result<Lease> {
        match &self.inner.readers {
            Some(readers) if !writes => readers.acquire().await,
            _ => self.inner.main.acquire().await,
        }
    }

    /// How many connections may be open.
    pub(super) fn max_connections(&self) -> usize {
        self.pools().map(Pool::max).sum()
    }

    /// How many connections are open, idle or in use.
    #[cfg(test)]
    pub(super) fn open_connections(&self) -> usize {
        self.pools().map(Pool::open).sum()
    }

    fn pools(&self) -> impl Iterator<Item = &Pool> {
        std::iter::once(&self.inner.main).chain(&self.inner.readers)
    }

    pub(super) fn changes(&self) -> &Bus {
        &self.inner.changes
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    pub(super) fn frequent(&self) -> &Frequent {
        &self.inner.frequent
    }

    pub(super) fn opener(&self) -> &Opener {
        self.inner.main.opener()
    }

    pub(super) fn target(&self) -> String {
        self.inner.main.target()
    }
}
