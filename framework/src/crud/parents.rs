//! What the related rows of many rows are found by.

use std::collections::HashSet;

use uuid::Uuid;

use super::decode_error;
use crate::error::Result;
use crate::model::{ColumnType, DecodeError, Loaded, RelationMeta, Row, Value};

/// The values by which the related rows are found.
pub(super) struct ParentKeys {
    /// Each once.
    pub(super) values: Vec<Vec<Value>>,
    /// For each parent, `None` where it is NULL.
    pub(super) of_rows: Vec<Option<JoinKey>>,
}

pub(super) fn parent_keys(
    loaded: &Loaded,
    parents: impl ExactSizeIterator<Item = usize>,
    relation: &RelationMeta,
) -> Result<ParentKeys> {
    let types = key_types(loaded, relation);
    let local = relation.link.local();
    let mut seen = HashSet::new();
    let mut keys = ParentKeys { values: Vec::new(), of_rows: Vec::with_capacity(parents.len()) };
    for parent in parents {
        let row = loaded.row(parent);
        let key = JoinKey::read(&types, row, local.iter().copied()).map_err(decode_error(loaded.meta))?;
        if let Some(key) = &key
            && seen.insert(key.clone())
        {
            keys.values.push(decode(&types, row, local.iter().copied()).map_err(decode_error(loaded.meta))?);
        }
        keys.of_rows.push(key);
    }
    Ok(keys)
}

/// The types of the columns by which the parents are joined.
pub(super) fn key_types(loaded: &Loaded, relation: &RelationMeta) -> Vec<ColumnType> {
    relation.link.local().iter().map(|index| loaded.meta.columns[*index].ty).collect()
}

fn decode(
    types: &[ColumnType],
    row: &dyn Row,
    indexes: impl Iterator<Item = usize>,
) -> Result<Vec<Value>, DecodeError> {
    types.iter().zip(indexes).map(|(ty, index)| Value::decode(*ty, row, index)).collect()
}

/// What two rows are joined by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum JoinKey {
    Integer(i64),
    Text(String),
    Uuid(Uuid),
    Other(String),
    Several(Vec<JoinKey>),
}

impl JoinKey {
    /// The key in the columns at `indexes` of a row; `None` where a value is NULL, which is equal to nothing.
    pub(super) fn read(
        types: &[ColumnType],
        row: &dyn Row,
        indexes: impl Iterator<Item = usize>,
    ) -> Result<Option<Self>, DecodeError> {
        let mut columns = types.iter().zip(indexes);
        let mut key = |(ty, index): (&ColumnType, usize)| Value::decode(*ty, row, index).map(Self::of);
        match types {
            [_] => columns.next().map_or(Ok(None), key),
            _ => Ok(columns.map(&mut key).collect::<Result<Option<_>, _>>()?.map(Self::Several)),
        }
    }

    fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::I16(value) => Self::Integer(value.into()),
            Value::I32(value) => Self::Integer(value.into()),
            Value::I64(value) => Self::Integer(value),
            Value::Text(value) => Self::Text(value),
            Value::Uuid(value) => Self::Uuid(value),
            other => Self::Other(format!("{other:?}")),
        })
    }
}
