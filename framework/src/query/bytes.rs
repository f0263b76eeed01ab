//! Values as bytes, each exactly: what a query string takes would refuse some that a database holds.

use chrono::{DateTime, Datelike, NaiveDate};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::{ColumnType, Value};

/// Writes a value behind a byte that says its type.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    out.push(tag(value));
    match value {
        Value::Null | Value::DatabaseDefault => {}
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::I16(value) => out.extend(value.to_be_bytes()),
        Value::I32(value) => out.extend(value.to_be_bytes()),
        Value::I64(value) => out.extend(value.to_be_bytes()),
        Value::F64(value) => out.extend(value.to_bits().to_be_bytes()),
        Value::Text(value) => write_slice(value.as_bytes(), out),
        Value::Bytes(value) => write_slice(value, out),
        Value::Uuid(value) => out.extend(value.as_bytes()),
        Value::Timestamp(value) => out.extend(value.timestamp_micros().to_be_bytes()),
        Value::Date(value) => out.extend(value.num_days_from_ce().to_be_bytes()),
        Value::Decimal(value) => out.extend(value.serialize()),
        Value::Json(value) => write_slice(value.to_string().as_bytes(), out),
    }
}

/// Writes bytes behind their number, so that what follows is never taken for a part of them.
pub(super) fn write_slice(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend(bytes);
}

fn tag(value: &Value) -> u8 {
    match value {
        Value::Null | Value::DatabaseDefault => 0,
        Value::Bool(_) => 1,
        Value::I16(_) => 2,
        Value::I32(_) => 3,
        Value::I64(_) => 4,
        Value::F64(_) => 5,
        Value::Text(_) => 6,
        Value::Bytes(_) => 7,
        Value::Uuid(_) => 8,
        Value::Timestamp(_) => 9,
        Value::Date(_) => 10,
        Value::Decimal(_) => 11,
        Value::Json(_) => 12,
    }
}

/// Whether a value, not NULL, is one of a column of that type.
pub(super) fn is_of(value: &Value, ty: ColumnType) -> bool {
    matches!(
        (value, ty),
        (Value::Bool(_), ColumnType::Bool)
            | (Value::I16(_), ColumnType::I16)
            | (Value::I32(_), ColumnType::I32)
            | (Value::I64(_), ColumnType::I64)
            | (Value::F64(_), ColumnType::F64)
            | (Value::Text(_), ColumnType::Text | ColumnType::Enum(_))
            | (Value::Bytes(_), ColumnType::Bytes)
            | (Value::Uuid(_), ColumnType::Uuid)
            | (Value::Timestamp(_), ColumnType::Timestamp)
            | (Value::Date(_), ColumnType::Date)
            | (Value::Decimal(_), ColumnType::Decimal)
            | (Value::Json(_), ColumnType::Json)
    )
}

/// What is left to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    /// All values; `None` where the bytes are none.
    pub(super) fn all(mut self) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        while !self.0.is_empty() {
            values.push(self.value()?);
        }
        Some(values)
    }

    fn value(&mut self) -> Option<Value> {
        let [tag] = self.array()?;
        Some(match tag {
            0 => Value::Null,
            1 => Value::Bool(self.array::<1>()? != [0]),
            2 => Value::I16(i16::from_be_bytes(self.array()?)),
            3 => Value::I32(i32::from_be_bytes(self.array()?)),
            4 => Value::I64(i64::from_be_bytes(self.array()?)),
            5 => Value::F64(f64::from_bits(u64::from_be_bytes(self.array()?))),
            6 => Value::Text(String::from_utf8(self.slice()?.to_vec()).ok()?),
            7 => Value::Bytes(self.slice()?.to_vec()),
            8 => Value::Uuid(Uuid::from_bytes(self.array()?)),
            9 => Value::Timestamp(DateTime::from_timestamp_micros(i64::from_be_bytes(self.array()?))?),
            10 => Value::Date(NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(self.array()?))?),
            11 => Value::Decimal(Decimal::deserialize(self.array()?)),
            12 => Value::Json(serde_json::from_slice(self.slice()?).ok()?),
            _ => return None,
        })
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn slice(&mut self) -> Option<&[u8]> {
        let length = usize::try_from(u64::from_be_bytes(self.array()?)).ok()?;
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }
}
