//! One suite over a SQLite file, SQLite in memory and, where `COUPLET_TEST_POSTGRES` names a server on which databases may
//! be created, PostgreSQL.

mod advice;
mod check;
mod errors;
mod framework;
mod full_text;
mod migrate;
mod models;
mod plan;
mod pool;
mod session;
mod statistics;
mod tokens;
mod tokens_postgres;
mod tokens_sqlite;
mod values;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sea_query::{Value, Values};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use super::{Database, DatabaseOptions, Executor, Meter, Transaction};
use crate::error::{Error, Location, Result};
use crate::metrics::Metrics;
use crate::sql::{Dialect, Statement, Verb};

/// A fresh database.
struct Fixture {
    database: Database,
    options: DatabaseOptions,
    metrics: Arc<Metrics>,
    made: Made,
}

enum Made {
    Memory,
    Folder(PathBuf),
    Postgres { server: String, name: String },
}

impl Fixture {
    async fn new(made: Made, change: fn(&mut DatabaseOptions)) -> Self {
        let url = match &made {
            Made::Memory => "sqlite::memory:".to_owned(),
            Made::Folder(folder) => format!("sqlite://{}/deep/app.db", folder.display()),
            Made::Postgres { server, name } => {
                let (start, _) = server.rsplit_once('/').expect("a database in the URL");
                format!("{start}/{name}")
            }
        };
        let mut options = options(url);
        change(&mut options);
        let metrics = metrics();
        let database = Database::connect(options.clone(), Arc::clone(&metrics)).await.expect("connected");
        Self { database, options, metrics, made }
    }

    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// A statement that runs until it is stopped.
    fn endless(&self) -> Statement {
        select(match self.dialect() {
            Dialect::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            Dialect::Postgres => "SELECT count(*) FROM generate_series(1, 1000000000000)",
        })
    }

    async fn run(&self, sql: &str) -> Result<u64> {
        self.database.session().execute(&statement(sql, Verb::Other, [])).await
    }

    async fn count(&self, table: &str) -> i64 {
        let rows = self.database.session().fetch(&select(&format!("SELECT count(*) FROM {table}"))).await;
        rows.expect("counted").row(0).i64(0).expect("an integer").expect("not NULL")
    }

    /// Removes the database. A test that fails leaves it for a look.
    async fn remove(self) {
        self.database.close().await;
        drop(self.database);
        match self.made {
            Made::Memory => {}
            Made::Folder(folder) => std::fs::remove_dir_all(folder).expect("removed"),
            Made::Postgres { server, name } => {
                let mut connection = PgConnection::connect(&server).await.expect("connected");
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                connection.execute(AssertSqlSafe(drop)).await.expect("dropped");
            }
        }
    }
}

/// Runs `test` on every database.
async fn on_each(test: impl AsyncFn(&Fixture)) {
    on_each_with(|_| {}, test).await;
}

/// As [`on_each`], with options of its own.
async fn on_each_with(change: fn(&mut DatabaseOptions), test: impl AsyncFn(&Fixture)) {
    for made in every() {
        if let Made::Postgres { server, name } = &made {
            let mut connection = PgConnection::connect(server).await.expect("connected");
            connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("created");
        }
        let fixture = Fixture::new(made, change).await;
        test(&fixture).await;
        fixture.remove().await;
    }
}

fn every() -> Vec<Made> {
    let id = Uuid::now_v7().simple();
    let folder = std::env::temp_dir().join(format!("couplet-test-{id}"));
    let mut made = vec![Made::Memory, Made::Folder(folder)];
    if let Ok(server) = std::env::var("COUPLET_TEST_POSTGRES") {
        made.push(Made::Postgres { server, name: format!("couplet_test_{id}") });
    }
    made
}

fn options(url: String) -> DatabaseOptions {
    DatabaseOptions {
        url,
        pool_size: 3,
        max_overflow: 1,
        pool_timeout: Duration::from_secs(5),
        pool_idle_timeout: Duration::from_secs(3600),
        pool_recycle: Duration::from_secs(3600),
        slow_query_threshold: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(5),
    }
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new("test").expect("the table is valid"))
}

fn statement(sql: &str, verb: Verb, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement { sql: sql.to_owned(), values: Values(values.into_iter().collect()), verb, model: "Test" }
}

fn select(sql: &str) -> Statement {
    statement(sql, Verb::Select, [])
}

fn insert(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    statement(sql, Verb::Insert, values)
}

/// The places and codes of an error's mistakes.
fn mistakes(error: &Error) -> Vec<(String, &'static str)> {
    let (Error::Conflict(mistakes) | Error::Invalid(mistakes)) = error else {
        panic!("neither conflict nor invalid: {error}");
    };
    let at = |at: &Location| match at {
        Location::Pointer(pointer) => pointer.clone(),
        Location::Parameter(name) => name.clone(),
        Location::Request => String::new(),
    };
    mistakes.iter().map(|mistake| (at(&mistake.at), mistake.code)).collect()
}
