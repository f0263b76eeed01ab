//! Tokens in the database: triggers that say of each table what has changed in it, and whether they are all there.
//!
//! [`sync`] makes what is missing when an app starts, and drops nothing that another version of the app may rely on. What it has
//! seen is what the app relies on until a token is missing or a table has changed; then `look_again` looks.

mod held;
mod loosen;
mod postgres;
mod sqlite;
mod status;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::database::Database;
use super::error::Refused;
use super::migrate;
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::model::{Catalog, ModelMeta};
use crate::sql::Dialect;
use crate::sql::token::{Known, Tracked, tracked};

pub(super) use held::Held;
pub use loosen::{loosen, remove};
use postgres::Objects;
pub use status::{Status, ddl, status};
use verdict::Verdict;

/// How long a change of a table waits for what holds the table; all that comes to the table meanwhile waits behind it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '100ms'";

/// The same where other tables are held meanwhile.
const SHORT_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '10ms'";

/// PostgreSQL takes the number of partitions for a thousand, and would compile what then looks expensive.
const NO_JIT: &str = "SET LOCAL jit = off";

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
    match make(database, catalog.models(), Effort::Start).await {
        Ok(outcome) => {
            if !outcome.without.is_empty() {
                tracing::warn!(tables = outcome.without.join("; "), "counts of these tables are exact and not cached");
            }
            if !outcome.busy.is_empty() {
                tracing::warn!(
                    tables = outcome.busy.join(", "),
                    "these tables are in use; their triggers are made later"
                );
            }
            if outcome.may_pass {
                later(database);
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

/// How much is done for tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// At a start: all that is missing is made, what was loosened is tied again, and others are waited for.
    Start,
    /// While requests are answered: only what was there and is gone, and only if nobody is at it.
    Aside,
}

/// What could not be made.
#[derive(Default)]
struct Outcome {
    /// Tables that were in use.
    busy: Vec<String>,
    /// Tables that have no tokens, and why.
    without: Vec<String>,
    /// Whether it is worth to try again.
    may_pass: bool,
}

async fn make(database: &Database, models: &[&'static ModelMeta], effort: Effort) -> Result<Outcome> {
    let wanted = tracked(models, database.dialect());
    let mut verdicts = look(database, &wanted).await?;
    let mut outcome = Outcome::default();
    let mut failed: HashMap<&str, String> = HashMap::new();
    let is_due = |verdict: &Verdict| match effort {
        Effort::Start => !verdict.mend.is_empty(),
        Effort::Aside => !verdict.mend.is_empty() && verdict.known.is_none() && verdict.is_asked_for,
    };
    let due: Vec<_> =
        wanted.iter().zip(&verdicts).filter(|(_, verdict)| is_due(verdict)).map(|(table, _)| table.clone()).collect();
    // Together where nobody is in the way, as at the very first start.
    let together = match due.len() {
        0 => Ok(()),
        _ => mend_once(database, &due, effort, SHORT_LOCK_TIMEOUT).await,
    };
    for table in due.iter().filter(|_| together.is_err()) {
        match mend(database, table, effort).await {
            Ok(()) => {}
            Err(Error::DeadlineExceeded | Error::Serialization(_)) => outcome.busy.push(table.1.table().to_owned()),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => drop(failed.insert(table.0.name, error.to_string())),
        }
    }
    if !due.is_empty() {
        verdicts = look(database, &wanted).await?;
    }
    outcome.may_pass = !outcome.busy.is_empty();
    for (verdict, (_, tracked)) in verdicts.iter().zip(&wanted).filter(|(verdict, _)| verdict.known.is_none()) {
        let reason = verdict.reason.as_ref().or(failed.get(verdict.model.name));
        outcome.without.extend(reason.map(|reason| format!("{}: {reason}", tracked.table())));
        outcome.may_pass |= verdict.may_pass;
    }
    let tables = verdicts.into_iter().filter_map(|verdict| Some((verdict.model.name, verdict.known?)));
    database.set_tokens(Some(Arc::new(Known { tables: tables.collect() })));
    Ok(outcome)
}

/// Looks at all tables, and gives the database an epoch where it has none.
async fn look(database: &Database, wanted: &[(&'static ModelMeta, Tracked)]) -> Result<Vec<Verdict>> {
    if database.dialect() == Dialect::Sqlite {
        return sqlite::look(&mut database.session(), wanted).await;
    }
    let mut transaction = database.begin().await?;
    let (verdicts, objects) = look_on_postgres(&mut transaction, wanted).await?;
    if !objects.has_epoch {
        transaction.batch(postgres::RENEW_EPOCH).await?;
    }
    transaction.commit().await?;
    Ok(verdicts)
}

async fn look_on_postgres(
    transaction: &mut Transaction,
    wanted: &[(&'static ModelMeta, Tracked)],
) -> Result<(Vec<Verdict>, Objects)> {
    transaction.batch(NO_JIT).await?;
    postgres::look(&mut transaction.session(), wanted).await
}

async fn look_in(transaction: &mut Transaction, wanted: &[(&'static ModelMeta, Tracked)]) -> Result<Vec<Verdict>> {
    match transaction.dialect() {
        Dialect::Sqlite => sqlite::look(&mut transaction.session(), wanted).await,
        Dialect::Postgres => Ok(look_on_postgres(transaction, wanted).await?.0),
    }
}

/// Makes what one table lacks, in a transaction of its own, so that no other table is held while it is waited for.
async fn mend(database: &Database, table: &(&'static ModelMeta, Tracked), effort: Effort) -> Result<()> {
    let mut left = if effort == Effort::Start { TRIES } else { 1 };
    loop {
        left -= 1;
        match mend_once(database, std::slice::from_ref(table), effort, LOCK_TIMEOUT).await {
            Err(Error::DeadlineExceeded | Error::Serialization(_)) if left > 0 => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

async fn mend_once(
    database: &Database,
    tables: &[(&'static ModelMeta, Tracked)],
    effort: Effort,
    lock_timeout: &str,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.without_time_limit();
    match effort {
        Effort::Start => migrate::wait_for_others(&mut transaction).await?,
        Effort::Aside => migrate::unless_others(&mut transaction).await?,
    }
    if database.dialect() == Dialect::Postgres {
        transaction.batch(lock_timeout).await?;
    }
    let verdicts = look_in(&mut transaction, tables).await?;
    let statements: Vec<String> = verdicts.into_iter().flat_map(|verdict| verdict.mend).collect();
    if !statements.is_empty() {
        transaction.batch(&statements.join(";\n")).await?;
    }
    transaction.commit().await
}

/// Looks once in a while for as long as a table has no tokens that may get them: it was in use, or its triggers are switched off.
fn later(database: &Database) {
    let Some(waiting) = database.held_tokens().wait() else { return };
    let database = database.clone();
    tokio::spawn(async move {
        let _waiting = waiting;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LATER) => {}
                () = database.closed() => return,
            }
            let Some(models) = database.held_tokens().models() else { return };
            match make(&database, models, Effort::Aside).await {
                Ok(outcome) if !outcome.may_pass => return,
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "the tables cannot be looked at now"),
            }
        }
    });
}

/// Looks at the tables at once, if they were ever looked at.
pub(super) async fn look_now(database: &Database) {
    let Some(models) = database.held_tokens().models() else { return };
    if let Err(error) = make(database, models, Effort::Aside).await {
        tracing::debug!(%error, "the tables cannot be looked at now");
        database.set_tokens(None);
        later(database);
    }
}

/// See [`Database::doubt_tokens`].
pub(super) fn look_again(database: &Database) {
    if database.held_tokens().models().is_none() || !database.held_tokens().begin() {
        return;
    }
    let database = database.clone();
    drop(database.clone().carry_through(async move {
        let held = database.held_tokens();
        match make(&database, held.models().unwrap_or_default(), Effort::Aside).await {
            Ok(outcome) => {
                if !outcome.without.is_empty() {
                    tracing::warn!(
                        tables = outcome.without.join("; "),
                        "counts of these tables are exact and not cached"
                    );
                }
                if outcome.may_pass {
                    later(&database);
                }
            }
            Err(error @ (Error::Unavailable(_) | Error::DeadlineExceeded | Error::Serialization(_))) => {
                tracing::debug!(%error, "the tables cannot be looked at now");
            }
            Err(error) => {
                tracing::warn!(%error, "the tables cannot be looked at; counts are exact and not cached");
                database.set_tokens(None);
                later(&database);
            }
        }
        held.end();
    }));
}

/// Whether a statement failed because tokens are not there or may not be read: without them it may well succeed.
#[must_use]
pub fn concerns_tokens(error: &Error) -> bool {
    let Error::Database(error) = error else { return false };
    error.downcast_ref::<Refused>().is_some_and(Refused::is_of_a_missing_object)
}
