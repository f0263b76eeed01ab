//! Deleting rows.

use super::{RowKey, bulk, version};
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta};
use crate::query::Filter;
use crate::sql;

/// The statements that deleting these rows takes.
pub(super) fn statements(model: &ModelMeta, rows: &[RowKey]) -> usize {
    if is_bulk(model, rows) { bulk::statements_of_delete(model, rows) } else { rows.len() }
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
    deleted.map_err(|error| match error {
        Error::Conflict(_) => {
            let these = if rows.len() == 1 { "this" } else { "one of these:" };
            let detail = format!("other rows still refer to {these} {}; delete or change them first", model.name);
            Error::Conflict(vec![InputError::request("foreign_key", detail)])
        }
        error => error,
    })
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
    let rows = session.fetch(&sql::write::delete(model, key, &narrowed, session.dialect())).await?;
    if rows.len() == 0 {
        return Err(version::absent(model, key, filter, expected.as_deref(), session).await);
    }
    Ok(Loaded { meta: model, rows, edges: Vec::new() })
}
