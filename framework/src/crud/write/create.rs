//! Inserting rows.

use uuid::Uuid;

use super::links::set_links;
use super::{children, now};
use crate::db::Session;
use crate::error::Result;
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::sql;

/// Rows of one INSERT at most, and values of one statement at most: SQLite takes 32,766.
const INSERT_ROWS: usize = 1_000;
const INSERT_VALUES: usize = 30_000;

/// The statements that inserting these rows takes at most.
pub(super) fn statements(model: &ModelMeta, rows: &[Changes]) -> usize {
    let chunks = rows.chunk_by(|left, right| !alone(left) && !alone(right));
    let inserts: usize = chunks.map(|chunk| chunk.len().div_ceil(rows_of_insert(model))).sum();
    let of_row = |row: &Changes| 2 * row.links.len() + children::statements(model, row);
    inserts + rows.iter().map(of_row).sum::<usize>()
}

/// A row with links or children is inserted by itself: nothing promises that RETURNING keeps the order of many.
/// So is one that sets nothing: `DEFAULT VALUES` makes one row.
fn alone(row: &Changes) -> bool {
    row.columns.is_empty() || !row.links.is_empty() || !row.children.is_empty()
}

pub(super) fn rows_of_insert(model: &ModelMeta) -> usize {
    (INSERT_VALUES / model.columns.len()).min(INSERT_ROWS)
}

pub(super) async fn create(
    model: &'static ModelMeta,
    rows: &[Changes],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let complete: Vec<Changes> = rows.iter().map(|row| with_defaults(model, row)).collect();
    let mut created = Vec::new();
    for chunk in complete.chunk_by(|left, right| !alone(left) && !alone(right)) {
        for chunk in chunk.chunks(rows_of_insert(model)) {
            let mut inserted = insert(model, chunk, session).await?;
            for (relation, keys) in &chunk[0].links {
                let relation = &model.relations[*relation];
                set_links(relation, &inserted, keys, false, session).await?;
            }
            children::create(&mut inserted, &chunk[0].children, session).await?;
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
    Ok(Loaded { meta: model, rows, edges: Vec::new() })
}

/// The changes and what the framework sets itself: defaults, times, UUID keys.
pub(super) fn with_defaults(model: &ModelMeta, changes: &Changes) -> Changes {
    let mut complete = changes.clone();
    let now = now();
    for (index, column) in model.columns.iter().enumerate() {
        if changes.column(index).is_some() {
            continue;
        }
        let value = match column.generated {
            Some(Generated::CreatedAt | Generated::UpdatedAt) => Value::Timestamp(now),
            Some(Generated::UuidV7) => Value::Uuid(Uuid::now_v7()),
            Some(Generated::Database | Generated::DeletedAt) => continue,
            None => match column.default {
                Some(default) => default(),
                None => continue,
            },
        };
        complete.columns.push((index, value));
    }
    complete
}
