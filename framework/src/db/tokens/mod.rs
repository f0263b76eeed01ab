//! Tokens in the database: triggers that say of each table what has changed in it, and whether they are all there.
//!
//! [`sync`] makes what is missing when an app starts, and drops nothing that another version of the app may rely on. What it has
//! seen is what the app relies on until a token is missing or a table has changed; then [`look_again`] looks.

mod held;
mod postgres;
mod sqlite;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::database::Database;
use super::error::Refused;
use super::migrate;
use super::session::Session;
use crate::error::{Error, Result};
use crate::model::{Catalog, ModelMeta};
use crate::sql::Dialect;
use crate::sql::token::{Known, Tracked, tracked};

pub(super) use held::Held;
use verdict::Verdict;

/// How long a change of a table waits for what holds the table; all that comes to the table meanwhile waits behind it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '100ms'";

/// How often a table that is in use is tried before the app starts without its tokens.
const TRIES: u32 = 5;

/// How long after a try the next one is made.
const PAUSE: Duration = Duration::from_millis(200);

/// How long after the start those tables are tried again that were in use.
const LATER: Duration = Duration::from_secs(10);

/// Makes the tokens of the catalog's tables where they are missing. Instances that start together wait for each other. Where the
/// user of the database may not make them, or a table can have none, this is said in the log, and what is read is read without them.
///
/// # Errors
///
/// The database cannot be reached.
pub async fn sync(database: &Database, catalog: &Catalog) -> Result<()> {
    database.own_tables().await?;
    database.held_tokens().set_models(catalog.models());
    let outcome = make(database, catalog.models(), TRIES).await;
    match outcome {
        Ok(Outcome { busy, without }) => {
            if !without.is_empty() {
                tracing::warn!(tables = without.join("; "), "counts of these tables are exact and not cached");
            }
            if !busy.is_empty() {
                tracing::warn!(tables = busy.join(", "), "these tables are in use; their triggers are made later");
                later(database.clone());
            }
            Ok(())
        }
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "no triggers can be made; counts are exact and not cached");
            Ok(())
        }
    }
}

/// What could not be made.
#[derive(Default)]
struct Outcome {
    /// Tables that were in use.
    busy: Vec<String>,
    /// Tables that can have no tokens, and why.
    without: Vec<String>,
}

async fn make(database: &Database, models: &[&'static ModelMeta], tries: u32) -> Result<Outcome> {
    let wanted = tracked(models, database.dialect());
    let mut verdicts = look(database, &wanted).await?;
    let mut outcome = Outcome::default();
    let mut failed: HashMap<&str, String> = HashMap::new();
    let mut has_changed = false;
    for (verdict, table) in verdicts.iter().zip(&wanted).filter(|(verdict, _)| !verdict.mend.is_empty()) {
        has_changed = true;
        match mend(database, table, tries).await {
            Ok(()) => {}
            Err(Error::DeadlineExceeded | Error::Serialization(_)) => outcome.busy.push(table.1.table().to_owned()),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => drop(failed.insert(verdict.model.name, error.to_string())),
        }
    }
    if has_changed {
        verdicts = look(database, &wanted).await?;
    }
    for (verdict, (_, tracked)) in verdicts.iter().zip(&wanted).filter(|(verdict, _)| verdict.known.is_none()) {
        let reason = verdict.reason.as_ref().or(failed.get(verdict.model.name));
        outcome.without.extend(reason.map(|reason| format!("{}: {reason}", tracked.table())));
    }
    let tables = verdicts.into_iter().filter_map(|verdict| Some((verdict.model.name, verdict.known?)));
    database.set_tokens(Some(Arc::new(Known { tables: tables.collect() })));
    Ok(outcome)
}

/// Looks at all tables, and gives the database an epoch where it has none.
async fn look(database: &Database, wanted: &[(&'static ModelMeta, Tracked)]) -> Result<Vec<Verdict>> {
    let mut session = database.session();
    if database.dialect() == Dialect::Sqlite {
        return sqlite::look(&mut session, wanted).await;
    }
    let (verdicts, objects) = postgres::look(&mut session, wanted).await?;
    drop(session);
    if !objects.has_epoch {
        let mut transaction = database.begin().await?;
        transaction.batch(postgres::RENEW_EPOCH).await?;
        transaction.commit().await?;
    }
    Ok(verdicts)
}

async fn look_in(session: &mut Session<'_>, wanted: &[(&'static ModelMeta, Tracked)]) -> Result<Vec<Verdict>> {
    match session.dialect() {
        Dialect::Sqlite => sqlite::look(session, wanted).await,
        Dialect::Postgres => Ok(postgres::look(session, wanted).await?.0),
    }
}

/// Makes what one table lacks, in a transaction of its own, so that no table is held while another one is waited for.
async fn mend(database: &Database, table: &(&'static ModelMeta, Tracked), tries: u32) -> Result<()> {
    let mut left = tries;
    loop {
        left -= 1;
        match mend_once(database, table).await {
            Err(Error::DeadlineExceeded | Error::Serialization(_)) if left > 0 => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

async fn mend_once(database: &Database, table: &(&'static ModelMeta, Tracked)) -> Result<()> {
    let mut transaction = database.begin().await?;
    migrate::wait_for_others(&mut transaction).await?;
    if database.dialect() == Dialect::Postgres {
        transaction.batch(LOCK_TIMEOUT).await?;
    }
    let verdicts = look_in(&mut transaction.session(), std::slice::from_ref(table)).await?;
    let statements: Vec<String> = verdicts.into_iter().flat_map(|verdict| verdict.mend).collect();
    if !statements.is_empty() {
        transaction.batch(&statements.join(";\n")).await?;
    }
    transaction.commit().await
}

/// Tries once more what was in use at the start, until it is made or the database is closed.
fn later(database: Database) {
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LATER) => {}
                () = database.closed() => return,
            }
            let Some(models) = database.held_tokens().models() else { return };
            match make(&database, models, 1).await {
                Ok(outcome) if outcome.busy.is_empty() => return,
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "no triggers can be made now"),
            }
        }
    });
}

/// See [`Database::doubt_tokens`].
pub(super) fn look_again(database: &Database) {
    if database.held_tokens().models().is_none() || !database.held_tokens().begin() {
        return;
    }
    let database = database.clone();
    drop(database.clone().carry_through(async move {
        let held = database.held_tokens();
        if let Err(error) = repair(&database, held.models().unwrap_or_default()).await {
            tracing::warn!(%error, "the tables cannot be looked at; counts are exact and not cached");
            database.set_tokens(None);
        }
        held.end();
    }));
}

/// Looks, and makes what is missing; what was loosened on purpose is left as it is.
async fn repair(database: &Database, models: &[&'static ModelMeta]) -> Result<()> {
    let wanted = tracked(models, database.dialect());
    let verdicts = look(database, &wanted).await?;
    if verdicts.iter().any(|verdict| verdict.known.is_none() && !verdict.mend.is_empty()) {
        return make(database, models, 1).await.map(drop);
    }
    let tables = verdicts.into_iter().filter_map(|verdict| Some((verdict.model.name, verdict.known?)));
    database.set_tokens(Some(Arc::new(Known { tables: tables.collect() })));
    Ok(())
}

/// Whether a statement failed because tokens are not there or may not be read: without them it may well succeed.
#[must_use]
pub fn concern(error: &Error) -> bool {
    let Error::Database(error) = error else { return false };
    error.downcast_ref::<Refused>().is_some_and(Refused::is_of_a_missing_object)
}
