//! Inserting rows.

use chrono::{SubsecRound, Utc};
use uuid::Uuid;

use super::links::set_links;
use crate::db::Session;
use crate::error::Result;
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::sql;

/// Rows of one INSERT at most, and values of one statement at most: SQLite takes 32,766.
const INSERT_ROWS: usize = 1_000;
const INSERT_VALUES: usize = 30_000;

/// The statements that inserting these rows takes at most.
pub(super) fn statements(model: &ModelMeta, rows: &[Changes]) -> usize {
    rows.len().div_ceil(rows_of_insert(model)) + rows.iter().map(|row| 2 * row.links.len()).sum::<usize>()
}

fn rows_of_insert(model: &ModelMeta) -> usize {
    (INSERT_VALUES / model.columns.len()).min(INSERT_ROWS)
}

pub(super) async fn create(
    model: &'static ModelMeta,
    rows: &[Changes],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
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
        .map(|row| {
            columns
                .iter()
                .map(|index| row.column(*index).cloned().unwrap_or_else(|| model.columns[*index].absent()))
                .collect()
        })
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
            Some(Generated::Database | Generated::Expression(_)) => continue,
            None => match column.default {
                Some(default) => default(),
                None => continue,
            },
        };
        complete.columns.push((index, value));
    }
    complete
}
