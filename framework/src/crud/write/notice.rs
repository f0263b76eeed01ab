//! What a write tells those who listen for changes.

use super::{Write, order};
use crate::error::Result;
use crate::events::{Change, ChangeKind};
use crate::model::{Loaded, ModelMeta};

/// The change that a write has made, with the keys of all its rows; `None` where it made none.
pub(super) fn change(model: &'static ModelMeta, write: &Write, rows: &[Loaded]) -> Result<Option<Change>> {
    let (kind, keys) = match write {
        Write::Create(_) => {
            let mut keys = Vec::with_capacity(write.len());
            for loaded in rows {
                for index in 0..loaded.len() {
                    keys.push(order::key(model, loaded.row(index))?);
                }
            }
            (ChangeKind::Created, keys)
        }
        Write::Update { rows, .. } => {
            let changed = rows.iter().filter(|row| !row.changes.is_empty());
            (ChangeKind::Updated, changed.map(|row| row.key.clone()).collect())
        }
        Write::Delete { rows, .. } => (ChangeKind::Deleted, rows.iter().map(|row| row.key.clone()).collect()),
    };
    Ok((!keys.is_empty()).then_some(Change { model: model.name, kind, keys }))
}
