//! Tables that are about to be changed, and tokens that are to go.
//!
//! A trigger that names a column keeps it from being dropped and from getting another type. Loosened, a table has one trigger that
//! changes all classes after any update, so that those who rely on tokens meanwhile do so rightly.

use std::collections::BTreeMap;

use super::{LOCK_TIMEOUT, PAUSE};
use crate::db::database::Database;
use crate::db::inspect::{statement, text};
use crate::db::session::Session;
use crate::error::{Error, Result};
use crate::model::RowSet;
use crate::sql::token::{Tracked, postgres, sqlite};
use crate::sql::{Dialect, token};

/// How often a table that is in use is tried.
const TRIES: u32 = 50;

/// Our triggers: where, the names.
const POSTGRES: &str = "SELECT format('%I.%I', n.nspname, c.relname), t.tgname::text FROM pg_catalog.pg_trigger AS t JOIN \
     pg_catalog.pg_class AS c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE \
     NOT t.tgisinternal AND t.tgname LIKE '\\_couplet\\_%' ORDER BY t.tgrelid, t.tgname";

const SQLITE: &str = "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '\\_couplet\\_%' ESCAPE '\\' \
     ORDER BY tbl_name, name";

/// Replaces the triggers that name columns by one that names none, on every table; the next start ties them again. Answers the
/// tables.
///
/// # Errors
///
/// A table is in use for ten seconds, or belongs to somebody else.
pub async fn loosen(database: &Database) -> Result<Vec<String>> {
    let mut changes = Vec::new();
    {
        let mut session = database.session();
        let triggers = triggers(&mut session).await?;
        // Where there are none, there may be no table of what was asked for either.
        let tracked = if triggers.is_empty() { Vec::new() } else { recorded(&mut session).await? };
        for (table, triggers) in triggers {
            changes.push((loosened(&table, &triggers, &tracked, database.dialect()), table));
        }
    }
    changes.retain(|(statements, _)| !statements.is_empty());
    for (statements, table) in &changes {
        change(database, table, statements).await?;
    }
    Ok(changes.into_iter().map(|(_, table)| table).collect())
}

fn loosened(table: &str, triggers: &[String], tracked: &[Tracked], dialect: Dialect) -> Vec<String> {
    let is_there = |name: &String| triggers.contains(name);
    let mut statements = Vec::new();
    for tracked in tracked {
        match dialect {
            Dialect::Postgres => {
                let [rows, apart @ ..] = &tracked.triggers(true, false)[..] else { continue };
                if !is_there(&rows.name) {
                    continue;
                }
                let together = tracked.together();
                if !is_there(&together.name) {
                    statements.extend(together.create(table));
                }
                let tied = apart.iter().filter(|trigger| is_there(&trigger.name));
                statements.extend(tied.map(|trigger| postgres::drop_trigger(&trigger.name, table)));
            }
            Dialect::Sqlite if tracked.table() == table => {
                let loose = tracked.loose_row_triggers(table);
                statements.extend(loose.iter().filter(|it| !is_there(&it.name)).map(|trigger| trigger.sql.clone()));
                let tied = triggers.iter().filter(|name| !loose.iter().any(|trigger| trigger.name == **name));
                statements.extend(tied.map(|name| sqlite::drop_trigger(name)));
            }
            Dialect::Sqlite => {}
        }
    }
    statements
}

/// Removes all triggers and all tokens. An app that runs counts without them; the next start of one makes them again.
///
/// # Errors
///
/// As [`loosen`].
pub async fn remove(database: &Database) -> Result<Vec<String>> {
    let dialect = database.dialect();
    // First, so that nobody takes what is gone for lost.
    let (classes, tokens) = match dialect {
        Dialect::Sqlite => ("DELETE FROM _couplet_token_classes", vec!["DELETE FROM _couplet_tokens".to_owned()]),
        Dialect::Postgres => ("DELETE FROM _couplet.token_classes", postgres::drop_objects()),
    };
    let found = triggers(&mut database.session()).await?;
    change(database, "_couplet", &[classes.to_owned()]).await?;
    for (table, names) in &found {
        let drops: Vec<String> = names
            .iter()
            .map(|name| match dialect {
                Dialect::Sqlite => sqlite::drop_trigger(name),
                Dialect::Postgres => postgres::drop_trigger(name, table),
            })
            .collect();
        change(database, table, &drops).await?;
    }
    change(database, "_couplet", &tokens).await?;
    Ok(found.into_keys().collect())
}

/// The classes that some version of the app has asked for, by table.
async fn recorded(session: &mut Session<'_>) -> Result<Vec<Tracked>> {
    let table = if session.dialect() == Dialect::Sqlite { "_couplet_token_classes" } else { "_couplet.token_classes" };
    let sql = format!("SELECT \"table\", \"column\" FROM {table} WHERE format <= {}", token::FORMAT);
    let columns = pairs(session, &sql).await?;
    Ok(columns.into_iter().map(|(table, columns)| Tracked::new(table, columns)).collect())
}

/// Our triggers, by table; on PostgreSQL its name is quoted.
async fn triggers(session: &mut Session<'_>) -> Result<BTreeMap<String, Vec<String>>> {
    let sql = if session.dialect() == Dialect::Sqlite { SQLITE } else { POSTGRES };
    pairs(session, sql).await
}

async fn pairs(session: &mut Session<'_>, sql: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let rows: Box<dyn RowSet> = session.fetch_aside(&statement(sql.to_owned(), Vec::new())).await?;
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for index in 0..rows.len() {
        let row = rows.row(index);
        let pair = || Ok((text(row, 0)?.to_owned(), text(row, 1)?.to_owned()));
        let (first, second) = pair().map_err(|source| Error::Decode { model: "tokens", source })?;
        pairs.entry(first).or_default().push(second);
    }
    Ok(pairs)
}

/// Changes one table, with patience: what waits for a table keeps everybody else from it.
async fn change(database: &Database, table: &str, statements: &[String]) -> Result<()> {
    let mut left = TRIES;
    loop {
        left -= 1;
        match change_once(database, statements).await {
            Err(Error::DeadlineExceeded | Error::Serialization(_)) if left > 0 => tokio::time::sleep(PAUSE).await,
            Err(Error::DeadlineExceeded | Error::Serialization(_)) => {
                return Err(Error::Startup(format!("{table} is in use by long transactions; try again later")));
            }
            outcome => return outcome,
        }
    }
}

async fn change_once(database: &Database, statements: &[String]) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.without_time_limit();
    if database.dialect() == Dialect::Postgres {
        transaction.batch(LOCK_TIMEOUT).await?;
    }
    transaction.batch(&statements.join(";\n")).await?;
    transaction.commit().await
}
