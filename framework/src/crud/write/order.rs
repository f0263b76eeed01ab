//! Rows of an answer in the order in which they were asked for: nothing promises that RETURNING keeps an order.

use std::collections::HashMap;

use crate::crud::decode_error;
use crate::error::Result;
use crate::model::{ModelMeta, Row, RowSet, Value};

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
    let value = |index: &usize| Value::decode(model.columns[*index].ty, row, *index);
    model.key.iter().map(value).collect::<Result<_, _>>().map_err(decode_error(model))
}

/// The rows in the order of `keys`, each of which is that of a row.
pub(super) fn by_keys<'a>(
    model: &'static ModelMeta,
    rows: Box<dyn RowSet>,
    keys: impl Iterator<Item = &'a [Value]>,
) -> Result<Box<dyn RowSet>> {
    let mut places = HashMap::with_capacity(rows.len());
    for place in 0..rows.len() {
        places.insert(text(&key(model, rows.row(place))?), place);
    }
    let order = keys.filter_map(|key| places.get(&text(key)).copied()).collect();
    Ok(Box::new(Ordered { rows, order }))
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
    Ok(Box::new(Ordered { rows, order: order.into_iter().map(|(_, place)| place).collect() }))
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
}
