//! Rows of an answer in the order in which they were asked for: nothing promises that RETURNING keeps an order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::crud::decode_error;
use crate::error::Result;
use crate::model::row::NoRows;
use crate::model::{Loaded, ModelMeta, Row, RowSet, Value};

/// A primary key, or other values together, as a text that is equal where they are.
pub(super) fn text(values: &[Value]) -> String {
    let values: Vec<Value> = values
        .iter()
        .map(|value| match value {
            // 1.0 is 1.00 to every database.
            Value::Decimal(decimal) => Value::Decimal(decimal.normalize()),
            other => other.clone(),
        })
        .collect();
    format!("{values:?}")
}

/// The primary key of a row.
pub(super) fn key(model: &'static ModelMeta, row: &dyn Row) -> Result<Vec<Value>> {
    values(model, row, model.key)
}

/// What a row has in these columns.
pub(super) fn values(model: &'static ModelMeta, row: &dyn Row, columns: &[usize]) -> Result<Vec<Value>> {
    let value = |index: &usize| Value::decode(model.columns[*index].ty, row, *index);
    columns.iter().map(value).collect::<Result<_, _>>().map_err(decode_error(model))
}

/// The places of rows by what they have in these columns, as [`text`] writes it.
pub(super) fn places(
    model: &'static ModelMeta,
    rows: &dyn RowSet,
    columns: &[usize],
) -> Result<HashMap<String, usize>> {
    (0..rows.len()).map(|place| Ok((text(&values(model, rows.row(place), columns)?), place))).collect()
}

/// The rows in the order of `keys`, each of which is that of a row.
pub(super) fn by_keys<'a>(
    model: &'static ModelMeta,
    rows: Box<dyn RowSet>,
    keys: impl Iterator<Item = &'a [Value]>,
) -> Result<Box<dyn RowSet>> {
    let places = places(model, rows.as_ref(), model.key)?;
    let order = keys.filter_map(|key| places.get(&text(key)).copied()).collect();
    Ok(arranged(rows, order))
}

/// The places of these keys in the order in which PostgreSQL locks their rows; of equal keys and of values that no key has, the
/// order of the request.
pub(super) fn of_locks<'a>(keys: impl Iterator<Item = &'a [Value]>) -> Vec<usize> {
    let keys: Vec<&[Value]> = keys.collect();
    let mut places: Vec<usize> = (0..keys.len()).collect();
    places.sort_by(|left, right| compare(keys[*left], keys[*right]));
    places
}

fn compare(left: &[Value], right: &[Value]) -> Ordering {
    let of_column = |(left, right): (&Value, &Value)| match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::I16(left), Value::I16(right)) => left.cmp(right),
        (Value::I32(left), Value::I32(right)) => left.cmp(right),
        (Value::I64(left), Value::I64(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        (Value::Timestamp(left), Value::Timestamp(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
        _ => Ordering::Equal,
    };
    left.iter().zip(right).map(of_column).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Rows that were written in the order of `places`, in that of the request.
pub(super) fn of_request(rows: Vec<Loaded>, places: &[usize]) -> Vec<Loaded> {
    let (Some(first), false) = (rows.first(), places.is_sorted()) else { return rows };
    let model = first.meta;
    let mut order = vec![0; places.len()];
    places.iter().enumerate().for_each(|(written, asked)| order[*asked] = written);
    vec![Loaded::new(model, arranged(joined(rows.into_iter().map(|part| part.rows).collect()), order))]
}

/// The rows at these places, one after the other.
pub(super) fn arranged(rows: Box<dyn RowSet>, order: Vec<usize>) -> Box<dyn RowSet> {
    Box::new(Ordered { rows, order })
}

/// The rows of several statements, one after the other.
pub(super) fn joined(mut parts: Vec<Box<dyn RowSet>>) -> Box<dyn RowSet> {
    if parts.len() == 1 { parts.remove(0) } else { Box::new(Parts(parts)) }
}

/// One of the rows alone.
pub(super) fn alone(rows: &Arc<dyn RowSet>, place: usize) -> Box<dyn RowSet> {
    Box::new(Alone { rows: Arc::clone(rows), place: Some(place) })
}

/// The rows in the order of their keys, which are integers that the database has counted up.
pub(super) fn by_count(model: &'static ModelMeta, rows: Box<dyn RowSet>) -> Result<Box<dyn RowSet>> {
    let mut order = Vec::with_capacity(rows.len());
    for place in 0..rows.len() {
        let number = match key(model, rows.row(place))?.first() {
            Some(Value::I16(number)) => i64::from(*number),
            Some(Value::I32(number)) => i64::from(*number),
            Some(Value::I64(number)) => *number,
            _ => 0,
        };
        order.push((number, place));
    }
    order.sort_unstable();
    Ok(arranged(rows, order.into_iter().map(|(_, place)| place).collect()))
}

struct Ordered {
    rows: Box<dyn RowSet>,
    order: Vec<usize>,
}

impl RowSet for Ordered {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn row(&self, index: usize) -> &dyn Row {
        self.rows.row(self.order[index])
    }

    fn truncate(&mut self, len: usize) {
        self.order.truncate(len);
    }

    fn reverse(&mut self) {
        self.order.reverse();
    }
}

struct Parts(Vec<Box<dyn RowSet>>);

impl RowSet for Parts {
    fn len(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    fn row(&self, index: usize) -> &dyn Row {
        let mut index = index;
        for part in &self.0 {
            if index < part.len() {
                return part.row(index);
            }
            index -= part.len();
        }
        NoRows.row(index)
    }

    fn truncate(&mut self, len: usize) {
        let mut left = len;
        for part in &mut self.0 {
            part.truncate(left);
            left -= part.len();
        }
    }

    fn reverse(&mut self) {
        self.0.reverse();
        self.0.iter_mut().for_each(|part| part.reverse());
    }
}

struct Alone {
    rows: Arc<dyn RowSet>,
    place: Option<usize>,
}

impl RowSet for Alone {
    fn len(&self) -> usize {
        usize::from(self.place.is_some())
    }

    fn row(&self, index: usize) -> &dyn Row {
        match self.place {
            Some(place) if index == 0 => self.rows.row(place),
            _ => NoRows.row(index),
        }
    }

    fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.place = None;
        }
    }

    fn reverse(&mut self) {}
}
