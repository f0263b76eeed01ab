//! Changing rows.

use super::links::set_links;
use super::{RowChange, found, now};
use crate::db::Session;
use crate::error::Result;
use crate::model::{Generated, Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;

/// The statements that changing these rows takes.
pub(super) fn statements(rows: &[RowChange]) -> usize {
    rows.iter().map(|row| 1 + 2 * row.changes.links.len()).sum()
}

pub(super) async fn update(
    model: &'static ModelMeta,
    rows: &[RowChange],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut updated = Vec::with_capacity(rows.len());
    for row in rows {
        updated.push(update_one(model, row, filter, session).await?);
    }
    Ok(updated)
}

async fn update_one(
    model: &'static ModelMeta,
    row: &RowChange,
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let RowChange { key, changes } = row;
    let mut columns = changes.columns.clone();
    if !(changes.columns.is_empty() && changes.links.is_empty()) {
        let updated = model.generated(Generated::UpdatedAt).filter(|index| changes.column(*index).is_none());
        columns.extend(updated.map(|index| (index, Value::Timestamp(now()))));
    }
    let statement = if columns.is_empty() {
        sql::select::by_key(model, key, filter, Deleted::Exclude, true, session.dialect())
    } else {
        sql::write::update(model, key, &columns, filter, session.dialect())
    };
    let row = found(model, session.fetch(&statement).await?)?;
    for (relation, keys) in &changes.links {
        set_links(&model.relations[*relation], &row, keys, true, session).await?;
    }
    Ok(row)
}
