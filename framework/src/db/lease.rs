//! A connection that is in use, and what is known of its state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Object};

use super::connection::Connection;
use super::error::{self, Refused};
use super::pool::{Manager, PING_TIMEOUT};
use super::surplus;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::model::RowSet;
use crate::sql::{Dialect, Statement};

/// What the server may be late by before its connection is given up.
const GRACE: Duration = Duration::from_millis(250);

/// A connection that is in use. Dropped it goes back to the pool, or is closed where its state is not known.
pub(super) struct Lease {
    object: Option<Object<Manager>>,
    phase: Phase,
    limit: Option<Duration>,
    // Dropped last, when the connection is back.
    #[expect(dead_code, reason = "counts by being there")]
    in_use: InUse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between statements.
    Idle,
    /// Between statements of a transaction.
    Transaction,
    /// In a transaction of which a statement, a write or a hook failed: it can only be rolled back.
    Failed,
    /// In the middle of a statement, or after one that left the connection unusable.
    Busy,
}

impl Lease {
    /// `limit` is the time that one statement may take.
    pub(super) fn new(object: Object<Manager>, limit: Duration, metrics: Arc<Metrics>) -> Self {
        Self { object: Some(object), phase: Phase::Idle, limit: Some(limit), in_use: InUse::new(metrics) }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.connection().dialect()
    }

    /// Takes the time limit from the statements to come, for DDL and for waiting until another instance is done with it.
    pub(super) fn without_time_limit(&mut self) {
        self.limit = None;
    }

    pub(super) async fn fetch(&mut self, statement: &Statement) -> Result<Box<dyn RowSet>> {
        let phase = self.start()?;
        let outcome = within(self.patience(), self.connection_mut().fetch(statement)).await;
        self.finish(phase, outcome)
    }

    /// As [`Lease::fetch`], for so long. SQLite is interrupted then. PostgreSQL ends what it executes when it sees that nobody
    /// listens any more, so the connection is lost: to tell it the limit would take two statements more, also of each that
    /// keeps to it.
    pub(super) async fn fetch_within(&mut self, statement: &Statement, limit: Duration) -> Result<Box<dyn RowSet>> {
        let limit = self.limit.map_or(limit, |usual| usual.min(limit));
        let phase = self.start()?;
        self.connection().limit(Some(limit));
        let patience = if self.dialect() == Dialect::Sqlite { limit + GRACE } else { limit };
        let outcome = within(Some(patience), self.connection_mut().fetch(statement)).await;
        self.finish(phase, outcome)
    }

    /// Whether other statements can be executed.
    pub(super) fn is_usable(&self) -> bool {
        self.phase != Phase::Busy
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        let phase = self.start()?;
        let outcome = within(self.patience(), self.connection_mut().execute(statement)).await;
        self.finish(phase, outcome)
    }

    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        let phase = self.start()?;
        let outcome = within(self.patience(), self.connection_mut().batch(sql)).await;
        self.finish(phase, outcome)
    }

    pub(super) async fn ping(&mut self) -> Result<()> {
        let phase = self.start()?;
        let outcome = within(Some(PING_TIMEOUT), self.connection_mut().ping()).await;
        self.finish(phase, outcome)
    }

    /// Begins to write and stops at once, which a read-only file refuses; to begin alone it would allow.
    pub(super) async fn check_writable(&mut self) -> Result<()> {
        if self.dialect() == Dialect::Sqlite {
            self.batch("BEGIN IMMEDIATE; CREATE TABLE _couplet_probe (probe); ROLLBACK").await?;
        }
        Ok(())
    }

    pub(super) async fn begin(&mut self) -> Result<()> {
        // A transaction that reads first and writes later would be refused at its first write.
        let begin = if self.dialect() == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.batch(begin).await?;
        self.phase = Phase::Transaction;
        Ok(())
    }

    /// Of what the transaction is to do, something failed that was no statement.
    pub(super) fn fail(&mut self) {
        if self.phase == Phase::Transaction {
            self.phase = Phase::Failed;
        }
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        if self.phase == Phase::Failed {
            // PostgreSQL would answer COMMIT with a rollback and no error.
            let _ = self.rollback().await;
            return Err(Refused::new(
                "a statement, a write or a hook of the transaction failed, so it was rolled back",
            )
            .into());
        }
        self.batch("COMMIT").await?;
        self.phase = Phase::Idle;
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Result<()> {
        if self.phase == Phase::Busy {
            return Ok(()); // the connection will be closed, and the database rolls back itself
        }
        match self.batch("ROLLBACK").await {
            Ok(()) => self.phase = Phase::Idle,
            // SQLite rolls back itself after some errors. The connection is closed, to be sure.
            Err(Error::Database(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Runs migrations, which have a protocol of their own with the driver.
    pub(super) fn raw(&mut self) -> Result<&mut Connection> {
        self.start()?;
        self.connection().limit(None);
        Ok(self.connection_mut())
    }

    /// After [`Lease::raw`]: all went well.
    pub(super) fn settled(&mut self) {
        self.phase = Phase::Idle;
    }

    fn start(&mut self) -> Result<Phase> {
        if self.phase == Phase::Busy {
            return Err(Error::Unavailable("the connection was lost by an earlier statement".to_owned()));
        }
        self.connection().limit(self.limit);
        Ok(std::mem::replace(&mut self.phase, Phase::Busy))
    }

    fn finish<T>(&mut self, phase: Phase, outcome: Option<sqlx::Result<T>>) -> Result<T> {
        match outcome {
            Some(Ok(value)) => {
                self.phase = phase;
                Ok(value)
            }
            Some(Err(error)) => {
                if error::leaves_connection_usable(&error) {
                    self.phase = if phase == Phase::Idle { Phase::Idle } else { Phase::Failed };
                } else {
                    self.forget_idle();
                }
                Err(error::on_statement(error))
            }
            None => Err(Error::DeadlineExceeded),
        }
    }

    /// After one connection was lost, so are most likely those that wait in the pool, as when the server restarted: one
    /// request fails, not one for each of them.
    fn forget_idle(&self) {
        if let Some(pool) = self.object.as_ref().and_then(Object::pool) {
            drop(pool.retain(|_, _| false));
        }
    }

    /// The server ends a statement in time; this is for one that does not answer at all.
    fn patience(&self) -> Option<Duration> {
        self.limit.map(|limit| limit + GRACE)
    }

    fn connection(&self) -> &Connection {
        self.object.as_ref().expect("only drop takes it")
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self.object.as_mut().expect("only drop takes it")
    }
}

async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        let now = Instant::now();
        object.idle_since = now;
        let pool = Object::pool(&object);
        let is_old = |pool: &managed::Pool<Manager>| now - object.opened >= pool.manager().recycle_at;
        if self.phase != Phase::Idle || pool.as_ref().is_none_or(is_old) {
            drop(Object::take(object));
        } else if let Some(pool) = pool {
            drop(object);
            surplus::watch(&pool);
        }
    }
}

/// Counts a connection that is in use for as long as it lives, so that a cancelled request is counted off as well.
struct InUse {
    metrics: Arc<Metrics>,
}

impl InUse {
    fn new(metrics: Arc<Metrics>) -> Self {
        metrics.db_pool_connections_in_use.inc();
        metrics.db_pool_connections_available.dec();
        Self { metrics }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.metrics.db_pool_connections_in_use.dec();
        self.metrics.db_pool_connections_available.inc();
    }
}
