//! Changing rows: a unit of work is data, so that the framework can run it in a task that a client cannot cancel, and
//! again where the database rolled it back.

mod blame;
mod bulk;
mod conflict;
mod create;
mod delete;
mod links;
mod notice;
mod order;
mod update;
mod version;

pub use bulk::repeated;
use tracing::Instrument;

use crate::db::{Database, Executor, Meter, Session};
use crate::error::{Error, Result};
use crate::model::{Changes, Loaded, ModelMeta, Value};
use crate::query::Filter;

/// How often a transaction is tried that deadlocked or could not be serialized.
const ATTEMPTS: usize = 3;

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
    /// Deletes rows for which the filter holds, all or none.
    Delete {
        /// which rows
        rows: Vec<RowKey>,
        /// which rows the caller may delete
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

/// Carries out `write` and answers the rows as they are afterwards; deleted ones as they were.
///
/// With `&Database` it is a transaction of its own, which goes on when the caller is dropped and is tried again after a
/// deadlock. With `&mut Transaction` it is part of that one.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Missing`], [`Error::Stale`], [`Error::Conflict`], or the database's.
pub async fn write<'a>(model: &'static ModelMeta, write: Write, executor: impl Executor<'a>) -> Result<Vec<Loaded>> {
    let Some(database) = executor.database() else {
        return apply(model, &write, &mut executor.session()).await;
    };
    let work = unit_of_work(database.clone(), model, write).in_current_span();
    let task = match Meter::current() {
        Some(meter) => database.carry_through(Meter::scope(meter, work)),
        None => database.carry_through(work),
    };
    task.await.map_err(Error::other)?
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
    if is_one { result.map_err(|error| bulk::of_only_item(model, error)) } else { result }
}

async fn unit_of_work(database: Database, model: &'static ModelMeta, write: Write) -> Result<Vec<Loaded>> {
    let mut attempt = 1;
    loop {
        match transaction(&database, model, &write).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                attempt += 1;
                Meter::allow(budget(model, &write));
            }
            Err(error) => return Err(blame::explain(model, &write, error, &database).await),
            result => return result,
        }
    }
}

async fn transaction(database: &Database, model: &'static ModelMeta, write: &Write) -> Result<Vec<Loaded>> {
    let mut transaction = database.begin().await?;
    let rows = apply(model, write, &mut transaction.session()).await?;
    transaction.commit().await?;
    Ok(rows)
}

async fn apply(model: &'static ModelMeta, write: &Write, session: &mut Session<'_>) -> Result<Vec<Loaded>> {
    let result = match write {
        Write::Create(rows) => create::create(model, rows, session).await,
        Write::Update { rows, filter } => update::update(model, rows, filter, session).await,
        Write::Delete { rows, filter } => delete::delete(model, rows, filter, session).await,
    };
    match result {
        Ok(rows) => {
            session.note(notice::change(model, write, &rows)?);
            Ok(rows)
        }
        Err(error) => Err(conflict::explain(model, write, error, session).await),
    }
}

/// The statements that a write may execute.
#[must_use]
pub fn budget(model: &ModelMeta, write: &Write) -> u32 {
    let statements = match write {
        Write::Create(rows) => create::statements(model, rows),
        Write::Update { rows, .. } => update::statements(model, rows),
        Write::Delete { rows, .. } => delete::statements(model, rows),
    };
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

    /// How many rows it is about.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Create(rows) => rows.len(),
            Self::Update { rows, .. } => rows.len(),
            Self::Delete { rows, .. } => rows.len(),
        }
    }

    /// Whether it is about no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
