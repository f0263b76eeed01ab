//! Rows as they are before a write, held against other writers: what hooks are asked about.

use std::sync::Arc;

use super::{bulk, order, version};
use crate::crud::decode_error;
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::row::NoRows;
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;
use crate::sql::bulk::MAX_VALUES;

/// Rows that one statement finds at most.
const CHUNK: usize = 10_000;

/// A row that is meant: its primary key, and the versions of which it must have one.
pub(in crate::crud) type Meant<'a> = (&'a [Value], Option<&'a Vec<i64>>);

/// The statements that finding so many rows by so many columns takes.
pub(in crate::crud) fn statements(columns: usize, rows: usize) -> usize {
    rows.div_ceil(rows_of_statement(columns))
}

fn rows_of_statement(columns: usize) -> usize {
    (MAX_VALUES / columns.max(1)).clamp(1, CHUNK)
}

/// The rows with these primary keys, each alone. Only rows that the caller may write are found, so that no answer of a hook
/// says that there are others.
///
/// # Errors
///
/// Not all of them are there, or one has another version.
pub(in crate::crud) async fn by_keys(
    model: &'static ModelMeta,
    meant: &[Meant<'_>],
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    bulk::refuse_repeated(model, meant.iter().map(|(key, _)| *key))?;
    let keys: Vec<&[Value]> = meant.iter().map(|(key, _)| *key).collect();
    let found = find(model, model.key, &keys, filter, deleted, session).await?;
    let mut rows = Vec::with_capacity(found.len());
    for (row, (_, expected)) in found.into_iter().zip(meant) {
        let Some(row) = row else { break };
        let version = model.version_of(row.row(0)).map_err(decode_error(model))?;
        match expected {
            Some(expected) if version.is_none_or(|version| !expected.contains(&version)) => {
                if meant.len() == 1 {
                    let detail = version::mismatch(model, version, expected);
                    return Err(Error::Stale(vec![InputError::request("stale", detail)]));
                }
                break;
            }
            _ => rows.push(row),
        }
    }
    if rows.len() == meant.len() {
        return Ok(rows);
    }
    if meant.len() == 1 {
        return Err(Error::NotFound(model.name));
    }
    let targets = meant.iter().map(|(key, expected)| bulk::target(key, *expected)).enumerate().collect();
    Err(bulk::absent(model, targets, &NoRows, filter, deleted, session).await)
}

/// For each list of values the row that has them in `columns`, alone, if there is one that is shown and `filter` holds for it.
pub(in crate::crud) async fn find(
    model: &'static ModelMeta,
    columns: &[usize],
    values: &[&[Value]],
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Result<Vec<Option<Loaded>>> {
    let mut found: Vec<Option<Loaded>> = values.iter().map(|_| None).collect();
    for chunk in order::of_locks(values.iter().copied()).chunks(rows_of_statement(columns.len())) {
        let of_chunk: Vec<&[Value]> = chunk.iter().map(|place| values[*place]).collect();
        let statement = sql::bulk::select(model, columns, &of_chunk, filter, deleted, true, session.dialect());
        let rows: Arc<dyn crate::model::RowSet> = Arc::from(session.fetch(&statement).await?);
        let places = order::places(model, rows.as_ref(), columns)?;
        for (asked, values) in chunk.iter().zip(of_chunk) {
            let place = places.get(&order::text(values));
            found[*asked] = place.map(|place| Loaded::new(model, order::alone(&rows, *place)));
        }
    }
    Ok(found)
}
