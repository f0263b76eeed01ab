//! The framework's own tables: in the schema `_couplet` on PostgreSQL, `_couplet_*` on SQLite.
//!
//! They have migrations of their own, apart from the app's, which run first at the start of an app. A [`Database`] without
//! an app runs them when something needs a table of theirs. Nothing here is counted as a statement of a request.

use sea_query::{Value, Values};

use super::database::Database;
use super::migrate;
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::model::RowSet;
use crate::sql::token::expression;
use crate::sql::{Dialect, Statement, Verb};

/// One step; what it does on each database.
struct Step {
    sqlite: &'static str,
    postgres: &'static str,
}

/// The steps in their order. Their places are their versions, so steps are only ever added at the end, and one that was
/// released is never changed.
const STEPS: &[Step] = &[
    // What instances share and nobody else may know, by name.
    Step {
        sqlite: "CREATE TABLE _couplet_secrets (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        postgres: "CREATE TABLE _couplet.secrets (name text PRIMARY KEY, value bytea NOT NULL)",
    },
    // Answers of writes that came with an Idempotency-Key. `caller` is kept for when there are principals.
    Step {
        sqlite: "CREATE TABLE _couplet_idempotency_keys (id BLOB NOT NULL PRIMARY KEY, caller TEXT NOT NULL, \
                 fingerprint BLOB NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, \
                 expires_at INTEGER NOT NULL) WITHOUT ROWID; \
                 CREATE INDEX _couplet_idempotency_keys_expires_at_idx ON _couplet_idempotency_keys (expires_at)",
        postgres: "CREATE TABLE _couplet.idempotency_keys (id bytea PRIMARY KEY, caller text NOT NULL, \
                   fingerprint bytea NOT NULL, status smallint NOT NULL, headers text NOT NULL, body bytea NOT NULL, \
                   expires_at bigint NOT NULL); \
                   CREATE INDEX idempotency_keys_expires_at_idx ON _couplet.idempotency_keys (expires_at)",
    },
    // What `tokens` makes the rest from: the classes that some version of the app has asked for, and, on PostgreSQL, what is
    // empty after a crash and tells the tokens from before from those after.
    Step {
        sqlite: "CREATE TABLE _couplet_tokens (class TEXT NOT NULL PRIMARY KEY, nonce BLOB NOT NULL) WITHOUT ROWID; \
                 CREATE TABLE _couplet_token_classes (\"table\" TEXT NOT NULL, \"column\" TEXT NOT NULL, \
                 format INTEGER NOT NULL, PRIMARY KEY (\"table\", \"column\")) WITHOUT ROWID",
        postgres: "CREATE TABLE _couplet.token_classes (\"table\" text, \"column\" text, format bigint NOT NULL, \
                   PRIMARY KEY (\"table\", \"column\")); \
                   CREATE UNLOGGED TABLE _couplet.epoch (one boolean PRIMARY KEY DEFAULT true CHECK (one), \
                   nonce text NOT NULL)",
    },
    // What a table and its triggers look like; SQLite has a number for that.
    Step { sqlite: "SELECT 1", postgres: expression::SHAPES },
];

/// Bytes of a key that is made here; as many as the hash has.
const KEY: usize = 32;

/// Runs the steps that have not run yet. Instances that start together wait for each other.
///
/// # Errors
///
/// The database cannot be reached, or its user may not make the tables.
pub async fn migrate(database: &Database) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.without_time_limit();
    if version(&mut transaction).await? < STEPS.len() {
        migrate::wait_for_others(&mut transaction).await?;
        migrate_in(&mut transaction).await?;
    }
    transaction.commit().await
}

/// The key under which the cursors of all instances are signed; made where there is none yet.
pub(super) async fn cursor_key(database: &Database) -> Result<Vec<u8>> {
    shared_secret(database, "cursor_key").await
}

/// The secret of that name, which all instances share; made where there is none yet.
pub(super) async fn shared_secret(database: &Database, name: &str) -> Result<Vec<u8>> {
    migrate(database).await?;
    let mut transaction = database.begin().await?;
    let secret = secret(&mut transaction, name).await?;
    transaction.commit().await?;
    Ok(secret)
}

/// As [`cursor_key`] inside a transaction, whose end decides whether a new key stays.
pub(super) async fn cursor_key_in(transaction: &mut Transaction) -> Result<Vec<u8>> {
    if version(transaction).await? < STEPS.len() {
        migrate::lock(transaction).await?;
        migrate_in(transaction).await?;
    }
    secret(transaction, "cursor_key").await
}

/// Runs the steps that no other instance has run meanwhile.
async fn migrate_in(transaction: &mut Transaction) -> Result<()> {
    let done = version(transaction).await?;
    let run = async |transaction: &mut Transaction| {
        if done == 0 {
            prepare(transaction).await?;
        }
        for (index, step) in STEPS.iter().enumerate().skip(done) {
            let (sql, versions) = match transaction.dialect() {
                Dialect::Sqlite => (step.sqlite, "_couplet_migrations"),
                Dialect::Postgres => (step.postgres, "_couplet.migrations"),
            };
            transaction.batch(sql).await?;
            transaction.batch(&format!("INSERT INTO {versions} (version) VALUES ({})", index + 1)).await?;
        }
        Ok(())
    };
    run(transaction).await.map_err(|error| match error {
        Error::Database(error) => Error::Startup(format!(
            "the framework's own tables cannot be made: {error}; on PostgreSQL the user of database.url has to own the \
             schema: CREATE SCHEMA _couplet AUTHORIZATION \"user\""
        )),
        other => other,
    })
}

/// Makes the table of versions.
async fn prepare(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Sqlite {
        return transaction.batch("CREATE TABLE IF NOT EXISTS _couplet_migrations (version INTEGER PRIMARY KEY)").await;
    }
    // To a user who may not make schemas, IF NOT EXISTS would be an error also where the schema is there.
    if read(transaction, "SELECT 1 FROM pg_namespace WHERE nspname = '_couplet'", []).await?.len() == 0 {
        transaction.batch("CREATE SCHEMA _couplet").await?;
    }
    transaction.batch("CREATE TABLE IF NOT EXISTS _couplet.migrations (version integer PRIMARY KEY)").await
}

/// How many steps have run.
async fn version(transaction: &mut Transaction) -> Result<usize> {
    let (exists, latest) = match transaction.dialect() {
        Dialect::Sqlite => (
            "SELECT 1 FROM sqlite_schema WHERE name = '_couplet_migrations'",
            "SELECT CAST(coalesce(max(version), 0) AS INTEGER) FROM _couplet_migrations",
        ),
        Dialect::Postgres => (
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '_couplet' AND \
             c.relname = 'migrations'",
            "SELECT CAST(coalesce(max(version), 0) AS bigint) FROM _couplet.migrations",
        ),
    };
    if read(transaction, exists, []).await?.len() == 0 {
        return Ok(0);
    }
    let latest = read(transaction, latest, []).await?;
    let latest = latest.row(0).i64(0).map_err(|source| Error::Decode { model: MODEL, source })?;
    Ok(latest.and_then(|latest| usize::try_from(latest).ok()).unwrap_or_default())
}

/// A secret of that name. Where there is none one is made, unless another instance is faster.
async fn secret(transaction: &mut Transaction, name: &str) -> Result<Vec<u8>> {
    let (table, first, second) = match transaction.dialect() {
        Dialect::Sqlite => ("_couplet_secrets", "?", "?"),
        Dialect::Postgres => ("_couplet.secrets", "$1", "$2"),
    };
    let select = format!("SELECT value FROM {table} WHERE name = {first}");
    let mut rows = read(transaction, &select, [name.into()]).await?;
    if rows.len() == 0 {
        let mut key = vec![0; KEY];
        getrandom::fill(&mut key).map_err(Error::other)?;
        let insert = format!("INSERT INTO {table} (name, value) VALUES ({first}, {second}) ON CONFLICT DO NOTHING");
        read(transaction, &insert, [name.into(), key.into()]).await?;
        rows = read(transaction, &select, [name.into()]).await?;
    }
    let value = rows.row(0).bytes(0).map_err(|source| Error::Decode { model: MODEL, source })?;
    Ok(value.unwrap_or_default().to_vec())
}

/// What errors call the rows of these tables.
const MODEL: &str = "the framework's own tables";

async fn read<const N: usize>(transaction: &mut Transaction, sql: &str, values: [Value; N]) -> Result<Box<dyn RowSet>> {
    let statement =
        Statement { sql: sql.to_owned(), values: Values(values.into()), verb: Verb::Other, model: "framework" };
    transaction.parts().1.fetch(&statement).await
}
