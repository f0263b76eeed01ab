//! Inserting rows.

use uuid::Uuid;

use super::links::set_links;
use super::{bulk, children, now};
use crate::db::Session;
use crate::error::Result;
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::sql;

/// The statements that inserting these rows and their children takes at most.
pub(super) fn statements(model: &ModelMeta, rows: &[&Changes]) -> usize {
    match rows {
        [row] => 1 + row.links.len() + children::statements(model, rows),
        rows => bulk::statements_of_create(model, rows),
    }
}

pub(super) async fn create(
    model: &'static ModelMeta,
    rows: &[Changes],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    match rows {
        [row] => Ok(vec![create_one(model, row, session).await?]),
        rows => bulk::create(model, rows, session).await,
    }
}

async fn create_one(model: &'static ModelMeta, row: &Changes, session: &mut Session<'_>) -> Result<Loaded> {
    let (columns, values) = with_defaults(model, row).columns.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let rows = session.fetch(&sql::write::insert(model, &columns, vec![values], session.dialect())).await?;
    let created = Loaded::new(model, rows);
    for (relation, keys) in &row.links {
        set_links(&model.relations[*relation], &created, keys, false, session).await?;
    }
    Ok(created)
}

/// The columns that are set, also those that the framework sets itself: defaults, times, UUID keys.
pub(super) fn with_defaults(model: &ModelMeta, changes: &Changes) -> Changes {
    let mut columns = Vec::with_capacity(model.columns.len());
    columns.extend_from_slice(&changes.columns);
    let now = now();
    for (index, column) in model.columns.iter().enumerate() {
        if changes.column(index).is_some() {
            continue;
        }
        let value = match column.generated {
            Some(Generated::CreatedAt | Generated::UpdatedAt) => Value::Timestamp(now),
            Some(Generated::UuidV7) => Value::Uuid(Uuid::now_v7()),
            Some(Generated::Version) => sql::version::first(column),
            Some(Generated::Database | Generated::DeletedAt | Generated::Expression(_)) => continue,
            None => match column.default {
                Some(default) => default(),
                None => continue,
            },
        };
        columns.push((index, value));
    }
    Changes { columns, ..Changes::default() }
}
