//! What a request reads through.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::database::Database;
use super::execute;
use super::framework;
use super::lease::Lease;
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::events::Change;
use crate::model::RowSet;
use crate::query::CursorKeys;
use crate::sql::token::Known;
use crate::sql::{Dialect, Statement, Verb};

/// Executes statements one after the other on one connection: a transaction's, or one of the pool that is taken with the
/// first statement and given back when the session is dropped.
///
/// Outside of a transaction a session may write as well, each statement for itself. On SQLite it then changes to the one
/// connection that writes.
pub struct Session<'a> {
    source: Source<'a>,
    depth: u8,
}

enum Source<'a> {
    Pool { database: &'a Database, held: Option<Held> },
    Transaction(&'a mut Transaction),
}

struct Held {
    lease: Lease,
    writes: bool,
}

impl<'a> Session<'a> {
    pub(super) fn of_pool(database: &'a Database) -> Self {
        Self { source: Source::Pool { database, held: None }, depth: 0 }
    }

    pub(super) fn of_transaction(transaction: &'a mut Transaction) -> Self {
        Self { source: Source::Transaction(transaction), depth: 0 }
    }

    /// How many writes this one lies within: a hook of a write may write, and so may the hooks of that.
    pub(crate) fn depth(&self) -> u8 {
        self.depth
    }

    /// The session of a write that lies within `depth` others.
    pub(crate) fn at_depth(self, depth: u8) -> Self {
        Self { depth, ..self }
    }

    /// The transaction that the session is in.
    pub(crate) fn transaction(&mut self) -> Option<&mut Transaction> {
        match &mut self.source {
            Source::Pool { .. } => None,
            Source::Transaction(transaction) => Some(transaction),
        }
    }

    /// The database's language.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.source {
            Source::Pool { database, .. } => database.dialect(),
            Source::Transaction(transaction) => transaction.dialect(),
        }
    }

    /// Executes a statement that answers with rows.
    ///
    /// # Errors
    ///
    /// No connection can be had, or the database refuses the statement; see [`Error`].
    pub async fn fetch(&mut self, statement: &Statement) -> Result<Box<dyn RowSet>> {
        execute::admit(statement)?;
        let (database, lease) = self.lease(statement.verb).await?;
        database.recorder().fetch(lease, statement).await
    }

    /// As [`Session::fetch`], for a statement that may be executed again and again with the same values.
    ///
    /// # Errors
    ///
    /// As [`Session::fetch`].
    pub(crate) async fn fetch_often(&mut self, statement: &Statement) -> Result<Box<dyn RowSet>> {
        execute::admit(statement)?;
        let (database, lease) = self.lease(statement.verb).await?;
        match database.frequent().planned_once(statement, database.dialect()) {
            Some(planned) => database.recorder().fetch_as(lease, statement, &planned).await,
            None => database.recorder().fetch(lease, statement).await,
        }
    }

    /// Executes a statement and answers how many rows it changed.
    ///
    /// # Errors
    ///
    /// As [`Session::fetch`].
    pub async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        execute::admit(statement)?;
        let (database, lease) = self.lease(statement.verb).await?;
        database.recorder().execute(lease, statement).await
    }

    /// Executes a statement of the framework's own: it is no statement of the request, and not counted as one.
    ///
    /// # Errors
    ///
    /// As [`Session::fetch`].
    pub(crate) async fn fetch_aside(&mut self, statement: &Statement) -> Result<Box<dyn RowSet>> {
        let (_, lease) = self.lease(statement.verb).await?;
        lease.fetch(statement).await
    }

    /// As [`Session::fetch`], and with waiting for a connection it may take so long. A statement that takes longer is
    /// ended on the server, and the session then goes on with another connection where it has to.
    ///
    /// # Errors
    ///
    /// [`Error::DeadlineExceeded`] if it took longer, and as [`Session::fetch`].
    pub(crate) async fn fetch_within(&mut self, statement: &Statement, limit: Duration) -> Result<Box<dyn RowSet>> {
        execute::admit(statement)?;
        self.limited(statement, limit, true).await
    }

    /// As [`Session::fetch_aside`], within a time as [`Session::fetch_within`].
    ///
    /// # Errors
    ///
    /// As [`Session::fetch_within`].
    pub(crate) async fn fetch_aside_within(
        &mut self,
        statement: &Statement,
        limit: Duration,
    ) -> Result<Box<dyn RowSet>> {
        self.limited(statement, limit, false).await
    }

    async fn limited(&mut self, statement: &Statement, limit: Duration, counts: bool) -> Result<Box<dyn RowSet>> {
        let until = Instant::now() + limit;
        let leased = timeout_at(until, self.lease(statement.verb)).await;
        let (database, lease) = leased.map_err(|_| Error::DeadlineExceeded)??;
        let left = until.saturating_duration_since(Instant::now());
        let outcome = match counts {
            true => database.recorder().fetch_within(lease, statement, left).await,
            false => lease.fetch_within(statement, left).await,
        };
        if !lease.is_usable() {
            self.release();
        }
        outcome
    }

    /// The value of that type that came with the database's handle.
    pub(crate) fn data<T: Send + Sync + 'static>(&self) -> Option<&T> {
        match &self.source {
            Source::Pool { database, .. } => database.find_data(),
            Source::Transaction(transaction) => transaction.handle().find_data(),
        }
    }

    /// The database, where the session is not in a transaction.
    pub(crate) fn pooled(&self) -> Option<&'a Database> {
        match &self.source {
            Source::Pool { database, .. } => Some(database),
            Source::Transaction(_) => None,
        }
    }

    /// Gives the connection back, for as long as the session waits for something else than the database. A transaction keeps its
    /// own.
    pub(crate) fn release(&mut self) {
        if let Source::Pool { held, .. } = &mut self.source {
            *held = None;
        }
    }

    /// Which tables have tokens. None where they must not be relied on: inside a transaction, which sees what others do not.
    pub(crate) fn tokens(&self) -> Option<Arc<Known>> {
        match &self.source {
            Source::Pool { database, .. } => database.tokens(),
            Source::Transaction(_) => None,
        }
    }

    /// Has the tables looked at again; see [`Database::doubt_tokens`].
    pub(crate) fn doubt_tokens(&self) {
        if let Source::Pool { database, .. } = &self.source {
            database.doubt_tokens();
        }
    }

    /// The keys under which cursors are signed, if they are known without asking the database.
    #[must_use]
    pub fn known_cursor_keys(&self) -> Option<&CursorKeys> {
        match &self.source {
            Source::Pool { database, .. } => database.known_cursor_keys(),
            Source::Transaction(transaction) => transaction.handle().known_cursor_keys(),
        }
    }

    /// The keys under which cursors are signed; see [`Database::cursor_keys`]. Asking for them is no statement of a request.
    ///
    /// # Errors
    ///
    /// As [`Database::cursor_keys`].
    pub async fn cursor_keys(&mut self) -> Result<CursorKeys> {
        if let Some(keys) = self.known_cursor_keys() {
            return Ok(keys.clone());
        }
        match &mut self.source {
            Source::Pool { database, held } => {
                // There may be no second connection.
                *held = None;
                database.cursor_keys().await.cloned()
            }
            // Not kept: the transaction may be rolled back, and a key that it made with it.
            Source::Transaction(transaction) => Ok(CursorKeys::new(&framework::cursor_key_in(transaction).await?, [])),
        }
    }

    /// Tells of a change: when the transaction is committed, or at once where there is none.
    pub fn note(&mut self, change: Change) {
        match &mut self.source {
            Source::Transaction(transaction) => transaction.note(change),
            Source::Pool { database, .. } => database.changes().publish(change),
        }
    }

    async fn lease(&mut self, verb: Verb) -> Result<(&Database, &mut Lease)> {
        match &mut self.source {
            Source::Transaction(transaction) => Ok(transaction.parts()),
            Source::Pool { database, held } => {
                let writes = verb != Verb::Select;
                if held.as_ref().is_some_and(|held| writes && !held.writes) {
                    *held = None;
                }
                let held = match held {
                    Some(held) => held,
                    None => held.insert(Held { lease: database.acquire(writes).await?, writes }),
                };
                Ok((database, &mut held.lease))
            }
        }
    }
}

/// What statements can run on: `&Database` or `&mut Transaction`. The last argument of every call.
///
/// A call that only reads takes the [`session`](Executor::session). One that writes asks for the
/// [`database`](Executor::database) first and begins a transaction of its own if there is one:
///
/// ```
/// use couplet::db::{Executor, Transaction};
///
/// async fn write<'a>(executor: impl Executor<'a>) -> couplet::Result<()> {
///     match executor.database() {
///         Some(database) => {
///             let mut transaction = database.begin().await?;
///             write_in(&mut transaction.session()).await?;
///             transaction.commit().await
///         }
///         None => write_in(&mut executor.session()).await,
///     }
/// }
/// # async fn write_in(_: &mut couplet::db::Session<'_>) -> couplet::Result<()> { Ok(()) }
/// ```
pub trait Executor<'a>: Send {
    /// The session that the statements of one call share.
    fn session(self) -> Session<'a>;
    /// The database handle, where the call may open a transaction of its own; `None` inside the caller's.
    fn database(&self) -> Option<Database>;
}

impl<'a> Executor<'a> for &'a Database {
    fn session(self) -> Session<'a> {
        self.session()
    }

    fn database(&self) -> Option<Database> {
        Some((*self).clone())
    }
}

impl<'a> Executor<'a> for &'a mut Transaction {
    fn session(self) -> Session<'a> {
        self.session()
    }

    fn database(&self) -> Option<Database> {
        None
    }
}
