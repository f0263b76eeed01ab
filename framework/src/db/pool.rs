//! A pool that closes what it cannot trust.
//!
//! sqlx's own pool pings the server at every release: one round trip more for each statement, and a slot that is lost to
//! a server that does not answer. Here a connection is pinged only after it was idle, and one that was left in the middle
//! of a statement is closed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType};
use deadpool::{Runtime, managed::PoolConfig};

use super::connection::Connection;
use super::database::DatabaseOptions;
use super::error;
use super::lease::Lease;
use super::postgres::PostgresOpener;
use super::sqlite::SqliteOpener;
use super::surplus::Surplus;
use crate::error::{Error, Result};
use crate::metrics::Metrics;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const PING_TIMEOUT: Duration = Duration::from_millis(500);
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);

/// Connections of one kind.
pub(super) struct Pool {
    connections: managed::Pool<Manager>,
    metrics: Arc<Metrics>,
    max: usize,
    options: Arc<DatabaseOptions>,
    /// What waits here, for messages.
    what: &'static str,
}

/// How a connection is opened.
pub(super) enum Opener {
    Sqlite(SqliteOpener),
    Postgres(PostgresOpener),
}

impl Pool {
    /// A pool of `max` connections at most, of which `keep` stay open however long they are idle.
    pub(super) fn new(
        opener: Opener,
        keep: usize,
        max: usize,
        what: &'static str,
        options: &Arc<DatabaseOptions>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self> {
        let surplus = Surplus::new(keep, options.pool_idle_timeout);
        let manager = Manager { opener, surplus, recycle_at: options.pool_recycle };
        let config = PoolConfig { queue_mode: QueueMode::Lifo, ..PoolConfig::new(max) };
        let connections = managed::Pool::builder(manager)
            .config(config)
            .wait_timeout(Some(options.pool_timeout))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(PING_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(Error::other)?;
        let size = gauge(max);
        metrics.db_pool_max_connections.add(size);
        metrics.db_pool_connections_available.add(size);
        Ok(Self { connections, metrics: Arc::clone(metrics), max, options: Arc::clone(options), what })
    }

    /// Takes a connection out of the pool, or opens one.
    pub(super) async fn acquire(&self) -> Result<Lease> {
        let started = Instant::now();
        let object = self.connections.get().await.map_err(|error| self.refused(error))?;
        self.metrics.db_pool_wait_seconds.observe(started.elapsed().as_secs_f64());
        Ok(Lease::new(object, self.options.statement_timeout, Arc::clone(&self.metrics)))
    }

    fn refused(&self, error: PoolError<sqlx::Error>) -> Error {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => {
                self.metrics.db_pool_exhausted_total.inc();
                let (what, waited, max) = (self.what, self.options.pool_timeout, self.max);
                Error::Unavailable(match max {
                    1 => format!(
                        "the one {what} did not come free within {waited:?}; a transaction of this request may hold it: \
                         pass `&mut transaction`"
                    ),
                    _ => format!("no {what} came free within {waited:?}; all {max} are in use"),
                })
            }
            PoolError::Timeout(_) => Error::Unavailable(format!("{} does not answer", self.target())),
            PoolError::Closed => Error::Unavailable("the pool is closed".to_owned()),
            PoolError::Backend(error) => error::on_connect(error, &self.target()),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                Error::Unavailable("the pool cannot open connections".to_owned())
            }
        }
    }

    pub(super) fn opener(&self) -> &Opener {
        &self.connections.manager().opener
    }

    pub(super) fn target(&self) -> String {
        match self.opener() {
            Opener::Sqlite(opener) => opener.file().display().to_string(),
            Opener::Postgres(opener) => opener.server(),
        }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// How many connections are open.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.connections.status().size
    }

    /// Closes idle connections now and the others when they come back; nobody gets one any more.
    pub(super) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        close_all(idle).await;
    }
}

/// Says goodbye to the server for each of them.
pub(super) async fn close_all(connections: Vec<Connection>) {
    for connection in connections {
        // A server that does not answer finds the socket closed.
        let _ = tokio::time::timeout(PING_TIMEOUT, connection.close()).await;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let size = gauge(self.max);
        self.metrics.db_pool_max_connections.sub(size);
        self.metrics.db_pool_connections_available.sub(size);
    }
}

fn gauge(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

pub(super) struct Manager {
    opener: Opener,
    pub(super) surplus: Surplus,
    pub(super) recycle_at: Duration,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Connection> {
        // Boxed, since it is rare: every future that waits for a connection would be 10 KB larger, and is moved several times.
        match &self.opener {
            Opener::Sqlite(opener) => Box::pin(opener.open()).await,
            Opener::Postgres(opener) => Box::pin(opener.open()).await,
        }
    }

    async fn recycle(&self, connection: &mut Connection, _: &managed::Metrics) -> RecycleResult<sqlx::Error> {
        if connection.opened.elapsed() >= self.recycle_at {
            return Err(RecycleError::message("old"));
        }
        if connection.idle_since.elapsed() >= PING_AFTER_IDLE {
            Box::pin(connection.ping()).await?;
        }
        Ok(())
    }
}
