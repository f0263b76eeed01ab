//! What a write tells those who listen for changes.

use super::{Write, order, upsert};
use crate::error::Result;
use crate::events::{Change, ChangeKind};
use crate::model::{Loaded, ModelMeta, Value};

/// The changes that a write has made, with the keys of all its rows; none where it made none.
pub(super) fn changes(model: &'static ModelMeta, write: &Write, rows: &[Loaded]) -> Result<Vec<Change>> {
    let changes = match write {
        Write::Create(_) => vec![(ChangeKind::Created, keys(model, rows, |_, _| Ok(true))?)],
        Write::Upsert { .. } => vec![
            (ChangeKind::Created, keys(model, rows, upsert::is_new)?),
            (ChangeKind::Updated, keys(model, rows, |rows, index| upsert::is_new(rows, index).map(|is_new| !is_new))?),
        ],
        Write::Update { rows, .. } => {
            let changed = rows.iter().filter(|row| !row.changes.is_empty());
            vec![(ChangeKind::Updated, changed.map(|row| row.key.clone()).collect())]
        }
        Write::Restore { rows, .. } => vec![(ChangeKind::Updated, rows.iter().map(|row| row.key.clone()).collect())],
        Write::Delete { rows, .. } => vec![(ChangeKind::Deleted, rows.iter().map(|row| row.key.clone()).collect())],
        Write::Purge { keys } => vec![(ChangeKind::Deleted, keys.clone())],
    };
    let changes = changes.into_iter().filter(|(_, keys): &(_, Vec<Vec<Value>>)| !keys.is_empty());
    Ok(changes.map(|(kind, keys)| Change { model: model.name, kind, keys }).collect())
}

/// The primary keys of the rows that `told` picks.
fn keys(
    model: &'static ModelMeta,
    rows: &[Loaded],
    told: impl Fn(&Loaded, usize) -> Result<bool>,
) -> Result<Vec<Vec<Value>>> {
    let mut keys = Vec::new();
    for loaded in rows {
        for index in 0..loaded.len() {
            if told(loaded, index)? {
                keys.push(order::key(model, loaded.row(index))?);
            }
        }
    }
    Ok(keys)
}
