//! What the related rows of many rows are found by.

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
    parents: impl Iterator<Item = usize> + Clone,
    relation: &RelationMeta,
) -> Result<ParentKeys> {
    let types = key_types(loaded, relation);
    let local = relation.link.local();
    let key = |parent| JoinKey::read(&types, loaded.row(parent), local.iter().copied());
    let of_rows: Vec<_> = parents.clone().map(key).collect::<Result<_, _>>().map_err(decode_error(loaded.meta))?;
    // Sorted and not hashed: integers, which keys mostly are, are compared at once.
    let mut each: Vec<_> = of_rows.iter().zip(parents).filter_map(|(key, row)| Some((key.as_ref()?, row))).collect();
    each.sort_unstable();
    each.dedup_by_key(|(key, _)| *key);
    let values = |(_, row): (_, usize)| decode(&types, loaded.row(row), local.iter().copied());
    let values = each.into_iter().map(values).collect::<Result<_, _>>().map_err(decode_error(loaded.meta))?;
    Ok(ParentKeys { values, of_rows })
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
