//! One connection, whatever the database.

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use sea_query::Value;
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, Sqlite, SqliteConnection};
use tracing::Dispatch;
use tracing::dispatcher::with_default;

use super::row::Rows;
use super::sqlite::Watch;
use crate::model::RowSet;
use crate::sql::{Dialect, Statement};

/// One connection of a pool.
pub(super) struct Connection {
    driver: Driver,
    pub(super) opened: Instant,
    pub(super) idle_since: Instant,
}

enum Driver {
    Sqlite { connection: SqliteConnection, watch: Watch },
    Postgres(PgConnection),
}

impl Connection {
    pub(super) fn sqlite(connection: SqliteConnection, watch: Watch) -> Self {
        Self::new(Driver::Sqlite { connection, watch })
    }

    pub(super) fn postgres(connection: PgConnection) -> Self {
        Self::new(Driver::Postgres(connection))
    }

    fn new(driver: Driver) -> Self {
        let now = Instant::now();
        Self { driver, opened: now, idle_since: now }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.driver {
            Driver::Sqlite { .. } => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Lets SQLite interrupt what runs when the time is over; PostgreSQL has a setting of the connection for that.
    pub(super) fn limit(&self, time: Option<Duration>) {
        if let Driver::Sqlite { watch, .. } = &self.driver {
            watch.limit(time);
        }
    }

    pub(super) async fn fetch(&mut self, statement: &Statement) -> sqlx::Result<Box<dyn RowSet>> {
        let (sql, values) = prepare(statement)?;
        Ok(match &mut self.driver {
            Driver::Sqlite { connection, .. } => {
                let rows = sqlx::query_with::<Sqlite, _>(sql, values).fetch_all(connection);
                Box::new(Rows(outside_of_spans(rows).await?))
            }
            Driver::Postgres(connection) => {
                let rows = sqlx::query_with::<Postgres, _>(sql, values).fetch_all(connection);
                Box::new(Rows(outside_of_spans(rows).await?))
            }
        })
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> sqlx::Result<u64> {
        let (sql, values) = prepare(statement)?;
        Ok(match &mut self.driver {
            Driver::Sqlite { connection, .. } => {
                sqlx::query_with::<Sqlite, _>(sql, values).execute(connection).await?.rows_affected()
            }
            Driver::Postgres(connection) => {
                sqlx::query_with::<Postgres, _>(sql, values).execute(connection).await?.rows_affected()
            }
        })
    }

    /// Executes statements without values, such as BEGIN or DDL.
    pub(super) async fn batch(&mut self, sql: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.driver {
            Driver::Sqlite { connection, .. } => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Driver::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    pub(super) async fn ping(&mut self) -> sqlx::Result<()> {
        match &mut self.driver {
            Driver::Sqlite { connection, .. } => connection.ping().await,
            Driver::Postgres(connection) => connection.ping().await,
        }
    }

    /// Says goodbye to the server and waits until the connection is closed.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        match self.driver {
            Driver::Sqlite { connection, .. } => connection.close().await,
            Driver::Postgres(connection) => connection.close().await,
        }
    }

    pub(super) fn as_sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match &mut self.driver {
            Driver::Sqlite { connection, .. } => Some(connection),
            Driver::Postgres(_) => None,
        }
    }
}

/// Lets the driver begin where no span is current. It enters the span that it began in twice for each row, which costs as much as
/// reading the row does; what it logs later is in the span of the request all the same.
async fn outside_of_spans<F: Future>(work: F) -> F::Output {
    let (mut work, mut has_begun) = (pin!(work), false);
    poll_fn(|context| match std::mem::replace(&mut has_begun, true) {
        false => with_default(&Dispatch::none(), || work.as_mut().poll(context)),
        true => work.as_mut().poll(context),
    })
    .await
}

fn prepare(statement: &Statement) -> sqlx::Result<(AssertSqlSafe<String>, SqlxValues)> {
    // The binder would panic at these.
    if statement.values.iter().any(|value| matches!(value, Value::BigUnsigned(Some(n)) if i64::try_from(*n).is_err())) {
        return Err(sqlx::Error::InvalidArgument("a number is beyond the largest i64".to_owned()));
    }
    Ok((AssertSqlSafe(statement.sql.clone()), SqlxValues(statement.values.clone())))
}
