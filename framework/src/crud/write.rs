//! Changing rows: a unit of work is data, so that the framework can run it in a task that a client cannot cancel, and
//! again where the database rolled it back.

use std::collections::BTreeSet;

use chrono::{SubsecRound, Utc};
use tracing::Instrument;
use uuid::Uuid;

use super::decode_error;
use crate::db::{Database, Executor, Meter, Session};
use crate::error::{Error, InputError, Location, Result};
use crate::model::{Access, Changes, ColumnMeta, Generated, Loaded, ModelMeta, RelationKind, RelationMeta, Value};
use crate::query::Filter;
use crate::sql;

/// Rows of one INSERT at most, and values of one statement at most: SQLite takes 32,766.
const INSERT_ROWS: usize = 1_000;
const INSERT_VALUES: usize = 30_000;
/// How often a transaction is tried that deadlocked or could not be serialized.
const ATTEMPTS: usize = 3;

/// A change of rows of one model.
#[derive(Debug, Clone)]
pub enum Write {
    /// Inserts rows, all or none.
    Create(Vec<Changes>),
    /// Changes one row, if the filter holds for it.
    Update {
        /// the primary key
        key: Vec<Value>,
        /// what is set
        changes: Changes,
        /// which rows the caller may change
        filter: Filter,
    },
    /// Deletes one row, if the filter holds for it.
    Delete {
        /// the primary key
        key: Vec<Value>,
        /// which rows the caller may delete
        filter: Filter,
    },
}

/// Carries out `write` and answers the rows as they are afterwards; deleted ones as they were.
///
/// With `&Database` it is a transaction of its own, which goes on when the caller is dropped and is tried again after a
/// deadlock. With `&mut Transaction` it is part of that one.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Conflict`], or the database's.
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

async fn unit_of_work(database: Database, model: &'static ModelMeta, write: Write) -> Result<Vec<Loaded>> {
    let mut attempt = 1;
    loop {
        match transaction(&database, model, &write).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                attempt += 1;
                Meter::allow(budget(model, &write));
            }
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
        Write::Create(rows) => create(model, rows, session).await,
        Write::Update { key, changes, filter } => {
            update(model, key, changes, filter, session).await.map(|row| vec![row])
        }
        Write::Delete { key, filter } => delete(model, key, filter, session).await.map(|row| vec![row]),
    };
    result.map_err(|error| name_fields(model, error))
}

/// The statements that a write may execute.
#[must_use]
pub fn budget(model: &ModelMeta, write: &Write) -> u32 {
    let statements = match write {
        Write::Create(rows) => {
            rows.len().div_ceil(rows_of_insert(model)) + rows.iter().map(|row| 2 * row.links.len()).sum::<usize>()
        }
        Write::Update { changes, .. } => 1 + 2 * changes.links.len(),
        Write::Delete { .. } => 1,
    };
    u32::try_from(statements).unwrap_or(u32::MAX)
}

fn rows_of_insert(model: &ModelMeta) -> usize {
    (INSERT_VALUES / model.columns.len()).min(INSERT_ROWS)
}

async fn create(model: &'static ModelMeta, rows: &[Changes], session: &mut Session<'_>) -> Result<Vec<Loaded>> {
    let complete: Vec<Changes> = rows.iter().map(|row| with_defaults(model, row)).collect();
    let mut created = Vec::new();
    // A row with links is inserted by itself: nothing promises that RETURNING keeps the order of many.
    // So is one that sets nothing: `DEFAULT VALUES` makes one row.
    let alone = |row: &Changes| row.columns.is_empty() || !row.links.is_empty();
    for chunk in complete.chunk_by(|left, right| !alone(left) && !alone(right)) {
        for chunk in chunk.chunks(rows_of_insert(model)) {
            let inserted = insert(model, chunk, session).await?;
            for (relation, keys) in &chunk[0].links {
                let relation = &model.relations[*relation];
                set_links(relation, &inserted, keys, false, session).await?;
            }
            created.push(inserted);
        }
    }
    Ok(created)
}

async fn insert(model: &'static ModelMeta, rows: &[Changes], session: &mut Session<'_>) -> Result<Loaded> {
    let mut columns: Vec<usize> = rows.iter().flat_map(|row| row.columns.iter().map(|(index, _)| *index)).collect();
    columns.sort_unstable();
    columns.dedup();
    let values = rows
        .iter()
        .map(|row| columns.iter().map(|index| row.column(*index).cloned().unwrap_or(Value::Null)).collect())
        .collect();
    let inserted = session.fetch(&sql::write::insert(model, &columns, values, session.dialect())).await;
    let rows = inserted.map_err(|error| name_reference(model, rows.iter().flat_map(|row| &row.columns), error))?;
    Ok(Loaded { meta: model, rows, edges: Vec::new() })
}

/// The changes and what the framework sets itself: defaults, times, UUID keys.
fn with_defaults(model: &ModelMeta, changes: &Changes) -> Changes {
    let mut complete = changes.clone();
    let now = Utc::now().trunc_subsecs(6);
    for (index, column) in model.columns.iter().enumerate() {
        if changes.column(index).is_some() {
            continue;
        }
        let value = match column.generated {
            Some(Generated::CreatedAt | Generated::UpdatedAt) => Value::Timestamp(now),
            Some(Generated::UuidV7) => Value::Uuid(Uuid::now_v7()),
            Some(Generated::Database) => continue,
            None => match column.default {
                Some(default) => default(),
                None => continue,
            },
        };
        complete.columns.push((index, value));
    }
    complete
}

async fn update(
    model: &'static ModelMeta,
    key: &[Value],
    changes: &Changes,
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let mut columns = changes.columns.clone();
    if !(changes.columns.is_empty() && changes.links.is_empty()) {
        let updated = model.columns.iter().position(|column| column.generated == Some(Generated::UpdatedAt));
        let updated = updated.filter(|index| changes.column(*index).is_none());
        columns.extend(updated.map(|index| (index, Value::Timestamp(Utc::now().trunc_subsecs(6)))));
    }
    let statement = if columns.is_empty() {
        sql::select::by_key(model, key, filter, true, session.dialect())
    } else {
        sql::write::update(model, key, &columns, filter, session.dialect())
    };
    let rows = session.fetch(&statement).await.map_err(|error| name_reference(model, &columns, error))?;
    let row = found(model, rows)?;
    for (relation, keys) in &changes.links {
        set_links(&model.relations[*relation], &row, keys, true, session).await?;
    }
    Ok(row)
}

async fn delete(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let statement = sql::write::delete(model, key, filter, session.dialect());
    let deleted = session.fetch(&statement).await.map_err(|error| match error {
        Error::Conflict(_) => {
            let detail = format!("other rows still refer to this {}; delete or change them first", model.name);
            Error::Conflict(vec![InputError::request("foreign_key", detail)])
        }
        error => error,
    })?;
    found(model, deleted)
}

fn found(model: &'static ModelMeta, rows: Box<dyn crate::model::RowSet>) -> Result<Loaded> {
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    Ok(Loaded { meta: model, rows, edges: Vec::new() })
}

/// Makes `keys` the whole set of a many-to-many relation of the one row of `loaded`.
async fn set_links(
    relation: &'static RelationMeta,
    loaded: &Loaded,
    keys: &[Value],
    existing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let local = relation.link.local();
    let value =
        Value::decode(loaded.meta.columns[local].ty, loaded.row(0), local).map_err(decode_error(loaded.meta))?;
    if existing {
        session.execute(&sql::write::unlink(relation, &value, keys, session.dialect())).await?;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let linked = session.execute(&sql::write::link(relation, &value, keys, session.dialect())).await;
    linked.map(|_| ()).map_err(|error| match (error, relation.keys_name) {
        (Error::Conflict(_), Some(name)) => {
            let detail = format!("one of the keys is of no {}", (relation.target)().name);
            Error::Conflict(vec![InputError::field(name, "foreign_key", detail)])
        }
        (error, _) => error,
    })
}

/// Names the foreign key that leads nowhere, which SQLite does not, by the keys that were set.
fn name_reference<'v>(
    model: &'static ModelMeta,
    values: impl IntoIterator<Item = &'v (usize, Value)>,
    error: Error,
) -> Error {
    let Error::Conflict(errors) = &error else { return error };
    if !errors.iter().all(|error| error.code == "foreign_key" && error.at == Location::Request) {
        return error;
    }
    let is_key = |index: usize| {
        let mut relations = model.relations.iter();
        relations.any(|relation| relation.kind == RelationKind::BelongsTo && relation.link.local() == index)
    };
    let set = values.into_iter().filter(|(index, value)| *value != Value::Null && is_key(*index));
    let keys: BTreeSet<usize> = set.map(|(index, _)| *index).collect();
    let keys: Vec<&ColumnMeta> = keys.into_iter().map(|index| &model.columns[index]).collect();
    let refused = match keys[..] {
        [] => return error,
        [key] => InputError::field(key.name, "foreign_key", "the row that it refers to does not exist"),
        _ => {
            let shown = keys.iter().filter(|key| key.access != Access::Hidden).map(|key| key.api_name);
            let detail = format!("a row that it refers to does not exist; see {}", Vec::from_iter(shown).join(", "));
            InputError::request("foreign_key", detail)
        }
    };
    Error::Conflict(vec![refused])
}

/// Gives the database's column names in an error the names that the API has for them; hidden columns stay unnamed.
fn name_fields(model: &ModelMeta, error: Error) -> Error {
    let named = |errors: Vec<InputError>| errors.into_iter().map(|error| name_field(model, error)).collect();
    match error {
        Error::Conflict(errors) => Error::Conflict(named(errors)),
        Error::Invalid(errors) => Error::Invalid(named(errors)),
        error => error,
    }
}

fn name_field(model: &ModelMeta, error: InputError) -> InputError {
    let Location::Pointer(pointer) = &error.at else { return error };
    let Some(column) = model.columns.iter().find(|column| *pointer == format!("/{}", column.name)) else {
        return error;
    };
    match column.access {
        Access::Hidden => InputError::request(error.code, error.detail),
        _ => InputError::field(column.api_name, error.code, error.detail),
    }
}

impl Write {
    /// An update that nothing narrows.
    #[must_use]
    pub fn update(key: Vec<Value>, changes: Changes) -> Self {
        Self::Update { key, changes, filter: Filter::everything() }
    }

    /// A delete that nothing narrows.
    #[must_use]
    pub fn delete(key: Vec<Value>) -> Self {
        Self::Delete { key, filter: Filter::everything() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::migrate;
    use crate::fixtures::{BOOK_TAGS, REVIEWS, SERIES};
    use crate::testing::TestApp;

    const BOTH: &str = "a row that it refers to does not exist, or other rows refer to it";

    /// What is said of the values, in the words of an answer.
    fn refused(model: &'static ModelMeta, values: &[(usize, Value)]) -> String {
        let unnamed = Error::Conflict(vec![InputError::request("foreign_key", BOTH)]);
        name_fields(model, name_reference(model, values, unnamed)).to_string()
    }

    #[test]
    fn the_one_foreign_key_that_is_set_is_the_one_that_leads_nowhere() {
        let values = [(1, Value::I64(7)), (2, Value::I32(1))];
        assert_eq!(refused(&REVIEWS, &values), "/book_id: the row that it refers to does not exist");
    }

    #[tokio::test]
    async fn sqlite_is_helped_with_its_foreign_keys() {
        let app = TestApp::start(|app| app).await.expect("started");
        migrate::create_missing(app.database(), &[&SERIES]).await.expect("created");
        let values =
            |parent| Changes { columns: vec![(1, Value::Text("x".to_owned())), (2, parent)], links: Vec::new() };
        let detail = "/parent_id: the row that it refers to does not exist";
        let create = |parent| write(&SERIES, Write::Create(vec![values(parent)]), app.database());
        assert_eq!(create(Value::I64(7)).await.err().expect("there is no 7").to_string(), detail);
        create(Value::Null).await.expect("created");
        let update = Write::update(vec![Value::I64(1)], values(Value::I64(7)));
        let error = write(&SERIES, update, app.database()).await.err().expect("there is no 7");
        assert_eq!(error.to_string(), detail);
        app.stop().await.expect("stopped");
    }

    #[test]
    fn of_several_foreign_keys_all_are_named_and_none_is_blamed() {
        let tag = Value::Text("a".to_owned());
        let detail = refused(&BOOK_TAGS, &[(1, tag.clone()), (0, Value::I64(7)), (1, tag)]);
        assert_eq!(detail, "a row that it refers to does not exist; see book_id, tag_name");
    }

    #[test]
    fn null_refers_to_nothing() {
        assert_eq!(refused(&SERIES, &[(1, Value::Text("x".to_owned())), (2, Value::Null)]), BOTH);
    }

    #[test]
    fn what_the_database_named_itself_stays() {
        let named = Error::Conflict(vec![InputError::field("book_id", "unique", "another row has this value")]);
        let error = name_reference(&REVIEWS, &[(1, Value::I64(7))], named);
        assert_eq!(error.to_string(), "/book_id: another row has this value");
    }
}
