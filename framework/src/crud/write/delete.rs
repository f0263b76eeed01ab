//! Deleting rows, or marking them as deleted, and bringing those back.

use super::links::set_links;
use super::{RowChange, RowKey, bulk, found, now, version};
use crate::db::{Meter, Session};
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;
use crate::sql::bulk::Target;

/// The statements that deleting these rows takes.
pub(super) fn statements(model: &ModelMeta, rows: &[RowKey]) -> usize {
    if is_bulk(model, rows) { bulk::statements_of_delete(model, rows) } else { rows.len() }
}

/// The statements that restoring these rows takes at most.
pub(super) fn statements_of_restore(rows: &[RowChange]) -> usize {
    rows.iter().map(|row| 1 + 2 * row.changes.links.len()).sum()
}

fn is_bulk(model: &ModelMeta, rows: &[RowKey]) -> bool {
    version::can_share(model, rows.iter().map(|row| &row.expected))
}

pub(super) async fn delete(
    model: &'static ModelMeta,
    rows: &[RowKey],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let deleted = if is_bulk(model, rows) {
        bulk::delete(model, rows, filter, session).await
    } else {
        one_by_one(model, rows, filter, session).await
    };
    deleted.map_err(|error| still_needed(model, rows.len(), error))
}

async fn one_by_one(
    model: &'static ModelMeta,
    rows: &[RowKey],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut deleted = Vec::with_capacity(rows.len());
    for row in rows {
        deleted.push(delete_one(model, row, filter, session).await?);
    }
    Ok(deleted)
}

async fn delete_one(
    model: &'static ModelMeta,
    row: &RowKey,
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let RowKey { key, expected } = row;
    let narrowed = version::narrowed(model, filter, expected.as_deref());
    let statement = match model.deleted_at() {
        Some(_) => sql::soft_delete::mark(model, &[Target { key, version: None }], now(), &narrowed, session.dialect()),
        None => sql::write::delete(model, key, &narrowed, Deleted::Exclude, session.dialect()),
    };
    let rows = session.fetch(&statement).await?;
    if rows.len() == 0 {
        return Err(version::absent(model, key, expected.as_deref(), filter, Deleted::Exclude, session).await);
    }
    Ok(Loaded::new(model, rows))
}

pub(super) async fn purge(
    model: &'static ModelMeta,
    keys: &[Vec<Value>],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut purged = Vec::with_capacity(keys.len());
    for key in keys {
        let all = Filter::everything();
        let statement = sql::write::delete(model, key, &all, Deleted::Include, session.dialect());
        let rows = session.fetch(&statement).await.map_err(|error| still_needed(model, keys.len(), error))?;
        purged.push(found(model, rows)?);
    }
    Ok(purged)
}

pub(super) async fn restore(
    model: &'static ModelMeta,
    rows: &[RowChange],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut restored = Vec::with_capacity(rows.len());
    if model.deleted_at().is_none() {
        return Err(Error::NotFound(model.name));
    }
    for RowChange { key, expected, changes } in rows {
        let narrowed = version::narrowed(model, filter, expected.as_deref());
        let statement = sql::soft_delete::restore(model, key, &changes.columns, now(), &narrowed, session.dialect());
        let rows = session.fetch(&statement).await?;
        if rows.len() == 0 {
            return Err(version::absent(model, key, expected.as_deref(), filter, Deleted::Only, session).await);
        }
        let row = Loaded::new(model, rows);
        for (relation, keys) in &changes.links {
            set_links(&model.relations[*relation], &row, keys, true, session).await?;
        }
        restored.push(row);
    }
    Ok(restored)
}

/// The row that was to be restored and is there: nothing is changed, and a restore that is sent again is answered alike.
pub(super) async fn not_deleted(
    model: &'static ModelMeta,
    RowChange { key, expected, .. }: &RowChange,
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    if model.deleted_at().is_none() {
        return Err(Error::NotFound(model.name));
    }
    Meter::allow(1);
    let narrowed = version::narrowed(model, filter, expected.as_deref());
    let statement = sql::select::by_key(model, key, &narrowed, Deleted::Exclude, false, session.dialect());
    let rows = session.fetch(&statement).await?;
    if rows.len() == 0 {
        return Err(version::absent(model, key, expected.as_deref(), filter, Deleted::Exclude, session).await);
    }
    Ok(Loaded::new(model, rows))
}

fn still_needed(model: &ModelMeta, count: usize, error: Error) -> Error {
    let Error::Conflict(_) = error else { return error };
    let these = if count == 1 { "this" } else { "one of these:" };
    let detail = format!("other rows still refer to {these} {}; delete or change them first", model.name);
    Error::Conflict(vec![InputError::request("foreign_key", detail)])
}
