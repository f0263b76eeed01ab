//! Creates that change the row that is there already by a unique key.

use std::collections::HashSet;

use super::create::{rows_of_insert, with_defaults};
use super::links::set_links;
use crate::crud::decode_error;
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::query::Filter;
use crate::sql::Dialect;
use crate::sql::upsert::Upsert;

/// Refuses columns that are no unique key of the model.
///
/// # Errors
///
/// [`Error::Invalid`], with their names.
pub fn check_key(model: &ModelMeta, key: &[usize]) -> Result<()> {
    if model.is_unique_key(key) {
        return Ok(());
    }
    let names: Vec<&str> = key.iter().map(|index| model.columns[*index].field).collect();
    let detail = format!("{} is no unique key of {}: two rows may have it", names.join(", "), model.name);
    Err(Error::Invalid(vec![InputError::request("not_unique", detail)]))
}

/// Columns that are missing in `changes` and belong to the key, which finds the row that is there.
#[must_use]
pub fn missing(model: &ModelMeta, key: &[usize], changes: &Changes) -> Vec<InputError> {
    let missing = key.iter().filter(|index| changes.column(**index).is_none());
    let error = |index: &usize| {
        let name = model.columns[*index].api_name;
        InputError::field(name, "required", format!("\"{name}\" is required: a row that is there is found by it"))
    };
    missing.map(error).collect()
}

/// Whether the row at `index` of what an upsert answered is new.
///
/// # Errors
///
/// The rows are none that an upsert answered.
pub fn is_new(rows: &Loaded, index: usize) -> Result<bool> {
    let created = rows.row(index).bool(rows.meta.columns.len()).map_err(decode_error(rows.meta))?;
    // A key with a NULL in it is compared with NULL, and is always new.
    Ok(created.unwrap_or(true))
}

/// The statements that these rows take at most.
pub(super) fn statements(model: &ModelMeta, rows: &[Changes], key: &[usize]) -> usize {
    2 * chunks(model, rows, key).len() + rows.iter().map(|row| 2 * row.links.len()).sum::<usize>()
}

pub(super) async fn upsert(
    model: &'static ModelMeta,
    rows: &[Changes],
    key: &[usize],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut written = Vec::new();
    for chunk in chunks(model, rows, key) {
        let loaded = write(model, chunk, key, filter, session).await?;
        for (relation, keys) in &chunk[0].links {
            let existing = !is_new(&loaded, 0)?;
            set_links(&model.relations[*relation], &loaded, keys, existing, session).await?;
        }
        written.push(loaded);
    }
    Ok(written)
}

/// Rows that set the same columns, so that one statement writes them; no two of them have one key, since no statement
/// changes a row twice. A row with links stands alone, as in a create.
fn chunks<'a>(model: &ModelMeta, rows: &'a [Changes], key: &[usize]) -> Vec<&'a [Changes]> {
    let mut chunks = Vec::new();
    let mut rest = rows;
    while let [first, ..] = rest {
        let key_of = |row: &Changes| format!("{:?}", key.iter().map(|index| row.column(*index)).collect::<Vec<_>>());
        let mut keys = HashSet::from([key_of(first)]);
        let named = set(first);
        let mut belongs = |row: &&Changes| row.links.is_empty() && set(row) == named && keys.insert(key_of(row));
        let most = if first.links.is_empty() { rows_of_insert(model).min(rest.len()) } else { 1 };
        let more = rest[1..most].iter().take_while(|row| belongs(row)).count();
        let (chunk, after) = rest.split_at(1 + more);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// The columns that a row names.
fn set(row: &Changes) -> Vec<usize> {
    let mut columns: Vec<usize> = row.columns.iter().map(|(index, _)| *index).collect();
    columns.sort_unstable();
    columns
}

async fn write(
    model: &'static ModelMeta,
    rows: &[Changes],
    key: &[usize],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let complete: Vec<Changes> = rows.iter().map(|row| with_defaults(model, row)).collect();
    let columns = set(&complete[0]);
    let values: Vec<Vec<Value>> = complete
        .iter()
        .map(|row| columns.iter().map(|index| row.column(*index).cloned().unwrap_or(Value::Null)).collect())
        .collect();
    let update = changed(model, &rows[0], key);
    let upsert = Upsert { model, columns: &columns, rows: &values, key, update: &update, filter };

    let dialect = session.dialect();
    let existing = match dialect {
        Dialect::Sqlite => keys(model, key, session.fetch(&upsert.existing(dialect)).await?.as_ref())?,
        Dialect::Postgres => Vec::new(),
    };
    let written = session.fetch(&upsert.statement(&existing, dialect)).await?;
    if written.len() < rows.len() {
        // A row that the caller may not see, or that is deleted, has the key.
        let taken =
            |index: &usize| InputError::field(model.columns[*index].api_name, "unique", "another row has this value");
        return Err(Error::Conflict(key.iter().map(taken).collect()));
    }
    Ok(Loaded { meta: model, rows: written, edges: Vec::new() })
}

/// The columns that change in a row that is there: what is named, and the time of the last write. Defaults, other generated
/// values and the keys stay.
fn changed(model: &ModelMeta, row: &Changes, key: &[usize]) -> Vec<usize> {
    let changes = |index: &usize| match model.columns[*index].generated {
        Some(Generated::UpdatedAt) => true,
        Some(_) => false,
        None => row.column(*index).is_some() && !key.contains(index) && !model.key.contains(index),
    };
    (0..model.columns.len()).filter(changes).collect()
}

fn keys(model: &'static ModelMeta, key: &[usize], rows: &dyn crate::model::RowSet) -> Result<Vec<Vec<Value>>> {
    let value = |row: usize, index: usize| Value::decode(model.columns[index].ty, rows.row(row), index);
    (0..rows.len())
        .map(|row| key.iter().map(|index| value(row, *index)).collect::<Result<Vec<_>, _>>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(decode_error(model))
}
