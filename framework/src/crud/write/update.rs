//! Changing rows.

use super::links::set_links;
use super::{RowChange, bulk, now, version};
use crate::db::Session;
use crate::error::Result;
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;

/// The statements that changing these rows takes.
pub(super) fn statements(model: &ModelMeta, rows: &[RowChange]) -> usize {
    if version::can_share(model, rows.iter().map(|row| &row.expected)) {
        return bulk::statements_of_update(model, rows);
    }
    rows.iter().map(|row| 1 + 2 * row.changes.links.len()).sum()
}

pub(super) async fn update(
    model: &'static ModelMeta,
    rows: &[RowChange],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    if version::can_share(model, rows.iter().map(|row| &row.expected)) {
        return bulk::update(model, rows, filter, session).await;
    }
    let mut updated = Vec::with_capacity(rows.len());
    for row in rows {
        updated.push(update_one(model, row, filter, session).await?);
    }
    Ok(updated)
}

/// What a change sets, and the time of it where the model has one.
pub(super) fn with_time(model: &ModelMeta, changes: &Changes) -> Vec<(usize, Value)> {
    let mut columns = changes.columns.clone();
    if !changes.is_empty() {
        let updated = model.generated(Generated::UpdatedAt).filter(|index| changes.column(*index).is_none());
        columns.extend(updated.map(|index| (index, Value::Timestamp(now()))));
    }
    columns
}

async fn update_one(
    model: &'static ModelMeta,
    change: &RowChange,
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let RowChange { key, expected, changes } = change;
    let columns = with_time(model, changes);
    let narrowed = version::narrowed(model, filter, expected.as_deref());
    let is_counted = model.version().is_some() && !changes.is_empty();
    let statement = if columns.is_empty() && !is_counted {
        sql::select::by_key(model, key, &narrowed, Deleted::Exclude, true, session.dialect())
    } else {
        sql::write::update(model, key, &columns, &narrowed, session.dialect())
    };
    let rows = session.fetch(&statement).await?;
    if rows.len() == 0 {
        return Err(version::absent(model, key, expected.as_deref(), filter, Deleted::Exclude, session).await);
    }
    let row = Loaded::new(model, rows);
    for (relation, keys) in &changes.links {
        set_links(&model.relations[*relation], &row, keys, true, session).await?;
    }
    Ok(row)
}
