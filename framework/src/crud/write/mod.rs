//! Changing rows: a unit of work is data, so that the framework can run it in a task that a client cannot cancel, and
//! again where the database rolled it back.

mod blame;
mod bulk;
mod children;
mod conflict;
mod create;
mod delete;
pub mod idempotency;
mod links;
pub(super) mod locked;
mod notice;
mod order;
mod update;
pub mod upsert;
mod version;

use std::time::Duration;

pub use bulk::{of_only_item, repeated};
use chrono::{DateTime, SubsecRound, Utc};
use tracing::Instrument;

use super::hooks::{self, HookTable};
use crate::db::{Database, Executor, Meter, Session};
use crate::error::{Error, Result};
use crate::model::{Changes, Loaded, ModelMeta, RowSet, Value};
use crate::query::Filter;

/// How often a write is tried that deadlocked or could not be serialized.
const ATTEMPTS: u32 = 3;

/// The shortest time before a further attempt; it grows with each, and is up to three times as long.
const BACK_OFF: Duration = Duration::from_millis(10);

/// A change of rows of one model.
#[derive(Debug, Clone)]
pub enum Write {
    /// Inserts rows, all or none.
    Create(Vec<Changes>),
    /// Changes rows for which the filter holds, all or none.
    Update {
        /// what is changed in which row
        rows: Vec<RowChange>,
        /// which rows the caller may change
        filter: Filter,
    },
    /// Inserts rows, or changes those that have their unique key, all or none.
    Upsert {
        /// the rows, of which each sets all columns of the key
        rows: Vec<Changes>,
        /// indexes of the columns of the unique key
        key: Vec<usize>,
        /// which rows the caller may change
        filter: Filter,
    },
    /// Deletes rows for which the filter holds, all or none. A model with a `deleted_at` keeps them, marked.
    Delete {
        /// which rows
        rows: Vec<RowKey>,
        /// which rows the caller may delete
        filter: Filter,
    },
    /// Removes rows, all or none, those too that are marked as deleted.
    Purge {
        /// the primary keys
        keys: Vec<Vec<Value>>,
    },
    /// Takes the mark from deleted rows for which the filter holds, all or none.
    Restore {
        /// which rows, and what is changed in them
        rows: Vec<RowChange>,
        /// which rows the caller may restore
        filter: Filter,
    },
}

/// What is changed in one row.
#[derive(Debug, Clone)]
pub struct RowChange {
    /// The primary key.
    pub key: Vec<Value>,
    /// The versions of which the row must have one; any where there is no list.
    pub expected: Option<Vec<i64>>,
    /// What is set.
    pub changes: Changes,
}

/// A row that is deleted.
#[derive(Debug, Clone)]
pub struct RowKey {
    /// The primary key.
    pub key: Vec<Value>,
    /// The versions of which the row must have one; any where there is no list.
    pub expected: Option<Vec<i64>>,
}

/// Carries out `write` and answers the rows as they are afterwards, in its order; removed ones as they were.
///
/// With `&Database` all of it or nothing is done, in a task that goes on when the caller is dropped and that tries again after a
/// deadlock: in a transaction, where it is more than one statement. With `&mut Transaction` it is part of that one.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Missing`], [`Error::Stale`], [`Error::Conflict`], [`Error::Invalid`], or the database's;
/// what a hook answers.
pub async fn write<'a>(model: &'static ModelMeta, write: Write, executor: impl Executor<'a>) -> Result<Vec<Loaded>> {
    if write.is_empty() {
        return Ok(Vec::new());
    }
    let Some(database) = executor.database() else {
        // Boxed, as is what is rare below: a future is as large as the largest that it may wait for.
        return Box::pin(apply(model, &write, &mut executor.session())).await;
    };
    carry_out(&database, OneWrite { model, write }).await
}

/// As [`write()`], where mistakes are those of items: each has a pointer such as `/items/3/title`, even if there is one item.
///
/// # Errors
///
/// As [`write()`].
pub async fn write_items<'a>(
    model: &'static ModelMeta,
    items: Write,
    executor: impl Executor<'a>,
) -> Result<Vec<Loaded>> {
    let is_one = items.len() == 1;
    let result = write(model, items, executor).await;
    if is_one { result.map_err(|error| of_only_item(model, error)) } else { result }
}

/// What is done as a whole or not at all, perhaps more than once.
trait UnitOfWork: Send + Sync + 'static {
    type Output: Send + 'static;

    /// What is written.
    fn write(&self) -> (&'static ModelMeta, &Write);

    /// The statements of one attempt.
    fn budget(&self) -> u32;

    /// Whether an attempt must be a transaction; one that is a single statement need not.
    fn needs_transaction(&self) -> bool;

    /// One attempt, in a transaction if it needs one. Where it fails behind its hooks, `drafted` is the write as they have left
    /// it.
    fn run(
        &self,
        session: &mut Session<'_>,
        drafted: &mut Option<Write>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A write and nothing else.
struct OneWrite {
    model: &'static ModelMeta,
    write: Write,
}

impl UnitOfWork for OneWrite {
    type Output = Vec<Loaded>;

    fn write(&self) -> (&'static ModelMeta, &Write) {
        (self.model, &self.write)
    }

    fn budget(&self) -> u32 {
        budget(self.model, &self.write)
    }

    fn needs_transaction(&self) -> bool {
        !is_one_statement(self.model, &self.write)
    }

    async fn run(&self, session: &mut Session<'_>, drafted: &mut Option<Write>) -> Result<Vec<Loaded>> {
        with_hooks(self.model, &self.write, session, drafted).await
    }
}

async fn carry_out<W: UnitOfWork>(database: &Database, work: W) -> Result<W::Output> {
    let work = attempts(database.clone(), work).in_current_span();
    let task = match Meter::current() {
        Some(meter) => database.carry_through(Meter::scope(meter, work)),
        None => database.carry_through(work),
    };
    task.await.map_err(Error::other)?
}

async fn attempts<W: UnitOfWork>(database: Database, work: W) -> Result<W::Output> {
    let mut attempt = 1;
    loop {
        let mut drafted = None;
        match once(&database, &work, &mut drafted).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                back_off(attempt).await;
                attempt += 1;
                Meter::allow(work.budget());
            }
            Err(error) => {
                let (model, write) = work.write();
                let write = drafted.as_ref().unwrap_or(write);
                return Err(Box::pin(blame::explain(model, write, error, &database)).await);
            }
            result => return result,
        }
    }
}

/// Waits a while that differs from one to the other: who deadlocked together would meet again.
async fn back_off(attempt: u32) {
    let mut random = [0; 1];
    // Without randomness the wait is the shortest.
    let _ = getrandom::fill(&mut random);
    tokio::time::sleep(BACK_OFF * attempt + BACK_OFF * attempt * u32::from(random[0]) / 128).await;
}

async fn once<W: UnitOfWork>(database: &Database, work: &W, drafted: &mut Option<Write>) -> Result<W::Output> {
    if !work.needs_transaction() {
        return work.run(&mut database.session(), drafted).await;
    }
    let mut transaction = database.begin().await?;
    match work.run(&mut transaction.session(), drafted).await {
        Ok(output) => transaction.commit().await.map(|()| output),
        Err(error) => {
            // Before the answer: who sends the request again must find no lock of this one.
            if let Err(reason) = transaction.rollback().await {
                tracing::debug!(%reason, "a write that failed was not rolled back, so its connection is closed");
            }
            Err(error)
        }
    }
}

async fn apply(model: &'static ModelMeta, write: &Write, session: &mut Session<'_>) -> Result<Vec<Loaded>> {
    let result = with_hooks(model, write, session, &mut None).await;
    if let Err(error) = &result
        && !changed_nothing(write, error)
        && let Some(transaction) = session.transaction()
    {
        transaction.fail();
    }
    result
}

/// Whether a write has failed before it did anything: the one row is not there, or not as it must be. Of any other failure
/// the caller must not commit what was done until then.
fn changed_nothing(write: &Write, error: &Error) -> bool {
    write.len() == 1 && matches!(error, Error::NotFound(_) | Error::Stale(_))
}

async fn with_hooks(
    model: &'static ModelMeta,
    write: &Write,
    session: &mut Session<'_>,
    failed: &mut Option<Write>,
) -> Result<Vec<Loaded>> {
    match (hooked(model, write, session, failed).await, write) {
        (Err(Error::NotFound(_)), Write::Restore { rows, filter }) if rows.len() == 1 => {
            delete::not_deleted(model, &rows[0], filter, session).await.map(|row| vec![row])
        }
        (result, _) => result,
    }
}

async fn hooked(
    model: &'static ModelMeta,
    write: &Write,
    session: &mut Session<'_>,
    failed: &mut Option<Write>,
) -> Result<Vec<Loaded>> {
    if write.is_empty() {
        return Ok(Vec::new());
    }
    let Some(hooks) = HookTable::of_model(model) else { return change(model, write, session).await };
    let drafted = hooks.before(model, write, session).await?;
    // A hook may have set keys that the client has not named.
    Meter::allow(budget(model, &drafted.write).saturating_sub(budget(model, write)));
    // Boxed, since a hook may write and each level of that lies on the stack.
    match Box::pin(change(model, &drafted.write, session)).await {
        Ok(rows) => {
            hooks.after(&drafted, &rows, session).await?;
            Ok(rows)
        }
        Err(error) => {
            *failed = Some(drafted.write);
            Err(error)
        }
    }
}

async fn change(model: &'static ModelMeta, write: &Write, session: &mut Session<'_>) -> Result<Vec<Loaded>> {
    let result = match write {
        Write::Create(rows) => create::create(model, rows, session).await,
        Write::Update { rows, filter } => update::update(model, rows, filter, session).await,
        Write::Upsert { rows, key, filter } => upsert::upsert(model, rows, key, filter, session).await,
        Write::Delete { rows, filter } => delete::delete(model, rows, filter, session).await,
        Write::Purge { keys } => delete::purge(model, keys, session).await,
        Write::Restore { rows, filter } => delete::restore(model, rows, filter, session).await,
    };
    let mut rows = match result {
        Ok(rows) => rows,
        Err(error) => return Err(Box::pin(conflict::explain(model, write, error, session)).await),
    };
    for change in notice::changes(model, write, &rows)? {
        session.note(change);
    }
    if let Write::Create(parents) = write {
        children::create(&mut rows, parents, session).await?;
    }
    Ok(rows)
}

/// Whether a write is a single statement, which does all of it or nothing, and tells nobody before it has.
fn is_one_statement(model: &ModelMeta, write: &Write) -> bool {
    let is_all_or_nothing = match write {
        Write::Create(_) => true,
        // Of many, some may be changed by the statement that shows that others are not there.
        Write::Update { .. } | Write::Delete { .. } | Write::Purge { .. } => write.len() == 1,
        // What the first statement has not found is looked for by a second one, which must see the same.
        Write::Upsert { .. } | Write::Restore { .. } => false,
    };
    is_all_or_nothing && HookTable::of_model(model).is_none() && budget(model, write) == 1
}

/// The statements that a write may execute.
#[must_use]
pub fn budget(model: &ModelMeta, write: &Write) -> u32 {
    let statements = match write {
        Write::Create(rows) => create::statements(model, &rows.iter().collect::<Vec<_>>()),
        Write::Update { rows, .. } => update::statements(model, rows),
        Write::Upsert { rows, key, .. } => upsert::statements(model, rows, key),
        Write::Delete { rows, .. } => delete::statements(model, rows),
        Write::Purge { keys } => keys.len(),
        Write::Restore { rows, .. } => delete::statements_of_restore(rows),
    };
    let statements = statements + HookTable::of_model(model).map_or(0, |_| hooks::statements(model, write));
    u32::try_from(statements).unwrap_or(u32::MAX)
}

impl Write {
    /// An update of one row that nothing narrows.
    #[must_use]
    pub fn update(key: Vec<Value>, changes: Changes) -> Self {
        Self::Update { rows: vec![RowChange { key, expected: None, changes }], filter: Filter::everything() }
    }

    /// A delete of one row that nothing narrows.
    #[must_use]
    pub fn delete(key: Vec<Value>) -> Self {
        Self::Delete { rows: vec![RowKey { key, expected: None }], filter: Filter::everything() }
    }

    /// How many rows it is about; children are not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Create(rows) | Self::Upsert { rows, .. } => rows.len(),
            Self::Update { rows, .. } | Self::Restore { rows, .. } => rows.len(),
            Self::Delete { rows, .. } => rows.len(),
            Self::Purge { keys } => keys.len(),
        }
    }

    /// Whether it is about no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The time that is written; a database keeps microseconds.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

fn found(model: &'static ModelMeta, rows: Box<dyn RowSet>) -> Result<Loaded> {
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    Ok(Loaded::new(model, rows))
}
