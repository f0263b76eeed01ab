//! Values of columns, and the Rust types that hold them.

use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::column::{ColumnType, ColumnValue};
use super::row::{DecodeError, Row};
use super::{json, time_text};

/// A value as a statement binds it. An enum's value is a [`Value::Text`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant holds the type that it is named after")]
pub enum Value {
    Null,
    Bool(bool),
    I16(i16),
    I32(i32),
    I64(i64),
    F64(f64),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
    Timestamp(DateTime<Utc>),
    Date(NaiveDate),
    Decimal(Decimal),
    Json(serde_json::Value),
    /// The column's database default; only a write sets it.
    DatabaseDefault,
}

/// A column that holds JSON and is read as a `T`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Writes a time as every answer shows it: RFC 3339 in UTC with `Z`, to the microsecond.
#[must_use]
pub fn format_timestamp(time: DateTime<Utc>) -> String {
    let mut text = Vec::with_capacity("2026-01-31T23:59:59.000000Z".len());
    time_text::write_timestamp(time, &mut text);
    String::from_utf8(text).expect("digits and signs are UTF-8")
}

fn display(value: impl fmt::Display, out: &mut Vec<u8>) {
    use std::io::Write;
    write!(out, "{value}").expect("writing to a Vec cannot fail");
}

macro_rules! integer {
    ($($ty:ty, $variant:ident, $read:ident);*) => {$(
        impl ColumnValue for $ty {
            const TYPE: ColumnType = ColumnType::$variant;
            type Operand = Self;

            fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
                row.$read(index)
            }

            fn to_value(&self) -> Value {
                Value::$variant(*self)
            }

            fn write_json(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )*};
}

integer!(i16, I16, i16; i32, I32, i32; i64, I64, i64);

impl ColumnValue for bool {
    const TYPE: ColumnType = ColumnType::Bool;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.bool(index)
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl ColumnValue for f64 {
    const TYPE: ColumnType = ColumnType::F64;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.f64(index)
    }

    fn to_value(&self) -> Value {
        Value::F64(*self)
    }

    /// NaN and the infinities, which JSON does not have, become `null`.
    fn write_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("a float and a Vec cannot fail");
    }
}

impl ColumnValue for String {
    const TYPE: ColumnType = ColumnType::Text;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        Ok(row.text(index)?.map(str::to_owned))
    }

    fn write_option(row: &dyn Row, index: usize, out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        let Some(text) = row.text(index)? else { return Ok(false) };
        json::string(text, out);
        Ok(true)
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        json::string(self, out);
    }
}

impl ColumnValue for Vec<u8> {
    const TYPE: ColumnType = ColumnType::Bytes;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        Ok(row.bytes(index)?.map(<[u8]>::to_vec))
    }

    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        use base64::Engine;
        json::string(&base64::engine::general_purpose::STANDARD.encode(self), out);
    }
}

impl ColumnValue for Uuid {
    const TYPE: ColumnType = ColumnType::Uuid;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.uuid(index)
    }

    fn to_value(&self) -> Value {
        Value::Uuid(*self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        json::string(self.hyphenated().encode_lower(&mut Self::encode_buffer()), out);
    }
}

impl ColumnValue for DateTime<Utc> {
    const TYPE: ColumnType = ColumnType::Timestamp;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.timestamp(index)
    }

    /// Cut to the microsecond, which is what every database keeps.
    fn to_value(&self) -> Value {
        Value::Timestamp(self.trunc_subsecs(6))
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        time_text::write_timestamp(*self, out);
        out.push(b'"');
    }
}

impl ColumnValue for NaiveDate {
    const TYPE: ColumnType = ColumnType::Date;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.date(index)
    }

    fn to_value(&self) -> Value {
        Value::Date(*self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        time_text::write_date(*self, out);
        out.push(b'"');
    }
}

impl ColumnValue for Decimal {
    const TYPE: ColumnType = ColumnType::Decimal;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        row.decimal(index)
    }

    fn to_value(&self) -> Value {
        Value::Decimal(*self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        display(self, out);
        out.push(b'"');
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> ColumnValue for Json<T> {
    const TYPE: ColumnType = ColumnType::Json;
    type Operand = Self;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        let Some(text) = row.json(index)? else { return Ok(None) };
        serde_json::from_str(text).map(|value| Some(Self(value))).map_err(|error| DecodeError::new(index, error))
    }

    fn accepts(json: &serde_json::Value) -> Result<(), String> {
        T::deserialize(json).map(drop).map_err(|error| error.to_string())
    }

    /// A value that serde cannot turn into JSON, such as a map with keys that are no text, becomes NULL.
    fn to_value(&self) -> Value {
        serde_json::to_value(&self.0).map_or(Value::Null, Value::Json)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if serde_json::to_writer(&mut *out, &self.0).is_err() {
            out.truncate(start);
            out.extend_from_slice(b"null");
        }
    }
}

impl<T: ColumnValue> ColumnValue for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;
    type Operand = T::Operand;

    fn decode_option(row: &dyn Row, index: usize) -> Result<Option<Self>, DecodeError> {
        T::decode_option(row, index).map(Some)
    }

    fn write_option(row: &dyn Row, index: usize, out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        if !T::write_option(row, index, out)? {
            out.extend_from_slice(b"null");
        }
        Ok(true)
    }

    fn accepts(json: &serde_json::Value) -> Result<(), String> {
        T::accepts(json)
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write_json(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl Value {
    /// Reads the value of a column of type `ty` at `index` of a row.
    ///
    /// # Errors
    ///
    /// The value is none of that type.
    pub fn decode(ty: ColumnType, row: &dyn Row, index: usize) -> Result<Self, DecodeError> {
        let value = match ty {
            ColumnType::Bool => row.bool(index)?.map(Self::Bool),
            ColumnType::I16 => row.i16(index)?.map(Self::I16),
            ColumnType::I32 => row.i32(index)?.map(Self::I32),
            ColumnType::I64 => row.i64(index)?.map(Self::I64),
            ColumnType::F64 => row.f64(index)?.map(Self::F64),
            ColumnType::Text | ColumnType::Enum(_) => row.text(index)?.map(|text| Self::Text(text.to_owned())),
            ColumnType::Bytes => row.bytes(index)?.map(|bytes| Self::Bytes(bytes.to_vec())),
            ColumnType::Uuid => row.uuid(index)?.map(Self::Uuid),
            ColumnType::Timestamp => row.timestamp(index)?.map(Self::Timestamp),
            ColumnType::Date => row.date(index)?.map(Self::Date),
            ColumnType::Decimal => row.decimal(index)?.map(Self::Decimal),
            ColumnType::Json => match row.json(index)? {
                Some(text) => Some(Self::Json(serde_json::from_str(text).map_err(|e| DecodeError::new(index, e))?)),
                None => None,
            },
        };
        Ok(value.unwrap_or(Self::Null))
    }

    /// The value as a JSON answer shows it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::DatabaseDefault => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::I16(value) => (*value).into(),
            Self::I32(value) => (*value).into(),
            Self::I64(value) => (*value).into(),
            Self::F64(value) => (*value).into(),
            Self::Json(value) => value.clone(),
            other => serde_json::Value::String(other.to_text()),
        }
    }

    /// The value as a path segment or a query parameter shows it, not yet percent-encoded.
    #[must_use]
    pub fn to_text(&self) -> String {
        use base64::Engine;
        match self {
            Self::Null | Self::DatabaseDefault => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::I16(value) => value.to_string(),
            Self::I32(value) => value.to_string(),
            Self::I64(value) => value.to_string(),
            Self::F64(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Bytes(value) => base64::engine::general_purpose::STANDARD.encode(value),
            Self::Uuid(value) => value.to_string(),
            Self::Timestamp(value) => format_timestamp(*value),
            Self::Date(value) => value.to_string(),
            Self::Decimal(value) => value.to_string(),
            Self::Json(value) => value.to_string(),
        }
    }
}
