//! Changing rows: a unit of work is data, so that the framework can run it in a task that a client cannot cancel, and
//! again where the database rolled it back.

use chrono::{SubsecRound, Utc};
use tracing::Instrument;
use uuid::Uuid;

use crate::db::{Database, Executor, Meter, Session};
use crate::error::{Error, InputError, Location, Result};
use crate::model::{Access, Changes, Generated, Link, Loaded, ModelMeta, Operator, RelationMeta, Value};
use crate::query::{Filter, ListQuery};
use crate::sql::{self, Dialect};

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
    match result {
        Ok(rows) => Ok(rows),
        Err(error) => Err(name_fields(model, name_references(model, write, error, session).await)),
    }
}

/// SQLite does not say which foreign key is violated: the rows that a single row refers to are looked for.
async fn name_references(model: &'static ModelMeta, write: &Write, error: Error, session: &mut Session<'_>) -> Error {
    let is_nameless =
        |errors: &[InputError]| matches!(errors, [InputError { at: Location::Request, code: "foreign_key", .. }]);
    let (changes, key) = match (&error, write) {
        (Error::Conflict(errors), Write::Create(rows)) if is_nameless(errors) && rows.len() == 1 => (&rows[0], None),
        (Error::Conflict(errors), Write::Update { changes, key, .. }) if is_nameless(errors) => (changes, Some(key)),
        _ => return error,
    };
    if session.dialect() != Dialect::Sqlite {
        return error;
    }
    match missing_references(model, changes, key, session).await {
        Ok(missing) if !missing.is_empty() => Error::Conflict(missing),
        Ok(_) | Err(_) => error,
    }
}

/// The columns of foreign keys that refer to no row. Of a key of which only a part is set, the rest is that of the row.
async fn missing_references(
    model: &'static ModelMeta,
    changes: &Changes,
    key: Option<&Vec<Value>>,
    session: &mut Session<'_>,
) -> Result<Vec<InputError>> {
    let mut missing: Vec<InputError> = Vec::new();
    for relation in model.relations {
        let Link::Local { local, foreign } = relation.link else { continue };
        let set: Vec<Option<&Value>> = local.iter().map(|index| changes.column(*index)).collect();
        if set.iter().all(Option::is_none) {
            continue;
        }
        let mut values = vec![Value::Null; local.len()];
        if set.contains(&None)
            && let Some(key) = key
        {
            Meter::allow(1);
            let statement = sql::select::by_key(model, key, &Filter::everything(), false, Dialect::Sqlite);
            let row = found(model, session.fetch(&statement).await?)?;
            values = super::values(model, row.row(0), local)?;
        }
        for (value, set) in values.iter_mut().zip(set) {
            set.cloned().into_iter().for_each(|set| *value = set);
        }
        if values.contains(&Value::Null) {
            continue;
        }
        let target = (relation.target)();
        let equal = foreign
            .iter()
            .zip(values)
            .map(|(index, value)| Filter::compare(&target.columns[*index], Operator::Eq, vec![value]));
        let query = ListQuery { filter: equal.fold(Filter::everything(), Filter::and), ..ListQuery::new(target) };
        Meter::allow(1);
        if session.fetch(&sql::select::page(&query, Dialect::Sqlite)).await?.len() > 0 {
            continue;
        }
        for index in local {
            let detail = "the row that it refers to does not exist";
            let error = InputError::field(model.columns[*index].name, "foreign_key", detail);
            if !missing.iter().any(|known| known.at == error.at) {
                missing.push(error);
            }
        }
    }
    Ok(missing)
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
    let rows = session.fetch(&sql::write::insert(model, &columns, values, session.dialect())).await?;
    Ok(Loaded::new(model, rows))
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
    let row = found(model, session.fetch(&statement).await?)?;
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
    Ok(Loaded::new(model, rows))
}

/// Makes `keys` the whole set of a many-to-many relation of the one row of `loaded`.
async fn set_links(
    relation: &'static RelationMeta,
    loaded: &Loaded,
    keys: &[Vec<Value>],
    existing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let values = super::values(loaded.meta, loaded.row(0), relation.link.local())?;
    if !keys.iter().all(|key| share(relation, &values, key)) {
        return Err(no_such_key(relation));
    }
    if existing {
        session.execute(&sql::write::unlink(relation, &values, keys, session.dialect())).await?;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let linked = session.execute(&sql::write::link(relation, &values, keys, session.dialect())).await;
    linked.map(|_| ()).map_err(|error| match error {
        Error::Conflict(_) => no_such_key(relation),
        error => error,
    })
}

/// Whether both keys have the same values in the columns of the join model that hold a part of both, as a tenant does.
fn share(relation: &RelationMeta, local: &[Value], foreign: &[Value]) -> bool {
    let Link::Through { through_local, through_foreign, .. } = relation.link else { return true };
    through_local.iter().zip(local).all(|(index, value)| {
        let other = through_foreign.iter().position(|other| other == index);
        other.is_none_or(|place| foreign.get(place) == Some(value))
    })
}

fn no_such_key(relation: &RelationMeta) -> Error {
    let detail = format!("one of the keys is of no {}", (relation.target)().name);
    let name = relation.keys_name.unwrap_or(relation.api_name);
    Error::Conflict(vec![InputError::field(name, "foreign_key", detail)])
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
