//! How the database gets its tables: by migrations, or from the structs where they are missing.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection as _, Executor as _, SqlSafeStr as _, SqliteConnection};

use super::database::Database;
use super::error;
use super::full_text;
use super::inspect::{self, Found};
use super::pool::Opener;
use super::sqlite::BUSY_TIMEOUT;
use super::tokens;
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::model::ModelMeta;
use crate::sql::{Dialect, Migration, schema};

/// The lock under which tables are made and filled; any number that no one else has.
const LOCK: &str = "SELECT pg_advisory_xact_lock(6077204437361923)";

const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(6077204437361923)";

/// How long an instance waits for another one that migrates the same SQLite file.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(60);

/// Runs the migrations for this database that have not run yet, in the order of their versions. Instances that start
/// together wait for each other.
///
/// # Errors
///
/// [`Error::Startup`]: a migration fails, one that ran was changed since, or one that ran is missing in the list.
pub async fn run(database: &Database, migrations: &[Migration]) -> Result<()> {
    let of_dialect = migrations.iter().filter(|migration| migration.dialect == database.dialect());
    let migrations: Vec<&Migration> = of_dialect.collect();
    let migrator = Migrator::with_migrations(migrations.iter().map(|migration| for_sqlx(migration)).collect());
    let refused = |error| refused(error, &migrations);
    let others = if is_pending(database, &migrations).await? { hold_off_others(database).await? } else { None };
    if is_pending(database, &migrations).await? {
        // A migration that fails at the triggers says so itself.
        if let Err(error) = tokens::loosen(database).await {
            tracing::warn!(%error, "triggers that name columns cannot be loosened before migrations run");
        }
    }
    let outcome = match database.opener() {
        Opener::Postgres(opener) => {
            let opened = opener.open_unlimited().await;
            let mut connection = opened.map_err(|error| error::on_connect(error, &database.target()))?;
            let outcome = migrator.run_direct(None, &mut connection, false).await;
            // Also after an error, since the migrator then still holds its lock.
            let _ = connection.close().await;
            outcome.map_err(refused)
        }
        Opener::Sqlite(_) => {
            let mut lease = database.acquire(true).await?;
            let Some(connection) = lease.raw()?.as_sqlite() else { return Ok(()) };
            run_on_sqlite(&migrator, connection).await.map(|()| lease.settled()).map_err(refused)
        }
    };
    if let Some(others) = others {
        others.commit().await?;
    }
    outcome
}

/// Whether one of these has not run yet.
async fn is_pending(database: &Database, migrations: &[&Migration]) -> Result<bool> {
    if migrations.is_empty() {
        return Ok(false);
    }
    let exists = match database.dialect() {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'",
        Dialect::Postgres => "SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL",
    };
    let mut session = database.session();
    if session.fetch_aside(&inspect::statement(exists.to_owned(), Vec::new())).await?.len() == 0 {
        return Ok(true);
    }
    let versions = "SELECT version FROM _sqlx_migrations";
    let rows = session.fetch_aside(&inspect::statement(versions.to_owned(), Vec::new())).await?;
    let ran: Vec<Option<i64>> = (0..rows.len()).map(|index| rows.row(index).i64(0).ok().flatten()).collect();
    Ok(!migrations.iter().all(|migration| ran.contains(&Some(migration.version))))
}

fn for_sqlx(migration: &Migration) -> sqlx::migrate::Migration {
    let kind = sqlx::migrate::MigrationType::Simple;
    let sql = migration.sql.into_sql_str();
    sqlx::migrate::Migration::new(migration.version, migration.description.into(), kind, sql, false)
}

/// In one transaction, since sqlx's migrator has no lock on SQLite.
async fn run_on_sqlite(migrator: &Migrator, connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    wait_for_locks(connection, WAIT_FOR_OTHERS).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    wait_for_locks(connection, BUSY_TIMEOUT).await?;
    Ok(())
}

async fn wait_for_locks(connection: &mut SqliteConnection, time: Duration) -> sqlx::Result<()> {
    let sql = format!("PRAGMA busy_timeout = {}", time.as_millis());
    connection.execute(sqlx::AssertSqlSafe(sql)).await.map(drop)
}

fn refused(error: MigrateError, migrations: &[&Migration]) -> Error {
    let named = |version| match migrations.iter().find(|migration| migration.version == version) {
        // Only its author knows with how many zeros the file's name begins.
        Some(migration) => format!("migration {version} (…{version}_{}.sql)", migration.description.replace(' ', "_")),
        None => format!("migration {version}"),
    };
    Error::Startup(match error {
        MigrateError::ExecuteMigration(error, version) => {
            format!("{} fails: {}", named(version), error::on_statement(error))
        }
        MigrateError::VersionMismatch(version) => {
            format!("{} was changed after it ran; restore its file and write a new migration", named(version))
        }
        MigrateError::VersionMissing(version) => {
            format!("migration {version} ran on this database, and this binary does not have it; restore its file")
        }
        MigrateError::Execute(error) => return error::on_statement(error),
        other => other.to_string(),
    })
}

/// Makes the tables of `models` that do not exist, with their keys and indexes, and the full-text indexes that are missing or
/// made for other columns, in one transaction. Instances that start together wait for each other. Else a table that exists is
/// left as it is: [`check`](super::check::check) says what it lacks.
///
/// Answers the names of what it made.
///
/// # Errors
///
/// The database refuses a statement.
pub async fn create_missing(database: &Database, models: &[&'static ModelMeta]) -> Result<Vec<String>> {
    let dialect = database.dialect();
    let mut transaction = database.begin().await?;
    transaction.without_time_limit();
    wait_for_others(&mut transaction).await?;
    // A view may refer to tables that are only made now, and cannot be asked for before.
    let mut missing: Vec<_> = models.iter().copied().filter(|model| model.creates_table()).collect();
    let there = inspect::tables(&mut transaction.session(), &missing).await?;
    missing.retain(|model| there.of(model).is_none());
    for statement in schema::create(&missing, models, dialect) {
        transaction.batch(&statement).await?;
    }
    let mut made: Vec<String> = missing.iter().map(|model| model.table.to_owned()).collect();
    let lacks = full_text::lacks(&mut transaction.session(), models).await?;
    for lack in lacks.iter().filter(|lack| there.of(lack.model).is_some_and(|found| has_texts(lack.model, found))) {
        for statement in &lack.mend {
            transaction.batch(statement).await?;
        }
        made.push(format!("full-text index of {}", lack.model.table));
    }
    transaction.commit().await?;
    Ok(made)
}

/// Whether a table has the columns that its index is made of; what it lacks else is told by the check.
fn has_texts(model: &ModelMeta, found: &[Found]) -> bool {
    model.search_columns().all(|column| found.iter().any(|found| found.name.eq_ignore_ascii_case(column.name)))
}

/// Waits until no other instance makes or fills tables, and holds them off for as long as the transaction lives. `None`
/// where that cannot be: on SQLite, where a second writer is refused, and in a pool of one connection.
///
/// # Errors
///
/// No connection can be had.
pub async fn hold_off_others(database: &Database) -> Result<Option<Transaction>> {
    if database.dialect() == Dialect::Sqlite || database.max_connections() < 2 {
        return Ok(None);
    }
    let mut transaction = database.begin().await?;
    transaction.without_time_limit();
    wait_for_others(&mut transaction).await?;
    Ok(Some(transaction))
}

pub(super) async fn wait_for_others(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Postgres {
        transaction
            .batch(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                 SET LOCAL idle_in_transaction_session_timeout = 0",
            )
            .await?;
    }
    lock(transaction).await
}

/// Goes on only if no other instance makes or fills tables.
pub(super) async fn unless_others(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let rows = transaction.session().fetch_aside(&inspect::statement(TRY_LOCK.to_owned(), Vec::new())).await?;
    match rows.row(0).bool(0).map_err(|source| Error::Decode { model: "schema", source })? {
        Some(true) => Ok(()),
        _ => Err(Error::Serialization("another instance makes or fills tables".to_owned())),
    }
}

/// Waits as long as one statement may.
pub(super) async fn lock(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Postgres {
        transaction.batch(LOCK).await?;
    }
    Ok(())
}
