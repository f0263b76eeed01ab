//! Values that are not in the database yet, read like a row.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::row::{DecodeError, Row};
use super::value::Value;

/// Values as a row, so that what decodes rows decodes values too.
///
/// # Examples
///
/// ```
/// use couplet::model::column::ColumnValue;
/// use couplet::model::{Value, ValueRow};
///
/// let row = ValueRow::new([&Value::I32(7), &Value::Null]);
/// assert_eq!(i32::decode(&row, 0)?, 7);
/// assert_eq!(Option::<String>::decode(&row, 1)?, None);
/// # Ok::<(), couplet::model::DecodeError>(())
/// ```
pub struct ValueRow<'a> {
    values: Vec<(&'a Value, String)>,
}

impl<'a> ValueRow<'a> {
    /// A row of these values.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = &'a Value>) -> Self {
        // A row lends the text of its JSON.
        let with_text = |value: &'a Value| match value {
            Value::Json(json) => (value, json.to_string()),
            _ => (value, String::new()),
        };
        Self { values: values.into_iter().map(with_text).collect() }
    }

    fn at(&self, index: usize) -> Result<&(&'a Value, String), DecodeError> {
        self.values.get(index).ok_or_else(|| DecodeError::new(index, "there is no such value"))
    }
}

fn other(index: usize, expected: &str) -> DecodeError {
    DecodeError::new(index, format!("is no {expected}"))
}

macro_rules! copied {
    ($($name:ident -> $ty:ty, $variant:ident);*) => {$(
        fn $name(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
            match self.at(index)?.0 {
                Value::Null => Ok(None),
                Value::$variant(value) => Ok(Some(*value)),
                _ => Err(other(index, stringify!($name))),
            }
        }
    )*};
}

impl Row for ValueRow<'_> {
    copied! {
        bool -> bool, Bool;
        i16 -> i16, I16;
        i32 -> i32, I32;
        i64 -> i64, I64;
        f64 -> f64, F64;
        uuid -> Uuid, Uuid;
        timestamp -> DateTime<Utc>, Timestamp;
        date -> NaiveDate, Date;
        decimal -> Decimal, Decimal
    }

    fn text(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        match self.at(index)?.0 {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(other(index, "text")),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, DecodeError> {
        match self.at(index)?.0 {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(other(index, "bytes")),
        }
    }

    fn json(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        match self.at(index)? {
            (Value::Null, _) => Ok(None),
            (Value::Json(_), text) => Ok(Some(text)),
            _ => Err(other(index, "JSON")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColumnValue, Json};

    fn back<T: ColumnValue>(value: &T) -> T {
        T::decode(&ValueRow::new([&value.to_value()]), 0).expect("the same type")
    }

    #[test]
    fn every_type_comes_back_as_it_went() {
        let now = DateTime::from_timestamp_micros(1_700_000_000_000_001).expect("a time");
        assert!(back(&true));
        assert_eq!((back(&1_i16), back(&2_i32), back(&3_i64)), (1, 2, 3));
        assert_eq!((back(&0.5), back(&"é".to_owned()), back(&vec![0_u8, 255])), (0.5, "é".to_owned(), vec![0, 255]));
        assert_eq!((back(&Uuid::nil()), back(&now), back(&now.date_naive())), (Uuid::nil(), now, now.date_naive()));
        assert_eq!(back(&Decimal::new(15, 1)), Decimal::new(15, 1));
        assert_eq!(back(&Json(vec![1, 2])), Json(vec![1, 2]));
        assert_eq!((back(&None::<i64>), back(&Some(7_i64))), (None, Some(7)));
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        let row = ValueRow::new([&Value::Bool(true), &Value::Null]);
        assert_eq!(row.text(0).expect_err("a bool").reason, "is no text");
        assert!(String::decode(&row, 1).is_err(), "NULL");
        assert!(bool::decode(&row, 2).is_err(), "there are two");
    }
}
